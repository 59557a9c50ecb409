"""What happens in the network, where, and from which day to which: the truth that the monitors must find.

A story's effect changes how images are made, how ill the patients are, or
what the device sends. Days are counted in months of the simulated time.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, timedelta

from deploy.demo.acquisition import Exposure

DAYS_PER_MONTH = 30.4375
MONTHS = 18

FIRST_VERSION, SECOND_VERSION, UNREGISTERED_VERSION = "1.0", "1.1", "1.1-rc2"


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """What a story does to the studies it touches; the defaults change nothing."""

    lut_gamma: float = 1.0
    dose: float = 1.0
    electronic_noise: float = 0.0
    lesion_size: float = 1.0
    prevalence: float | None = None
    device_inverts: bool = False
    version: str = ""
    software: str = ""
    silent: bool = False

    def exposure(self, usual: Exposure) -> Exposure:
        return replace(
            usual,
            lut_gamma=usual.lut_gamma * self.lut_gamma,
            quanta=usual.quanta * self.dose,
            electronic_noise=max(usual.electronic_noise, self.electronic_noise),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """One thing that happens. Empty `sites` or `scanner` mean all; `ends_on` is the first day after, or None."""

    key: str
    words: str
    sites: tuple[str, ...]
    scanner: str
    starts_on: date
    ends_on: date | None
    effect: Effect

    def touches(self, *, site: str, scanner: str, day: date) -> bool:
        here = (not self.sites or site in self.sites) and self.scanner in ("", scanner)
        return here and self.starts_on <= day and (self.ends_on is None or day < self.ends_on)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Draft:
    key: str
    words: str
    months: tuple[float, float | None]
    sites: tuple[str, ...] = ()
    scanner: str = ""
    effect: Effect = Effect()


DRAFTS = (
    _Draft(
        key="dose_cut",
        words="An automatic exposure was set to a twenty-eighth of the dose",
        months=(5.5, 7.5),
        sites=("south",),
        scanner="s2",
        effect=Effect(dose=1 / 28, electronic_noise=18),
    ),
    _Draft(
        key="lut_gamma_high",
        words="A service visit left a steeper look-up table (gamma 1.8)",
        months=(8.0, 10.0),
        sites=("south",),
        scanner="s1",
        effect=Effect(lut_gamma=1.8),
    ),
    _Draft(
        key="prevalence_shift",
        words="A pulmonary clinic opened: more patients have a nodule, the device is as good as before",
        months=(9.0, None),
        sites=("east",),
        effect=Effect(prevalence=0.45),
    ),
    _Draft(
        key="lut_gamma_half",
        words="A software update of the scanner changed its look-up table (gamma 0.5)",
        months=(10.0, None),
        sites=("north",),
        scanner="n1",
        effect=Effect(lut_gamma=0.5, software="VS 2.5"),
    ),
    _Draft(
        key="small_lesions",
        words="A follow-up programme sends patients with smaller nodules",
        months=(11.5, 13.5),
        sites=("south",),
        effect=Effect(lesion_size=0.68),
    ),
    _Draft(
        key="unregistered_version",
        words="A release candidate ran for three days that nobody had registered",
        months=(12.5, 12.5),
        sites=("north",),
        effect=Effect(version=UNREGISTERED_VERSION),
    ),
    _Draft(
        key="version_update",
        words="Version 1.1 took over",
        months=(14.0, None),
        effect=Effect(version=SECOND_VERSION),
    ),
    _Draft(
        key="silent_feed",
        words="The device sent nothing for three working days; the hospital went on reading without it",
        months=(14.8, 14.8),
        sites=("south",),
        effect=Effect(silent=True),
    ),
    _Draft(
        key="monochrome1_ignored",
        words="A new scanner writes MONOCHROME1 and the device takes its pixels as they are",
        months=(15.5, None),
        sites=("south",),
        scanner="s3",
        effect=Effect(device_inverts=True),
    ),
)
THREE_WORKING_DAYS = frozenset({"unregistered_version", "silent_feed"})


def day_of_month(month: float, *, first_day: date) -> date:
    """Return the day that a month of the simulated time begins; month 1 begins on the first day."""
    return first_day + timedelta(days=round((month - 1) * DAYS_PER_MONTH))


def first_day_of(last_day: date) -> date:
    return last_day - timedelta(days=round(MONTHS * DAYS_PER_MONTH) - 1)


def plan_stories(*, first_day: date) -> tuple[Story, ...]:
    """Return the stories with their exact days, in the order in which they begin."""
    return tuple(_story(draft, first_day=first_day) for draft in DRAFTS)


def effect_of(stories: Iterable[Story], *, site: str, scanner: str, day: date) -> Effect:
    """Return what all stories together do to a study of this day; of two versions the later story's runs."""
    together = Effect()
    for story in stories:
        if story.touches(site=site, scanner=scanner, day=day):
            together = _joined(together, story.effect)
    return together


def _story(draft: _Draft, *, first_day: date) -> Story:
    start = day_of_month(draft.months[0], first_day=first_day)
    end = None if draft.months[1] is None else day_of_month(draft.months[1], first_day=first_day)
    if draft.key in THREE_WORKING_DAYS:
        start = _tuesday_from(start)
        end = start + timedelta(days=3)
    return Story(
        key=draft.key,
        words=draft.words,
        sites=draft.sites,
        scanner=draft.scanner,
        starts_on=start,
        ends_on=end,
        effect=draft.effect,
    )


def _tuesday_from(day: date) -> date:
    return day + timedelta(days=(1 - day.weekday()) % 7)


def _joined(one: Effect, other: Effect) -> Effect:
    return Effect(
        lut_gamma=one.lut_gamma * other.lut_gamma,
        dose=one.dose * other.dose,
        electronic_noise=max(one.electronic_noise, other.electronic_noise),
        lesion_size=one.lesion_size * other.lesion_size,
        prevalence=one.prevalence if other.prevalence is None else other.prevalence,
        device_inverts=one.device_inverts or other.device_inverts,
        version=other.version or one.version,
        software=other.software or one.software,
        silent=one.silent or other.silent,
    )
