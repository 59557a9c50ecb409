"""Let a grant name the moment when it expires, and let no regulator's go without one.

Regulators' grants from before end ninety days from now, unless an administrator extends them.
"""

from django.db import migrations, models
from django.db.models import Q

FILL = """
    UPDATE audit_grant SET expires_at = coalesce(ended_at, now() + interval '90 days')
    WHERE role = 'regulator' AND expires_at IS NULL
"""


class Migration(migrations.Migration):
    dependencies = [
        ("audit", "0009_add_single_sign_on"),
    ]

    operations = [
        migrations.AddField(model_name="grant", name="expires_at", field=models.DateTimeField(null=True)),
        migrations.AddField(
            model_name="grant", name="is_emergency", field=models.BooleanField(db_default=False, default=False)
        ),
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
        migrations.AddConstraint(
            model_name="grant",
            constraint=models.CheckConstraint(
                condition=Q(expires_at__isnull=False) | (~Q(role__in=("regulator",)) & Q(is_emergency=False)),
                name="grant_of_a_regulator_or_in_an_emergency_expires",
            ),
        ),
    ]
