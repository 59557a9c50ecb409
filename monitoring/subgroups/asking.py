"""What is asked of a product's subgroups, as far as this user may see it, and by what cases may be cut here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from audit.access.decisions import Scope, Visitor
from inference.registry.models import Deployment, Finding, Product, Version
from inference.registry.visibility import scope_of, visible_deployments
from inference.registry.vocabulary import SENSITIVE_DIMENSIONS
from monitoring.performance.metrics import BINARY, metrics_of
from monitoring.performance.questions import Question
from monitoring.performance.windows import in_whole_months
from monitoring.subgroups.wording import words_of

SEE = "see_aggregates"
EVERYWHERE = ("age_band", "sex", "site", "scanner", "view_position", "setting", "version")
USUAL_DIMENSION = "site"
PEOPLE = frozenset({"operator", "reader"})
LABELS = "label_coverage"
HEADLINES = {"binary": "sensitivity", "measurement": "mean_absolute_error", "ordinal": "accuracy"}
CUT_IN_THE_KEY = frozenset({"site", "version"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Dimensions:
    """By what cases may be cut: `offered` with words, and the sensitive ones that product or site do not allow."""

    offered: tuple[tuple[str, str], ...]
    of_people: tuple[str, ...]
    kept_back: tuple[str, ...]
    sites_of: Mapping[str, frozenset[str]]

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(name for name, _ in self.offered)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One request. `question` has no metric and no dimension: each part of the page adds its own."""

    user: Visitor
    product: Product
    finding: Finding
    deployments: tuple[Deployment, ...]
    question: Question
    metric: str
    by: str
    second: str
    dimensions: Dimensions
    versions: tuple[Version, ...]
    minimum_count: int
    now: datetime

    def cut(self, dimension: str) -> Question:
        """Return the question by one dimension, at the sites that allow it, with every metric needed."""
        allowed = self.dimensions.sites_of.get(dimension)
        keys = [each.pk for each in self.deployments if allowed is None or each.site_id in allowed]
        return replace(self.question, by=dimension, metrics=self.metrics, deployments=tuple(keys))

    @property
    def metrics(self) -> tuple[str, ...]:
        """Return what is asked of each group: the metric, and the rates that would tell its cells."""
        return tuple(
            name for name in metrics_for(self.finding) if name in BINARY or name == self.metric or name == LABELS
        )

    @property
    def site_names(self) -> dict[str, str]:
        return {each.site_id: each.site.name for each in self.deployments}


def ask(user: Visitor, *, product: Product, finding: Finding, filters: Mapping[str, Any], now: datetime) -> Asked:
    """Return what the filters ask, narrowed to the deployments within reach."""
    deployments = tuple(visible_deployments(user, SEE, now=now).filter(product=product))
    scope = scope_of(user, SEE, now=now)
    least = max((least_of(scope, each) for each in deployments), default=0)
    dimensions = dimensions_of(product, deployments=deployments, is_shared=bool(least))
    question = Question(
        product=product.pk,
        finding=finding.key,
        since=filters.get("since"),
        until=filters.get("until"),
        version=filters.get("version") or "",
        deployments=tuple(each.pk for each in deployments),
    )
    by = filters.get("by") or USUAL_DIMENSION
    return Asked(
        user=user,
        product=product,
        finding=finding,
        deployments=deployments,
        question=in_whole_months(question, minimum_count=least),
        metric=filters.get("metric") or headline_of(finding),
        by=by,
        second=filters.get("second") if filters.get("second") != by else "",  # type: ignore[arg-type]
        dimensions=dimensions,
        versions=tuple(product.versions.order_by("id")),
        minimum_count=least,
        now=now,
    )


def least_of(scope: Scope, deployment: Deployment) -> int:
    return scope.minimum_count_at(
        organisation=deployment.site.organisation_id, site=deployment.site_id, product=deployment.product_id
    )


def metrics_for(finding: Finding) -> tuple[str, ...]:
    return metrics_of(finding.kind, classes=tuple(finding.classes), unit=finding.unit)


def headline_of(finding: Finding) -> str:
    metrics = metrics_for(finding)
    wanted = HEADLINES.get(finding.kind, "sensitivity")
    return wanted if wanted in metrics else metrics[0]


def dimensions_of(product: Product, *, deployments: Iterable[Deployment], is_shared: bool) -> Dimensions:
    """Return the dimensions on offer: everybody's, and the product's own where the sites allow them.

    A sensitive one needs both the product, which declares it, and the site; whoever sees sums alone is offered
    no dimension that names people.
    """
    sites = {each.site_id: frozenset(each.site.lawful_dimensions) for each in deployments}
    own = [name for name in product.dimensions if name not in EVERYWHERE and not (is_shared and name in PEOPLE)]
    allowed = {
        name: frozenset(site for site, lawful in sites.items() if name in lawful)
        for name in own
        if name in SENSITIVE_DIMENSIONS
    }
    kept_back = tuple(name for name, some in allowed.items() if not some)
    names = [*EVERYWHERE, *(["region"] if product.regions else []), *(each for each in own if each not in kept_back)]
    people = ["sex", "age_band", *(name for name, some in allowed.items() if some)]
    return Dimensions(
        offered=tuple((name, words_of(name)) for name in names),
        of_people=tuple(people),
        kept_back=kept_back,
        sites_of={name: some for name, some in allowed.items() if some},
    )
