"""A database that is made for one benchmark and dropped after it, and files of rows to fill it with."""

import os
import random
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

VERSION, SITE, DEPLOYMENT = "1.0", "north", "cxr-north"


@contextmanager
def scratch_network() -> Iterator[None]:
    """Stand up an empty database with the tests' small network registered."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "deploy.settings.test")
    import django

    django.setup()
    from django.test.utils import (
        setup_databases,
        setup_test_environment,
        teardown_databases,
        teardown_test_environment,
    )

    from tests.factories import make_network

    setup_test_environment()
    made = setup_databases(verbosity=0, interactive=False)
    try:
        make_network()
        yield
    finally:
        teardown_databases(made, verbosity=0)
        teardown_test_environment()


def write_inferences(path: Path, *, count: int) -> None:
    """Write runs of one finding over ten months of 2026, one patient in eight coming back."""
    generator = random.Random(7)
    numbers = range(count)
    days = [number * 280 // count for number in numbers]
    columns = {
        "inference_uid": [f"run-{number}" for number in numbers],
        "version": [VERSION] * count,
        "status": ["ok"] * count,
        "study.study_uid": [f"1.2.826.0.1.{number}" for number in numbers],
        "study.patient_id": [f"P{number - 1 if number % 8 == 7 else number}" for number in numbers],
        "study.modality": ["DX"] * count,
        "study.acquired_at": [f"2026-{1 + day // 28:02}-{1 + day % 28:02}T08:15:00+01:00" for day in days],
        "study.patient_age_years": [float(generator.randint(18, 95)) for _ in numbers],
        "study.patient_sex": [generator.choice("FM") for _ in numbers],
        "finding": ["nodule"] * count,
        "score": [generator.random() for _ in numbers],
    }
    pq.write_table(pa.table(columns), path)


def write_truths(path: Path, *, count: int, share: float) -> None:
    chosen = range(0, count, round(1 / share))
    columns = {
        "truth_uid": [f"truth-{number}" for number in chosen],
        "study_uid": [f"1.2.826.0.1.{number}" for number in chosen],
        "finding": ["nodule"] * len(chosen),
        "value": ["positive" if number % 7 == 0 else "negative" for number in chosen],
        "standard": ["second_modality"] * len(chosen),
        "determined_at": ["2026-11-05T10:00:00+01:00"] * len(chosen),
    }
    pq.write_table(pa.table(columns), path)


def import_quietly(command: str, path: Path, **options: Any) -> None:
    """Run an import command; it ends the process where a row did not go in."""
    from django.core.management import call_command

    with Path(os.devnull).open("w") as nothing:
        call_command(command, str(path), **options, stdout=nothing, stderr=nothing)
