"""Groups together: shrunken to their mean, how much they differ beyond chance, and sites on a funnel.

The one place to import from; the work is in `shrinkage`, `heterogeneity` and `funnel`.
"""

from monitoring.statistics.funnel import Dispersion, Funnel, FunnelSite, funnel, funnel_limits
from monitoring.statistics.heterogeneity import Heterogeneity, heterogeneity
from monitoring.statistics.shrinkage import Shrunken, ShrunkenEstimate, shrunken_effects, shrunken_proportions

__all__ = [
    "Dispersion",
    "Funnel",
    "FunnelSite",
    "Heterogeneity",
    "Shrunken",
    "ShrunkenEstimate",
    "funnel",
    "funnel_limits",
    "heterogeneity",
    "shrunken_effects",
    "shrunken_proportions",
]
