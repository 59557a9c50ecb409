"""What reads and truth say of a finding: by stage, by rule, by region.

A statement on the same region counts. A study-level negative serves every
region, a study-level positive serves none. For the whole study any positive
region makes it positive, and all registered regions negative make it negative.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Generic, Protocol, TypeVar

from monitoring.cases.facts import ReadFact, Rule, TruthFact

CERTAINTIES = ("unknown", "possible", "probable", "definite")
SETTLING_STAGES = frozenset({"arbitration", "consensus", "final", "addendum"})
READING_STAGES = frozenset({"first", "second", "third"})


class Statement(Protocol):
    @property
    def region(self) -> str: ...
    @property
    def state(self) -> str: ...


S = TypeVar("S", bound=Statement)


@dataclass(frozen=True, slots=True)
class Judgement(Generic[S]):
    """What is held to be so (empty: nothing is), and the statement it rests on."""

    state: str = ""
    source: S | None = None


NOTHING: Judgement[ReadFact] = Judgement()


def truth_for(
    truths: Sequence[TruthFact], *, region: str, regions: Sequence[str], rule: Rule, acquired_at: datetime
) -> Judgement[TruthFact]:
    """Return the truth of one finding and region by a rule; `truths` are those of its concept."""
    if not truths:
        return Judgement()
    order = {standard: place for place, standard in enumerate(rule.standards)}
    eligible = [each for each in truths if serves_rule(each, order=order, rule=rule, acquired_at=acquired_at)]

    def pick(candidates: Iterable[TruthFact]) -> TruthFact | None:
        first = sorted(candidates, key=lambda each: (each.determined_at, each.known, each.uid), reverse=True)
        return min(first, key=lambda each: order[each.standard], default=None)

    return judged(eligible, region=region, regions=regions, pick=pick)


def lesions_beside(
    truth: TruthFact | None, truths: Sequence[TruthFact], *, rule: Rule, acquired_at: datetime
) -> Sequence[TruthFact]:
    """Return the truths that name lesions together with the one that counts: those of each single lesion, if it is one.

    They are of the same standard and region, and serve the rule themselves.
    """
    if truth is None or truth.level != "lesion":
        return () if truth is None else (truth,)
    order = {standard: place for place, standard in enumerate(rule.standards)}
    alike = [
        each for each in truths if (each.level, each.standard, each.region) == ("lesion", truth.standard, truth.region)
    ]
    served = [each for each in alike if serves_rule(each, order=order, rule=rule, acquired_at=acquired_at)]
    return sorted(served, key=lambda each: each.uid)


def serves_rule(truth: TruthFact, *, order: dict[str, int], rule: Rule, acquired_at: datetime) -> bool:
    if truth.standard not in order:
        return False
    if CERTAINTIES.index(truth.certainty) < CERTAINTIES.index(rule.minimum_certainty):
        return False
    if rule.follow_up_days is None or truth.state != "negative":
        return True
    needed = acquired_at + timedelta(days=rule.follow_up_days)
    return truth.observed_until is not None and truth.observed_until >= needed


def final_read(reads: Sequence[ReadFact], *, region: str, regions: Sequence[str]) -> Judgement[ReadFact]:
    """Return what the readers finally decided on one finding and region; `reads` are those of its concept."""
    return judged(reads, region=region, regions=regions, pick=last_read) if reads else NOTHING


def last_read(reads: Iterable[ReadFact]) -> ReadFact | None:
    """Return the last read that settles, else the last of the first to third ones."""
    ordered = sorted(reads, key=lambda each: (each.read_at, each.known, each.uid))
    for stages in (SETTLING_STAGES, READING_STAGES):
        found = [each for each in ordered if each.stage in stages]
        if found:
            return found[-1]
    return None


def judged(
    statements: Sequence[S], *, region: str, regions: Sequence[str], pick: Callable[[Iterable[S]], S | None]
) -> Judgement[S]:
    if not statements:
        return Judgement()
    of_study = pick(each for each in statements if not each.region)
    if region:
        near = [each for each in statements if each.region == region]
        if of_study is not None and of_study.state == "negative":
            near.append(of_study)
        return of_one(pick(near))
    if all(not each.region for each in statements):
        return of_one(of_study)
    return whole_study(statements, of_study=of_study, regions=regions, pick=pick)


def of_one(statement: S | None) -> Judgement[S]:
    return Judgement(statement.state, statement) if statement is not None else Judgement()


def whole_study(
    statements: Sequence[S], *, of_study: S | None, regions: Sequence[str], pick: Callable[[Iterable[S]], S | None]
) -> Judgement[S]:
    """Judge a whole study where some statements are about its regions."""
    named = {each.region for each in statements if each.region}
    picked = {name: pick(each for each in statements if each.region == name) for name in sorted(named)}
    found = [each for each in picked.values() if each is not None]
    positive = [each for each in found if each.state == "positive"]
    if positive:
        regional = pick(positive)
    elif regions and all(picked.get(name) and picked[name].state == "negative" for name in regions):  # type: ignore[union-attr]
        regional = pick(found)
    else:
        regional = None
    return of_one(pick(each for each in (of_study, regional) if each is not None))
