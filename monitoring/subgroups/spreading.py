"""How much the groups of a dimension differ beyond chance, and where one more of them is expected. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from monitoring.statistics.pooling import Heterogeneity, heterogeneity
from monitoring.statistics.results import Estimate, Interval, NotEstimable
from monitoring.subgroups.groups import LEVEL, Group, estimated, shown_on
from monitoring.subgroups.scales import Scale, back_interval, effect_of, scale_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """How much groups differ beyond chance; the mean and the next group as the metric is shown."""

    found: Heterogeneity
    mean: Estimate
    next_group: Interval | NotEstimable
    scale: Scale


def spread_of(groups: Sequence[Group], *, metric: str) -> Spread | NotEstimable:
    """Return the heterogeneity of groups whose figures may be shown."""
    scale = scale_of(metric)
    effects = [effect_of(each, scale=scale) for each in estimated(groups).values()]
    found = heterogeneity([each.value for each in effects], [each.variance for each in effects], level=LEVEL)
    if isinstance(found, NotEstimable):
        return found
    ahead = found.next_group
    return Spread(
        found=found,
        mean=shown_on(found.mean, scale=scale, cases=sum(each.cases for each in estimated(groups).values())),
        next_group=ahead if isinstance(ahead, NotEstimable) else back_interval(ahead, scale=scale),
        scale=scale,
    )
