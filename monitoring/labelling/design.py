"""The design of a plan: how the budget is shared among strata, what it is expected to buy, and the draw itself. Pure.

The same cases, budget and seed give the same draw, on any machine.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import numpy as np

from audit.proofs.canonical import canonical_json
from monitoring.labelling.strata import Candidate, Stratum, stratify
from monitoring.statistics.planning import (
    ExpectedPrecision,
    SamplingPlan,
    design_effect_of,
    expected_precision,
    influence_spreads,
)
from monitoring.statistics.results import NotEstimable
from monitoring.statistics.verification import optimal_allocation

WITHIN_PATIENTS = 0.35
DESIGN = "stratified-neyman-1"  # the rules of this file and of `strata`; a change gets another number


@dataclass(frozen=True, slots=True, kw_only=True)
class Design:
    """Strata with what is drawn from each, and how sure the answers would be."""

    strata: tuple[Stratum, ...]
    counts: tuple[int, ...]
    expected: Mapping[str, ExpectedPrecision | NotEstimable]

    @property
    def drawn(self) -> int:
        return sum(self.counts)

    @property
    def waiting(self) -> int:
        return sum(each.size for each in self.strata)

    @property
    def labelled(self) -> int:
        return sum(each.labelled for each in self.strata)

    def probability(self, stratum: int) -> float:
        return self.counts[stratum] / self.strata[stratum].size

    def strata_as_json(self) -> list[dict[str, Any]]:
        return [
            {
                "flagged": each.is_flagged,
                "band": list(each.band) if each.band else None,
                "reader": each.reader,
                "site": each.site,
                "size": each.size,
                "drawn": count,
                "labelled": each.labelled,
                "guess": round(each.guess, 6),
            }
            for each, count in zip(self.strata, self.counts, strict=True)
        ]

    def expected_as_json(self) -> dict[str, Any]:
        return {
            question: [round(each.value, 6), round(each.half_width, 6)]
            for question, each in self.expected.items()
            if isinstance(each, ExpectedPrecision)
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """One case of a draw, in the order in which it is to be labelled."""

    case: Candidate
    stratum: int


def design_of(candidates: Sequence[Candidate], *, question: str, budget: int, floor: int) -> Design:
    """Share a budget among the cases that wait for a label.

    Raises:
        ValueError: the floors alone take more than the budget.
    """
    strata = tuple(stratify(candidates, budget=budget, floor=floor))
    counts = allocate(strata, question=question, budget=budget, floor=floor)
    planned = [part for each, count in zip(strata, counts, strict=True) for part in each.planned(drawn=count)]
    plan = SamplingPlan(strata=tuple(planned), design_effect=effect_of_patients(candidates))
    return Design(strata=strata, counts=counts, expected=expected_precision(plan))


def effect_of_patients(candidates: Sequence[Candidate]) -> float:
    """Return how much less the cases tell because patients come again, by a usual correlation within patients."""
    patients = len({each.person for each in candidates})
    return design_effect_of(cluster_size=len(candidates) / patients, correlation=WITHIN_PATIENTS) if patients else 1.0


def allocate(strata: Sequence[Stratum], *, question: str, budget: int, floor: int) -> tuple[int, ...]:
    """Return how many to draw from each stratum, by the spread of the question's influence function."""
    parts = [part for each in strata for part in each.planned(drawn=0)]
    spreads = influence_spreads(parts, question=question)[::2]  # of the waiting parts; the labelled count whole
    return optimal_allocation([each.size for each in strata], spreads, budget=budget, minimum=floor)


def draw(design: Design, *, seed: int) -> list[Drawn]:
    """Draw without replacement inside each stratum, and shuffle, so that the order tells an arbiter nothing."""
    chance = np.random.default_rng(seed)
    found = [
        Drawn(case=each.waiting[place], stratum=number)
        for number, (each, count) in enumerate(zip(design.strata, design.counts, strict=True))
        for place in sorted(chance.choice(each.size, size=count, replace=False).tolist())
    ]
    return [found[place] for place in chance.permutation(len(found)).tolist()]


def digest_of(drawn: Sequence[Drawn]) -> str:
    """Return the SHA-256 of the list in its order: inference, region, stratum."""
    return digest_of_list((each.case.inference_id, each.case.region, each.stratum) for each in drawn)


def digest_of_list(listed: Iterable[tuple[int, str, int]]) -> str:
    return sha256(canonical_json([list(each) for each in listed])).hexdigest()
