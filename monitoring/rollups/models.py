"""Daily sums of cases, and how far a follower has read each organisation's log."""

from django.db import models


class Cursor(models.Model):
    """The next position a follower will read of one organisation's log."""

    follower = models.CharField(max_length=48)
    organisation = models.CharField(max_length=64)
    position = models.BigIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["follower", "organisation"], name="one_cursor_per_follower_and_log"),
        ]


class DailySum(models.Model):
    """Counts of one day's cases in one slice; `dimension` is empty for all of them.

    `counts` maps "truth|decision|reader|bin|standard" to a number of cases and
    "excluded|reason" to a number of logged predictions left out.
    """

    deployment_id = models.CharField(max_length=64)
    version = models.CharField(max_length=64, blank=True)
    finding = models.CharField(max_length=64)
    rule = models.CharField(max_length=64)
    day = models.DateField()
    dimension = models.CharField(max_length=64, blank=True)
    value = models.CharField(max_length=200, blank=True)
    counts = models.JSONField(default=dict)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["deployment_id", "finding", "rule", "dimension", "value", "day", "version"],
                name="one_daily_sum_per_slice",
            ),
        ]
