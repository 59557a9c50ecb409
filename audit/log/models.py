"""What every fact carries, the entry that proves it, and the tree of each organisation.

Facts and entries are append-only: triggers of the database refuse anything
else. Organisations, sites and deployments are named by their permanent key,
as text, since this package knows none of their tables.
"""

import uuid
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from functools import cache, lru_cache
from operator import attrgetter, itemgetter
from typing import Any, ClassVar, Self

from django.contrib.postgres.fields import ArrayField
from django.db import models


class Entry(models.Model):
    """One leaf of an organisation's log. Its position is set once, by the sequencer."""

    organisation = models.CharField(max_length=64)
    scope = models.CharField(max_length=160)
    kind = models.CharField(max_length=48)
    uid = models.CharField(max_length=64)
    actor = models.CharField(max_length=200)
    at = models.DateTimeField()
    record_sha256 = models.BinaryField(max_length=32)
    leaf_hash = models.BinaryField(max_length=32)
    body = models.BinaryField()
    position = models.BigIntegerField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["scope", "kind", "uid"], name="one_entry_per_scope_kind_and_uid"),
            models.UniqueConstraint(fields=["organisation", "position"], name="one_entry_per_position_of_a_log"),
        ]
        indexes = [
            models.Index(
                fields=["organisation", "id"], name="entries_without_position", condition=models.Q(position=None)
            ),
        ]


JSON_TYPES = frozenset({str, int, float, bool, type(None), list, dict})


def plain(value: Any) -> Any:
    """Return a column's value as it stands in an entry: JSON types, times in UTC with microseconds."""
    if type(value) in JSON_TYPES:
        return value
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
    if isinstance(value, uuid.UUID):
        return uuid_text(value)
    if isinstance(value, bytes | memoryview):
        return bytes(value).hex()
    if hasattr(value, "isoformat"):
        return value.isoformat()
    return value


@lru_cache(maxsize=1 << 15)
def uuid_text(value: uuid.UUID) -> str:
    """Return an id as text; a batch says each of its ids several times."""
    return str(value)


@cache
def columns_of(columns: tuple[str, ...]) -> tuple[tuple[str, ...], Callable[[Any], tuple[Any, ...]]]:
    """Return the names under which columns stand in an entry, and what reads them all from a row."""
    return tuple(name.removesuffix("_id") for name in columns), attrgetter(*columns)


@cache
def keys_of(columns: tuple[str, ...]) -> tuple[tuple[str, ...], Callable[[Mapping[str, Any]], tuple[Any, ...]]]:
    """Return the same for a row that is a mapping."""
    return tuple(name.removesuffix("_id") for name in columns), itemgetter(*columns)


def present(names: Sequence[str], values: Sequence[Any]) -> dict[str, Any]:
    """Return the values that are there as they stand in an entry, by name."""
    return {
        name: value if type(value) in JSON_TYPES else plain(value)
        for name, value in zip(names, values, strict=True)
        if value or value not in (None, "", [], {}, b"")
    }


class Fact(models.Model):
    """Base of every fact table. `PAYLOAD` names the columns that its entry proves, by attribute name."""

    PAYLOAD: ClassVar[tuple[str, ...]] = ()

    entry = models.OneToOneField(Entry, on_delete=models.PROTECT, related_name="+")
    organisation = models.CharField(max_length=64)
    known_at = models.DateTimeField(null=True)
    received_at = models.DateTimeField()
    flags = ArrayField(models.CharField(max_length=80), default=list)

    class Meta:
        abstract = True

    def payload(self) -> dict[str, Any]:
        """Return what the entry says of this fact, rebuilt from its columns. Absent values are left out."""
        names, read = columns_of((*self.PAYLOAD, "known_at", "flags"))
        return present(names, read(self))

    @classmethod
    def payload_of(cls, columns: Mapping[str, Any], *, parts: Sequence[Mapping[str, Any]] = ()) -> dict[str, Any]:
        """Return what `payload` will say of a fact with all these columns, before there is one."""
        names, read = keys_of((*cls.PAYLOAD, "known_at", "flags"))
        return present(names, read(columns))

    @classmethod
    def with_parts(cls, facts: models.QuerySet[Self]) -> models.QuerySet[Self]:
        """Return the facts with whatever else `payload` reads already fetched."""
        return facts


class Act(Fact):
    """What somebody or something did that has no fact table of its own: log-in, export, acknowledgement."""

    PAYLOAD = ("subject", "details")

    subject = models.CharField(max_length=300)
    details = models.JSONField(default=dict)


class Tree(models.Model):
    """How far an organisation's tree has grown: its size and frontier, all that is needed to extend it."""

    organisation = models.CharField(max_length=64, primary_key=True)
    size = models.BigIntegerField(default=0)
    frontier = models.BinaryField(default=bytes)


class Tile(models.Model):
    """Up to 256 hashes of one level of a tree, as C2SP tlog-tiles cuts it."""

    organisation = models.CharField(max_length=64)
    level = models.SmallIntegerField()
    index = models.BigIntegerField()
    hashes = models.BinaryField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["organisation", "level", "index"], name="one_tile_per_level_and_index"),
        ]


class Checkpoint(models.Model):
    """A signed state of an organisation's log, append-only."""

    organisation = models.CharField(max_length=64)
    size = models.BigIntegerField()
    root = models.BinaryField(max_length=32)
    note = models.TextField()
    signed_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["organisation", "size"], name="one_checkpoint_per_size_of_a_log"),
        ]


class LogKey(models.Model):
    """A public key that signs an organisation's checkpoints, append-only; the private one is a file of mode 0600."""

    organisation = models.CharField(max_length=64)
    origin = models.CharField(max_length=200)
    public_key = models.BinaryField(max_length=32, unique=True)
    created_at = models.DateTimeField()
