"""How a package is de-identified, in the terms of DICOM PS3.15 Annex E and of its own fields."""

from typing import Any

from monitoring.evidence.dictionary import tables
from monitoring.evidence.scopes import Scope

# DICOM PS3.16, CID 7050: de-identification methods.
BASIC = ("113100", "Basic Application Confidentiality Profile")
CLEAN_STRUCTURED = ("113104", "Clean Structured Content Option")
CLEAN_DESCRIPTORS = ("113105", "Clean Descriptors Option")
FULL_DATES = ("113106", "Retain Longitudinal Temporal Information Full Dates Option")
MODIFIED_DATES = ("113107", "Retain Longitudinal Temporal Information Modified Dates Option")
CHARACTERISTICS = ("113108", "Retain Patient Characteristics Option")
DEVICE = ("113109", "Retain Device Identity Option")

PROVABLE = "Dates stand as they were logged, so that every fact can be held to its signed entry."
NOT_PROVABLE = (
    "Not provable: dates were shifted by a number of days of each patient's own, and patients, studies and facts have "
    "names of this package alone, so that no fact can be held to its signed entry."
)


def deidentification_document(scope: Scope, *, opted_out: int) -> dict[str, Any]:
    """Return what was done to what may identify, and what was kept."""
    dates = MODIFIED_DATES if scope.is_research else FULL_DATES
    options = (BASIC, CLEAN_STRUCTURED, CLEAN_DESCRIPTORS, dates, CHARACTERISTICS, DEVICE)
    fields = [
        {"table": table.name, "column": each.name, "how": each.deidentified}
        for table in tables()
        for each in table.columns
        if each.deidentified
    ]
    return {
        "profile": "DICOM PS3.15 Annex E; codes of PS3.16 CID 7050",
        "options": [{"scheme": "DCM", "code": code, "meaning": meaning} for code, meaning in options],
        "provable": not scope.is_research,
        "dates": NOT_PROVABLE if scope.is_research else PROVABLE,
        "ages": "exact below 90, 90+ from there on",
        "pixels": "no pixels are in this package",
        "names": "no name, number or address of a patient is stored in what was exported; see the columns",
        "opted_out_patients_left_out": opted_out,
        "minimum_count": scope.wanted.minimum_count,
        "columns": fields,
    }
