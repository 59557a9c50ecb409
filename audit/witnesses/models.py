"""Who cosigns our checkpoints, what they cosigned, the time stamps beside it, and the logs we are a witness of.

Cosignatures and time stamps are facts, append-only. What we remember of another's log may grow and never shrink.
"""

from typing import ClassVar

from django.db import models

from audit.log.models import Fact


class Witness(models.Model):
    """A witness that is asked: at an address, by files in a folder, or by a print that somebody carries there."""

    class Way(models.TextChoices):
        ADDRESS = "address"
        FOLDER = "folder"
        PRINT = "print"

    name = models.CharField(max_length=200, unique=True)
    key = models.CharField(max_length=400)
    way = models.CharField(max_length=8, choices=Way.choices)
    place = models.CharField(max_length=500, blank=True)
    ended_at = models.DateTimeField(null=True)
    failures = models.IntegerField(default=0)
    ask_after = models.DateTimeField(null=True)
    last_answer = models.CharField(max_length=300, blank=True)


class Cosignature(Fact):
    """What a witness wrote under a checkpoint: the line as it stands, and the root that it saw."""

    PAYLOAD: ClassVar[tuple[str, ...]] = ("witness", "key", "size", "root", "line", "cosigned_at")

    witness = models.CharField(max_length=200)
    key = models.CharField(max_length=400)
    size = models.BigIntegerField()
    root = models.CharField(max_length=64)
    line = models.TextField()
    cosigned_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "key", "size"], name="one_cosignature_per_witness_and_size"
            ),
        ]


class TimeStamp(Fact):
    """A token of RFC 3161 over the root of a checkpoint."""

    PAYLOAD: ClassVar[tuple[str, ...]] = ("server", "size", "root", "token", "stamped_at")

    server = models.CharField(max_length=500)
    size = models.BigIntegerField()
    root = models.CharField(max_length=64)
    token = models.BinaryField()
    stamped_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["organisation", "server", "size"], name="one_time_stamp_per_size"),
        ]


class WitnessedLog(models.Model):
    """A log of somebody else that we cosign, and the last checkpoint of it that we did."""

    origin = models.CharField(max_length=200, unique=True)
    keys = models.JSONField()
    size = models.BigIntegerField(default=0)
    root = models.BinaryField(max_length=32, default=bytes)
    note = models.TextField(blank=True)
    cosigned_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
