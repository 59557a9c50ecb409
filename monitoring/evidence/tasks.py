"""The queue's way to make a package."""

from celery import shared_task
from django.utils import timezone

from monitoring.evidence.actions import UNFINISHED, make_requested
from monitoring.evidence.models import Package


@shared_task(acks_late=True)
def make_package_task(*, package_id: int) -> None:
    make_requested(Package.objects.get(pk=package_id), now=timezone.now())


@shared_task
def sweep_packages_task() -> None:
    """Queue again what is not finished: the broker is only a hint, and a worker at it holds the package's lock."""
    for pk in Package.objects.filter(state__in=UNFINISHED).values_list("pk", flat=True):
        make_package_task.delay(package_id=pk)
