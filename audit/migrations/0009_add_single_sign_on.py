"""Link users to identities at a provider, mark the grants that follow from its groups, and give tokens a scope."""

import django.contrib.postgres.fields
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from audit.log.guards import rights


class Migration(migrations.Migration):
    dependencies = [
        ("audit", "0008_add_rules_of_logging_in"),
    ]

    operations = [
        migrations.AddField(
            model_name="grant",
            name="group",
            field=models.CharField(blank=True, max_length=200),
        ),
        migrations.AddField(
            model_name="token",
            name="scope",
            field=models.CharField(
                blank=True,
                choices=[
                    ("send", "sends facts"),
                    ("read", "reads what its user may read"),
                    ("provision", "makes and closes log-ins (SCIM)"),
                ],
                max_length=16,
            ),
        ),
        migrations.AddField(
            model_name="user",
            name="logs_in_elsewhere",
            field=models.BooleanField(default=False),
        ),
        migrations.CreateModel(
            name="Identity",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("issuer", models.CharField(max_length=300)),
                ("subject", models.CharField(max_length=255)),
                ("linked_at", models.DateTimeField()),
                ("last_used_at", models.DateTimeField(null=True)),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="identities",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("issuer", "subject"), name="one_user_per_subject_of_an_issuer")
                ],
            },
        ),
        rights(),
    ]
