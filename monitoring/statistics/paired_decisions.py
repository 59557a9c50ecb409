"""Two yes-or-no decisions on the same cases: where they agree, and whether one says yes more often.

Tables put positive first: [[both, first only], [second only, neither]].
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from monitoring.statistics.disagreement_weights import as_square_counts
from monitoring.statistics.inputs import as_count, as_counts, check_level, check_same_length
from monitoring.statistics.intervals import beta_interval, plain_interval, wilson_interval
from monitoring.statistics.results import Estimate, Interval, NotEstimable, TestResult

NO_DISCORDANT = "no discordant pair: the two never differ"


@dataclass(frozen=True, slots=True, kw_only=True)
class PairedTest(TestResult):
    """`share` is the part of the discordant pairs that are of the first kind (b); even is one half."""

    share: Estimate
    discordant: int


def specific_agreement(table: ArrayLike, *, level: float = 0.95) -> Mapping[str, Estimate | NotEstimable]:
    """Return `positive` 2a/(2a+b+c) and `negative` 2d/(2d+b+c): the chance that one follows the other.

    Assumes independent cases. Each is 2s/(1+s) of the share s of agreeing cases among those that either called so,
    and has Wilson's interval of s on that scale. Nobody called so: NotEstimable.
    Source: Cicchetti & Feinstein, J Clin Epidemiol 1990;43:551-558.
    """
    (a, b), (c, d) = as_square_counts(table, size=2).tolist()
    check_level(level)
    return {
        "positive": _specific(a, apart=b + c, word="positive", level=level),
        "negative": _specific(d, apart=b + c, word="negative", level=level),
    }


def prevalence_and_bias_index(table: ArrayLike, *, level: float = 0.95) -> Mapping[str, Estimate | NotEstimable]:
    """Return `prevalence_index` (a − d)/n and `bias_index` (b − c)/n of a 2 × 2 table, positive first.

    Assumes independent cases; signed. Intervals are Wald's for a difference of two shares of one multinomial,
    Clopper–Pearson of the larger share where all cases lie in one cell. No cases: NotEstimable.
    Source: Byrt, Bishop & Carlin, J Clin Epidemiol 1993;46:423-429.
    """
    (a, b), (c, d) = as_square_counts(table, size=2).tolist()
    check_level(level)
    size = a + b + c + d
    return {
        "prevalence_index": _index(a, d, size=size, level=level),
        "bias_index": _index(b, c, size=size, level=level),
    }


def mcnemar(b: float, c: float, *, exact: bool = True, level: float = 0.95) -> PairedTest | NotEstimable:
    """Test whether two decisions on the same cases say yes equally often; b and c count the discordant pairs.

    Assumes independent pairs. Exact: two-sided binomial, statistic min(b, c); else (b − c)²/(b + c) against
    chi-square, without continuity correction. No discordant pair: NotEstimable.
    Sources: McNemar, Psychometrika 1947;12:153-157; Fagerland, Lydersen & Laake, BMC Med Res Methodol 2013;13:91.
    """
    first, second = as_count(b, name="b"), as_count(c, name="c")
    check_level(level)
    size = first + second
    if size == 0:
        return NotEstimable(NO_DISCORDANT)
    if exact:
        statistic = float(min(first, second))
        p_value = min(1.0, 2 * float(stats.binom.cdf(statistic, size, 0.5)))
    else:
        statistic = (first - second) ** 2 / size
        p_value = float(stats.chi2.sf(statistic, 1))
    return PairedTest(
        statistic=statistic,
        p_value=p_value,
        method="McNemar, " + ("exact binomial, two-sided" if exact else "chi-square without continuity correction"),
        share=_share(first, size=size, level=level),
        discordant=size,
    )


def mcnemar_clustered(
    b: ArrayLike, c: ArrayLike, *, sizes: ArrayLike | None = None, level: float = 0.95
) -> PairedTest | NotEstimable:
    """Test the same where patients have several pairs; b and c count each patient's discordant ones.

    Assumes independent patients, nothing about the pairs of one. Statistic (Σ dₖ)²/Σ dₖ², d = b − c, against
    chi-square with one degree (Obuchowski, Stat Med 1998;17:1495-1507, without its K/(K−1), so that patients of one
    pair give McNemar's own). With `sizes`, each patient's number of pairs, d is per pair: every patient weighs
    the same (Durkalski et al., Stat Med 2003;22:2417-2428). No patient with b ≠ c: NotEstimable.
    """
    first, second = as_counts(b, name="b"), as_counts(c, name="c")
    check_same_length(b=first, c=second)
    check_level(level)
    surplus = first - second
    if sizes is not None:
        pairs = as_counts(sizes, name="sizes")
        check_same_length(b=first, sizes=pairs)
        if (pairs < first + second).any():
            raise ValueError("a patient has more discordant pairs than pairs")
        surplus = surplus / np.maximum(pairs, 1)
    if not surplus.any():
        return NotEstimable("no patient has more discordant pairs of one kind than of the other")
    statistic = float(surplus.sum() ** 2 / (surplus**2).sum())
    discordant, patients = int((first + second).sum()), int((first + second > 0).sum())
    return PairedTest(
        statistic=statistic,
        p_value=float(stats.chi2.sf(statistic, 1)),
        method="McNemar clustered by patient, " + ("Obuchowski" if sizes is None else "Durkalski"),
        share=_share(int(first.sum()), size=discordant, level=level, observations=patients),
        discordant=discordant,
    )


def _specific(agreeing: float, *, apart: float, word: str, level: float) -> Estimate | NotEstimable:
    size = agreeing + apart
    if size == 0:
        return NotEstimable(f"nobody called a case {word}")
    share = agreeing / size
    found = wilson_interval(share, size=size, level=level)
    low, high = 2 * found.low / (1 + found.low), 2 * found.high / (1 + found.high)
    return Estimate(
        value=2 * share / (1 + share),
        interval=Interval(low, high, level),
        cases=int(size),
        method=f"{word} agreement, Wilson on the share of agreeing cases",
    )


def _index(one: float, other: float, *, size: float, level: float) -> Estimate | NotEstimable:
    if size == 0:
        return NotEstimable("no cases")
    value = (one - other) / size
    variance = ((one + other) / size - value**2) / size
    if variance > 0:
        interval = plain_interval(value, error=float(np.sqrt(variance)), level=level, low=-1.0, high=1.0)
    else:
        share = beta_interval((one + other) / size, size=size, level=level)
        ends = (share.low, share.high) if value > 0 else (-share.high, -share.low)
        interval = Interval(*(ends if value else (-share.high, share.high)), level)
    return Estimate(value=value, interval=interval, cases=int(size), method="difference of two shares of one table")


def _share(hits: int, *, size: int, level: float, observations: int | None = None) -> Estimate:
    name = "Clopper–Pearson exact" if observations is None else "Clopper–Pearson, each patient as one observation"
    interval = beta_interval(hits / size, size=observations or size, level=level)
    return Estimate(value=hits / size, interval=interval, cases=size, method=name)
