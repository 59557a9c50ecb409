"""Screening mammograms at north: two breasts a study, double reading, arbitration, and one interval cancer."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np

from deploy.demo.streams.files import Row, Stream, spread_moments, text

STUDIES = 300
REGIONS = ("L", "R")
THRESHOLD = 0.4
SHARE_WITH_CANCER = 0.07
INTERVAL_CANCER = 40  # the number of that study
ZONE = ZoneInfo("Europe/Berlin")


@dataclass(frozen=True, slots=True, kw_only=True)
class Screening:
    """One woman's examination: where a cancer is, what the device and the readers say of each breast."""

    number: int
    acquired_at: datetime
    age: int
    density: str
    cancer: str
    scores: dict[str, float]
    decisions: dict[tuple[str, str], bool]  # (stage, region): recalled

    @property
    def uid(self) -> str:
        return f"2.25.7001{self.number:05d}"

    @property
    def disagreements(self) -> list[str]:
        return [each for each in REGIONS if self.decisions["first", each] != self.decisions["second", each]]

    def is_recalled(self, region: str) -> bool:
        return self.decisions.get(("arbitration", region), self.decisions["second", region])


def mammography(*, days: tuple[date, date], seed: int) -> Stream:
    random = np.random.default_rng([seed, 41])
    moments = spread_moments(days, count=STUDIES, random=random)
    women = [_screening(number, moment.replace(tzinfo=ZONE), random) for number, moment in enumerate(moments, start=1)]
    end = datetime.combine(days[1], datetime.min.time(), tzinfo=ZONE)
    return Stream(
        name="mammography",
        deployment="mammo-north",
        site="north",
        rows={
            "inferences": [row for woman in women for row in _inference_rows(woman)],
            "reads": [row for woman in women for row in _read_rows(woman)],
            "truth": [row for woman in women for row in _truth_rows(woman, until=end)],
        },
        suffixes={"inferences": ".csv", "reads": ".parquet", "truth": ".ndjson"},
    )


def _screening(number: int, acquired_at: datetime, random: np.random.Generator) -> Screening:
    cancer = str(random.choice(REGIONS)) if random.random() < SHARE_WITH_CANCER else ""
    scores = {each: _score(is_ill=each == cancer, random=random) for each in REGIONS}
    decisions = {
        (stage, each): bool(random.random() < (0.86 if each == cancer else 0.045))
        for stage in ("first", "second")
        for each in REGIONS
    }
    if number == INTERVAL_CANCER:
        cancer, scores = "L", {"L": 0.2317, "R": 0.0841}
        decisions = {(stage, each): False for stage in ("first", "second") for each in REGIONS}
    woman = Screening(
        number=number,
        acquired_at=acquired_at,
        age=int(random.integers(50, 70)),
        density=str(random.choice(("a", "b", "c", "d"), p=(0.1, 0.4, 0.4, 0.1))),
        cancer=cancer,
        scores=scores,
        decisions=decisions,
    )
    for region in woman.disagreements:
        decisions["arbitration", region] = bool(random.random() < (0.93 if region == cancer else 0.25))
    return woman


def _score(*, is_ill: bool, random: np.random.Generator) -> float:
    logit = (1.6 if is_ill else -2.6) + 1.4 * random.standard_normal()
    return round(float(1 / (1 + np.exp(-logit))), 4)


def _inference_rows(woman: Screening) -> list[Row]:
    ended = woman.acquired_at + timedelta(minutes=3)
    common = {
        "inference_uid": f"mg{woman.number}",
        "version": "2.3",
        "status": "ok",
        **_study_cells(woman),
        "scanner.manufacturer": "Nordlicht Medical",
        "scanner.model": "Mira 3D",
        "scanner.serial_number": "NL-MG-04",
        "covariates.breast_density": woman.density,
        "started_at": text(ended - timedelta(seconds=40)),
        "finished_at": text(ended),
        "known_at": text(ended),
    }
    return [
        common | {"finding": "cancer", "region": region, "score": woman.scores[region], "threshold": THRESHOLD}
        for region in REGIONS
    ]


def _study_cells(woman: Screening) -> Row:
    return {
        "study.study_uid": woman.uid,
        "study.patient_id": f"MG{woman.number:04d}",
        "study.accession_number": f"MA{woman.number:05d}",
        "study.modality": "MG",
        "study.body_part": "BREAST",
        "study.acquired_at": text(woman.acquired_at),
        "study.patient_age_years": woman.age,
        "study.patient_sex": "F",
        "study.setting": "screening",
    }


def _read_rows(woman: Screening) -> list[Row]:
    hours = {"first": 20, "second": 44, "arbitration": 70}
    readers = {"first": "r-m1", "second": "r-m2", "arbitration": "r-m3"}
    exposures = {"first": "none", "second": "after_locked_read", "arbitration": "concurrent"}
    rows = []
    for (stage, region), is_positive in woman.decisions.items():
        read_at = woman.acquired_at + timedelta(hours=hours[stage], minutes=woman.number % 50)
        row = {"read_uid": f"mg{woman.number}-{stage}-{region}", "study_uid": woman.uid, "finding": "breast-cancer"}
        row |= {"region": region, "reader": readers[stage], "stage": stage, "ai_exposure": exposures[stage]}
        row |= {"decision": "positive" if is_positive else "negative", "read_at": text(read_at)}
        rows.append(row | {"known_at": text(read_at)})
    return rows


def _truth_rows(woman: Screening, *, until: datetime) -> list[Row]:
    rows = []
    for region in REGIONS:
        if woman.is_recalled(region):
            value = "positive" if region == woman.cancer else "negative"
            rows.append(_truth(woman, region=region, value=value, standard="pathology", days=21))
    if not any(woman.is_recalled(region) for region in REGIONS):
        rows.append(_truth(woman, region="", value="negative", standard="follow_up", days=150))
    elif len(rows) == 1:
        (other,) = [region for region in REGIONS if not woman.is_recalled(region)]
        rows.append(_truth(woman, region=other, value="negative", standard="follow_up", days=150))
    if woman.cancer and not woman.is_recalled(woman.cancer):
        rows.append(_interval_cancer(woman))
    return [row for row in rows if row["known_at"] <= text(until)]


def _interval_cancer(woman: Screening) -> Row:
    """Return the cancer found between two rounds, long after the examination was held to be negative."""
    row = _truth(woman, region=woman.cancer, value="positive", standard="pathology", days=230)
    return row | {"attributes": {"interval_cancer": True, "size_mm": 14.0}}


def _truth(woman: Screening, *, region: str, value: str, standard: str, days: int) -> Row:
    determined_at = woman.acquired_at + timedelta(days=days)
    row: Row = {"truth_uid": f"mg{woman.number}-{region or 'study'}-{days}", "study_uid": woman.uid}
    row |= {"finding": "breast-cancer", "level": "region" if region else "study", "value": value, "standard": standard}
    row |= {"region": region} if region else {}
    row |= {"certainty": "definite" if standard == "pathology" else "probable"}
    row |= {"observed_until": text(determined_at)} if standard == "follow_up" or days > 200 else {}
    return row | {"determined_at": text(determined_at), "known_at": text(determined_at + timedelta(days=1))}
