"""Monitors: designed statistical watches; signals: what they raised, and who took them.

A design is frozen when its monitor is switched on. `Signal.evidence` is kept as
it was when the alarm fired; `latest` is the same, recomputed from what is known today.
"""

from django.db import models


class Monitor(models.Model):
    """One design, frozen when it is switched on: kind, reference and false-alarm rate."""

    class Kind(models.TextChoices):
        SCORE = "score", "score drift"
        METADATA = "metadata", "acquisition"
        SILENCE = "silence", "silent feed"
        PERFORMANCE = "performance", "performance"
        FLAGGED = "flagged", "flagged rows"
        CLAIM = "claim", "claim"
        PARTIAL = "partial", "partly silent feed"
        FAILED = "failed", "failed runs"
        LATE = "late", "late feed"
        STORM = "storm", "duplicate storm"
        LOSSES = "losses", "rows lost by a recorder"

    key = models.CharField(max_length=255, primary_key=True)
    organisation = models.CharField(max_length=64)
    site_id = models.CharField(max_length=64)
    product_id = models.CharField(max_length=64)
    deployment_id = models.CharField(max_length=64)
    version = models.CharField(max_length=64, blank=True)
    finding = models.CharField(max_length=64, blank=True)
    kind = models.CharField(max_length=16, choices=Kind.choices)
    design = models.JSONField()
    designed_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["deployment_id", "kind"], name="monitors_of_a_deployment")]

    def __str__(self) -> str:
        return self.key


class Signal(models.Model):
    """What a monitor raised, with its evidence. Each step is an entry of the log."""

    class State(models.TextChoices):
        OPEN = "open"
        ACKNOWLEDGED = "acknowledged"
        CLOSED = "closed"

    class Status(models.TextChoices):
        WATCH = "watch"
        ACT = "act"

    uid = models.CharField(max_length=64, unique=True)
    monitor = models.ForeignKey(Monitor, on_delete=models.PROTECT, related_name="signals")
    arm = models.CharField(max_length=80, blank=True)
    status = models.CharField(max_length=8, choices=Status.choices)
    title = models.CharField(max_length=200)
    summary = models.TextField(blank=True)
    began_on = models.DateField()
    alarm_on = models.DateField()
    last_alarm_on = models.DateField()
    ended_on = models.DateField(null=True)
    raised_at = models.DateTimeField()
    exposed_studies = models.IntegerField(default=0)
    exposed_patients = models.IntegerField(default=0)
    evidence = models.JSONField()
    latest = models.JSONField(default=dict)
    state = models.CharField(max_length=16, choices=State.choices, default=State.OPEN)
    owner = models.CharField(max_length=200, blank=True)
    acknowledged_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)
    closed_reason = models.CharField(max_length=300, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["monitor", "arm", "alarm_on"], name="one_signal_per_monitor_arm_and_alarm"),
            models.CheckConstraint(
                condition=models.Q(alarm_on__gte=models.F("began_on")), name="a_signal_is_noticed_after_it_began"
            ),
        ]
        indexes = [models.Index(fields=["monitor", "state"], name="signals_by_state")]

    def __str__(self) -> str:
        return self.title

    @property
    def subject(self) -> str:
        """How entries of the log name this signal."""
        return f"signal/{self.uid}"
