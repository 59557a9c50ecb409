"""The product page over 20 sites and three years, returning patients included, against scikit-learn from the rows.

Also: one month of one product from its sums, and the page at ten times as many cases. Ten million wait for the
work on scale.
"""

import time
from collections.abc import Callable
from datetime import date
from typing import Any

from tests.benchmarks.database import scratch_network
from tests.benchmarks.many_cases import register_sites, store_cases
from tests.benchmarks.memory import peak_mb
from tests.benchmarks.table import Result

INFERENCES, TIMES_MORE, REQUESTS, MOST_MS, MOST_MONTH_MS = 100_000, 10, 20, 200, 5
SLICES = ("month", "site_id")


def run() -> Result:
    with scratch_network():
        register_sites()
        store_cases(INFERENCES, rows=True)
        pages, month = page_times(), percentile([seconds_of(one_month) for _ in range(REQUESTS)], 0.5)
        theirs = recompute_seconds()
        store_cases(INFERENCES * (TIMES_MORE - 1), rows=False, seed=8)
        more = page_times()
    ours = percentile(pages, 0.95)
    note = (
        f"page p50 {1000 * percentile(pages, 0.5):.0f} ms, p95 {1000 * ours:.0f} ms at {INFERENCES:,} inferences; "
        f"p95 {1000 * percentile(more, 0.95):.0f} ms at {TIMES_MORE} times as many; one month of one product "
        f"{1000 * month:.1f} ms (aim {MOST_MONTH_MS}); peak memory {peak_mb():.0f} MB"
    )
    return Result(
        name="dashboard",
        ours=ours,
        theirs=theirs,
        unit="s",
        ratio=theirs / ours,
        aim=f"p95 ≤ {MOST_MS} ms, a month ≤ {MOST_MONTH_MS} ms, ≥ 100 × faster than recomputing",
        reached=ours * 1000 <= MOST_MS and month * 1000 <= MOST_MONTH_MS and theirs / ours >= 100,
        note=note,
    )


def page_times() -> list[float]:
    client = officer()
    page_seconds(client)  # the first request loads modules and templates
    return [page_seconds(client) for _ in range(REQUESTS)]


def percentile(values: list[float], share: float) -> float:
    return sorted(values)[int(share * len(values))]


def seconds_of(work: Callable[[], Any]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


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


def one_month() -> None:
    """Answer one month of the product: read its sums, and give every figure with its interval."""
    from monitoring.performance.metrics import BINARY
    from monitoring.performance.questions import Question
    from monitoring.performance.rolled import rolled_figures

    question = Question(product="cxr", finding="nodule", since=date(2025, 3, 1), until=date(2025, 4, 1))
    rolled_figures(question, scope(), metrics=BINARY)


def scope(known: list[Any] = []) -> Any:  # noqa: B006 - the settings of a request, loaded once
    from monitoring.performance.questions import Question
    from monitoring.performance.scopes import scope_of

    if not known:
        known.append(scope_of(Question(product="cxr", finding="nodule")))
    return known[0]


def recompute_seconds() -> float:
    """Recompute area and rates of all cases, of every month and of every site from the rows, as a notebook would."""
    import pandas as pd
    from sklearn.metrics import confusion_matrix, roc_auc_score

    from monitoring.cases.models import Case

    began = time.perf_counter()
    columns = ("score", "threshold", "truth", "acquired_on", "site_id")
    rows = Case.objects.filter(finding="nodule", excluded="", truth__in=("positive", "negative"))
    frame = pd.DataFrame(rows.values_list(*columns), columns=columns)
    frame["month"] = pd.to_datetime(frame["acquired_on"]).dt.strftime("%Y-%m")
    for part in (frame, *(part for name in SLICES for _, part in frame.groupby(name))):
        labels = part["truth"] == "positive"
        roc_auc_score(labels, part["score"])
        confusion_matrix(labels, part["score"] >= part["threshold"])
    return time.perf_counter() - began
