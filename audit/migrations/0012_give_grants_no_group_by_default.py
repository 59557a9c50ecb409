"""Let a grant that names no group of single sign-on have none, whoever writes the row."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("audit", "0011_add_emergencies_and_refusal_counts"),
    ]

    operations = [
        migrations.AlterField(
            model_name="grant", name="group", field=models.CharField(blank=True, db_default="", max_length=200)
        ),
    ]
