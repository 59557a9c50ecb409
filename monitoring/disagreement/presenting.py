"""The disagreement page's tables in finished words, small cells hidden, each quadrant with its cases."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from django.urls import NoReverseMatch, reverse

from audit.access.scopes import Hidden, hide_small
from monitoring.disagreement.cells import (
    Override,
    Quadrant,
    coverage,
    overrides_by_reader,
    overrides_by_site,
    quadrants,
    total,
)
from monitoring.disagreement.figures import readers_figure
from monitoring.disagreement.queries import Answer, Question
from monitoring.statistics.results import Estimate, NotEstimable

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
    truth = coverage(found.cells)
    return {
        "cases": hide_small(total(found.cells), minimum_count=found.minimum_count),
        "quadrants": [
            _quadrant_row(
                each, least=found.minimum_count, href=_cases_href(each, question=question) if may_see_rows else ""
            )
            for each in quadrants(found.cells)
        ],
        "sites": [
            _override_row(each, name=site_names.get(each.group, each.group), least=found.minimum_count)
            for each in sites
        ],
        "readers": [_override_row(each, name=each.group or "not named", least=0) for each in readers],
        "readers_shown": found.readers_shown,
        "readers_figure": readers_figure(readers) if readers else None,
        "coverage": {
            "discordant": _share(truth.discordant, least=found.minimum_count),
            "concordant": _share(truth.concordant, least=found.minimum_count),
            "words": truth.words,
            "is_biased": truth.is_biased,
        },
    }


def _share(found: Estimate | NotEstimable, *, least: int) -> str:
    if isinstance(found, NotEstimable):
        return found.reason
    if isinstance(hide_small(found.cases, minimum_count=least), Hidden):
        return f"fewer than {least} cases, hidden by the sharing agreement"
    low, high = 100 * found.interval.low, 100 * found.interval.high
    return f"{100 * found.value:.1f} % ({low:.1f}–{high:.1f} %), n = {found.cases}"


def _quadrant_row(quadrant: Quadrant, *, least: int, href: str) -> dict[str, Any]:
    counts = {
        name: hide_small(getattr(quadrant, name), minimum_count=least)
        for name in ("cases", "positive", "negative", "unknown")
    }
    is_hidden = isinstance(counts["cases"], Hidden)
    return counts | {
        "decision": quadrant.decision,
        "read": quadrant.read,
        "is_discordant": quadrant.is_discordant,
        "share": "hidden" if is_hidden else _share(quadrant.share, least=least),
        "ai_right": _share(quadrant.ai_right, least=least),
        "reader_right": _share(quadrant.reader_right, least=least),
        "href": href,
    }


def _override_row(each: Override, *, name: str, least: int) -> dict[str, Any]:
    return {
        "name": name,
        "rate": _share(each.rate, least=least),
        "overrides": hide_small(each.overrides, minimum_count=least),
        "cases": hide_small(each.cases, minimum_count=least),
        "limits": f"{100 * each.low_limit:.1f}–{100 * each.high_limit:.1f} %",
        "verdict": VERDICTS[each.verdict],
        "is_outside": each.is_outside,
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
