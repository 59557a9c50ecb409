"""Let a log-in without any grant say whose log it belongs to."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("audit", "0012_give_grants_no_group_by_default"),
    ]

    operations = [
        migrations.AddField(
            model_name="user", name="made_for", field=models.CharField(blank=True, db_default="", max_length=64)
        ),
    ]
