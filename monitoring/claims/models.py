"""Switches of claims: who held a product to a claim, from when, by which design, and why. Nothing is overwritten."""

from django.db import models

from inference.registry.models import Claim


class ClaimSwitch(models.Model):
    """One act: a claim switched on with its design, or off. The latest of a claim and organisation is in force."""

    uid = models.CharField(max_length=32, unique=True)
    claim = models.ForeignKey(Claim, on_delete=models.PROTECT, related_name="switches")
    organisation = models.CharField(max_length=64)
    product_id = models.CharField(max_length=64)
    is_on = models.BooleanField()
    at = models.DateTimeField()
    by = models.CharField(max_length=200)
    reason = models.CharField(max_length=300)
    design = models.JSONField(default=dict)

    class Meta:
        indexes = [models.Index(fields=["product_id", "organisation"], name="switches_of_a_product")]

    def __str__(self) -> str:
        return f"claim {self.claim_id} {'on' if self.is_on else 'off'}"
