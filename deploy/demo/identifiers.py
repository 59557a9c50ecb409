"""The names that scanners and systems of the demo give to patients, orders and objects; the same for the same seed."""

from hashlib import sha256

from deploy.demo.planning import PlannedStudy

USUAL_MAS, USUAL_QUANTA, USUAL_EXPOSURE_INDEX = 2.5, 30_000.0, 400.0
UID_BYTES = 15


def uid_of(what: str, number: int, *, seed: int) -> str:
    """Return a DICOM UID below 2.25."""
    digest = sha256(f"radvigil-demo {seed} {what} {number}".encode()).digest()
    return f"2.25.{int.from_bytes(digest[:UID_BYTES])}"


def patient_id_of(study: PlannedStudy) -> str:
    return "QA-PHANTOM-1" if study.is_phantom else f"{study.site[0].upper()}{study.patient.number}"


def accession_of(study: PlannedStudy) -> str:
    return f"CR{study.site[0].upper()}{study.number:06d}"


def exposure_mas_of(study: PlannedStudy) -> float:
    return round(USUAL_MAS * study.exposure.quanta / USUAL_QUANTA, 3)


def exposure_index_of(study: PlannedStudy) -> float:
    return round(USUAL_EXPOSURE_INDEX * study.exposure.quanta / USUAL_QUANTA, 1)
