"""Let a case say what its truth rests on: its standard, marked where it was made with the product in view.

Empty until the rows are made again, which the follower does by itself: the sums have another design.
"""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("monitoring", "0006_add_label_plans")]

    operations = [
        migrations.AddField(
            model_name="case", name="truth_reference", field=models.CharField(blank=True, default="", max_length=32)
        ),
    ]
