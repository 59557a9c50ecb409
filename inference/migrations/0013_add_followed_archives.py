"""Keep what followed archives hold, and how far each was followed."""

import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models

ID = ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID"))


class Migration(migrations.Migration):
    dependencies = [("inference", "0012_add_holds_and_erasures")]

    operations = [
        migrations.CreateModel(
            name="Archive",
            fields=[
                ID,
                ("url", models.CharField(max_length=300)),
                ("cursor", models.BigIntegerField(null=True)),
                ("behind", models.BigIntegerField(default=0)),
                ("next_slice", models.IntegerField(default=0)),
                ("slices", models.IntegerField(default=0)),
                ("compare_began_at", models.DateTimeField(null=True)),
                ("compared_at", models.DateTimeField(null=True)),
                ("followed_at", models.DateTimeField(null=True)),
                ("last_error", models.CharField(blank=True, max_length=200)),
                ("failed_at", models.DateTimeField(null=True)),
                (
                    "site",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="archives", to="inference.site"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("site", "url"), name="one_archive_per_site_and_address")
                ],
            },
        ),
        migrations.CreateModel(
            name="ArchivedStudy",
            fields=[
                ID,
                ("study_on", models.DateField(null=True)),
                (
                    "modalities",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=16), default=list, size=None
                    ),
                ),
                ("series", models.IntegerField(null=True)),
                ("instances", models.IntegerField(null=True)),
                ("is_described", models.BooleanField(default=False)),
                ("first_seen_at", models.DateTimeField()),
                ("seen_at", models.DateTimeField()),
                ("settled_at", models.DateTimeField(null=True)),
                ("gone_at", models.DateTimeField(null=True)),
                ("problem", models.CharField(blank=True, max_length=200)),
                (
                    "archive",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="studies", to="inference.archive"
                    ),
                ),
                (
                    "study",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="archived", to="inference.study"
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["archive", "study_on"], name="archived_studies_by_day")],
                "constraints": [
                    models.UniqueConstraint(fields=("archive", "study"), name="one_row_per_archive_and_study")
                ],
            },
        ),
        migrations.CreateModel(
            name="ArchivedObject",
            fields=[
                ID,
                ("name", models.CharField(max_length=64)),
                ("form", models.CharField(max_length=40)),
                ("is_in", models.BooleanField()),
                ("reason", models.CharField(blank=True, max_length=200)),
                ("taken_at", models.DateTimeField()),
                (
                    "archived",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="objects_fetched",
                        to="inference.archivedstudy",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("archived", "name"), name="one_row_per_fetched_object")
                ],
            },
        ),
    ]
