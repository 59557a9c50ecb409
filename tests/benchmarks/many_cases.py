"""Counted cases of many sites over three years, stored as the follower would, for benchmarks of what reads them.

One patient in four comes back; half of the cases have a truth. Only the cases and their sums are made, no facts.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import islice
from math import exp
from random import Random
from typing import Any
from uuid import UUID

SITES, YEARS, FIRST = 20, 3, date(2023, 11, 1)
PREVALENCE, LABELLED, RETURNING, THRESHOLD = 0.14, 0.5, 0.25, 0.5
AT_ONCE = 50_000


def register_sites() -> None:
    """Register the sites and a deployment of the product at each."""
    from django.utils import timezone

    from inference.registry.actions import register

    sites = "\n".join(f"  - {{key: site-{at}, name: Site {at}, timezone: Europe/Berlin}}" for at in range(SITES))
    deployments = "\n".join(
        f'  - {{key: cxr-{at}, product: cxr, site: site-{at}, version: "1.0", role: second_reader, from: {FIRST}}}'
        for at in range(SITES)
    )
    text = f"organisation: north-group\nsites:\n{sites}\ndeployments:\n{deployments}\n"
    register(text=text, actor="benchmark", now=timezone.now())


def store_cases(count: int, *, rows: bool, seed: int = 7) -> None:
    """Store cases and their sums; without `rows` the sums alone."""
    from django.db import transaction

    from monitoring.cases.actions import Change, write_cases
    from monitoring.rollups.binning import scale_of
    from monitoring.rollups.folding import Delta, fold
    from monitoring.rollups.storing import add_to_sums

    waiting = cases(count, seed=seed)
    while some := list(islice(waiting, AT_ONCE)):
        delta = Delta()
        with transaction.atomic():
            if rows:
                write_cases(some)
            fold((Change(None, case) for case in some), into=delta)
            add_to_sums(delta, scale_of=lambda deployment, finding: scale_of("probability", None))


def cases(count: int, *, seed: int) -> Iterator[Any]:
    from monitoring.cases.facts import CountedCase

    generator, blank = Random(seed), blank_case()
    for number in range(count):
        yield CountedCase(**(blank | a_case(generator, number=number, count=count)))


def blank_case() -> dict[str, Any]:
    from django.db.models import CharField

    from monitoring.cases.facts import CountedCase
    from monitoring.cases.models import Case

    texts = {each.name for each in Case._meta.get_fields() if isinstance(each, CharField)}
    return {name: "" if name in texts else None for name in CountedCase._fields}


def a_case(generator: Random, *, number: int, count: int) -> dict[str, Any]:
    site, day = number % SITES, FIRST + timedelta(days=number * 365 * YEARS // count)
    back = number - SITES if generator.random() < RETURNING and number >= SITES else number
    is_positive = generator.random() < PREVALENCE
    score = 1 / (1 + exp(-generator.gauss(1.0 if is_positive else -1.5, 1.2)))
    truth = ("positive" if is_positive else "negative") if generator.random() < LABELLED else ""
    moment = datetime(day.year, day.month, day.day, 9, tzinfo=UTC)
    return {
        "organisation": "north-group",
        "product_id": "cxr",
        "site_id": f"site-{site}",
        "deployment_id": f"cxr-{site}",
        "version": "1.0",
        "finding": "nodule",
        "rule": "default",
        "study_id": UUID(int=number),
        "person_id": UUID(int=Random(back).getrandbits(128)),
        "inference_id": number,
        "acquired_at": moment,
        "acquired_on": day,
        "score": score,
        "threshold": THRESHOLD,
        "decision": "positive" if score >= THRESHOLD else "negative",
        "truth": truth,
        "truth_standard": "pathology" if truth else "",
        "truth_reference": "pathology" if truth else "",
        "truth_known_at": moment + timedelta(days=generator.randint(1, 60)) if truth else None,
        "slices": {
            "month": f"{day:%Y-%m}",
            "scanner": f"scanner-{site}-{number % 3}",
            "sex": "FM"[number % 2],
            "age_band": "60-69",
        },
    }
