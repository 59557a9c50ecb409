"""What a header says of its study and scanner, as the objects of an intake row."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from inference.dicom.headers import StudyHeader
from inference.intake.described import ACQUISITION

LONGEST = 64
ODD = re.compile(r"[^A-Za-z0-9 _.+/\\:-]")


def study_row(header: StudyHeader, *, with_acquisition: bool = True) -> dict[str, Any]:
    """Return the study; a result made later says nothing of when the study was acquired."""
    said = {
        "study_uid": header.study_uid,
        "patient_id": header.patient_id,
        "patient_id_issuer": header.patient_id_issuer,
        "accession_number": header.accession_number,
        "accession_issuer": header.accession_issuer,
        "patient_age_years": header.patient_age_years,
        "patient_sex": header.patient_sex,
    }
    if with_acquisition:
        said |= {
            "modality": fitting(header.modality)[:16],
            "body_part": fitting(header.body_part),
            "operator": header.operator,
        }
        said["acquired_at"] = header.acquired_at.isoformat() if header.acquired_at else None
    return present(said)


def scanner_row(header: StudyHeader) -> dict[str, Any]:
    scanner = header.scanner
    names = ("manufacturer", "model", "software_version", "serial_number")
    return present({name: getattr(scanner, name)[:LONGEST] for name in names})


def acquisition_row(header: StudyHeader) -> dict[str, Any]:
    return {name: fitting(value) for name, value in header.acquisition.items() if name in ACQUISITION}


def fitting(value: Any) -> Any:
    """Return text as a code may be written: one odd letter in a kernel's name must not set its study aside."""
    if not isinstance(value, str):
        return value
    return ODD.sub("_", value).lstrip(" _.+/\\:-")[:LONGEST].rstrip()


def acquired_row(header: StudyHeader, *, zone: str, now: datetime) -> dict[str, Any]:
    """Return the event that describes a study whose images came: acquired, or available where no time is given.

    It is named after its image: another series of the same moment may be made otherwise, and contradicts nothing.
    """
    at = header.acquired_at
    moment = (at if at is None or at.tzinfo else at.replace(tzinfo=ZoneInfo(zone))) if at else None
    return {
        "event_uid": f"{header.sop_instance_uid}/acquired",
        "kind": "acquired" if moment else "available",
        "at": (moment or now).isoformat(),
        "study": study_row(header) | ({"acquired_at": moment.isoformat()} if moment else {}),
        "scanner": scanner_row(header),
        "acquisition": present(acquisition_row(header)),
    }


def present(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value not in ("", None)}
