"""Whose results come from where: which algorithm is which deployment, and which code is which finding."""

from django.db import models

from inference.registry.models import Deployment, Site


class ResultSource(models.Model):
    """An algorithm as its objects name it, at one site. Empty means any; the source that says most is taken.

    `findings` maps codes (`SCT:39607008`, `LABEL:…`) to the product's findings where a concept's own code does not
    do; `answers` maps codes of an assessment to responses.
    """

    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="result_sources")
    deployment = models.ForeignKey(Deployment, on_delete=models.PROTECT, related_name="result_sources")
    calling_ae = models.CharField(max_length=16, blank=True)
    manufacturer = models.CharField(max_length=64, blank=True)
    algorithm = models.CharField(max_length=64, blank=True)
    findings = models.JSONField(default=dict, blank=True)
    answers = models.JSONField(default=dict, blank=True)
    created_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["site", "calling_ae", "manufacturer", "algorithm"],
                condition=models.Q(ended_at=None),
                name="one_source_in_force_per_algorithm_of_a_site",
            ),
        ]
