"""Later facts about identity: merged, separated, wrong patient, died, opted out, cancelled."""

from django.db import models

from inference.studies.models import STUDY_PAYLOAD, StudyFact


class Correction(StudyFact):
    """`person_id` is the patient that stays (or is right); `other_person_id` the one that goes."""

    class Kind(models.TextChoices):
        MERGE = "merge"
        UNMERGE = "unmerge"
        WRONG_PATIENT = "wrong_patient", "wrong patient"
        DIED = "died"
        OPTED_OUT = "opted_out", "opted out"
        STUDY_CANCELLED = "study_cancelled", "study cancelled"
        IMAGES_REJECTED = "images_rejected", "images rejected"

    PAYLOAD = (*STUDY_PAYLOAD, "kind", "other_person_id", "series_uid", "sop_instance_uid", "at", "reason", "amends")

    kind = models.CharField(max_length=24, choices=Kind.choices)
    other_person_id = models.UUIDField(null=True)
    series_uid = models.UUIDField(null=True)
    sop_instance_uid = models.UUIDField(null=True)
    at = models.DateTimeField()
    reason = models.CharField(max_length=200, blank=True)
    amends = models.CharField(max_length=64, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["person_id"], name="corrections_of_a_person"),
            models.Index(fields=["study"], name="corrections_of_a_study"),
            models.Index(fields=["other_person_id"], name="corrections_of_other_person"),
            models.Index(fields=["amends"], name="corrections_that_amend", condition=~models.Q(amends="")),
        ]
