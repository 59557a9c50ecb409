"""From the cells of a CSV or Parquet row to the values that the same row would have as JSON.

A column's name says where its value belongs: a field of the kind, a field of
a prediction, or after a dot a part of something nested. An empty cell is
absent. A cell that cannot be understood stays as it is, with the problem.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from inference.intake.checking import PARTS
from inference.intake.described import PARTS as DESCRIBED
from inference.intake.described import age, coded
from inference.intake.fields import CELL_PARSERS, NUMBER_TEXT, Field, Parser, json_cell, mapping, number_cell
from inference.intake.kinds import Kind
from inference.truth.kind import attributes

CellParser = Callable[[str], Any]


def coded_cell(cell: str) -> Any:
    """Return a number, true or false where the cell says one, else its text."""
    if cell.strip().lower() in {"true", "false"}:
        return cell.strip().lower() == "true"
    return float(cell) if NUMBER_TEXT.fullmatch(cell.strip()) else cell


OF_CELLS: Mapping[Parser, CellParser] = {**CELL_PARSERS, age: number_cell, coded: coded_cell, attributes: json_cell}
OPEN_OBJECTS = (mapping, attributes)


@dataclass(slots=True)
class FlatRow:
    """One row of a file: what it says of the whole fact, what of one part, and what could not be understood."""

    number: int
    base: dict[str, Any] = field(default_factory=dict)
    part: dict[str, Any] = field(default_factory=dict)
    problem_field: str = ""
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Column:
    """Where the cells of one column belong, and how they are understood."""

    name: str
    path: tuple[str, ...]
    in_part: bool
    parse: CellParser | None


def columns_of(header: Sequence[str], *, kind: Kind) -> list[Column]:
    parts = kind.by_name[kind.flat].part_by_name if kind.flat else {}
    return [column_named(name, kind=kind, parts=parts) for name in header]


def column_named(name: str, *, kind: Kind, parts: Mapping[str, Field]) -> Column:
    in_part = name.partition(".")[0] in parts
    fields = parts if in_part else kind.by_name
    if name in fields:
        return Column(name, (name,), in_part, OF_CELLS.get(fields[name].parse))
    outer, dot, inner = name.partition(".")
    if dot and outer in PARTS:
        parse = coded if outer == "covariates" else DESCRIBED[outer].get(inner)
        return Column(name, (outer, inner), False, OF_CELLS.get(parse) if parse else None)
    if dot and outer in fields and fields[outer].parse in OPEN_OBJECTS:
        known = fields[outer].part_by_name.get(inner)
        return Column(name, (outer, inner), in_part, OF_CELLS.get(known.parse) if known else coded_cell)
    return Column(name, (name,), in_part, None)


def flat_row(cells: Sequence[Any], *, columns: Sequence[Column], number: int) -> FlatRow:
    row = FlatRow(number=number)
    for column, cell in zip(columns, cells, strict=True):
        if cell is None or cell == "":
            continue
        holder = row.part if column.in_part else row.base
        if len(column.path) == 2:
            holder = holder.setdefault(column.path[0], {})
        if isinstance(holder, dict):
            holder[column.path[-1]] = understood(cell, column=column, row=row)
        elif not row.problem:
            row.problem_field, row.problem = column.name, f"stands beside a column {column.path[0]}"
    return row


@dataclass(frozen=True, slots=True)
class Layout:
    """Where the cells of a row belong when none is empty and none needs a parser: names and places, by their holder."""

    base: tuple[tuple[str, int], ...]
    inside: tuple[tuple[str, tuple[tuple[str, int], ...]], ...]
    part: tuple[tuple[str, int], ...]

    def row(self, cells: Sequence[Any], *, number: int) -> FlatRow:
        base: dict[str, Any] = {name: cells[place] for name, place in self.base}
        for holder, named in self.inside:
            base[holder] = {name: cells[place] for name, place in named}
        return FlatRow(number, base, {name: cells[place] for name, place in self.part})


def layout_of(columns: Sequence[Column], *, are_texts: Sequence[bool]) -> Layout | None:
    """Return the layout of a table of plain cells, or nothing where a text in it must be parsed."""
    if any(column.parse and is_text for column, is_text in zip(columns, are_texts, strict=True)):
        return None
    base = tuple(
        (each.name, place) for place, each in enumerate(columns) if each.path == (each.name,) and not each.in_part
    )
    part = tuple((each.path[-1], place) for place, each in enumerate(columns) if each.in_part)
    holders = dict.fromkeys(each.path[0] for each in columns if len(each.path) == 2)
    if any(len(each.path) == 2 and each.in_part for each in columns) or any(name in holders for name, _ in base):
        return None
    inside = tuple(
        (holder, tuple((each.path[1], place) for place, each in enumerate(columns) if each.path[0] == holder))
        for holder in holders
    )
    return Layout(base, inside, part)


def understood(cell: Any, *, column: Column, row: FlatRow) -> Any:
    if not isinstance(cell, str):
        return json_value(cell)
    if column.parse is None:
        return cell
    try:
        return column.parse(cell)
    except ValueError as problem:
        if not row.problem:
            row.problem_field, row.problem = column.name, str(problem)
        return cell


def json_value(value: Any) -> Any:
    """Return a typed cell as JSON has it."""
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, list):
        return [json_value(each) for each in value]
    if isinstance(value, dict):
        return {name: json_value(each) for name, each in value.items() if each is not None}
    return value
