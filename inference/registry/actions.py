"""Registering: one file, one transaction, one `Registration` for each line that made or changed something.

The order is that of the file's sections, so a line may name what an earlier
section registers. Running the same file twice changes nothing.
"""

from dataclasses import dataclass
from datetime import datetime

from django.db import connection, transaction

from audit.log.actions import OPERATOR
from inference.registry.deploying import put_deployments, put_sharing
from inference.registry.history import Change, refuse_rewriting
from inference.registry.ledger import CREATED, UNCHANGED, UPDATED, Ledger, ReportLine
from inference.registry.lines import ConceptLine, OrganisationLine, RegistryFile, SiteLine, TruthRuleLine
from inference.registry.lookups import refuse_line, registered
from inference.registry.models import Concept, Organisation, Site, TruthRule
from inference.registry.products import put_products
from inference.registry.reading import read_registry
from inference.registry.vocabulary import DEFAULT_MINIMUM_CERTAINTY, DEFAULT_RULE, STANDARDS

__all__ = ["CREATED", "UNCHANGED", "UPDATED", "RegisterReport", "ReportLine", "ensure_default_rule", "register"]

ONE_REGISTRATION_AT_A_TIME = 0x5245_4749  # an advisory lock: "REGI"


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisterReport:
    """What became of every line of a file."""

    lines: tuple[ReportLine, ...]

    def count(self, outcome: str) -> int:
        return sum(line.outcome == outcome for line in self.lines)


@transaction.atomic
def register(*, text: str, actor: str, now: datetime) -> RegisterReport:
    """Bring the registry to what a file says.

    Raises:
        RegistryFileError: the file cannot be understood, or names what is not registered.
        HistoryError: it would rewrite history. In both cases nothing is stored.
    """
    file = read_registry(text)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [ONE_REGISTRATION_AT_A_TIME])
    ledger = Ledger(actor=actor, now=now)
    put_organisations(file, ledger=ledger)
    put_sites(file, ledger=ledger)
    put_concepts(file, ledger=ledger)
    put_truth_rules(file, ledger=ledger)
    put_products(file, ledger=ledger)
    put_deployments(file, ledger=ledger)
    put_sharing(file, ledger=ledger)
    return RegisterReport(lines=tuple(ledger.lines))


@transaction.atomic
def ensure_default_rule(now: datetime, *, actor: str = "system") -> TruthRule:
    """Return the truth rule that exists everywhere, made now if it is missing."""
    rule = TruthRule.objects.filter(pk=DEFAULT_RULE).first()
    return rule or put_truth_rule(default_rule_line(), ledger=Ledger(actor=actor, now=now))


def put_organisations(file: RegistryFile, *, ledger: Ledger) -> None:
    for line in file.organisations:
        put_organisation(line, ledger=ledger)


def put_organisation(line: OrganisationLine, *, ledger: Ledger) -> None:
    ledger.put(
        Organisation,
        subject=f"organisation/{line.key}",
        line=line.line,
        identity={"key": line.key},
        stated={"kind": line.kind, "name": line.name, "country": line.country},
        initial={"kind": Organisation.Kind.PROVIDER.value, "name": line.key},
        logs=(line.key,),
    )


def put_sites(file: RegistryFile, *, ledger: Ledger) -> None:
    for line in file.sites:
        put_site(line, organisation=organisation_of(line, file=file), ledger=ledger)


def organisation_of(line: SiteLine, *, file: RegistryFile) -> str:
    """Return the organisation a site names, else the one it has, else the one that registers."""
    if line.organisation:
        return registered(Organisation, line.organisation, line=line.line, subject=f"site/{line.key}").pk
    stored = Site.objects.filter(pk=line.key).first()
    if stored is None and not file.organisation:
        refuse_line(line.line, f"site/{line.key}", "organisation is required where the file has no `organisation:`")
    return stored.organisation_id if stored else file.organisation


def put_site(line: SiteLine, *, organisation: str, ledger: Ledger) -> None:
    ledger.put(
        Site,
        subject=f"site/{line.key}",
        line=line.line,
        identity={"key": line.key},
        stated={
            "organisation_id": organisation,
            "name": line.name,
            "country": line.country,
            "timezone": line.timezone,
            "patient_id_issuer": line.patient_id_issuer,
            "accession_issuer": line.accession_issuer,
            "purpose_rules": line.purpose_rules,
            "lawful_dimensions": line.lawful_dimensions,
            "opt_out_stops_monitoring": line.opt_out_stops_monitoring,
        },
        initial={"name": line.key, "timezone": "UTC"},
        logs=(organisation,),
    )


def put_concepts(file: RegistryFile, *, ledger: Ledger) -> None:
    for line in file.concepts:
        concept = put_concept(line, ledger=ledger)
        refuse_disagreement(concept, line=line)


def put_concept(line: ConceptLine, *, ledger: Ledger) -> Concept:
    return ledger.put(
        Concept,
        subject=f"concept/{line.key}",
        line=line.line,
        identity={"key": line.key},
        stated={
            "name": line.name,
            "code": line.code,
            "kind": line.kind,
            "unit": line.unit,
            "classes": line.classes,
        },
        initial={"name": line.key},
    )


def refuse_disagreement(concept: Concept, *, line: ConceptLine) -> None:
    """Refuse a concept that came to say otherwise than a finding registered for it."""
    for finding in concept.findings.select_related("product"):
        for name in ("kind", "unit", "classes"):
            said, stands = getattr(concept, name), getattr(finding, name)
            if said and said != stands:
                refuse_line(
                    line.line,
                    f"concept/{concept.pk}",
                    f"{name} {said} does not agree with the finding {finding.key} of {finding.product_id}: {stands}",
                )


def put_truth_rules(file: RegistryFile, *, ledger: Ledger) -> None:
    for line in file.truth_rules:
        put_truth_rule(line, ledger=ledger)
    if not TruthRule.objects.filter(pk=DEFAULT_RULE).exists():
        put_truth_rule(default_rule_line(), ledger=ledger)


def put_truth_rule(line: TruthRuleLine, *, ledger: Ledger) -> TruthRule:
    stated = {"minimum_certainty": line.minimum_certainty, "standards": line.standards}
    subject = f"truth_rule/{line.key}"
    stored = TruthRule.objects.filter(pk=line.key).first()
    if stored is not None and stored.follow_up_days != line.follow_up_days:
        changed = Change(field="follow_up_days", old=stored.follow_up_days, new=line.follow_up_days)
        refuse_rewriting([changed], subject=subject, line=line.line)
    return ledger.put(
        TruthRule,
        subject=subject,
        line=line.line,
        identity={"key": line.key},
        stated=stated,
        initial={"follow_up_days": line.follow_up_days},
        logs=(OPERATOR,),
    )


def default_rule_line() -> TruthRuleLine:
    return TruthRuleLine(
        line=0,
        key=DEFAULT_RULE,
        minimum_certainty=DEFAULT_MINIMUM_CERTAINTY,
        follow_up_days=None,
        standards=STANDARDS,
    )
