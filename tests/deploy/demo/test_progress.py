"""The progress file: whole at any moment, and enough to go on from."""

import json

from deploy.demo.progress import Progress


def test_a_fresh_home_begins_at_the_beginning(tmp_path):
    progress = Progress.load(tmp_path)

    assert not progress.is_seeded and progress.finished == []


def test_a_second_start_knows_what_the_first_one_finished(tmp_path, capsys):
    first = Progress.load(tmp_path)
    with first.phase("studies", words="Studies", of=2):
        first.finish("month 1")
        first.advance(to=1)
    second = Progress.load(tmp_path)

    assert second.is_finished("month 1") and not second.is_finished("month 2")
    assert second.seconds["studies"] >= 0
    assert "1/2" in capsys.readouterr().out


def test_the_file_is_never_half_written(tmp_path):
    progress = Progress.load(tmp_path)
    for done in range(20):
        progress.advance(to=done)
        assert json.loads((tmp_path / "demo-progress.json").read_text())["done"] == done
    assert [path.name for path in tmp_path.iterdir()] == ["demo-progress.json"]
