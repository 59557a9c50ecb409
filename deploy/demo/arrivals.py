"""Lets a month of the simulated network arrive: objects into the pixel store, rows through the one door."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime

from deploy.demo.hospitals import HOSPITALS
from deploy.demo.outcomes import outcomes_of
from deploy.demo.planning import Plan
from deploy.demo.rows import KINDS, Row, Rows, rows_of, truth_row
from deploy.demo.simulation import Simulated
from deploy.demo.stories import MONTHS
from inference.connectors.kinds import KINDS as KINDS_BY_NAME
from inference.dicom.objects import read_image_object
from inference.errors import InferenceError
from inference.intake.actions import accept
from inference.intake.kinds import RawRow, Source
from inference.registry.models import Site
from inference.studies.pixels import store_objects

ACTOR, ORIGIN = "command:demo", "demo"
OBJECTS_AT_ONCE = 200

Truths = dict[str, list[Row]]  # by site


class DemoRowError(InferenceError):
    """A row of the demo's own did not go in: the demo and the intake disagree."""


def take_month(plan: Plan, *, made: Sequence[Simulated], truths: Truths, now: datetime) -> None:
    """Store what happened in one month, and the truths that became known in it."""
    for hospital in HOSPITALS:
        here = [each for each in made if each.study.site == hospital.key]
        store_pixels(here, site=hospital.key, now=now)
        rows = Rows(truth=truths.get(hospital.key, []))
        for each in here:
            rows.take(rows_of(each.study, each.answer, seed=plan.seed, reads_until=plan.reads_until))
        send(rows, site=hospital.key, now=now)


def truths_by_month(plan: Plan) -> dict[int, Truths]:
    """Return what each site learnt in each month, in the order in which it did."""
    learnt = [
        (outcome, study) for study in plan.studies for outcome in outcomes_of(study, seed=plan.seed, until=plan.end)
    ]
    learnt.sort(key=lambda pair: (pair[0].known_at, pair[0].uid))
    months: dict[int, Truths] = {month: defaultdict(list) for month in range(1, MONTHS + 1)}
    for outcome, study in learnt:
        month = plan.month_of(outcome.known_at.date())
        months[month][study.site].append(truth_row(study, outcome, seed=plan.seed))
    return months


def store_pixels(made: Sequence[Simulated], *, site: str, now: datetime) -> None:
    """Put the objects into the pixel store; a silent device's hospital keeps its images to itself."""
    place = Site.objects.select_related("organisation").get(pk=site)
    sent = [each for each in made if not each.study.is_silent]
    for start in range(0, len(sent), OBJECTS_AT_ONCE):
        objects = [
            read_image_object(each.dicom, name=f"study {each.study.number}")
            for each in sent[start : start + OBJECTS_AT_ONCE]
        ]
        store_objects(objects, site=place, now=now)


def send(rows: Rows, *, site: str, now: datetime) -> None:
    """Send rows as the site's systems would, device first."""
    for kind in KINDS:
        source = Source(
            site_key=site,
            actor=ACTOR,
            origin=ORIGIN,
            deployment_key=f"cxr-{site}" if kind == "inferences" else "",
        )
        send_rows(getattr(rows, kind), kind=kind, source=source, now=now)


def send_rows(values: Iterable[Row], *, kind: str, source: Source, now: datetime) -> None:
    """Send rows of one kind.

    Raises:
        DemoRowError: one was refused.
    """
    raw = [RawRow(number=number, value=value) for number, value in enumerate(values, start=1)]
    for receipt in accept(rows=raw, kind=KINDS_BY_NAME[kind], source=source, now=now):
        if not receipt.is_in:
            raise DemoRowError(f"{kind} row {receipt.row} ({receipt.uid}): {receipt.status}, {receipt.reason}")
