"""The demo's plan of labels: a draw from the last year of chest studies, most of it answered by a panel already."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime, timedelta
from math import ceil

from deploy.demo import arrivals
from deploy.demo.outcomes import Outcome
from deploy.demo.planning import Plan, PlannedStudy
from deploy.demo.rows import Row, Rows, truth_row
from inference.registry.models import Deployment
from inference.registry.vocabulary import DEFAULT_RULE
from monitoring.errors import LabelPlanError
from monitoring.labelling.actions import draw_plan
from monitoring.labelling.models import DrawnCase, LabelPlan
from monitoring.labelling.queries import Window

ORGANISATION, PRODUCT, FINDING = "north-group", "cxr", "nodule"
DAYS, BUDGET, FLOOR, ANSWERED = 365, 120, 3, 0.75


def plan_labels(*, plan: Plan, now: datetime) -> None:
    """Draw one plan, and let a panel settle most of each stratum; done twice it does nothing more."""
    found = LabelPlan.objects.filter(organisation=ORGANISATION, product_id=PRODUCT).order_by("pk").first()
    try:
        drawn = found or first_plan(plan, now=now)
    except LabelPlanError:  # a demo so small that every case has its label
        return
    by_site: dict[str, list[Row]] = defaultdict(list)
    for study in settled_studies(plan, drawn=drawn):
        by_site[study.site].append(truth_row(study, outcome_of(study, at=drawn.drawn_at), seed=plan.seed))
    for site, rows in sorted(by_site.items()):
        arrivals.send(Rows(truth=rows), site=site, now=now)


def first_plan(plan: Plan, *, now: datetime) -> LabelPlan:
    return draw_plan(
        organisation=ORGANISATION,
        product=PRODUCT,
        window=window_of(plan),
        question="sensitivity",
        budget=BUDGET,
        floor=FLOOR,
        seed=plan.seed,
        by="user:quality",
        now=now,
    )


def window_of(plan: Plan) -> Window:
    deployments = Deployment.objects.filter(product=PRODUCT, site__organisation=ORGANISATION).order_by("key")
    until = plan.last_day + timedelta(days=1)
    return Window(
        finding=FINDING,
        rule=DEFAULT_RULE,
        deployments=tuple(deployments.values_list("key", flat=True)),
        since=until - timedelta(days=DAYS),
        until=until,
    )


def settled_studies(plan: Plan, *, drawn: LabelPlan) -> Iterator[PlannedStudy]:
    """Yield the studies of the first cases of each stratum; a moment that two studies share names neither."""
    studies: dict[tuple[str, int], list[PlannedStudy]] = defaultdict(list)
    for study in plan.studies:
        studies[study.site, int(study.acquired_at.timestamp())].append(study)
    strata: dict[int, list[DrawnCase]] = defaultdict(list)
    for case in drawn.cases.order_by("position"):
        strata[case.stratum].append(case)
    for cases in strata.values():
        for case in cases[: ceil(ANSWERED * len(cases))]:
            there = studies[case.site_id, int(case.acquired_at.timestamp())]
            if len(there) == 1:
                yield there[0]


def outcome_of(study: PlannedStudy, *, at: datetime) -> Outcome:
    return Outcome(
        uid=f"t{study.number}-plan",
        value="positive" if study.lesion is not None else "negative",
        standard="panel",
        certainty="probable",
        determined_at=at,
        known_at=at,
        size_mm=round(study.lesion.diameter_mm, 1) if study.lesion else None,
    )
