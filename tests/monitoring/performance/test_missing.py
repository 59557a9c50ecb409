"""The statement of what is missing: it adds up to the figures, and tells a recipient of sums no small count."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitoring.performance.hiding import hide_small_cells
from monitoring.performance.maturity import unknown
from monitoring.performance.missing import Labeller, Missing, Verified, hide_missing, missing_of
from monitoring.performance.questions import EstimateSet, Figure, Question
from monitoring.statistics.proportions import wilson

NOTHING = unknown("no label yet")


def figures(*, flagged, passed, flagged_known, passed_known, slice=None):
    total, known = flagged + passed, flagged_known + passed_known
    rates = {
        "label_coverage": (known, total),
        "flag_rate": (flagged, total),
        "ppv": (0, flagged_known),
        "npv": (0, passed_known),
    }
    return [Figure(metric=name, slice=slice or {}, outcome=wilson(*counts)) for name, counts in rates.items()]


def missing(**over):
    counts = {"counted": 400, "labelled": 300, "excluded": {"status_failed": 40}, "maturity": NOTHING}
    verified = {"positive": Verified(labelled=100, cases=150), "negative": Verified(labelled=200, cases=250)}
    return Missing(**(counts | {"verified": verified} | over))


def test_counts_come_from_the_figures_of_every_slice():
    some = figures(flagged=40, passed=60, flagged_known=30, passed_known=20, slice={"site": "a"})
    more = figures(flagged=10, passed=90, flagged_known=10, passed_known=45, slice={"site": "b"})
    found = missing_of([*some, *more], excluded={"status_failed": 7}, maturity=NOTHING)

    assert (found.counted, found.labelled, found.unlabelled, found.logged) == (200, 105, 95, 207)
    assert found.verified["positive"] == Verified(labelled=40, cases=50)
    assert found.verified["negative"] == Verified(labelled=65, cases=150)
    assert found.uneven == pytest.approx(0.8 / (65 / 150))


def test_a_finding_without_decisions_has_no_share_by_decision():
    only = [Figure(metric="label_coverage", slice={}, outcome=wilson(3, 9))]
    found = missing_of(only, excluded={}, maturity=NOTHING)

    assert found.verified == {}
    assert found.uneven is None


def test_the_json_adds_up():
    said = missing().as_json()

    assert said["logged"] == said["counted"] + sum(said["excluded"].values())
    assert said["counted"] == said["labelled"] + said["unlabelled"]
    assert said["unlabelled_share"]["value"] == 0.25
    assert said["label_delay_days"] == {"not_estimable": "no label yet"}


def test_large_counts_are_shown_to_a_recipient_but_no_labeller():
    labeller = Labeller(key="x", sensitivity=(3, 4), specificity=(5, 5))
    found = hide_missing(missing(labellers={"x": labeller}), minimum_count=11)

    assert (found.hidden, found.labellers, found.counted) == ("", {}, 400)


numbers = st.integers(0, 60)


@given(flagged=numbers, passed=numbers, a=numbers, b=numbers, out=numbers, minimum=st.integers(2, 15))
def test_no_small_count_is_told(flagged, passed, a, b, out, minimum):
    known_a, known_b = min(a, flagged), min(b, passed)
    whole = missing(
        counted=flagged + passed,
        labelled=known_a + known_b,
        excluded={"status_failed": out, "mode_shadow": 500},
        verified={
            "positive": Verified(labelled=known_a, cases=flagged),
            "negative": Verified(labelled=known_b, cases=passed),
        },
    )
    answer = EstimateSet(question=Question(finding="nodule"), excluded=whole.excluded, figures=(), missing=whole)
    said = hide_small_cells(answer, minimum_count=minimum).missing.as_json()
    told = [said.get(name, 0) for name in ("logged", "counted", "labelled", "unlabelled")]
    for each in said.get("verified", {}).values():
        told += [each["cases"], each["labelled"], each["cases"] - each["labelled"]]

    assert not any(0 < number < minimum for number in told)
    assert said.get("excluded", {}).get("status_failed", 0) not in range(1, minimum)


def test_without_a_minimum_nothing_is_hidden():
    whole = missing()
    assert hide_missing(whole, minimum_count=0) is whole
    assert hide_missing(replace(whole, labelled=1), minimum_count=0).hidden == ""
