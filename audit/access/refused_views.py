"""The page of refused attempts, for administrators: searched, counted, taken away as CSV."""

from collections.abc import Iterable, Iterator

from django.core.paginator import Paginator
from django.http import HttpRequest, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from audit.access.decisions import allowed, user_of
from audit.access.refused_forms import RefusedFilters
from audit.access.refused_queries import SEE, Refused, as_lines, organisations_seen, refused_acts
from audit.log.actions import OPERATOR, record_act
from audit.log.models import plain
from audit.proofs.tables import csv_line

ROWS_A_PAGE = 50
LONGEST_CSV = 100_000
COLUMNS = ("at", "log", "position", "who", "reason", "route", "method", "attempts", "since")


@allowed(SEE)
@require_GET
def refused(request: HttpRequest) -> HttpResponseBase:
    organisations = organisations_seen(request.user)
    form = RefusedFilters(request.GET, label_suffix="", organisations=organisations)
    found = refused_acts(organisations, filters=form.filters)
    if request.GET.get("format") == "csv":
        return download(request, as_lines(found[:LONGEST_CSV].iterator()), form=form, organisations=organisations)
    page = Paginator(found, ROWS_A_PAGE).get_page(request.GET.get("page"))
    query = request.GET.copy()
    query.pop("page", None)
    context = {
        "form": form,
        "page": page,
        "lines": list(as_lines(page)),
        "query": f"{query.urlencode()}&" if query else "",
        "breadcrumbs": [("Overview", "/"), ("Refused attempts", "")],
    }
    return render(request, "audit/access/refused.html", context)


def download(
    request: HttpRequest, lines: Iterable[Refused], *, form: RefusedFilters, organisations: list[str]
) -> HttpResponseBase:
    """Send the lines as CSV. Who took them away, and by which filters, is an act in each log they came from."""
    user, now = user_of(request), timezone.now()
    filters = {name: str(value) for name, value in form.filters.items() if name not in ("who", "route")}
    for each in [form.filters["log"]] if "log" in form.filters else organisations or [OPERATOR]:
        record_act(
            "refusals_exported",
            organisation=each,
            subject="refused attempts",
            actor=user.actor,
            at=now,
            details={"filters": filters},
        )
    response = StreamingHttpResponse(written(lines), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="refused-attempts.csv"'
    return response


def written(lines: Iterable[Refused]) -> Iterator[str]:
    yield csv_line(COLUMNS)
    for line in lines:
        yield csv_line([plain(getattr(line, name)) for name in COLUMNS])
