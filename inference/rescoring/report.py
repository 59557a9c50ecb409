"""A run as one person may see it: single cases for who sees rows, sums for others, small sums for neither."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from audit.access.decisions import Hidden, Visitor, hide_small
from audit.access.small_cells import is_small_share
from inference.corrections.persons import opted_out_studies
from inference.registry.visibility import scope_of
from inference.rescoring.models import Rescore, RescoreRun
from inference.rescoring.queries import (
    Agreement,
    Progress,
    agreement_by_scanner,
    agreement_of,
    failures_of,
    largest_differences,
    progress_of,
)

SHOWN_DIFFERENCES = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What a page shows of a run. `agreement` is None before anything was compared."""

    run: RescoreRun
    progress: Progress
    agreement: Agreement | Hidden | None
    by_scanner: Sequence[Agreement]
    failures: Sequence[tuple[str, int]]
    differences: Sequence[Rescore]
    sees_rows: bool


def report_for(user: Visitor, run: RescoreRun, *, now: datetime) -> Report:
    site = run.deployment.site
    place = {"organisation": site.organisation_id, "site": site.pk, "product": run.deployment.product_id}
    rows = scope_of(user, "see_rows", now=now)
    sees_rows = rows.covers(**place)
    is_of_site = rows.covers(organisation=site.organisation_id, site=site.pk)
    withheld = () if is_of_site else opted_out_studies(sites=[site.pk], by=now)
    minimum = scope_of(user, "see_rescoring", now=now).minimum_count_at(**place)
    return Report(
        run=run,
        progress=progress_of(run, now=now),
        agreement=shown_agreement(run, minimum_count=minimum),
        by_scanner=agreement_by_scanner(run) if sees_rows else [],
        failures=failures_of(run) if sees_rows else [],
        differences=largest_differences(run, limit=SHOWN_DIFFERENCES, withheld=withheld) if sees_rows else [],
        sees_rows=sees_rows,
    )


def shown_agreement(run: RescoreRun, *, minimum_count: int) -> Agreement | Hidden | None:
    found = agreement_of(run)
    shown = hide_small(found.compared, minimum_count=minimum_count)
    if isinstance(shown, Hidden):
        return shown
    sides = (found.agreeing, found.flipped)
    if any(is_small_share(side, found.compared, minimum_count=minimum_count) for side in sides):
        return Hidden(reason=f"it would tell a count below {minimum_count}, hidden by the sharing agreement")
    return found if found.compared else None
