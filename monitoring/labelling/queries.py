"""Which cases wait for a label, which plans there are, and how far their labels have come."""

from __future__ import annotations

import json
import zlib
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Exists, F, OuterRef, Q, QuerySet

from audit.access.decisions import NotVisibleError, Visitor
from audit.log.models import Act
from inference.registry.visibility import visible_deployments
from monitoring.cases.models import Case
from monitoring.errors import LabelPlanError
from monitoring.labelling.design import digest_of_list
from monitoring.labelling.models import DrawnCase, LabelPlan, PlanWithdrawal
from monitoring.labelling.strata import Candidate

SEE, DRAW = "see_label_plans", "plan_labels"
DECISIONS = ("positive", "negative")
MOST_CANDIDATES = 250_000
MOST_PLANS = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """Whose cases a plan draws from, acquired from `since` to before `until`."""

    finding: str
    rule: str
    deployments: tuple[str, ...]
    since: date
    until: date


def cases_of(window: Window) -> QuerySet[Case]:
    """Return the counted cases with a decision."""
    return Case.objects.filter(
        deployment_id__in=window.deployments,
        finding=window.finding,
        rule=window.rule,
        excluded="",
        decision__in=DECISIONS,
        acquired_on__gte=window.since,
        acquired_on__lt=window.until,
    )


def candidates_of(window: Window) -> list[Candidate]:
    """Return the cases that wait for a label and those that have one; a truth of another value leaves a case out.

    Raises:
        LabelPlanError: there are more than a plan can hold in memory.
    """
    found = cases_of(window).filter(truth__in=("", *DECISIONS))
    rows = found.values_list(
        "inference_id", "region", "deployment_id", "site_id", "study_id", "person_id", "acquired_at", "decision",
        "score", "reader_decision", "truth",
    )  # fmt: skip
    taken = list(rows[: MOST_CANDIDATES + 1])
    if len(taken) > MOST_CANDIDATES:
        raise LabelPlanError(f"More than {MOST_CANDIDATES} cases lie in this window; choose fewer days or one site.")
    return [
        Candidate(*row[:4], str(row[4]), str(row[5]), *row[6:9], reader_of(row[9], row[7]), row[10]) for row in taken
    ]


def reader_of(said: str, decision: str) -> str:
    if said not in DECISIONS:
        return "unread"
    return "agrees" if said == decision else "differs"


# --- plans -----------------------------------------------------------------------------------------------------


def plans_for(user: Visitor, action: str, *, now: datetime) -> QuerySet[LabelPlan]:
    """Return the plans that draw from a deployment within reach, the newest first."""
    seen = list(visible_deployments(user, action, now=now).values_list("key", flat=True))
    reached = Q()
    for key in seen:
        reached |= Q(deployments__contains=[key])
    plans = LabelPlan.objects.select_related("withdrawal").defer("labelled").order_by("-drawn_at", "-pk")
    return plans.filter(reached) if seen else plans.none()


def get_plan_for(user: Visitor, action: str, uid: str, *, now: datetime) -> LabelPlan:
    found = plans_for(user, action, now=now).filter(uid=uid).first()
    if found is None:
        raise NotVisibleError
    return found


def reach_of(user: Visitor, action: str, plan: LabelPlan, *, now: datetime) -> tuple[str, ...]:
    """Return which of the plan's deployments the user reaches."""
    seen = visible_deployments(user, action, now=now).filter(pk__in=plan.deployments)
    return tuple(seen.values_list("key", flat=True))


def is_withdrawn(plan: LabelPlan) -> bool:
    return PlanWithdrawal.objects.filter(plan=plan).exists()


def is_as_drawn(plan: LabelPlan) -> bool:
    """Return whether the list is the one whose digest was logged."""
    rows = plan.cases.order_by("position").values_list("inference_id", "region", "stratum")
    logged = Act.objects.filter(entry__kind="label_plan.drawn", organisation=plan.organisation, details__plan=plan.uid)
    return set(logged.values_list("details__digest", flat=True)) == {plan.digest} == {digest_of_list(rows)}


def answers_to(plan: LabelPlan) -> QuerySet[Case]:
    """Return the cases as they count today that a drawn one of the plan may be."""
    return Case.objects.filter(
        rule=plan.rule, finding=plan.finding, inference_id=OuterRef("inference_id"), region=OuterRef("region")
    )


def drawn_cases(plan: LabelPlan, *, deployments: Collection[str]) -> QuerySet[DrawnCase]:
    """Return the drawn cases within reach, in their order, each with whether it is answered."""
    found = answers_to(plan).filter(excluded="").exclude(truth="")
    drawn = DrawnCase.objects.filter(plan=plan, deployment_id__in=deployments)
    return drawn.annotate(is_answered=Exists(found)).order_by("position")


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How many of the drawn cases are answered: altogether and by stratum."""

    drawn: Counter[int]
    answered: Counter[int]

    @property
    def total(self) -> tuple[int, int]:
        return self.answered.total(), self.drawn.total()


def progress_of(plans: Iterable[LabelPlan], *, deployments: Collection[str]) -> dict[int, Progress]:
    """Return the progress of plans by their key, in one query."""
    some = list(plans)
    found = {plan.pk: Progress(drawn=Counter(), answered=Counter()) for plan in some}
    answer = Case.objects.filter(
        rule=OuterRef("plan__rule"),
        finding=OuterRef("plan__finding"),
        inference_id=OuterRef("inference_id"),
        region=OuterRef("region"),
        excluded="",
    ).exclude(truth="")
    rows = DrawnCase.objects.filter(plan__in=[plan.pk for plan in some], deployment_id__in=deployments)
    for plan, stratum, answered in rows.annotate(answered=Exists(answer)).values_list("plan", "stratum", "answered"):
        found[plan].drawn[stratum] += 1
        found[plan].answered[stratum] += int(answered)
    return found


# --- what an estimate needs of a plan ------------------------------------------------------------------------------

Key = tuple[int, str]


def packed(labelled: Sequence[Candidate]) -> bytes:
    """Pack which cases had their label when a plan was drawn."""
    listed = sorted((each.inference_id, each.region) for each in labelled)
    return zlib.compress(json.dumps(listed, separators=(",", ":")).encode(), 6)


def unpacked(plan: LabelPlan) -> set[Key]:
    raw = bytes(LabelPlan.objects.values_list("labelled", flat=True).get(pk=plan.pk))
    return {(number, region) for number, region in json.loads(zlib.decompress(raw))} if raw else set()


def plan_for_estimate(
    *, product: str, finding: str, rule: str, deployments: Collection[str], drawn_before: datetime | None
) -> LabelPlan | None:
    """Return the latest plan in force that draws from all of these deployments, else from some and no other."""
    plans = LabelPlan.objects.filter(
        product_id=product, finding=finding, rule=rule, deployments__contained_by=list(deployments), withdrawal=None
    )
    if drawn_before:
        plans = plans.filter(drawn_at__lte=drawn_before)
    newest = list(plans.defer("labelled", "strata").order_by("-drawn_at", "-pk")[:MOST_PLANS])
    return next((plan for plan in newest if set(plan.deployments) == set(deployments)), newest[0] if newest else None)


def strata_of(plan: LabelPlan) -> dict[Key, int]:
    """Return the stratum of each drawn case."""
    rows = plan.cases.values_list(F("inference_id"), F("region"), F("stratum"))
    return {(inference_id, region): stratum for inference_id, region, stratum in rows}
