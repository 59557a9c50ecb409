"""What the readers of a hospital do with a study: when, with or without the AI in view, and what they decide.

A reader sees the lesion's contrast through their own noise; the AI's answer,
when it is shown, moves them as far as they trust it.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np

from deploy.demo.hospitals import HOSPITALS, Reader
from deploy.demo.planning import PlannedStudy

SHOWN = 0.9
CLEARLY_SEEN = 0.36  # lesion area x thickness that a reader without noise calls at even odds
REASONS_AGAINST_A_MARK = ("vessel seen end-on", "rib crossing", "known scar, unchanged", "nipple shadow")
REASON_FOR_A_FINDING = "nodule behind a rib, seen on comparison"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """One final read. `shown_at` is when the AI's answer came into view, None where it was not shown."""

    reader: str
    decision: str
    confidence: float
    opened_at: datetime
    shown_at: datetime | None
    read_at: datetime
    reason: str = ""

    @property
    def ai_exposure(self) -> str:
        return "none" if self.shown_at is None else "concurrent"


def read_study(study: PlannedStudy, *, ai_positive: bool | None, seed: int) -> Reading:
    """Return the final read; `ai_positive` is None when the device gave no answer."""
    random = np.random.default_rng([seed, 21, study.number])
    reader = _reader(study, random)
    finished_at = finished(study)
    opened_at = finished_at + timedelta(minutes=float(random.gamma(2.0, 25.0)) + 2)
    is_shown = ai_positive is not None and (reader.always_agrees or random.random() < SHOWN)
    belief = _belief(study, reader=reader, ai_positive=ai_positive if is_shown else None, random=random)
    is_positive = bool(belief > 0)
    if reader.always_agrees and ai_positive is not None:
        is_positive = ai_positive
    return Reading(
        reader=reader.key,
        decision="positive" if is_positive else "negative",
        confidence=round(float(1 / (1 + np.exp(-3 * abs(belief)))), 3),
        opened_at=opened_at,
        shown_at=opened_at + timedelta(seconds=4) if is_shown else None,
        read_at=opened_at + timedelta(seconds=float(random.gamma(3.0, 40.0)) + 20),
        reason=_reason(is_positive, ai_positive=ai_positive, random=random),
    )


def finished(study: PlannedStudy) -> datetime:
    """Return when the device has answered: some seconds after the study arrived."""
    return study.acquired_at + timedelta(seconds=95 + study.number % 40)


def _reader(study: PlannedStudy, random: np.random.Generator) -> Reader:
    readers = next(hospital.readers for hospital in HOSPITALS if hospital.key == study.site)
    return readers[int(random.integers(len(readers)))]


def _belief(study: PlannedStudy, *, reader: Reader, ai_positive: bool | None, random: np.random.Generator) -> float:
    lesion = study.lesion
    seen = 0.0 if lesion is None else min(lesion.radius * lesion.thickness_cm / CLEARLY_SEEN, 2.2)
    pull = 0.0 if ai_positive is None else reader.trust * (1 if ai_positive else -1)
    return float(seen - 0.72 + pull + reader.noise * random.standard_normal() * 0.6)


def _reason(is_positive: bool, *, ai_positive: bool | None, random: np.random.Generator) -> str:
    if ai_positive is None or ai_positive == is_positive:
        return ""
    return REASON_FOR_A_FINDING if is_positive else str(random.choice(REASONS_AGAINST_A_MARK))
