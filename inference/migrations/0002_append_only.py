"""Let the facts take new rows only, and take from the application's role what it need not do to them."""

from django.db import migrations

from audit.log.guards import append_only, rights


class Migration(migrations.Migration):
    dependencies = [("inference", "0001_initial"), ("audit", "0002_append_only")]

    operations = [
        append_only("inference_registration"),
        append_only("inference_inference"),
        append_only("inference_prediction"),
        append_only("inference_event"),
        append_only("inference_read"),
        append_only("inference_response"),
        append_only("inference_truth"),
        append_only("inference_correction"),
        append_only("inference_rescore"),
        rights(),
    ]
