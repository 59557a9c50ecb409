"""The product page from daily sums, against scikit-learn recomputing its figures from the rows.

The aim names 100,000 and ten million inferences; ten million wait for the work on scale.
"""

import tempfile
import time
from pathlib import Path
from typing import Any

from tests.benchmarks.bench_rollup_follow import folded_a_second
from tests.benchmarks.database import (
    DEPLOYMENT,
    SITE,
    import_quietly,
    scratch_network,
    write_inferences,
    write_truths,
)
from tests.benchmarks.table import Result

INFERENCES, TRUTH_SHARE, REQUESTS, MOST_MS = 20_000, 0.5, 20, 200


def run() -> Result:
    with tempfile.TemporaryDirectory() as folder, scratch_network():
        runs, truths = Path(folder) / "runs.parquet", Path(folder) / "truths.parquet"
        write_inferences(runs, count=INFERENCES)
        write_truths(truths, count=INFERENCES, share=TRUTH_SHARE)
        import_quietly("import_inferences", runs, deployment=DEPLOYMENT)
        import_quietly("import_truth", truths, site=SITE)
        folded_a_second()
        pages = sorted(page_seconds(officer()) for _ in range(REQUESTS))
        theirs = recompute_seconds()
    ours = pages[int(0.95 * len(pages))]
    return Result(
        name="dashboard",
        ours=ours,
        theirs=theirs,
        unit="s",
        ratio=theirs / ours,
        aim=f"p95 ≤ {MOST_MS} ms, ≥ 100 × faster than recomputing every slice",
        reached=ours * 1000 <= MOST_MS and theirs / ours >= 100,
        note=f"p50 {1000 * pages[len(pages) // 2]:.0f} ms, p95 {1000 * ours:.0f} ms at {INFERENCES} inferences",
    )


def officer() -> Any:
    from django.test import Client

    from audit.access.models import User
    from tests.factories import make_user

    found = User.objects.filter(username="officer").first()
    client = Client()
    client.force_login(
        found or make_user(role="quality_officer", username="officer"),
        backend="django.contrib.auth.backends.ModelBackend",
    )
    return client


def page_seconds(client: Any) -> float:
    began = time.perf_counter()
    answer = client.get("/products/cxr/")
    if answer.status_code != 200:
        raise RuntimeError(f"the product page answered {answer.status_code}")
    return time.perf_counter() - began


def recompute_seconds() -> float:
    """Recompute area and rates of all cases and of every month from the rows, as a notebook would."""
    import pandas as pd
    from sklearn.metrics import confusion_matrix, roc_auc_score

    from monitoring.cases.models import Case

    began = time.perf_counter()
    columns = ("score", "threshold", "truth", "acquired_on")
    rows = Case.objects.filter(finding="nodule", excluded="", truth__in=("positive", "negative"))
    frame = pd.DataFrame(rows.values_list(*columns), columns=columns)
    months = pd.to_datetime(frame["acquired_on"]).dt.strftime("%Y-%m")
    for part in (frame, *(part for _, part in frame.groupby(months))):
        labels = part["truth"] == "positive"
        roc_auc_score(labels, part["score"])
        confusion_matrix(labels, part["score"] >= part["threshold"])
    return time.perf_counter() - began
