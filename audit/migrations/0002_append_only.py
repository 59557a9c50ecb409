"""Let the log take new rows only, and give the roles their rights.

Going back drops the triggers; rights that were given stay.
"""

from django.db import migrations

from audit.log.guards import append_only, entries_take_their_place_once, refusal, rights


class Migration(migrations.Migration):
    dependencies = [("audit", "0001_initial")]

    operations = [
        refusal(),
        append_only("audit_act"),
        append_only("audit_checkpoint"),
        append_only("audit_logkey"),
        entries_take_their_place_once(),
        rights(),
    ]
