"""The queue's application, and what it does by the clock.

Tasks are found in the subjects' `tasks.py`. A repeated task expires before its
next turn comes twice: a busy worker finds one waiting, not a hundred.
"""

import os
from pathlib import Path

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "deploy.settings.base")

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("inference", "monitoring", "audit")
CATCH_UP_SECONDS = 3.0
SWEEP_SECONDS = 20.0
MINUTE_SECONDS = 60.0
HOUR_SECONDS = 3600.0

app = Celery("radvigil")
app.config_from_object("django.conf:settings", namespace="CELERY")


def subjects() -> list[str]:
    """Return every subject that has tasks."""
    found = [path.parent.relative_to(ROOT) for name in PACKAGES for path in (ROOT / name).glob("*/tasks.py")]
    return sorted(".".join(folder.parts) for folder in found)


app.autodiscover_tasks(subjects)
app.conf.beat_schedule = {
    "catch up": {
        "task": "monitoring.dashboards.tasks.catch_up_task",
        "schedule": CATCH_UP_SECONDS,
        "options": {"expires": 2 * CATCH_UP_SECONDS},
    },
    "sweep": {
        "task": "inference.rescoring.tasks.sweep_task",
        "schedule": SWEEP_SECONDS,
        "options": {"expires": 2 * SWEEP_SECONDS},
    },
    "sweep repairs": {
        "task": "inference.connectors.tasks.sweep_repairs_task",
        "schedule": SWEEP_SECONDS,
        "options": {"expires": 2 * SWEEP_SECONDS},
    },
    "label reports": {
        "task": "inference.messages.tasks.label_unread_task",
        "schedule": SWEEP_SECONDS,
        "options": {"expires": 2 * SWEEP_SECONDS},
    },
    "tell refusals": {
        "task": "audit.serving.tasks.tell_refusals_task",
        "schedule": MINUTE_SECONDS,
        "options": {"expires": MINUTE_SECONDS},
    },
    "tell of failed log-ins": {
        "task": "audit.access.tasks.tell_failures_task",
        "schedule": MINUTE_SECONDS,
        "options": {"expires": MINUTE_SECONDS},
    },
    "ask witnesses": {
        "task": "audit.witnesses.tasks.ask_witnesses_task",
        "schedule": MINUTE_SECONDS,
        "options": {"expires": MINUTE_SECONDS},
    },
    "stamp checkpoints": {
        "task": "audit.witnesses.tasks.stamp_logs_task",
        "schedule": HOUR_SECONDS,
        "options": {"expires": HOUR_SECONDS},
    },
    "sweep packages": {
        "task": "monitoring.evidence.tasks.sweep_packages_task",
        "schedule": SWEEP_SECONDS,
        "options": {"expires": 2 * SWEEP_SECONDS},
    },
    "let what was set aside expire": {
        "task": "inference.retention.tasks.expire_task",
        "schedule": HOUR_SECONDS,
        "options": {"expires": 2 * HOUR_SECONDS},
    },
}
