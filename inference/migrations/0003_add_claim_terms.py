"""Let a claim say its population, effect, comparator, limits and IFU version; the claims so far are absolute ones."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("inference", "0002_append_only")]

    operations = [
        migrations.AddField("claim", "population", models.JSONField(default=dict)),
        migrations.AddField("claim", "effect", models.CharField(default="absolute", max_length=16)),
        migrations.AddField(
            "claim", "comparator", models.CharField(blank=True, default="", max_length=32), preserve_default=False
        ),
        migrations.AddField("claim", "comparator_value", models.FloatField(null=True)),
        migrations.AddField(
            "claim", "direction", models.CharField(blank=True, default="", max_length=16), preserve_default=False
        ),
        migrations.AddField(
            "claim", "summary", models.CharField(blank=True, default="", max_length=16), preserve_default=False
        ),
        migrations.AddField("claim", "limit", models.FloatField(null=True)),
        migrations.AddField("claim", "upper", models.FloatField(null=True)),
        migrations.AddField(
            "claim", "ifu_version", models.CharField(blank=True, default="", max_length=64), preserve_default=False
        ),
    ]
