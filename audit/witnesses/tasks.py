"""The queue's way to ask witnesses."""

from celery import shared_task
from django.utils import timezone

from audit.witnesses.asking import ask_witnesses
from audit.witnesses.stamping import stamp_logs


@shared_task
def ask_witnesses_task() -> None:
    ask_witnesses(now=timezone.now())


@shared_task
def stamp_logs_task() -> None:
    stamp_logs(now=timezone.now())
