"""Monitors: designed statistical watches; signals: what they raised, and who took them."""

from django.db import models


class Monitor(models.Model):
    """One design, frozen when it is switched on: kind, reference and false-alarm rate."""

    class Kind(models.TextChoices):
        SCORE = "score", "score drift"
        METADATA = "metadata", "DICOM metadata"
        SILENCE = "silence", "silent feed"
        PERFORMANCE = "performance", "performance against the claim"
        FLAGGED = "flagged", "flagged rows"

    key = models.CharField(max_length=160, primary_key=True)
    organisation = models.CharField(max_length=64)
    deployment_id = models.CharField(max_length=64)
    finding = models.CharField(max_length=64, blank=True)
    kind = models.CharField(max_length=16, choices=Kind.choices)
    design = models.JSONField()
    designed_at = models.DateTimeField()


class Signal(models.Model):
    """What a monitor raised, with its evidence. Each step is an entry of the log."""

    class State(models.TextChoices):
        OPEN = "open"
        ACKNOWLEDGED = "acknowledged"
        CLOSED = "closed"

    uid = models.CharField(max_length=64, unique=True)
    monitor = models.ForeignKey(Monitor, on_delete=models.PROTECT, related_name="signals")
    title = models.CharField(max_length=200)
    began_on = models.DateField()
    alarm_on = models.DateField()
    raised_at = models.DateTimeField()
    exposed_studies = models.IntegerField(default=0)
    exposed_patients = models.IntegerField(default=0)
    evidence = models.JSONField()
    state = models.CharField(max_length=16, choices=State.choices, default=State.OPEN)
    owner = models.CharField(max_length=200, blank=True)
    closed_reason = models.CharField(max_length=300, blank=True)

    class Meta:
        indexes = [models.Index(fields=["monitor", "state"], name="signals_by_state")]
