"""The documents of a package as their JSON twins: what stands on paper, and nothing that does not."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.conf import settings

from audit.log.models import plain
from audit.log.queries import checkpoint_before
from audit.packages.bundling import verifier_digest
from monitoring.cases.reasons import sentence
from monitoring.evidence.deidentifying import NOT_PROVABLE, PROVABLE
from monitoring.evidence.dictionary import dictionary_document
from monitoring.evidence.paths import left_out
from monitoring.evidence.proving import key_of
from monitoring.evidence.under_way import Making

TITLES = {
    "report": "Evidence report",
    "monitoring": "Monitoring and signals",
    "registry": "Registry, rules in force and software",
    "dictionary": "Data dictionary",
}
ABOUT = {
    "report": "Scope, cases, figures, claims, signals, decisions, signatures, and how to check them.",
    "monitoring": "Every monitor's design, every signal with its steps, and what people did about it.",
    "registry": "Releases, configurations, truth rules, mapping rules, sharing agreements, and the software (SOUP).",
    "dictionary": "What every table and column means, and how it is de-identified.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """Everything that the documents draw from; each stands in a file of its own too."""

    scope: Mapping[str, Any]
    counts: Mapping[str, int] | None
    figures: Mapping[str, Any]
    registry: Mapping[str, Any]
    rules: Mapping[str, Any]
    software: Mapping[str, Any]
    claims: list[dict[str, Any]]
    monitors: list[dict[str, Any]]
    signals: list[dict[str, Any]]
    investigations: list[dict[str, Any]]
    decisions: list[dict[str, Any]]
    signatures: list[dict[str, Any]]
    changes: list[dict[str, Any]]
    deidentification: Mapping[str, Any]

    @property
    def reasons(self) -> dict[str, str]:
        """Why cases are left out, in words."""
        return {reason: sentence(reason) for block in self.figures["sets"] for reason in block["excluded"]}


def scope_document(making: Making, *, opted_out: int) -> dict[str, Any]:
    """Return what was asked for. Who exported it when is an act of each log, so that the content stays the same."""
    scope, wanted = making.scope, making.scope.wanted
    return {
        "package": making.content_id,
        "product": wanted.product,
        "product_name": scope.product.name,
        "manufacturer": scope.product.manufacturer_id,
        "site": wanted.site or None,
        "sites": list(scope.sites),
        "deployments": list(scope.keys),
        "study": str(wanted.study) if wanted.study else None,
        "signal": wanted.signal or None,
        "change": wanted.change or None,
        "from": wanted.since.isoformat(),
        "to": wanted.until.isoformat(),
        "as_of": wanted.as_of.isoformat() if wanted.as_of else None,
        "instant": plain(making.instant),
        "level": wanted.level,
        "minimum_count": wanted.minimum_count,
        "purpose": wanted.purpose,
        "recipient": wanted.recipient or None,
        "audience": "shared" if scope.is_shared else "own",
        "provable": not scope.is_research,
        "dates": NOT_PROVABLE if scope.is_research else PROVABLE,
        "renditions": list(wanted.renditions),
        "left_out": {"opted_out": {"patients": opted_out}, "charts_of": left_out(scope) if scope.has_rows else []},
    }


def twins(making: Making, parts: Parts) -> dict[str, dict[str, Any]]:
    """Return the twin of each document, by name."""
    told = [{name: each[name] for name in each if name not in ("evidence", "raised")} for each in parts.signals]
    own: dict[str, dict[str, Any]] = {
        "report": {
            "registry": {name: parts.registry[name] for name in ("product", "markets")},
            "counts": parts.counts,
            "made_with": parts.figures["made_with"],
            "sets": parts.figures["sets"],
            "reasons": parts.reasons,
            "claims": parts.claims,
            "signals": [{name: each[name] for name in each if name != "steps"} for each in told],
            "decisions": parts.decisions,
            "changes": parts.changes,
            "signatures": parts.signatures,
        },
        "monitoring": {"monitors": parts.monitors, "signals": told, "investigations": parts.investigations},
        "registry": {"registry": parts.registry, "rules": parts.rules, "software": parts.software},
        "dictionary": dictionary_document(is_research=making.scope.is_research)
        | {"deidentification": parts.deidentification},
    }
    shared = common(making, parts.scope)
    return {name: {"title": TITLES[name], **shared, **twin} for name, twin in own.items()}


def common(making: Making, scope: Mapping[str, Any]) -> dict[str, Any]:
    """Return what stands in every document: what it is about, and how to check it."""
    notes = [(log, checkpoint_before(log, moment=making.instant)) for log in making.logs]
    return {
        "package": making.content_id,
        "period": f"{scope['product_name']}, {scope['from']} to {scope['to']}",
        "is_demo": settings.RADVIGIL_DEMO,
        "scope": scope,
        "keys": [{"log": log, "fingerprint": key_of(log).fingerprint} for log in making.logs],
        "verifier_sha256": verifier_digest(),
        "checkpoints": [{"log": log, "note": note.note} for log, note in notes if note],
    }
