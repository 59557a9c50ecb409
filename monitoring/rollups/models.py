"""Sums of cases by month, and how far a follower has read each organisation's log."""

from django.db import models

FIRST_DESIGN = 1


class Cursor(models.Model):
    """The next position a follower will read of one organisation's log, and the design of what it keeps."""

    follower = models.CharField(max_length=48)
    organisation = models.CharField(max_length=64)
    position = models.BigIntegerField(default=0)
    design = models.SmallIntegerField(default=FIRST_DESIGN)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["follower", "organisation"], name="one_cursor_per_follower_and_log"),
        ]


class MonthSum(models.Model):
    """One month's cases of one finding at one deployment, as columns and as sums of them.

    `excluded` maps a reason to counts by day of the month, `delays` a place among the delays of labels to a count.
    `codes`, `scores`, `persons` and `slices` hold the counted cases (`labels` names the slices); `tallies`, `bins`
    and `buckets` are made from these and do not grow with them.
    """

    deployment_id = models.CharField(max_length=64)
    version = models.CharField(max_length=64, blank=True)
    finding = models.CharField(max_length=64)
    rule = models.CharField(max_length=64)
    month = models.DateField()
    cases = models.IntegerField(default=0)
    excluded = models.JSONField(default=dict)
    delays = models.JSONField(default=dict)
    labels = models.JSONField(default=dict)
    codes = models.BinaryField(default=bytes)
    scores = models.BinaryField(default=bytes)
    persons = models.BinaryField(default=bytes)
    slices = models.BinaryField(default=bytes)
    tallies = models.BinaryField(default=bytes)
    bins = models.BinaryField(default=bytes)
    buckets = models.BinaryField(default=bytes)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["deployment_id", "finding", "rule", "version", "month"], name="one_sum_per_month_and_finding"
            ),
        ]
