"""Predictions and late truths folded into cases and sums by the follower itself, against the aim of the design.

Also how much the memory grows when all of it is folded a second time: it should not.
"""

import tempfile
import time
from pathlib import Path

from tests.benchmarks.database import (
    DEPLOYMENT,
    SITE,
    import_quietly,
    scratch_network,
    write_inferences,
    write_truths,
)
from tests.benchmarks.memory import now_mb, peak_mb
from tests.benchmarks.table import Result

PREDICTIONS, TRUTH_SHARE, AIM_A_SECOND = 60_000, 0.2, 50_000


def run() -> Result:
    with tempfile.TemporaryDirectory() as folder, scratch_network():
        runs, truths = Path(folder) / "runs.parquet", Path(folder) / "truths.parquet"
        write_inferences(runs, count=PREDICTIONS)
        write_truths(truths, count=PREDICTIONS, share=TRUTH_SHARE)
        import_quietly("import_inferences", runs, deployment=DEPLOYMENT)
        predictions, memory = folded_a_second(), memory_growth()
        import_quietly("import_truth", truths, site=SITE)
        late = folded_a_second()
    return Result(
        name="rollup_follow",
        ours=predictions,
        theirs=AIM_A_SECOND,
        unit="entries/s",
        ratio=predictions / AIM_A_SECOND,
        aim="≥ 1 of the aim, memory flat",
        reached=predictions >= AIM_A_SECOND,
        note=f"late truths {late:.0f}/s; memory {memory:+.0f} MB over a rebuild, peak {peak_mb():.0f} MB",
    )


def folded_a_second() -> float:
    from django.utils import timezone

    from audit.log.sequencing import sequence
    from monitoring.rollups.actions import follow

    sequence(now=timezone.now())
    began = time.perf_counter()
    folded = follow(now=timezone.now())
    return folded / (time.perf_counter() - began)


def memory_growth() -> float:
    """Fold everything once more and return by how many MB the process is larger than after the first time."""
    from monitoring.rollups.actions import rebuild

    before = now_mb()
    rebuild()
    return now_mb() - before
