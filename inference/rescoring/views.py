"""Runs of re-scoring: the list, a new one, and one with its progress and agreement."""

import secrets
from functools import partial

from django.core.paginator import Paginator
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods

from audit.access.decisions import NotVisibleError, allowed, may, user_of
from inference.registry.visibility import visible_deployments
from inference.rescoring.actions import start_run
from inference.rescoring.errors import NothingToRescoreError
from inference.rescoring.forms import LARGEST_SEED, RunForm
from inference.rescoring.models import RescoreRun
from inference.rescoring.queries import get_run_for, progress_of, runs_for
from inference.rescoring.report import report_for
from inference.rescoring.tasks import call_workers

PAGE = 25
REFUSED = 422


@require_http_methods(["GET", "POST"])
@allowed("see_rescoring")
def run_list(request: HttpRequest) -> HttpResponse:
    form = run_form(request)
    if request.method == "POST":
        if form is None:
            raise NotVisibleError
        run = begun(request, form)
        if run is not None:
            return redirect("rescoring:run", run_id=run.pk)
    page = Paginator(runs_for(request.user, now=timezone.now()), PAGE).get_page(request.GET.get("page"))
    context = {"page": page, "form": form, "breadcrumbs": [("Re-scoring", "")]}
    return render(request, "inference/rescoring/list.html", context, status=REFUSED if form and form.errors else 200)


def run_form(request: HttpRequest) -> RunForm | None:
    """Return the form of a new run, for who may start one."""
    if not may(request.user, "run_rescore"):
        return None
    deployments = visible_deployments(request.user, "run_rescore", now=timezone.now())
    return RunForm(request.POST or None, deployments=deployments)


def begun(request: HttpRequest, form: RunForm) -> RescoreRun | None:
    """Start the run and call workers once it is committed; None when the form is at fault."""
    if not form.is_valid():
        return None
    asked = form.cleaned_data
    seed = asked["seed"] if asked["seed"] is not None else secrets.randbelow(LARGEST_SEED)
    try:
        run = start_run(
            deployment=asked["deployment"],
            sample=asked["sample"],
            seed=seed,
            tolerance=asked["tolerance"],
            plan=asked["plan"],
            actor=user_of(request).actor,
            now=timezone.now(),
        )
    except NothingToRescoreError as problem:
        form.add_error("deployment", str(problem))
        return None
    transaction.on_commit(partial(call_workers, run_id=run.pk))
    return run


@require_GET
@allowed("see_rescoring")
def run_page(request: HttpRequest, run_id: int) -> HttpResponse:
    now = timezone.now()
    run = get_run_for(request.user, run_id, now=now)
    breadcrumbs = [("Re-scoring", reverse("rescoring:list")), (f"Run {run.pk}", "")]
    context = {"report": report_for(request.user, run, now=now), "run": run, "breadcrumbs": breadcrumbs}
    return render(request, "inference/rescoring/run.html", context)


@require_GET
@allowed("see_rescoring")
def progress(request: HttpRequest, run_id: int) -> HttpResponse:
    """The progress bar alone; once the run is over, the browser is told to load the whole page."""
    now = timezone.now()
    run = get_run_for(request.user, run_id, now=now)
    context = {"run": run, "progress": progress_of(run, now=now)}
    answer = render(request, "inference/rescoring/_progress.html", context)
    if run.finished_at:
        answer["HX-Refresh"] = "true"
    return answer
