"""Let a monitor be of the kind `claim`."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("monitoring", "0002_add_claim_switches")]

    operations = [
        migrations.AlterField(
            model_name="monitor",
            name="kind",
            field=models.CharField(
                choices=[
                    ("score", "score drift"),
                    ("metadata", "acquisition"),
                    ("silence", "silent feed"),
                    ("performance", "performance"),
                    ("flagged", "flagged rows"),
                    ("claim", "claim"),
                ],
                max_length=16,
            ),
        ),
    ]
