"""What the registry says of the sender, loaded once for a batch."""

import re
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from types import MappingProxyType
from typing import Any, NoReturn
from uuid import UUID
from zoneinfo import ZoneInfo

from inference.errors import RowError, SourceNotAllowedError
from inference.intake.described import remembering
from inference.intake.kinds import Kind, Row, Source
from inference.registry.models import Concept, Site
from inference.registry.queries import DeploymentSettings, settings_of_deployments, settings_of_site
from inference.studies.identities import Identities
from inference.studies.known import KnownStudy
from inference.studies.pseudonyms import keyring_of

CLOCK_TOLERANCE = timedelta(minutes=10)
NOTHING: Mapping[str, Any] = MappingProxyType({})


@dataclass(kw_only=True)
class Context:
    """One batch's surroundings: site, deployments, concepts, identities, and the moment of receipt."""

    kind: Kind
    source: Source
    site: Site
    now: datetime
    identities: Identities
    studies: dict[UUID, KnownStudy] = field(default_factory=dict)
    scanners: dict[tuple[str, str, str], str] = field(default_factory=dict)
    parsers: Mapping[str, Mapping[str, Callable[[Any], Any]]] = field(default_factory=remembering)

    @property
    def organisation(self) -> str:
        return self.site.organisation_id

    @cached_property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.site.timezone)

    @property
    def deployments(self) -> Collection[str]:
        """The deployments this sender may name."""
        return self.settings.keys()

    @cached_property
    def concepts(self) -> dict[str, Concept]:
        return {concept.pk: concept for concept in Concept.objects.all()}

    @cached_property
    def covariates(self) -> frozenset[str]:
        """The covariates that the products of these deployments declare."""
        settings = [self.settings_of(key) for key in self.deployments]
        return frozenset(name for each in settings for name in each.dimensions)

    @cached_property
    def reported(self) -> dict[str, frozenset[str]]:
        """The regions registered for each concept by the products that report it here."""
        regions: dict[str, set[str]] = {}
        for key in self.deployments:
            settings = self.settings_of(key)
            for finding in settings.findings.values():
                regions.setdefault(finding.concept, set()).update(settings.regions)
        return {concept: frozenset(names) for concept, names in regions.items()}

    def unit_of(self, concept: str) -> str:
        """Return the registered unit of a concept: its own, else that of a product that reports it here."""
        known = self.concepts.get(concept)
        return known.unit if known and known.unit else self.units.get(concept, "")

    @cached_property
    def units(self) -> dict[str, str]:
        findings = (each for key in self.deployments for each in self.settings_of(key).findings.values())
        return {finding.concept: finding.unit for finding in findings if finding.unit}

    @cached_property
    def settings(self) -> dict[str, DeploymentSettings]:
        if self.source.deployment_key:
            return settings_of_deployments([self.source.deployment_key])
        return settings_of_site(self.site.pk)

    def settings_of(self, deployment_key: str) -> DeploymentSettings:
        return self.settings[deployment_key]

    def deployment_named(self, row: Row) -> str:
        """Return the deployment a row is about: the one it names, else the only one there is, else none.

        Raises:
            SourceNotAllowedError: it names one that this sender may not.
            RowError: the same, where such a row is set aside.
        """
        named = row.clean.get("deployment") or self.source.deployment_key
        if not named:
            return next(iter(self.deployments)) if len(self.deployments) == 1 else ""
        if named not in self.deployments:
            self.refuse_foreign(row)
        return str(named)

    def refuse_foreign(self, row: Row) -> NoReturn:
        if self.source.refuses_foreign:
            sentence = f"Row {row.number} names a deployment that this sender may not write to."
            raise SourceNotAllowedError(sentence, row=row.number)
        raise RowError(field="deployment", reason="is not a deployment that this sender may write to")

    def is_future(self, moments: Iterable[datetime | None]) -> bool:
        latest = self.latest
        return any(moment is not None and moment > latest for moment in moments)

    @cached_property
    def latest(self) -> datetime:
        return self.now + CLOCK_TOLERANCE

    def purpose_of(self, clean: dict[str, Any]) -> str | None:
        """Return the purpose by the first matching rule of the site, else as sent, else nothing."""
        study = clean.get("study", NOTHING)
        for rule in self.site.purpose_rules:
            name = rule.get("field", "").removeprefix("study.")
            value = study.get(name) or clean.get(name)
            if isinstance(value, str) and re.search(rule.get("pattern", "(?!)"), value):
                return str(rule["purpose"])
        return study.get("purpose")


def load_context(*, kind: Kind, source: Source, now: datetime) -> Context:
    site = Site.objects.select_related("organisation").get(pk=source.site_key)
    organisation = site.organisation_id
    identities = Identities(organisation=organisation, keyring=keyring_of(organisation), now=now)
    return Context(kind=kind, source=source, site=site, now=now, identities=identities)
