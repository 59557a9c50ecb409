"""A plan's list of cases as CSV, for an arbiter's own tools."""

import csv
from collections.abc import Iterable
from io import StringIO

from django.http import HttpResponse

from monitoring.labelling.models import DrawnCase, LabelPlan

COLUMNS = ("plan", "position", "study", "site", "deployment", "region", "acquired_at", "answered")
DESIGN_COLUMNS = ("decision", "stratum", "probability")


def plain(text: str) -> str:
    """Return a sender's text so that no spreadsheet runs it as a formula."""
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text


def list_as_csv(plan: LabelPlan, rows: Iterable[DrawnCase], *, with_design: bool) -> HttpResponse:
    """Answer with the list; what the AI said and how the case was drawn only for those who plan."""
    buffer = StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow([*COLUMNS, *(DESIGN_COLUMNS if with_design else ())])
    for row in rows:
        answered = "yes" if getattr(row, "is_answered", False) else "no"
        known = [
            plan.uid, row.position, row.study_id, row.site_id, row.deployment_id, plain(row.region),
            row.acquired_at.isoformat(), answered,
        ]  # fmt: skip
        writer.writerow([*known, *((row.decision, row.stratum, row.probability) if with_design else ())])
    response = HttpResponse(buffer.getvalue(), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="label-plan-{plan.uid[:8]}.csv"'
    return response
