"""Agreement of measured values: the contract's names in one place.

Differences, intraclass and concordance correlation and method comparison each have a module;
agreement on categories is in `agreement`.
"""

from monitoring.statistics.bland_altman import (
    LimitsOfAgreement,
    bland_altman,
    mean_absolute_error,
    repeatability_coefficient,
)
from monitoring.statistics.concordance import concordance_correlation
from monitoring.statistics.intraclass import icc
from monitoring.statistics.method_lines import MethodLine, deming, passing_bablok
from monitoring.statistics.quantiles import median, quantile

__all__ = [
    "LimitsOfAgreement",
    "MethodLine",
    "bland_altman",
    "concordance_correlation",
    "deming",
    "icc",
    "mean_absolute_error",
    "median",
    "passing_bablok",
    "quantile",
    "repeatability_coefficient",
]
