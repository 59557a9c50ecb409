"""Let people have second factors, and codes for the day when they are lost."""

import django.contrib.postgres.fields
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from audit.log.guards import rights


class Migration(migrations.Migration):
    dependencies = [
        ("audit", "0005_add_witnesses"),
    ]

    operations = [
        migrations.CreateModel(
            name="RecoveryCode",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("digest", models.CharField(max_length=64, unique=True)),
                ("made_at", models.DateTimeField()),
                ("used_at", models.DateTimeField(null=True)),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="recovery_codes",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Factor",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[("app", "authenticator app"), ("key", "passkey or security key")], max_length=8
                    ),
                ),
                ("name", models.CharField(max_length=80)),
                ("material", models.BinaryField()),
                ("credential", models.BinaryField(null=True, unique=True)),
                (
                    "transports",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=20), default=list, size=None
                    ),
                ),
                ("counter", models.BigIntegerField(default=-1)),
                ("created_at", models.DateTimeField()),
                ("confirmed_at", models.DateTimeField(null=True)),
                ("last_used_at", models.DateTimeField(null=True)),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="factors", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("credential__isnull", False), ("kind", "key")),
                            models.Q(("credential", None), ("kind", "app")),
                            _connector="OR",
                        ),
                        name="security_keys_and_they_alone_have_a_credential",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("confirmed_at", None), ("kind", "app")),
                        fields=("user",),
                        name="one_app_at_a_time_waits_for_its_first_code",
                    ),
                ],
            },
        ),
        rights(),
    ]
