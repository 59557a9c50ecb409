"""Add group repairs, discards that are signed, and what each person has looked at. All may change: no facts."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("inference", "0008_add_result_sources"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Discard",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("uid", models.CharField(max_length=32, unique=True)),
                ("kind", models.CharField(max_length=16)),
                ("reason", models.CharField(max_length=32)),
                ("rows", models.JSONField()),
                ("digests", models.JSONField()),
                ("prepared_at", models.DateTimeField()),
                ("prepared_by", models.CharField(max_length=200)),
                ("carried_out_at", models.DateTimeField(null=True)),
                (
                    "site",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="discards", to="inference.site"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="LastLook",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("reached", models.BigIntegerField(default=0)),
                (
                    "user",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Repair",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("kind", models.CharField(max_length=16)),
                ("outcome", models.CharField(max_length=16)),
                ("field", models.CharField(blank=True, max_length=120)),
                ("pattern", models.CharField(max_length=300)),
                ("words", models.CharField(max_length=300)),
                ("sealed_change", models.BinaryField()),
                ("rows", models.PositiveIntegerField()),
                ("went_in", models.PositiveIntegerField(default=0)),
                ("stayed", models.PositiveIntegerField(default=0)),
                ("why", models.JSONField(default=dict)),
                ("reached", models.BigIntegerField(default=0)),
                ("last", models.BigIntegerField()),
                ("requested_at", models.DateTimeField()),
                ("requested_by", models.CharField(max_length=200)),
                ("finished_at", models.DateTimeField(null=True)),
                (
                    "site",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="repairs", to="inference.site"
                    ),
                ),
            ],
        ),
    ]
