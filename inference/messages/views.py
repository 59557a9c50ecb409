"""Pages of messages and rules: the queue, one message, the rules, and a rule with its preview."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from audit.access.decisions import NotVisibleError, allowed, user_of
from inference.errors import MessageStateError
from inference.messages.actions import dismiss, draft_rule, note_preview, open_message, retire, switch_model, switch_on
from inference.messages.forms import DismissForm, MessageFilters, RuleForm
from inference.messages.labellers import is_on, language_model
from inference.messages.models import InboundMessage, MappingRule
from inference.messages.queries import get_message_for, get_rule_for, messages_within, preview, rules_within
from inference.messages.report_rules import RuleError
from inference.messages.rules import rule_of
from inference.registry.visibility import visible_sites

MESSAGES_A_PAGE = 50
HOME = ("Intake", "/intake/")


@allowed("see_quarantine")
@require_GET
def queue(request: HttpRequest) -> HttpResponse:
    form = MessageFilters(request.GET)
    now = timezone.now()
    found = messages_within(request.user, now=now).filter(**form.chosen)
    query = request.GET.copy()
    query.pop("page", None)
    context = {
        "page": Paginator(found, MESSAGES_A_PAGE).get_page(request.GET.get("page")),
        "query": f"{query.urlencode()}&" if query else "",
        "chosen": form.chosen,
        "sites": visible_sites(request.user, "see_quarantine", now=now),
        "states": InboundMessage.State.choices,
        "breadcrumbs": [HOME, ("Messages", "")],
    }
    return render(request, "inference/messages/queue.html", context)


@allowed("see_quarantine")
@require_GET
def message(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one message with its content; opening it is an act in the log."""
    now = timezone.now()
    found = get_message_for(request.user, pk, now=now)
    context = {
        "message": found,
        "content": open_message(found, by=user_of(request), now=now),
        "is_open": found.state in (InboundMessage.State.WAITING, InboundMessage.State.REFUSED),
        "form": DismissForm(),
        "breadcrumbs": [HOME, ("Messages", reverse("messages:queue")), (f"{found.kind} {found.pk}", "")],
    }
    return render(request, "inference/messages/message.html", context)


@allowed("replay_quarantine")
@require_POST
def dismiss_message(request: HttpRequest, pk: int) -> HttpResponse:
    now = timezone.now()
    found = get_message_for(request.user, pk, now=now)
    form = DismissForm(request.POST)
    if not form.is_valid():
        messages.error(request, "Choose why the message is dismissed.")
        return redirect("messages:message", pk)
    try:
        dismiss(found, reason=form.cleaned_data["reason"], by=user_of(request), now=now)
        messages.success(request, "The message is off the queue; it stays on record.")
    except MessageStateError as error:
        messages.error(request, str(error))
    return redirect("messages:queue")


@allowed("manage_rules")
@require_http_methods(["GET", "POST"])
def rules(request: HttpRequest) -> HttpResponse:
    now = timezone.now()
    sites = visible_sites(request.user, "manage_rules", now=now)
    form = RuleForm(request.POST or None, sites=sites)
    if request.method == "POST" and form.is_valid():
        try:
            rule = draft_rule(site=form.cleaned_data["site"], values=form.values, by=user_of(request), now=now)
            return redirect("messages:rule", rule.pk)
        except RuleError as error:
            form.add_error(None, f"{error}.".capitalize())
    model = language_model()
    context = {
        "model": model,
        "switches": [(site, is_on(site, model=model)) for site in sites] if model else [],
        "rules": rules_within(request.user, now=now),
        "form": form,
        "breadcrumbs": [HOME, ("Rules", "")],
    }
    return render(request, "inference/messages/rules.html", context, status=422 if form.errors else 200)


@allowed("manage_rules")
@require_POST
def switch_language_model(request: HttpRequest, site: str) -> HttpResponse:
    """Switch the language model on or off for one site."""
    now, model = timezone.now(), language_model()
    found = visible_sites(request.user, "manage_rules", now=now).filter(pk=site).first()
    if found is None or model is None:
        raise NotVisibleError
    wanted = request.POST.get("on") == "yes"
    switch_model(site=found, model=model.model, is_on=wanted, by=user_of(request), now=now)
    messages.success(request, f"{model.model} {'reads' if wanted else 'no longer reads'} the reports of {found.name}.")
    return redirect("messages:rules")


@allowed("manage_rules")
@require_GET
def rule(request: HttpRequest, pk: int) -> HttpResponse:
    """Show a rule and what it makes of the site's past reports."""
    found = get_rule_for(request.user, pk, now=timezone.now())
    note_preview(found, by=user_of(request), now=timezone.now())
    shown = preview(rule_of(found), site=found.site)
    context = {
        "rule": found,
        "preview": shown,
        "counts": sorted(shown.counts.items()),
        "is_draft": found.state == MappingRule.State.DRAFT,
        "is_retired": found.state == MappingRule.State.RETIRED,
        "breadcrumbs": [HOME, ("Rules", reverse("messages:rules")), (found.name, "")],
    }
    return render(request, "inference/messages/rule.html", context)


@allowed("manage_rules")
@require_POST
def switch_rule_on(request: HttpRequest, pk: int) -> HttpResponse:
    now = timezone.now()
    found = get_rule_for(request.user, pk, now=now)
    try:
        settled = switch_on(found, by=user_of(request), now=now)
        messages.success(request, f"In force. {settled} reports that waited are read.")
    except MessageStateError as error:
        messages.error(request, str(error))
    return redirect("messages:rule", pk)


@allowed("manage_rules")
@require_POST
def retire_rule(request: HttpRequest, pk: int) -> HttpResponse:
    now = timezone.now()
    found = get_rule_for(request.user, pk, now=now)
    try:
        retire(found, by=user_of(request), now=now)
        messages.success(request, "Retired. What it made stays; new reports are read without it.")
    except MessageStateError as error:
        messages.error(request, str(error))
    return redirect("messages:rule", pk)
