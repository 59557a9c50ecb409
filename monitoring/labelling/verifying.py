"""Holds plans of labels to the log: their design, the list that was drawn, the chances, and what was taken back."""

from collections.abc import Iterator

from audit.log.findings import Problem
from audit.log.holding import acts_of, differing, hold
from audit.log.models import Act
from monitoring.labelling.actions import details_of
from monitoring.labelling.design import digest_of_list
from monitoring.labelling.models import DrawnCase, LabelPlan, PlanWithdrawal

DRAWN, WITHDRAWN = "label_plan.drawn", "label_plan.withdrawn"


def check_plans(using: str) -> Iterator[Problem]:
    """Yield the plans that are not what was logged, those that the log does not know, and the lost ones."""
    plans = {each.uid: each for each in LabelPlan.objects.using(using)}
    for act in acts_of(DRAWN, using=using):
        plan = plans.pop(str(act.details.get("plan", "")), None)
        if wrong := "it was deleted" if plan is None else changed(plan, act=act, using=using):
            sentence = f"The label plan {act.details.get('plan')} is not the logged one: {wrong}."
            yield Problem(organisation=act.organisation, sentence=sentence, position=act.entry.position)
    for plan in plans.values():
        sentence = f"The label plan {plan.uid} has no act: it was put in past the log."
        yield Problem(organisation=plan.organisation, sentence=sentence)


def changed(plan: LabelPlan, *, act: Act, using: str) -> str:
    """Return what of a plan differs from its act, in words; nothing where it is the same."""
    rows = DrawnCase.objects.using(using).filter(plan=plan).order_by("position")
    listed = list(rows.values_list("inference_id", "region", "stratum", "probability"))
    said = details_of(plan, drawn=len(listed)) | {"organisation": plan.organisation, "by": plan.drawn_by}
    wrong = [differing(said, act.details | {"organisation": act.organisation, "by": act.entry.actor})]
    if digest_of_list(each[:3] for each in listed) != act.details.get("digest"):
        wrong.append("the list of cases")
    chances = [each["drawn"] / each["size"] if each["size"] else 0.0 for each in plan.strata]
    if any(not 0 <= stratum < len(chances) or chances[stratum] != chance for _, _, stratum, chance in listed):
        wrong.append("the chances of cases")
    return ", ".join(filter(None, wrong))


def check_withdrawals(using: str) -> Iterator[Problem]:
    """Yield the withdrawals that were changed, put in past the log, or deleted so that a plan counts again."""
    rows = {each.plan.uid: each for each in PlanWithdrawal.objects.using(using).select_related("plan")}
    for act in acts_of(WITHDRAWN, using=using):
        uid = str(act.details.get("plan", ""))
        row = rows.pop(uid, None)
        said = {"at": row.at, "by": row.by, "reason": row.reason} if row else {}
        held = {"at": act.entry.at, "by": act.entry.actor, "reason": act.details.get("reason")}
        if wrong := "it was deleted" if row is None else differing(said, held):
            sentence = f"The withdrawal of the label plan {uid} is not the logged one: {wrong}."
            yield Problem(organisation=act.organisation, sentence=sentence, position=act.entry.position)
    for uid, row in rows.items():
        sentence = f"The withdrawal of the label plan {uid} has no act: it was put in past the log."
        yield Problem(organisation=row.plan.organisation, sentence=sentence)


def register() -> None:
    hold("label plans", check_plans)
    hold("withdrawals of label plans", check_withdrawals)
