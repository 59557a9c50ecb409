"""A product for each kind of finding at north, and the way from rows to its figures."""

from io import StringIO

from django.core.management import call_command

from inference.registry.actions import register
from tests.factories import REGISTERED, inference_row, make_network, send, truth_row
from tests.monitoring.performance.test_estimate_command import estimate, figures


def make_product(kind: str, **finding: object) -> None:
    """Register one more product with one finding `f` of a kind, deployed as `task-north`."""
    make_network()
    extra = "".join(f", {name}: {value}" for name, value in finding.items())
    concept = "".join(f", {name}: {finding[name]}" for name in ("classes", "unit") if name in finding)
    text = f"""
concepts: [{{key: f, name: The finding, kind: {kind}{concept}}}]
products:
  - key: task
    manufacturer: cxr-maker
    findings: [{{key: f, concept: f, kind: {kind}{extra}}}]
    versions: [{{version: "1.0"{", thresholds: {f: 0.5}" if finding.get("scale") == "probability" else ""}}}]
deployments: [{{key: task-north, product: task, site: north, version: "1.0", role: concurrent, from: 2026-01-01}}]
"""
    register(text=text, actor="test", now=REGISTERED)


def run(number: int, **said: object) -> dict:
    return inference_row(number, deployment="task-north", predictions=[{"finding": "f", **said}])


def true(number: int, **facts: object) -> dict:
    return truth_row(number, finding="f", **({"value": None, "standard": "panel"} | facts))


def tell(*, runs: list[dict], truths: list[dict] = (), reads: list[dict] = (), events: list[dict] = ()) -> None:
    for kind, rows in (("inferences", runs), ("truth", truths), ("reads", reads), ("events", events)):
        if rows:
            receipts = send(kind, *rows)
            assert {each.status for each in receipts} <= {"stored", "stored_flagged"}, receipts
    call_command("catch_up", stdout=StringIO())


def answer(*arguments: str) -> dict[str, dict]:
    return figures(estimate("--deployment", "task-north", "--finding", "f", *arguments))
