"""Plans of labels: what was drawn from what, by which design and seed. Fixed at selection, never changed.

The probability of a case to be drawn cannot be found out later, so it is kept with the draw. A withdrawal is a row of
its own; the plan stays.
"""

from django.db import models


class LabelPlan(models.Model):
    """One draw. `strata` says what each stratum is, how many cases it had and how many were drawn.

    `labelled` packs the cases of the window that had their label already: they count with probability 1.
    `digest` is the SHA-256 of the drawn list; the log's entry holds it too.
    """

    uid = models.CharField(max_length=32, unique=True)
    organisation = models.CharField(max_length=64)
    product_id = models.CharField(max_length=64)
    finding = models.CharField(max_length=64)
    rule = models.CharField(max_length=64)
    deployments = models.JSONField(default=list)
    since = models.DateField()
    until = models.DateField()
    question = models.CharField(max_length=24)
    budget = models.IntegerField()
    floor = models.IntegerField()
    seed = models.BigIntegerField()
    design = models.CharField(max_length=40)
    strata = models.JSONField(default=list)
    expected = models.JSONField(default=dict)
    labelled = models.BinaryField(default=bytes)
    labelled_count = models.IntegerField()
    digest = models.CharField(max_length=64)
    drawn_at = models.DateTimeField()
    drawn_by = models.CharField(max_length=200)

    class Meta:
        indexes = [models.Index(fields=["product_id", "finding", "-drawn_at"], name="label_plans_of_a_finding")]

    def __str__(self) -> str:
        return self.uid[:8]


class DrawnCase(models.Model):
    """A case to be labelled, with the stratum it was drawn from and the probability that it had."""

    plan = models.ForeignKey(LabelPlan, on_delete=models.PROTECT, related_name="cases")
    position = models.IntegerField()
    deployment_id = models.CharField(max_length=64)
    site_id = models.CharField(max_length=64)
    study_id = models.UUIDField()
    person_id = models.UUIDField()
    inference_id = models.BigIntegerField()
    region = models.CharField(max_length=64, blank=True)
    acquired_at = models.DateTimeField()
    decision = models.CharField(max_length=16)
    stratum = models.SmallIntegerField()
    probability = models.FloatField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["plan", "inference_id", "region"], name="a_plan_draws_a_case_once"),
            models.CheckConstraint(
                condition=models.Q(probability__gt=0, probability__lte=1), name="a_drawn_case_had_a_chance"
            ),
        ]
        indexes = [models.Index(fields=["study_id"], name="drawn_cases_of_a_study")]


class PlanWithdrawal(models.Model):
    """A plan taken back: nothing more is asked for it, and no estimate rests on it."""

    plan = models.OneToOneField(LabelPlan, on_delete=models.PROTECT, related_name="withdrawal")
    at = models.DateTimeField()
    by = models.CharField(max_length=200)
    reason = models.CharField(max_length=300)
