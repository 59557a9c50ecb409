"""A network with inferences, truth and reads, counted and watched, for tests of pages."""

from datetime import datetime, timedelta

from monitoring.dashboards.catching_up import work_off
from tests.factories import NOON, inference_row, make_network, make_user, read_row, send, study_part, truth_row

LATER = NOON + timedelta(days=5)


def log_in(client, role="quality_officer", **binding):
    user = make_user(role=role, **binding)
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return user


def send_studies(
    count: int, *, site: str = "north", first: int = 1, positives: int = 0, missed: int = 0, now: datetime = NOON
) -> None:
    """Send studies with a read and a truth each: the first are positive, and of those the first are missed."""
    numbers = range(first, first + count)
    found = [number < first + positives for number in numbers]
    flagged = [first + missed <= number < first + positives for number in numbers]
    send(
        "inferences",
        *(
            inference_row(number, score=0.9 if hit else 0.1, deployment=f"cxr-{site}", study=study_part(number))
            for number, hit in zip(numbers, flagged, strict=True)
        ),
        site=site,
        now=now,
    )
    send("truth", *(truth_row(n, value=word(p)) for n, p in zip(numbers, found, strict=True)), site=site, now=now)
    send("reads", *(read_row(n, decision=word(p)) for n, p in zip(numbers, found, strict=True)), site=site, now=now)


def word(positive: bool) -> str:
    return "positive" if positive else "negative"


def make_watched(count: int = 40, *, positives: int = 20, missed: int = 5, site: str = "north") -> None:
    """Make a network and count `count` studies of one site: 15 hits, 5 misses and 20 true negatives by default."""
    make_network()
    send_studies(count, site=site, positives=positives, missed=missed)
    work_off(now=LATER)
