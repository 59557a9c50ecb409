"""What the kinds share when they fill a fact's columns: defaults, units, and judging against the registry.

Columns come from the record, where identifiers are pseudonyms already; times
from the clean row. What is filled in is marked as defaulted.
"""

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from inference.intake import flags
from inference.intake.context import Context
from inference.intake.kinds import Row
from inference.registry.units import convert

MEASUREMENT = ("measurement", "unit", "sent_measurement", "sent_unit")


def take(row: Row, *names: str) -> None:
    """Copy text columns from the record; what is absent is an empty text."""
    for name in names:
        row.columns[name] = row.record.get(name, "")


def take_or_null(row: Row, *names: str) -> None:
    for name in names:
        row.columns[name] = row.record.get(name)


def take_moment(row: Row, name: str, *, context: Context) -> None:
    """Take a time from the clean row; a missing one is the moment of receipt."""
    if name in row.clean:
        row.columns[name] = row.clean[name]
    else:
        row.default(name, context.now)


def take_or_default(row: Row, name: str, value: Any) -> None:
    if name in row.record:
        row.columns[name] = row.record[name]
    else:
        row.default(name, value)


def measured(sent: Mapping[str, Any], *, registered_unit: str, row: Row) -> dict[str, Any]:
    """Return the measurement in the registered unit, with what was sent beside it where the two differ.

    A missing unit is the registered one. One that measures something else
    leaves only the value as sent, and a flag.
    """
    value = sent.get("measurement")
    if value is None:
        return {"measurement": None, "unit": "", "sent_measurement": None, "sent_unit": ""}
    unit = sent.get("unit") or registered_unit
    if not registered_unit or unit == registered_unit:
        return {"measurement": value, "unit": unit, "sent_measurement": None, "sent_unit": ""}
    converted = convert(value, unit=unit, to=registered_unit)
    if converted is None:
        row.flag(flags.UNIT_NOT_CONVERTIBLE)
        return {"measurement": None, "unit": "", "sent_measurement": value, "sent_unit": unit}
    return {"measurement": converted, "unit": registered_unit, "sent_measurement": value, "sent_unit": unit}


def take_measurement(row: Row, *, context: Context) -> None:
    """Fill the measurement of a read or truth in the unit of its concept."""
    concept = context.concepts.get(row.record["finding"])
    row.columns.update(measured(row.record, registered_unit=context.unit_of(row.record["finding"]), row=row))
    if concept is not None:
        judge_classes(row.record.get("category"), classes=concept.classes, row=row)


def judge_concept(row: Row, *, context: Context) -> None:
    """Flag a concept that is not registered, and a region that no product reporting it here knows."""
    concept, region = row.record["finding"], row.record.get("region", "")
    if concept not in context.concepts:
        row.flag(flags.UNREGISTERED_FINDING)
    judge_region(region, regions=context.reported.get(concept, ()), row=row)


def judge_region(region: str, *, regions: Collection[str], row: Row) -> None:
    if region and region not in regions:
        row.flag(flags.UNREGISTERED_REGION)


def judge_classes(category: Any, *, classes: Iterable[Any], row: Row) -> None:
    known = {str(each) for each in classes}
    named = category if isinstance(category, list) else [category] if category is not None else []
    if known and any(each not in known for each in named):
        row.flag(flags.UNREGISTERED_CLASS)
