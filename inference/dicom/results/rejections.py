"""Rejection notes: key object selections that take images back (IHE IOCM), as corrections."""

from __future__ import annotations

from dataclasses import dataclass

from pydicom.dataset import Dataset

from inference.dicom.results.codes import code_in
from inference.dicom.values import items_of, text_of

REASONS = {
    "113001": "rejected_for_quality",
    "113037": "rejected_for_safety",
    "113038": "wrong_worklist_entry",
    "113039": "retention_expired",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejection:
    """One object taken back, and why."""

    study_uid: str
    series_uid: str
    sop_instance_uid: str
    code: str

    @property
    def reason(self) -> str:
        return REASONS[self.code]


def rejections_in(dataset: Dataset) -> tuple[Rejection, ...]:
    """Return what a key object selection rejects; nothing where it selects for another purpose."""
    title = code_in(dataset, "ConceptNameCodeSequence")
    if title.scheme != "DCM" or title.value not in REASONS:
        return ()
    return tuple(
        Rejection(
            study_uid=text_of(study, "StudyInstanceUID"),
            series_uid=text_of(series, "SeriesInstanceUID"),
            sop_instance_uid=text_of(instance, "ReferencedSOPInstanceUID"),
            code=title.value,
        )
        for study in items_of(dataset, "CurrentRequestedProcedureEvidenceSequence")
        for series in items_of(study, "ReferencedSeriesSequence")
        for instance in items_of(series, "ReferencedSOPSequence")
    )
