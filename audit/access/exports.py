"""Whatever somebody takes away as a file is an act in the log, also from pages that nobody has written yet.

Pages that say more of their export log it themselves; every other one is
noted here, by the name of its address and our own keys in it. A package is noted
in the logs it came from, and here in that of whoever took it.
"""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponseBase
from django.utils import timezone

from audit.access.actions import home_of
from audit.access.models import User
from audit.log.actions import record_act

EXPORTED = "figures_exported"
LOGGED_THERE = frozenset(
    {"dashboards:cases", "feeds:completeness_csv", "feeds:flagged_csv", "refused:page", "sharing:page"}
)


def log_exports(
    get_response: Callable[[HttpRequest], HttpResponseBase],
) -> Callable[[HttpRequest], HttpResponseBase]:
    """Middleware: note each file that somebody who is logged in takes away."""

    def answer(request: HttpRequest) -> HttpResponseBase:
        response = get_response(request)
        if response.status_code == 200 and "attachment" in response.headers.get("Content-Disposition", ""):
            note_export(request)
        return response

    return answer


def note_export(request: HttpRequest) -> None:
    user, match = request.user, request.resolver_match
    if not isinstance(user, User) or match is None or match.view_name in LOGGED_THERE:
        return
    keys = "/".join(str(value) for value in match.kwargs.values())
    record_act(
        EXPORTED,
        organisation=home_of(user),
        subject=f"{match.view_name}/{keys}" if keys else match.view_name,
        actor=user.actor,
        at=timezone.now(),
    )
