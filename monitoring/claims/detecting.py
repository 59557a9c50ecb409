"""Does a product now fall short of its claim? A detector that restarts after each alarm. Pure.

While the claim is true its alarms are rarer than the design says, however often
it is looked at. An alarm goes on until a second detector, for a rise above the line, says that it is over.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import log

import numpy as np

from monitoring.claims.evidence import PatientValue
from monitoring.claims.judging import detector_line, detector_values
from monitoring.claims.terms import Measure
from monitoring.statistics.ratio_sequences import log_capital, weighted
from monitoring.statistics.sequential import e_detector

ODDS = (1.3, 1.8, 2.5, 4.0)  # how much worse the odds of the alternatives are that the detector is quick for
PATIENTS_TO_RECOVER = 200.0  # a product that stays at the line is called recovered no sooner, on average
DETECTOR, SEQUENCE = "the detector", "the sequence since launch"
METHOD = "e-detector (Shiryaev-Roberts mixture) and a sequence since launch, labels in the order of arrival"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fall:
    """One alarm by positions in the evidence: where it likely began, where it was noticed, where it ended if it did."""

    began: int
    alarm: int
    ended: int | None
    noticed_by: str = DETECTOR


def alternatives_below(line: float) -> list[float]:
    """Return the means below the line that are sought: the odds of the line made worse by fixed ratios."""
    odds = line / (1 - line)
    return [odds / ratio / (1 + odds / ratio) for ratio in ODDS]


def alternatives_above(line: float) -> list[float]:
    """Return the means above the line whose odds are better by the same ratios."""
    return [1 - each for each in alternatives_below(1 - line)]


def falls_of(
    values: Sequence[PatientValue], *, measure: Measure, ceiling: float, arl0: float, level: float = 0.95
) -> list[Fall]:
    """Return every fall below the line; the last one may be going on.

    The first is also noticed where the sequence since launch shows the claim to be violated: for a product that never
    kept it that is sooner than the detector.
    """
    line, fed = detector_line(measure), detector_values(values, measure=measure, ceiling=ceiling)
    falls: list[Fall] = []
    start = 0
    while start < len(fed):
        found = _first_fall(fed[start:], line=line, arl0=arl0, level=None if falls else level)
        if found is None:
            break
        alarm = start + found.alarm
        ended = _recovered(fed, since=alarm + 1, line=line)
        falls.append(replace(found, began=start + found.began, alarm=alarm, ended=ended))
        if ended is None:
            break
        start = ended + 1
    return falls


def _first_fall(fed: Sequence[float], *, line: float, arl0: float, level: float | None) -> Fall | None:
    """Return where the first fall began and was noticed: by the detector, or by the sequence since launch."""
    run = e_detector(fed, pre=line, alternatives=alternatives_below(line), arl0=arl0)
    noticed = [Fall(began=run.began[0], alarm=run.alarms[0], ended=None)] if run.alarms else []
    if level is not None:
        short = np.flatnonzero(log_capital(weighted(fed).flipped, mean=1 - line) >= log(2 / (1 - level)))
        noticed += [Fall(began=0, alarm=int(short[0]), ended=None, noticed_by=SEQUENCE)] if short.size else []
    return min(noticed, key=lambda each: each.alarm, default=None)


def _recovered(fed: Sequence[float], *, since: int, line: float) -> int | None:
    """Return where a detector for a rise says that the mean is above the line again."""
    if since >= len(fed):
        return None
    run = e_detector(fed[since:], pre=line, alternatives=alternatives_above(line), arl0=PATIENTS_TO_RECOVER)
    return since + run.alarms[0] if run.alarms else None


def path_of(
    values: Sequence[PatientValue], *, measure: Measure, ceiling: float, arl0: float
) -> tuple[tuple[float, ...], float]:
    """Return the detector after each value, with the threshold at which it alarms."""
    line, fed = detector_line(measure), detector_values(values, measure=measure, ceiling=ceiling)
    if not fed:
        return (), arl0
    run = e_detector(fed, pre=line, alternatives=alternatives_below(line), arl0=arl0)
    return run.path, run.threshold
