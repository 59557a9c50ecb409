"""The slices a case belongs to: where, on which machine, who, and what the product declares.

Text in every slice; what nobody said is `unknown`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from inference.registry.settings import DeploymentSettings
from monitoring.cases.facts import RunFact, StudyFacts

UNKNOWN = "unknown"
OLDEST_BAND = 90
PLACES = ("covariates", "acquisition", "study", "scanner")


def slices_of(study: StudyFacts, run: RunFact, *, settings: DeploymentSettings, day: date) -> dict[str, str]:
    """Return the slices of every case of a run, its region excepted."""
    slices = study_slices(study, day=day)
    slices["version"] = run.version or UNKNOWN
    slices["view_position"] = said_of(run, study, "acquisition", "view_position")
    for name in settings.dimensions:
        if name not in slices:
            slices[name] = declared(run, study, name)
    return slices


def study_slices(study: StudyFacts, *, day: date) -> dict[str, str]:
    described = study.described
    return {
        "site": study.site,
        "scanner": as_text(described.get("scanner.key")),
        "sex": as_text(described.get("study.patient_sex")),
        "age_band": age_band(described.get("study.patient_age_years")),
        "view_position": as_text(described.get("acquisition.view_position")),
        "setting": as_text(described.get("study.setting")),
        "month": f"{day.year:04}-{day.month:02}",
    }


def local_day(moment: datetime, *, zone: ZoneInfo) -> date:
    return moment.astimezone(zone).date()


def age_band(years: Any) -> str:
    if not isinstance(years, int | float):
        return UNKNOWN
    if years >= OLDEST_BAND:
        return f"{OLDEST_BAND}+"
    decade = int(years) // 10 * 10
    return f"{decade}-{decade + 9}"


def said_of(run: RunFact, study: StudyFacts, part: str, name: str) -> str:
    """Return what the run's own row says, else what was first known of the study."""
    own = run.described.get(part)
    if own and name in own:
        return as_text(own[name])
    return as_text(study.described.get(f"{part}.{name}"))


def declared(run: RunFact, study: StudyFacts, name: str) -> str:
    """Return a product's own dimension: a covariate, else a field of acquisition, study or scanner."""
    return first_known(said_of(run, study, part, name) for part in PLACES)


def first_known(values: Iterable[str]) -> str:
    return next((value for value in values if value != UNKNOWN), UNKNOWN)


def as_text(value: Any) -> str:
    if value is None or value == "":
        return UNKNOWN
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def with_region(slices: Mapping[str, str], region: str) -> dict[str, str]:
    return {**slices, "region": region or UNKNOWN}
