"""What people do with whole groups of set-aside rows, and what each has looked at. The rows are intake's."""

from django.conf import settings
from django.db import models

from inference.registry.models import Site


class Repair(models.Model):
    """One change to the rows of a group, and how far sending them again has come.

    The change is sealed, since its value may be anything. `reached` is the last row tried: it moves with the rows'
    own transaction, so a task that is killed or runs twice tries none twice.
    """

    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="repairs")
    kind = models.CharField(max_length=16)
    outcome = models.CharField(max_length=16)
    field = models.CharField(max_length=120, blank=True)
    pattern = models.CharField(max_length=300)
    words = models.CharField(max_length=300)
    sealed_change = models.BinaryField()
    rows = models.PositiveIntegerField()
    went_in = models.PositiveIntegerField(default=0)
    stayed = models.PositiveIntegerField(default=0)
    why = models.JSONField(default=dict)
    reached = models.BigIntegerField(default=0)
    last = models.BigIntegerField()
    requested_at = models.DateTimeField()
    requested_by = models.CharField(max_length=200)
    finished_at = models.DateTimeField(null=True)


class Discard(models.Model):
    """Rows that somebody means to close without storing them; nothing happens before the signature."""

    uid = models.CharField(max_length=32, unique=True)
    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="discards")
    kind = models.CharField(max_length=16)
    reason = models.CharField(max_length=32)
    rows = models.JSONField()
    digests = models.JSONField()
    prepared_at = models.DateTimeField()
    prepared_by = models.CharField(max_length=200)
    carried_out_at = models.DateTimeField(null=True)


class LastLook(models.Model):
    """Up to which row somebody has seen the quarantine: the bell counts what came after."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    reached = models.BigIntegerField(default=0)
