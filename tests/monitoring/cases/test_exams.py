"""One report covers several studies, one study answers several orders: what counts for which, at any moment."""

from datetime import timedelta

import pytest
from django.urls import reverse

from audit.log.sequencing import sequence
from inference.registry.queries import deployment_settings
from inference.results.models import Inference
from inference.studies.models import SharedOrder
from monitoring.cases.counting import count_study
from monitoring.cases.facts import AsOf
from monitoring.cases.loading import load_studies
from monitoring.cases.models import Case
from monitoring.cases.queries import shared_orders
from monitoring.cases.rules import rule_named
from monitoring.rollups.actions import follow, rebuild
from tests.factories import (
    NOON,
    inference_row,
    make_network,
    make_user,
    read_row,
    send,
    study_part,
    truth_row,
)

pytestmark = pytest.mark.django_db
DAYS = [NOON + timedelta(days=each) for each in range(6)]
ORDER = {"study_uid": None, "accession_number": "A1"}


@pytest.fixture(autouse=True)
def network():
    make_network()


def run_of(number, *, day=0, **study):
    send("inferences", inference_row(number, study=study_part(number, accession_number="A1", **study)), now=DAYS[day])


def cases(*, day=None, basis="received", finding="nodule"):
    """Return what each study's case counts, in the order of their runs: truth and reader's decision."""
    studies = list(Inference.objects.order_by("id").values_list("study_id", flat=True))
    as_of = None if day is None else AsOf(at=DAYS[day], basis=basis)
    settings = {"cxr-north": deployment_settings("cxr-north")}
    found = {
        case.study_id: (case.truth, case.reader_decision)
        for facts in load_studies(studies)
        for case in count_study(facts, rules=[rule_named("default")], deployments=settings, as_of=as_of)
        if case.finding == finding
    }
    return [found.get(study) for study in studies]


def by_rollup(finding="nodule"):
    sequence(now=DAYS[5])
    follow(now=DAYS[5])
    return [
        (case.truth, case.reader_decision) for case in Case.objects.filter(finding=finding).order_by("inference_id")
    ]


@pytest.mark.parametrize("order", ["before", "between", "after"])
def test_a_report_of_an_order_counts_for_each_of_its_studies_whenever_it_comes(order):
    def reported():
        send("reads", read_row(1) | ORDER, now=DAYS[1])
        send("truth", truth_row(1) | ORDER, now=DAYS[1])

    steps = [lambda: run_of(1), lambda: run_of(2)]
    steps.insert(("before", "between", "after").index(order), reported)
    for step in steps:
        step()

    assert cases() == by_rollup() == [("positive", "positive")] * 2


def test_a_study_that_joins_late_moves_the_count_from_that_day_and_the_follower_knows():
    run_of(1)
    send("reads", read_row(1, decision="negative") | ORDER, now=DAYS[1])
    assert by_rollup() == [("", "negative")]
    run_of(2, day=3)

    assert by_rollup() == [("", "negative")] * 2
    assert [cases(day=day) for day in (0, 2, 3)] == [
        [("", ""), None], [("", "negative"), None], [("", "negative"), ("", "negative")]
    ]  # fmt: skip


def test_what_says_more_than_no_of_unlike_studies_counts_for_none_and_says_why():
    run_of(1, modality="CT", body_part="CHEST")
    send("truth", truth_row(1) | ORDER, now=DAYS[1])
    send("reads", read_row(1, decision="negative") | ORDER, now=DAYS[1])
    assert by_rollup() == [("positive", "negative")]
    run_of(2, day=2, modality="CT", body_part="ABDOMEN")

    assert cases() == by_rollup() == [("", "negative")] * 2
    assert cases(day=1) == [("positive", "negative"), None]
    said = {kind: [reason for _, reason in studies] for kind, _, _, studies in shared_orders(sites=["north"])}
    assert said == {"truth": ["unlike_studies"] * 2, "read": ["", ""]}


def test_who_knows_which_study_is_meant_names_it_and_amends_the_report():
    run_of(1, modality="CT", body_part="CHEST")
    run_of(2, modality="CT", body_part="ABDOMEN")
    send("truth", truth_row(1, truth_uid="t1") | ORDER, now=DAYS[1])
    send("truth", truth_row(2, truth_uid="t2", amends="t1"), now=DAYS[2])

    assert cases() == by_rollup() == [("", ""), ("positive", "")]
    assert cases(day=1) == [("", ""), ("", "")]


def test_a_corrected_report_replaces_the_first_for_every_study():
    run_of(1)
    run_of(2)
    send("reads", read_row(1, read_uid="r1") | ORDER, now=DAYS[1])
    assert by_rollup() == [("", "positive")] * 2
    send("reads", read_row(1, read_uid="r2", amends="r1", decision="negative") | ORDER, now=DAYS[2])

    assert cases() == by_rollup() == [("", "negative")] * 2
    assert cases(day=1) == [("", "positive")] * 2
    assert [[reason for _, reason in studies] for *_, studies in shared_orders(sites=["north"])] == [
        ["", ""], ["amended", "amended"]
    ]  # fmt: skip


def test_the_same_report_of_two_systems_counts_once_for_each_study():
    run_of(1)
    run_of(2)
    said = {"read_at": "2026-03-02T09:00:00Z"}
    send("reads", read_row(1, read_uid="RIS", **said) | ORDER, read_row(1, read_uid="PACS", **said), now=DAYS[1])

    assert cases() == by_rollup() == [("", "positive")] * 2


def test_a_study_of_two_orders_keeps_its_reports_to_itself_from_when_that_is_known():
    run_of(1)
    run_of(2)
    send("reads", read_row(1) | ORDER, now=DAYS[1])
    again = inference_row(1, inference_uid="again", study=study_part(1, accession_number="B9"))
    send("inferences", again, now=DAYS[3])

    first = Inference.objects.order_by("id").first().study_id
    assert SharedOrder.objects.get(first=first, other=first).known_at == DAYS[3]
    assert cases()[:2] == [("", "positive"), ("", "")]
    assert cases(day=1)[:2] == [("", "positive")] * 2
    assert by_rollup()[:2] == [("", "positive"), ("", "")]


def test_that_an_exam_was_opened_ends_the_wait_of_each_of_its_studies():
    run_of(1)
    run_of(2)
    available = {"kind": "available", "at": "2026-03-02T08:00:00Z"}
    send("events", *[available | {"study_uid": f"1.2.826.0.1.{each}"} for each in (1, 2)])
    send("events", {"kind": "opened", "at": "2026-03-02T08:30:00Z", "accession_number": "A1"})

    by_rollup()
    assert set(Case.objects.values_list("minutes_to_reader", flat=True)) == {30.0}


def test_sums_made_again_from_the_facts_are_the_same():
    run_of(1)
    send("reads", read_row(1) | ORDER, now=DAYS[1])
    by_rollup()
    run_of(2, day=2)
    followed = by_rollup()
    rebuild()

    assert by_rollup() == followed == [("", "positive")] * 2


def test_the_page_of_matching_says_what_counts_for_which_study(client):
    run_of(1, modality="CT", body_part="CHEST")
    run_of(2, modality="CT", body_part="ABDOMEN")
    send("reads", read_row(1) | ORDER, now=DAYS[1])
    client.force_login(
        make_user(role="integrator", organisation="north-group"),
        backend="django.contrib.auth.backends.ModelBackend",
    )
    shown = client.get(reverse("corrections:matching"))
    part = client.get(reverse("cases:orders"), {"site": "north"}).content.decode()

    assert reverse("cases:orders") in shown.content.decode()
    assert part.count("does not count") == 2 and "different kinds" in part
    assert "does not count" not in client.get(reverse("cases:orders"), {"site": "east"}).content.decode()
