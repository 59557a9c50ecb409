"""The queue's way to ask witnesses."""

from celery import shared_task
from django.utils import timezone

from audit.witnesses.asking import ask_witnesses


@shared_task
def ask_witnesses_task() -> None:
    ask_witnesses(now=timezone.now())
