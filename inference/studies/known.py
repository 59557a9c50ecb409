"""What a batch knows of the studies it meets, and how new ones and first descriptions are stored: in bulk."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import repeat
from typing import Any
from uuid import UUID

from django.db import connection

from audit.log.copying import column, copy_columns, of_boolean, of_json, of_moment, of_text, of_uuid
from inference.studies.identities import joined
from inference.studies.models import Study


@dataclass(slots=True, kw_only=True)
class KnownStudy:
    """A study as far as a batch needs it. `described` is loaded only where a row describes it too."""

    id: UUID
    site_key: str
    person_id: UUID
    has_patient: bool
    acquired_at: datetime | None = None
    described: dict[str, Any] = field(default_factory=dict)
    is_new: bool = False


LONGEST_MODALITY = 16  # DICOM's code strings have no more; whatever was sent stands whole in the description

LOAD = """
    SELECT id, site_id, person_id, has_patient, acquired_at FROM inference_study
    WHERE id = ANY(string_to_array(%s, ',')::uuid[])
"""
LOAD_DESCRIPTIONS = """
    SELECT id, described FROM inference_study WHERE id = ANY(string_to_array(%s, ',')::uuid[])
"""
LOCK = """
    SELECT id FROM inference_study WHERE id = ANY(string_to_array(%s, ',')::uuid[]) ORDER BY id FOR NO KEY UPDATE
"""
DESCRIBE = """
    UPDATE inference_study AS s
    SET described = v.described || s.described,
        modality = CASE WHEN s.modality = '' THEN coalesce(left(v.described->>'study.modality', %s), '')
                        ELSE s.modality END,
        body_part = CASE WHEN s.body_part = '' THEN coalesce(v.described->>'study.body_part', '') ELSE s.body_part END,
        acquired_at = coalesce(s.acquired_at, (v.described->>'study.acquired_at')::timestamptz)
    FROM (SELECT key::uuid AS id, value AS described FROM jsonb_each(%s::jsonb)) AS v
    WHERE s.id = v.id AND NOT (s.described @> v.described)
"""


def load_studies(keys: Iterable[UUID]) -> dict[UUID, KnownStudy]:
    """Return studies that are stored, without their descriptions."""
    wanted = joined(str(key) for key in keys)
    if not wanted:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(LOAD, [wanted])
        return {
            key: KnownStudy(id=key, site_key=site, person_id=person, has_patient=has_patient, acquired_at=acquired_at)
            for key, site, person, has_patient, acquired_at in cursor.fetchall()
        }


def load_descriptions(studies: Iterable[KnownStudy]) -> None:
    """Learn what is known of studies that are stored already."""
    stored = {study.id: study for study in studies if not study.is_new}
    if not stored:
        return
    with connection.cursor() as cursor:
        cursor.execute(LOAD_DESCRIPTIONS, [joined(str(key) for key in stored)])
        for key, described in cursor.fetchall():
            stored[key].described = json.loads(described) if isinstance(described, str) else described


def store_studies(studies: Iterable[KnownStudy], *, now: datetime) -> None:
    """Store new studies with what was first said of them."""
    rows = list(studies)
    said = [study.described for study in rows]
    moments = [moment_of(each.get("study.acquired_at")) for each in said]
    columns = {
        "id": [of_uuid(study.id) for study in rows],
        "site_id": column(of_text, [study.site_key for study in rows]),
        "person_id": [of_uuid(study.person_id) for study in rows],
        "has_patient": [of_boolean(study.has_patient) for study in rows],
        "created_at": repeat(of_moment(now)),
        "modality": column(of_text, [each.get("study.modality", "")[:LONGEST_MODALITY] for each in said]),
        "body_part": column(of_text, [each.get("study.body_part", "") for each in said]),
        "acquired_at": column(of_moment, moments),
        "described": [of_json(each) for each in said],
    }
    copy_columns(Study._meta.db_table, columns, count=len(rows))


def moment_of(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def describe_studies(said: Mapping[UUID, Mapping[str, Any]]) -> None:
    """Add to stored studies what was not known of them before; the first value known stands."""
    if not said:
        return
    with connection.cursor() as cursor:
        cursor.execute(LOCK, [joined(str(key) for key in said)])
        values = json.dumps({str(key): dict(values) for key, values in said.items()})
        cursor.execute(DESCRIBE, [LONGEST_MODALITY, values])
