"""The part of a study's story that somebody may see, whose right reaches a product and not the whole site.

A manufacturer with an agreement on its own product learns nothing of another
product that met the same patient, nor what was found beside its own findings.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from audit.access.decisions import Visitor
from inference.registry.models import Finding
from inference.registry.visibility import scope_of, visible_deployments
from inference.studies.models import Study
from inference.studies.story import Story

ACTION = "see_case"
AGE, OLDEST_SHARED = "study.patient_age_years", 90


def sees_whole_site(user: Visitor, study: Study, *, now: datetime) -> bool:
    scope = scope_of(user, ACTION, now=now)
    return scope.covers(organisation=study.site.organisation_id, site=study.site_id)


def within_reach(story: Story, study: Study, *, user: Visitor, now: datetime) -> Story:
    """Return the facts about the products within reach: their runs, what was answered to them, and their concepts."""
    deployments = set(visible_deployments(user, ACTION, now=now).filter(site=study.site).values_list("pk", flat=True))
    concepts = set(Finding.objects.filter(product__deployments__in=deployments).values_list("concept_id", flat=True))
    kept = {
        kind: [fact for fact in facts if is_about(fact, deployments=deployments, concepts=concepts)]
        for kind, facts in story.items()
    }
    return {kind: facts for kind, facts in kept.items() if facts}


def is_about(fact: Any, *, deployments: set[str], concepts: set[str]) -> bool:
    """Return whether a fact is about one of these deployments, or, naming none, about one of these concepts."""
    if getattr(fact, "deployment_id", None) or getattr(fact, "inference_uid", ""):
        return fact.deployment_id in deployments
    return getattr(fact, "finding", None) is None or fact.finding in concepts


def shared_age_of(described: Mapping[str, Any]) -> dict[str, Any]:
    """Return an age as it may leave the site: 90 and above are one group."""
    years = described.get(AGE)
    return {AGE: f"{OLDEST_SHARED}+"} if isinstance(years, int | float) and years >= OLDEST_SHARED else {}
