"""Keeps the case rows: counts studies again and answers with what changed.

The caller holds the lock and the transaction; a change is the case after and
the case before, which is all that a fold needs.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from operator import itemgetter
from typing import Any
from uuid import UUID

import orjson
from django.db import connection

from inference.registry.models import Deployment
from inference.registry.queries import DeploymentSettings, settings_of_deployments
from monitoring.cases.counting import count_study
from monitoring.cases.facts import CountedCase, Rule
from monitoring.cases.fetching import fetch
from monitoring.cases.loading import load_studies
from monitoring.cases.models import Case
from monitoring.cases.rules import kept_rules

COLUMNS = CountedCase._fields
JSON_COLUMNS = frozenset({"category", "class_scores", "truth_category", "comparison", "reader_category", "slices"})
natural_key = itemgetter(*(COLUMNS.index(name) for name in ("rule", "inference_id", "finding", "region")))
STORED = f"SELECT id, {', '.join(COLUMNS)} FROM monitoring_case WHERE study_id = ANY(%b)"  # noqa: S608


@dataclass(frozen=True, slots=True)
class Change:
    """How one case counts now, and how it counted before; None where there is no such case."""

    before: CountedCase | None
    after: CountedCase | None


@dataclass(slots=True)
class Counter:
    """What counting must know of the registry, looked up once for a run of the follower."""

    deployments: dict[str, DeploymentSettings] = field(default_factory=dict)
    rules: dict[str, tuple[Rule, ...]] = field(default_factory=dict)

    @classmethod
    def load(cls) -> Counter:
        settings = settings_of_deployments(Deployment.objects.order_by("key").values_list("key", flat=True))
        return cls(settings, dict(kept_rules({each.product_key for each in settings.values()})))

    @property
    def all_rules(self) -> list[Rule]:
        return list({rule.key: rule for rules in self.rules.values() for rule in rules}.values())

    def keeps(self, case: CountedCase) -> bool:
        return any(rule.key == case.rule for rule in self.rules[case.product_id])

    def count(self, studies: Sequence[UUID]) -> list[CountedCase]:
        rules = self.all_rules
        cases = (
            case
            for study in load_studies(studies)
            for case in count_study(study, rules=rules, deployments=self.deployments)
        )
        return list(cases) if len(rules) == 1 else [case for case in cases if self.keeps(case)]


def recount(studies: Sequence[UUID], *, counter: Counter) -> list[Change]:
    """Count studies again, store what differs, and return it."""
    cases = counter.count(studies)
    after = {natural_key(case): case for case in cases}
    before = stored_cases(studies)
    gone = {key: each for key, each in before.items() if after.get(key) != each[1]}
    fresh = {key: case for key, case in after.items() if key in gone or key not in before}
    drop_cases([pk for pk, _ in gone.values()])
    write_cases(fresh.values())
    changes = [Change(case, fresh.get(key)) for key, (_, case) in gone.items()]
    return changes + [Change(None, case) for key, case in fresh.items() if key not in gone]


def drop_cases(ids: Sequence[int]) -> None:
    if ids:
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM monitoring_case WHERE id = ANY(%s)", [list(ids)])


def stored_cases(studies: Sequence[UUID]) -> dict[tuple[Any, ...], tuple[int, CountedCase]]:
    """Return the case rows of studies, by what identifies them, each with its id."""
    rows = fetch(STORED, list(studies))
    cases = ((row[0], CountedCase._make(row[1:])) for row in rows)
    return {natural_key(case): (pk, case) for pk, case in cases}


def write_cases(rows: Iterable[Sequence[Any]]) -> None:
    """Store case rows by COPY."""
    names = ", ".join(f'"{name}"' for name in COLUMNS)
    with (
        connection.cursor() as cursor,
        cursor.cursor.copy(f'COPY "{Case._meta.db_table}" ({names}) FROM STDIN') as copy,
    ):
        for values in stored_values(rows):
            copy.write_row(values)


def stored_values(rows: Iterable[Sequence[Any]]) -> Iterator[list[Any]]:
    places = [COLUMNS.index(name) for name in sorted(JSON_COLUMNS)]
    known: dict[int, tuple[Any, str]] = {}  # the cases of a run share their slices: they are written out once
    for row in rows:
        values = list(row)
        for place in places:
            value = row[place]
            if value is not None:
                if place not in known or known[place][0] is not value:
                    known[place] = (value, orjson.dumps(value).decode())
                values[place] = known[place][1]
        yield values


def forget_cases() -> None:
    """Empty the case rows before they are made again from the facts."""
    Case.objects.all().delete()
