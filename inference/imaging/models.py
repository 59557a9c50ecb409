"""Whose results come from where, and which archives are followed.

Which algorithm is which deployment, which code is which finding; what an archive holds and what was fetched of it.
"""

from django.contrib.postgres.fields import ArrayField
from django.db import models

from inference.registry.models import Deployment, Site
from inference.studies.models import Study


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


class Archive(models.Model):
    """An archive that is followed over DICOMweb: how far, and how it stands. Log-ins are never kept here.

    `cursor` is that of Orthanc's list of changes; `next_slice` is where a full comparison that began at
    `compare_began_at` goes on.
    """

    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="archives")
    url = models.CharField(max_length=300)
    cursor = models.BigIntegerField(null=True)
    behind = models.BigIntegerField(default=0)
    next_slice = models.IntegerField(default=0)
    slices = models.IntegerField(default=0)
    compare_began_at = models.DateTimeField(null=True)
    compared_at = models.DateTimeField(null=True)
    followed_at = models.DateTimeField(null=True)
    last_error = models.CharField(max_length=200, blank=True)
    failed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["site", "url"], name="one_archive_per_site_and_address")]


class ArchivedStudy(models.Model):
    """A study that an archive holds, as it was last seen there. `settled_at` is empty until all of it was looked at."""

    archive = models.ForeignKey(Archive, on_delete=models.PROTECT, related_name="studies")
    study = models.ForeignKey(Study, on_delete=models.CASCADE, related_name="archived")
    study_on = models.DateField(null=True)
    modalities = ArrayField(models.CharField(max_length=16), default=list)
    series = models.IntegerField(null=True)
    instances = models.IntegerField(null=True)
    is_described = models.BooleanField(default=False)
    first_seen_at = models.DateTimeField()
    seen_at = models.DateTimeField()
    settled_at = models.DateTimeField(null=True)
    gone_at = models.DateTimeField(null=True)
    problem = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["archive", "study"], name="one_row_per_archive_and_study")]
        indexes = [models.Index(fields=["archive", "study_on"], name="archived_studies_by_day")]


class ArchivedObject(models.Model):
    """An object of an archive that was fetched, under a keyed pseudonym, and what became of it: never fetched twice."""

    archived = models.ForeignKey(ArchivedStudy, on_delete=models.CASCADE, related_name="objects_fetched")
    name = models.CharField(max_length=64)
    form = models.CharField(max_length=40)
    is_in = models.BooleanField()
    reason = models.CharField(max_length=200, blank=True)
    taken_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["archived", "name"], name="one_row_per_fetched_object")]
