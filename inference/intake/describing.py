"""What a row says of its study, pseudonymised for the fact, and the first-known values for the study itself."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from inference.intake import flags
from inference.intake.context import Context
from inference.intake.kinds import Row
from inference.intake.records import operator_pseudonym
from inference.registry.queries import ensure_scanners, scanner_key
from inference.studies.known import describe_studies, load_descriptions, store_studies

DESCRIBING_PARTS = ("study", "scanner", "acquisition", "covariates")
COMPARED = ("study.modality", "study.body_part", "study.acquired_at", "study.patient_sex", "scanner.key")


def described_of(row: Row, *, context: Context) -> dict[str, Any]:
    """Return the description a fact keeps. A value that differs from the first one known is flagged."""
    described = {part: dict(row.record[part]) for part in DESCRIBING_PARTS if row.record.get(part)}
    study = row.clean.get("study", {})
    if "operator" in study:
        described.setdefault("study", {})["operator"] = operator_pseudonym(
            study["operator"], keyring=context.identities.keyring
        )
    row.purpose = context.purpose_of(row.clean)
    if row.purpose:
        described.setdefault("study", {})["purpose"] = row.purpose
    if "scanner" in row.clean:
        described["scanner"]["key"] = key_of_scanner(row, context=context)
    flag_differences(row, described=described, context=context)
    return described


def key_of_scanner(row: Row, *, context: Context) -> str:
    scanner = row.clean["scanner"]
    said = (scanner.get("manufacturer", ""), scanner.get("model", ""), scanner.get("serial_number", ""))
    if said not in context.scanners:
        context.scanners[said] = scanner_key(context.site.pk, *said)
    return context.scanners[said]


def flag_differences(row: Row, *, described: Mapping[str, Any], context: Context) -> None:
    study = context.studies.get(row.study_id) if row.study_id else None
    if study is None or not described:
        return
    said = flat(described)
    for name in COMPARED:
        if name in said and study.described.get(name, said[name]) != said[name]:
            row.flag(flags.study_differs(name))
    study.described = said | study.described


def flat(described: Mapping[str, Any]) -> dict[str, Any]:
    """Return the description with dotted names, as studies keep it."""
    return {f"{part}.{name}": value for part, values in described.items() for name, value in values.items()}


def learn_descriptions(rows: Sequence[Row], *, context: Context) -> None:
    """Load what is known of the studies that these rows describe, all at once."""
    keys = {row.study_id for row in rows if any(part in row.clean for part in DESCRIBING_PARTS)}
    load_descriptions(context.studies[key] for key in keys if key in context.studies)


def store_descriptions(rows: Sequence[Row], *, context: Context) -> None:
    """Store the studies that are new, and add to the others what was not known of them."""
    scanners = sorted((key, context.site.pk, *said[:2]) for said, key in context.scanners.items())
    ensure_scanners(scanners, now=context.now)
    store_studies((study for study in context.studies.values() if study.is_new), now=context.now)
    said: dict[UUID, dict[str, Any]] = {}
    for row in rows:
        study = context.studies.get(row.study_id) if row.study_id else None
        if study and not study.is_new and row.columns["described"]:
            said[study.id] = flat(row.columns["described"]) | said.get(study.id, {})
    describe_studies(said)
