"""The orders that studies share, and what was said of an order alone: for many studies at once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from inference.events.models import OF_ORDERS
from monitoring.cases.exams import CoveredStudy, Exam
from monitoring.cases.fetching import fetch, selected

Row = tuple[Any, ...]
SHARED = """
    SELECT o.first, o.other, o.known_at, f.modality, f.body_part, s.modality, s.body_part
    FROM inference_sharedorder o
    JOIN inference_study f ON f.id = o.first JOIN inference_study s ON s.id = o.other
    WHERE o.first IN (SELECT first FROM inference_sharedorder WHERE first = ANY(%b) OR other = ANY(%b))
    ORDER BY o.known_at, o.id
"""
BY_ORDER = "f.study_id = ANY(%b) AND f.defaulted @> ARRAY['study_by_order']::varchar[]"
OF_CONCEPTS = " AND (%b::text[] IS NULL OR f.finding = ANY(%b))"
OF_KINDS = " AND f.kind = ANY(%b)"


class Exams:
    """The orders of many studies: which covers which."""

    def __init__(self, exams: Iterable[Exam]) -> None:
        self.by_first = {exam.first: exam for exam in exams}
        self.of_study: dict[UUID, list[Exam]] = defaultdict(list)
        for exam in self.by_first.values():
            for each in exam.studies:
                self.of_study[each.study].append(exam)

    @property
    def firsts(self) -> list[UUID]:
        return list(self.by_first)

    def spread(self, rows: Iterable[Row], *, studies: Collection[UUID]) -> list[Row]:
        """Return rows about first studies of orders once more for each other one of these studies."""
        return [
            (each.study, *row[1:])
            for row in rows
            for each in self.by_first[row[0]].studies
            if each.study != row[0] and each.study in studies
        ]


def load_exams(studies: Sequence[UUID]) -> Exams:
    """Return the orders of more than one study, or of a study with more than one order, that these are of."""
    groups: dict[UUID, dict[UUID, CoveredStudy]] = defaultdict(dict)
    several: dict[UUID, datetime] = {}
    for first, other, joined, modality, body_part, others_modality, others_part in fetch(SHARED, studies, studies):
        group = groups[first]
        group.setdefault(first, CoveredStudy(study=first, modality=modality, body_part=body_part))
        if other == first:
            several[first] = joined
        else:
            group[other] = CoveredStudy(study=other, joined=joined, modality=others_modality, body_part=others_part)
    return Exams(
        Exam(studies=tuple(group.values()), several_since=several.get(first)) for first, group in groups.items()
    )


def statements_by_order(
    table: str, columns: Sequence[str], *, exams: Exams, concepts: Collection[str] | None
) -> list[Row]:
    """Return what names one of these orders alone; it stands on the order's first study."""
    if not exams.by_first:
        return []
    wanted = None if concepts is None else list(concepts)
    return fetch(selected(table, columns, where=BY_ORDER + OF_CONCEPTS), exams.firsts, wanted, wanted)


def events_by_order(columns: Sequence[str], *, exams: Exams) -> list[Row]:
    if not exams.by_first:
        return []
    return fetch(selected("inference_event", columns, where=BY_ORDER + OF_KINDS), exams.firsts, sorted(OF_ORDERS))


def orders_of(rows: Iterable[Row]) -> Mapping[str, UUID]:
    """Return, by uid, the first study of the order that a statement names alone."""
    return {row[1]: row[0] for row in rows}


def related(studies: Collection[UUID]) -> set[UUID]:
    """Return the studies that share an order with one of these."""
    return {each.study for exam in load_exams(list(studies)).by_first.values() for each in exam.studies} - set(studies)
