"""A token that was replaced names the one that replaced it."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("audit", "0003_add_signatures"),
    ]

    operations = [
        migrations.AddField(
            model_name="token",
            name="replaced_by",
            field=models.OneToOneField(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="replaces", to="audit.token"
            ),
        ),
    ]
