"""What a row says of its study, pseudonymised for the fact, and the first-known values for the study itself."""

import json
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from django.db import connection

from inference.intake import flags
from inference.intake.context import Context
from inference.intake.kinds import Row
from inference.intake.records import jsonable, operator_pseudonym
from inference.registry.queries import ensure_scanners, scanner_key

DESCRIBING_PARTS = ("study", "scanner", "acquisition", "covariates")
COMPARED = ("study.modality", "study.body_part", "study.acquired_at", "study.patient_sex", "scanner.key")


def described_of(row: Row, *, context: Context) -> dict[str, Any]:
    """Return the description a fact keeps. A value that differs from the first one known is flagged."""
    described = {
        part: jsonable(row.clean[part], identities=context.identities) for part in DESCRIBING_PARTS if part in row.clean
    }
    described = {part: values for part, values in described.items() if values}
    study = row.clean.get("study", {})
    if "operator" in study:
        described.setdefault("study", {})["operator"] = operator_pseudonym(
            study["operator"], keyring=context.identities.keyring
        )
    if "scanner" in row.clean:
        described["scanner"]["key"] = key_of_scanner(row, context=context)
    flag_differences(row, described=described, context=context)
    return described


def key_of_scanner(row: Row, *, context: Context) -> str:
    scanner = row.clean["scanner"]
    key = scanner_key(
        context.site.pk, scanner.get("manufacturer", ""), scanner.get("model", ""), scanner.get("serial_number", "")
    )
    context.scanners[key] = (scanner.get("manufacturer", ""), scanner.get("model", ""))
    return key


def flag_differences(row: Row, *, described: Mapping[str, Any], context: Context) -> None:
    study = context.studies.get(row.study_id) if row.study_id else None
    if study is None:
        return
    said = flat(described)
    for name in COMPARED:
        if name in said and study.described.get(name, said[name]) != said[name]:
            row.flag(flags.study_differs(name))
    study.described = said | study.described


def flat(described: Mapping[str, Any]) -> dict[str, Any]:
    """Return the description with dotted names, as studies keep it."""
    return {f"{part}.{name}": value for part, values in described.items() for name, value in values.items()}


DESCRIBE = """
    UPDATE inference_study AS s
    SET described = v.described || s.described,
        modality = CASE WHEN s.modality = '' THEN coalesce(v.described->>'study.modality', '') ELSE s.modality END,
        body_part = CASE WHEN s.body_part = '' THEN coalesce(v.described->>'study.body_part', '') ELSE s.body_part END,
        acquired_at = coalesce(s.acquired_at, (v.described->>'study.acquired_at')::timestamptz)
    FROM (SELECT * FROM unnest(%s::uuid[], %s::jsonb[]) AS t(id, described)) AS v
    WHERE s.id = v.id AND NOT (s.described @> v.described)
"""


def describe_studies(rows: Sequence[Row], *, context: Context) -> None:
    """Add to each study what was not known of it before; the first value known stands."""
    said: dict[UUID, dict[str, Any]] = {}
    for row in rows:
        if row.study_id and row.columns["described"]:
            said[row.study_id] = flat(row.columns["described"]) | said.get(row.study_id, {})
    ensure_scanners(
        [(key, context.site.pk, *names) for key, names in sorted(context.scanners.items())], now=context.now
    )
    if not said:
        return
    keys = sorted(said)
    with connection.cursor() as cursor:
        cursor.execute("SELECT id FROM inference_study WHERE id = ANY(%s) ORDER BY id FOR NO KEY UPDATE", [keys])
        cursor.execute(DESCRIBE, [keys, [json.dumps(said[key]) for key in keys]])
