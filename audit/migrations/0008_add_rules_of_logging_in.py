"""Let an organisation say what it asks of log-ins, count failures, and tell people of their log-in."""

import django.contrib.postgres.fields
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from audit.log.guards import rights


class Migration(migrations.Migration):
    dependencies = [
        ("audit", "0007_keep_sessions_by_person"),
    ]

    operations = [
        migrations.CreateModel(
            name="AccessRules",
            fields=[
                ("organisation", models.CharField(max_length=64, primary_key=True, serialize=False)),
                (
                    "factor_roles",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=32), default=list, size=None
                    ),
                ),
                ("idle_minutes", models.PositiveIntegerField(null=True)),
                ("longest_hours", models.PositiveIntegerField(null=True)),
                ("password_days", models.PositiveIntegerField(null=True)),
            ],
        ),
        migrations.AddField(
            model_name="user",
            name="email",
            field=models.EmailField(blank=True, max_length=254),
        ),
        migrations.AddField(
            model_name="user",
            name="password_is_first",
            field=models.BooleanField(default=False),
        ),
        migrations.AddField(
            model_name="user",
            name="password_set_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.CreateModel(
            name="Failure",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("organisation", models.CharField(blank=True, max_length=64)),
                ("subject", models.CharField(max_length=300)),
                ("kind", models.CharField(max_length=48)),
                ("minute", models.DateTimeField()),
                ("count", models.PositiveIntegerField(default=0)),
                ("told", models.PositiveIntegerField(default=0)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("organisation", "subject", "kind", "minute"), name="one_count_per_failure_and_minute"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Notice",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("text", models.CharField(max_length=500)),
                ("at", models.DateTimeField()),
                ("read_at", models.DateTimeField(null=True)),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="notices", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
        ),
        rights(),
    ]
