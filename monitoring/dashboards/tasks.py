"""The queue's way to catch up."""

from celery import shared_task
from django.utils import timezone

from monitoring.dashboards.catching_up import catch_up_unless_busy


@shared_task(acks_late=True)
def catch_up_task() -> None:
    catch_up_unless_busy(now=timezone.now())
