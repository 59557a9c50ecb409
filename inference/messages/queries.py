"""Which messages wait, which rules there are, and what a rule would have made of past reports."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import Q, QuerySet

from audit.access.decisions import NotVisibleError, Visitor
from inference.messages.hl7_rows import Report
from inference.messages.models import InboundMessage, MappingRule
from inference.messages.receiving import FHIR, understood
from inference.messages.report_rules import Label, Rule, read_report
from inference.registry.models import Site
from inference.registry.visibility import visible_sites

MOST_PREVIEWED = 2_000
MOST_EXAMPLES = 25
AROUND = 80


def messages_within(user: Visitor, *, now: datetime) -> QuerySet[InboundMessage]:
    sites = visible_sites(user, "see_quarantine", now=now)
    return InboundMessage.objects.select_related("site").filter(site__in=sites).order_by("-received_at", "-id")


def get_message_for(user: Visitor, pk: int, *, now: datetime) -> InboundMessage:
    found = messages_within(user, now=now).filter(pk=pk).first()
    if found is None:
        raise NotVisibleError
    return found


def rules_within(user: Visitor, *, now: datetime) -> QuerySet[MappingRule]:
    sites = visible_sites(user, "manage_rules", now=now)
    return MappingRule.objects.select_related("site").filter(site__in=sites).order_by("site", "finding", "id")


def get_rule_for(user: Visitor, pk: int, *, now: datetime) -> MappingRule:
    found = rules_within(user, now=now).filter(pk=pk).first()
    if found is None:
        raise NotVisibleError
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """One report that a rule says something of: what, and the words around, cut where a line may name somebody."""

    message: int
    value: str
    region: str
    certainty: str
    words: str


@dataclass(slots=True, kw_only=True)
class Preview:
    """What a rule makes of past reports: counts by value, reports it would leave to a person, and examples."""

    reports: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    ambiguous: int = 0
    examples: list[Example] = field(default_factory=list)

    @property
    def silent(self) -> int:
        return self.reports - sum(self.counts.values()) - self.ambiguous


def preview(rule: Rule, *, site: Site) -> Preview:
    """Run a rule over the newest reports of a site; nothing is stored."""
    found = Preview()
    for message, report in past_reports(site):
        found.reports += 1
        reading = read_report(report, [rule])
        if reading.ambiguous:
            found.ambiguous += 1
        elif reading.labels:
            label = reading.labels[0]
            found.counts[label.value if label.certainty != "possible" else f"{label.value}, possible"] += 1
            if len(found.examples) < MOST_EXAMPLES:
                found.examples.append(example_of(label, report=report, message=message))
    return found


def past_reports(site: Site) -> Iterator[tuple[InboundMessage, Report]]:
    reports = Q(kind__startswith="ORU") | Q(kind__startswith=FHIR)
    kept = InboundMessage.objects.filter(reports, site=site).exclude(ciphertext=b"")
    newest = kept.order_by("-id")[:MOST_PREVIEWED]
    for message in newest.iterator(chunk_size=200):
        yield from ((message, report) for report in understood(message).reports)


def example_of(label: Label, *, report: Report, message: InboundMessage) -> Example:
    if label.evidence:
        start, end = label.evidence[0]
        words = report.text[max(0, start - AROUND) : end + AROUND].replace("\n", " ")
    else:
        words = f"{label.rule.code}: {'' if label.measurement is None else label.measurement}"
    return Example(
        message=message.pk, value=label.value, region=label.region, certainty=label.certainty, words=words.strip()
    )
