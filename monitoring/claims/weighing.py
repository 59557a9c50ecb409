"""What a labelled case stands for: one over the chance with which a label plan drew it.

A design either takes labels as they come, each for itself, or only those of
label plans. Where windows of plans overlap, the earliest draw of a case decides.
"""

from __future__ import annotations

from collections.abc import Collection

from monitoring.claims.designs import DRAWN, Design
from monitoring.labelling.models import DrawnCase, LabelPlan
from monitoring.labelling.queries import unpacked

Key = tuple[int, str]


def weights_of(design: Design, *, product: str, deployments: Collection[str]) -> dict[Key, float] | None:
    """Return the weight of each case that a plan drew or found labelled; None where every label stands for itself.

    A weight above the ceiling that the design declared is not among them: no bound would hold for it.
    """
    if design.labels != DRAWN:
        return None
    plans = LabelPlan.objects.filter(
        product_id=product, finding=design.terms.finding, rule=design.terms.truth_rule, withdrawal=None
    ).defer("labelled")
    found: dict[Key, float] = {}
    for plan in plans.order_by("drawn_at", "pk"):
        for inference, region, probability in _drawn(plan, deployments=deployments):
            found.setdefault((inference, region), 1 / probability)
        for key in unpacked(plan):
            found.setdefault(key, 1.0)
    return {key: weight for key, weight in found.items() if weight <= design.ceiling}


def _drawn(plan: LabelPlan, *, deployments: Collection[str]) -> list[tuple[int, str, float]]:
    rows = DrawnCase.objects.filter(plan=plan, deployment_id__in=deployments)
    return list(rows.values_list("inference_id", "region", "probability"))
