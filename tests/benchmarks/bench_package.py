"""A package of many runs: how many a second, and how much more memory all of them take than a fifth of them."""

import os
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path

from tests.benchmarks.database import (
    DEPLOYMENT,
    SITE,
    import_quietly,
    scratch_network,
    write_inferences,
    write_truths,
)
from tests.benchmarks.memory import now_mb
from tests.benchmarks.table import Result

RUNS, TRUTH_SHARE, MOST_MB = int(os.environ.get("RADVIGIL_BENCH_RUNS", "20000")), 0.2, 100
ALL = "2027-01-01"


@dataclass(frozen=True, slots=True, kw_only=True)
class Exported:
    cases: int
    seconds: float
    grown_mb: float
    size_mb: float


def run() -> Result:
    with tempfile.TemporaryDirectory() as folder, scratch_network():
        runs, truths = Path(folder) / "runs.parquet", Path(folder) / "truths.parquet"
        write_inferences(runs, count=RUNS)
        write_truths(truths, count=RUNS, share=TRUTH_SHARE)
        import_quietly("import_inferences", runs, deployment=DEPLOYMENT)
        import_quietly("import_truth", truths, site=SITE)
        exported(Path(folder) / "first.zip", until="2026-01-02")  # loads what is loaded once
        few = exported(Path(folder) / "few.zip", until="2026-03-01")
        every = exported(Path(folder) / "all.zip", until=ALL)
    more = every.grown_mb - few.grown_mb
    return Result(
        name="package",
        ours=more,
        theirs=MOST_MB,
        unit="MB more for five times the cases",
        ratio=more / MOST_MB,
        aim=f"≤ {MOST_MB} MB",
        reached=more <= MOST_MB,
        note=f"{every.cases} cases in {every.seconds:.0f} s, {every.size_mb:.0f} MB; memory +{every.grown_mb:.0f} MB, "
        f"{few.cases} cases +{few.grown_mb:.0f} MB in {few.seconds:.0f} s",
    )


def exported(path: Path, *, until: str) -> Exported:
    from datetime import date
    from uuid import uuid4

    from django.utils import timezone

    from monitoring.evidence.making import make_package
    from monitoring.evidence.scopes import Wanted, scope_of
    from monitoring.evidence.under_way import Making

    wanted = Wanted(product="cxr", site=SITE, since=date(2026, 1, 1), until=date.fromisoformat(until))
    making = Making(uid=uuid4().hex, scope=scope_of(wanted), actor="bench", now=timezone.now())
    with Watched() as memory:
        began = time.perf_counter()
        made = make_package(making, path=path)
        seconds = time.perf_counter() - began
    return Exported(cases=made.cases, seconds=seconds, grown_mb=memory.peak - memory.before, size_mb=made.size / 2**20)


class Watched:
    """Looks at the memory twenty times a second."""

    def __enter__(self) -> "Watched":
        self.before = self.peak = now_mb()
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._thread.start()
        return self

    def _look(self) -> None:
        while not self._is_over.wait(0.05):
            self.peak = max(self.peak, now_mb())

    def __exit__(self, *_: object) -> None:
        self._is_over.set()
        self._thread.join()


if __name__ == "__main__":
    print(run())
