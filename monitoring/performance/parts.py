"""What a slice gives for each metric, wherever its numbers come from: cases as columns, or sums. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from monitoring.performance.metrics import MISSING, metrics_of, not_of_kind
from monitoring.performance.questions import Figure
from monitoring.performance.references import judged
from monitoring.statistics.results import Estimate, NotEstimable

MOST_LEFT_OPEN = 0.002
"""The widest range that bins may leave an area; above it the rows themselves are used."""

NO_TRUTH = "no case with a score and a truth"


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """A proportion with its counts; no outcome where there is no trial."""

    trials: int
    hits: int
    positives: int
    reference: Mapping[str, int]
    outcome: Estimate | NotEstimable | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Area:
    """An area under the curve; `bounds` are what the bins leave open, None where the rows were used."""

    outcome: Estimate | NotEstimable
    positives: int = 0
    reference: Mapping[str, int] = field(default_factory=dict)
    bounds: tuple[float, float] | None = None


class Called(Protocol):
    """Truths and decisions as numbers: 1 for positive, 0 for negative, −1 for anything else."""

    @property
    def truth(self) -> NDArray[Any]: ...
    @property
    def decision(self) -> NDArray[Any]: ...


Chooses = Callable[[Called], NDArray[np.bool_]]

# Which cases a rate is taken over, and which of them succeed.
CHOSEN: Mapping[str, tuple[Chooses, Chooses]] = {
    "sensitivity": (lambda at: (at.truth == 1) & (at.decision >= 0), lambda at: at.decision == 1),
    "specificity": (lambda at: (at.truth == 0) & (at.decision >= 0), lambda at: at.decision == 0),
    "ppv": (lambda at: (at.truth >= 0) & (at.decision == 1), lambda at: at.truth == 1),
    "npv": (lambda at: (at.truth >= 0) & (at.decision == 0), lambda at: at.truth == 0),
    "prevalence": (lambda at: at.truth >= 0, lambda at: at.truth == 1),
    "flag_rate": (lambda at: at.decision >= 0, lambda at: at.decision == 1),
    "label_coverage": (lambda at: at.truth >= -1, lambda at: at.truth >= 0),
}


class Part(Protocol):
    """One slice of the counted cases."""

    def share(self, metric: str) -> Share: ...
    def area(self) -> Area: ...


def figures_of(part: Part, metrics: Iterable[str], *, slice: Mapping[str, str], kind: str) -> list[Figure]:
    """Return metrics of a finding with yes-or-no calls for one slice."""
    return [figure_of(part, metric, slice=slice, kind=kind) for metric in metrics]


def figure_of(part: Part, metric: str, *, slice: Mapping[str, str], kind: str) -> Figure:
    if metric not in metrics_of(kind):
        return Figure(metric=metric, slice=slice, outcome=NotEstimable(not_of_kind(metric, kind=kind)))
    found = part.area() if metric == "auc" else part.share(metric)
    said = Figure(
        metric=metric,
        slice=slice,
        outcome=found.outcome or NotEstimable(MISSING[metric]),
        positives=found.positives,
        bounds=found.bounds if isinstance(found, Area) else None,
        reference=found.reference,
    )
    return judged(said)


def exact_words(found: Estimate | NotEstimable, *, left_open: float) -> Estimate | NotEstimable:
    """Return an area from rows that says why bins were not enough."""
    if isinstance(found, NotEstimable):
        return found
    return replace(found, method=f"{found.method}; from rows, since bins would leave {left_open:.4f} open")
