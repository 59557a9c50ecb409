"""The page of result sources: which algorithm's objects are which deployment's."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from audit.access.decisions import NotVisibleError, allowed, user_of
from inference.errors import ResultSourceError
from inference.imaging.actions import add_source, end_source
from inference.imaging.forms import SourceForm
from inference.imaging.models import ResultSource
from inference.registry.visibility import visible_deployments, visible_sites


@allowed("manage_rules")
@require_http_methods(["GET", "POST"])
def sources(request: HttpRequest) -> HttpResponse:
    now = timezone.now()
    form = SourceForm(request.POST or None, deployments=visible_deployments(request.user, "manage_rules", now=now))
    if request.method == "POST" and form.is_valid():
        try:
            deployment = form.cleaned_data["deployment"]
            add_source(deployment=deployment, values=form.values, by=user_of(request), now=now)
            messages.success(request, "Its objects are taken as results of this deployment from now on.")
            return redirect("imaging:sources")
        except ResultSourceError as error:
            form.add_error(None, str(error))
    sites = visible_sites(request.user, "manage_rules", now=now)
    context = {
        "sources": ResultSource.objects.filter(site__in=sites)
        .select_related("site")
        .order_by("ended_at", "site", "id"),
        "form": form,
        "breadcrumbs": [("Intake", "/intake/"), ("Result sources", "")],
    }
    return render(request, "inference/imaging/sources.html", context, status=422 if form.errors else 200)


@allowed("manage_rules")
@require_POST
def end(request: HttpRequest, pk: int) -> HttpResponse:
    now = timezone.now()
    found = ResultSource.objects.filter(pk=pk, site__in=visible_sites(request.user, "manage_rules", now=now)).first()
    if found is None:
        raise NotVisibleError
    try:
        end_source(found, by=user_of(request), now=now)
        messages.success(request, "Ended. Its next objects wait in quarantine.")
    except ResultSourceError as error:
        messages.error(request, str(error))
    return redirect("imaging:sources")
