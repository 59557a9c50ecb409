"""The planner of labels of one product, and the page of one plan with its list of cases."""

from __future__ import annotations

from secrets import randbelow
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from audit.access.decisions import NotVisibleError, allowed, user_of
from inference.corrections.persons import withheld_rows
from inference.registry.models import Deployment, Product, Site
from inference.registry.visibility import scope_of
from monitoring.errors import LabelPlanError
from monitoring.labelling.actions import designed, draw_plan, record_download, withdraw_plan
from monitoring.labelling.asking import NO_DECISION, Asked, ask
from monitoring.labelling.downloads import list_as_csv
from monitoring.labelling.forms import LARGEST_SEED, WORDS, PlanForm, WithdrawForm
from monitoring.labelling.models import LabelPlan
from monitoring.labelling.presenting import plan_row, purchases, stratum_rows
from monitoring.labelling.queries import (
    DRAW,
    SEE,
    candidates_of,
    drawn_cases,
    get_plan_for,
    is_as_drawn,
    plans_for,
    progress_of,
    reach_of,
)

REFUSED, PAGE_ROWS, MOST_PLANS = 422, 50, 50


@require_http_methods(["GET", "POST"])
@allowed(SEE)
def page(request: HttpRequest, key: str) -> HttpResponse:
    said = request.POST if request.method == "POST" else request.GET
    asked = ask(request.user, key, finding=said.get("finding", ""), now=timezone.now())
    if request.method == "GET":
        form = asked.form(asked.initial(said.dict())) if asked.may_draw else None
        return render(request, "monitoring/labelling/page.html", page_context(request, asked, form))
    if not asked.may_draw:
        raise NotVisibleError
    form = asked.form(said)
    if form.is_valid() and (plan := drawn(request, asked, form)):
        return redirect("labelling:plan", plan.uid)
    return render(request, "monitoring/labelling/page.html", page_context(request, asked, form), status=REFUSED)


def drawn(request: HttpRequest, asked: Asked, form: PlanForm) -> LabelPlan | None:
    """Draw what the form asks for, or say on the form why not."""
    cleaned = form.cleaned_data
    seed = cleaned["seed"] if cleaned["seed"] is not None else randbelow(LARGEST_SEED)
    chosen = asked.chosen(cleaned)
    try:
        plan = draw_plan(
            organisation=chosen[0].site.organisation_id,
            product=asked.product.pk,
            window=asked.window(cleaned),
            question=cleaned["question"],
            budget=cleaned["budget"],
            floor=cleaned["floor"],
            seed=seed,
            by=user_of(request).actor,
            now=asked.now,
        )
    except LabelPlanError as problem:
        form.add_error(None, str(problem))
        return None
    messages.success(request, "The plan is drawn. Its list, its probabilities and its seed are kept as they are.")
    return plan


def page_context(request: HttpRequest, asked: Asked, form: PlanForm | None) -> dict[str, Any]:
    plans = plans_for(request.user, SEE, now=asked.now).filter(product_id=asked.product.pk, finding=asked.finding.key)
    shown = list(plans[:MOST_PLANS])
    found = progress_of(shown, deployments=[each.pk for each in asked.deployments])
    return {
        "product": asked.product,
        "findings": asked.findings,
        "finding": asked.finding,
        "form": form,
        "plans": [plan_row(plan, found[plan.pk]) for plan in shown],
        "breadcrumbs": [
            ("Overview", reverse("dashboards:overview")),
            (asked.product.name, reverse("dashboards:product", args=[asked.product.pk])),
            ("Labels", ""),
        ],
        **(preview(asked, form) if form else {}),
    }


def preview(asked: Asked, form: PlanForm) -> dict[str, Any]:
    """Return what the plan of the form would buy, or why there is none."""
    if not asked.has_decisions:
        return {"refusal": NO_DECISION}
    if not form.is_valid():
        return {}
    cleaned = form.cleaned_data
    window = asked.window(cleaned)
    try:
        candidates = candidates_of(window)
        asked_for = {name: cleaned[name] for name in ("question", "budget", "floor")}
        design = designed(window, candidates, **asked_for)
    except LabelPlanError as problem:
        return {"refusal": str(problem)}
    sites = {each.site_id: each.site.name for each in asked.drawable}
    return {
        "purchases": purchases(candidates, design, question=cleaned["question"]),
        "strata": stratum_rows(design.strata_as_json(), sites=sites),
        "design": design,
        "window": window,
        "question_words": WORDS[cleaned["question"]].lower(),
        "draw_fields": [(name, "" if value is None else value) for name, value in cleaned.items()],
    }


@require_GET
@allowed(SEE)
def plan_page(request: HttpRequest, uid: str) -> HttpResponse:
    now = timezone.now()
    plan = get_plan_for(request.user, SEE, uid, now=now)
    reach = reach_of(request.user, SEE, plan, now=now)
    deployments = Deployment.objects.filter(pk__in=reach).select_related("site")
    withheld = withheld_rows(scope_of(request.user, SEE, now=now), deployments, by=now)
    rows = drawn_cases(plan, deployments=reach).exclude(withheld)
    may_draw = set(reach_of(request.user, DRAW, plan, now=now)) == set(plan.deployments)
    if request.GET.get("format") == "csv":
        listed = list(rows)
        record_download(plan=plan, rows=len(listed), by=user_of(request).actor, now=now)
        return list_as_csv(plan, listed, with_design=may_draw)
    return render(request, "monitoring/labelling/plan.html", plan_context(request, plan, reach=reach, rows=rows))


def plan_context(request: HttpRequest, plan: LabelPlan, *, reach: tuple[str, ...], rows: Any) -> dict[str, Any]:
    now = timezone.now()
    progress = progress_of([plan], deployments=reach)[plan.pk]
    show = request.GET.get("show") if request.GET.get("show") in ("all", "answered") else "open"
    listed = rows if show == "all" else rows.filter(is_answered=show == "answered")
    sites = {each.pk: each for each in Site.objects.filter(deployments__in=plan.deployments).distinct()}
    page_of = Paginator(listed, PAGE_ROWS).get_page(request.GET.get("page"))
    names = {key: site.name for key, site in sites.items()}
    query = request.GET.copy()
    query.pop("page", None)
    whole = set(reach) == set(plan.deployments)
    product = Product.objects.get(pk=plan.product_id)
    return {
        "plan": plan,
        "product": product,
        "row": plan_row(plan, progress),
        "strata": stratum_rows(plan.strata, sites=names, progress=progress) if whole else [],
        "page": page_of,
        "cases": [(each, sites[each.site_id]) for each in page_of.object_list],
        "show": show,
        "is_as_drawn": is_as_drawn(plan),
        "pager_query": f"{query.urlencode()}&" if query else "",
        "may_withdraw": set(reach_of(request.user, DRAW, plan, now=now)) == set(plan.deployments),
        "breadcrumbs": [
            ("Overview", reverse("dashboards:overview")),
            (product.name, reverse("dashboards:product", args=[product.pk])),
            ("Labels", reverse("labelling:page", args=[product.pk])),
            (f"Plan {plan}", ""),
        ],
    }


@require_POST
@allowed(DRAW)
def withdraw(request: HttpRequest, uid: str) -> HttpResponse:
    now = timezone.now()
    plan = get_plan_for(request.user, DRAW, uid, now=now)
    if set(reach_of(request.user, DRAW, plan, now=now)) != set(plan.deployments):
        raise NotVisibleError
    form = WithdrawForm(request.POST)
    if not form.is_valid():
        messages.error(request, "Say why the plan is withdrawn; the reason is kept in the log.")
        return redirect("labelling:plan", plan.uid)
    try:
        withdraw_plan(plan=plan, reason=form.cleaned_data["reason"], by=user_of(request).actor, now=now)
        messages.success(request, "The plan is withdrawn. It stays in the log, and no estimate rests on it.")
    except LabelPlanError as problem:
        messages.error(request, str(problem))
    return redirect("labelling:plan", plan.uid)
