"""Starting a run, storing what came of its items, and closing it."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from typing import Any

from django.db import transaction

from audit.log.actions import record_act, record_facts
from inference.registry.models import Deployment
from inference.rescoring.errors import NothingToRescoreError
from inference.rescoring.leasing import fail_worn_out
from inference.rescoring.models import Rescore, RescoreItem, RescoreRun
from inference.rescoring.sampling import draw_sample
from inference.results.models import Prediction

TOLERANCE = 1e-4  # what float32 on another processor may differ by
LONGEST_REASON = 300
State = RescoreItem.State
OPEN = (State.WAITING, State.LEASED)


@dataclass(slots=True, kw_only=True)
class Outcome:
    """What came of one item: (prediction, weights, score) each, or the reason why not."""

    item: RescoreItem
    scores: list[tuple[Prediction, str, float]] = field(default_factory=list)
    reason: str = ""


@transaction.atomic
def start_run(
    *, deployment: Deployment, sample: int, seed: int, tolerance: float, plan: str, actor: str, now: datetime
) -> RescoreRun:
    """Draw the sample and return the run; its items wait for workers.

    Raises:
        NothingToRescoreError: nothing can be drawn; no run is made.
    """
    drawn = draw_sample(deployment, size=sample, seed=seed, now=now)
    if not drawn:
        raise NothingToRescoreError(deployment.pk)
    run = RescoreRun.objects.create(
        deployment=deployment,
        plan=plan,
        sample=sample,
        seed=seed,
        tolerance=tolerance,
        requested_at=now,
        requested_by=actor,
    )
    RescoreItem.objects.bulk_create(RescoreItem(run=run, inference_id=pk) for pk in drawn)
    details = {"run": run.pk, "sample": sample, "drawn": len(drawn), "seed": str(seed), "plan": plan}
    log_act("rescore.started", run=run, actor=actor, details=details, now=now)
    return run


@transaction.atomic
def store_outcomes(outcomes: Sequence[Outcome], *, worker: str, environment: Mapping[str, Any], now: datetime) -> int:
    """Store the scores of the items that are still this worker's, and close these items; return how many."""
    leased = RescoreItem.objects.filter(pk__in=[each.item.pk for each in outcomes], worker=worker, state=State.LEASED)
    own = set(leased.select_for_update().order_by("pk").values_list("pk", flat=True))
    kept = [each for each in outcomes if each.item.pk in own]
    for deployment in sorted({each.item.inference.deployment_id for each in kept}):
        facts = [
            (rescore_of(each, score=score, environment=environment, now=now), rescore_uid(each.item, score[0]))
            for each in kept
            if each.item.inference.deployment_id == deployment
            for score in each.scores
        ]
        record_facts(facts, scope=f"deployment/{deployment}", kind="rescore", actor=f"worker:{worker}")
    close_items(kept, now=now)
    return len(kept)


def rescore_of(
    outcome: Outcome, *, score: tuple[Prediction, str, float], environment: Mapping[str, Any], now: datetime
) -> Rescore:
    item, (prediction, weights, value) = outcome.item, score
    logged = prediction.score
    return Rescore(
        run_id=item.run_id,
        inference_id=item.inference_id,
        organisation=item.inference.organisation,
        finding=prediction.finding,
        region=prediction.region,
        weights_sha256=weights,
        logged_score=logged,
        score=value,
        agrees=None if logged is None else abs(value - logged) <= item.run.tolerance,
        tolerance=item.run.tolerance,
        environment=dict(environment),
        received_at=now,
    )


def rescore_uid(item: RescoreItem, prediction: Prediction) -> str:
    """Return a uid that is the same whoever scores the item, so that none is stored twice."""
    named = f"{item.run_id}/{item.inference_id}/{prediction.finding}/{prediction.region}"
    return sha256(named.encode()).hexdigest()


def close_items(outcomes: Sequence[Outcome], *, now: datetime) -> None:
    """Close the items, all with the same reason (none for those that were scored) at once."""
    by_reason: dict[str, list[int]] = defaultdict(list)
    for each in outcomes:
        by_reason[each.reason[:LONGEST_REASON]].append(each.item.pk)
    for reason, keys in by_reason.items():
        RescoreItem.objects.filter(pk__in=keys).update(
            state=State.FAILED if reason else State.DONE, reason=reason, leased_until=None, finished_at=now
        )


@transaction.atomic
def finish_run(*, run_id: int, now: datetime) -> bool:
    """Close the run when nothing of it is open any more; return whether it is closed."""
    fail_worn_out(run_id=run_id, now=now)
    if RescoreItem.objects.filter(run_id=run_id, state__in=OPEN).exists():
        return False
    if RescoreRun.objects.filter(pk=run_id, finished_at=None).update(finished_at=now):
        run = RescoreRun.objects.select_related("deployment__site").get(pk=run_id)
        failed = run.items.filter(state=State.FAILED).count()
        details = {"run": run.pk, "items": run.items.count(), "failed": failed}
        log_act("rescore.finished", run=run, actor=run.requested_by, details=details, now=now)
    return True


def log_act(kind: str, *, run: RescoreRun, actor: str, details: Mapping[str, Any], now: datetime) -> None:
    record_act(
        kind,
        organisation=run.deployment.site.organisation_id,
        subject=f"deployment/{run.deployment_id}",
        actor=actor,
        at=now,
        details=details,
    )
