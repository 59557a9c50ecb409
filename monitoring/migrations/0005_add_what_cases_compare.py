"""Let cases carry what the other kinds of finding are judged by: class scores, matches, times, the reader's values.

Empty until the rows are made again: `catch_up --rebuild`, or the follower when the facts of a study change.
"""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("monitoring", "0004_sum_by_month")]

    operations = [
        migrations.AddField(model_name="case", name="class_scores", field=models.JSONField(null=True)),
        migrations.AddField(model_name="case", name="followed_days", field=models.FloatField(null=True)),
        migrations.AddField(model_name="case", name="comparison", field=models.JSONField(null=True)),
        migrations.AddField(model_name="case", name="reader_measurement", field=models.FloatField(null=True)),
        migrations.AddField(model_name="case", name="reader_category", field=models.JSONField(null=True)),
        migrations.AddField(model_name="case", name="minutes_to_treatment", field=models.FloatField(null=True)),
    ]
