"""`manage.py rescore` draws, waits, scores here when nobody comes, and says what it found."""

from datetime import timedelta

import pytest
from django.core.management import call_command

from inference.rescoring import waiting
from inference.rescoring.models import RescoreRun
from tests.factories import make_network
from tests.inference.rescoring.examples import begin, make_images

pytestmark = pytest.mark.django_db


def run_command(*arguments):
    call_command("rescore", "--deployment", "cxr-north", *arguments)


def test_a_run_waits_for_its_end_and_reports(capsys):
    make_images(3)

    run_command("--sample", "2", "--plan", "monthly", "--seed", "3", "--wait")

    run = RescoreRun.objects.get()
    assert (run.plan, run.seed) == ("monthly", 3)
    assert "2 scored, 0 could not be, of 2." in capsys.readouterr().out


def test_it_scores_here_when_no_worker_comes():
    make_images(2)
    run, told = begin(), []

    progress = waiting.wait_for(
        run, progressed=lambda _: None, left_alone=lambda: told.append("alone"), patience=timedelta(0)
    )

    assert told == ["alone"]
    assert progress.done == 2


def test_a_run_with_failures_exits_with_three(settings):
    digest = make_images(1)
    (settings.RADVIGIL_WEIGHTS / f"{digest}.safetensors").unlink()

    with pytest.raises(SystemExit) as end:
        run_command("--sample", "1", "--wait")

    assert end.value.code == 3


def test_an_unknown_deployment_is_named(capsys):
    make_network()

    with pytest.raises(SystemExit) as end:
        call_command("rescore", "--deployment", "nowhere", "--sample", "1")

    assert end.value.code == 2
    assert "nowhere is not registered" in capsys.readouterr().err


def test_nothing_to_score_is_said(capsys):
    make_network()

    with pytest.raises(SystemExit):
        run_command("--sample", "1")

    assert "stored pixels" in capsys.readouterr().err
