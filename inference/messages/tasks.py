"""What answers the queue: reports that a language model has not read yet."""

from celery import shared_task
from django.db import OperationalError
from django.utils import timezone

from inference.messages.labellers import label_unread


@shared_task(acks_late=True, autoretry_for=(OperationalError,), retry_backoff=True)
def label_unread_task() -> None:
    label_unread(now=timezone.now())
