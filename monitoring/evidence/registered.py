"""What is registered of a product in a package, and the rules in force: which truths count, what reports mean."""

from datetime import datetime
from itertools import pairwise
from typing import Any

from audit.log.models import plain
from inference.messages.models import MappingRule
from inference.registry.ledger import described
from inference.registry.models import Claim, Configuration, Finding, Market, Sharing, Site, TruthRule, Version
from monitoring.evidence.rows import rules_of
from monitoring.evidence.scopes import Scope

OF_A_SITE = (
    "key", "name", "country", "timezone", "purpose_rules", "lawful_dimensions", "opt_out_stops_monitoring",
)  # fmt: skip
OF_A_MAPPING = (
    "name", "finding", "code", "answer", "low", "high", "unit", "pattern", "region", "value", "standard", "certainty",
    "makes", "state", "created_at", "created_by", "in_force_from", "retired_at",
)  # fmt: skip


def registry_document(scope: Scope, *, by: datetime) -> dict[str, Any]:
    """Return what is registered of the product; releases and configurations that came later are not there."""
    product = scope.product
    versions = Version.objects.filter(product=product, registered_at__lte=by).order_by("version")
    return {
        "product": described(product),
        "manufacturer": described(product.manufacturer),
        "markets": [described(each) for each in Market.objects.filter(product=product).order_by("market")],
        "findings": [described(each) for each in Finding.objects.filter(product=product).order_by("key")],
        "versions": [described(each) | {"registered_at": plain(each.registered_at)} for each in versions],
        "claims": [described(each) for each in Claim.objects.filter(product=product).order_by("id")],
        "deployments": [described(each) for each in scope.deployments],
    }


def rules_document(scope: Scope, *, by: datetime) -> dict[str, Any]:
    """Return every rule that decides what counts, with the time from which it was in force and who said so."""
    sites = Site.objects.filter(pk__in=scope.sites).order_by("key")
    mapping = MappingRule.objects.filter(site__in=scope.sites, in_force_from__isnull=False, in_force_from__lte=by)
    rules = TruthRule.objects.filter(pk__in=rules_of(scope)).order_by("key")
    found = {
        "truth_rules": [described(each) for each in rules],
        "mapping_rules": [
            {"site": each.site_id} | {name: plain(getattr(each, name)) for name in OF_A_MAPPING}
            for each in mapping.order_by("site_id", "id")
        ],
        "sites": [{name: plain(getattr(each, name)) for name in OF_A_SITE} for each in sites],
        "configurations": [line for each in scope.deployments for line in configurations_of(each.pk, by=by)],
        "sharing": sharing_of(scope, by=by),
    }
    return found if scope.has_rows else without_house_rules(found)


def without_house_rules(found: dict[str, Any]) -> dict[str, Any]:
    """Whoever gets sums alone gets no rule by which a house knows its patients, and no name of its people."""
    inner: dict[str, list[str]] = {"purpose_rules": [], "lawful_dimensions": []}
    return found | {
        "mapping_rules": [],
        "sites": [each | inner for each in found["sites"]],
        "configurations": [each | {"recorded_by": "", "reason": ""} for each in found["configurations"]],
    }


def configurations_of(deployment: str, *, by: datetime) -> list[dict[str, Any]]:
    """Return what a deployment ran with, each line until the next one starts."""
    rows = list(Configuration.objects.filter(deployment_id=deployment, recorded_at__lte=by).order_by("starts_at"))
    ends = [plain(after.starts_at) for _, after in pairwise(rows)]
    return [
        described(row)
        | {
            "version": row.version.version,
            "ends_at": end,
            "recorded_at": plain(row.recorded_at),
            "recorded_by": row.recorded_by,
        }
        for row, end in zip(rows, [*ends, None][: len(rows)], strict=True)
    ]


def sharing_of(scope: Scope, *, by: datetime) -> list[dict[str, Any]]:
    """Return the agreements under which others see these sites' data on the product; a receiver's own alone."""
    own = {"to": scope.wanted.recipient} if scope.is_shared else {}
    lines = Sharing.objects.filter(product=scope.product, site__in=scope.sites, starts_at__lte=by, **own)
    return [described(each) for each in lines.order_by("site_id", "to_id", "starts_at")]
