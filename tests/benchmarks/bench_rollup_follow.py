"""Predictions and late truths folded into cases and daily sums, against the aim of the design."""

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
from tests.benchmarks.table import Result

PREDICTIONS, TRUTH_SHARE, AIM_A_SECOND = 50_000, 0.2, 50_000


def run() -> Result:
    with tempfile.TemporaryDirectory() as folder, scratch_network():
        runs, truths = Path(folder) / "runs.parquet", Path(folder) / "truths.parquet"
        write_inferences(runs, count=PREDICTIONS)
        write_truths(truths, count=PREDICTIONS, share=TRUTH_SHARE)
        import_quietly("import_inferences", runs, deployment=DEPLOYMENT)
        predictions = folded_a_second()
        import_quietly("import_truth", truths, site=SITE)
        late = folded_a_second()
    return Result(
        name="rollup_follow",
        ours=predictions,
        theirs=AIM_A_SECOND,
        unit="entries/s",
        ratio=predictions / AIM_A_SECOND,
        aim="≥ 1 of the aim",
        reached=predictions >= AIM_A_SECOND,
        note=f"late truths {late:.0f}/s",
    )


def folded_a_second() -> float:
    from django.utils import timezone

    from audit.log.sequencing import sequence
    from monitoring.rollups.actions import follow

    sequence(now=timezone.now())
    began = time.perf_counter()
    folded = follow(now=timezone.now())
    return folded / (time.perf_counter() - began)
