"""Exact area under the curve with DeLong's interval, against scikit-learn's area without one."""

import time
from collections.abc import Callable

import numpy as np

from tests.benchmarks.table import Result

CASES, REPEATS, MOST = 1_000_000, 3, 1.5


def run() -> Result:
    from sklearn.metrics import roc_auc_score

    from monitoring.statistics.roc import auc

    generator = np.random.default_rng(1)
    labels = generator.random(CASES) < 0.1
    scores = generator.normal(labels.astype(float), 1.0)
    ours = fastest(lambda: auc(scores, labels))
    theirs = fastest(lambda: roc_auc_score(labels, scores))
    ratio = ours / theirs
    return Result(name="auc", ours=ours, theirs=theirs, unit="s", ratio=ratio, aim=f"≤ {MOST}", reached=ratio <= MOST)


def fastest(work: Callable[[], object]) -> float:
    def seconds() -> float:
        began = time.perf_counter()
        work()
        return time.perf_counter() - began

    return min(seconds() for _ in range(REPEATS))
