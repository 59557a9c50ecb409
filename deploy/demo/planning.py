"""Which patient is examined where, when and how: the whole network's studies before any pixel is made.

Everything follows from a seed and the last day, so a second start plans the
same network again and finds it stored already.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import numpy as np

from deploy.demo.acquisition import Exposure
from deploy.demo.hospitals import HOSPITALS, Hospital, Scanner
from deploy.demo.phantom import Lesion
from deploy.demo.stories import (
    DAYS_PER_MONTH,
    FIRST_VERSION,
    MONTHS,
    Effect,
    Story,
    day_of_month,
    effect_of,
    first_day_of,
    plan_stories,
)

Random = np.random.Generator

DAY_WEIGHTS = (1.0, 1.05, 1.0, 1.0, 0.95, 0.35, 0.25)  # Monday to Sunday
RETURNING = 0.13
BEDSIDE = 0.25
BEDSIDE_SCATTER = 0.32
UNUSABLE = 0.008
DAYS_UNREAD = 2
USUAL_SOFTWARE = "VS 2.4"
RADIUS, THICKNESS_CM = (0.10, 0.20), (2.0, 5.0)
PHANTOM_MONTH, RE_RUN_MONTH = 11.2, 11.6


@dataclass(frozen=True, slots=True, kw_only=True)
class Patient:
    number: int
    sex: str
    age_years: int
    smoker: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedStudy:
    """One chest study. `number` names it in the whole network; `exposure` holds what the stories made of it."""

    number: int
    site: str
    scanner: Scanner
    patient: Patient
    acquired_at: datetime
    view_position: str
    lesion: Lesion | None
    exposure: Exposure
    version: str = FIRST_VERSION
    software: str = USUAL_SOFTWARE
    device_inverts: bool = False
    is_silent: bool = False
    is_usable: bool = True
    is_phantom: bool = False
    is_run_twice: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The network's 18 months: what happens and every study."""

    seed: int
    first_day: date
    last_day: date
    stories: tuple[Story, ...]
    studies: tuple[PlannedStudy, ...]

    def story(self, key: str) -> Story:
        return next(story for story in self.stories if story.key == key)

    @property
    def end(self) -> datetime:
        """The end of the last day: what is known later is not known yet."""
        return datetime.combine(self.last_day + timedelta(days=1), time.min, tzinfo=UTC)

    @property
    def reads_until(self) -> datetime:
        """Studies after this moment still wait on the worklist."""
        return self.end - timedelta(days=DAYS_UNREAD)

    def month_of(self, day: date) -> int:
        """Return the month of a day; days after the last month count as its last."""
        days = (day - self.first_day).days
        return next((m for m in range(MONTHS, 1, -1) if days >= round((m - 1) * DAYS_PER_MONTH)), 1)

    def months(self) -> Iterator[tuple[int, list[PlannedStudy]]]:
        """Yield each month's number and studies, oldest first."""
        for month in range(1, MONTHS + 1):
            start, end = (day_of_month(each, first_day=self.first_day) for each in (month, month + 1))
            yield month, [study for study in self.studies if start <= study.acquired_at.date() < end]


def plan_network(*, last_day: date, seed: int, size: float = 1.0) -> Plan:
    """Return 18 months of studies that end on `last_day`; `size` 1 is about 6,400."""
    first_day = first_day_of(last_day)
    stories = plan_stories(first_day=first_day)
    studies = [
        study
        for place, hospital in enumerate(HOSPITALS)
        for study in _site_studies(
            hospital,
            stories=stories,
            days=(first_day, last_day),
            size=size,
            random=np.random.default_rng([seed, place]),
        )
    ]
    studies.sort(key=lambda study: (study.acquired_at, study.site, study.patient.number))
    return Plan(
        seed=seed,
        first_day=first_day,
        last_day=last_day,
        stories=stories,
        studies=tuple(_with_oddities(_numbered(studies), first_day=first_day)),
    )


def _site_studies(
    hospital: Hospital, *, stories: tuple[Story, ...], days: tuple[date, date], size: float, random: Random
) -> Iterator[PlannedStudy]:
    known: list[Patient] = []
    first_number = 100_000 * (1 + [each.key for each in HOSPITALS].index(hospital.key))
    for day, count in _daily_counts(days, total=hospital.studies * size, random=random):
        for moment in _moments(day, count=count, zone=ZoneInfo(hospital.timezone), random=random):
            patient = _patient(known, first_number=first_number, random=random)
            scanner = _scanner(hospital, day=day, first_day=days[0], random=random)
            effect = effect_of(stories, site=hospital.key, scanner=scanner.key, day=day)
            yield plan_study(
                hospital, scanner=scanner, patient=patient, acquired_at=moment, effect=effect, random=random
            )


def plan_study(
    hospital: Hospital,
    *,
    scanner: Scanner,
    patient: Patient,
    acquired_at: datetime,
    effect: Effect,
    random: Random,
    number: int = 0,
) -> PlannedStudy:
    """Return one study: the patient's illness by chance, the rest by the room and what happens there."""
    prevalence = hospital.prevalence if effect.prevalence is None else effect.prevalence
    is_bedside = random.random() < BEDSIDE
    return PlannedStudy(
        number=number,
        site=hospital.key,
        scanner=scanner,
        patient=patient,
        acquired_at=acquired_at,
        view_position="AP" if is_bedside else "PA",
        lesion=draw_lesion(random, size=effect.lesion_size) if random.random() < prevalence else None,
        exposure=effect.exposure(usual_exposure(scanner, is_bedside=is_bedside)),
        version=effect.version or FIRST_VERSION,
        software=effect.software or USUAL_SOFTWARE,
        device_inverts=effect.device_inverts and scanner.monochrome1,
        is_silent=effect.silent,
        is_usable=bool(random.random() >= UNUSABLE),
    )


def draw_lesion(random: Random, *, size: float = 1.0) -> Lesion:
    return Lesion(radius=size * random.uniform(*RADIUS), thickness_cm=size * random.uniform(*THICKNESS_CM))


def new_patient(number: int, *, random: Random) -> Patient:
    return Patient(
        number=number,
        sex="F" if random.random() < 0.48 else "M",
        age_years=int(np.clip(random.normal(61, 15), 19, 97)),
        smoker=bool(random.random() < 0.3),
    )


def _daily_counts(days: tuple[date, date], *, total: float, random: Random) -> Iterator[tuple[date, int]]:
    length = (days[1] - days[0]).days + 1
    dates = [days[0] + timedelta(days=each) for each in range(length)]
    weights = np.array([DAY_WEIGHTS[day.weekday()] for day in dates])
    return zip(dates, map(int, random.poisson(total * weights / weights.sum())), strict=True)


def _moments(day: date, *, count: int, zone: ZoneInfo, random: Random) -> list[datetime]:
    seconds = np.sort(np.clip(random.normal(12.3 * 3600, 3 * 3600, count), 6 * 3600, 22 * 3600)).astype(int)
    midnight = datetime.combine(day, time.min, tzinfo=zone)
    return [midnight + timedelta(seconds=int(each)) for each in seconds]


def _patient(known: list[Patient], *, first_number: int, random: Random) -> Patient:
    if known and random.random() < RETURNING:
        return known[int(random.integers(len(known)))]
    known.append(new_patient(first_number + len(known), random=random))
    return known[-1]


def _scanner(hospital: Hospital, *, day: date, first_day: date, random: Random) -> Scanner:
    there = [each for each in hospital.scanners if day >= day_of_month(each.from_month, first_day=first_day)]
    shares = np.array([each.share for each in there])
    return there[int(random.choice(len(there), p=shares / shares.sum()))]


def usual_exposure(scanner: Scanner, *, is_bedside: bool) -> Exposure:
    """Return the room's technique; at the bedside there is no grid, so more scatter."""
    usual = replace(scanner.vendor.exposure, monochrome1=scanner.monochrome1)
    return replace(usual, scatter_fraction=BEDSIDE_SCATTER) if is_bedside else usual


def _numbered(studies: list[PlannedStudy]) -> list[PlannedStudy]:
    return [replace(study, number=number) for number, study in enumerate(studies, start=1)]


def _with_oddities(studies: list[PlannedStudy], *, first_day: date) -> list[PlannedStudy]:
    """Make one study at north that of a phantom, and let another be run twice."""
    changed = list(studies)
    for month, oddity in (
        (PHANTOM_MONTH, {"is_phantom": True, "lesion": None}),
        (RE_RUN_MONTH, {"is_run_twice": True}),
    ):
        start = day_of_month(month, first_day=first_day)
        place = next(
            place
            for place, study in enumerate(changed)
            if study.site == "north" and study.acquired_at.date() >= start and study.is_usable
        )
        changed[place] = replace(changed[place], **oddity)
    return changed
