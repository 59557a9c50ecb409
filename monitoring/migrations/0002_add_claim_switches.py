"""Keep who switched a claim on or off, when, why and by which design: new rows only."""

import django.db.models.deletion
from django.db import migrations, models

from audit.log.guards import append_only, rights


class Migration(migrations.Migration):
    dependencies = [("monitoring", "0001_initial"), ("inference", "0003_add_claim_terms")]

    operations = [
        migrations.CreateModel(
            name="ClaimSwitch",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("uid", models.CharField(max_length=32, unique=True)),
                ("organisation", models.CharField(max_length=64)),
                ("product_id", models.CharField(max_length=64)),
                ("is_on", models.BooleanField()),
                ("at", models.DateTimeField()),
                ("by", models.CharField(max_length=200)),
                ("reason", models.CharField(max_length=300)),
                ("design", models.JSONField(default=dict)),
                (
                    "claim",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="switches", to="inference.claim"
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["product_id", "organisation"], name="switches_of_a_product")],
            },
        ),
        append_only("monitoring_claimswitch"),
        rights(),
    ]
