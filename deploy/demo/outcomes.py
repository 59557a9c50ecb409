"""What later turned out to be so: truths that come weeks after the study, for most but not all, some revised.

A positive is settled by pathology or a CT, a negative by follow-up, either by
a panel now and then. Three in a hundred are wrong at first and amended.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np

from deploy.demo.planning import PlannedStudy

COVERED = 0.78
REVISED = 0.03
PANEL = 0.12


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """One truth as it became known. `amends` names the uid of the one it replaces."""

    uid: str
    value: str
    standard: str
    certainty: str
    determined_at: datetime
    known_at: datetime
    observed_until: datetime | None = None
    size_mm: float | None = None
    amends: str = ""


def outcomes_of(study: PlannedStudy, *, seed: int, until: datetime) -> list[Outcome]:
    """Return what is known of a study by `until`, in the order in which it became known."""
    random = np.random.default_rng([seed, 31, study.number])
    if study.is_phantom or random.random() >= COVERED:
        return []
    is_ill = study.lesion is not None
    is_revised = bool(random.random() < REVISED)
    first = _outcome(study, is_ill=is_ill != is_revised, uid=f"t{study.number}", random=random)
    told = [first]
    if is_revised:
        told.append(_revision(first, is_ill=is_ill, study=study, random=random))
    return [outcome for outcome in told if outcome.known_at <= until]


def _outcome(study: PlannedStudy, *, is_ill: bool, uid: str, random: np.random.Generator) -> Outcome:
    standard = _standard(is_ill, random)
    days = {"pathology": 16, "second_modality": 9, "follow_up": 35, "panel": 12}[standard]
    determined_at = study.acquired_at + timedelta(days=days * float(random.gamma(6, 1 / 6)) + 1)
    return Outcome(
        uid=uid,
        value="positive" if is_ill else "negative",
        standard=standard,
        certainty="definite" if standard == "pathology" else "probable",
        determined_at=determined_at,
        known_at=determined_at + timedelta(days=float(random.uniform(0.2, 3))),
        observed_until=determined_at if standard == "follow_up" else None,
        size_mm=round(study.lesion.diameter_mm, 1) if is_ill and study.lesion else None,
    )


def _revision(first: Outcome, *, is_ill: bool, study: PlannedStudy, random: np.random.Generator) -> Outcome:
    determined_at = first.known_at + timedelta(days=float(random.uniform(20, 60)))
    return Outcome(
        uid=f"{first.uid}-revised",
        value="positive" if is_ill else "negative",
        standard=first.standard if first.standard == "panel" else _standard(is_ill, random),
        certainty="definite",
        determined_at=determined_at,
        known_at=determined_at + timedelta(days=1),
        observed_until=None if is_ill else determined_at,
        size_mm=round(study.lesion.diameter_mm, 1) if study.lesion else None,
        amends=first.uid,
    )


def _standard(is_ill: bool, random: np.random.Generator) -> str:
    if random.random() < PANEL:
        return "panel"
    if not is_ill:
        return "follow_up"
    return "pathology" if random.random() < 0.4 else "second_modality"
