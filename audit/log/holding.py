"""Rows outside the fact tables that an act proves: their subjects say how to compare them, `verify_log` asks them all.

A plan, a switch or a rule is kept in a table of its own and stands in the log as an act with its content. The act is
held to the tree; here the row is held to the act.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from django.db import DEFAULT_DB_ALIAS

from audit.log.findings import Problem
from audit.log.models import Act

Check = Callable[[str], Iterator[Problem]]
CHECKS: dict[str, Check] = {}


def hold(name: str, check: Check) -> None:
    """Let a table be held to its acts. `check` is given a database and yields what is wrong."""
    CHECKS[name] = check


def check_rows(*, using: str = DEFAULT_DB_ALIAS) -> Iterator[Problem]:
    for check in CHECKS.values():
        yield from check(using)


def acts_of(*kinds: str, using: str) -> Iterator[Act]:
    """Yield the acts of some kinds with their entries, in the order in which they were done."""
    found = Act.objects.using(using).filter(entry__kind__in=kinds).select_related("entry").order_by("id")
    yield from found.iterator(chunk_size=1_000)


def differing(said: Mapping[str, Any], held: Mapping[str, Any]) -> str:
    """Return the names that a row says otherwise than its act; what the act does not name is not held to it."""
    return ", ".join(sorted(name for name, value in said.items() if name in held and held[name] != value))
