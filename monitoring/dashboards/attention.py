"""The signals that need somebody, for the top of the overview: the worst first, what goes on before what is over."""

from datetime import datetime
from typing import Any

from django.db.models import F

from audit.access.decisions import Visitor
from inference.registry.visibility import visible_deployments
from monitoring.dashboards.overview import SEE, Filters
from monitoring.signals.models import Signal
from monitoring.signals.presenting import listed_rows
from monitoring.signals.queries import Filters as SignalFilters
from monitoring.signals.queries import founded, listed_signals

MOST_CARDS = 6


def attention(user: Visitor, *, filters: Filters, now: datetime) -> tuple[list[dict[str, Any]], int]:
    """Return the signals that need somebody, the worst first, and how many there are in all."""
    asked = SignalFilters(site=filters.site, product=filters.product)
    going_on_first = F("ended_on").desc(nulls_first=True)
    found = founded(listed_signals(user, filters=asked, now=now)).order_by(
        F("rank"), going_on_first, "-alarm_on", "uid"
    )
    names = dict(visible_deployments(user, SEE, now=now).values_list("pk", "product__name"))
    shown = [
        row | {"product": names.get(row["signal"].monitor.deployment_id, ""), "is_act": is_act(row["signal"])}
        for row in listed_rows(found[:MOST_CARDS], user=user, now=now)
    ]
    return shown, found.count()


def is_act(signal: Signal) -> bool:
    return signal.status == Signal.Status.ACT
