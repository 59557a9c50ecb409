"""What is true of all cases when only some were verified: the contract's names in one place.

Correction and bounds, sampling with known probabilities, its allocation and the correction of an imperfect test each
have a module; how large a study must be is in `planning`.
"""

from monitoring.statistics.allocation import neyman_allocation, optimal_allocation
from monitoring.statistics.sampled_rates import NotIdentified, WeightedRate, weighted_rates
from monitoring.statistics.true_prevalence import TruePrevalence, rogan_gladen
from monitoring.statistics.verification_bias import (
    Bounds,
    Corrected,
    Scenario,
    begg_greenes,
    non_ignorable_verification,
    verification_bounds,
)

__all__ = [
    "Bounds",
    "Corrected",
    "NotIdentified",
    "Scenario",
    "TruePrevalence",
    "WeightedRate",
    "begg_greenes",
    "neyman_allocation",
    "non_ignorable_verification",
    "optimal_allocation",
    "rogan_gladen",
    "verification_bounds",
    "weighted_rates",
]
