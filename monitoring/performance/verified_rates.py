"""Rates of cases of which only some were verified: by Begg and Greenes, by the weights of a plan, or as bounds. Pure.

Columns of cases in, figures out; a case without a label has truth −1. The weights come from the plan or from the
share verified by decision.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np

from monitoring.performance.questions import Figure
from monitoring.performance.references import judged
from monitoring.performance.samples import STATES, codes
from monitoring.statistics import roc
from monitoring.statistics.inputs import BoolArray, FloatArray, IntArray
from monitoring.statistics.proportions import wilson
from monitoring.statistics.results import Estimate, NotEstimable
from monitoring.statistics.verification import Bounds, NotIdentified, begg_greenes, verification_bounds, weighted_rates

RATES = ("sensitivity", "specificity", "ppv", "npv", "prevalence")
METRICS = (*RATES, "auc")
NOT_VERIFIABLE = "verification changes nothing here: ask without it"
NO_BOUNDS = "no bounds without assumption are computed for this metric"
NO_LABEL = "no case with a decision has a label"
Counts = tuple[int, int, int]  # diseased, healthy, unverified


class VerifiedRow(NamedTuple):
    """One counted case with a decision. `stratum` is that of a plan, `chance` its probability to be labelled by it."""

    person: Any
    decision: str
    truth: str
    standard: str
    score: float | None
    stratum: int = 0
    chance: float = 1.0


@dataclass(slots=True, kw_only=True, eq=False)
class Verified:
    """Columns of one slice."""

    flagged: BoolArray
    truth: IntArray
    persons: IntArray
    score: FloatArray
    standard: Sequence[str]
    stratum: IntArray
    chance: FloatArray

    @property
    def labelled(self) -> BoolArray:
        return np.asarray(self.truth >= 0)

    def counts(self, *, flagged: bool) -> Counts:
        among = self.truth[self.flagged == flagged]
        return int((among == 1).sum()), int((among == 0).sum()), int((among < 0).sum())

    def among(self, metric: str) -> BoolArray:
        """Return the labelled cases that a rate is taken over."""
        masks = {
            "sensitivity": self.truth == 1,
            "specificity": self.truth == 0,
            "ppv": self.labelled & self.flagged,
            "npv": self.labelled & ~self.flagged,
            "auc": self.labelled & ~np.isnan(self.score),
        }
        return np.asarray(masks.get(metric, self.labelled))


def verified_of(rows: Sequence[VerifiedRow]) -> Verified:
    columns: list[tuple[Any, ...]] = list(zip(*rows, strict=True)) if rows else [()] * len(VerifiedRow._fields)
    person, decision, truth, standard, score, stratum, chance = columns
    return Verified(
        flagged=np.array([each == "positive" for each in decision], dtype=np.bool_),
        truth=np.array([STATES.get(each, -1) for each in truth], dtype=np.int64),
        persons=codes(person),
        score=np.array([np.nan if each is None else each for each in score], dtype=np.float64),
        standard=list(standard),
        stratum=np.array(stratum, dtype=np.int64),
        chance=np.array(chance, dtype=np.float64),
    )


def figures(
    found: Verified, metrics: Sequence[str], *, verification: str, slice: Mapping[str, str], words: str = ""
) -> list[Figure]:
    """Return the metrics of one slice; `words` are added to the method of each."""
    ways = {"plan": by_plan, "begg_greenes": by_decision, "bounds": as_bounds}
    outcomes = ways[verification](found)
    return [
        figure_of(metric, outcomes.get(metric), found=found, slice=slice, words=words)
        if metric in METRICS
        else Figure(metric=metric, slice=slice, outcome=NotEstimable(NOT_VERIFIABLE))
        for metric in metrics
    ]


def figure_of(
    metric: str, outcome: Estimate | NotEstimable | None, *, found: Verified, slice: Mapping[str, str], words: str
) -> Figure:
    mask = found.among(metric)
    outcome = outcome or NotEstimable(NO_BOUNDS)
    standards = [found.standard[place] for place in np.flatnonzero(mask).tolist()]
    said = Figure(
        metric=metric,
        slice=slice,
        outcome=replace(outcome, method=outcome.method + words) if isinstance(outcome, Estimate) else outcome,
        positives=int((found.truth[mask] == 1).sum()),
        bounds=outcome.bounds if isinstance(outcome, NotIdentified) else None,
        reference={name: standards.count(name) for name in sorted(set(standards)) if name},
    )
    return judged(said)


def by_plan(found: Verified) -> dict[str, Estimate | NotEstimable]:
    """Weigh each label by its chance in the plan; about the process, so that labels that count whole vary too."""
    rates = weighted(found, chance=found.chance, strata=found.stratum)
    return {name: unheard(each) if isinstance(each, NotIdentified) else each for name, each in rates.items()}


def unheard(found: NotIdentified) -> NotIdentified:
    reason = found.reason.replace("had no chance to be verified", "are in strata without an answer yet")
    return NotIdentified(reason, bounds=found.bounds)


def by_decision(found: Verified) -> dict[str, Estimate | NotEstimable]:
    """Let the labelled of each decision stand for its unlabelled; clustered where patients come again."""
    groups = {flagged: found.counts(flagged=flagged) for flagged in (True, False)}
    shares = {flagged: (one + other) / max(1, one + other + left) for flagged, (one, other, left) in groups.items()}
    if any(sum(groups[flagged]) and not shares[flagged] for flagged in groups):
        return as_bounds(found)
    chance = np.where(found.flagged, shares[True], shares[False])
    rates = weighted(found, chance=chance, strata=found.flagged.astype(np.int64))
    if np.unique(found.persons).size == found.persons.size:
        rates |= begg_greenes(tested_positive=groups[True], tested_negative=groups[False])
    return {
        name: replace(each, method=f"Begg–Greenes as weights: {each.method}")
        if isinstance(each, Estimate) and "Begg" not in each.method
        else each
        for name, each in rates.items()
    }


def weighted(found: Verified, *, chance: FloatArray, strata: IntArray) -> dict[str, Estimate | NotEstimable]:
    """Return the rates and the area with the weights that the chances make."""
    known = found.labelled
    if not known.any():
        return dict.fromkeys(METRICS, NotEstimable(NO_LABEL))
    persons = found.persons[known]
    clusters = persons.tolist() if np.unique(persons).size < persons.size else None
    rates: dict[str, Estimate | NotEstimable] = dict(
        weighted_rates(
            found.flagged[known],
            found.truth[known] == 1,
            inclusion_probabilities=chance[known],
            strata=strata[known],
            clusters=clusters,
            target="process",
        )
    )
    return rates | {"auc": weighted_area(found, chance=chance)}


def weighted_area(found: Verified, *, chance: FloatArray) -> Estimate | NotEstimable:
    known = found.among("auc")
    if not known.any():
        return NotEstimable("no labelled case has a score")
    if (chance[found.labelled] == 0).any():
        return NotEstimable("some strata have no answer yet")
    return roc.auc(
        found.score[known],
        found.truth[known] == 1,
        clusters=found.persons[known].tolist(),
        weights=1 / chance[known],
    )


def as_bounds(found: Verified) -> dict[str, Estimate | NotEstimable]:
    """Return what each rate can be, whatever is true of the cases without a label."""
    flagged, passed = found.counts(flagged=True), found.counts(flagged=False)
    if found.labelled.all() and found.truth.size:
        return by_decision(found)
    repeats = np.unique(found.persons).size < found.persons.size
    limits = verification_bounds(tested_positive=flagged, tested_negative=passed)
    rates = {name: bounded(each, independent=not repeats) for name, each in limits.items()}
    rates["ppv"] = between(flagged[0], sum(flagged), unknown=flagged[2])
    rates["npv"] = between(passed[1], sum(passed), unknown=passed[2])
    everything = sum(flagged) + sum(passed)
    rates["prevalence"] = between(flagged[0] + passed[0], everything, unknown=flagged[2] + passed[2])
    return rates


def between(hits: int, size: int, *, unknown: int) -> Estimate | NotEstimable:
    if size == 0:
        return NotEstimable("no case that this rate is taken over")
    if not unknown:
        return wilson(hits, size)
    low, high = hits / size, (hits + unknown) / size
    return NotIdentified(f"not identified: anywhere from {low:.3f} to {high:.3f}", bounds=(low, high))


def bounded(found: Bounds | NotEstimable, *, independent: bool) -> Estimate | NotEstimable:
    """Return the bounds in words; what chance adds is said where every patient comes once."""
    if isinstance(found, NotEstimable):
        return found
    reason = f"not identified: anywhere from {found.low:.3f} to {found.high:.3f}"
    if independent:
        reason += f"; with chance allowed for, from {found.interval.low:.3f} to {found.interval.high:.3f}"
    return NotIdentified(reason, bounds=(found.low, found.high))
