"""Stroke triage at south: no score at all; what counts is how many minutes pass until somebody looks, and treats."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np

from deploy.demo.streams.files import Row, Stream, spread_moments, text

STUDIES = 300
SHARE_WITH_OCCLUSION = 0.22
SHARE_TREATED = 0.7
MINUTES_ALERTED, MINUTES_WAITING = 7.0, 31.0
ZONE = ZoneInfo("Europe/Vienna")
READERS = ("r-s1", "r-s2", "r-s3")


def stroke_triage(*, days: tuple[date, date], seed: int) -> Stream:
    random = np.random.default_rng([seed, 42])
    end = datetime.combine(days[1], datetime.min.time(), tzinfo=ZONE)
    rows: dict[str, list[Row]] = {"inferences": [], "events": [], "reads": [], "truth": []}
    for number, moment in enumerate(spread_moments(days, count=STUDIES, random=random), start=1):
        _add_patient(rows, number=number, acquired_at=moment.replace(tzinfo=ZONE), until=end, random=random)
    return Stream(
        name="stroke",
        deployment="stroke-south",
        site="south",
        rows=rows,
        suffixes={"inferences": ".ndjson", "events": ".csv", "reads": ".csv", "truth": ".parquet"},
    )


def _add_patient(
    rows: dict[str, list[Row]], *, number: int, acquired_at: datetime, until: datetime, random: np.random.Generator
) -> None:
    is_ill = bool(random.random() < SHARE_WITH_OCCLUSION)
    is_alerted = bool(random.random() < (0.9 if is_ill else 0.08))
    reader = READERS[int(random.integers(len(READERS)))]
    minutes = float(random.gamma(3, (MINUTES_ALERTED if is_alerted else MINUTES_WAITING) / 3))
    available_at = acquired_at + timedelta(minutes=4)
    opened_at = available_at + timedelta(minutes=2.5 + minutes)
    read_at = opened_at + timedelta(minutes=float(random.gamma(4, 1.2)))
    is_called = bool(random.random() < (0.96 if is_ill else 0.02))
    rows["inferences"].append(_inference(number, acquired_at=acquired_at, is_alerted=is_alerted, random=random))
    rows["events"] += _events(number, times=(available_at, opened_at, read_at), is_alerted=is_alerted, reader=reader)
    if is_ill and is_called:
        rows["events"] += _treatment(number, read_at=read_at)
    rows["reads"].append(_read(number, reader=reader, is_called=is_called, read_at=read_at))
    truth = _truth(number, acquired_at=acquired_at, is_ill=is_ill)
    if truth["known_at"] <= text(until):
        rows["truth"].append(truth)


def _inference(number: int, *, acquired_at: datetime, is_alerted: bool, random: np.random.Generator) -> Row:
    ended = acquired_at + timedelta(minutes=6)
    decision = {"finding": "lvo", "decision": "positive" if is_alerted else "negative"}
    return {
        "inference_uid": f"ct{number}",
        "version": "5.0",
        "status": "ok",
        "study": {
            "study_uid": uid_of(number),
            "patient_id": f"ST{number:04d}",
            "accession_number": f"SA{number:05d}",
            "modality": "CT",
            "body_part": "HEAD",
            "acquired_at": text(acquired_at),
            "patient_age_years": int(np.clip(random.normal(71, 12), 25, 99)),
            "patient_sex": "F" if random.random() < 0.5 else "M",
            "setting": "emergency",
        },
        "scanner": {"manufacturer": "Auerbach Imaging", "model": "Rota 128", "serial_number": "AU-CT-11"},
        "acquisition": {"kvp": 100, "slice_thickness_mm": 0.75, "convolution_kernel": "Hv40"},
        "started_at": text(ended - timedelta(seconds=70)),
        "finished_at": text(ended),
        "known_at": text(ended),
        "predictions": [decision | {"priority": "high" if is_alerted else "routine"}],
    }


def _events(number: int, *, times: tuple[datetime, datetime, datetime], is_alerted: bool, reader: str) -> list[Row]:
    available_at, opened_at, read_at = times
    of_study = [("available", available_at, "pacs"), ("opened", opened_at, reader), ("final", read_at, reader)]
    rows = [_of_study(number, kind=kind, at=at, to=to) for kind, at, to in of_study]
    of_run = [("notified", available_at + timedelta(minutes=2), reader)] if is_alerted else []
    of_run.append(("displayed", opened_at + timedelta(seconds=5), reader))
    for kind, at, to in of_run:
        run = {"deployment": "stroke-south", "inference_uid": f"ct{number}"}
        rows.append({"event_uid": f"ct{number}-{kind}", "kind": kind, "to": to} | run | _at(at))
    return rows


def _treatment(number: int, *, read_at: datetime) -> list[Row]:
    random = np.random.default_rng([number, 45])  # of its own: what else happens stays as it was
    if random.random() >= SHARE_TREATED:
        return []
    at = read_at + timedelta(minutes=float(random.gamma(6, 5)))
    return [_of_study(number, kind="treatment_started", at=at, to="angio")]


def _of_study(number: int, *, kind: str, at: datetime, to: str) -> Row:
    return {"event_uid": f"ct{number}-{kind}", "kind": kind, "study_uid": uid_of(number), "to": to} | _at(at)


def _at(at: datetime) -> Row:
    return {"at": text(at), "known_at": text(at)}


def _read(number: int, *, reader: str, is_called: bool, read_at: datetime) -> Row:
    return {
        "read_uid": f"ct{number}",
        "study_uid": uid_of(number),
        "finding": "large-vessel-occlusion",
        "reader": reader,
        "stage": "final",
        "ai_exposure": "concurrent",
        "decision": "positive" if is_called else "negative",
        "read_at": text(read_at),
        "known_at": text(read_at),
    }


def _truth(number: int, *, acquired_at: datetime, is_ill: bool) -> Row:
    determined_at = acquired_at + timedelta(days=2, hours=3)
    return {
        "truth_uid": f"ct{number}",
        "study_uid": uid_of(number),
        "finding": "large-vessel-occlusion",
        "level": "study",
        "value": "positive" if is_ill else "negative",
        "standard": "second_modality" if is_ill else "clinical",
        "certainty": "probable",
        "determined_at": text(determined_at),
        "known_at": text(determined_at + timedelta(days=4)),
    }


def uid_of(number: int) -> str:
    return f"2.25.7002{number:05d}"
