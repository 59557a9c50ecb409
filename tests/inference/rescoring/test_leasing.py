"""A lease is one worker's, runs out when the worker is silent, and a late worker stores nothing."""

from datetime import timedelta

import pytest
from django.utils import timezone

from inference.rescoring.actions import store_outcomes
from inference.rescoring.inputs import load_items
from inference.rescoring.leasing import LEASE, MOST_ATTEMPTS, give_up, lease, renew
from inference.rescoring.models import Rescore
from inference.rescoring.queries import failures_of, progress_of, runs_that_need_workers
from inference.rescoring.scoring import score_items, score_run
from tests.inference.rescoring.examples import begin, make_images

pytestmark = pytest.mark.django_db
LATER = LEASE + timedelta(seconds=1)


def test_two_workers_never_hold_the_same_item(now):
    make_images(4)
    run = begin()

    first = lease(run_id=run.pk, worker="w1", size=3, now=now)
    second = lease(run_id=run.pk, worker="w2", size=3, now=now)

    assert (len(first), len(second)) == (3, 1)
    assert not set(first) & set(second)


def test_a_lease_is_shorter_than_a_minute():
    assert LEASE + timedelta(seconds=20) < timedelta(seconds=60)  # with the sweep of deploy.celery


def test_what_a_silent_worker_held_is_taken_up(now):
    make_images(2)
    run = begin()
    held = lease(run_id=run.pk, worker="dead", size=2, now=now)

    assert lease(run_id=run.pk, worker="w2", size=2, now=now) == []
    assert lease(run_id=run.pk, worker="w2", size=2, now=now + LATER) == held


def test_a_renewed_lease_stays(now):
    make_images(1)
    run = begin()
    held = lease(run_id=run.pk, worker="w1", size=1, now=now)

    renew(items=held, worker="w1", now=now + LEASE)

    assert lease(run_id=run.pk, worker="w2", size=1, now=now + LATER) == []


def test_items_that_were_given_up_wait_again(now):
    make_images(1)
    run = begin()
    held = lease(run_id=run.pk, worker="w1", size=1, now=now)

    give_up(items=held, worker="w1")

    assert lease(run_id=run.pk, worker="w2", size=1, now=now) == held


def test_a_worker_that_lost_its_lease_stores_nothing(now, settings):
    make_images(2)
    run = begin()
    held = lease(run_id=run.pk, worker="slow", size=2, now=now)
    outcomes = score_items(load_items(held), weights=settings.RADVIGIL_WEIGHTS)
    lease(run_id=run.pk, worker="w2", size=2, now=now + LATER)

    assert store_outcomes(outcomes, worker="slow", environment={}, now=now + LATER) == 0
    assert not Rescore.objects.exists()


def test_the_sweep_finds_a_run_whose_worker_died(now):
    make_images(2)
    run = begin()
    lease(run_id=run.pk, worker="dead", size=2, now=now)

    assert runs_that_need_workers(now=now) == []
    assert runs_that_need_workers(now=now + LATER) == [run.pk]


def test_the_sweep_finds_a_run_that_nobody_took(now):
    make_images(1)
    run = begin()

    assert runs_that_need_workers(now=now) == [run.pk]


def test_a_finished_run_needs_nobody():
    make_images(1)
    score_run(run_id=begin().pk, worker="w1")

    assert runs_that_need_workers(now=timezone.now()) == []


def test_an_item_that_takes_down_every_worker_is_given_up(now):
    make_images(1)
    run = begin()
    for attempt in range(MOST_ATTEMPTS):
        lease(run_id=run.pk, worker=f"w{attempt}", size=1, now=now + attempt * LATER)

    score_run(run_id=run.pk, worker="last")

    assert progress_of(run, now=timezone.now()).failed == 1
    assert "workers tried" in failures_of(run)[0][0]
