"""The disagreement page's tables in finished words, small cells hidden, each quadrant with its cases."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from django.urls import NoReverseMatch, reverse

from audit.access.scopes import Hidden, hide_small
from audit.access.small_cells import is_small_share
from monitoring.disagreement.cells import (
    CALLS,
    Override,
    Quadrant,
    coverage,
    overrides_by_reader,
    overrides_by_site,
    quadrants,
    total,
)
from monitoring.disagreement.figures import readers_figure
from monitoring.disagreement.hiding import HiddenCells, hidden_cells, hidden_sites, kept_back_below
from monitoring.disagreement.queries import Answer, Question
from monitoring.statistics.results import Estimate, NotEstimable

TRUTHS = (*CALLS, "unknown")
VERDICTS = {
    "never": "never disagrees: less than chance allows",
    "below": "disagrees less often than the others",
    "above": "disagrees more often than the others",
    "inside": "within what chance allows",
    "too few": "too few cases to say",
}


def page_context(
    found: Answer, *, question: Question, site_names: Mapping[str, str], may_see_rows: bool
) -> dict[str, Any]:
    """Return what the page shows of an answer."""
    sites = overrides_by_site(found.cells)
    readers = overrides_by_reader(found.cells) if found.readers_shown else []
    truth, least = coverage(found.cells), found.minimum_count
    out = hidden_cells(found.cells, minimum_count=least)
    without = hidden_sites(sites, minimum_count=least)
    return {
        "cases": hide_small(total(found.cells), minimum_count=found.minimum_count),
        "quadrants": [
            _quadrant_row(each, out=out, least=least, href=_cases_href(each, question=question) if may_see_rows else "")
            for each in quadrants(found.cells)
        ],
        "sites": [
            _override_row(each, name=site_names.get(each.group, each.group), least=least, without=without)
            for each in sites
        ],
        "readers": [_override_row(each, name=each.group or "not named", least=0, without=set()) for each in readers],
        "readers_shown": found.readers_shown,
        "readers_figure": readers_figure(readers) if readers else None,
        "coverage": {
            "discordant": _share(truth.discordant, is_hidden=out.hides_side(override=True), least=least),
            "concordant": _share(truth.concordant, is_hidden=out.hides_side(override=False), least=least),
            "words": truth.words,
            "is_biased": truth.is_biased,
        },
    }


def tells_few(found: Estimate | NotEstimable, *, least: int) -> bool:
    """Return whether a share is of so few cases that even an empty quadrant's would tell how many there are."""
    return isinstance(found, Estimate) and 0 < found.cases < least


def _share(found: Estimate | NotEstimable, *, is_hidden: bool = False, least: int) -> str:
    if isinstance(found, NotEstimable):
        return found.reason
    hits = round(found.value * found.cases)
    if is_hidden or is_small_share(hits, found.cases, minimum_count=least):
        return kept_back_below(least)
    low, high = 100 * found.interval.low, 100 * found.interval.high
    return f"{100 * found.value:.1f} % ({low:.1f}–{high:.1f} %), n = {found.cases}"


def _quadrant_row(quadrant: Quadrant, *, out: HiddenCells, least: int, href: str) -> dict[str, Any]:
    pair = (quadrant.decision, quadrant.read)
    kept_back = {name for name in TRUTHS if (*pair, name) in out.leaves}
    is_hidden, is_right_hidden = pair in out.quadrants, bool(kept_back & set(CALLS))
    counts = {name: _count(getattr(quadrant, name), is_hidden=name in kept_back, least=least) for name in TRUTHS}
    return counts | {
        "cases": _count(quadrant.cases, is_hidden=is_hidden, least=least),
        "decision": quadrant.decision,
        "read": quadrant.read,
        "is_discordant": quadrant.is_discordant,
        "share": "hidden" if is_hidden or tells_few(quadrant.share, least=least) else _share(quadrant.share, least=0),
        "ai_right": _share(quadrant.ai_right, is_hidden=is_right_hidden, least=least),
        "reader_right": _share(quadrant.reader_right, is_hidden=is_right_hidden, least=least),
        "href": href,
    }


def _count(count: int, *, is_hidden: bool, least: int) -> int | Hidden:
    return Hidden(reason=kept_back_below(least)) if is_hidden else count


def _override_row(each: Override, *, name: str, least: int, without: set[str]) -> dict[str, Any]:
    is_hidden = each.group in without
    return {
        "name": name,
        "rate": _share(each.rate, is_hidden=is_hidden, least=least),
        "overrides": _count(each.overrides, is_hidden=is_hidden, least=least),
        "cases": hide_small(each.cases, minimum_count=least),
        # The limits lie around the rate of all together, which would tell a hidden site's.
        "limits": "hidden" if without else f"{100 * each.low_limit:.1f}–{100 * each.high_limit:.1f} %",
        "verdict": "hidden" if is_hidden else VERDICTS[each.verdict],
        "is_outside": each.is_outside and not is_hidden,
    }


def _cases_href(quadrant: Quadrant, *, question: Question) -> str:
    try:
        address = reverse("dashboards:cases")
    except NoReverseMatch:
        return ""
    kept = {name: value for name in ("product", "site", "finding") if (value := getattr(question, name))}
    if question.first:
        kept["since"] = question.first.isoformat()
    if question.last:
        kept["until"] = (question.last + timedelta(days=1)).isoformat()  # the list leaves its last day out
    kept |= {"decision": quadrant.decision, "reads": quadrant.read, "excluded": "counted"}
    return f"{address}?{urlencode(kept)}"
