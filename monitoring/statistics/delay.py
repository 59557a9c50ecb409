"""Delay of reports and labels: how long they take, and what is still to come.

The curve of one delay is in `delay_curves`, the triangle of counts in `chain_ladder`. Which
delays are looked at, and below which maturity a figure is marked, is decided in monitoring.performance.
"""

from monitoring.statistics.chain_ladder import Nowcast, PeriodNowcast, PredictedCount, nowcast
from monitoring.statistics.delay_curves import DelayCurve, reporting_delay

__all__ = ["DelayCurve", "Nowcast", "PeriodNowcast", "PredictedCount", "nowcast", "reporting_delay"]
