"""Keep plans of labels, the cases they drew with their probabilities, and withdrawals: new rows only."""

import django.db.models.deletion
from django.db import migrations, models

from audit.log.guards import append_only, rights


class Migration(migrations.Migration):
    dependencies = [
        ("monitoring", "0005_add_what_cases_compare"),
    ]

    operations = [
        migrations.CreateModel(
            name="LabelPlan",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("uid", models.CharField(max_length=32, unique=True)),
                ("organisation", models.CharField(max_length=64)),
                ("product_id", models.CharField(max_length=64)),
                ("finding", models.CharField(max_length=64)),
                ("rule", models.CharField(max_length=64)),
                ("deployments", models.JSONField(default=list)),
                ("since", models.DateField()),
                ("until", models.DateField()),
                ("question", models.CharField(max_length=24)),
                ("budget", models.IntegerField()),
                ("floor", models.IntegerField()),
                ("seed", models.BigIntegerField()),
                ("design", models.CharField(max_length=40)),
                ("strata", models.JSONField(default=list)),
                ("expected", models.JSONField(default=dict)),
                ("labelled", models.BinaryField(default=bytes)),
                ("labelled_count", models.IntegerField()),
                ("digest", models.CharField(max_length=64)),
                ("drawn_at", models.DateTimeField()),
                ("drawn_by", models.CharField(max_length=200)),
            ],
            options={
                "indexes": [
                    models.Index(fields=["product_id", "finding", "-drawn_at"], name="label_plans_of_a_finding")
                ],
            },
        ),
        migrations.CreateModel(
            name="PlanWithdrawal",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("at", models.DateTimeField()),
                ("by", models.CharField(max_length=200)),
                ("reason", models.CharField(max_length=300)),
                (
                    "plan",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="withdrawal",
                        to="monitoring.labelplan",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="DrawnCase",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("position", models.IntegerField()),
                ("deployment_id", models.CharField(max_length=64)),
                ("site_id", models.CharField(max_length=64)),
                ("study_id", models.UUIDField()),
                ("person_id", models.UUIDField()),
                ("inference_id", models.BigIntegerField()),
                ("region", models.CharField(blank=True, max_length=64)),
                ("acquired_at", models.DateTimeField()),
                ("decision", models.CharField(max_length=16)),
                ("stratum", models.SmallIntegerField()),
                ("probability", models.FloatField()),
                (
                    "plan",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="cases", to="monitoring.labelplan"
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["study_id"], name="drawn_cases_of_a_study")],
                "constraints": [
                    models.UniqueConstraint(fields=("plan", "inference_id", "region"), name="a_plan_draws_a_case_once"),
                    models.CheckConstraint(
                        condition=models.Q(("probability__gt", 0), ("probability__lte", 1)),
                        name="a_drawn_case_had_a_chance",
                    ),
                ],
            },
        ),
        append_only("monitoring_labelplan"),
        append_only("monitoring_drawncase"),
        append_only("monitoring_planwithdrawal"),
        rights(),
    ]
