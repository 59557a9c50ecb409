"""What one reader decided on one concept, and what a reader answered to one inference."""

from django.contrib.postgres.indexes import BrinIndex
from django.db import models

from inference.registry.models import Deployment
from inference.studies.models import STUDY_PAYLOAD, StudyFact


class Read(StudyFact):
    class Stage(models.TextChoices):
        PRELIMINARY = "preliminary"
        FIRST = "first"
        SECOND = "second"
        THIRD = "third"
        ARBITRATION = "arbitration"
        CONSENSUS = "consensus"
        FINAL = "final"
        ADDENDUM = "addendum"
        RETROSPECTIVE = "retrospective"

    PAYLOAD = (
        *STUDY_PAYLOAD,
        "finding",
        "region",
        "reader",
        "reader_role",
        "session",
        "stage",
        "ai_exposure",
        "decision",
        "category",
        "measurement",
        "unit",
        "sent_measurement",
        "sent_unit",
        "confidence",
        "marks",
        "report_version",
        "amends",
        "read_at",
    )

    finding = models.CharField(max_length=64)
    region = models.CharField(max_length=64, blank=True)
    reader = models.CharField(max_length=128)
    reader_role = models.CharField(max_length=64, blank=True)
    session = models.CharField(max_length=128, blank=True)
    stage = models.CharField(max_length=16)
    ai_exposure = models.CharField(max_length=24, blank=True)
    decision = models.CharField(max_length=16, blank=True)
    category = models.JSONField(null=True)
    measurement = models.FloatField(null=True)
    unit = models.CharField(max_length=32, blank=True)
    sent_measurement = models.FloatField(null=True)
    sent_unit = models.CharField(max_length=32, blank=True)
    confidence = models.FloatField(null=True)
    marks = models.JSONField(null=True)
    report_version = models.CharField(max_length=64, blank=True)
    amends = models.CharField(max_length=64, blank=True)
    read_at = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(fields=["study", "finding"], name="reads_of_a_study"),
            models.Index(fields=["site", "finding"], name="reads_of_a_site"),
            BrinIndex(fields=["received_at"], name="reads_by_receipt"),
            models.Index(fields=["amends"], name="reads_that_amend", condition=~models.Q(amends="")),
        ]


class Response(StudyFact):
    PAYLOAD = (
        *STUDY_PAYLOAD,
        "deployment_id",
        "inference_uid",
        "read_uid",
        "finding",
        "region",
        "mark_uid",
        "reader",
        "response",
        "reason",
        "at",
        "amends",
    )

    deployment = models.ForeignKey(Deployment, null=True, on_delete=models.PROTECT, related_name="responses")
    inference_uid = models.CharField(max_length=64)
    read_uid = models.CharField(max_length=64, blank=True)
    finding = models.CharField(max_length=64)
    region = models.CharField(max_length=64, blank=True)
    mark_uid = models.CharField(max_length=128, blank=True)
    reader = models.CharField(max_length=128)
    response = models.CharField(max_length=24)
    reason = models.CharField(max_length=200, blank=True)
    at = models.DateTimeField()
    amends = models.CharField(max_length=64, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["deployment", "inference_uid"], name="responses_to_an_inference"),
            models.Index(fields=["study"], name="responses_of_a_study"),
            BrinIndex(fields=["received_at"], name="responses_by_receipt"),
        ]
