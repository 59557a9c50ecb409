"""One DICOM object taken in: an image into the pixel store, a result as an inference, a rejection as corrections.

What is none of these is set aside with the reason; nothing is dropped without a
word. Taking the same object again changes nothing.
"""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from typing import Any

from django.db import transaction

from inference.connectors.kinds import KINDS
from inference.dicom.assessments import Assessment, assessments_in
from inference.dicom.enhanced import dose_of
from inference.dicom.errors import UnreadableFileError
from inference.dicom.files import Dataset, read_dataset
from inference.dicom.headers import StudyHeader, header_of, kind_of
from inference.dicom.objects import ImageObject, read_image_object
from inference.dicom.results.reading import read_result
from inference.dicom.results.rejections import rejections_in
from inference.dicom.results.saying import ResultObject
from inference.dicom.values import content_moment
from inference.imaging.result_rows import inference_row
from inference.imaging.sources import Target, target_of, unknown_codes
from inference.imaging.study_rows import acquired_row, acquisition_row, study_row
from inference.intake.actions import accept
from inference.intake.kinds import RawRow, Receipt, Source
from inference.registry.models import Site
from inference.studies.image_storing import store_objects
from inference.studies.models import StoredImage

NO_SOURCE = "no deployment is named for this algorithm; add a result source"


@dataclass(slots=True, kw_only=True)
class TakenObject:
    """What became of an object: `form` says what it was, `receipts` answer the rows it made."""

    form: str
    receipts: list[Receipt] = field(default_factory=list)
    reason: str = ""
    is_copy: bool = False

    @property
    def is_in(self) -> bool:
        return not self.reason and all(each.is_in for each in self.receipts)

    @property
    def outcome(self) -> str:
        if not self.is_in:
            return "quarantined"
        is_known = bool(self.receipts) and all(each.status == "duplicate" for each in self.receipts)
        return "duplicate" if self.is_copy or is_known else "stored"

    @property
    def problem(self) -> str:
        """Why it is not in, or not all of it."""
        return self.reason or "; ".join(each.reason or each.status for each in self.receipts if not each.is_in)


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """Where an object came from: the site, the AE title or follower that sent it, and when."""

    site: Site
    calling_ae: str
    origin: str
    now: datetime

    def send(self, plural: str, rows: list[dict[str, Any]]) -> list[Receipt]:
        source = Source(site_key=self.site.pk, actor=self.origin, origin=self.origin, refuses_foreign=False)
        numbered = [RawRow(number=number, value=row) for number, row in enumerate(rows, start=1)]
        return accept(rows=numbered, kind=KINDS[plural], source=source, now=self.now) if numbered else []


def take_object(data: bytes, *, name: str, arrival: Arrival) -> TakenObject:
    """Take one object in."""
    try:
        with transaction.atomic():
            return taken(data, name=name, arrival=arrival)
    except UnreadableFileError as problem:
        return set_aside(data, name=name, reason=problem.reason, arrival=arrival)


def taken(data: bytes, *, name: str, arrival: Arrival) -> TakenObject:
    dataset = read_dataset(named(data, name), with_pixels=True)
    header = header_of(dataset, name=name)
    rejections = rejections_in(dataset)
    if rejections:
        rows = [rejection_row(each, header=header, arrival=arrival) for each in rejections]
        return TakenObject(form="rejection note", receipts=arrival.send("corrections", rows))
    assessments = assessments_in(dataset)
    if assessments:
        return take_assessments(assessments, header=header, dataset=dataset, arrival=arrival)
    result = read_result(dataset, name=name)
    if result is not None:
        return take_result(result, header=header, dataset=dataset, arrival=arrival)
    if dose_of(dataset):
        return TakenObject(form="dose report", receipts=arrival.send("events", [dose_row(header, arrival=arrival)]))
    image = read_image(data, name=name, dataset=dataset)
    (stored,) = store_objects([image], site=arrival.site, now=arrival.now)
    is_copy = stored.stored_at != arrival.now
    is_first = not is_copy and not StoredImage.objects.filter(series=stored.series).exclude(pk=stored.pk).exists()
    rows = [acquired_row(header, zone=arrival.site.timezone, now=arrival.now)] if is_first else []
    return TakenObject(form="image", receipts=arrival.send("events", rows), is_copy=is_copy)


def read_image(data: bytes, *, name: str, dataset: Dataset) -> ImageObject:
    """Return the image; what is none says what it is instead."""
    try:
        return read_image_object(data, name=name)
    except UnreadableFileError as problem:
        raise UnreadableFileError(name, f"{problem.reason} ({kind_of(dataset)})") from problem


def dose_row(header: StudyHeader, *, arrival: Arrival) -> dict[str, Any]:
    """Return the event by which a study gets the dose that its scanner reports."""
    return {
        "event_uid": f"{header.sop_instance_uid}/dose",
        "kind": "available",
        "at": arrival.now.isoformat(),
        "study": study_row(header, with_acquisition=False),
        "acquisition": acquisition_row(header),
    }


def named(data: bytes, name: str) -> io.BytesIO:
    stream = io.BytesIO(data)
    stream.name = name  # type: ignore[attr-defined]
    return stream


def take_result(result: ResultObject, *, header: StudyHeader, dataset: Dataset, arrival: Arrival) -> TakenObject:
    target = target_of(result.algorithm, site=arrival.site, calling_ae=arrival.calling_ae)
    if target is None:
        raise UnreadableFileError(result.form, f"{NO_SOURCE}: {shown(result)}")
    made_at = content_moment(dataset, zone=arrival.site.timezone)
    row = inference_row(result, header, target=target, made_at=made_at)
    receipts = arrival.send("inferences", [row])
    unknown = unknown_codes(result.said, target)
    if unknown:
        return TakenObject(form=result.form, receipts=[*receipts, *note_unknown(unknown, row=row, arrival=arrival)])
    return TakenObject(form=result.form, receipts=receipts)


def shown(result: ResultObject) -> str:
    said = result.algorithm
    return ", ".join(filter(None, (said.manufacturer, said.name, said.version)))[:120] or "it names none"


def note_unknown(codes: list[str], *, row: dict[str, Any], arrival: Arrival) -> list[Receipt]:
    """Keep the codes that no finding has, so that somebody maps them and sends the object again."""
    reason = f"no finding of the product is coded {'; '.join(codes)}"[:300]
    raw = RawRow(
        number=1, value={"object": row["inference_uid"], "codes": codes}, problem=reason, problem_field="codes"
    )
    source = Source(site_key=arrival.site.pk, actor=arrival.origin, origin=arrival.origin)
    return accept(rows=[raw], kind=KINDS["inferences"], source=source, now=arrival.now)


def rejection_row(rejection: Any, *, header: StudyHeader, arrival: Arrival) -> dict[str, Any]:
    return {
        "kind": "images_rejected",
        "correction_uid": f"{header.sop_instance_uid}/{rejection.sop_instance_uid}",
        "study": study_row(header, with_acquisition=False) | {"study_uid": rejection.study_uid},
        "series_uid": rejection.series_uid,
        "sop_instance_uid": rejection.sop_instance_uid,
        "at": (header.acquired_at or arrival.now).isoformat(),
        "reason": rejection.reason,
    }


def take_assessments(
    assessments: list[Assessment], *, header: StudyHeader, dataset: Dataset, arrival: Arrival
) -> TakenObject:
    rows = [
        response_row(each, number=number, header=header, made_at=content_moment(dataset, zone=arrival.site.timezone))
        for number, each in enumerate(assessments, start=1)
    ]
    targets = [target_of(each.algorithm, site=arrival.site, calling_ae=arrival.calling_ae) for each in assessments]
    if any(target is None for target in targets):
        raise UnreadableFileError("assessment", NO_SOURCE)
    for row, each, target in zip(rows, assessments, targets, strict=True):
        assert target is not None
        name_finding(row, each, target=target)
    return TakenObject(form="assessment", receipts=arrival.send("responses", rows))


def response_row(
    assessment: Assessment, *, number: int, header: StudyHeader, made_at: datetime | None
) -> dict[str, Any]:
    return {
        "response_uid": f"{header.sop_instance_uid}/{number}",
        "inference_uid": assessment.result_uid,
        "reader": assessment.reader or "unknown",
        "response": assessment.response,
        "mark_uid": assessment.mark_uid,
        "at": made_at.isoformat() if made_at else None,
    }


def name_finding(row: dict[str, Any], assessment: Assessment, *, target: Target) -> None:
    row["deployment"] = target.deployment
    row["finding"] = target.findings.get(str(assessment.finding), "") or next(iter(target.kinds), "")
    row["response"] = target.answers.get(str(assessment.answer), assessment.response)


def set_aside(data: bytes, *, name: str, reason: str, arrival: Arrival) -> TakenObject:
    """Keep what an object was and why it is not in; the object itself stays where it came from."""
    value = {"file": name, "sha256": sha256(data).hexdigest(), "bytes": len(data)}
    raw = RawRow(number=1, value=value, problem=reason[:300], problem_field="object")
    source = Source(site_key=arrival.site.pk, actor=arrival.origin, origin=arrival.origin)
    receipts = accept(rows=[raw], kind=KINDS["events"], source=source, now=arrival.now)
    return TakenObject(form="set aside", receipts=receipts, reason=reason)
