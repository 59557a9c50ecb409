"""What a question is about: its deployments, its finding, and the dimensions it may be cut by."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from inference.registry.models import Concept, Deployment, Finding, Product, Site
from inference.registry.queries import (
    DeploymentSettings,
    FindingSettings,
    finding_settings,
    settings_of_deployments,
)
from monitoring.errors import UnknownScopeError
from monitoring.performance.questions import Question

DIMENSIONS = (
    "site", "scanner", "sex", "age_band", "view_position", "month", "version", "region", "setting", "reader", "stage",
    "ai_exposure",
)  # fmt: skip
READ_DIMENSIONS = tuple(name for name in DIMENSIONS if name != "version")


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """The deployments asked about (none for a site's reads) with their settings, and the finding."""

    product: str
    finding: FindingSettings
    settings: Mapping[str, DeploymentSettings]
    site: str = ""
    regions: tuple[str, ...] = ()

    @property
    def dimensions(self) -> tuple[str, ...]:
        own = {name for each in self.settings.values() for name in each.dimensions}
        return (*DIMENSIONS, *sorted(own - set(DIMENSIONS))) if self.settings else READ_DIMENSIONS


def scope_of(question: Question) -> Scope:
    """Return what a question is about.

    Raises:
        UnknownScopeError: deployment, product, site, finding or dimension is not registered.
    """
    scope = site_scope(question) if question.site else product_scope(question)
    if question.by and question.by not in scope.dimensions:
        raise UnknownScopeError(f"There is no dimension {question.by!r}; there are {', '.join(scope.dimensions)}.")
    return scope


def product_scope(question: Question) -> Scope:
    if question.deployment:
        keys, product = [question.deployment], product_of_deployment(question.deployment)
    else:
        product = question.product
        if not Product.objects.filter(pk=product).exists():
            raise UnknownScopeError(f"There is no product {product!r} in the registry; register it first.")
        keys = list(Deployment.objects.filter(product_id=product).order_by("key").values_list("key", flat=True))
    if question.deployments is not None:
        keys = [key for key in keys if key in question.deployments]
    found = settings_of_deployments(keys)
    settings = {key: found[key] for key in keys}
    return Scope(product=product, finding=finding_of(product, question.finding), settings=settings)


def product_of_deployment(key: str) -> str:
    found = Deployment.objects.filter(pk=key).values_list("product_id", flat=True).first()
    if found is None:
        raise UnknownScopeError(f"There is no deployment {key!r} in the registry; register it first.")
    return found


def finding_of(product: str, key: str) -> FindingSettings:
    found = Finding.objects.filter(product_id=product, key=key).first()
    if found is None:
        raise UnknownScopeError(f"The product {product!r} has no finding {key!r}; register it first.")
    return finding_settings(found)


def site_scope(question: Question) -> Scope:
    """Return the scope of a site's reads: a concept, and the regions of the products that report it there."""
    if not Site.objects.filter(pk=question.site).exists():
        raise UnknownScopeError(f"There is no site {question.site!r} in the registry; register it first.")
    concept = Concept.objects.filter(pk=question.finding).first()
    if concept is None:
        raise UnknownScopeError(f"There is no concept {question.finding!r} in the registry; register it first.")
    products = Product.objects.filter(deployments__site=question.site, findings__concept=concept).distinct()
    regions = {region for each in products for region in each.regions}
    return Scope(
        product="",
        site=question.site,
        finding=FindingSettings(
            key=concept.pk,
            concept=concept.pk,
            kind=concept.kind or "binary",
            scale="none",
            classes=tuple(concept.classes),
        ),
        settings={},
        regions=tuple(sorted(regions)),
    )
