"""Comments: a regulator makes and amends them, a quality officer answers, and a bell says that one waits."""

from dataclasses import replace

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from audit.access.decisions import NotVisibleError, allowed, may, user_of
from audit.access.models import User
from monitoring.evidence.queries import get_package_for
from monitoring.portal.actions import About, amend_comment, answer_comment, make_comment
from monitoring.portal.comments import (
    ANSWER,
    Thread,
    answerable_threads,
    logs_to_answer,
    own_threads,
    providers_of,
    thread_for,
    waiting_for,
)
from monitoring.portal.forms import CommentForm, unsealed
from monitoring.portal.queries import Reach, portal_reach, product_for
from monitoring.signals.queries import get_signal_for

COMMENT = "comment"


@allowed(COMMENT)
@require_POST
def make(request: HttpRequest) -> HttpResponse:
    user = user_of(request)
    reach = portal_reach(user, now=timezone.now())
    token, form = request.POST.get("about", ""), CommentForm(request.POST)
    if not token:
        return answered(request, form=form, about=None)
    about = unsealed(token)
    product_for(reach, about.product)
    if not form.is_valid():
        return answered(request, form=form, about=about)
    concerned = organisations_concerned(reach, about)
    told = without_number(about) if len(concerned) > 1 else about
    make_comment(about=told, text=form.cleaned_data["text"], by=user, organisations=concerned, now=reach.now)
    messages.success(request, "Your comment is an entry of the log; the quality officer sees that it waits.")
    return redirect("portal:comments")


def answered(request: HttpRequest, *, form: CommentForm, about: About | None) -> HttpResponse:
    context = {"form": form, "about": about, "token": request.POST.get("about", "")}
    return render(request, "monitoring/portal/comment.html", context, status=422)


def organisations_concerned(reach: Reach, about: About) -> list[str]:
    """Return whose logs take the comment: the providers of the signal or the package, or of every site within reach."""
    if about.kind == "signal":
        return [get_signal_for(reach.user, "see_signals", about.item, now=reach.now).monitor.organisation]
    if about.kind == "package":
        held = get_package_for(reach.user, about.item, now=reach.now).deployments
        return providers_of(each for each in reach.of(about.product) if each.pk in held)
    return providers_of(reach.of(about.product))


def without_number(about: About) -> About:
    """Return what is told to several providers: from the sum of all and their own, each would know the others'."""
    if about.kind == "figure":
        return replace(about, words=about.words.split(": ")[0])
    return replace(about, words=about.words.rsplit(", ", 1)[0]) if about.kind == "package" else about


@allowed("see_comments")
@require_GET
def listed(request: HttpRequest) -> HttpResponse:
    user = user_of(request)
    threads = threads_within(user)
    mine = may(user, ANSWER)
    context = {
        "threads": [(each, CommentForm(prefix="", auto_id=f"id_{each.uid}_%s")) for each in threads],
        "may_answer": mine,
        "may_comment": may(user, COMMENT),
        "breadcrumbs": [("Overview", "/"), ("Comments", "")],
    }
    return render(request, "monitoring/portal/comments.html", context)


def threads_within(user: User) -> list[Thread]:
    """Return what the user may read: all on what they answer for, or their own organisation's."""
    now = timezone.now()
    found = answerable_threads(user, now=now) if may(user, ANSWER) else []
    if may(user, COMMENT):
        reach = portal_reach(user, now=now)
        known = {each.uid for each in found}
        own = own_threads(user, organisations=reach.organisations, products=[each.pk for each in reach.products])
        found += [each for each in own if each.uid not in known]
    return found


@allowed(ANSWER)
@require_POST
def answer(request: HttpRequest, uid: str) -> HttpResponse:
    user, now = user_of(request), timezone.now()
    thread = thread_for(answerable_threads(user, now=now), uid)
    logs = logs_to_answer(user, thread, now=now)
    form = CommentForm(request.POST)
    if not logs:
        raise NotVisibleError
    if form.is_valid():
        receivers = [*logs, thread.home] if not thread.home.startswith("user:") else logs
        answer_comment(uid=uid, text=form.cleaned_data["text"], by=user, organisations=receivers, now=now)
        messages.success(request, "Your answer is an entry of the log.")
    else:
        messages.warning(request, "An answer has between 1 and 4,000 characters.")
    return redirect("portal:comments")


@allowed(COMMENT)
@require_POST
def amend(request: HttpRequest, uid: str) -> HttpResponse:
    """Add a later word to one's own comment; the earlier one stays."""
    user = user_of(request)
    reach = portal_reach(user, now=timezone.now())
    own = own_threads(user, organisations=reach.organisations, products=[each.pk for each in reach.products])
    thread = thread_for(own, uid)
    form = CommentForm(request.POST)
    if form.is_valid():
        last = [each for each in thread.sayings if not each.is_answer][-1]
        amend_comment(
            uid=uid,
            amends=last.uid,
            text=form.cleaned_data["text"],
            by=user,
            organisations=thread.logs,
            now=reach.now,
        )
        messages.success(request, "Your amendment stands beside the comment it amends.")
    else:
        messages.warning(request, "An amendment has between 1 and 4,000 characters.")
    return redirect("portal:comments")


@allowed(ANSWER)
@require_GET
def bell(request: HttpRequest) -> HttpResponse:
    context = {"count": waiting_for(request.user, now=timezone.now())}
    return render(request, "monitoring/portal/_bell.html", context)
