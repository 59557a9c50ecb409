"""What is new in the quarantine since somebody last looked, for the bell in the frame."""

from datetime import datetime

from audit.access.models import User
from inference.connectors.models import LastLook
from inference.connectors.queries import set_aside_within
from inference.intake.models import SetAside

MOST_COUNTED = 1_000  # beyond which the bell says "more than"


def last_look(user: User) -> int:
    """Return the last row that this person has seen in the list; 0 where they have never looked."""
    return LastLook.objects.filter(user=user).values_list("reached", flat=True).first() or 0


def new_rows(user: User, *, now: datetime) -> int:
    """Return how many rows within reach wait that came after the last look, at most one more than are counted."""
    waiting = set_aside_within(user, "see_quarantine", now=now).filter(state=SetAside.State.WAITING)
    return waiting.filter(pk__gt=last_look(user)).order_by()[: MOST_COUNTED + 1].count()


def has_looked(user: User, *, now: datetime) -> None:
    """Note that this person has seen what is in the quarantine by now, as far as they reach."""
    newest = set_aside_within(user, "see_quarantine", now=now).order_by("-pk").values_list("pk", flat=True).first()
    if newest and newest > last_look(user):
        LastLook.objects.update_or_create(user=user, defaults={"reached": newest})
