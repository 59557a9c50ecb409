from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("inference", "0009_add_group_repairs")]

    operations = [
        migrations.AddField("site", "opt_out_stops_monitoring", models.BooleanField(default=False, db_default=False)),
    ]
