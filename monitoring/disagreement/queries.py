"""Counts of AI × reader × truth for what a user may see: one grouped query over the counted cases."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Count, QuerySet

from audit.access.decisions import Scope, Visitor
from inference.registry.models import Deployment, Finding
from inference.registry.visibility import scope_of, visible_deployments
from inference.registry.vocabulary import DEFAULT_RULE
from monitoring.cases.models import Case
from monitoring.disagreement.cells import Cell, usable

ACTION = "see_disagreement"


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """Which reads against which AI; an empty value narrows nothing."""

    product: str = ""
    site: str = ""
    finding: str = ""
    first: date | None = None
    last: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """The cells, the smallest count that may be shown, and whether readers may be told apart."""

    cells: list[Cell]
    minimum_count: int
    readers_shown: bool


def choices(user: Visitor, *, now: datetime) -> list[Deployment]:
    return list(visible_deployments(user, ACTION, now=now))


def findings_of(deployments: Sequence[Deployment]) -> list[str]:
    products = {each.product_id for each in deployments}
    return sorted(set(Finding.objects.filter(product__in=products, kind="binary").values_list("key", flat=True)))


def answer(user: Visitor, *, question: Question, now: datetime) -> Answer:
    """Return who said what; a recipient of aggregates gets no reader and no small cell."""
    scope = scope_of(user, ACTION, now=now)
    deployments = _asked(choices(user, now=now), question=question)
    least = max((_least(scope, each) for each in deployments), default=0)
    return Answer(
        cells=usable(_cells(deployments, question=question, by_reader=least == 0)),
        minimum_count=least,
        readers_shown=least == 0,
    )


def _asked(deployments: Sequence[Deployment], *, question: Question) -> list[Deployment]:
    return [
        each
        for each in deployments
        if question.product in ("", each.product_id) and question.site in ("", each.site_id)
    ]


def _least(scope: Scope, deployment: Deployment) -> int:
    return scope.minimum_count_at(
        organisation=deployment.site.organisation_id, site=deployment.site_id, product=deployment.product_id
    )


def _cells(deployments: Sequence[Deployment], *, question: Question, by_reader: bool) -> list[Cell]:
    by = ["site_id", "deployment_id", "decision", "reader_decision", "truth"] + (["reader"] if by_reader else [])
    rows = counted(deployments, question=question).values(*by).annotate(cases=Count("pk")).order_by(*by)
    return [
        Cell(
            site=row["site_id"],
            deployment=row["deployment_id"],
            reader=row.get("reader", ""),
            decision=row["decision"],
            read=row["reader_decision"],
            truth=row["truth"],
            cases=row["cases"],
        )
        for row in rows
    ]


def counted(deployments: Sequence[Deployment], *, question: Question) -> QuerySet[Case]:
    """Return the counted cases that somebody has read."""
    found = Case.objects.filter(
        deployment_id__in=[each.pk for each in deployments], rule=DEFAULT_RULE, excluded=""
    ).exclude(reader_decision="")
    if question.finding:
        found = found.filter(finding=question.finding)
    if question.first:
        found = found.filter(acquired_on__gte=question.first)
    if question.last:
        found = found.filter(acquired_on__lte=question.last)
    return found
