"""What the demo adds beside the chest studies, and the following that turns facts into figures."""

from datetime import datetime

from django.core.management import call_command

from deploy.demo.planning import Plan
from deploy.demo.progress import Progress


def follow() -> None:
    call_command("catch_up", verbosity=0)


def add_all(*, plan: Plan, progress: Progress, now: datetime) -> None:
    with progress.phase("following", words="Rollups, monitors and signals", of=1):
        follow()
        progress.advance(to=1)
