"""Let a month of sums count its labels by their delay; filled when the follower makes the sums again."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("monitoring", "0007_say_what_truth_rests_on")]

    operations = [
        migrations.AddField(model_name="monthsum", name="delays", field=models.JSONField(default=dict)),
    ]
