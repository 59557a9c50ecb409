"""Let a site say which sensitive dimensions it may be sliced by; so far none."""

from django.contrib.postgres.fields import ArrayField
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("inference", "0003_add_claim_terms")]

    operations = [
        migrations.AddField("site", "lawful_dimensions", ArrayField(models.CharField(max_length=64), default=list)),
    ]
