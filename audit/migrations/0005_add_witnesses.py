"""Let an installation ask witnesses to cosign its checkpoints, keep their answers, and be a witness itself."""

import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models

from audit.log.guards import append_only, memory_only_grows, rights


class Migration(migrations.Migration):
    dependencies = [
        ("audit", "0004_add_token_replacement"),
    ]

    operations = [
        migrations.CreateModel(
            name="Witness",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=200, unique=True)),
                ("key", models.CharField(max_length=400)),
                (
                    "way",
                    models.CharField(
                        choices=[("address", "Address"), ("folder", "Folder"), ("print", "Print")], max_length=8
                    ),
                ),
                ("place", models.CharField(blank=True, max_length=500)),
                ("ended_at", models.DateTimeField(null=True)),
                ("failures", models.IntegerField(default=0)),
                ("ask_after", models.DateTimeField(null=True)),
                ("last_answer", models.CharField(blank=True, max_length=300)),
            ],
        ),
        migrations.CreateModel(
            name="WitnessedLog",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("origin", models.CharField(max_length=200, unique=True)),
                ("keys", models.JSONField()),
                ("size", models.BigIntegerField(default=0)),
                ("root", models.BinaryField(default=bytes, max_length=32)),
                ("note", models.TextField(blank=True)),
                ("cosigned_at", models.DateTimeField(null=True)),
                ("ended_at", models.DateTimeField(null=True)),
            ],
        ),
        migrations.CreateModel(
            name="Cosignature",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("organisation", models.CharField(max_length=64)),
                ("known_at", models.DateTimeField(null=True)),
                ("received_at", models.DateTimeField()),
                (
                    "flags",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=80), default=list, size=None
                    ),
                ),
                ("witness", models.CharField(max_length=200)),
                ("key", models.CharField(max_length=400)),
                ("size", models.BigIntegerField()),
                ("root", models.CharField(max_length=64)),
                ("line", models.TextField()),
                ("cosigned_at", models.DateTimeField()),
                (
                    "entry",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="audit.entry"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("organisation", "key", "size"), name="one_cosignature_per_witness_and_size"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="TimeStamp",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("organisation", models.CharField(max_length=64)),
                ("known_at", models.DateTimeField(null=True)),
                ("received_at", models.DateTimeField()),
                (
                    "flags",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=80), default=list, size=None
                    ),
                ),
                ("server", models.CharField(max_length=500)),
                ("size", models.BigIntegerField()),
                ("root", models.CharField(max_length=64)),
                ("token", models.BinaryField()),
                ("stamped_at", models.DateTimeField()),
                (
                    "entry",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="audit.entry"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("organisation", "server", "size"), name="one_time_stamp_per_size")
                ],
            },
        ),
        append_only("audit_cosignature"),
        append_only("audit_timestamp"),
        memory_only_grows("audit_witnessedlog"),
        rights(),
    ]
