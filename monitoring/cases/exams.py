"""What is said of an order, and which of its studies it counts for: one report may cover several studies. Pure.

As a study stands to its regions, so an order to its studies: what denies a
finding counts for each of them. What says more counts for each while they are
alike (no two of them of another modality or body part), else for none, since
nobody can tell which is meant. Who knows names the study and amends the first.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, TypeVar
from uuid import UUID

from monitoring.cases.reasons import SEVERAL_ORDERS, UNLIKE_STUDIES


class Moment(Protocol):
    """A moment of the past, or none: `at`, and whether it means what had come in here by then."""

    @property
    def at(self) -> datetime: ...
    @property
    def basis(self) -> str: ...


class OfOrder(Protocol):
    """A statement; `order` is the study that an order stands for where the order alone was named."""

    @property
    def order(self) -> UUID | None: ...
    @property
    def state(self) -> str: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class CoveredStudy:
    """One study of an order, from when it was known to be; the first has no such moment."""

    study: UUID
    joined: datetime | None = None
    modality: str = ""
    body_part: str = ""

    def is_known(self, as_of: Moment | None) -> bool:
        # An order has no other date than ours: to whom it was known before, it covered its studies from the first.
        return as_of is None or as_of.basis == "known" or self.joined is None or self.joined <= as_of.at


@dataclass(frozen=True, slots=True, kw_only=True)
class Exam:
    """The studies of one order, its first one first; that one answers other orders too since `several_since`."""

    studies: tuple[CoveredStudy, ...]
    several_since: datetime | None = None

    @property
    def first(self) -> UUID:
        return self.studies[0].study

    def known(self, as_of: Moment | None) -> list[CoveredStudy]:
        return [each for each in self.studies if each.is_known(as_of)]

    def is_one_of_several(self, as_of: Moment | None) -> bool:
        since = self.several_since
        return since is not None and (as_of is None or as_of.basis == "known" or since <= as_of.at)


S = TypeVar("S", bound=OfOrder)


class OfExams(Protocol):
    """A study and its orders."""

    @property
    def study(self) -> UUID: ...
    @property
    def exams(self) -> Sequence[Exam]: ...


def serving(statements: Sequence[S], *, study: OfExams, as_of: Moment | None) -> Sequence[S]:
    """Return the statements that count for a study: those on it, and those on its orders that cover it."""
    if not study.exams:
        return statements
    by_first = {exam.first: exam for exam in study.exams}
    return [
        each
        for each in statements
        if each.order is None or serves(each, study=study.study, exam=by_first.get(each.order), as_of=as_of)
    ]


def serves(statement: OfOrder, *, study: UUID, exam: Exam | None, as_of: Moment | None) -> bool:
    if exam is None:
        return True
    if all(each.study != study for each in exam.known(as_of)):
        return False
    return not why_not(statement, study=study, exam=exam, as_of=as_of)


def why_not(statement: OfOrder, *, study: UUID, exam: Exam, as_of: Moment | None) -> str:
    """Return why what was said of an order does not count for one of its studies, or nothing."""
    if study != exam.first and exam.is_one_of_several(as_of):
        return SEVERAL_ORDERS
    if statement.state != "negative" and unlike(exam.known(as_of)):
        return UNLIKE_STUDIES
    return ""


def unlike(studies: Sequence[CoveredStudy]) -> bool:
    """Return whether two studies differ in modality or body part. What is not known contradicts nothing."""
    return any(len(set(filter(None, said))) > 1 for said in (
        [each.modality.casefold() for each in studies], [each.body_part.casefold() for each in studies],
    ))  # fmt: skip


def counted_for(statement: OfOrder, *, exam: Exam, as_of: Moment | None = None) -> Iterator[tuple[UUID, str]]:
    """Yield each study of an order with why a statement on the order does not count for it, or nothing."""
    for each in exam.known(as_of):
        yield each.study, why_not(statement, study=each.study, exam=exam, as_of=as_of)
