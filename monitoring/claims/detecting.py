"""Does a product now fall short of its claim? A detector that restarts after each alarm. Pure.

While the claim is true its alarms are rarer than the design says, however often
it is looked at. An alarm goes on until a sequence begun after it shows the claim to be met again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import log

import numpy as np

from monitoring.claims.evidence import PatientValue
from monitoring.claims.judging import detector_line, detector_values
from monitoring.claims.terms import Measure
from monitoring.statistics.ratio_sequences import log_capital, weighted
from monitoring.statistics.sequential import e_detector

ODDS = (1.3, 1.8, 2.5, 4.0)  # how much worse the odds of the alternatives are that the detector is quick for
RECOVERY_ERROR = 0.025
METHOD = "e-detector (Shiryaev-Roberts mixture) for a mean below the claim's figure less its margin, labels in order"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fall:
    """One alarm by positions in the evidence: where it likely began, where it was noticed, where it ended if it did."""

    began: int
    alarm: int
    ended: int | None


def alternatives_below(line: float) -> list[float]:
    """Return the means below the line that are sought: the odds of the line made worse by fixed ratios."""
    odds = line / (1 - line)
    return [odds / ratio / (1 + odds / ratio) for ratio in ODDS]


def falls_of(values: Sequence[PatientValue], *, measure: Measure, ceiling: float, arl0: float) -> list[Fall]:
    """Return every fall below the line; the last one may be going on."""
    line, fed = detector_line(measure), detector_values(values, measure=measure, ceiling=ceiling)
    falls, start = [], 0
    while start < len(fed):
        run = e_detector(fed[start:], pre=line, alternatives=alternatives_below(line), arl0=arl0)
        if not run.alarms:
            break
        alarm = start + run.alarms[0]
        ended = _recovered(fed, since=alarm + 1, line=line)
        falls.append(Fall(began=start + run.began[0], alarm=alarm, ended=ended))
        if ended is None:
            break
        start = ended + 1
    return falls


def _recovered(fed: Sequence[float], *, since: int, line: float) -> int | None:
    """Return where values after an alarm have shown that their mean is at the line or above."""
    after = fed[since:]
    if not after:
        return None
    shown = np.flatnonzero(log_capital(weighted(after), mean=line) >= log(1 / RECOVERY_ERROR))
    return since + int(shown[0]) if shown.size else None


def path_of(
    values: Sequence[PatientValue], *, measure: Measure, ceiling: float, arl0: float
) -> tuple[tuple[float, ...], float]:
    """Return the detector after each value, with the threshold at which it alarms."""
    line, fed = detector_line(measure), detector_values(values, measure=measure, ceiling=ceiling)
    if not fed:
        return (), arl0
    run = e_detector(fed, pre=line, alternatives=alternatives_below(line), arl0=arl0)
    return run.path, run.threshold
