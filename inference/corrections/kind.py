"""What a correction is made of when it comes in: whom or what it is about, and what changed."""

from inference.corrections.models import Correction
from inference.errors import RowError
from inference.intake.checking import names_study, study_identifier
from inference.intake.completing import take
from inference.intake.context import Context
from inference.intake.fields import Field, choice, moment, uid
from inference.intake.kinds import Kind, Row
from inference.intake.records import OBJECT_UIDS
from inference.intake.shared_fields import AMENDS, KNOWN_AT, REASON, STUDY_NAMES
from inference.studies.identities import Identifier

OF_TWO_PATIENTS = frozenset({Correction.Kind.MERGE, Correction.Kind.UNMERGE})
OF_A_PATIENT = frozenset({Correction.Kind.DIED, Correction.Kind.OPTED_OUT})


def check_correction(row: Row, context: Context) -> None:
    """Refuse a correction that does not say whom or what it corrects."""
    kind, patient = row.clean["kind"], study_identifier(row.clean, "patient_id")
    if kind in OF_TWO_PATIENTS and not (patient and "other_patient_id" in row.clean):
        raise RowError(field="other_patient_id", reason=f"is missing: {kind} is about two patients")
    if kind in OF_A_PATIENT and not patient:
        raise RowError(field="patient_id", reason="is missing")
    if kind == Correction.Kind.WRONG_PATIENT and not patient:
        raise RowError(field="patient_id", reason="is missing: the right one")
    objects = row.clean.keys() & OBJECT_UIDS.keys()
    if kind not in OF_TWO_PATIENTS | OF_A_PATIENT and not (names_study(row.clean) or objects):
        raise RowError(field="study_uid", reason="is missing")


def complete_correction(row: Row, context: Context) -> None:
    take(row, "kind", "reason", "amends")
    row.columns["at"] = row.clean["at"]
    row.columns["other_person_id"] = row.other_person
    for name, type in OBJECT_UIDS.items():
        row.columns[name] = None
        if name in row.clean:
            owner = context.identities.known.get(Identifier(type, "", row.clean[name]))
            if owner is None:
                raise RowError(field=name, reason="is not known, and no study or patient is named with it")
            row.columns[name] = owner.target


CORRECTION = Kind(
    name="correction",
    uid_field="correction_uid",
    fields=(
        Field("correction_uid", uid),
        Field("kind", choice(Correction.Kind.values), required=True),
        *STUDY_NAMES,
        Field("other_patient_id", uid),
        Field("series_uid", uid),
        Field("sop_instance_uid", uid),
        Field("at", moment, required=True),
        REASON,
        AMENDS,
        KNOWN_AT,
    ),
    identity=("kind", "series_uid", "sop_instance_uid", "at"),
    table=Correction,
    needs_study=False,
    names_persons_only=True,
    check=check_correction,
    complete=complete_correction,
)
