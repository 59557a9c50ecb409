"""What the registry says: settings in force, agreements in force, and who is responsible for a site."""

from collections.abc import Iterable
from datetime import datetime

from django.db.models import Prefetch, QuerySet

from audit.access.scopes import Shared
from inference.registry.models import Configuration, Deployment, Finding, Registration, Sharing, Site, Version
from inference.registry.scanners import ensure_scanners, scanner_key
from inference.registry.settings import ConfigurationSettings, DeploymentSettings, FindingSettings
from inference.registry.vocabulary import SENSITIVE_DIMENSIONS

__all__ = [
    "ConfigurationSettings", "DeploymentSettings", "FindingSettings", "agreements_in_force", "configuration_in_force",
    "deployment_settings", "ensure_scanners", "history_of", "organisation_of_site", "scanner_key",
    "settings_of_deployments", "settings_of_site", "sharing_in_force",
]  # fmt: skip


def configuration_in_force(deployment: Deployment, at: datetime) -> Configuration | None:
    """Return what the deployment ran with at a moment, or None before its first configuration."""
    started = Configuration.objects.filter(deployment=deployment, starts_at__lte=at)
    return started.select_related("version").order_by("-starts_at").first()


def deployment_settings(deployment: Deployment | str) -> DeploymentSettings:
    """Return everything that intake and counting need to know of a deployment, in four queries."""
    key = deployment if isinstance(deployment, str) else deployment.pk
    found = settings_of_deployments([key])
    if not found:
        raise Deployment.DoesNotExist(key)
    return found[key]


def settings_of_deployments(keys: Iterable[str]) -> dict[str, DeploymentSettings]:
    """Return the settings of several deployments by key, in four queries."""
    return settings_of_each(Deployment.objects.filter(pk__in=list(keys)))


def settings_of_site(key: str) -> dict[str, DeploymentSettings]:
    """Return the settings of a site's deployments by key, in four queries."""
    return settings_of_each(Deployment.objects.filter(site=key))


def settings_of_each(deployments: QuerySet[Deployment]) -> dict[str, DeploymentSettings]:
    listed = list(
        deployments.select_related("product", "site").prefetch_related(
            Prefetch("product__findings", queryset=Finding.objects.order_by("key")),
            Prefetch("product__versions", queryset=Version.objects.order_by("id")),
            Prefetch("configurations", queryset=Configuration.objects.select_related("version").order_by("starts_at")),
        )
    )
    return {found.pk: settings_of(found) for found in listed}


def settings_of(found: Deployment) -> DeploymentSettings:
    return DeploymentSettings(
        key=found.pk,
        product_key=found.product_id,
        site_key=found.site_id,
        organisation_key=found.site.organisation_id,
        timezone=found.site.timezone,
        dimensions=lawful(found.product.dimensions, site=found.site),
        regions=tuple(found.product.regions),
        findings={finding.key: finding_settings(finding) for finding in found.product.findings.all()},
        versions={version.version: dict(version.thresholds) for version in found.product.versions.all()},
        configurations=tuple(configuration_settings(configuration) for configuration in found.configurations.all()),
    )


def lawful(dimensions: Iterable[str], *, site: Site) -> tuple[str, ...]:
    """Return the product's own dimensions without the sensitive ones that the site does not allow."""
    allowed = set(site.lawful_dimensions)
    return tuple(name for name in dimensions if name not in SENSITIVE_DIMENSIONS or name in allowed)


def finding_settings(finding: Finding) -> FindingSettings:
    return FindingSettings(
        key=finding.key,
        concept=finding.concept_id,
        kind=finding.kind,
        scale=finding.scale,
        unit=finding.unit,
        range=(float(finding.range[0]), float(finding.range[1])) if finding.range else None,
        classes=tuple(finding.classes),
        matching=finding.matching,
    )


def configuration_settings(configuration: Configuration) -> ConfigurationSettings:
    return ConfigurationSettings(
        starts_at=configuration.starts_at,
        version=configuration.version.version,
        mode=configuration.mode,
        role=configuration.role,
        thresholds=dict(configuration.thresholds),
        settings_sha256=configuration.settings_sha256,
    )


def sharing_in_force(site: str, product: str, to: str, at: datetime) -> Sharing | None:
    """Return the agreement in force, or None where there is none, not yet, or no longer."""
    lines = Sharing.objects.filter(site=site, product=product, to=to, starts_at__lte=at)
    latest = lines.order_by("-starts_at").first()
    return None if latest is None or latest.level == Sharing.Level.NONE else latest


def agreements_in_force(*, to: Iterable[str], at: datetime) -> tuple[Shared, ...]:
    """Return everything shared with these organisations at a moment, as audit.access takes it."""
    lines = Sharing.objects.filter(to__in=list(to), starts_at__lte=at)
    latest = lines.order_by("site", "product", "to", "-starts_at").distinct("site", "product", "to")
    return tuple(
        Shared(
            to=line.to_id,
            site=line.site_id,
            product=line.product_id,
            level=line.level,
            minimum_count=line.minimum_count,
        )
        for line in latest
        if line.level != Sharing.Level.NONE
    )


def organisation_of_site(key: str) -> str:
    """Return the key of the provider that is responsible for a site."""
    return Site.objects.values_list("organisation_id", flat=True).get(pk=key)


def history_of(subject: str) -> QuerySet[Registration]:
    """Return the registrations of one line of the registry, the latest first."""
    return Registration.objects.filter(subject=subject).select_related("entry").order_by("-id")
