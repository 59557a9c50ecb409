"""The cases of a package, one row each: how it counted, or why not, and the places of its entries in the log."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any
from uuid import UUID

from audit.log.models import Fact
from inference.reads.models import Read
from inference.results.models import Inference
from inference.truth.models import Truth
from monitoring.cases.facts import CountedCase
from monitoring.cases.models import Case
from monitoring.evidence.ids import IdSet
from monitoring.evidence.scopes import Scope
from monitoring.performance.gathering import case_rows, counted_again, inside, needs_facts
from monitoring.performance.questions import Question
from monitoring.performance.scopes import scope_of as question_scope

CASES_AT_ONCE = 2_000
IN_ORDER_OF_LOGGING = ("inference_id", "finding", "region")
IN_ORDER_OF_STUDIES = ("study_id", "inference_id", "finding", "region")  # random ids: nothing of the time is told
Place = tuple[str, int]


@dataclass(slots=True)
class Met:
    """What the rows met on their way: how many, and which studies and patients."""

    cases: int = 0
    counted: int = 0
    studies: IdSet = field(default_factory=IdSet)
    persons: IdSet = field(default_factory=IdSet)

    @property
    def counts(self) -> dict[str, int]:
        return {
            "cases": self.cases,
            "counted": self.counted,
            "studies": len(self.studies),
            "patients": len(self.persons),
        }


def questions_of(scope: Scope, *, rules: Iterable[str]) -> Iterator[Question]:
    """Yield one question for each finding and truth rule of the product."""
    wanted = scope.wanted
    for finding in scope.product.findings.order_by("key"):
        for rule in rules:
            yield Question(
                product=scope.product.pk,
                finding=finding.key,
                since=wanted.since,
                until=wanted.until,
                as_of=wanted.as_of,
                truth_rule=rule,
                exact=True,
                deployments=scope.keys,
                without=scope.opted_out,
            )


def rules_of(scope: Scope) -> list[str]:
    """Return the default truth rule and those that the product's claims name."""
    named = scope.product.claims.values_list("truth_rule_id", flat=True)
    return sorted({"default", *named})


def case_rows_of(scope: Scope, *, met: Met) -> Iterator[dict[str, Any]]:
    """Yield each case. Left-out cases are there too, with their reason."""
    for question in questions_of(scope, rules=rules_of(scope)):
        order = IN_ORDER_OF_STUDIES if scope.is_research else IN_ORDER_OF_LOGGING
        cases = cases_of(question, study=scope.wanted.study, order=order)
        while batch := list(islice(cases, CASES_AT_ONCE)):
            yield from rows_of(batch, product=scope.product.pk, met=met)


def number_of_cases(scope: Scope) -> int:
    """Return about how many cases there will be, for the bar that shows progress."""
    questions = questions_of(scope, rules=rules_of(scope))
    return sum(case_rows(question, question_scope(question)).count() for question in questions)


def cases_of(question: Question, *, study: UUID | None, order: tuple[str, ...]) -> Iterator[Case | CountedCase]:
    scope = question_scope(question)
    if needs_facts(question, scope):
        again = (case for case in counted_again(question, scope) if inside(case.acquired_on, question))
        return (case for case in again if study is None or case.study_id == study)
    rows = case_rows(question, scope).order_by(*order)
    if study is not None:
        rows = rows.filter(study_id=study)
    return rows.iterator(chunk_size=CASES_AT_ONCE)


def rows_of(batch: Sequence[Case | CountedCase], *, product: str, met: Met) -> Iterator[dict[str, Any]]:
    runs = places_of(Inference, (case.inference_id for case in batch))
    truths = places_of(Truth, (case.truth_id for case in batch))
    reads = places_of(Read, (case.read_id for case in batch))
    for case in batch:
        if case.inference_id not in runs:
            continue  # its entry has no place yet: it came after this package was begun
        met.cases += 1
        met.counted += not case.excluded
        met.studies.add(case.study_id)
        met.persons.add(case.person_id)
        places = {"truth": truths.get(case.truth_id or 0), "read": reads.get(case.read_id or 0)}
        yield row_of(case, product=product, run=runs[case.inference_id], places=places)


def places_of(table: type[Fact], ids: Iterable[int | None]) -> dict[int, Place]:
    """Return where the entries of these facts stand: log and position."""
    rows: Any = table._default_manager.filter(pk__in={pk for pk in ids if pk is not None})
    placed = rows.filter(entry__position__isnull=False)
    found = placed.values_list("pk", "entry__organisation", "entry__position")
    return {pk: (organisation, position) for pk, organisation, position in found}


def row_of(case: Case | CountedCase, *, product: str, run: Place, places: Mapping[str, Place | None]) -> dict[str, Any]:
    truth, read = places["truth"], places["read"]
    return {
        "log": run[0],
        "position": run[1],
        "product": product,
        "site": case.site_id,
        "deployment": case.deployment_id,
        "version": case.version,
        "finding": case.finding,
        "region": case.region,
        "rule": case.rule,
        "study": str(case.study_id),
        "person": str(case.person_id),
        "acquired_on": case.acquired_on.isoformat(),
        "excluded": case.excluded,
        "score": case.score,
        "threshold": case.threshold,
        "decision": case.decision,
        "measurement": case.measurement,
        "category": case.category,
        "truth": case.truth,
        "truth_position": truth[1] if truth else None,
        "truth_standard": case.truth_standard,
        "truth_measurement": case.truth_measurement,
        "truth_category": case.truth_category,
        "reader_decision": case.reader_decision,
        "read_position": read[1] if read else None,
        "slices": dict(case.slices),
    }
