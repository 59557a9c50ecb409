"""The rows that the device, the PACS and the hospital's systems send about one chest study: plain JSON values.

The same rows serve the demo, which has pixels and a network, and the
simulated site of the tests, which draws its scores.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from deploy.demo.identifiers import accession_of, exposure_index_of, exposure_mas_of, patient_id_of, uid_of
from deploy.demo.outcomes import Outcome
from deploy.demo.phantom import SIZE
from deploy.demo.planning import PlannedStudy
from deploy.demo.reading import Reading, finished, read_study
from deploy.demo.stories import UNREGISTERED_VERSION

FINDING = "nodule"
THRESHOLD = 0.5
OPERATORS = 4
KINDS = ("inferences", "events", "reads", "responses", "truth")

Row = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the device said: a score and the box (x, y, width, height) it points at; `sha256` is of its input."""

    score: float | None
    box: tuple[int, int, int, int] | None = None
    sha256: str = ""

    @property
    def is_positive(self) -> bool | None:
        return None if self.score is None else self.score >= THRESHOLD


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """The rows of some studies, by kind of fact."""

    inferences: list[Row] = field(default_factory=list)
    events: list[Row] = field(default_factory=list)
    reads: list[Row] = field(default_factory=list)
    responses: list[Row] = field(default_factory=list)
    truth: list[Row] = field(default_factory=list)

    def take(self, other: "Rows") -> None:
        for kind in KINDS:
            getattr(self, kind).extend(getattr(other, kind))


def rows_of(study: PlannedStudy, answer: Answer, *, seed: int, reads_until: datetime) -> Rows:
    """Return what is sent about a study on its day; one acquired after `reads_until` is not read yet."""
    rows = Rows()
    is_answered = not study.is_silent
    if is_answered:
        rows.inferences.append(inference_row(study, answer, seed=seed))
    if study.is_run_twice:
        rows.inferences.append(re_run_row(study, answer, seed=seed))
    if study.is_phantom:
        return rows
    if study.acquired_at <= reads_until:
        reading = read_study(study, ai_positive=answer.is_positive if is_answered else None, seed=seed)
        rows.events.extend(event_rows(study, reading, seed=seed, is_answered=is_answered))
        rows.reads.append(read_row(study, reading, seed=seed))
        if is_answered and reading.shown_at and answer.is_positive is not None:
            rows.responses.append(response_row(study, reading, answer, seed=seed))
    return rows


def inference_row(study: PlannedStudy, answer: Answer, *, seed: int) -> Row:
    ended = finished(study)
    return {
        "inference_uid": inference_uid(study),
        "version": study.version,
        "status": "ok" if answer.score is not None else "rejected_input",
        "run_reason": "first",
        "level": "study",
        "study": study_object(study, seed=seed),
        "scanner": scanner_object(study),
        "acquisition": acquisition_object(study),
        "covariates": {"smoker": study.patient.smoker},
        "inputs": [input_object(study, answer, seed=seed)],
        "started_at": moment(ended - timedelta(seconds=6)),
        "finished_at": moment(ended),
        "known_at": moment(ended + timedelta(seconds=20)),
        "predictions": [] if answer.score is None else [prediction_object(study, answer, seed=seed)],
    }


def re_run_row(study: PlannedStudy, answer: Answer, *, seed: int) -> Row:
    """Return the second run of a study that the PACS sent again."""
    later = finished(study) + timedelta(hours=3)
    return inference_row(study, answer, seed=seed) | {
        "inference_uid": f"{inference_uid(study)}-again",
        "run_reason": "resend",
        "supersedes": inference_uid(study),
        "started_at": moment(later - timedelta(seconds=6)),
        "finished_at": moment(later),
        "known_at": moment(later + timedelta(seconds=20)),
    }


def event_rows(study: PlannedStudy, reading: Reading, *, seed: int, is_answered: bool) -> list[Row]:
    of_study = [("opened", reading.opened_at), ("final", reading.read_at)]
    rows = [
        {"event_uid": f"e{study.number}-{kind}", "kind": kind, "study_uid": uid_of("study", study.number, seed=seed)}
        | {"at": moment(at), "to": reading.reader, "known_at": moment(at)}
        for kind, at in of_study
    ]
    if is_answered and reading.shown_at:
        shown = {"event_uid": f"e{study.number}-displayed", "kind": "displayed", "inference_uid": inference_uid(study)}
        shown |= {"deployment": f"cxr-{study.site}", "at": moment(reading.shown_at), "to": reading.reader}
        rows.append(shown | {"known_at": moment(reading.shown_at)})
    return rows


def read_row(study: PlannedStudy, reading: Reading, *, seed: int) -> Row:
    return {
        "read_uid": f"r{study.number}",
        "study": study_object(study, seed=seed),
        "scanner": scanner_object(study),
        "finding": FINDING,
        "reader": reading.reader,
        "stage": "final",
        "ai_exposure": reading.ai_exposure,
        "decision": reading.decision,
        "confidence": reading.confidence,
        "read_at": moment(reading.read_at),
        "known_at": moment(reading.read_at + timedelta(minutes=1)),
    }


def response_row(study: PlannedStudy, reading: Reading, answer: Answer, *, seed: int) -> Row:
    is_same = (reading.decision == "positive") == answer.is_positive
    rejection = "reject_ai_positive" if answer.is_positive else "reject_ai_negative"
    row = {
        "response_uid": f"a{study.number}",
        "read_uid": f"r{study.number}",
        "deployment": f"cxr-{study.site}",
        "inference_uid": inference_uid(study),
        "finding": FINDING,
        "reader": reading.reader,
        "response": "agree" if is_same else rejection,
        "at": moment(reading.read_at),
        "known_at": moment(reading.read_at + timedelta(minutes=1)),
    }
    return row | ({"reason": reading.reason} if reading.reason else {})


def truth_row(study: PlannedStudy, outcome: Outcome, *, seed: int) -> Row:
    row: Row = {
        "truth_uid": outcome.uid,
        "study_uid": uid_of("study", study.number, seed=seed),
        "finding": FINDING,
        "level": "study",
        "value": outcome.value,
        "standard": outcome.standard,
        "certainty": outcome.certainty,
        "determined_at": moment(outcome.determined_at),
        "known_at": moment(outcome.known_at),
    }
    if outcome.observed_until:
        row["observed_until"] = moment(outcome.observed_until)
    if outcome.size_mm:
        row["attributes"] = {"size_mm": outcome.size_mm}
    return row | ({"amends": outcome.amends} if outcome.amends else {})


def study_object(study: PlannedStudy, *, seed: int) -> Row:
    return {
        "study_uid": uid_of("study", study.number, seed=seed),
        "patient_id": patient_id_of(study),
        "accession_number": accession_of(study),
        "modality": "DX",
        "body_part": "CHEST",
        "acquired_at": moment(study.acquired_at),
        "patient_age_years": study.patient.age_years,
        "patient_sex": study.patient.sex,
        "setting": "emergency" if study.view_position == "AP" else "diagnostic",
        "operator": f"{study.site}-t{1 + study.number % OPERATORS}",
    }


def scanner_object(study: PlannedStudy) -> Row:
    return {
        "manufacturer": study.scanner.vendor.name,
        "model": study.scanner.vendor.model,
        "software_version": study.software,
        "serial_number": study.scanner.serial_number,
    }


def acquisition_object(study: PlannedStudy) -> Row:
    return {
        "kvp": study.exposure.kvp,
        "exposure_mas": exposure_mas_of(study),
        "exposure_index": exposure_index_of(study),
        "view_position": study.view_position,
        "protocol": "chest bedside" if study.view_position == "AP" else "chest upright",
        "photometric_interpretation": "MONOCHROME1" if study.exposure.monochrome1 else "MONOCHROME2",
        "bits_stored": study.exposure.bits_stored,
        "rows": SIZE,
        "columns": SIZE,
    }


def input_object(study: PlannedStudy, answer: Answer, *, seed: int) -> Row:
    row = {"kind": "dicom", "use": "current", "series_uid": uid_of("series", study.number, seed=seed)}
    row["sop_instance_uid"] = uid_of("instance", study.number, seed=seed)
    return row | ({"sha256": answer.sha256} if answer.sha256 else {})


def prediction_object(study: PlannedStudy, answer: Answer, *, seed: int) -> Row:
    decision = "positive" if answer.is_positive else "negative"
    row: Row = {"finding": FINDING, "score": answer.score, "threshold": THRESHOLD, "decision": decision}
    if answer.is_positive and answer.box:
        box = dict(zip(("x", "y", "width", "height"), answer.box, strict=True))
        instance = uid_of("instance", study.number, seed=seed)
        row["marks"] = [{"mark_uid": "m1", "score": answer.score, "sop_instance_uid": instance, "frame": 1, **box}]
    return row


def inference_uid(study: PlannedStudy) -> str:
    suffix = "-rc" if study.version == UNREGISTERED_VERSION else ""
    return f"i{study.number}{suffix}"


def moment(at: datetime) -> str:
    return at.isoformat(timespec="seconds")
