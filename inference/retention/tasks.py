"""The queue's part of retention: what has been kept long enough goes, and files that no row names."""

import logging
from pathlib import Path

from celery import shared_task
from django.conf import settings
from django.utils import timezone

from inference.retention.expiring import expire
from inference.studies.pixel_sweeping import sweep_pixels

logger = logging.getLogger(__name__)


@shared_task
def expire_task() -> None:
    now = timezone.now()
    expire(days=settings.RADVIGIL_KEEP_ASIDE_DAYS, now=now)
    if removed := sweep_pixels(Path(settings.RADVIGIL_PIXELS), now=now):
        logger.warning("%d pixel files without a row were removed", removed)
