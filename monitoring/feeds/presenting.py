"""Rows of the feeds page in finished words; small numbers hidden where an agreement says so."""

from collections.abc import Iterable, Mapping
from typing import Any

from audit.access.decisions import Scope
from audit.access.scopes import Hidden, hide_small
from audit.access.small_cells import is_small_share
from inference.registry.models import Deployment
from monitoring.feeds.queries import FeedState
from monitoring.signals.feed_watch import FLAGS
from monitoring.statistics.results import Estimate, NotEstimable


def feed_rows(
    deployments: Iterable[Deployment], *, feeds: Mapping[str, FeedState], scope: Scope
) -> list[dict[str, Any]]:
    """Return one row per deployment."""
    rows = []
    for each in deployments:
        least = scope.minimum_count_at(
            organisation=each.site.organisation_id, site=each.site_id, product=each.product_id
        )
        rows.append({"deployment": each} | feed_row(feeds[each.pk], least=least))
    return rows


def feed_row(state: FeedState, *, least: int) -> dict[str, Any]:
    return {
        "studies": hide_small(state.studies, minimum_count=least),
        "runs": hide_small(state.runs, minimum_count=least),
        "expected": state.expected,
        "last_acquired_at": state.last_acquired_at,
        "last_received_at": state.last_received_at,
        "lag": state.median_lag_seconds,
        "displayed": share_words(state.displayed, least=least),
        "with_read": share_words(state.with_read, least=least),
        "with_truth": share_words(state.with_truth, least=least),
        "flags": [(FLAGS[flag], hide_small(runs, minimum_count=least)) for flag, runs in sorted(state.flags.items())],
    }


def share_words(found: Estimate | NotEstimable, *, least: int) -> str:
    if isinstance(found, NotEstimable):
        return found.reason
    hidden = hide_small(found.cases, minimum_count=least)
    if isinstance(hidden, Hidden):
        return hidden.reason
    if is_small_share(round(found.value * found.cases), found.cases, minimum_count=least):
        return f"it would tell a count below {least}, hidden by the sharing agreement"
    return f"{100 * found.value:.0f} % of {found.cases}"
