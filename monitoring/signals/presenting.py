"""A signal as its page shows it: finished words and tables, small cells hidden where an agreement says so.

Everything comes from the frozen evidence and the log; nothing is estimated here.
"""

import re
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from django.urls import NoReverseMatch, reverse

from audit.access.decisions import Visitor
from audit.access.scopes import hide_small
from inference.registry.models import Site
from inference.registry.visibility import scope_of, visible_deployments
from monitoring.cases.reasons import SENTENCES
from monitoring.signals.figures import figures_of
from monitoring.signals.hiding import shown_count, shown_evidence
from monitoring.signals.models import Monitor, Signal
from monitoring.signals.queries import acts_of, may_review, minimum_count
from monitoring.signals.tables import tables_of

VERBS = {"signal.raised": "Raised", "signal.acknowledged": "Acknowledged", "signal.closed": "Closed"}


def signal_context(signal: Signal, *, user: Visitor, now: datetime) -> dict[str, Any]:
    """Return everything that the page of a signal shows to this user."""
    least = minimum_count(user, signal, now=now)
    fired = shown_evidence(signal.evidence, minimum_count=least)
    is_unfounded = bool(signal.latest.get("is_unfounded"))
    today = shown_evidence(signal.latest, minimum_count=least) if signal.latest and not is_unfounded else fired
    site = Site.objects.get(pk=signal.monitor.site_id)
    return {
        "signal": signal,
        "monitor": signal.monitor,
        "site": site,
        "title": shown_title(signal, evidence=today, minimum_count=least),
        "summary": hide_numbers(signal.summary, minimum_count=least),
        "evidence": fired,
        "is_unfounded": is_unfounded,
        "exposed_studies": hide_small(signal.exposed_studies, minimum_count=least),
        "exposed_patients": hide_small(signal.exposed_patients, minimum_count=least),
        "days_to_alarm": (signal.alarm_on - signal.began_on).days,
        "figures": figures_of(today, began_on=signal.began_on, alarm_on=signal.alarm_on),
        "tables": tables_of(signal, fired=fired, today=today),
        "acts": [_line(act, is_shared=least > 0) for act in acts_of(signal)],
        "may_review": may_review(user, signal, now=now),
        "cases_href": cases_href(signal, user=user, now=now),
        "breadcrumbs": [("Overview", "/"), ("Signals", reverse("signals:list")), (signal.uid[:8], "")],
    }


def listed_rows(signals: Iterable[Signal], *, user: Visitor, now: datetime) -> list[dict[str, Any]]:
    """Return the rows of the list, small numbers hidden; the user's scope is asked once."""
    scope = scope_of(user, "see_signals", now=now)
    rows = []
    for signal in signals:
        monitor = signal.monitor
        least = scope.minimum_count_at(
            organisation=monitor.organisation, site=monitor.site_id, product=monitor.product_id
        )
        fired = shown_evidence(signal.evidence, minimum_count=least)
        rows.append(
            {
                "signal": signal,
                "title": shown_title(signal, evidence=fired, minimum_count=least),
                "exposed_patients": hide_small(signal.exposed_patients, minimum_count=least),
            }
        )
    return rows


def shown_title(signal: Signal, *, evidence: Mapping[str, Any], minimum_count: int) -> str:
    """Return the title without a number that the user may not see."""
    if not minimum_count:
        return signal.title
    small = "reason" in evidence.get("since", {}).get(signal.evidence.get("metric", ""), {})
    if signal.monitor.kind == Monitor.Kind.PERFORMANCE and small:
        return signal.title.split(" fell from ")[0] + " fell"
    return hide_numbers(signal.title, minimum_count=minimum_count)


def hide_numbers(text: str, *, minimum_count: int) -> str:
    """Return a sentence with small numbers of runs and studies replaced."""
    if not minimum_count:
        return text

    def hidden(match: re.Match[str]) -> str:
        return f"{shown_count(int(match[1]), minimum_count=minimum_count)} {match[2]}"

    return re.sub(r"\b(\d+) (runs|studies)", hidden, text)


def shown_status(reason: str, *, minimum_count: int) -> str:
    """Return why a deployment stands as it does: without the shares of a title, whose counts may be small."""
    if not minimum_count:
        return reason
    fault, fell, _ = reason.partition(" fell from ")
    return hide_numbers(f"{fault} fell" if fell else reason, minimum_count=minimum_count)


def _line(act: Any, *, is_shared: bool) -> dict[str, Any]:
    """Return one act; what a house's people wrote to each other, and who they are, stays there."""
    details = act.details
    return {
        "at": act.entry.at,
        "verb": VERBS.get(act.entry.kind, act.entry.kind),
        "actor": act.organisation if is_shared else act.entry.actor,
        "words": "" if is_shared else details.get("reason") or details.get("note") or "",
        "position": act.entry.position,
    }


def cases_href(signal: Signal, *, user: Visitor, now: datetime) -> str:
    """Return the address of the cases behind a signal, or nothing for those who may not see rows."""
    monitor = signal.monitor
    if not visible_deployments(user, "see_rows", now=now).filter(pk=monitor.deployment_id).exists():
        return ""
    try:
        address = reverse("dashboards:cases")
    except NoReverseMatch:
        return ""
    query = {"deployment": monitor.deployment_id, "finding": monitor.finding, "since": signal.began_on.isoformat()}
    if signal.ended_on:
        query["until"] = (signal.ended_on + timedelta(days=1)).isoformat()  # the list leaves its last day out
    if monitor.kind == Monitor.Kind.PERFORMANCE:
        missed = signal.evidence.get("metric") == "sensitivity"
        query |= {"truth": "positive" if missed else "negative", "decision": "negative" if missed else "positive"}
        query |= {"excluded": "counted", "version": monitor.version}
    if signal.arm in SENTENCES:  # a flag that leaves cases out of the estimates
        query |= {"excluded": signal.arm}
    return f"{address}?{urlencode({name: value for name, value in query.items() if value})}"
