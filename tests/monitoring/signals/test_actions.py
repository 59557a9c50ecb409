"""Monitors on real rows: sent through intake, counted by the follower, watched, taken and closed by people."""

from datetime import timedelta

import pytest

from audit.access.models import Role, User
from audit.log.models import Act
from monitoring.errors import SignalStateError
from monitoring.rollups.models import Cursor
from monitoring.signals.actions import acknowledge_signal, close_signal, run_monitors
from monitoring.signals.models import Monitor, Signal
from monitoring.signals.queries import status_of
from tests.factories import send
from tests.monitoring.signals.network_stream import network, send_stream, story, watch
from tests.monitoring.signals.simulated_stream import HEALTHY, START, simulate

pytestmark = pytest.mark.django_db
FAULT = 200


def collapse(number: int):
    return HEALTHY.but(negative_mean=0.6) if number >= FAULT else HEALTHY


@pytest.fixture
def officer(now) -> User:
    user = User.objects.create(username="quality", printed_name="Q. Officer", created_at=now)
    user.grants.create(role=Role.QUALITY_OFFICER, organisation="north-group", created_at=now)
    return user


def test_a_healthy_site_has_its_monitors_and_is_ok():
    story(days=250, seed=21)
    assert set(Monitor.objects.filter(deployment_id="cxr-north").values_list("kind", flat=True)) == {
        kind for kind in Monitor.Kind.values if kind not in (Monitor.Kind.CLAIM, Monitor.Kind.LOSSES)
    }
    assert status_of("cxr-north").state == "ok"


def test_a_collapsed_specificity_names_the_site_the_fault_and_its_date():
    story(collapse, days=260, seed=22)
    signal = Signal.objects.get(monitor__kind="performance")
    assert signal.title.startswith("North Hospital: nodule specificity fell from 9")
    assert abs((signal.began_on - START).days - FAULT) <= 7
    assert signal.exposed_patients == signal.exposed_studies > 200
    status = status_of("cxr-north")
    assert (status.state, status.reason, status.since) == ("act", signal.title, signal.began_on)


def test_a_change_of_prevalence_is_watched_and_never_red():
    story(lambda number: HEALTHY.but(prevalence=0.55) if number >= FAULT else HEALTHY, days=300, seed=23)
    signal = Signal.objects.get()
    assert signal.monitor.kind == "score"
    assert "prevalence went from" in signal.title
    assert status_of("cxr-north").state == "watch"


def test_running_again_over_the_same_facts_changes_nothing():
    now = story(collapse, days=260, seed=22)
    before = list(Signal.objects.order_by("uid").values())
    Cursor.objects.filter(follower="monitors").delete()

    assert run_monitors(now=now) == 0
    assert list(Signal.objects.order_by("uid").values()) == before


def test_watching_day_by_day_raises_what_watching_at_the_end_raises():
    network()
    stream = simulate(days=260, seed=22, like=collapse)
    for days in (130, 190, 230, 245, 261):
        now = stream.cases[0].acquired_at + timedelta(days=days)
        send_stream(stream, until=now)
        watch(now=now)
    signal = Signal.objects.get(monitor__kind="performance")
    assert abs((signal.began_on - START).days - FAULT) <= 7


def test_an_alarm_stays_as_it_fired_when_truth_is_amended():
    now = story(collapse, days=240, seed=22)
    signal = Signal.objects.get(monitor__kind="performance")
    fired = signal.evidence
    wrong = [
        row for row in simulate(days=240, seed=22, like=collapse).cases if row.truth == "negative" and row.is_wrong
    ]
    rows = [
        {
            "study_uid": f"1.2.north.{row.study}",
            "finding": "nodule",
            "value": "positive",
            "standard": "pathology",
            "determined_at": now.isoformat(),
        }
        for row in wrong
    ]
    send("truth", *rows, now=now)
    watch(now=now)

    signal.refresh_from_db()
    assert signal.evidence == fired
    assert signal.latest == {"is_unfounded": True}


def test_every_run_of_an_unregistered_version_is_counted_in_a_signal():
    def like(number: int):
        return HEALTHY.but(flags=("unregistered_version",)) if 150 <= number < 153 else HEALTHY

    story(like, days=170, seed=24)
    signal = Signal.objects.get(monitor__kind="flagged")
    runs = sum(1 for row in simulate(days=170, seed=24, like=like).runs if row.flags)
    assert signal.title == f"North Hospital: {runs} runs with a version that is not registered (1.0-rc2)"
    assert signal.exposed_studies == runs
    assert signal.status == "act"


def test_three_silent_days_raise_one_signal():
    story(lambda number: HEALTHY.but(per_day=0.0) if 150 <= number < 153 else HEALTHY, days=180, seed=25)
    signal = Signal.objects.get(monitor__kind="silence")
    assert signal.title.startswith("North Hospital: 0 studies in 3 days")
    assert signal.began_on == START + timedelta(days=150)


def test_each_step_of_a_signal_is_an_entry_of_the_log(officer, now):
    story(collapse, days=260, seed=22)
    signal = Signal.objects.get(monitor__kind="performance")
    acknowledge_signal(signal=signal, by=officer, note="looking", now=now)
    close_signal(signal=signal, by=officer, reason="look-up table set back", now=now)

    kinds = Act.objects.filter(subject=f"signal/{signal.uid}").order_by("pk").values_list("entry__kind", flat=True)
    assert list(kinds) == ["signal.raised", "signal.acknowledged", "signal.closed"]


def test_an_acknowledged_signal_cannot_be_acknowledged_again(officer, now):
    story(collapse, days=240, seed=22)
    signal = Signal.objects.get(monitor__kind="performance")
    acknowledge_signal(signal=signal, by=officer, note="", now=now)

    with pytest.raises(SignalStateError, match=signal.uid):
        acknowledge_signal(signal=signal, by=officer, note="", now=now)


def test_a_fault_that_goes_on_after_closing_is_raised_again(officer):
    network()
    stream = simulate(days=330, seed=22, like=collapse)
    early = stream.cases[0].acquired_at + timedelta(days=240)
    send_stream(stream, until=early)
    watch(now=early)
    first = Signal.objects.get(monitor__kind="performance")
    close_signal(signal=first, by=officer, reason="thought to be repaired", now=early)

    late = stream.cases[0].acquired_at + timedelta(days=330)
    send_stream(stream, until=late)
    watch(now=late)
    again = Signal.objects.filter(monitor__kind="performance").exclude(pk=first.pk).get()
    assert again.state == "open"
    assert again.began_on > early.date() - timedelta(days=1)


def test_a_closed_signal_leaves_the_status(officer, now):
    story(collapse, days=260, seed=22)
    for signal in Signal.objects.all():
        close_signal(signal=signal, by=officer, reason="look-up table set back", now=now)
    assert status_of("cxr-north").state == "ok"


def test_monitors_rest_until_the_log_or_the_day_moves():
    now = story(days=130, seed=26)
    watch(now=now)  # the monitors' own entries are part of the log
    positions = list(Cursor.objects.order_by("pk").values_list("position", flat=True))
    assert run_monitors(now=now + timedelta(minutes=5)) == 0
    assert list(Cursor.objects.order_by("pk").values_list("position", flat=True)) == positions


def test_a_design_says_in_words_how_often_it_may_be_wrong():
    story(days=130, seed=26)
    statements = Monitor.objects.exclude(kind="flagged").values_list("design__statement", flat=True)
    assert set(statements) == {"at most one false alarm in 10 years on average"}


def test_the_demo_does_not_fall_silent_when_its_data_ends(settings):
    settings.RADVIGIL_DEMO = True
    now = story(days=150, seed=28)
    watch(now=now + timedelta(days=40))
    assert not Signal.objects.filter(monitor__kind="silence").exists()


def test_a_hospital_that_stops_sending_is_noticed_the_next_days():
    now = story(days=150, seed=28)
    watch(now=now + timedelta(days=5))
    assert Signal.objects.get(monitor__kind="silence").ended_on is None
