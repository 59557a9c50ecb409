"""Requests to erase a person, and holds that refuse it: ordinary tables; what happened stands in the log as acts."""

import uuid

from django.db import models

from inference.registry.models import Organisation


class Hold(models.Model):
    """What must be kept for a court or an authority: everything of a person, or of one study's patient."""

    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    person_id = models.UUIDField(db_index=True)
    study_id = models.UUIDField(null=True)
    reason = models.CharField(max_length=300)
    set_at = models.DateTimeField()
    set_by = models.CharField(max_length=200)
    lifted_at = models.DateTimeField(null=True)
    lifted_by = models.CharField(max_length=200, blank=True)


class Erasure(models.Model):
    """A request to erase one person: asked, signed by two people, done. `persons` are all ids merged into one."""

    class State(models.TextChoices):
        REQUESTED = "requested"
        EXECUTED = "executed"
        WITHDRAWN = "withdrawn"

    class Basis(models.TextChoices):
        REQUEST = "gdpr_17", "request of the person (GDPR 17)"
        RETENTION = "retention_end", "end of the retention period"

    uid = models.UUIDField(unique=True, default=uuid.uuid4)
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    study_id = models.UUIDField()
    persons = models.JSONField(default=list)
    basis = models.CharField(max_length=16, choices=Basis.choices)
    reason = models.CharField(max_length=300)
    state = models.CharField(max_length=16, choices=State.choices, default=State.REQUESTED)
    requested_at = models.DateTimeField()
    requested_by = models.CharField(max_length=200)
    closed_at = models.DateTimeField(null=True)
    closed_by = models.CharField(max_length=200, blank=True)
    counts = models.JSONField(default=dict)
