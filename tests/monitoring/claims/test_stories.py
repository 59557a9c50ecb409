"""Claims on real rows: sent through intake, counted, watched, violated, amended."""

from datetime import timedelta

import pytest

from inference.registry.models import Claim
from monitoring.claims.actions import switch_off
from monitoring.claims.browsing import reach_of
from monitoring.claims.presenting import ClaimRow, claim_rows
from monitoring.signals.models import Monitor, Signal
from monitoring.signals.queries import status_of
from tests.factories import make_user, send
from tests.monitoring.claims.held import hold, register_claim
from tests.monitoring.signals.network_stream import network, send_stream, watch
from tests.monitoring.signals.simulated_stream import HEALTHY, START, simulate

pytestmark = pytest.mark.django_db
FAULT, DAYS = 150, 240


def collapse(number: int):
    return HEALTHY.but(negative_mean=0.2) if number >= FAULT else HEALTHY


def held_story(like, *, seed: int = 22, period_days: int = 180):
    """Hold the product to a specificity of 90 % less 5 from its launch, send the story, and watch it at its end."""
    network()
    stream = simulate(days=DAYS, seed=seed, like=like)
    now = stream.runs[0].acquired_at + timedelta(days=DAYS)
    claim = register_claim(metric="specificity")
    hold(claim, now=stream.runs[0].acquired_at, period_days=period_days)
    send_stream(stream, until=now)
    watch(now=now)
    return claim, stream, now


def row_of(claim: Claim, *, now) -> ClaimRow:
    user = make_user(role="quality_officer", organisation="north-group", username=f"officer-{now:%m%d%H%M%S}")
    rows = claim_rows(reach_of(user, "cxr", now=now))
    return next(row for row in rows if row.claim.pk == claim.pk)


def test_a_true_claim_is_met_and_raises_nothing():
    claim, _, now = held_story(lambda _: HEALTHY)

    row = row_of(claim, now=now)

    assert row.standing.label == "met"
    assert Monitor.objects.filter(kind="claim").count() == 1
    assert not Signal.objects.filter(monitor__kind="claim").exists()


def test_a_drifted_product_raises_a_signal_of_its_claim_within_weeks():
    held_story(collapse)

    signal = Signal.objects.get(monitor__kind="claim")

    assert signal.title.startswith("North Hospital: nodule specificity at least 90 % is not kept since")
    assert signal.status == "act"
    assert abs((signal.began_on - START).days - FAULT) <= 10
    assert (signal.alarm_on - signal.began_on).days <= 45  # labels take 25 days
    assert status_of("cxr-north").state == "act"
    assert signal.evidence["since"]["status"] == "violated"


def test_the_present_is_violated_while_the_average_since_launch_still_hides_it():
    late = HEALTHY.but(negative_mean=0.2)
    claim, _, now = held_story(lambda number: late if number >= 190 else HEALTHY, period_days=50)

    row = row_of(claim, now=now)

    assert row.present.label == "violated"
    assert row.standing.label != "violated"


def test_a_product_that_never_kept_its_claim_is_violated_from_its_launch():
    claim, _, now = held_story(lambda _: HEALTHY.but(negative_mean=0.2))

    assert row_of(claim, now=now).standing.label == "violated"
    assert (Signal.objects.get(monitor__kind="claim").alarm_on - START).days <= 60


def test_amended_labels_take_the_ground_away_and_the_signal_stays_as_it_fired():
    claim, stream, now = held_story(collapse)
    signal = Signal.objects.get(monitor__kind="claim")
    fired = signal.evidence
    wrong = [row for row in stream.cases if row.truth == "negative" and row.is_wrong]
    send("truth", *(amended(row.study, now=now) for row in wrong), now=now)

    watch(now=now)

    signal.refresh_from_db()
    assert (signal.evidence, signal.latest) == (fired, {"is_unfounded": True})
    assert row_of(claim, now=now).standing.label == "met"


def amended(study: str, *, now) -> dict:
    return {
        "study_uid": f"1.2.north.{study}",
        "finding": "nodule",
        "value": "positive",
        "standard": "pathology",
        "determined_at": now.isoformat(),
    }


def test_a_claim_that_is_switched_off_is_watched_no_longer():
    claim, _, now = held_story(lambda _: HEALTHY)
    switch_off(claim=claim, organisation="north-group", by="user:quality", reason="Replaced", now=now)
    seen = Monitor.objects.filter(kind="claim").count()

    watch(now=now + timedelta(days=1))

    assert Monitor.objects.filter(kind="claim").count() == seen
    assert row_of(claim, now=now + timedelta(days=1)).standing.label == "off"
