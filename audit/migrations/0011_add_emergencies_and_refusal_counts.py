"""Keep why somebody took access in an emergency with what its review said, and count refused attempts by window."""

import django.db.models.deletion
from django.db import migrations, models

from audit.log.guards import rights


class Migration(migrations.Migration):
    dependencies = [
        ("audit", "0010_let_grants_expire"),
    ]

    operations = [
        migrations.CreateModel(
            name="Emergency",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("reason", models.CharField(max_length=500)),
                (
                    "verdict",
                    models.CharField(
                        blank=True,
                        choices=[("justified", "Justified"), ("not_justified", "not justified")],
                        max_length=16,
                    ),
                ),
                ("findings", models.CharField(blank=True, max_length=1000)),
                ("acknowledged_at", models.DateTimeField(null=True)),
                ("acknowledged_by", models.CharField(blank=True, max_length=200)),
                (
                    "grant",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT, related_name="emergency", to="audit.grant"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="RefusalCount",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("organisation", models.CharField(max_length=64)),
                ("who", models.CharField(max_length=200)),
                ("reason", models.CharField(max_length=32)),
                ("since", models.DateTimeField()),
                ("last_at", models.DateTimeField()),
                ("count", models.IntegerField(default=0)),
                ("routes", models.JSONField(default=dict)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("since", "organisation", "who", "reason"), name="one_refusal_count_per_window"
                    )
                ],
            },
        ),
        rights(),
    ]
