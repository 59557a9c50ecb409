"""Draws plans of labels and withdraws them. What was drawn, from what and by which seed stays as it is."""

from __future__ import annotations

from datetime import datetime
from hashlib import sha256
from typing import Any
from uuid import uuid4

from django.db import IntegrityError, transaction

from audit.log.actions import record_act
from monitoring.errors import LabelPlanError
from monitoring.labelling.design import DESIGN, Design, Drawn, design_of, digest_of, draw
from monitoring.labelling.models import DrawnCase, LabelPlan, PlanWithdrawal
from monitoring.labelling.queries import Window, candidates_of, packed


@transaction.atomic
def draw_plan(
    *,
    organisation: str,
    product: str,
    window: Window,
    question: str,
    budget: int,
    floor: int,
    seed: int,
    by: str,
    now: datetime,
) -> LabelPlan:
    """Draw cases for adjudication, keep the design with its probabilities, and log it with the list's digest.

    Raises:
        LabelPlanError: no case waits for a label, or the floors take more than the budget.
    """
    candidates = candidates_of(window)
    design = designed(window, candidates, question=question, budget=budget, floor=floor)
    drawn = draw(design, seed=seed)
    plan = LabelPlan.objects.create(
        uid=uuid4().hex,
        organisation=organisation,
        product_id=product,
        finding=window.finding,
        rule=window.rule,
        deployments=list(window.deployments),
        since=window.since,
        until=window.until,
        question=question,
        budget=budget,
        floor=floor,
        seed=seed,
        design=DESIGN,
        strata=design.strata_as_json(),
        expected=design.expected_as_json(),
        labelled=packed([each for each in candidates if each.truth]),
        labelled_count=design.labelled,
        digest=digest_of(drawn),
        drawn_at=now,
        drawn_by=by,
    )
    DrawnCase.objects.bulk_create(drawn_rows(plan, design=design, drawn=drawn), batch_size=2_000)
    log_act("label_plan.drawn", plan=plan, actor=by, details=details_of(plan, drawn=len(drawn)), now=now)
    return plan


def designed(window: Window, candidates: list[Any], *, question: str, budget: int, floor: int) -> Design:
    if all(each.truth for each in candidates):
        raise LabelPlanError("No counted case with a decision waits for a label in this window.")
    try:
        return design_of(candidates, question=question, budget=budget, floor=floor)
    except ValueError as problem:
        raise LabelPlanError(f"The budget is too small: {problem}.") from problem


def drawn_rows(plan: LabelPlan, *, design: Design, drawn: list[Drawn]) -> list[DrawnCase]:
    return [
        DrawnCase(
            plan=plan,
            position=position,
            deployment_id=each.case.deployment,
            site_id=each.case.site,
            study_id=each.case.study,
            person_id=each.case.person,
            inference_id=each.case.inference_id,
            region=each.case.region,
            acquired_at=each.case.acquired_at,
            decision=each.case.decision,
            stratum=each.stratum,
            probability=design.probability(each.stratum),
        )
        for position, each in enumerate(drawn, start=1)
    ]


def details_of(plan: LabelPlan, *, drawn: int) -> dict[str, Any]:
    """Return what the entry holds: enough to draw the same list again, and to see that it is the same."""
    return {
        "plan": plan.uid,
        "finding": plan.finding,
        "rule": plan.rule,
        "deployments": plan.deployments,
        "since": plan.since.isoformat(),
        "until": plan.until.isoformat(),
        "question": plan.question,
        "budget": plan.budget,
        "floor": plan.floor,
        "seed": str(plan.seed),
        "design": plan.design,
        "strata": [[each["size"], each["drawn"]] for each in plan.strata],
        "drawn": drawn,
        "labelled": plan.labelled_count,
        "labelled_sha256": sha256(bytes(plan.labelled)).hexdigest(),
        "digest": plan.digest,
    }


@transaction.atomic
def withdraw_plan(*, plan: LabelPlan, reason: str, by: str, now: datetime) -> PlanWithdrawal:
    """Take a plan back: a row and an entry more, nothing less.

    Raises:
        LabelPlanError: it is withdrawn already.
    """
    try:
        with transaction.atomic():
            found = PlanWithdrawal.objects.create(plan=plan, at=now, by=by, reason=reason)
    except IntegrityError as problem:
        raise LabelPlanError("This plan is withdrawn already.") from problem
    log_act("label_plan.withdrawn", plan=plan, actor=by, details={"plan": plan.uid, "reason": reason}, now=now)
    return found


@transaction.atomic
def record_download(*, plan: LabelPlan, rows: int, by: str, now: datetime) -> None:
    """Log that somebody took the list of cases along."""
    log_act("label_plan.downloaded", plan=plan, actor=by, details={"plan": plan.uid, "rows": rows}, now=now)


def log_act(kind: str, *, plan: LabelPlan, actor: str, details: dict[str, Any], now: datetime) -> None:
    subject = f"product/{plan.product_id}"
    record_act(kind, organisation=plan.organisation, subject=subject, actor=actor, at=now, details=details)
