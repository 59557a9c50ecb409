"""How the predictions of one study count today, under every rule that cases are kept for."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from inference.registry.queries import deployment_settings
from monitoring.cases.counting import count_study
from monitoring.cases.facts import CountedCase, StudyFacts
from monitoring.cases.loading import load_studies
from monitoring.cases.rules import kept_rules


def counting_of(study: UUID, *, deployments: Collection[str]) -> list[CountedCase]:
    """Return the cases of a study's runs in these deployments, counted from the facts as they are now."""
    cases = [case for facts in load_studies([study]) for case in counted(facts, deployments=deployments)]
    return sorted(cases, key=lambda case: (case.finding, case.region, case.rule, case.inference_id))


def counted(facts: StudyFacts, *, deployments: Collection[str]) -> list[CountedCase]:
    met = sorted({run.deployment for run in facts.runs} & set(deployments))
    settings = {key: deployment_settings(key) for key in met}
    rules = kept_rules({each.product_key for each in settings.values()})
    return [
        case
        for key, each in settings.items()
        for case in count_study(facts, rules=rules[each.product_key], deployments={key: each})
    ]
