"""Rows that did not become facts: not understood (quarantine), or in conflict with what is stored."""

from django.db import models

from inference.registry.models import Deployment, Site


class SetAside(models.Model):
    """One row kept, encrypted, with the reason; a person repairs and replays it, or discards it."""

    class Outcome(models.TextChoices):
        QUARANTINED = "quarantined"
        CONFLICT = "conflict"

    class State(models.TextChoices):
        WAITING = "waiting"
        REPLAYED = "replayed"
        DISCARDED = "discarded"

    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="set_aside")
    deployment = models.ForeignKey(Deployment, null=True, on_delete=models.PROTECT, related_name="set_aside")
    kind = models.CharField(max_length=16)
    outcome = models.CharField(max_length=16, choices=Outcome.choices)
    state = models.CharField(max_length=16, choices=State.choices, default=State.WAITING)
    origin = models.CharField(max_length=200)
    row = models.BigIntegerField()
    field = models.CharField(max_length=120, blank=True)
    reason = models.CharField(max_length=300)
    digest = models.CharField(max_length=64)
    key_id = models.CharField(max_length=16)
    ciphertext = models.BinaryField()
    received_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)
    closed_by = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["site", "kind", "outcome", "digest"],
                condition=models.Q(state="waiting"),
                name="one_waiting_row_per_content",
            ),
        ]
        indexes = [models.Index(fields=["site", "state", "received_at"], name="set_aside_by_site")]
