"""What is told to the log by the clock."""

from celery import shared_task
from django.utils import timezone

from audit.access.counting import tell_the_rest


@shared_task
def tell_failures_task() -> None:
    tell_the_rest(now=timezone.now())
