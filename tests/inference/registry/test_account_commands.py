import io

import pytest
from django.core.management import call_command

from audit.access.models import User
from audit.access.queries import token_for
from tests.factories import make_network, make_user

pytestmark = pytest.mark.django_db


def run(*args: str) -> tuple[str, str]:
    out, err = io.StringIO(), io.StringIO()
    call_command(*args, stdout=out, stderr=err)
    return out.getvalue(), err.getvalue()


def refused(*args: str) -> str:
    err = io.StringIO()
    with pytest.raises(SystemExit) as stopped:
        call_command(*args, stdout=io.StringIO(), stderr=err)
    assert stopped.value.code == 2
    return err.getvalue()


def test_create_user_prints_the_password_that_opens():
    make_network()
    out, _ = run("create_user", "anna", "--role", "quality_officer", "--organisation", "north-group", "--level", "rows")
    anna = User.objects.get(username="anna")
    assert anna.check_password(out.split("password")[1].split()[0])
    assert (anna.grants.get().organisation, anna.grants.get().level) == ("north-group", "rows")


@pytest.mark.parametrize("binding", ["organisation", "site", "product"])
def test_create_user_names_the_key_that_is_not_registered(binding):
    said = refused("create_user", "anna", "--role", "regulator", f"--{binding}", "nowhere")
    assert f"no {binding} 'nowhere'" in said
    assert not User.objects.exists()


@pytest.mark.parametrize("holder", [("--deployment", "cxr-north"), ("--site", "north"), ("--user", "anna")])
def test_create_token_prints_the_secret_alone(holder, now):
    make_network()
    make_user(role="regulator", username="anna")
    out, _ = run("create_token", *holder)
    assert token_for(out.strip(), now=now) is not None


@pytest.mark.parametrize("noun", ["deployment", "site", "user"])
def test_create_token_names_the_holder_that_does_not_exist(noun):
    assert f"no {noun} 'nowhere'" in refused("create_token", f"--{noun}", "nowhere")
