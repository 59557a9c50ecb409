"""The headline figures of a package: of the product in scope and of each site, with what was left out."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from monitoring.evidence.rows import questions_of, rules_of
from monitoring.evidence.scopes import Scope
from monitoring.performance.queries import estimates
from monitoring.performance.questions import Question

HIDDEN = "fewer cases than the agreement lets out"


def figure_sets(scope: Scope) -> list[dict[str, Any]]:
    """Return the figures as the verifier reads them; of a single study there are none."""
    if scope.is_narrowed:
        return []
    sets = list(sets_of(scope))
    return sets if scope.has_rows else [hidden(each, least=scope.wanted.minimum_count) for each in sets]


def sets_of(scope: Scope) -> Iterator[dict[str, Any]]:
    kinds = dict(scope.product.findings.values_list("key", "kind"))
    for question in questions_of(scope, rules=rules_of(scope)):
        kind = kinds[question.finding]
        if len(scope.sites) > 1:
            yield answered(question, kind=kind, where={"product": scope.product.pk})
        for site in scope.sites:
            here = tuple(each.pk for each in scope.deployments if each.site_id == site)
            yield answered(
                replace(question, deployments=here), kind=kind, where={"product": scope.product.pk, "site": site}
            )


def answered(question: Question, *, kind: str, where: Mapping[str, str]) -> dict[str, Any]:
    answer = estimates(question)
    return {
        **where,
        "finding": question.finding,
        "kind": kind,
        "truth_rule": question.truth_rule,
        "basis": question.basis,
        "as_of": question.as_of.isoformat() if question.as_of else None,
        "from": question.since.isoformat() if question.since else None,
        "to": question.until.isoformat() if question.until else None,
        "excluded": {reason: number for reason, number in sorted(answer.excluded.items()) if number},
        "estimates": [each.as_json() for each in answer.figures],
    }


def hidden(block: dict[str, Any], *, least: int) -> dict[str, Any]:
    """Hide small cells: a figure over few cases, or whose positives or negatives are few, and small left-out counts."""

    def shown(estimate: dict[str, Any]) -> dict[str, Any]:
        if "not_estimable" in estimate or all(is_shown(count, least=least) for count in cells(estimate)):
            return estimate
        return {"metric": estimate["metric"], "slice": estimate["slice"], "not_estimable": HIDDEN}

    excluded = {reason: number for reason, number in block["excluded"].items() if is_shown(number, least=least)}
    return block | {"excluded": excluded, "estimates": [shown(each) for each in block["estimates"]]}


def cells(estimate: Mapping[str, Any]) -> Iterator[int]:
    cases = int(estimate["cases"])
    yield cases
    yield int(estimate["positives"])
    yield cases - int(estimate["positives"])
    successes = round(float(estimate["value"]) * cases)
    if estimate["metric"] in ("sensitivity", "specificity", "ppv", "npv", "flag_rate", "label_coverage"):
        yield successes
        yield cases - successes


def is_shown(count: int, *, least: int) -> bool:
    return count == 0 or count >= least
