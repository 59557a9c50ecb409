"""One observation after another: charts with a designed run length, and evidence that is valid at every look.

The names of the contract; each has its own module. What is watched, and what an alarm means, is decided in
monitoring.signals and monitoring.claims.
"""

from monitoring.statistics.charts import ChartRun, Excursion
from monitoring.statistics.confidence_sequences import BettingSequence, betting_sequence, confidence_sequence
from monitoring.statistics.cusum import BernoulliCusum, NormalCusum, bernoulli_cusum, normal_cusum
from monitoring.statistics.e_processes import EDetector, EProcess, e_detector, e_process
from monitoring.statistics.ewma_charts import Ewma, ewma
from monitoring.statistics.risk_adjusted import RiskAdjustedCusum, risk_adjusted_cusum
from monitoring.statistics.shiryaev_roberts import ShiryaevRoberts, shiryaev_roberts

__all__ = [
    "BernoulliCusum",
    "BettingSequence",
    "ChartRun",
    "EDetector",
    "EProcess",
    "Ewma",
    "Excursion",
    "NormalCusum",
    "RiskAdjustedCusum",
    "ShiryaevRoberts",
    "bernoulli_cusum",
    "betting_sequence",
    "confidence_sequence",
    "e_detector",
    "e_process",
    "ewma",
    "normal_cusum",
    "risk_adjusted_cusum",
    "shiryaev_roberts",
]
