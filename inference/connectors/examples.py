"""One row of each kind, as a sender would write it: shown on the page and taken in by its test."""

from collections.abc import Mapping
from typing import Any

STUDY = {"study_uid": "1.2.840.1", "patient_id": "P1", "accession_number": "A1", "modality": "DX"}

EXAMPLES: Mapping[str, Mapping[str, Any]] = {
    "inferences": {
        "inference_uid": "2.25.1234",
        "deployment": "cxr-north",
        "version": "1.0",
        "status": "ok",
        "study": STUDY | {"acquired_at": "2026-03-01T08:15:00+01:00", "patient_age_years": 62, "patient_sex": "F"},
        "scanner": {"manufacturer": "Siemens", "model": "Ysio Max"},
        "acquisition": {"kvp": 120, "view_position": "PA"},
        "predictions": [{"finding": "nodule", "score": 0.83}],
    },
    "events": {
        "inference_uid": "2.25.1234",
        "deployment": "cxr-north",
        "kind": "displayed",
        "at": "2026-03-01T08:20:00+01:00",
        "to": "R1",
    },
    "reads": {
        "study_uid": "1.2.840.1",
        "finding": "nodule",
        "reader": "R1",
        "stage": "final",
        "decision": "positive",
        "read_at": "2026-03-01T08:40:00+01:00",
    },
    "responses": {
        "inference_uid": "2.25.1234",
        "deployment": "cxr-north",
        "finding": "nodule",
        "reader": "R1",
        "response": "agree",
        "at": "2026-03-01T08:40:00+01:00",
    },
    "truth": {
        "accession_number": "A1",
        "finding": "nodule",
        "value": "positive",
        "standard": "pathology",
        "certainty": "definite",
        "determined_at": "2026-03-09T10:00:00+01:00",
    },
    "corrections": {
        "kind": "merge",
        "patient_id": "P1",
        "other_patient_id": "P1-OLD",
        "at": "2026-03-10T09:00:00+01:00",
    },
}
