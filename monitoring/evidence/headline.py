"""The headline figures of a package: of the product in scope and of each site, with what was left out."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from monitoring.evidence.rows import questions_of, rules_of
from monitoring.evidence.scopes import Scope
from monitoring.evidence.software import made_with
from monitoring.performance.hiding import hide_small_cells
from monitoring.performance.queries import estimates
from monitoring.performance.questions import LEVEL, EstimateSet, Question

HIDDEN = "hidden by the sharing agreement"


def figure_sets(scope: Scope) -> list[dict[str, Any]]:
    """Return the figures as the verifier reads them; of a single study there are none."""
    if scope.is_narrowed:
        return []
    least = 0 if scope.has_rows else scope.wanted.minimum_count
    return without_lone_sites(list(sets_of(scope, least=least)), is_shared=not scope.has_rows)


def sets_of(scope: Scope, *, least: int) -> Iterator[dict[str, Any]]:
    kinds = dict(scope.product.findings.values_list("key", "kind"))
    for question in questions_of(scope, rules=rules_of(scope)):
        kind = kinds[question.finding]
        if len(scope.sites) > 1:
            yield answered(question, kind=kind, least=least, where={"product": scope.product.pk})
        for site in scope.sites:
            here = tuple(each.pk for each in scope.deployments if each.site_id == site)
            yield answered(
                replace(question, deployments=here),
                kind=kind,
                least=least,
                where={"product": scope.product.pk, "site": site},
            )


def figures_document(scope: Scope, *, sets: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the figures with the code that made them and the parameters that it was given."""
    parameters = {
        "level": LEVEL,
        "unit": "one case for each logged prediction, finding and region; intervals take patients as clusters",
        "truth_rules": rules_of(scope),
        "basis": "received",
        "minimum_count": scope.wanted.minimum_count if not scope.has_rows else 0,
        "exact": True,
    }
    return {"made_with": made_with(), "parameters": parameters, "sets": sets}


def answered(question: Question, *, kind: str, least: int, where: Mapping[str, str]) -> dict[str, Any]:
    answer = hide_small_cells(estimates(question), minimum_count=least)
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
        **missing_of(answer, least=least),
    }


def missing_of(answer: EstimateSet, *, least: int) -> dict[str, Any]:
    """Return what is missing behind the figures; where small counts hide, blocks of sites would tell each other's."""
    return {"missing": answer.missing.as_json()} if answer.missing and least <= 1 else {}


def without_lone_sites(sets: list[dict[str, Any]], *, is_shared: bool) -> list[dict[str, Any]]:
    """Hide a second site where one alone is hidden: the figure of all sites would tell it."""
    groups: dict[tuple[str, str], list[dict[str, Any]]] = defaultdict(list)
    for block in sets if is_shared else ():
        if "site" in block:
            groups[block["finding"], block["truth_rule"]].append(block)
    for blocks in groups.values():
        for metric in sorted({each["metric"] for block in blocks for each in block["estimates"]}):
            hide_partner([each for block in blocks for each in block["estimates"] if each["metric"] == metric])
    return sets


def hide_partner(estimates_of_sites: Sequence[dict[str, Any]]) -> None:
    kept_back = [each for each in estimates_of_sites if str(each.get("not_estimable", "")).endswith(HIDDEN)]
    shown = [each for each in estimates_of_sites if "not_estimable" not in each]
    if len(kept_back) == 1 and shown:
        partner = min(shown, key=lambda each: int(each["cases"]))
        where = {name: partner[name] for name in ("metric", "slice")}
        partner.clear()
        partner |= where | {"not_estimable": f"it would tell another site's, {HIDDEN}"}
