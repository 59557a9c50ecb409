"""Agreement on categories: the contract's names in one place.

Kappas, Gwet's and Krippendorff's coefficients and paired decisions each have a module;
agreement of measured values is in `measurement`.
"""

from monitoring.statistics.gwet import gwet_ac
from monitoring.statistics.kappas import cohen_kappa, fleiss_kappa, kappa
from monitoring.statistics.krippendorff import krippendorff_alpha
from monitoring.statistics.paired_decisions import (
    mcnemar,
    mcnemar_clustered,
    prevalence_and_bias_index,
    specific_agreement,
)

__all__ = [
    "cohen_kappa",
    "fleiss_kappa",
    "gwet_ac",
    "kappa",
    "krippendorff_alpha",
    "mcnemar",
    "mcnemar_clustered",
    "prevalence_and_bias_index",
    "specific_agreement",
]
