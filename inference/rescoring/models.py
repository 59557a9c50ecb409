"""A re-scoring run, its items, and the rescores they produce."""

from django.db import models

from audit.log.models import Fact
from inference.registry.models import Deployment
from inference.results.models import Inference


class RescoreRun(models.Model):
    """A sample to score again. The state of the run is here; the broker is only a hint.

    `sample` is how many were asked for; as many items as could be drawn exist.
    """

    deployment = models.ForeignKey(Deployment, on_delete=models.PROTECT, related_name="rescore_runs")
    plan = models.CharField(max_length=64, blank=True)
    sample = models.IntegerField()
    seed = models.BigIntegerField()
    tolerance = models.FloatField()
    requested_at = models.DateTimeField()
    requested_by = models.CharField(max_length=200)
    finished_at = models.DateTimeField(null=True)


class RescoreItem(models.Model):
    """One logged inference to score again; a worker leases it and the lease runs out if the worker dies."""

    class State(models.TextChoices):
        WAITING = "waiting"
        LEASED = "leased"
        DONE = "done"
        FAILED = "failed"

    run = models.ForeignKey(RescoreRun, on_delete=models.PROTECT, related_name="items")
    inference = models.ForeignKey(Inference, on_delete=models.PROTECT, related_name="+")
    state = models.CharField(max_length=8, choices=State.choices, default=State.WAITING)
    worker = models.CharField(max_length=120, blank=True)
    leased_until = models.DateTimeField(null=True)
    attempts = models.SmallIntegerField(default=0)
    finished_at = models.DateTimeField(null=True)
    reason = models.CharField(max_length=300, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["run", "inference"], name="one_item_per_run_and_inference")]
        indexes = [models.Index(fields=["run", "state"], name="rescore_items_by_state")]


class Rescore(Fact):
    """A prediction made again by us from the stored pixels, beside the logged one."""

    PAYLOAD = (
        "run_id",
        "inference_id",
        "finding",
        "region",
        "weights_sha256",
        "logged_score",
        "score",
        "agrees",
        "tolerance",
        "environment",
    )

    run = models.ForeignKey(RescoreRun, on_delete=models.PROTECT, related_name="rescores")
    inference = models.ForeignKey(Inference, on_delete=models.PROTECT, related_name="rescores")
    finding = models.CharField(max_length=64)
    region = models.CharField(max_length=64, blank=True)
    weights_sha256 = models.CharField(max_length=64)
    logged_score = models.FloatField(null=True)
    score = models.FloatField()
    agrees = models.BooleanField(null=True)
    tolerance = models.FloatField()
    environment = models.JSONField(default=dict)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["run", "inference", "finding", "region"], name="one_rescore_per_run_inference_and_finding"
            ),
        ]
