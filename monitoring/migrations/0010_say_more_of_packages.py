"""Say of a package what it is for, who gets it, what it follows on, and how far it is."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("monitoring", "0009_watch_feeds_closer"),
    ]

    operations = [
        migrations.AddField(
            model_name="package",
            name="done",
            field=models.BigIntegerField(db_default=0, default=0),
        ),
        migrations.AddField(
            model_name="package",
            name="of",
            field=models.BigIntegerField(db_default=0, default=0),
        ),
        migrations.AddField(
            model_name="package",
            name="previous",
            field=models.CharField(blank=True, db_default="", max_length=64),
        ),
        migrations.AddField(
            model_name="package",
            name="purpose",
            field=models.CharField(db_default="regulator", default="regulator", max_length=16),
        ),
        migrations.AddField(
            model_name="package",
            name="recipient",
            field=models.CharField(blank=True, db_default="", max_length=64),
        ),
        migrations.AddField(
            model_name="package",
            name="renditions",
            field=models.JSONField(db_default=[], default=list),
        ),
        migrations.AlterField(
            model_name="package",
            name="state",
            field=models.CharField(
                choices=[
                    ("waiting", "Waiting"),
                    ("making", "Making"),
                    ("ready", "Ready"),
                    ("failed", "Failed"),
                    ("cancelled", "Cancelled"),
                ],
                default="waiting",
                max_length=16,
            ),
        ),
    ]
