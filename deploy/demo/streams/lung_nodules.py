"""Nodules on chest CT at north: a detection with marks, lesions that a panel outlined, and the reader's final word."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np

from deploy.demo.streams.files import Row, Stream, spread_moments, text

STUDIES = 300
SHARE_ILL, SHARE_WITH_TRUTH = 0.4, 0.75
FALSE_MARKS = 0.6  # a study, at any score
THRESHOLD = 0.5
READER_FINDS, READER_ALONE_ERRS = 0.93, 0.04
ZONE = ZoneInfo("Europe/Berlin")


def lung_nodules(*, days: tuple[date, date], seed: int) -> Stream:
    random = np.random.default_rng([seed, 44])
    end = datetime.combine(days[1], datetime.min.time(), tzinfo=ZONE)
    rows: dict[str, list[Row]] = {"inferences": [], "reads": [], "truth": []}
    for number, moment in enumerate(spread_moments(days, count=STUDIES, random=random), start=1):
        _add_study(rows, number=number, acquired_at=moment.replace(tzinfo=ZONE), until=end, random=random)
    return Stream(
        name="lungct",
        deployment="lungct-north",
        site="north",
        rows=rows,
        suffixes={"inferences": ".ndjson", "reads": ".csv", "truth": ".ndjson"},
    )


def _add_study(
    rows: dict[str, list[Row]], *, number: int, acquired_at: datetime, until: datetime, random: np.random.Generator
) -> None:
    lesions = _lesions(int(1 + random.poisson(0.6)) if random.random() < SHARE_ILL else 0, random=random)
    marks = _marks(lesions, random=random)
    is_found = bool(random.random() < (READER_FINDS if lesions else READER_ALONE_ERRS))
    read_at = acquired_at + timedelta(hours=3)
    rows["inferences"].append(_inference(number, acquired_at=acquired_at, marks=marks, random=random))
    rows["reads"].append(_read(number, is_found=is_found, read_at=read_at, random=random))
    truth = _truth(number, lesions=lesions, determined_at=acquired_at + timedelta(days=20))
    if random.random() < SHARE_WITH_TRUTH and truth["known_at"] <= text(until):
        rows["truth"].append(truth)


def _lesions(count: int, *, random: np.random.Generator) -> list[Row]:
    """Return lesions apart from each other, each on one slice."""
    places: list[int] = random.choice(16, count, replace=False).tolist() if count else []
    return [
        {
            "mark_uid": f"l{place}",
            "x": 60.0 + 100 * (place % 4),
            "y": 60.0 + 100 * (place // 4),
            "width": round(float(random.uniform(8, 26)), 1),
            "height": round(float(random.uniform(8, 26)), 1),
        }
        for place in places
    ]


def _marks(lesions: list[Row], *, random: np.random.Generator) -> list[Row]:
    """Return the device's marks: most lesions, better where they are large, and some vessels."""
    found = [(lesion, _score(0.3 + lesion["width"] / 12, random)) for lesion in lesions if random.random() < 0.92]
    on_lesions = [
        _mark(lesion["x"] + lesion["width"] / 2, lesion["y"] + lesion["height"] / 2, score) for lesion, score in found
    ]
    elsewhere = [
        _mark(15.0 + float(random.uniform(0, 20)), 15.0 + float(random.uniform(0, 20)), _score(-1.2, random))
        for _ in range(int(random.poisson(FALSE_MARKS)))
    ]
    return [mark | {"mark_uid": f"m{place}"} for place, mark in enumerate(on_lesions + elsewhere, start=1)]


def _mark(x: float, y: float, score: float) -> Row:
    return {"x": round(x - 6, 1), "y": round(y - 6, 1), "width": 12.0, "height": 12.0, "score": score}


def _score(logit: float, random: np.random.Generator) -> float:
    return round(float(1 / (1 + np.exp(-logit - random.standard_normal()))), 4)


def _inference(number: int, *, acquired_at: datetime, marks: list[Row], random: np.random.Generator) -> Row:
    ended = acquired_at + timedelta(minutes=9)
    return {
        "inference_uid": f"ln{number}",
        "version": "2.0",
        "status": "ok",
        "study": {
            "study_uid": uid_of(number),
            "patient_id": f"LN{number:04d}",
            "accession_number": f"LA{number:05d}",
            "modality": "CT",
            "body_part": "CHEST",
            "acquired_at": text(acquired_at),
            "patient_age_years": int(np.clip(random.normal(64, 9), 40, 88)),
            "patient_sex": "F" if random.random() < 0.46 else "M",
            "setting": "screening",
        },
        "scanner": {"manufacturer": "Auerbach Imaging", "model": "Rota 64", "serial_number": "AU-CT-04"},
        "acquisition": {"kvp": 120, "slice_thickness_mm": 1.0, "convolution_kernel": "Br40"},
        "started_at": text(ended - timedelta(seconds=95)),
        "finished_at": text(ended),
        "known_at": text(ended),
        "predictions": [
            {"finding": "nodule", "score": max((mark["score"] for mark in marks), default=0.01), "marks": marks}
        ],
    }


def _read(number: int, *, is_found: bool, read_at: datetime, random: np.random.Generator) -> Row:
    return {
        "read_uid": f"ln{number}",
        "study_uid": uid_of(number),
        "finding": "ct-nodule",
        "reader": f"r-n{1 + number % 3}",
        "stage": "final",
        "ai_exposure": "concurrent" if random.random() < 0.8 else "none",
        "decision": "positive" if is_found else "negative",
        "read_at": text(read_at),
        "known_at": text(read_at),
    }


def _truth(number: int, *, lesions: list[Row], determined_at: datetime) -> Row:
    row = {
        "truth_uid": f"ln{number}",
        "study_uid": uid_of(number),
        "finding": "ct-nodule",
        "level": "study",
        "value": "positive" if lesions else "negative",
        "standard": "panel",
        "certainty": "definite",
        "blinded_to_ai": True,
        "determined_at": text(determined_at),
        "known_at": text(determined_at + timedelta(days=3)),
    }
    return row | ({"marks": lesions} if lesions else {})


def uid_of(number: int) -> str:
    return f"2.25.7004{number:05d}"
