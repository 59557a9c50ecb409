import pytest
from django.core.management import call_command

from inference.registry.models import Organisation
from tests.inference.registry.examples import NETWORK, network_with

pytestmark = pytest.mark.django_db


@pytest.fixture
def file_with(tmp_path):
    def write(text):
        path = tmp_path / "network.yaml"
        path.write_text(text, encoding="utf-8")
        return path

    return write


def test_register_prints_what_became_of_every_line(file_with, capsys):
    call_command("register", file_with(NETWORK))

    lines = capsys.readouterr().out.splitlines()
    assert any(line.split() == ["site/north", "created"] for line in lines)
    assert lines[-1] == "14 created, 0 updated, 0 unchanged"


def test_register_twice_changes_nothing(file_with, capsys):
    call_command("register", file_with(NETWORK))
    call_command("register", file_with(NETWORK))

    assert capsys.readouterr().out.splitlines()[-1] == "0 created, 0 updated, 13 unchanged"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("sites: [{name: North}]", "Line 1, sites[0].key: is required."),
        (network_with("timezone: Europe/Berlin", "timezone: Europe/Paris"), "site/north: timezone is Europe/Berlin"),
    ],
)
def test_a_refused_file_ends_with_two_and_a_sentence(file_with, capsys, text, says):
    call_command("register", file_with(NETWORK))

    with pytest.raises(SystemExit) as ended:
        call_command("register", file_with(text))

    assert ended.value.code == 2
    assert says in capsys.readouterr().err
    assert Organisation.objects.count() == 2


def test_a_missing_file_ends_with_two(tmp_path, capsys):
    with pytest.raises(SystemExit) as ended:
        call_command("register", tmp_path / "nowhere.yaml")

    assert ended.value.code == 2
    assert "cannot be read" in capsys.readouterr().err
