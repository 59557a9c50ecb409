"""Let a deployment say which studies its product is meant to see."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("inference", "0014_add_model_answers")]

    operations = [
        migrations.AddField(model_name="deployment", name="eligible", field=models.JSONField(blank=True, default=dict)),
    ]
