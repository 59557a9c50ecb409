"""Let a finding name the criterion by which a mark is a lesion; empty means that the mark's centre lies in its box."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("inference", "0006_add_mapping_rules")]

    operations = [
        migrations.AddField(
            model_name="finding",
            name="matching",
            field=models.CharField(blank=True, default="", max_length=32),
            preserve_default=False,
        ),
    ]
