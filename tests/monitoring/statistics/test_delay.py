"""Delays and what is still to come, against published triangles and a second implementation."""

from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.duration.survfunc import SurvfuncRight

from monitoring.statistics.delay import nowcast, reporting_delay
from monitoring.statistics.results import Estimate, NotEstimable

# --- the curve ---------------------------------------------------------------------------------------------------

# Infection and induction time in years of 37 children with AIDS by transfusion, all diagnosed within 8 years.
# Lagakos, Barraj & De Gruttola, Biometrika 1988;75:515-523; Klein & Moeschberger, Survival Analysis, table 1.10.
CHILDREN = (
    (1, 5.5), (1.5, 2.25), (2.25, 3), (2.75, 1), (3, 1.75), (3.5, 0.75), (3.75, 0.75), (3.75, 1), (3.75, 2.75),
    (3.75, 3), (3.75, 3.5), (3.75, 4.25), (4, 1), (4.25, 1.75), (4.5, 3.25), (4.75, 1), (4.75, 2.25), (5, 0.5),
    (5, 0.75), (5, 1.5), (5, 2.5), (5.25, 0.25), (5.25, 1), (5.25, 1.5), (5.5, 0.5), (5.5, 1.5), (5.5, 2.5),
    (5.75, 1.75), (6, 0.5), (6, 1.25), (6.25, 0.5), (6.25, 1.25), (6.5, 0.75), (6.75, 0.5), (6.75, 0.75), (7, 0.75),
    (7.25, 0.25),
)  # fmt: skip


def test_right_truncated_induction_times_agree_with_left_truncated_ones_in_reversed_time():
    infected, induced = np.array(CHILDREN).T
    curve = reporting_delay(infected, infected + induced, as_of=8)

    # Klein & Moeschberger, section 5.3: with R = 8 − X, left-truncated at T, Pr(X < x | X ≤ 8) = Pr(R > 8 − x).
    second = SurvfuncRight(8 - induced, np.ones(37), entry=infected - 1e-9)
    for time, survival in zip(second.surv_times, second.surv_prob, strict=True):
        before = 8 - time - 1e-6
        found = curve.probability_reported_by(before).value if before > 0 else 0.0
        assert found == pytest.approx(survival, abs=1e-12)
    assert curve.horizon == 7
    assert curve.is_conditional


def test_reverse_hazards_by_hand():
    """At 2: of those with delay ≤ 2 that could have been seen at 2 (three), one has delay 2; at 1 one of four."""
    curve = reporting_delay([0, 0, 1, 3], [2, 1, 2, 3], as_of=4)

    assert curve.days.tolist() == [0, 1, 2]
    assert curve.probability == pytest.approx([2 / 3 * 1 / 3, 2 / 3, 1])


def test_awaited_reports_are_censored():
    """The textbook's remission times under 6-MP: S(6) .857, S(10) .753, S(23) .448 (Kaplan–Meier of Freireich 1963)."""
    ended = [6, 6, 6, 7, 10, 13, 16, 22, 23]
    followed = [6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35]
    occurred = [40 - each for each in ended + followed]
    reported = [40.0] * len(ended) + [None] * len(followed)
    # Seen at 40: the ended ones were reported then, the others have been followed for so long without a report.
    curve = reporting_delay(occurred, reported, as_of=40)

    survival = [1 - curve.probability_reported_by(day).value for day in (6, 10, 23)]
    assert survival == pytest.approx([0.857, 0.753, 0.448], abs=5e-4)
    assert curve.median.value == 23
    assert curve.median.interval.low == 13
    assert isinstance(curve.probability_reported_by(36), NotEstimable)


def test_the_limits_of_awaited_reports_agree_with_a_second_implementation():
    generator = np.random.default_rng(4)
    delay, occurred = generator.exponential(20, 300).round(1), generator.uniform(0, 60, 300).round(1)
    curve = reporting_delay(occurred, occurred + delay, as_of=60)
    known = occurred + delay <= 60
    second = SurvfuncRight(np.where(known, delay, 60 - occurred).round(1), known.astype(int))

    assert curve.reported == known.sum()
    for time, survival, error in zip(second.surv_times, second.surv_prob, second.surv_prob_se, strict=True):
        found = curve.probability_reported_by(time)
        assert found.value == pytest.approx(1 - survival, abs=1e-12)
        half = 1.959964 * error / survival / abs(np.log(survival))
        expected = [1 - survival ** np.exp(-half), 1 - survival ** np.exp(half)]
        assert [found.interval.low, found.interval.high] == pytest.approx(expected, abs=1e-6)


def test_moments_may_be_dates_or_datetimes():
    noon = datetime(2026, 3, 1, 12, tzinfo=UTC)
    days = reporting_delay([date(2026, 3, 1)] * 2, [date(2026, 3, 3), None], as_of=date(2026, 3, 9))
    times = reporting_delay([noon] * 2, [noon + timedelta(days=2), None], as_of=noon + timedelta(days=8))

    assert days.days == pytest.approx([2.0])
    assert times.days == pytest.approx([2.0])
    assert times.horizon == pytest.approx(8)


@pytest.mark.parametrize(
    ("occurred", "reported", "as_of"),
    [
        ([0, 1], [1], 5),
        ([2], [1], 5),
        ([0, 1], [1, float("nan")], 5),
        ([float("inf")], [1], 5),
        ([None], [1], 5),
        ([0], ["soon"], 5),
        ([0], [1], float("nan")),
    ],
)
def test_impossible_moments_are_refused(occurred, reported, as_of):
    with pytest.raises(ValueError, match=r"\w"):
        reporting_delay(occurred, reported, as_of=as_of)


@pytest.mark.parametrize(("occurred", "reported"), [([], []), ([1, 2], [None, None]), ([1], [9]), ([9], [10])])
def test_without_a_report_there_is_no_delay(occurred, reported):
    assert isinstance(reporting_delay(occurred, reported, as_of=5), NotEstimable)


def simulated(generator, *, size=400, days=90, median=20.0):
    occurred = generator.uniform(0, days, size)
    return occurred, occurred + generator.exponential(median / np.log(2), size)


@pytest.mark.parametrize("cases", ["all", "reported"])
def test_the_curve_covers_the_truth_with_recent_cases_unreported(cases):
    generator, covered, naive = np.random.default_rng(11), 0, []
    for _ in range(200):
        occurred, reported = simulated(generator)
        curve = reporting_delay(occurred, reported, as_of=90, cases=cases)
        found, horizon = curve.probability_reported_by(20), curve.horizon
        truth = 0.5 if cases == "all" else 0.5 / (1 - 2 ** (-horizon / 20))
        covered += truth in found.interval
        naive.append(np.mean((reported - occurred)[reported <= 90] <= 20))

    assert covered >= 184
    assert np.mean(naive) > 0.58  # what counting the reported ones alone would say of the true .5 (conditional .52)


@given(
    st.lists(st.tuples(st.integers(0, 20), st.one_of(st.none(), st.integers(0, 15))), min_size=1, max_size=40),
    st.sampled_from(["all", "reported", "auto"]),
)
def test_curves_rise_and_always_have_a_width(pairs, cases):
    occurred = [each for each, _ in pairs]
    reported = [None if delay is None else start + delay for start, delay in pairs]
    curve = reporting_delay(occurred, reported, as_of=20, cases=cases)
    if isinstance(curve, NotEstimable):
        return
    assert (np.diff(curve.probability) >= -1e-12).all()
    for day in range(21):
        found = curve.probability_reported_by(day)
        if isinstance(found, Estimate):
            assert 0 <= found.interval.low <= found.value + 1e-9 <= found.interval.high + 2e-9 <= 1 + 4e-9
    median = curve.median
    if isinstance(median, Estimate):
        assert median.interval.low <= median.value <= median.interval.high


@given(st.permutations(list(range(12))))
def test_the_order_of_cases_makes_no_difference(order):
    occurred, reported = np.arange(12.0), np.arange(12.0) + np.tile([1, 4, 2], 4)
    one = reporting_delay(occurred, reported, as_of=13)
    other = reporting_delay(occurred[order], reported[order], as_of=13)
    assert one.probability.tolist() == other.probability.tolist()


# --- the triangle ------------------------------------------------------------------------------------------------

# Taylor & Ashe, J Econometrics 1983;23:37-61, incremental.
TAYLOR_ASHE = (
    (357848, 766940, 610542, 482940, 527326, 574398, 146342, 139950, 227229, 67948),
    (352118, 884021, 933894, 1183289, 445745, 320996, 527804, 266172, 425046),
    (290507, 1001799, 926219, 1016654, 750816, 146923, 495992, 280405),
    (310608, 1108250, 776189, 1562400, 272482, 352053, 206286),
    (443160, 693190, 991983, 769488, 504851, 470639),
    (396132, 937085, 847498, 805037, 705960),
    (440832, 847631, 1131398, 1063269),
    (359480, 1061648, 1443370),
    (376686, 986608),
    (344014,),
)


@pytest.mark.parametrize("cumulative", [False, True])
@pytest.mark.parametrize("declared", [False, True])
def test_mack_on_taylor_and_ashe(cumulative, declared):
    """Mack, ASTIN Bulletin 1993;23:213-225, table 2: reserves and their errors in thousands."""
    rows = [list(np.cumsum(row)) if cumulative else list(row) for row in TAYLOR_ASHE]
    found = nowcast(rows, cumulative=cumulative if declared else None)

    assert found.outstanding.value == pytest.approx(18_680_856, abs=0.5)
    assert found.outstanding.standard_error == pytest.approx(2_447_095, abs=0.5)
    reserves = [round(each.outstanding.value / 1000) for each in found.periods]
    assert reserves == [0, 95, 470, 710, 985, 1419, 2178, 3920, 4279, 4626]
    errors = [each.outstanding.standard_error / 1000 for each in found.periods[1:]]
    assert errors == pytest.approx([75.5, 121.7, 133.5, 261.4, 411.0, 558.3, 875.3, 971.3, 1363.2], abs=0.06)
    assert found.factors[:3] == pytest.approx([3.4906, 1.7473, 1.4574], abs=5e-5)
    assert found.is_cumulative is cumulative


def test_padding_of_a_square_triangle_may_be_none_or_nan():
    ragged = nowcast(TAYLOR_ASHE)
    for blank in (None, float("nan")):
        square = [list(row) + [blank] * (10 - len(row)) for row in TAYLOR_ASHE]
        assert nowcast(square).outstanding.value == ragged.outstanding.value


def test_maturity_is_the_share_that_is_there():
    found = nowcast([(60, 30, 10), (60, 30), (60,)])

    assert [each.maturity.value for each in found.periods] == pytest.approx([1.0, 0.9, 0.6])
    assert found.periods[2].expected_final.value == pytest.approx(100)
    assert found.periods[2].maturity.interval.width > 0.1  # a history without scatter is no certainty


@pytest.mark.parametrize(
    "rows", [[], [()], [(1, -1)], [(1, float("inf"))], [(1, None, 2)], [(1,), (1, 2)], [(1, 2), ()]]
)
def test_impossible_triangles_are_refused(rows):
    with pytest.raises(ValueError, match="counts_triangle"):
        nowcast(rows)


@pytest.mark.parametrize(("rows", "cumulative"), [([(0, 3), (1,)], False), ([(3, 2), (1,)], True), ([(0,)], None)])
def test_a_triangle_that_tells_nothing_is_not_estimable(rows, cumulative):
    assert isinstance(nowcast(rows, cumulative=cumulative), NotEstimable)


def test_a_period_without_a_report_says_so_and_the_rest_is_estimated():
    found = nowcast([(5, 5, 0), (6, 5), (0,)])

    assert isinstance(found.periods[2].maturity, NotEstimable)
    assert found.periods[1].expected_final.value == pytest.approx(11)
    assert found.periods[1].expected_final.interval.high > 14


def test_the_interval_covers_the_final_count_of_simulated_delays():
    generator, covered = np.random.default_rng(3), 0
    shares = np.array([0.3, 0.25, 0.2, 0.12, 0.08, 0.05])
    for _ in range(300):
        full = generator.poisson(200 * shares, (18, 6))
        found = nowcast([row[: min(6, 18 - i)] for i, row in enumerate(full)], cumulative=False)
        covered += full[-3].sum() in found.periods[-3].expected_final.interval

    assert 0.92 <= covered / 300 <= 0.995
