"""The queue's part of retention: what has been kept long enough goes."""

from celery import shared_task
from django.conf import settings
from django.utils import timezone

from inference.retention.expiring import expire


@shared_task
def expire_task() -> None:
    expire(days=settings.RADVIGIL_KEEP_ASIDE_DAYS, now=timezone.now())
