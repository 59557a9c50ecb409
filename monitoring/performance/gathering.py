"""Counted cases for one question: from the case rows, or counted again from the facts as they were known.

Both ways give the same rows; the second asks the same pure function that made
the first, at any moment of the past and under any truth rule.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from itertools import islice
from uuid import UUID

from django.db.models import Count, F, QuerySet

from inference.reads.models import Read
from inference.results.models import Inference
from monitoring.cases.counting import count_study
from monitoring.cases.facts import AsOf, CountedCase, CountedRead
from monitoring.cases.loading import load_studies
from monitoring.cases.models import Case
from monitoring.cases.reading import count_reads
from monitoring.cases.rules import is_kept, rule_named
from monitoring.cases.slicing import UNKNOWN
from monitoring.performance.questions import Question
from monitoring.performance.readers import judged_by
from monitoring.performance.samples import Sample, SampleRow, sample_of
from monitoring.performance.scopes import Scope

STUDIES_AT_ONCE = 1_000
COLUMN_OF = {
    "site": "site_id",
    "version": "version",
    "reader": "reader",
    "stage": "stage",
    "ai_exposure": "ai_exposure",
}
ROW = (
    "person_id", "truth", "decision", "score", "truth_reference", "measurement", "truth_measurement", "category",
    "truth_category", "minutes_to_reader", "class_scores", "comparison", "minutes_to_treatment", "followed_days",
    "threshold", "reader_decision", "reader_measurement", "reader_category",
)  # fmt: skip


@dataclass(slots=True)
class Gathered:
    """The counted cases by value of the dimension asked for, and how many were left out for which reason."""

    rows: dict[str, list[SampleRow]] = field(default_factory=lambda: defaultdict(list))
    excluded: Counter[str] = field(default_factory=Counter)

    def samples(self) -> dict[str, Sample]:
        return {value: sample_of(self.rows[value]) for value in sorted(self.rows)}


def needs_facts(question: Question, scope: Scope) -> bool:
    """Return whether the case rows cannot answer: another moment, or a rule that is not kept."""
    return question.as_of is not None or not is_kept(question.truth_rule, product=scope.product)


def gather(question: Question, scope: Scope) -> Gathered:
    """Return the counted cases of a question, exactly."""
    if scope.site:
        return gathered_reads(question, scope)
    again = needs_facts(question, scope)
    found = gathered_again(question, scope) if again else gathered_rows(question, scope)
    return only_read(found, who=question.who) if question.who else found


def only_read(found: Gathered, *, who: str) -> Gathered:
    """Return the cases that have a final read, as the product or the reader judged them."""
    kept = Gathered(excluded=found.excluded)
    for value, rows in found.rows.items():
        paired, left_out = judged_by(who, rows)
        if paired:
            kept.rows[value] = paired
        kept.excluded.update(left_out)
    return kept


# --- from the case rows ----------------------------------------------------------------------------------------


def case_rows(question: Question, scope: Scope) -> QuerySet[Case]:
    """Return the case rows that a question is about, left-out ones included."""
    rows = Case.objects.filter(
        deployment_id__in=list(scope.settings), finding=scope.finding.key, rule=question.truth_rule
    )
    if question.without:
        rows = rows.exclude(person_id__in=question.without)
    if question.version:
        rows = rows.filter(version=question.version)
    if question.since:
        rows = rows.filter(acquired_on__gte=question.since)
    return rows.filter(acquired_on__lt=question.until) if question.until else rows


def gathered_rows(question: Question, scope: Scope) -> Gathered:
    found, rows = Gathered(), case_rows(question, scope)
    out = rows.exclude(excluded="").values_list("excluded").annotate(number=Count("id"))
    found.excluded.update(dict(out))
    cut = COLUMN_OF.get(question.by) or (f"slices__{question.by}" if question.by else "rule")
    counted = rows.filter(excluded="").values_list(F(cut) if question.by else F("rule"), *ROW)
    for value, *row in counted.iterator(chunk_size=10_000):
        found.rows[(value or UNKNOWN) if question.by else ""].append(SampleRow(*row))
    return found


# --- from the facts --------------------------------------------------------------------------------------------


def gathered_again(question: Question, scope: Scope) -> Gathered:
    found = Gathered()
    for case in counted_again(question, scope):
        if not asks_for(case, question):
            continue
        if case.excluded:
            found.excluded[case.excluded] += 1
            continue
        found.rows[slice_value(case, question.by)].append(row_of_case(case))
    return found


def counted_again(question: Question, scope: Scope) -> Iterator[CountedCase]:
    """Count the studies of a scope again, as they were known then, one chunk after the other."""
    rule, as_of = rule_named(question.truth_rule), moment_of(question)
    only = {scope.finding.key: scope.finding}
    settings = {key: replace(each, findings=only) for key, each in scope.settings.items()}
    for some in studies_met(list(scope.settings)):
        for study in load_studies(some, findings=[scope.finding.key], concepts=[scope.finding.concept]):
            counted = count_study(study, rules=[rule], deployments=settings, as_of=as_of)
            yield from (case for case in counted if case.person_id not in question.without)


def studies_met(deployments: Sequence[str]) -> Iterator[list[UUID]]:
    met = Inference.objects.filter(deployment_id__in=deployments).filter(study__isnull=False)
    return in_chunks(met.values_list("study_id", flat=True).distinct().order_by("study_id").iterator())


def in_chunks(ids: Iterable[UUID | None]) -> Iterator[list[UUID]]:
    """Yield the ids so many at a time; those of a query's iterator are never all in memory."""
    waiting = (each for each in ids if each is not None)
    while some := list(islice(waiting, STUDIES_AT_ONCE)):
        yield some


def moment_of(question: Question) -> AsOf | None:
    return AsOf(at=question.as_of, basis=question.basis) if question.as_of else None


def asks_for(case: CountedCase, question: Question) -> bool:
    return inside(case.acquired_on, question) and question.version in ("", case.version)


def inside(day: date, question: Question) -> bool:
    return (question.since is None or day >= question.since) and (question.until is None or day < question.until)


def slice_value(case: CountedCase, by: str) -> str:
    if not by:
        return ""
    return (getattr(case, COLUMN_OF[by]) if by in COLUMN_OF else case.slices.get(by)) or UNKNOWN


def row_of_case(case: CountedCase) -> SampleRow:
    return SampleRow(*(getattr(case, name) for name in ROW))


# --- a site's reads --------------------------------------------------------------------------------------------


def gathered_reads(question: Question, scope: Scope) -> Gathered:
    """Return every read of a concept at a site, whatever product was in use."""
    found, rule, as_of = Gathered(), rule_named(question.truth_rule), moment_of(question)
    reads = Read.objects.filter(site_id=scope.site, finding=scope.finding.concept).filter(study__isnull=False)
    for some in in_chunks(reads.values_list("study_id", flat=True).distinct().order_by("study_id").iterator()):
        for study in load_studies(some, findings=(), concepts=[scope.finding.concept]):
            for read in count_reads(study, rule=rule, regions=scope.regions, as_of=as_of):
                add_read(read, question=question, found=found)
    return found


def add_read(read: CountedRead, *, question: Question, found: Gathered) -> None:
    if not inside(read.acquired_on, question):
        return
    if read.excluded:
        found.excluded[read.excluded] += 1
        return
    value = (read.slices.get(question.by) or UNKNOWN) if question.by else ""
    found.rows[value].append(
        SampleRow(
            person=read.person_id,
            truth=read.truth,
            decision=read.decision,
            score=None,
            standard=read.truth_reference,
            measurement=read.measurement,
            truth_measurement=read.truth_measurement,
            category=read.category,
            truth_category=read.truth_category,
        )
    )
