"""From a raw row to a clean one: fields understood one by one, the row in error named with its field.

What only the registry can say (a finding, a version) is not judged here; see
the `complete` of each kind.
"""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from audit.proofs.canonical import canonical_json
from inference.errors import RowError
from inference.intake.described import check_covariates, check_part
from inference.intake.fields import mapping, moment
from inference.intake.kinds import Kind, RawRow, Row

PARTS = ("study", "scanner", "acquisition", "covariates")
SAFE_NAME = re.compile(r"[A-Za-z0-9_.]{1,60}")


def check_row(raw: RawRow, *, kind: Kind, zone: ZoneInfo, covariates: frozenset[str]) -> Row:
    """Return the clean row.

    Raises:
        RowError: it cannot be understood; names the field.
    """
    if raw.problem:
        raise RowError(field=raw.problem_field, reason=raw.problem)
    if not isinstance(raw.value, Mapping):
        raise RowError(field="", reason="is not an object")
    row = Row(number=raw.number, clean={}, flags=[], raw=raw.raw or raw_bytes(raw.value))
    check_fields(raw.value, kind=kind, row=row)
    check_described(raw.value, row=row, covariates=covariates)
    give_zone(row, zone=zone)
    check_required(row, kind=kind)
    return row


def raw_bytes(value: Any) -> bytes:
    try:
        return canonical_json(value)
    except (ValueError, TypeError):
        return repr(value).encode("utf-8", "replace")


def check_fields(value: Mapping[str, Any], *, kind: Kind, row: Row) -> None:
    known = kind.by_name
    for name, found in value.items():
        if name in PARTS or found is None or found == "":
            continue
        if name not in known:
            row.flag(unknown_field(name))
            continue
        try:
            row.clean[name] = known[name].parse(found)
        except ValueError as problem:
            raise RowError(field=name, reason=str(problem)) from None


def unknown_field(name: object) -> str:
    return f"unknown_field:{name if isinstance(name, str) and SAFE_NAME.fullmatch(name) else '?'}"


def check_described(value: Mapping[str, Any], *, row: Row, covariates: frozenset[str]) -> None:
    for part in PARTS:
        found = value.get(part)
        if found is None:
            continue
        try:
            found = mapping(found)
        except ValueError as problem:
            raise RowError(field=part, reason=str(problem)) from None
        flags: list[str] = []
        if part == "covariates":
            clean = check_covariates(found, declared=covariates, flags=flags)
        else:
            clean = check_part(part, found, flags=flags)
        for flag in flags:
            row.flag(unknown_field(flag))
        if clean:
            row.clean[part] = clean


def give_zone(row: Row, *, zone: ZoneInfo) -> None:
    """Read times without an offset in the site's zone, and mark the row."""
    for holder in (row.clean, row.clean.get("study", {})):
        for name, found in holder.items():
            if isinstance(found, datetime) and found.tzinfo is None:
                holder[name] = found.replace(tzinfo=zone)
                row.flag("time_without_offset")


def check_required(row: Row, *, kind: Kind) -> None:
    for field in kind.fields:
        if field.required and field.name not in row.clean:
            raise RowError(field=field.name, reason="is missing")
    if kind.needs_study and not names_study(row.clean):
        raise RowError(
            field="study_uid", reason="is missing: no study uid, accession number, or patient with acquired_on"
        )


def names_study(clean: Mapping[str, Any]) -> bool:
    return bool(
        study_identifier(clean, "study_uid")
        or study_identifier(clean, "accession_number")
        or (study_identifier(clean, "patient_id") and "acquired_on" in clean)
    )


def study_identifier(clean: Mapping[str, Any], name: str) -> str | None:
    """Return an identifier given at the top of the row or inside its study."""
    return clean.get(name) or clean.get("study", {}).get(name)


def a_day(value: Any) -> str:
    """Understand a day as its ISO date."""
    return moment(value).date().isoformat()
