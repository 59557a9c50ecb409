"""How much groups differ beyond chance: between-group variance, the mean over groups, what the next one may show.

One effect and its sampling variance for each group in. Groups shrunken to their mean are in `shrinkage`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import inf, sqrt
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy import optimize, special, stats

from monitoring.statistics.inputs import FloatArray, as_vector, check_level, check_option, check_same_length
from monitoring.statistics.intervals import two_sided_quantile
from monitoring.statistics.results import Estimate, Interval, NotEstimable, TestResult
from monitoring.statistics.shrinkage import between_variance_bound

MIN_GROUPS_TO_PREDICT = 3
ESTIMATORS = ("dersimonian_laird", "paule_mandel", "reml")
Estimator = Literal["dersimonian_laird", "paule_mandel", "reml"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Heterogeneity:
    """The groups together. `mean` is over groups, `tau_squared` their variance beyond chance.

    `next_group` is where the true effect of one more group of the same kind is expected; `q` Cochran's test
    that all are alike; `i_squared` the share of the observed spread that is no chance.
    """

    mean: Estimate
    tau_squared: Estimate
    i_squared: float
    q: TestResult
    next_group: Interval | NotEstimable
    groups: int
    method: str

    @property
    def tau(self) -> float:
        return sqrt(self.tau_squared.value)


def heterogeneity(
    effects: ArrayLike,
    variances: ArrayLike,
    *,
    method: Estimator = "reml",
    adjustment: Literal["hksj", "normal"] = "hksj",
    level: float = 0.95,
) -> Heterogeneity | NotEstimable:
    """Return the random-effects summary of groups, each with its effect and known sampling variance.

    Assumes independent groups whose effects are near normal on the scale given (logit for proportions and areas)
    and whose true effects are drawn from one normal distribution. `method` estimates τ²: moments (DerSimonian &
    Laird, Control Clin Trials 1986;7:177-188), generalised Q (Paule & Mandel 1982) or restricted likelihood
    (Viechtbauer, J Educ Behav Stat 2005;30:261-293). Its interval is the Q-profile (Viechtbauer, Stat Med
    2007;26:37-52).
    "hksj" is Hartung–Knapp–Sidik–Jonkman with t of k−1, its factor at least 1 (Röver et al., BMC Med Res Methodol
    2015;15:99), so that it is never narrower than with τ² known; "normal" is Wald. The prediction interval is
    μ ± t(k−2)·√(τ² + SE²), SE that of the mean (Higgins et al., JRSS A 2009;172:137-159; Riley et al., BMJ
    2011;342:d549); fewer than three groups have none, and with about five that differ little it covers less than it
    says (Partlett & Riley, Stat Med 2017;36:301-317). Fewer than two groups: NotEstimable.

    Raises:
        ValueError: lengths that differ, a variance that is not positive.
    """
    check_option(method, name="method", allowed=ESTIMATORS)
    check_option(adjustment, name="adjustment", allowed=("hksj", "normal"))
    check_level(level)
    groups = checked_groups(effects, variances)
    if groups.effects.size < 2:
        return NotEstimable("fewer than two groups, so the spread between groups is unknown")
    tau2 = TAU_SQUARED[method](groups)
    mean, error = mean_of(groups, tau2=tau2)
    q = stats.chi2.sf(groups.q(0.0), groups.df)
    return Heterogeneity(
        mean=mean_estimate(groups, tau2=tau2, adjustment=adjustment, level=level),
        tau_squared=tau_squared_estimate(groups, tau2=tau2, method=method, level=level),
        i_squared=max(0.0, 1 - groups.df / groups.q(0.0)) if groups.q(0.0) > 0 else 0.0,
        q=TestResult(statistic=groups.q(0.0), p_value=float(q), method=f"Cochran's Q, {groups.df} degrees of freedom"),
        next_group=prediction(groups, tau2=tau2, mean=mean, error=error, level=level),
        groups=groups.effects.size,
        method=f"random effects, {NAMES[method]}",
    )


NAMES = {"dersimonian_laird": "DerSimonian–Laird", "paule_mandel": "Paule–Mandel", "reml": "REML"}


@dataclass(frozen=True, slots=True)
class Groups:
    """Effects with their sampling variances."""

    effects: FloatArray
    variances: FloatArray

    @property
    def df(self) -> int:
        return int(self.effects.size) - 1

    def q(self, tau2: float) -> float:
        """Return the generalised Q: the weighted squares around the mean with this between-group variance."""
        weights = 1 / (self.variances + tau2)
        mean = np.average(self.effects, weights=weights)
        return float((weights * (self.effects - mean) ** 2).sum())


def checked_groups(effects: ArrayLike, variances: ArrayLike) -> Groups:
    values, spread = as_vector(effects, name="effects"), as_vector(variances, name="variances")
    check_same_length(effects=values, variances=spread)
    if (spread <= 0).any():
        raise ValueError("variances must be positive")
    return Groups(values, spread)


def mean_of(groups: Groups, *, tau2: float) -> tuple[float, float]:
    """Return the weighted mean and its standard error with τ² taken as known."""
    weights = 1 / (groups.variances + tau2)
    return float(np.average(groups.effects, weights=weights)), 1 / sqrt(weights.sum())


def mean_estimate(groups: Groups, *, tau2: float, adjustment: str, level: float) -> Estimate:
    mean, error = mean_of(groups, tau2=tau2)
    name, df = "normal", inf
    if adjustment == "hksj":
        error *= sqrt(max(1.0, groups.q(tau2) / groups.df))
        name, df = "Hartung–Knapp–Sidik–Jonkman, at least as wide as with τ² known", groups.df
    half = two_sided_quantile(level, df=df) * error
    return Estimate(
        value=mean,
        interval=Interval(mean - half, mean + half, level),
        cases=groups.effects.size,
        method=f"random-effects mean, {name}",
    )


def prediction(groups: Groups, *, tau2: float, mean: float, error: float, level: float) -> Interval | NotEstimable:
    if groups.effects.size < MIN_GROUPS_TO_PREDICT:
        return NotEstimable(f"fewer than {MIN_GROUPS_TO_PREDICT} groups say nothing about the next one")
    half = two_sided_quantile(level, df=groups.df - 1) * sqrt(tau2 + error**2)
    return Interval(mean - half, mean + half, level)


# --- the between-group variance --------------------------------------------------------------------------------


def dersimonian_laird(groups: Groups) -> float:
    weights = 1 / groups.variances
    scale = weights.sum() - (weights**2).sum() / weights.sum()
    return max(0.0, (groups.q(0.0) - groups.df) / float(scale))


def paule_mandel(groups: Groups) -> float:
    """Return the τ² at which the generalised Q equals its expectation."""
    return solved(groups, target=float(groups.df))


def reml(groups: Groups) -> float:
    """Return the τ² of the highest restricted likelihood, found on a grid and refined."""

    def minus_log(tau2: float) -> float:
        total = groups.variances + tau2
        return 0.5 * float(np.log(total).sum() + np.log((1 / total).sum()) + groups.q(tau2))

    most = 10 * (float(np.var(groups.effects, ddof=1)) + float(groups.variances.max()))
    grid = np.concatenate([[0.0], np.geomspace(most * 1e-9, most, 200)])
    best = int(np.argmin([minus_log(each) for each in grid.tolist()]))
    if best == 0 and minus_log(float(grid[1])) >= minus_log(0.0):
        return 0.0
    ends = (float(grid[max(best - 1, 0)]), float(grid[min(best + 1, grid.size - 1)]))
    found = optimize.minimize_scalar(minus_log, bounds=ends, method="bounded", options={"xatol": most * 1e-13})
    return float(found.x)


TAU_SQUARED: dict[str, Callable[[Groups], float]] = {
    "dersimonian_laird": dersimonian_laird,
    "paule_mandel": paule_mandel,
    "reml": reml,
}


def solved(groups: Groups, *, target: float) -> float:
    """Return the τ² at which the generalised Q falls to a target; 0 where it starts below."""
    if groups.q(0.0) <= target:
        return 0.0
    high = float(np.ptp(groups.effects)) ** 2 + 1e-12
    while groups.q(high) > target:
        high *= 4
    return float(optimize.brentq(lambda tau2: groups.q(tau2) - target, 0.0, high, xtol=1e-14, rtol=1e-13))


def tau_squared_estimate(groups: Groups, *, tau2: float, method: str, level: float) -> Estimate:
    """Return τ² with its Q-profile interval; where that is empty, from zero to a posterior bound."""
    tail = (1 - level) / 2
    low = solved(groups, target=float(special.chdtri(groups.df, tail)))
    high = solved(groups, target=float(special.chdtri(groups.df, 1 - tail)))
    name = "Q-profile"
    if high <= low or high < tau2:
        low, name = 0.0, "upper bound under a uniform shrinkage prior, since the groups are closer than chance"
        high = max(tau2 * 2, between_variance_bound(groups.effects, groups.variances, level=1 - tail))
    return Estimate(
        value=tau2,
        interval=Interval(min(low, tau2), high, level),
        cases=groups.effects.size,
        method=f"{NAMES[method]}; interval: {name}",
    )
