"""Differences of groups, verdicts, funnels and gaps: known answers and what must hold. Pure, no database."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.multitest import multipletests

from monitoring.statistics.proportions import difference, wilson
from monitoring.statistics.results import Estimate, Interval, NotEstimable
from monitoring.subgroups.comparing import difference_of, holm, share_difference, share_test
from monitoring.subgroups.fairness import Gap, NoGap, fairness
from monitoring.subgroups.groups import Group, Verdict, compared
from monitoring.subgroups.peers import expected_share, may_enter, peers_of
from monitoring.subgroups.scales import Scale, Share, effect_of, share_of
from monitoring.subgroups.spreading import spread_of


def group(value: str, hits: int, cases: int) -> Group:
    return Group(value=value, outcome=wilson(hits, cases), positives=cases)


def verdicts(*groups: Group, metric: str = "sensitivity") -> dict[str, Verdict]:
    return {row.group.value: row.verdict for row in compared(list(groups), metric=metric).rows}


def test_an_independent_share_is_worth_its_cases():
    found = share_of(wilson(56, 70))
    assert found.size == pytest.approx(70)
    assert found.hits == 56


def test_a_wider_interval_makes_a_share_worth_less():
    plain = wilson(56, 70)
    wide = Estimate(value=plain.value, interval=wilson(28, 35).interval, cases=70, method="clustered")
    assert share_of(wide).size == pytest.approx(35, rel=0.03)


def test_the_difference_of_shares_is_newcombes():
    # Newcombe, Stat Med 1998;17:873-890, table II (a): 56/70 and 48/80 give .0524 to .3339.
    found = share_difference(share_of(wilson(56, 70)), share_of(wilson(48, 80)))
    assert (found.interval.low, found.interval.high) == pytest.approx((0.0524, 0.3339), abs=5e-5)
    other = difference(56, 70, 48, 80)
    assert found.interval.low == pytest.approx(other.interval.low)


def test_the_test_of_shares_is_campbells_chi_square():
    p_value, _ = share_test(Share(0.8, 70, 70.0), Share(0.6, 80, 80.0))
    statistic, *_ = stats.chi2_contingency([[56, 14], [48, 32]], correction=False)
    assert p_value == pytest.approx(stats.chi2.sf(statistic * 149 / 150, 1))


def test_a_sparse_table_is_tested_exactly():
    p_value, name = share_test(Share(0.0, 12, 12.0), Share(0.1, 30, 30.0))
    assert p_value == pytest.approx(stats.fisher_exact([[0, 12], [3, 27]])[1])
    assert name == "Fisher–Irwin test"


def test_areas_are_compared_on_the_logit():
    one, other = (
        Estimate(value=v, interval=Interval(v - 0.03, v + 0.03), cases=200, method="DeLong") for v in (0.9, 0.8)
    )
    found = difference_of(one, other, scale=Scale.AREA)
    assert found.value == pytest.approx(0.1)
    assert found.interval.low > 0
    assert found.p_value < 0.01


def test_an_area_of_one_still_has_a_finite_effect():
    found = effect_of(Estimate(value=1.0, interval=Interval(0.86, 1.0), cases=40, method="exact"), scale=Scale.AREA)
    assert found.variance > 0
    assert abs(found.value) < 10


@settings(max_examples=60, deadline=None)
@given(st.lists(st.floats(0, 1), min_size=1, max_size=12))
def test_holm_agrees_with_statsmodels(p_values):
    assert holm(p_values) == pytest.approx(list(multipletests(p_values, method="holm")[1]))


# --- verdicts ------------------------------------------------------------------------------------------------------


def test_a_small_noisy_site_is_not_alarmed_and_not_hidden():
    found = compared([group("a", 425, 500), group("b", 430, 500), group("tiny", 6, 12)], metric="sensitivity")
    tiny = found.rows[2]
    assert tiny.verdict in (Verdict.NONE, Verdict.TOO_FEW)
    assert tiny.shrunken.value > 0.6 > 0.5 == tiny.group.outcome.value


def test_a_truly_worse_big_site_is_found():
    assert verdicts(group("a", 425, 500), group("b", 430, 500), group("c", 340, 500))["c"] is Verdict.WORSE


def test_where_less_is_better_or_neither_is_the_verdict_says_so():
    groups = [group("a", 425, 500), group("b", 340, 500)]
    assert set(verdicts(*groups, metric="flag_rate").values()) == {Verdict.DIFFERENT}


def test_too_few_cases_are_not_judged():
    assert verdicts(group("a", 80, 100), group("b", 0, 9))["b"] is Verdict.TOO_FEW


def test_one_group_alone_has_nothing_to_compare_with():
    found = compared([group("a", 80, 100)], metric="sensitivity")
    assert found.rows[0].verdict is Verdict.NOTHING
    assert isinstance(found.rows[0].shrunken, NotEstimable)


def test_a_hidden_group_enters_nothing():
    hidden = Group(value="h", outcome=NotEstimable("hidden"), is_hidden=True)
    with_it = compared([group("a", 80, 100), group("b", 70, 100), hidden], metric="sensitivity")
    without = compared([group("a", 80, 100), group("b", 70, 100)], metric="sensitivity")
    assert with_it.rows[:2] == without.rows
    assert with_it.rows[2].verdict is Verdict.HIDDEN


def test_stable_groups_are_rarely_alarmed():
    """Eight groups of one truth, 300 times: in at most 5 % of them any group is called different (± simulation)."""
    import numpy as np

    random = np.random.default_rng(1)
    alarmed = 0
    for _ in range(300):
        hits = random.binomial(120, 0.85, 8)
        found = verdicts(*(group(str(place), int(each), 120) for place, each in enumerate(hits)))
        alarmed += any(each in (Verdict.WORSE, Verdict.BETTER) for each in found.values())
    assert alarmed / 300 < 0.08


def test_the_next_site_is_told_from_three_on():
    groups = [group("a", 85, 100), group("b", 80, 100)]
    assert isinstance(spread_of(groups, metric="sensitivity").next_group, NotEstimable)
    ahead = spread_of([*groups, group("c", 70, 100)], metric="sensitivity").next_group
    assert 0 < ahead.low < ahead.high < 1


# --- peers ---------------------------------------------------------------------------------------------------------


def test_a_hard_case_mix_is_no_fault_of_a_site():
    easy, hard = ("40-49", "F"), ("80-89", "M")
    usual = {easy: (450.0, 500.0), hard: (60.0, 100.0)}
    found = peers_of({"a": usual, "b": usual, "c": {easy: (45.0, 50.0), hard: (60.0, 100.0)}}, metric="sensitivity")
    row = found.rows[2]
    assert row.crude == pytest.approx(0.7)
    assert row.expected == pytest.approx(0.70, abs=0.02)
    assert row.state == "ok"


def test_a_site_below_its_peers_at_the_same_case_mix_is_found():
    stratum = ("60-69", "F")
    sites = {name: {stratum: (425.0, 500.0)} for name in "abcd"} | {"e": {stratum: (330.0, 500.0)}}
    found = peers_of(sites, metric="sensitivity")
    assert {row.site for row in found.outside} == {"e"}


def test_one_site_alone_has_no_peer():
    assert isinstance(peers_of({"a": {("x",): (5.0, 9.0)}}, metric="sensitivity"), NotEstimable)


def test_a_stratum_that_no_peer_has_borrows_from_the_others():
    found = expected_share({("new",): (0.0, 10.0)}, elsewhere={("old",): (80.0, 100.0)})
    assert found == pytest.approx(80.5 / 101)


@pytest.mark.parametrize(
    ("cases", "why"),
    [
        ({"a": 50, "b": 50, "c": 50, "d": 50}, "fewer than 5 sites"),
        ({"a": 500, "b": 50, "c": 50, "d": 50, "e": 50}, "more than half"),
        ({"a": 3, "b": 3, "c": 3, "d": 3, "e": 3}, "fewer than 11"),
        (dict.fromkeys("abcde", 100), ""),
    ],
)
def test_other_houses_enter_only_as_a_sum_that_tells_nobody(cases, why):
    said = may_enter(cases, {site: round(0.8 * n) for site, n in cases.items()}, minimum_count=11)
    assert said == why or (why and why in said)


# --- gaps between people -------------------------------------------------------------------------------------------


def test_a_real_gap_is_shown_with_an_interval_for_all_pairs():
    found = fairness({("sex", "sensitivity"): [group("F", 300, 500), group("M", 425, 500)]})
    (gap,) = found.gaps
    assert isinstance(gap, Gap)
    assert (gap.lower, gap.higher, gap.is_shown) == ("F", "M", True)
    assert gap.difference.interval.low > 0


def test_the_largest_raw_gap_of_tiny_groups_is_not_a_gap():
    ages = [group("a", 400, 500), group("b", 410, 500), group("c", 6, 10), group("d", 12, 12)]
    found = fairness({("age_band", "sensitivity"): ages})
    assert found.shown == []
    assert found.family == 6


def test_the_unknown_are_no_group_of_people():
    found = fairness({("sex", "sensitivity"): [group("F", 300, 500), group("unknown", 425, 500)]})
    assert isinstance(found.gaps[0], NoGap)
