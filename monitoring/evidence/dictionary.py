"""The data dictionary: the tables of a package, read from `dictionary.yaml`, and the same for people and programs."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from audit.packages.tables import FACTS
from audit.proofs.tables import fixed_columns

SOURCE = Path(__file__).with_name("dictionary.yaml")
CASES, CHART_POINTS = "cases", "chart_points"
NOT_OF_FACTS = (CASES, CHART_POINTS)
RESEARCH = "data/research/"  # not beside the facts, which are held to the log


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column: its name, its type, and what a reader has to know of it."""

    name: str
    type: str
    meaning: str
    unit: str = ""
    values: str = ""
    deidentified: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """One table: of one kind of entry, or of one list within it (KIND.FIELD)."""

    name: str
    about: str
    columns: tuple[Column, ...]
    order: str = "log, position"

    @property
    def stem(self) -> str:
        """The name of its files, without their suffix."""
        return f"data/{self.name}" if self.name in NOT_OF_FACTS else f"{FACTS}{self.name}"

    @property
    def own_columns(self) -> list[str]:
        """The columns beside those that every table of its form has."""
        return [each.name for each in self.columns if each.name not in fixed_columns(self.name)]


@cache
def tables() -> tuple[Table, ...]:
    """Return every table, the cases last."""
    said = yaml.safe_load(SOURCE.read_text(encoding="utf-8"))
    return tuple(table_of(each, groups=said["groups"]) for each in said["tables"])


def fact_tables() -> tuple[Table, ...]:
    return tuple(each for each in tables() if each.name not in NOT_OF_FACTS)


def table_named(name: str) -> Table:
    return next(each for each in tables() if each.name == name)


def table_of(said: Mapping[str, Any], *, groups: Mapping[str, Any]) -> Table:
    more = {"order": said["order"]} if "order" in said else {}
    columns = tuple(columns_of(said["columns"], groups=groups))
    return Table(name=said["name"], about=said["about"], columns=in_order(said["name"], columns), **more)


def in_order(name: str, columns: tuple[Column, ...]) -> tuple[Column, ...]:
    """Put the columns that every table of its form has first, as its files have them."""
    if name in NOT_OF_FACTS:
        return columns
    fixed = fixed_columns(name)
    return tuple(sorted(columns, key=lambda each: fixed.index(each.name) if each.name in fixed else len(fixed)))


def columns_of(lines: Any, *, groups: Mapping[str, Any]) -> Iterator[Column]:
    for line in lines:
        if isinstance(line, str):
            yield from columns_of(groups[line], groups=groups)
            continue
        name, kind, meaning, *more = line
        yield Column(name=name, type=kind, meaning=meaning, **(more[0] if more else {}))


def described(table: Table, *, folder: str = FACTS) -> dict[str, Any]:
    """Return a table as `dictionary.json` says it."""
    names = ("name", "type", "unit", "meaning", "values", "deidentified")
    stem = table.stem.replace(FACTS, folder, 1)
    return {
        "name": table.name,
        "csv": f"{stem}.csv",
        "parquet": f"{stem}.parquet",
        "sorted_by": table.order,
        "about": table.about,
        "columns": [{each: getattr(one, each) for each in names} for one in table.columns],
    }


def dictionary_document(*, is_research: bool = False) -> dict[str, Any]:
    """Return the dictionary; for research the facts lie in a folder of their own, and the charts are not there."""
    if not is_research:
        return {"tables": [described(each) for each in tables()]}
    return {"tables": [described(each, folder=RESEARCH) for each in tables() if each.name != CHART_POINTS]}
