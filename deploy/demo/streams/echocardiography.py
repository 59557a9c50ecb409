"""Ejection fractions at east: a measurement with its unit, a reader's own, and magnetic resonance as truth."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np

from deploy.demo.streams.files import Row, Stream, spread_moments, text

STUDIES = 300
BIAS, SPREAD = 1.4, 4.5  # of the device, in percent points
READER_SPREAD = 5.5
SHARE_WITH_TRUTH = 0.45
FRACTIONS_EVERY = 30  # one machine's software still sends a fraction instead of a percentage
ZONE = ZoneInfo("Europe/Berlin")


def ejection_fractions(*, days: tuple[date, date], seed: int) -> Stream:
    random = np.random.default_rng([seed, 43])
    end = datetime.combine(days[1], datetime.min.time(), tzinfo=ZONE)
    rows: dict[str, list[Row]] = {"inferences": [], "reads": [], "truth": []}
    for number, moment in enumerate(spread_moments(days, count=STUDIES, random=random), start=1):
        _add_heart(rows, number=number, acquired_at=moment.replace(tzinfo=ZONE), until=end, random=random)
    return Stream(
        name="echo",
        deployment="echo-east",
        site="east",
        rows=rows,
        suffixes={"inferences": ".parquet", "reads": ".ndjson", "truth": ".csv"},
    )


def _add_heart(
    rows: dict[str, list[Row]], *, number: int, acquired_at: datetime, until: datetime, random: np.random.Generator
) -> None:
    true = float(np.clip(random.normal(54, 11), 15, 78))
    device = float(np.clip(true + BIAS + SPREAD * random.standard_normal(), 5, 90))
    reader = float(np.clip(true + READER_SPREAD * random.standard_normal(), 5, 90))
    rows["inferences"].append(_inference(number, acquired_at=acquired_at, percent=device, random=random))
    rows["reads"].append(_read(number, percent=reader, read_at=acquired_at + timedelta(hours=2)))
    truth = _truth(number, percent=true, determined_at=acquired_at + timedelta(days=12))
    if random.random() < SHARE_WITH_TRUTH and truth["known_at"] <= text(until):
        rows["truth"].append(truth)


def _inference(number: int, *, acquired_at: datetime, percent: float, random: np.random.Generator) -> Row:
    ended = acquired_at + timedelta(minutes=2)
    is_fraction = number % FRACTIONS_EVERY == 0
    return {
        "inference_uid": f"us{number}",
        "version": "1.4",
        "status": "ok",
        "study.study_uid": uid_of(number),
        "study.patient_id": f"EC{number:04d}",
        "study.accession_number": f"EA{number:05d}",
        "study.modality": "US",
        "study.body_part": "HEART",
        "study.acquired_at": text(acquired_at),
        "study.patient_age_years": float(np.clip(random.normal(66, 13), 20, 95).round()),
        "study.patient_sex": "F" if random.random() < 0.45 else "M",
        "study.setting": "diagnostic",
        "scanner.manufacturer": "Nordlicht Medical",
        "scanner.model": "Sono 7",
        "scanner.serial_number": "NL-US-02",
        "acquisition.frame_rate_hz": 50.0,
        "started_at": text(ended - timedelta(seconds=12)),
        "finished_at": text(ended),
        "known_at": text(ended),
        "finding": "ef",
        "measurement": round(percent / 100, 3) if is_fraction else round(percent, 1),
        "unit": "1" if is_fraction else "%",
    }


def _read(number: int, *, percent: float, read_at: datetime) -> Row:
    return {
        "read_uid": f"us{number}",
        "study_uid": uid_of(number),
        "finding": "ejection-fraction",
        "reader": f"r-e{1 + number % 3}",
        "stage": "final",
        "ai_exposure": "none",
        "measurement": round(percent, 1),
        "unit": "%",
        "read_at": text(read_at),
        "known_at": text(read_at),
    }


def _truth(number: int, *, percent: float, determined_at: datetime) -> Row:
    return {
        "truth_uid": f"us{number}",
        "study_uid": uid_of(number),
        "finding": "ejection-fraction",
        "level": "study",
        "measurement": round(percent, 1),
        "unit": "%",
        "standard": "second_modality",
        "certainty": "definite",
        "determined_at": text(determined_at),
        "known_at": text(determined_at + timedelta(days=2)),
    }


def uid_of(number: int) -> str:
    return f"2.25.7003{number:05d}"
