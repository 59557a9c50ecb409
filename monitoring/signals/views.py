"""Pages of signals: the list, one signal with its evidence, and taking or closing it."""

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from audit.access.decisions import allowed
from audit.access.models import User
from inference.registry.visibility import visible_deployments
from monitoring.errors import SignalStateError
from monitoring.signals.actions import acknowledge_signal, close_signal
from monitoring.signals.forms import AcknowledgeForm, CloseForm
from monitoring.signals.models import Monitor, Signal
from monitoring.signals.presenting import listed_rows, signal_context
from monitoring.signals.queries import SORTS, Filters, get_signal_for, listed_signals

PAGE_ROWS = 25
STATES = (("unclosed", "not closed"), *Signal.State.choices)


@allowed("see_signals")
@require_GET
def listed(request: HttpRequest) -> HttpResponse:
    now = timezone.now()
    names = ("state", "status", "kind", "site", "product", "sort")
    filters = Filters(**{name: request.GET[name] for name in names if name in request.GET})
    deployments = list(visible_deployments(request.user, "see_signals", now=now))
    page = Paginator(listed_signals(request.user, filters=filters, now=now), PAGE_ROWS).get_page(
        request.GET.get("page")
    )
    context = {
        "page": page,
        "rows": listed_rows(page.object_list, user=request.user, now=now),
        "filters": filters,
        "site_names": {each.site_id: each.site.name for each in deployments},
        "products": {each.product_id: each.product.name for each in deployments},
        "states": STATES,
        "statuses": Signal.Status.choices,
        "kinds": Monitor.Kind.choices,
        "sorts": tuple(SORTS),
        "query": query_of(request),
        "breadcrumbs": [("Overview", "/"), ("Signals", "")],
    }
    return render(request, "monitoring/signals/list.html", context)


def query_of(request: HttpRequest) -> str:
    """Return the other filters as the pager wants them."""
    query = request.GET.copy()
    query.pop("page", None)
    return f"{query.urlencode()}&" if query else ""


@allowed("see_signals")
@require_GET
def signal(request: HttpRequest, uid: str) -> HttpResponse:
    found = get_signal_for(request.user, "see_signals", uid, now=timezone.now())
    return _page(request, found, acknowledging=AcknowledgeForm(), closing=CloseForm())


@allowed("review_signal")
@require_POST
def acknowledge(request: HttpRequest, uid: str) -> HttpResponse:
    now = timezone.now()
    found = get_signal_for(request.user, "review_signal", uid, now=now)
    form = AcknowledgeForm(request.POST)
    if not form.is_valid():
        return _page(request, found, acknowledging=form, closing=CloseForm(), status=422)
    return _done(
        request, found, lambda: acknowledge_signal(signal=found, by=_reviewer(request), now=now, **form.cleaned_data)
    )


@allowed("review_signal")
@require_POST
def close(request: HttpRequest, uid: str) -> HttpResponse:
    now = timezone.now()
    found = get_signal_for(request.user, "review_signal", uid, now=now)
    form = CloseForm(request.POST)
    if not form.is_valid():
        return _page(request, found, acknowledging=AcknowledgeForm(), closing=form, status=422)
    return _done(
        request, found, lambda: close_signal(signal=found, by=_reviewer(request), now=now, **form.cleaned_data)
    )


def _reviewer(request: HttpRequest) -> User:
    assert isinstance(request.user, User)  # `allowed` has let in nobody else
    return request.user


def _done(request: HttpRequest, found: Signal, act: Any) -> HttpResponse:
    try:
        act()
    except SignalStateError as error:
        messages.warning(request, str(error))
    return redirect("signals:signal", uid=found.uid)


def _page(request: HttpRequest, found: Signal, *, status: int = 200, **forms: Any) -> HttpResponse:
    context = signal_context(found, user=request.user, now=timezone.now()) | forms
    return render(request, "monitoring/signals/signal.html", context, status=status)
