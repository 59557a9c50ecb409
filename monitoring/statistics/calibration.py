"""Whether scores that are probabilities mean what they say.

A model of the labels on the logit of the score, and bins of the score; scores are
probabilities of the positive class everywhere.
"""

from __future__ import annotations

from monitoring.statistics.calibration_bins import (
    BrierEstimate,
    CalibrationErrorEstimate,
    ReliabilityCurve,
    ReliabilityPoint,
    brier,
    expected_calibration_error,
    reliability_curve,
)
from monitoring.statistics.calibration_models import CalibrationLine, in_the_large, slope_and_intercept, spiegelhalter

__all__ = [
    "BrierEstimate",
    "CalibrationErrorEstimate",
    "CalibrationLine",
    "ReliabilityCurve",
    "ReliabilityPoint",
    "brier",
    "expected_calibration_error",
    "in_the_large",
    "reliability_curve",
    "slope_and_intercept",
    "spiegelhalter",
]
