"""The list of cases: every logged prediction that a user may see as a row, counted or left out."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import F, OrderBy, Q, QuerySet
from django.urls import NoReverseMatch, reverse

from audit.access.decisions import Visitor
from inference.corrections.persons import withheld_rows
from inference.registry.models import Deployment
from inference.registry.visibility import scope_of, visible_deployments
from inference.registry.vocabulary import DEFAULT_RULE
from monitoring.cases.models import Case

SEE = "see_rows"
PAGE_ROWS = 50
LONGEST_CSV = 200_000
KNOWN = ("positive", "negative")
SORTS: Mapping[str, tuple[OrderBy | str, ...]] = {
    "newest": ("-acquired_at", "-id"),
    "oldest": ("acquired_at", "id"),
    "highest score": (F("score").desc(nulls_last=True), "-id"),
    "lowest score": (F("score").asc(nulls_last=True), "-id"),
    "longest wait": (F("minutes_to_reader").desc(nulls_last=True), "-id"),
}
EXACT = ("product", "site", "deployment", "finding", "version", "region", "reader", "stage", "ai_exposure")
COLUMN_OF = {"product": "product_id", "site": "site_id", "deployment": "deployment_id"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """What the list is narrowed to; an empty value narrows nothing."""

    product: str = ""
    site: str = ""
    deployment: str = ""
    finding: str = ""
    version: str = ""
    region: str = ""
    reader: str = ""
    stage: str = ""
    ai_exposure: str = ""
    excluded: str = ""
    truth: str = ""
    decision: str = ""
    reads: str = ""
    month: str = ""
    since: str = ""
    until: str = ""
    rule: str = DEFAULT_RULE
    sort: str = "newest"

    @property
    def narrowing(self) -> dict[str, str]:
        """Return the filters that narrow, for the page to name them."""
        hidden = {"sort", "rule" if self.rule == DEFAULT_RULE else ""}
        return {name: getattr(self, name) for name in self.__slots__ if name not in hidden and getattr(self, name)}


def filters_from(query: Mapping[str, str]) -> Filters:
    """Return the filters of an address; what is not understood narrows nothing."""
    given = {name: query[name].strip() for name in Filters.__slots__ if query.get(name, "").strip()}
    return Filters(**given)


def listed_cases(user: Visitor, *, filters: Filters, now: datetime) -> QuerySet[Case]:
    """Return the case rows within reach, in the order asked for."""
    deployments = list(visible_deployments(user, SEE, now=now))
    found = Case.objects.filter(deployment_id__in=[each.pk for each in deployments], rule=filters.rule)
    found = found.exclude(withheld_rows(scope_of(user, SEE, now=now), deployments, by=now))
    for name in EXACT:
        if value := getattr(filters, name):
            found = found.filter(**{COLUMN_OF.get(name, name): value})
    found = found.filter(of_state("truth", filters.truth), of_state("decision", filters.decision))
    found = found.filter(of_state("reader_decision", filters.reads), left_out(filters.excluded), within(filters))
    return found.order_by(*SORTS.get(filters.sort, SORTS["newest"]))


def of_state(column: str, value: str) -> Q:
    """Return the condition of a state: one of the two, known (either), or anything else."""
    if not value:
        return Q()
    if value in KNOWN:
        return Q(**{column: value})
    known = Q(**{f"{column}__in": KNOWN})
    if value == "known":
        return known
    return ~known if value in ("unknown", "other", "none") else Q(**{column: value})


def left_out(value: str) -> Q:
    if not value:
        return Q()
    if value in ("no", "counted"):
        return Q(excluded="")
    return ~Q(excluded="") if value == "any" else Q(excluded=value)


def within(filters: Filters) -> Q:
    reach = Q()
    if first := day_of(f"{filters.month}-01" if filters.month else ""):
        last = date(first.year + first.month // 12, first.month % 12 + 1, 1)
        reach &= Q(acquired_on__gte=first, acquired_on__lt=last)
    if since := day_of(filters.since):
        reach &= Q(acquired_on__gte=since)
    if until := day_of(filters.until):
        reach &= Q(acquired_on__lt=until)
    return reach


def day_of(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseRow:
    """One case with the names that its page shows."""

    case: Case
    site: str
    zone: str
    product: str
    unit: str
    href: str


def case_href(case: Case) -> str:
    """Return the address of the page of a case's study, where this installation has one."""
    try:
        return reverse("reads:case", args=[case.study_id])
    except NoReverseMatch:
        return ""


def rows_of(cases: Iterable[Case], *, deployments: Mapping[str, Deployment], units: Mapping[Any, str]) -> list[CaseRow]:
    return [
        CaseRow(
            case=case,
            site=deployments[case.deployment_id].site.name,
            zone=deployments[case.deployment_id].site.timezone,
            product=deployments[case.deployment_id].product.name,
            unit=units.get((case.product_id, case.finding), ""),
            href=case_href(case),
        )
        for case in cases
    ]


CSV_COLUMNS = (
    "study_id", "site_id", "product_id", "deployment_id", "version", "finding", "region", "acquired_at", "excluded",
    "score", "threshold", "decision", "measurement", "category", "reader", "stage", "ai_exposure", "reader_decision",
    "minutes_to_reader", "truth", "truth_measurement", "truth_category", "truth_standard",
)  # fmt: skip
