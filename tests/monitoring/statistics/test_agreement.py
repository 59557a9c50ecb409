"""Agreement on categories, held to published figures and a second implementation."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import cohen_kappa_score
from statsmodels.stats.contingency_tables import mcnemar as other_mcnemar
from statsmodels.stats.inter_rater import cohens_kappa
from statsmodels.stats.inter_rater import fleiss_kappa as other_fleiss

from monitoring.statistics.agreement import (
    cohen_kappa,
    fleiss_kappa,
    gwet_ac,
    kappa,
    krippendorff_alpha,
    mcnemar,
    mcnemar_clustered,
    prevalence_and_bias_index,
    specific_agreement,
)
from monitoring.statistics.results import Estimate, NotEstimable

NAN = float("nan")
PARADOX = ((118, 5), (2, 0))
TABLE = np.array([[88, 10, 2], [14, 40, 6], [18, 10, 12]])

# Four observers, twelve units: Krippendorff, Computing Krippendorff's Alpha-Reliability, 2011, section C.
OBSERVERS = np.array(
    [
        [1, 2, 3, 3, 2, 1, 4, 1, 2, NAN, NAN, NAN],
        [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, NAN, 3],
        [NAN, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, NAN],
        [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, NAN],
    ]
).T

# Thirty patients by six psychiatrists, five diagnoses: Fleiss, Psychol Bull 1971;76:378-382, table 1.
DIAGNOSES = (
    "00060 03003 01401 00006 03030 20400 00402 20310 20040 00006 10050 11040 03300 10050 02031 00501 30012 51000 "
    "02040 10203 00006 01050 02013 20040 10401 05010 40002 02040 10500 00006"
)
FLEISS = [[int(each) for each in row] for row in DIAGNOSES.split()]


def estimated(found):
    assert isinstance(found, Estimate)
    return found


# --- kappa -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("weights", [None, "linear", "quadratic"])
def test_cohens_kappa_and_its_interval_agree_with_statsmodels(weights):
    found = estimated(cohen_kappa(TABLE, weights=weights))

    other = cohens_kappa(TABLE, wt=weights)
    assert found.value == pytest.approx(other.kappa)
    assert found.interval.low == pytest.approx(other.kappa_low)
    assert found.interval.high == pytest.approx(other.kappa_upp)


def test_a_matrix_of_disagreement_may_stand_for_the_named_weights():
    squares = [[0, 1, 4], [1, 0, 1], [4, 1, 0]]

    assert cohen_kappa(TABLE, weights=squares).value == pytest.approx(cohen_kappa(TABLE, weights="quadratic").value)
    with pytest.raises(ValueError, match="diagonal"):
        cohen_kappa(TABLE, weights=[[1, 0, 0], [0, 1, 0], [0, 0, 1]])


def test_the_paradox_is_shown_whole():
    assert estimated(cohen_kappa(PARADOX)).value == pytest.approx(-0.023, abs=0.0005)
    assert estimated(gwet_ac(table=PARADOX)).value == pytest.approx(0.941, abs=0.0005)
    assert estimated(specific_agreement(PARADOX)["negative"]).value == 0.0
    assert estimated(specific_agreement(PARADOX)["positive"]).value == pytest.approx(236 / 243)
    assert estimated(prevalence_and_bias_index(PARADOX)["prevalence_index"]).value == pytest.approx(118 / 125)
    assert estimated(prevalence_and_bias_index(PARADOX)["bias_index"]).value == pytest.approx(3 / 125)


def test_fleiss_kappa_is_the_published_one():
    found = estimated(fleiss_kappa(FLEISS))

    assert found.value == pytest.approx(0.430, abs=0.005)
    assert found.value == pytest.approx(other_fleiss(np.array(FLEISS)))


def test_fleiss_kappa_needs_the_same_number_of_raters():
    with pytest.raises(ValueError, match="same number"):
        fleiss_kappa([[3, 0], [1, 1]])


@pytest.mark.parametrize(
    "perfect",
    [
        cohen_kappa([[30, 0], [0, 20]]),
        gwet_ac(table=[[30, 0], [0, 20]]),
        fleiss_kappa([[3, 0]] * 10 + [[0, 3]] * 10),
        krippendorff_alpha([[1, 1], [2, 2]] * 10),
        kappa(list("aabb") * 5, list("aabb") * 5, classes=["a", "b"]),
    ],
)
def test_perfect_agreement_never_has_a_zero_width(perfect):
    assert estimated(perfect).value == pytest.approx(1.0)
    assert perfect.interval.low < 0.95
    assert perfect.interval.high == 1.0


@pytest.mark.parametrize(("size", "least"), [(30, 0.94), (100, 0.94), (400, 0.93)])
def test_a_rare_category_does_not_make_the_interval_too_short(size, least):
    cells = np.array([0.85, 0.04, 0.05, 0.06])
    true = 1 - 0.09 / (0.89 * 0.10 + 0.11 * 0.90)
    generator = np.random.default_rng(9)

    found = [cohen_kappa(generator.multinomial(size, cells).reshape(2, 2)) for _ in range(800)]

    known = [each for each in found if isinstance(each, Estimate)]
    assert np.mean([true in each.interval for each in known]) >= least


def test_more_perfect_cases_say_more():
    assert cohen_kappa([[300, 0], [0, 200]]).interval.low > cohen_kappa([[30, 0], [0, 20]]).interval.low > 0.8


@pytest.mark.parametrize("empty", [cohen_kappa([[0, 0], [0, 0]]), cohen_kappa([[9, 0], [0, 0]])])
def test_no_cases_or_one_class_have_no_kappa(empty):
    assert isinstance(empty, NotEstimable)


@pytest.mark.parametrize("table", [[[1, 2]], [[-1, 2], [3, 4]], [[1.5, 2], [3, 4]], [[NAN, 2], [3, 4]]])
def test_impossible_tables_are_refused(table):
    with pytest.raises(ValueError, match="table"):
        cohen_kappa(table)


# --- kappa of cases that come in patients ------------------------------------------------------------------------


@pytest.mark.parametrize("weights", [None, "quadratic"])
def test_kappa_of_pairs_agrees_with_scikit_learn(weights):
    generator = np.random.default_rng(3)
    first = generator.integers(0, 4, 300)
    second = np.where(generator.random(300) < 0.7, first, generator.integers(0, 4, 300))

    found = estimated(kappa(first.tolist(), second.tolist(), classes=[0, 1, 2, 3], weights=weights))

    assert found.value == pytest.approx(cohen_kappa_score(first, second, weights=weights))


def test_the_jackknife_is_near_the_asymptotic_interval():
    pairs = [(i, j) for i in range(3) for j in range(3) for _ in range(TABLE[i, j])]

    found = estimated(kappa([i for i, _ in pairs], [j for _, j in pairs], classes=[0, 1, 2]))

    asymptotic = estimated(cohen_kappa(TABLE)).interval
    assert found.interval.low == pytest.approx(asymptotic.low, abs=0.01)
    assert found.interval.high == pytest.approx(asymptotic.high, abs=0.01)


def test_the_same_patients_twice_are_worth_no_more():
    first, second = list("aabbabab") * 3, list("aabbbbaa") * 3
    once = estimated(kappa(first, second, classes=["a", "b"]))
    twice = estimated(kappa(first * 2, second * 2, classes=["a", "b"], clusters=list(range(24)) * 2))

    assert twice.interval.low == pytest.approx(once.interval.low)


# --- missing ratings ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("metric", "value"), [("nominal", 0.743), ("ordinal", 0.815), ("interval", 0.849), ("ratio", 0.797)]
)  # Krippendorff 2011, section C
def test_alpha_is_the_published_one(metric, value):
    assert estimated(krippendorff_alpha(OBSERVERS, metric=metric)).value == pytest.approx(value, abs=0.0005)


@pytest.mark.parametrize("metric", ["nominal", "ordinal", "interval", "ratio"])
def test_alphas_jackknife_is_the_one_done_by_hand(metric):
    rated = OBSERVERS[(~np.isnan(OBSERVERS)).sum(axis=1) >= 2]
    found = estimated(krippendorff_alpha(rated, metric=metric))

    left_out = [krippendorff_alpha(np.delete(rated, row, axis=0), metric=metric).value for row in range(len(rated))]
    error = np.sqrt((len(rated) - 1) * np.var(left_out))
    assert (found.value - found.interval.low) / 2.2281 == pytest.approx(error, rel=1e-4)  # t of 10 degrees


def test_ac1_with_missing_ratings_is_gwets():
    # Gwet, Handbook, 4th ed., table 2.10; irrCAC for R: .77544, standard error .14295, interval .461 to 1.
    found = estimated(gwet_ac(ratings=OBSERVERS))

    assert found.value == pytest.approx(0.77544, abs=5e-6)
    assert (found.interval.low, found.interval.high) == (pytest.approx(0.461, abs=0.0005), 1.0)


def test_words_may_be_rated_and_numbers_are_needed_for_distances():
    words = [["a", "a"], ["b", "b"], ["a", "b"], ["a", None]]

    assert estimated(krippendorff_alpha(words)).cases == 3
    assert estimated(gwet_ac(ratings=words)).cases == 4
    with pytest.raises(ValueError, match="numbers"):
        krippendorff_alpha(words, metric="interval")


def test_a_table_and_its_ratings_give_the_same_coefficient():
    pairs = [(i, j) for i in range(3) for j in range(3) for _ in range(TABLE[i, j])]

    of_table, of_ratings = gwet_ac(table=TABLE, weights="linear"), gwet_ac(ratings=pairs, weights="linear")

    assert of_table.value == pytest.approx(of_ratings.value)
    assert of_table.interval.low == pytest.approx(of_ratings.interval.low)


@pytest.mark.parametrize("nothing", [[[1, NAN], [NAN, 2]], [[1, 1], [1, 1]]])
def test_no_pair_or_one_value_only_has_no_coefficient(nothing):
    assert isinstance(krippendorff_alpha(nothing), NotEstimable)
    assert isinstance(gwet_ac(ratings=nothing), NotEstimable)


# --- paired decisions --------------------------------------------------------------------------------------------


@given(st.integers(0, 60), st.integers(0, 60))
def test_mcnemar_agrees_with_statsmodels(b, c):
    if b + c == 0:
        assert isinstance(mcnemar(b, c), NotEstimable)
        return
    exact = other_mcnemar([[5, b], [c, 5]], exact=True)
    plain = other_mcnemar([[5, b], [c, 5]], exact=False, correction=False)

    assert mcnemar(b, c).p_value == pytest.approx(exact.pvalue)
    assert mcnemar(b, c, exact=False).statistic == pytest.approx(plain.statistic)
    assert mcnemar(b, c, exact=False).p_value == pytest.approx(plain.pvalue)


def test_patients_of_one_pair_give_mcnemars_own():
    clustered = mcnemar_clustered([1] * 10 + [0] * 5, [0] * 12 + [1] * 3)

    assert clustered.statistic == pytest.approx(mcnemar(10, 3, exact=False).statistic)


def test_pairs_of_one_patient_are_not_independent():
    alike = mcnemar_clustered([4, 4, 0], [0, 0, 4])
    apart = mcnemar_clustered([1] * 8 + [0] * 4, [0] * 8 + [1] * 4)

    assert alike.statistic == pytest.approx((4 + 4 - 4) ** 2 / 48)
    assert alike.p_value > apart.p_value


def test_durkalski_lets_every_patient_weigh_the_same():
    found = mcnemar_clustered([2, 0, 1], [0, 1, 0], sizes=[4, 2, 1])

    assert found.statistic == pytest.approx((0.5 - 0.5 + 1) ** 2 / (0.25 + 0.25 + 1))
    with pytest.raises(ValueError, match="more discordant pairs"):
        mcnemar_clustered([3], [0], sizes=[2])


@given(st.lists(st.integers(0, 40), min_size=4, max_size=4))
def test_specific_agreement_swaps_with_its_sides(cells):
    a, b, c, d = cells
    there, back = specific_agreement([[a, b], [c, d]])["positive"], specific_agreement([[d, c], [b, a]])["negative"]

    assert isinstance(there, NotEstimable) == isinstance(back, NotEstimable) == (a + b + c == 0)
    if isinstance(there, Estimate):
        assert there.value == back.value == pytest.approx(2 * a / (2 * a + b + c))
        assert there.interval == back.interval
        assert there.interval.low <= there.value <= there.interval.high
