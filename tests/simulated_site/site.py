"""Hospitals in memory, with readers, scanners and a clock we turn: whole stories without pixels, network or sleeping.

Every fact goes through the one way in. Systems send once a week, at its end;
then the log is sequenced and followed, and the monitors look.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import numpy as np
from django.db import connection

from audit.log.sequencing import sequence
from deploy.demo.hospitals import Hospital, Scanner
from deploy.demo.outcomes import Outcome, outcomes_of
from deploy.demo.planning import DAY_WEIGHTS, Patient, PlannedStudy, new_patient, plan_study
from deploy.demo.rows import KINDS, Row, Rows, rows_of, truth_row
from deploy.demo.stories import Effect
from inference.connectors.kinds import KINDS as KINDS_BY_NAME
from inference.intake.actions import accept
from inference.intake.kinds import RawRow, Receipt, Source
from inference.registry.actions import register
from monitoring.rollups.actions import follow
from monitoring.signals.actions import run_monitors
from monitoring.signals.models import Signal
from tests.simulated_site.drawing import draw_answer
from tests.simulated_site.network import HOSPITALS, network_from

START = date(2026, 1, 5)  # a Monday
FOREVER = datetime(2100, 1, 1, tzinfo=UTC)
RETURNING = 0.13


class SimulatedSite:
    """Two hospitals, `north` and `east`. What is changed stays so until it is changed again."""

    def __init__(self, *, seed: int = 7, studies_per_week: int = 60, start: date = START) -> None:
        self.seed = seed
        self.studies_per_week = studies_per_week
        self.day = self.start = start
        self.random = np.random.default_rng(seed)
        self.effects: dict[str, Effect] = {hospital.key: Effect() for hospital in HOSPITALS}
        self.scanners: dict[str, tuple[Scanner, ...]] = {each.key: each.scanners for each in HOSPITALS}
        self.patients: dict[str, list[Patient]] = defaultdict(list)
        self.waiting: list[tuple[PlannedStudy, Outcome]] = []
        self.studies: list[PlannedStudy] = []
        self.receipts: list[Receipt] = []
        register(text=network_from(start), actor="test", now=self.now)

    @property
    def now(self) -> datetime:
        """The simulated clock: the first moment of the current day."""
        return datetime.combine(self.day, time.min, tzinfo=UTC)

    # --- what a story does ---------------------------------------------------------------------------------------

    def run(self, *, weeks: int) -> None:
        """Let weeks pass: studies are made, scored and read, truths become known, monitors look."""
        for _ in range(weeks):
            sent = {hospital.key: Rows() for hospital in HOSPITALS}
            for _ in range(7):
                self._day(sent)
            for site, rows in sent.items():
                self._send(rows, site=site)
            self.catch_up()

    def replace_scanner(self, *, brightness: float, site: str = "north") -> None:
        """Put new machines in every room of a site; a brighter image is one with a flatter look-up table."""
        self.scanners[site] = tuple(
            replace(each, key=f"{each.key}-new", serial_number=f"{each.serial_number}-new")
            for each in self.scanners[site]
        )
        self.change(lut_gamma=1 / brightness, site=site)

    def change_look_up_table(self, *, gamma: float, site: str = "north") -> None:
        self.change(lut_gamma=gamma, site=site)

    def change_prevalence(self, *, to: float, site: str = "north") -> None:
        self.change(prevalence=to, site=site)

    def send_version(self, version: str, *, site: str = "north") -> None:
        """Let the device of a site name another version, whether it is registered or not."""
        self.change(version=version, site=site)

    def fall_silent(self, *, site: str = "north") -> None:
        """Let the device send nothing; the hospital goes on reading."""
        self.change(silent=True, site=site)

    def speak_again(self, *, site: str = "north") -> None:
        self.change(silent=False, site=site)

    def change(self, *, site: str, **effects: float | str | bool) -> None:
        self.effects[site] = replace(self.effects[site], **effects)

    def signals(self, *, site: str = "", kind: str = "") -> list[Signal]:
        """Return what the monitors raised, oldest alarm first."""
        found = Signal.objects.select_related("monitor").order_by("alarm_on", "uid")
        found = found.filter(monitor__site_id=site) if site else found
        return list(found.filter(monitor__kind=kind) if kind else found)

    def catch_up(self) -> None:
        """Do what the workers do all the time, on statistics that autovacuum would have refreshed."""
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")
        sequence(now=self.now)
        follow(now=self.now)
        run_monitors(now=self.now)

    # --- one day -------------------------------------------------------------------------------------------------

    def _day(self, sent: dict[str, Rows]) -> None:
        today, self.day = self.day, self.day + timedelta(days=1)
        for hospital in HOSPITALS:
            for study in self._studies(hospital, day=today):
                sent[hospital.key].take(self._rows(study))
            sent[hospital.key].truth.extend(self._truths(site=hospital.key))

    def _studies(self, hospital: Hospital, *, day: date) -> list[PlannedStudy]:
        expected = self.studies_per_week * DAY_WEIGHTS[day.weekday()] / sum(DAY_WEIGHTS)
        made = [self._study(hospital, day=day) for _ in range(self.random.poisson(expected))]
        self.studies.extend(made)
        return made

    def _study(self, hospital: Hospital, *, day: date) -> PlannedStudy:
        scanners = self.scanners[hospital.key]
        minute = int(self.random.uniform(7 * 60, 18 * 60))
        moment = datetime.combine(day, time(minute // 60, minute % 60), tzinfo=ZoneInfo(hospital.timezone))
        return plan_study(
            hospital,
            scanner=scanners[int(self.random.integers(len(scanners)))],
            patient=self._patient(hospital.key),
            acquired_at=moment,
            effect=self.effects[hospital.key],
            random=self.random,
            number=len(self.studies) + int(self.random.integers(1, 10**9)),
        )

    def _patient(self, site: str) -> Patient:
        known = self.patients[site]
        if known and self.random.random() < RETURNING:
            return known[int(self.random.integers(len(known)))]
        known.append(new_patient(len(known), random=self.random))
        return known[-1]

    def _rows(self, study: PlannedStudy) -> Rows:
        answer = draw_answer(study, usual_gamma=study.scanner.vendor.exposure.lut_gamma, random=self.random)
        self.waiting.extend((study, each) for each in outcomes_of(study, seed=self.seed, until=FOREVER))
        return rows_of(study, answer, seed=self.seed, reads_until=FOREVER)

    def _truths(self, *, site: str) -> list[Row]:
        due = [pair for pair in self.waiting if pair[0].site == site and pair[1].known_at <= self.now]
        self.waiting = [pair for pair in self.waiting if pair not in due]
        due.sort(key=lambda pair: pair[1].known_at)
        return [truth_row(study, outcome, seed=self.seed) for study, outcome in due]

    def _send(self, rows: Rows, *, site: str) -> None:
        for kind in KINDS:
            deployment = f"cxr-{site}" if kind == "inferences" else ""
            self._send_kind(getattr(rows, kind), kind=kind, site=site, deployment=deployment)

    def _send_kind(self, values: Sequence[Row], *, kind: str, site: str, deployment: str) -> None:
        source = Source(site_key=site, actor="token:simulated", origin="test", deployment_key=deployment)
        raw = [RawRow(number=number, value=value) for number, value in enumerate(values, start=1)]
        receipts = accept(rows=raw, kind=KINDS_BY_NAME[kind], source=source, now=self.now)
        assert all(receipt.is_in for receipt in receipts), [each for each in receipts if not each.is_in][:3]
        self.receipts.extend(receipts)
