"""The queue's way to verify a large log, and what the log is told by the clock."""

from celery import shared_task
from django.utils import timezone

from audit.access.refusals import WINDOW, tell_refusals
from audit.serving.actions import verify_for


@shared_task(acks_late=True)
def verify_log_task(*, organisation: str, actor: str) -> None:
    verify_for(organisation, actor=actor, now=timezone.now())


@shared_task
def tell_refusals_task() -> None:
    now = timezone.now()
    tell_refusals(before=now - WINDOW, now=now)
