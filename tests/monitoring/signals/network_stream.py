"""The simulated stream sent through the one way in, counted by the follower, and watched."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from audit.log.sequencing import sequence
from monitoring.rollups.actions import follow
from monitoring.signals.actions import run_monitors
from tests.factories import make_network, send
from tests.monitoring.signals.simulated_stream import HEALTHY, START, Day, Stream, simulate

NETWORK_START = datetime(2025, 1, 1, tzinfo=UTC)
BATCH = 2_000


def network() -> None:
    """Register the network of the factories a year earlier than they do."""
    from tests.factories import NETWORK

    make_network(NETWORK.replace("from: 2026-01-01", "from: 2025-01-01"), now=NETWORK_START)


def send_stream(stream: Stream, *, site: str = "north", until: datetime, version: str = "1.0") -> None:
    """Send runs and truths as they were known by `until`; times say when they became known."""
    runs, truths = [], []
    for case, run in zip(stream.cases, stream.runs, strict=True):
        if run.acquired_at > until:
            continue
        runs.append(_run_row(case, run, site=site, version=version))
        if case.truth and case.known_at and case.known_at <= until:
            truths.append(_truth_row(case, site=site))
    for kind, rows in (("inferences", runs), ("truth", truths)):
        for start in range(0, len(rows), BATCH):
            receipts = send(kind, *rows[start : start + BATCH], site=site, now=until)
            assert {receipt.status for receipt in receipts} <= {"stored", "stored_flagged", "duplicate"}, receipts[0]


def _run_row(case, run, *, site: str, version: str) -> dict:
    named = "1.0-rc2" if "unregistered_version" in run.flags else version
    acquisition = {name.split(".")[1]: value for name, value in run.headers.items() if name.startswith("acquisition.")}
    return {
        "inference_uid": f"{site}-{case.study}",
        "deployment": f"cxr-{site}",
        "version": named,
        "status": "ok",
        "known_at": run.acquired_at.isoformat(),
        "study": {
            "study_uid": f"1.2.{site}.{case.study}",
            "patient_id": f"{site}-{case.person}",
            "modality": "DX",
            "acquired_at": run.acquired_at.isoformat(),
        },
        "scanner": {"manufacturer": "Maker", "model": "Model", "serial_number": case.scanner},
        "acquisition": acquisition,
        "predictions": [{"finding": "nodule", "score": case.score}],
    }


def _truth_row(case, *, site: str) -> dict:
    return {
        "study_uid": f"1.2.{site}.{case.study}",
        "finding": "nodule",
        "value": case.truth,
        "standard": "follow_up",
        "determined_at": case.known_at.isoformat(),
        "known_at": case.known_at.isoformat(),
    }


def watch(*, now: datetime) -> int:
    sequence(now=now)
    follow(now=now)
    return run_monitors(now=now)


def story(like: Callable[[int], Day] = lambda _: HEALTHY, *, days: int, seed: int, site: str = "north") -> datetime:
    """Register, send a whole story, watch it once, and return the moment at which that was."""
    network()
    stream = simulate(days=days, seed=seed, like=like)
    now = datetime.combine(START + timedelta(days=days), datetime.min.time(), tzinfo=UTC) + timedelta(hours=8)
    send_stream(stream, site=site, until=now)
    watch(now=now)
    return now
