"""Messages of other systems as they came, encrypted: what rules are tried on, and what a person must look at."""

from django.db import models

from inference.registry.models import Site


class InboundMessage(models.Model):
    """One message. What it made of facts went through the intake; `waiting` ones need a person or a rule."""

    class State(models.TextChoices):
        TAKEN = "taken"
        WAITING = "waiting"
        REFUSED = "refused"
        DISMISSED = "dismissed"

    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="messages")
    origin = models.CharField(max_length=64)
    kind = models.CharField(max_length=48)
    digest = models.CharField(max_length=64)
    key_id = models.CharField(max_length=16)
    ciphertext = models.BinaryField()
    received_at = models.DateTimeField()
    state = models.CharField(max_length=16, choices=State.choices)
    reason = models.CharField(max_length=300, blank=True)
    rows = models.IntegerField(default=0)
    closed_at = models.DateTimeField(null=True)
    closed_by = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["site", "digest"], name="one_message_per_site_and_content"),
        ]
        indexes = [models.Index(fields=["site", "state", "received_at"], name="messages_by_state")]
