"""Registers deployments with their dated configurations, and sharing agreements with their dated lines.

A later start ends what was before. A start that is not later than one
registered already would change what was in force on days gone by.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from inference.errors import HistoryError
from inference.registry.ledger import Ledger
from inference.registry.lines import DeploymentLine, RegistryFile, SharingLine
from inference.registry.lookups import refuse_line, registered
from inference.registry.models import Configuration, Deployment, Organisation, Product, Sharing, Site, Version
from inference.registry.products import check_thresholds
from inference.registry.reading import start_in_zone


def put_deployments(file: RegistryFile, *, ledger: Ledger) -> None:
    placed = [(put_deployment(line, ledger=ledger), line) for line in once_per_key(file.deployments)]
    deployments = {deployment.pk: deployment for deployment, _ in placed}
    for line in file.deployments:
        refuse_other_place(line, deployment=deployments[line.key])
    starts = [(start_of(line, site=deployments[line.key].site), line) for line in file.deployments]
    for starts_at, line in sorted(starts, key=lambda each: each[0]):
        put_configuration(line, starts_at=starts_at, deployment=deployments[line.key], ledger=ledger)


def once_per_key(lines: tuple[DeploymentLine, ...]) -> list[DeploymentLine]:
    """Return the first line of each key: further lines add configurations."""
    return list({line.key: line for line in reversed(lines)}.values())[::-1]


def put_deployment(line: DeploymentLine, *, ledger: Ledger) -> Deployment:
    subject = f"deployment/{line.key}"
    product = registered(Product, line.product, line=line.line, subject=subject)
    site = registered(Site, line.site, line=line.line, subject=subject)
    return ledger.put(
        Deployment,
        subject=subject,
        line=line.line,
        identity={"key": line.key},
        stated={"product_id": product.pk, "site_id": site.pk, "eligible": eligible_said(line)},
        initial={},
        logs=(site.organisation_id,),
    )


def eligible_said(line: DeploymentLine) -> dict[str, list[str]] | None:
    """Return which studies the product is to see; a line that does not say so changes nothing."""
    return None if line.eligible is None else {name: list(values) for name, values in line.eligible.items()}


def refuse_other_place(line: DeploymentLine, *, deployment: Deployment) -> None:
    """Refuse a further line of a key that names another product or site."""
    if (line.product, line.site) != (deployment.product_id, deployment.site_id):
        raise HistoryError(
            f"Line {line.line}, deployment/{line.key}: it is {deployment.product_id} at {deployment.site_id} and would "
            f"become {line.product} at {line.site}. Register a new deployment under a new key."
        )


def start_of(line: DeploymentLine | SharingLine, *, site: Site) -> datetime:
    return start_in_zone(line.start, timezone=site.timezone).astimezone(UTC)


def put_configuration(line: DeploymentLine, *, starts_at: datetime, deployment: Deployment, ledger: Ledger) -> None:
    subject = f"configuration/{line.key}/{moment(starts_at)}"
    said = configuration_said(line, deployment=deployment, subject=subject)
    stored = deployment.configurations.filter(starts_at=starts_at).first()
    if stored is not None:
        refuse_differing(stored, said=said, subject=subject, line=line.line)
        ledger.keep(stored, subject=subject)
        return
    refuse_unless_latest(deployment, said=said, starts_at=starts_at, subject=subject, line=line.line)
    row = Configuration(
        deployment=deployment,
        starts_at=starts_at,
        recorded_at=ledger.now,
        recorded_by=ledger.actor,
        reason=line.reason or "",
        **said,
    )
    ledger.add(row, subject=subject, logs=(deployment.site.organisation_id,))


def configuration_said(line: DeploymentLine, *, deployment: Deployment, subject: str) -> dict[str, Any]:
    """Return what a configuration is to run with; thresholds begin as the version's."""
    version = Version.objects.filter(product=deployment.product_id, version=line.version).first()
    if version is None:
        refuse_line(line.line, subject, f"the version {line.version!r} of {line.product} is not registered")
    own = dict(line.thresholds or {})
    check_thresholds(own, product=deployment.product, line=line.line, subject=subject)
    return {
        "version": version,
        "role": line.role,
        "mode": line.mode,
        "thresholds": version.thresholds | own,
        "settings_sha256": line.settings_sha256 or "",
    }


def refuse_differing(stored: Any, *, said: Mapping[str, Any], subject: str, line: int) -> None:
    """Refuse a dated line that was registered with another content."""
    for name, new in said.items():
        if getattr(stored, name) != new:
            raise HistoryError(
                f"Line {line}, {subject}: {name} is {getattr(stored, name)} from that moment on and would become "
                f"{new}. Add a line with a later `from`."
            )


def refuse_unless_latest(
    deployment: Deployment, *, said: Mapping[str, Any], starts_at: datetime, subject: str, line: int
) -> None:
    """Refuse a start before one registered already, and a start that only moves the latest one."""
    latest = deployment.configurations.order_by("starts_at").last()
    if latest is None:
        return
    if starts_at < latest.starts_at:
        raise HistoryError(
            f"Line {line}, {subject}: it would start before the configuration of {moment(latest.starts_at)} and change "
            "what was in force. Add a line with a later `from`."
        )
    if all(getattr(latest, name) == new for name, new in said.items()):
        raise HistoryError(
            f"Line {line}, {subject}: the same settings are in force since {moment(latest.starts_at)}, and a start "
            "does not move. Keep that `from`, or say what changes."
        )


def put_sharing(file: RegistryFile, *, ledger: Ledger) -> None:
    lines = [
        (line, registered(Site, line.site, line=line.line, subject=f"sharing/{line.site}")) for line in file.sharing
    ]
    starts = [(start_of(line, site=site), line, site) for line, site in lines]
    for starts_at, line, site in sorted(starts, key=lambda each: each[0]):
        put_agreement(line, starts_at=starts_at, site=site, ledger=ledger)


def put_agreement(line: SharingLine, *, starts_at: datetime, site: Site, ledger: Ledger) -> None:
    subject = f"sharing/{line.site}/{line.product}/{line.to}/{moment(starts_at)}"
    product = registered(Product, line.product, line=line.line, subject=subject)
    to = registered(Organisation, line.to, line=line.line, subject=subject)
    agreed = {"level": line.level, "minimum_count": line.minimum_count, "legal_basis": line.legal_basis}
    lines = Sharing.objects.filter(site=site, product=product, to=to)
    stored = lines.filter(starts_at=starts_at).first()
    if stored is not None:
        refuse_differing(stored, said=agreed, subject=subject, line=line.line)
        ledger.keep(stored, subject=subject)
        return
    latest = lines.order_by("starts_at").last()
    if latest is not None and starts_at < latest.starts_at:
        raise HistoryError(
            f"Line {line.line}, {subject}: it would start before the agreement of {moment(latest.starts_at)} and "
            "change what was shared. Add a line with a later `from`."
        )
    row = Sharing(site=site, product=product, to=to, starts_at=starts_at, **agreed)
    ledger.add(row, subject=subject, logs=(site.organisation_id, to.pk))


def moment(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
