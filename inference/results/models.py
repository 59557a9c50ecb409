"""One run of a deployment, and what it says of each finding."""

from collections.abc import Mapping, Sequence
from operator import itemgetter
from typing import Any, Self

from django.contrib.postgres.fields import ArrayField
from django.db import models

from audit.log.models import columns_of, keys_of, present
from inference.registry.models import Deployment
from inference.studies.models import STUDY_PAYLOAD, StudyFact

PREDICTION_PAYLOAD = (
    "finding",
    "region",
    "score",
    "threshold",
    "decision",
    "category",
    "class_scores",
    "measurement",
    "unit",
    "sent_measurement",
    "sent_unit",
    "priority",
    "marks",
    "mask",
    "defaulted",
)


class Inference(StudyFact):
    """One run of one deployment on one study, whatever became of it."""

    class Status(models.TextChoices):
        OK = "ok"
        PARTIAL = "partial"
        REJECTED_INPUT = "rejected_input", "rejected input"
        OUT_OF_SCOPE = "out_of_scope", "out of scope"
        FAILED = "failed"
        TIMED_OUT = "timed_out", "timed out"
        CANCELLED = "cancelled"
        NOT_RUN = "not_run", "not run"

    PAYLOAD = (
        *STUDY_PAYLOAD,
        "deployment_id",
        "version",
        "mode",
        "status",
        "run_reason",
        "level",
        "supersedes",
        "purpose",
        "acquired_at",
        "started_at",
        "finished_at",
        "inputs",
    )

    deployment = models.ForeignKey(Deployment, on_delete=models.PROTECT, related_name="inferences")
    version = models.CharField(max_length=64, blank=True)
    mode = models.CharField(max_length=16, blank=True)
    status = models.CharField(max_length=16, blank=True)
    run_reason = models.CharField(max_length=24)
    level = models.CharField(max_length=16)
    supersedes = models.CharField(max_length=64, blank=True)
    purpose = models.CharField(max_length=16)
    acquired_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    inputs = models.JSONField(default=list)

    class Meta:
        indexes = [
            models.Index(fields=["deployment", "acquired_at"], name="inferences_by_deployment"),
            models.Index(fields=["deployment", "received_at"], name="inferences_by_receipt"),
        ]

    def payload(self) -> dict[str, Any]:
        """Return the entry's view of the run with its predictions, sorted by finding and region."""
        ordered = sorted(self.predictions.all(), key=lambda part: (part.finding, part.region))
        return super().payload() | {"predictions": [part.payload() for part in ordered]}

    @classmethod
    def payload_of(cls, columns: Mapping[str, Any], *, parts: Sequence[Mapping[str, Any]] = ()) -> dict[str, Any]:
        names, read = keys_of(PREDICTION_PAYLOAD)
        ordered = sorted(parts, key=itemgetter("finding", "region")) if len(parts) > 1 else parts
        return super().payload_of(columns) | {"predictions": [present(names, read(part)) for part in ordered]}

    @classmethod
    def with_parts(cls, facts: models.QuerySet[Self]) -> models.QuerySet[Self]:
        return facts.prefetch_related("predictions")


class Prediction(models.Model):
    """What an inference says of one finding (and region). Append-only; proved by its inference's entry."""

    inference = models.ForeignKey(Inference, on_delete=models.PROTECT, related_name="predictions")
    finding = models.CharField(max_length=64)
    region = models.CharField(max_length=64, blank=True)
    score = models.FloatField(null=True)
    threshold = models.FloatField(null=True)
    decision = models.CharField(max_length=16, blank=True)
    category = models.JSONField(null=True)
    class_scores = models.JSONField(null=True)
    measurement = models.FloatField(null=True)
    unit = models.CharField(max_length=32, blank=True)
    sent_measurement = models.FloatField(null=True)
    sent_unit = models.CharField(max_length=32, blank=True)
    priority = models.CharField(max_length=32, blank=True)
    marks = models.JSONField(null=True)
    mask = models.JSONField(null=True)
    defaulted = ArrayField(models.CharField(max_length=32), default=list)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["inference", "finding", "region"], name="one_prediction_per_inference_finding_and_region"
            ),
        ]

    def payload(self) -> dict[str, Any]:
        names, read = columns_of(PREDICTION_PAYLOAD)
        return present(names, read(self))
