"""How the claims of a product stand in a package: on the labels known by its instant, no deeper than it goes."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.auth.models import AnonymousUser

from audit.access.scopes import Scope as AccessScope
from monitoring.claims.browsing import Reach
from monitoring.claims.presenting import ClaimRow, claim_rows
from monitoring.evidence.scopes import Scope


@dataclass(frozen=True, slots=True, kw_only=True)
class PackageReach(Reach):
    """The deployments of a package, shown no deeper than the package goes."""

    least: int

    def minimum_count(self, organisation: str) -> int:
        return self.least


def claim_documents(scope: Scope, *, by: datetime) -> list[dict[str, Any]]:
    """Return how each claim stands by organisation and version."""
    grouped: dict[str, list[Any]] = defaultdict(list)
    for each in scope.deployments:
        grouped[each.site.organisation_id].append(each)
    reach = PackageReach(
        user=AnonymousUser(),
        product=scope.product,
        deployments={name: tuple(some) for name, some in grouped.items()},
        scope=AccessScope(),
        now=by,
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
        "source": row.claim.source,
    }
