"""The documents of a package: scope, registry excerpt, signals, and the report that a person reads on paper."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.template.loader import render_to_string

from audit.access.scopes import Scope as AccessScope
from audit.access.scopes import depth_of
from audit.log.models import plain
from audit.signatures.models import Signature
from inference.registry.ledger import described
from inference.registry.models import Claim, Configuration, Finding, Market, Version
from monitoring.cases.reasons import sentence
from monitoring.claims.browsing import Reach
from monitoring.claims.presenting import ClaimRow, claim_rows
from monitoring.evidence.scopes import Scope
from monitoring.signals.models import Signal

NONE_RECORDED = "none recorded"


def scope_document(scope: Scope, *, uid: str, made_by: str, made_at: str) -> dict[str, Any]:
    wanted = scope.wanted
    return {
        "package": uid,
        "product": wanted.product,
        "site": wanted.site or None,
        "sites": list(scope.sites),
        "deployments": list(scope.keys),
        "study": str(wanted.study) if wanted.study else None,
        "signal": wanted.signal or None,
        "change": wanted.change or None,
        "from": wanted.since.isoformat(),
        "to": wanted.until.isoformat(),
        "as_of": wanted.as_of.isoformat() if wanted.as_of else None,
        "level": wanted.level,
        "minimum_count": wanted.minimum_count,
        "made_by": made_by,
        "made_at": made_at,
        "changes": NONE_RECORDED,
    }


def registry_document(scope: Scope) -> dict[str, Any]:
    """Return what is registered of the product and its deployments."""
    product = scope.product
    configurations = Configuration.objects.filter(deployment__in=scope.deployments).order_by(
        "deployment_id", "starts_at"
    )
    return {
        "product": described(product),
        "markets": [described(each) for each in Market.objects.filter(product=product).order_by("market")],
        "findings": [described(each) for each in Finding.objects.filter(product=product).order_by("key")],
        "versions": [described(each) for each in Version.objects.filter(product=product).order_by("version")],
        "claims": [described(each) for each in Claim.objects.filter(product=product).order_by("id")],
        "configurations": [described(each) for each in configurations],
    }


def signals_in(scope: Scope) -> list[Signal]:
    """Return the signals of the deployments whose episode touches the period, or the one that was asked for."""
    if scope.signal is not None:
        return [scope.signal]
    met = Signal.objects.select_related("monitor").filter(monitor__deployment_id__in=scope.keys)
    touching = met.filter(began_on__lt=scope.wanted.until, last_alarm_on__gte=scope.wanted.since)
    return list(touching.order_by("alarm_on", "uid"))


def signal_documents(scope: Scope) -> list[dict[str, Any]]:
    names = (
        "uid", "status", "title", "summary", "began_on", "alarm_on", "ended_on", "raised_at", "exposed_studies",
        "exposed_patients", "state", "owner", "closed_reason", "evidence",
    )  # fmt: skip
    found = []
    for signal in signals_in(scope):
        values = {name: plain(getattr(signal, name)) for name in names}
        monitor = {"monitor": signal.monitor_id, "design": signal.monitor.design, "finding": signal.monitor.finding}
        found.append(values | monitor if scope.has_rows else without_detail(values | monitor))
    return found


def signature_documents(scope: Scope) -> list[dict[str, Any]]:
    """Return the signatures on what the package holds, as their entries say them; aggregates name no people."""
    subjects = [signal.subject for signal in signals_in(scope)] if scope.has_rows else []
    return [each.payload() for each in Signature.objects.filter(subject__in=subjects).order_by("id")]


@dataclass(frozen=True, slots=True, kw_only=True)
class PackageReach(Reach):
    """The deployments of a package, shown no deeper than the package goes."""

    least: int

    def minimum_count(self, organisation: str) -> int:
        return self.least


def claim_documents(scope: Scope, *, now: datetime) -> list[dict[str, Any]]:
    """Return how each claim stands on what is known when the package is made, by organisation and version."""
    grouped: dict[str, list[Any]] = defaultdict(list)
    for each in scope.deployments:
        grouped[each.site.organisation_id].append(each)
    reach = PackageReach(
        user=AnonymousUser(),
        product=scope.product,
        deployments={name: tuple(some) for name, some in grouped.items()},
        scope=AccessScope(),
        now=now,
        least=scope.wanted.minimum_count,
    )
    return [claim_document(row) for row in claim_rows(reach)]


def claim_document(row: ClaimRow) -> dict[str, Any]:
    standing = row.standing
    return {
        "claim": row.words,
        "held_to": row.line,
        "organisation": row.organisation,
        "version": row.version,
        "standing": standing.label,
        "value": standing.value,
        "interval": standing.range,
        "patients": standing.patients,
        "since": standing.since.isoformat() if standing.since else None,
        "reason": standing.reason or "; ".join(row.missing),
        "expected": row.expected,
    }


def without_detail(values: dict[str, Any]) -> dict[str, Any]:
    """At the level of aggregates a signal is named, and its evidence with small numbers stays behind."""
    return {
        name: value for name, value in values.items() if name not in ("evidence", "exposed_studies", "exposed_patients")
    }


def report(
    *,
    scope: Mapping[str, Any],
    registry: Mapping[str, Any],
    figures: Sequence[Mapping[str, Any]],
    signals: Sequence[Mapping[str, Any]],
    signatures: Sequence[Mapping[str, Any]],
    claims: Sequence[Mapping[str, Any]],
    counts: Mapping[str, int],
    keys: Mapping[str, str],
    verifier: str,
    checkpoints: Sequence[Mapping[str, str]] = (),
) -> str:
    """Return the report as one HTML file that needs nothing else and prints on paper."""
    blocks = [{**block, "left_out": left_out(block["excluded"])} for block in figures]
    context = {
        "scope": scope,
        "registry": registry,
        "blocks": blocks,
        "signals": signals,
        "signatures": signatures,
        "claims": claims,
        "is_demo": settings.RADVIGIL_DEMO,
        "counts": counts,
        "keys": sorted(keys.items()),
        "verifier": verifier,
        "checkpoints": checkpoints,
        "none_recorded": NONE_RECORDED,
        "has_rows": depth_of(scope["level"]) >= depth_of("rows"),
    }
    return render_to_string("monitoring/evidence/report.html", context)


def left_out(excluded: Mapping[str, int]) -> list[dict[str, Any]]:
    return [{"reason": sentence(reason), "count": number} for reason, number in excluded.items()]
