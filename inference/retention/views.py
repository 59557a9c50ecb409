"""The resolver's page of erasures and holds."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from audit.access.decisions import allowed, user_of
from audit.signatures.models import Signature
from inference.errors import ErasureError
from inference.retention.actions import lift_hold, request_erasure, set_hold, withdraw_erasure
from inference.retention.forms import ErasureForm, HoldForm
from inference.retention.models import Erasure
from inference.retention.queries import (
    SIGNERS,
    erasures_within,
    get_erasure_for,
    get_hold_for,
    get_patients_study_for,
    holds_within,
    subject_of,
)

MOST = 100


@never_cache
@require_GET
@allowed("resolve_identity")
def page(request: HttpRequest) -> HttpResponse:
    return shown(request, erasure=ErasureForm(), hold=HoldForm())


def shown(request: HttpRequest, *, erasure: forms.Form, hold: forms.Form, status: int = 200) -> HttpResponse:
    now = timezone.now()
    requests = list(erasures_within(request.user, now=now)[:MOST])
    signed: dict[str, dict[str, str]] = {}
    for each in Signature.objects.filter(subject__in=[subject_of(one) for one in requests]).order_by("id"):
        signed.setdefault(each.subject, {})[each.username] = each.printed_name
    context = {
        "lines": [(one, list(signed.get(subject_of(one), {}).values())) for one in requests],
        "holds": list(holds_within(request.user, now=now)[:MOST]),
        "erasure_form": erasure,
        "hold_form": hold,
        "signers": SIGNERS,
        "breadcrumbs": [("Erasure and holds", "")],
    }
    return render(request, "inference/retention/page.html", context, status=status)


@never_cache
@require_POST
@allowed("resolve_identity")
def ask(request: HttpRequest) -> HttpResponse:
    form, now = ErasureForm(request.POST), timezone.now()
    if not form.is_valid():
        return shown(request, erasure=form, hold=HoldForm(), status=422)
    said = form.cleaned_data
    study = get_patients_study_for(request.user, said["study"], now=now)
    try:
        made = request_erasure(study=study, basis=said["basis"], reason=said["reason"], by=user_of(request), now=now)
    except ErasureError as problem:
        form.add_error(None, str(problem))
        return shown(request, erasure=form, hold=HoldForm(), status=422)
    return redirect("log:sign", kind="erasure", key=str(made.uid))


@require_POST
@allowed("resolve_identity")
def withdraw(request: HttpRequest, uid: str) -> HttpResponse:
    found: Erasure = get_erasure_for(request.user, uid, now=timezone.now())
    return done(
        request, lambda: withdraw_erasure(found, by=user_of(request), now=timezone.now()), said="Request withdrawn."
    )


@never_cache
@require_POST
@allowed("resolve_identity")
def hold(request: HttpRequest) -> HttpResponse:
    form, now = HoldForm(request.POST), timezone.now()
    if not form.is_valid():
        return shown(request, erasure=ErasureForm(), hold=form, status=422)
    study = get_patients_study_for(request.user, form.cleaned_data["study"], now=now)
    reason = form.cleaned_data["reason"]
    return done(request, lambda: set_hold(study=study, reason=reason, by=user_of(request), now=now), said="Held.")


@require_POST
@allowed("resolve_identity")
def lift(request: HttpRequest, pk: int) -> HttpResponse:
    found = get_hold_for(request.user, pk, now=timezone.now())
    return done(request, lambda: lift_hold(found, by=user_of(request), now=timezone.now()), said="Hold lifted.")


def done(request: HttpRequest, step: Callable[[], Any], *, said: str) -> HttpResponse:
    """Take a step and go back to the page, with what became of it."""
    try:
        step()
        messages.success(request, said)
    except ErasureError as problem:
        messages.error(request, str(problem))
    return redirect("retention:page")
