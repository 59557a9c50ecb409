"""From a raw row to a clean one: fields understood one by one, the row in error named with its field.

What only the registry can say (a finding, a version) is not judged here; see
the `complete` of each kind.
"""

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from inference.errors import RowError
from inference.intake import flags
from inference.intake.described import PARTS as DESCRIBED
from inference.intake.described import check_covariates, check_part
from inference.intake.fields import Field, mapping
from inference.intake.kinds import Kind, RawRow, Row

Parsers = Mapping[str, Mapping[str, Callable[[Any], Any]]]
PARTS = ("study", "scanner", "acquisition", "covariates")
SAFE_NAME = re.compile(r"[A-Za-z_.]{1,58}[0-9]{0,2}")  # a number further in is no name, but may be a patient's


def check_row(
    raw: RawRow, *, kind: Kind, zone: ZoneInfo, covariates: frozenset[str], parsers: Parsers = DESCRIBED
) -> Row:
    """Return the clean row.

    Raises:
        RowError: it cannot be understood; names the field.
    """
    if raw.problem:
        raise RowError(field=raw.problem_field, reason=raw.problem)
    if not isinstance(raw.value, Mapping):
        raise RowError(field="", reason="is not an object")
    row = Row(number=raw.number, clean={}, raw=raw)
    row.clean = clean_object(raw.value, fields=kind.by_name, path="", row=row, skipped=PARTS)
    check_described(raw.value, row=row, covariates=covariates, parsers=parsers)
    give_zone(row, zone=zone)
    check_required(kind.fields, clean=row.clean, path="")
    check_study(row, kind=kind)
    return row


def clean_object(
    value: Mapping[str, Any], *, fields: Mapping[str, Field], path: str, row: Row, skipped: tuple[str, ...] = ()
) -> dict[str, Any]:
    """Return the known values of an object; unknown names become flags."""
    clean: dict[str, Any] = {}
    for name, found in value.items():
        if found is None or found == "" or name in skipped:
            continue
        if name in fields:
            clean[name] = clean_value(found, field=fields[name], path=path + name, row=row)
        else:
            row.flag(unknown_name(without_places(path) + str(name)))
    return clean


def clean_value(value: Any, *, field: Field, path: str, row: Row) -> Any:
    try:
        found = field.parse(value)
    except ValueError as problem:
        raise RowError(field=path, reason=str(problem)) from None
    if not field.parts:
        return found
    if isinstance(found, list):
        return [clean_part(each, field=field, path=f"{path}[{place}].", row=row) for place, each in enumerate(found)]
    return clean_part(found, field=field, path=f"{path}.", row=row)


def clean_part(value: Mapping[str, Any], *, field: Field, path: str, row: Row) -> dict[str, Any]:
    clean = clean_object(value, fields=field.part_by_name, path=path, row=row)
    check_required(field.parts, clean=clean, path=path)
    return clean


def without_places(path: str) -> str:
    return re.sub(r"\[\d+\]", "", path) if path else ""


def unknown_name(name: str) -> str:
    return flags.unknown_field(name if SAFE_NAME.fullmatch(name) else "?")


def check_described(
    value: Mapping[str, Any], *, row: Row, covariates: frozenset[str], parsers: Parsers = DESCRIBED
) -> None:
    for part in PARTS:
        found = value.get(part)
        if found is None:
            continue
        if type(found) is not dict:
            found = object_of(found, part=part)
        unknown: list[str] = []
        if part == "covariates":
            clean = check_covariates(found, declared=covariates, unknown=unknown)
        else:
            clean = check_part(part, found, unknown=unknown, parsers=parsers)
        for name in unknown:
            row.flag(unknown_name(name))
        if clean:
            row.clean[part] = clean


def object_of(value: Any, *, part: str) -> dict[str, Any]:
    try:
        return mapping(value)
    except ValueError as problem:
        raise RowError(field=part, reason=str(problem)) from None


def give_zone(row: Row, *, zone: ZoneInfo) -> None:
    """Read times without an offset in the site's zone, mark the row, and note every time that it names."""
    for holder in (row.clean, row.clean.get("study") or {}):
        for name, found in holder.items():
            if type(found) is not datetime:
                continue
            if found.tzinfo is None:
                found = holder[name] = found.replace(tzinfo=zone)
                row.flag(flags.TIME_WITHOUT_OFFSET)
            row.moments.append(found)


def check_required(fields: tuple[Field, ...], *, clean: Mapping[str, Any], path: str) -> None:
    for field in fields:
        if field.required and field.name not in clean:
            raise RowError(field=path + field.name, reason="is missing")


def check_study(row: Row, *, kind: Kind) -> None:
    if kind.needs_study and not names_study(row.clean):
        raise RowError(
            field="study_uid", reason="is missing: no study uid, accession number, or patient with acquired_on"
        )


def names_study(clean: Mapping[str, Any]) -> bool:
    return bool(
        study_identifier(clean, "study_uid")
        or study_identifier(clean, "accession_number")
        or (
            study_identifier(clean, "patient_id")
            and ("acquired_on" in clean or "acquired_at" in clean.get("study", {}))
        )
    )


def study_identifier(clean: Mapping[str, Any], name: str) -> str | None:
    """Return an identifier given at the top of the row or inside its study."""
    said = clean.get(name)
    if said or "study" not in clean:
        return said
    return clean["study"].get(name)  # type: ignore[no-any-return]
