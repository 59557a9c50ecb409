"""What was watched and what people did about it: monitors, signals, investigations, decisions, signatures."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from audit.log.models import Act, plain
from audit.signatures.models import Signature
from monitoring.evidence.scopes import Scope
from monitoring.signals.models import Monitor, Signal
from monitoring.signals.presenting import shown_status

RAISED = "signal.raised"
DECIDED = ("signal.closed",)
STATES = {RAISED: "open", "signal.acknowledged": "acknowledged", "signal.closed": "closed", "signal.reopened": "open"}
WHEN_RAISED = ("uid", "arm", "status", "title", "began_on", "alarm_on", "raised_at", "evidence")
UNTIL_TODAY = ("summary", "last_alarm_on", "ended_on", "exposed_studies", "exposed_patients")
SMALL = ("evidence", "exposed_studies", "exposed_patients", "summary")


def signals_in(scope: Scope, *, by: datetime) -> list[Signal]:
    """Return the signals raised by then whose episode touches the period, or the one that was asked for."""
    if scope.signal is not None:
        return [scope.signal]
    met = Signal.objects.select_related("monitor").filter(monitor__deployment_id__in=scope.keys, raised_at__lte=by)
    touching = met.filter(began_on__lt=scope.wanted.until, last_alarm_on__gte=scope.wanted.since)
    return list(touching.order_by("alarm_on", "uid"))


def monitors_in(scope: Scope, *, by: datetime) -> list[Monitor]:
    """Return the monitors that ran by then, or that of the signal which was asked for."""
    if scope.signal is not None:
        return [scope.signal.monitor]
    return list(Monitor.objects.filter(deployment_id__in=scope.keys, designed_at__lte=by).order_by("key"))


def monitor_documents(scope: Scope, *, by: datetime) -> list[dict[str, Any]]:
    """Return each design as it was frozen; the log holds its digest. Aggregates leave out references with counts."""
    names = ("key", "site_id", "deployment_id", "version", "finding", "kind", "designed_at", "design")
    found = [
        {name.removesuffix("_id"): plain(getattr(each, name)) for name in names} for each in monitors_in(scope, by=by)
    ]
    if scope.has_rows:
        return found
    kept = ("method", "statement", "arl0", "threshold")
    return [
        each | {"design": {name: each["design"][name] for name in kept if name in each["design"]}} for each in found
    ]


def steps_of(signals: Sequence[Signal], *, by: datetime) -> Mapping[str, list[dict[str, Any]]]:
    """Return what happened to each signal by then, oldest first, by its subject."""
    acts = Act.objects.filter(subject__in=[each.subject for each in signals], entry__at__lte=by)
    found: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for act in acts.select_related("entry").order_by("pk"):
        entry = act.entry
        step = {"step": entry.kind, "at": plain(entry.at), "by": entry.actor, "said": dict(act.details)}
        found[act.subject].append(step | {"log": entry.organisation, "position": entry.position})
    return found


def signal_documents(scope: Scope, *, by: datetime) -> list[dict[str, Any]]:
    """Return each signal with its evidence as it was when the alarm fired, its state then, and every step to it.

    What moves on from day to day, such as the patients exposed, is there unless an earlier moment is asked for.
    """
    signals = signals_in(scope, by=by)
    steps = steps_of(signals, by=by)
    names = WHEN_RAISED if scope.wanted.as_of else (*WHEN_RAISED, *UNTIL_TODAY)
    found = []
    for signal in signals:
        taken = steps.get(signal.subject, [])
        values = {name: plain(getattr(signal, name)) for name in names}
        values |= {"monitor": signal.monitor_id, "finding": signal.monitor.finding, "state": state_after(taken)}
        values["steps"] = [{name: step[name] for name in step if name != "said"} for step in taken]
        values["raised"] = next((step["said"] for step in taken if step["step"] == RAISED), {})
        found.append(values if scope.has_rows else without_detail(values, least=scope.wanted.minimum_count))
    return found


def state_after(steps: Sequence[Mapping[str, Any]]) -> str:
    known = [STATES[step["step"]] for step in steps if step["step"] in STATES]
    return known[-1] if known else "open"


def without_detail(values: dict[str, Any], *, least: int) -> dict[str, Any]:
    """At the level of aggregates a signal is named, and what may tell small numbers or people stays behind."""
    kept = {name: value for name, value in values.items() if name not in (*SMALL, "raised")}
    steps = [{"step": step["step"], "at": step["at"]} for step in kept["steps"]]
    return kept | {"title": shown_status(kept["title"], minimum_count=least), "steps": steps}


def investigation_documents(scope: Scope, *, by: datetime) -> list[dict[str, Any]]:
    """Return what people did about each signal once it was raised; none where nobody has touched it."""
    if not scope.has_rows:
        return []
    steps = steps_of(signals_in(scope, by=by), by=by)
    found = {subject: [step for step in taken if step["step"] != RAISED] for subject, taken in sorted(steps.items())}
    return [{"signal": subject.partition("/")[2], "steps": taken} for subject, taken in found.items() if taken]


def decision_documents(scope: Scope, *, by: datetime) -> list[dict[str, Any]]:
    """Return each decision on a signal with the signatures that stand on it."""
    signed = signature_documents(scope, by=by)
    found = []
    for each in investigation_documents(scope, by=by):
        for step in each["steps"]:
            if step["step"] in DECIDED:
                on_it = [one for one in signed if one["subject"] == f"signal/{each['signal']}"]
                found.append({"signal": each["signal"], "decision": step, "signatures": on_it})
    return found


def signature_documents(scope: Scope, *, by: datetime) -> list[dict[str, Any]]:
    """Return the signatures on what the package holds, as their entries say them; aggregates name no people."""
    if not scope.has_rows or scope.is_research:
        return []
    subjects = [signal.subject for signal in signals_in(scope, by=by)]
    given = Signature.objects.filter(subject__in=subjects, entry__at__lte=by)
    return [each.payload() for each in given.order_by("id")]
