"""One row for each logged prediction and rule: how it counts today, or why it is left out.

The rows are made by `monitoring.cases.counting` and can be rebuilt from the
facts; the rollups' follower keeps them at its cursor. An inference without a
prediction of a finding has one row for it, so the rows of a finding add up to
everything logged.
"""

from django.db import models


class Case(models.Model):
    organisation = models.CharField(max_length=64)
    product_id = models.CharField(max_length=64)
    site_id = models.CharField(max_length=64)
    deployment_id = models.CharField(max_length=64)
    version = models.CharField(max_length=64, blank=True)
    finding = models.CharField(max_length=64)
    region = models.CharField(max_length=64, blank=True)
    rule = models.CharField(max_length=64)
    study_id = models.UUIDField()
    person_id = models.UUIDField()
    inference_id = models.BigIntegerField()
    acquired_at = models.DateTimeField()
    acquired_on = models.DateField()
    excluded = models.CharField(max_length=48, blank=True)
    score = models.FloatField(null=True)
    threshold = models.FloatField(null=True)
    decision = models.CharField(max_length=16, blank=True)
    measurement = models.FloatField(null=True)
    category = models.JSONField(null=True)
    class_scores = models.JSONField(null=True)
    truth = models.CharField(max_length=16, blank=True)
    truth_id = models.BigIntegerField(null=True)
    truth_standard = models.CharField(max_length=24, blank=True)
    truth_reference = models.CharField(max_length=32, blank=True, default="")
    truth_measurement = models.FloatField(null=True)
    truth_category = models.JSONField(null=True)
    truth_known_at = models.DateTimeField(null=True)
    followed_days = models.FloatField(null=True)
    comparison = models.JSONField(null=True)
    reader_decision = models.CharField(max_length=16, blank=True)
    reader_measurement = models.FloatField(null=True)
    reader_category = models.JSONField(null=True)
    reader = models.CharField(max_length=128, blank=True)
    read_id = models.BigIntegerField(null=True)
    read_at = models.DateTimeField(null=True)
    stage = models.CharField(max_length=16, blank=True)
    ai_exposure = models.CharField(max_length=24, blank=True)
    minutes_to_reader = models.FloatField(null=True)
    minutes_to_treatment = models.FloatField(null=True)
    slices = models.JSONField(default=dict)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["rule", "inference_id", "finding", "region"], name="one_case_per_rule_prediction"
            ),
        ]
        indexes = [
            models.Index(fields=["deployment_id", "finding", "rule", "acquired_on"], name="cases_by_deployment"),
            models.Index(fields=["study_id"], name="cases_of_a_study"),
        ]
