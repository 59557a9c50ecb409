"""The packages that were made: what is in each, where it lies, and its hash."""

from django.db import models


class Package(models.Model):
    """One evidence package. Its making is an act of each log in it; this row only says where it is."""

    class State(models.TextChoices):
        WAITING = "waiting"
        MAKING = "making"
        READY = "ready"
        FAILED = "failed"
        CANCELLED = "cancelled"

    uid = models.CharField(max_length=64, unique=True)
    product_id = models.CharField(max_length=64)
    site_id = models.CharField(max_length=64, blank=True)
    study_id = models.UUIDField(null=True)
    signal = models.CharField(max_length=64, blank=True)
    change = models.CharField(max_length=64, blank=True)
    deployments = models.JSONField(default=list)
    since = models.DateField()
    until = models.DateField()
    as_of = models.DateTimeField(null=True)
    level = models.CharField(max_length=16)
    minimum_count = models.IntegerField(default=0)
    requested_by = models.CharField(max_length=200)
    requested_at = models.DateTimeField()
    purpose = models.CharField(max_length=16, default="regulator", db_default="regulator")
    recipient = models.CharField(max_length=64, blank=True, db_default="")
    renditions = models.JSONField(default=list, db_default=[])
    previous = models.CharField(max_length=64, blank=True, db_default="")
    state = models.CharField(max_length=16, choices=State.choices, default=State.WAITING)
    step = models.CharField(max_length=80, blank=True)
    done = models.BigIntegerField(default=0, db_default=0)
    of = models.BigIntegerField(default=0, db_default=0)
    reason = models.CharField(max_length=300, blank=True)
    finished_at = models.DateTimeField(null=True)
    sha256 = models.CharField(max_length=64, blank=True)
    size = models.BigIntegerField(null=True)
    cases = models.BigIntegerField(null=True)
    keys = models.JSONField(default=dict)

    class Meta:
        indexes = [models.Index(fields=["product_id", "requested_at"], name="packages_of_a_product")]

    def __str__(self) -> str:
        return self.uid
