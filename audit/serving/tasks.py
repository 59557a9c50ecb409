"""The queue's way to verify a large log."""

from celery import shared_task
from django.utils import timezone

from audit.serving.actions import verify_for


@shared_task(acks_late=True)
def verify_log_task(*, organisation: str, actor: str) -> None:
    verify_for(organisation, actor=actor, now=timezone.now())
