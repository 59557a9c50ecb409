from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("inference", "0010_stop_at_opt_outs")]

    operations = [
        migrations.CreateModel(
            name="SharedOrder",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("organisation", models.CharField(max_length=64)),
                ("first", models.UUIDField(db_index=True)),
                ("other", models.UUIDField(db_index=True)),
                ("known_at", models.DateTimeField()),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("first", "other"), name="one_line_per_pair_of_an_order")
                ],
            },
        ),
    ]
