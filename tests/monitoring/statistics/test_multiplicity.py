"""Adjustments are held to statsmodels, to the published output of onlineFDR, and to the errors that they promise."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.multitest import multipletests

from monitoring.statistics.multiplicity import addis, benjamini_hochberg, e_benjamini_hochberg, holm, lord

# the p-values of the onlineFDR package's documentation (Robertson et al., Bioinformatics 2019;35:4196-4199)
PUBLISHED = [2.90e-08, 0.06743, 0.01514, 0.08174, 0.00171, 3.60e-05, 0.79149, 0.27201, 0.28295, 7.59e-08]
PUBLISHED += [0.69274, 0.30443, 0.00136, 0.72342, 0.54757]

p_values = st.lists(st.floats(0, 1), min_size=1, max_size=40)


@pytest.mark.parametrize("size", [1, 2, 7, 30])
def test_holm_is_that_of_statsmodels(size):
    p = np.random.default_rng(size).random(size).round(2)
    assert holm(p).adjusted == pytest.approx(multipletests(p, method="holm")[1])


@given(p_values)
def test_benjamini_hochberg_is_that_of_scipy(p):
    assert benjamini_hochberg(p).adjusted == pytest.approx(stats.false_discovery_control(p))


def test_the_example_of_benjamini_and_hochberg():
    """1995, section 3.2: fifteen p-values of thrombolysis trials; four are rejected at .05, Bonferroni's three."""
    p = [
        0.0001,
        0.0004,
        0.0019,
        0.0095,
        0.0201,
        0.0278,
        0.0298,
        0.0344,
        0.0459,
        0.3240,
        0.4262,
        0.5719,
        0.6528,
        0.7590,
        1,
    ]
    assert (benjamini_hochberg(p).adjusted <= 0.05).sum() == 4
    assert (holm(p).adjusted <= 0.05).sum() == 3


@given(p_values, st.randoms())
def test_the_order_of_the_questions_plays_no_part(p, random):
    order = list(range(len(p)))
    random.shuffle(order)
    for adjust in (holm, benjamini_hochberg):
        assert adjust([p[i] for i in order]).adjusted == pytest.approx(adjust(p).adjusted[order])


def test_e_values_are_rejected_down_to_the_last_that_suffices():
    """m/α = 100: the largest needs 100, or two 50, or three 33.3: 60, 55, 34 are rejected together, 24 is not."""
    found = e_benjamini_hochberg([34, 24, 60, 0, 55], alpha=0.05)
    assert found.rejected.tolist() == [True, False, True, False, True]
    assert found.threshold == pytest.approx(100 / 3)


@given(p_values, st.floats(0.01, 0.5))
def test_e_values_of_inverse_p_values_reject_what_benjamini_hochberg_rejects(p, alpha):
    """With e = 1/p the two procedures are one (Wang & Ramdas 2022)."""
    safe = np.maximum(p, 1e-9)
    near = np.abs(benjamini_hochberg(safe).adjusted - alpha) < 1e-9
    agree = e_benjamini_hochberg(1 / safe, alpha=alpha).rejected == (benjamini_hochberg(safe).adjusted <= alpha)
    assert agree.all() or near.any()


def test_dependent_e_values_keep_the_false_share():
    """One shared mean under all nulls: the worst dependence there is."""
    generator = np.random.default_rng(61)
    shared = generator.normal(size=4_000)
    false = [e_benjamini_hochberg(np.full(20, np.exp(2 * z - 2)), alpha=0.1).rejected.any() for z in shared]
    assert np.mean(false) <= 0.1


def test_lord_gives_the_published_levels():
    """onlineFDR, LORD(sample.df, random = FALSE), version ++."""
    found = lord(PUBLISHED)
    published = [0.0002675839, 0.0024664457, 0.0005732818, 0.0004872805, 0.0004059066, 0.0003447286, 0.0029745013]
    published += [0.0008450114, 0.0007305648, 0.0006243143, 0.0032185913, 0.0010617227, 0.0009256825, 0.0008019657]
    assert found.levels == pytest.approx([*published, 0.0007059610], abs=5e-11)
    assert np.flatnonzero(found.rejected).tolist() == [0, 5, 9]


def test_addis_gives_the_published_levels():
    """onlineFDR, ADDIS(sample.df1, random = FALSE)."""
    found = addis(PUBLISHED)
    published = [0.002734314, *[0.005468627] * 4, 0.010937254, 0.016405881, 0.016405881, 0.005411923, 0.002828822]
    published += [0.008297449, 0.008297449, 0.003589243, 0.009057870, 0.009057870]
    assert found.levels == pytest.approx(published, abs=5e-10)
    assert np.flatnonzero(found.rejected).tolist() == [0, 4, 5, 9, 12]


@given(p_values)
def test_a_level_is_set_before_its_p_value_comes(p):
    for test in (lord, addis):
        assert test(p).levels == pytest.approx(test([*p[:-1], 0.3]).levels)


@pytest.mark.parametrize("test", [lord, addis])
def test_the_false_share_stays_below_alpha_over_a_long_run(test):
    generator = np.random.default_rng(62)
    shares = []
    for _ in range(60):
        changed = generator.random(300) < 0.1
        p = stats.norm.sf(generator.normal(3.0 * changed))
        rejected = test(p, alpha=0.1).rejected
        shares.append((rejected & ~changed).sum() / max(rejected.sum(), 1))
    assert np.mean(shares) <= 0.1


def test_no_question_has_no_answer():
    assert holm([]).adjusted.size == benjamini_hochberg([]).adjusted.size == 0
    assert e_benjamini_hochberg([], alpha=0.05).rejected.size == lord([]).levels.size == addis([]).levels.size == 0


@pytest.mark.parametrize("p", [[1.2], [-0.1], [float("nan")], [[0.1]]])
@pytest.mark.parametrize("adjust", [holm, benjamini_hochberg, lord, addis])
def test_impossible_p_values_are_refused(p, adjust):
    with pytest.raises(ValueError, match="p must"):
        adjust(p)


def test_impossible_options_are_refused():
    for wrong in (
        lambda: e_benjamini_hochberg([-1.0], alpha=0.05),
        lambda: e_benjamini_hochberg([1.0], alpha=0.0),
        lambda: lord([0.1], initial=0.06),
        lambda: addis([0.1], candidate=0.5, discard=0.5),
    ):
        with pytest.raises(ValueError, match=r"e must|alpha|candidate"):
            wrong()
