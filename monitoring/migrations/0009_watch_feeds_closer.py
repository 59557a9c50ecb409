"""Let monitors watch partial silence, failures, lateness, repeats and what recorders lost."""

from django.db import migrations, models

KINDS = [
    ("score", "score drift"),
    ("metadata", "acquisition"),
    ("silence", "silent feed"),
    ("performance", "performance"),
    ("flagged", "flagged rows"),
    ("claim", "claim"),
    ("partial", "partly silent feed"),
    ("failed", "failed runs"),
    ("late", "late feed"),
    ("storm", "duplicate storm"),
    ("losses", "rows lost by a recorder"),
]


class Migration(migrations.Migration):
    dependencies = [("monitoring", "0008_count_labels_by_delay")]

    operations = [
        migrations.AlterField(model_name="monitor", name="kind", field=models.CharField(choices=KINDS, max_length=16)),
    ]
