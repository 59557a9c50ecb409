"""What turned out to be so; amended by later facts, never overwritten."""

from django.contrib.postgres.indexes import BrinIndex
from django.db import models

from inference.studies.models import STUDY_PAYLOAD, StudyFact


class Truth(StudyFact):
    PAYLOAD = (
        *STUDY_PAYLOAD,
        "finding",
        "level",
        "region",
        "value",
        "category",
        "measurement",
        "unit",
        "sent_measurement",
        "sent_unit",
        "marks",
        "attributes",
        "standard",
        "certainty",
        "blinded_to_ai",
        "observed_until",
        "determined_at",
        "amends",
    )

    finding = models.CharField(max_length=64)
    level = models.CharField(max_length=16)
    region = models.CharField(max_length=64, blank=True)
    value = models.CharField(max_length=16, blank=True)
    category = models.JSONField(null=True)
    measurement = models.FloatField(null=True)
    unit = models.CharField(max_length=32, blank=True)
    sent_measurement = models.FloatField(null=True)
    sent_unit = models.CharField(max_length=32, blank=True)
    marks = models.JSONField(null=True)
    attributes = models.JSONField(default=dict)
    standard = models.CharField(max_length=24)
    certainty = models.CharField(max_length=16)
    blinded_to_ai = models.BooleanField(null=True)
    observed_until = models.DateTimeField(null=True)
    determined_at = models.DateTimeField()
    amends = models.CharField(max_length=64, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["study", "finding"], name="truths_of_a_study"),
            BrinIndex(fields=["received_at"], name="truths_by_receipt"),
            models.Index(fields=["amends"], name="truths_that_amend", condition=~models.Q(amends="")),
        ]
