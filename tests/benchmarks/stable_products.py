"""Stable products for the false-alarm benchmark: counted cases of patients with several studies, nothing changing.

A patient has three to five studies, half of the patients on one day and half over two months, and their errors and
scores go together (intra-class correlation .35). Labels arrive after a delay.
"""

from datetime import UTC, date, datetime, time, timedelta

import numpy as np

from monitoring.signals.streams import CaseRow, Era

START = date(2025, 1, 6)
ERA = Era(name="1.0", version="1.0", starts_at=datetime(2025, 1, 1, tzinfo=UTC), ends_at=None, is_first=True)
PATIENTS_A_DAY, CORRELATION = 1.5, 0.35
ERRORS = {"positive": 0.1, "negative": 0.08}
PREVALENCE, DELAY_DAYS, RETURN_DAYS = 0.3, 20.0, 60


def stable_cases(*, days: int, seed: int) -> list[CaseRow]:
    """Return the cases of a product in order of acquisition; those whose label would come after the end have none."""
    generator = np.random.default_rng(seed)
    rows: list[CaseRow] = []
    for number in range(int(generator.poisson(PATIENTS_A_DAY * days))):
        rows += _patient(f"p{number}", first=int(generator.integers(days)), generator=generator)
    last = START + timedelta(days=days - 1)
    kept = [row for row in rows if row.day <= last and row.known_at is not None and row.known_at.date() <= last]
    return sorted(kept, key=lambda row: (row.acquired_at, row.study))


def _patient(person: str, *, first: int, generator: np.random.Generator) -> list[CaseRow]:
    truth = "positive" if generator.random() < PREVALENCE else "negative"
    spread = 1 / CORRELATION - 1
    wrong = generator.beta(ERRORS[truth] * spread, (1 - ERRORS[truth]) * spread)
    centre = generator.normal(1.3 if truth == "positive" else -1.6, np.sqrt(CORRELATION))
    count = int(generator.integers(3, 6))
    returns = generator.random() < 0.5
    later = generator.integers(1, RETURN_DAYS, size=count) if returns else np.zeros(count, dtype=int)
    return [
        _case(
            f"{person}-{place}",
            person=person,
            day=first + int(later[place]),
            truth=truth,
            wrong=wrong,
            centre=centre,
            generator=generator,
        )
        for place in range(count)
    ]


def _case(
    study: str, *, person: str, day: int, truth: str, wrong: float, centre: float, generator: np.random.Generator
) -> CaseRow:
    acquired_on = START + timedelta(days=day)
    at = datetime.combine(acquired_on, time(12), tzinfo=UTC)
    opposite = "negative" if truth == "positive" else "positive"
    logit = generator.normal(centre, np.sqrt(1 - CORRELATION))
    return CaseRow(
        study=study,
        person=person,
        acquired_at=at,
        day=acquired_on,
        version="1.0",
        finding="nodule",
        scanner="a",
        excluded="",
        score=float(1 / (1 + np.exp(-logit))),
        decision=opposite if generator.random() < wrong else truth,
        truth=truth,
        known_at=at + timedelta(days=1 + float(generator.exponential(DELAY_DAYS))),
    )
