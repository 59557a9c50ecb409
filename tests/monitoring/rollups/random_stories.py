"""Random weeks of a hospital: every kind of fact, amended, merged, cancelled, late, in any order."""

import random
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from tests.factories import NOON, correction_row, event_row, inference_row, read_row, send, study_part, truth_row

STUDIES = 12
KINDS = ("inferences", "events", "reads", "truth", "corrections")


def a_fact(draw: random.Random, *, number: int) -> tuple[str, Mapping[str, Any]]:
    """Return a kind and a row; `number` makes its uid."""
    kind = draw.choices(KINDS, weights=(5, 2, 3, 5, 1))[0]
    study = draw.randint(1, STUDIES)
    return kind, MAKERS[kind](draw, study, number)


def an_inference(draw: random.Random, study: int, number: int) -> dict[str, Any]:
    said = [{"finding": each, "score": round(draw.random(), draw.choice((1, 3, 9)))} for each in ("nodule", "effusion")]
    day = 1 + study % 5
    part = study_part(
        study,
        patient_id=f"P{study % 7}",
        patient_sex=draw.choice("FM"),
        acquired_at=f"2026-03-0{day}T08:15:00+01:00",
    )
    return inference_row(
        study,
        inference_uid=f"run-{study}-{number}" if draw.random() < 0.5 else f"run-{study}",
        version=draw.choice(("1.0", "1.0", "1.0", "9.9")),
        status=draw.choice(("ok", "ok", "ok", "failed", "partial")),
        study=part,
        predictions=draw.sample(said, k=draw.randint(0, 2)),
        finished_at=f"2026-03-0{day}T09:{draw.randint(10, 59)}:00+01:00",
    )


def an_event(draw: random.Random, study: int, number: int) -> dict[str, Any]:
    return event_row(study, event_uid=f"e{number}", at=f"2026-03-02T1{draw.randint(0, 9)}:30:00+01:00")


def a_read(draw: random.Random, study: int, number: int) -> dict[str, Any]:
    return read_row(
        study,
        read_uid=f"r{number}",
        decision=draw.choice(("positive", "negative", "indeterminate")),
        finding=draw.choice(("nodule", "effusion")),
        stage=draw.choice(("first", "second", "arbitration", "final", "retrospective")),
        read_at=f"2026-03-02T1{draw.randint(0, 9)}:00:00+01:00",
        **amending(draw, "r", number),
    )


def a_truth(draw: random.Random, study: int, number: int) -> dict[str, Any]:
    return truth_row(
        study,
        truth_uid=f"t{number}",
        value=draw.choice(("positive", "negative", "indeterminate")),
        finding=draw.choice(("nodule", "effusion")),
        standard=draw.choice(("pathology", "follow_up", "report_human")),
        certainty=draw.choice(("definite", "probable", "unknown")),
        determined_at=f"2026-03-0{draw.randint(2, 9)}T10:00:00+01:00",
        **amending(draw, "t", number),
    )


def a_correction(draw: random.Random, study: int, number: int) -> dict[str, Any]:
    kind = draw.choice(("merge", "unmerge", "wrong_patient", "opted_out", "study_cancelled", "images_rejected"))
    row = correction_row(
        kind=kind, correction_uid=f"c{number}", patient_id=f"P{draw.randint(0, 6)}", **amending(draw, "c", number)
    )
    if kind in ("merge", "unmerge"):
        return row | {"other_patient_id": f"P{draw.randint(7, 9)}"}
    if kind == "opted_out":
        return row
    study_uid = f"1.2.826.0.1.{study}"
    return row | {"study_uid": study_uid} if kind == "wrong_patient" else {**row, "study_uid": study_uid}


def amending(draw: random.Random, letter: str, number: int) -> dict[str, str]:
    return {"amends": f"{letter}{draw.randint(0, max(0, number - 1))}"} if draw.random() < 0.3 else {}


MAKERS = {
    "inferences": an_inference,
    "events": an_event,
    "reads": a_read,
    "truth": a_truth,
    "corrections": a_correction,
}


def tell(draw: random.Random, *, facts: int, first: int = 0) -> datetime:
    """Send facts one after the other and return when the last came in."""
    now = NOON
    for number in range(first, first + facts):
        now = NOON + timedelta(hours=number)
        kind, row = a_fact(draw, number=number)
        send(kind, row, now=now)
    return now
