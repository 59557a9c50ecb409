"""Keep sums by month, as columns and bins, in place of daily ones.

Nothing is carried over: the follower finds cursors of the first design and makes cases and sums again from the
facts, by itself, before it folds anything else.
"""

from django.db import migrations, models

# Arrays of random numbers: compressing them costs time and saves nothing.
PLAIN = [
    f"ALTER TABLE monitoring_monthsum ALTER COLUMN {column} SET STORAGE EXTERNAL"
    for column in ("codes", "scores", "persons", "slices", "tallies", "bins", "buckets")
]
BYTES = ("codes", "scores", "persons", "slices", "tallies", "bins", "buckets")


class Migration(migrations.Migration):
    dependencies = [("monitoring", "0003_watch_claims")]

    operations = [
        migrations.DeleteModel(name="DailySum"),
        migrations.AddField(model_name="cursor", name="design", field=models.SmallIntegerField(default=1)),
        migrations.CreateModel(
            name="MonthSum",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("deployment_id", models.CharField(max_length=64)),
                ("version", models.CharField(blank=True, max_length=64)),
                ("finding", models.CharField(max_length=64)),
                ("rule", models.CharField(max_length=64)),
                ("month", models.DateField()),
                ("cases", models.IntegerField(default=0)),
                ("excluded", models.JSONField(default=dict)),
                ("labels", models.JSONField(default=dict)),
                *[(name, models.BinaryField(default=bytes)) for name in BYTES],
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("deployment_id", "finding", "rule", "version", "month"),
                        name="one_sum_per_month_and_finding",
                    ),
                ],
            },
        ),
        migrations.RunSQL(PLAIN, migrations.RunSQL.noop),
    ]
