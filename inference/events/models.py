"""Something that happened to an inference or a study."""

from django.contrib.postgres.indexes import BrinIndex
from django.db import models

from inference.registry.models import Deployment
from inference.studies.models import STUDY_PAYLOAD, StudyFact

# What happens to each study of an order when it happens to the order; that images came is said of one study alone.
OF_ORDERS = frozenset({"ordered", "opened", "preliminary", "final", "treatment_started"})


class Event(StudyFact):
    class Kind(models.TextChoices):
        DELIVERED = "delivered"
        NOTIFIED = "notified"
        ACKNOWLEDGED = "acknowledged"
        DISPLAYED = "displayed"
        HIDDEN = "hidden"
        WITHHELD = "withheld"
        WITHDRAWN = "withdrawn"
        ORDERED = "ordered"
        ACQUIRED = "acquired"
        AVAILABLE = "available"
        OPENED = "opened"
        PRELIMINARY = "preliminary"
        FINAL = "final"
        TREATMENT_STARTED = "treatment_started", "treatment started"

    OF_INFERENCE = frozenset({"delivered", "notified", "acknowledged", "displayed", "hidden", "withheld", "withdrawn"})

    PAYLOAD = (*STUDY_PAYLOAD, "deployment_id", "inference_uid", "kind", "at", "to", "reason", "amends")

    deployment = models.ForeignKey(Deployment, null=True, on_delete=models.PROTECT, related_name="events")
    inference_uid = models.CharField(max_length=64, blank=True)
    kind = models.CharField(max_length=24)
    at = models.DateTimeField()
    to = models.CharField(max_length=128, blank=True)
    reason = models.CharField(max_length=200, blank=True)
    amends = models.CharField(max_length=64, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["deployment", "inference_uid"], name="events_of_an_inference"),
            models.Index(fields=["study", "kind"], name="events_of_a_study"),
            BrinIndex(fields=["received_at"], name="events_by_receipt"),
            models.Index(fields=["amends"], name="events_that_amend", condition=~models.Q(amends="")),
        ]
