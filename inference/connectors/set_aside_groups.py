"""Rows set aside for one and the same cause: of one site and kind, at one field, for one reason.

A reason names places by number, so numbers do not tell groups apart. Contents
are sealed and never searched.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.db.models import Count, F, Func, Max, Min, Q, QuerySet, Value

from inference.intake.models import SetAside

SAME_FIELD = Func(F("field"), Value(r"\[[0-9]+\]"), Value("[]"), Value("g"), function="regexp_replace")
SAME_REASON = Func(F("reason"), Value("[0-9]+"), Value("#"), Value("g"), function="regexp_replace")
MOST_GROUPS = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupKey:
    """What the rows of a group have in common."""

    site: str
    kind: str
    outcome: str
    field: str
    pattern: str

    @property
    def query(self) -> str:
        return urlencode(asdict(self))

    @property
    def path(self) -> str:
        """Return the field as a path through every object of a list."""
        return self.field.replace("[]", "")

    def of(self, rows: QuerySet[SetAside]) -> QuerySet[SetAside]:
        """Return the rows of this group that wait, among those given."""
        same = with_patterns(rows).filter(site=self.site, kind=self.kind, outcome=self.outcome)
        return same.filter(state=SetAside.State.WAITING, place=self.field, pattern=self.pattern)


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    key: GroupKey
    site_name: str
    zone: str
    count: int
    fresh: int
    oldest: datetime
    newest: datetime
    origins: int
    one_origin: str


def with_patterns(rows: QuerySet[SetAside]) -> QuerySet[Any]:
    return rows.annotate(place=SAME_FIELD, pattern=SAME_REASON)


def groups_of(rows: QuerySet[SetAside], *, seen_up_to: int) -> list[Group]:
    """Return the groups of these rows, the largest first; `fresh` counts rows after the one seen last."""
    keys = ("site_id", "site__name", "site__timezone", "kind", "outcome", "place", "pattern")
    found = with_patterns(rows).order_by().values(*keys)
    found = found.annotate(
        count=Count("pk"),
        fresh=Count("pk", filter=Q(pk__gt=seen_up_to)),
        oldest=Min("received_at"),
        newest=Max("received_at"),
        origins=Count("origin", distinct=True),
        one_origin=Min("origin"),
    )
    return [group_of(row) for row in found.order_by("-count", "-newest")[:MOST_GROUPS]]


def group_of(row: dict[str, Any]) -> Group:
    key = GroupKey(
        site=row["site_id"], kind=row["kind"], outcome=row["outcome"], field=row["place"], pattern=row["pattern"]
    )
    counted = {name: row[name] for name in ("count", "fresh", "oldest", "newest", "origins", "one_origin")}
    return Group(key=key, site_name=row["site__name"], zone=row["site__timezone"], **counted)


def searched(rows: QuerySet[SetAside], words: Sequence[str]) -> QuerySet[SetAside]:
    """Return the rows whose reason, field, origin, site or deployment holds every word."""
    for word in words:
        within = Q(reason__icontains=word) | Q(field__icontains=word) | Q(origin__icontains=word)
        within |= Q(site__name__icontains=word) | Q(site__pk__icontains=word) | Q(deployment__pk__icontains=word)
        rows = rows.filter(within)
    return rows
