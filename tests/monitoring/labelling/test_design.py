"""Strata, shares of the budget and the draw: the same cases and seed always give the same list."""

from collections import Counter
from datetime import UTC, datetime

import numpy as np
import pytest

from monitoring.labelling.design import design_of, digest_of, draw
from monitoring.labelling.strata import MOST_STRATA, Candidate, stratify
from monitoring.statistics.planning import ExpectedPrecision

WHEN = datetime(2026, 3, 1, tzinfo=UTC)


def candidates(size=600, *, seed=1, labelled=0.3, sites=("north", "east")):
    chance = np.random.default_rng(seed)
    found = []
    for number in range(size):
        ill, score = chance.random() < 0.2, float(chance.random())
        truth = "" if chance.random() > labelled else "positive" if ill else "negative"
        reader = ("agrees", "differs", "unread")[number % 3]
        decision = "positive" if score > 0.7 else "negative"
        site = sites[number % len(sites)]
        found.append(
            Candidate(number, "", f"cxr-{site}", site, f"s{number}", f"p{number}", WHEN, decision, score, reader, truth)
        )
    return found


def test_every_case_is_in_one_stratum_of_its_decision():
    cases = candidates()
    strata = stratify(cases, budget=200, floor=3)
    seen = Counter(each.inference_id for stratum in strata for each in stratum.waiting)
    assert seen == Counter(each.inference_id for each in cases if not each.truth)
    assert sum(stratum.labelled for stratum in strata) == sum(bool(each.truth) for each in cases)
    assert all(each.is_flagged == stratum.is_flagged for stratum in strata for each in stratum.waiting)


def test_the_cut_gets_coarser_until_the_floors_fit():
    cases = candidates()
    sizes = [len(stratify(cases, budget=budget, floor=5)) for budget in (400, 120, 45, 12)]
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[-1] == 2
    assert sizes[0] <= MOST_STRATA


def test_the_budget_is_spent_and_no_stratum_starves():
    design = design_of(candidates(), question="sensitivity", budget=120, floor=3)
    assert design.drawn == 120
    assert all(count >= min(3, stratum.size) for stratum, count in zip(design.strata, design.counts, strict=True))


def test_a_question_about_misses_goes_to_unflagged_cases_and_one_about_alarms_to_flagged_ones():
    def unflagged(question):
        design = design_of(candidates(), question=question, budget=100, floor=2)
        return sum(n for each, n in zip(design.strata, design.counts, strict=True) if not each.is_flagged)

    assert unflagged("npv") > unflagged("specificity") > unflagged("ppv")


def test_more_labels_buy_a_narrower_answer():
    few, many = (
        design_of(candidates(), question="sensitivity", budget=budget, floor=2).expected["sensitivity"]
        for budget in (60, 240)
    )
    assert isinstance(few, ExpectedPrecision)
    assert many.half_width < few.half_width


def test_the_same_seed_draws_the_same_list_and_another_does_not():
    one, again = (draw(design_of(candidates(), question="ppv", budget=80, floor=2), seed=7) for _ in range(2))
    assert digest_of(one) == digest_of(again)
    shuffled = sorted(candidates(), key=lambda each: -each.inference_id)
    assert digest_of(draw(design_of(shuffled, question="ppv", budget=80, floor=2), seed=7)) == digest_of(one)
    other = draw(design_of(candidates(), question="ppv", budget=80, floor=2), seed=8)
    assert digest_of(other) != digest_of(one)


def test_every_case_is_drawn_as_often_as_its_probability_says():
    design = design_of(candidates(120, sites=("north",)), question="sensitivity", budget=40, floor=2)
    seen: Counter[int] = Counter()
    for seed in range(400):
        seen.update(each.case.inference_id for each in draw(design, seed=seed))
    for place, stratum in enumerate(design.strata):
        for case in stratum.waiting:
            expected = design.probability(place)
            assert seen[case.inference_id] / 400 == pytest.approx(expected, abs=0.12)


def test_a_budget_below_the_floors_is_refused():
    with pytest.raises(ValueError, match="minimum"):
        design_of(candidates(), question="ppv", budget=5, floor=10)
