"""The view of one product as a page and as paper: numbered sections, finished words, nothing left to compute."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe

from audit.log.models import Act
from audit.packages.bundling import verifier_digest
from audit.serving.queries import LogState, states_of
from audit.templatetags.display import count, day, words
from audit.witnesses.codes import code_svg
from inference.registry.models import Finding, Product
from monitoring.claims.browsing import reach_of as claims_reach
from monitoring.claims.presenting import ClaimRow, claim_rows
from monitoring.dashboards.adding_up import Sum, adding_up
from monitoring.dashboards.asking import ask
from monitoring.dashboards.cells import Cell
from monitoring.dashboards.product import tiles
from monitoring.evidence.models import Package
from monitoring.evidence.queries import visible_packages
from monitoring.performance.hiding import hide_small_cells
from monitoring.performance.queries import estimates
from monitoring.portal.actions import About
from monitoring.portal.comments import own_threads
from monitoring.portal.forms import sealed
from monitoring.portal.proving import Proof, proof_for
from monitoring.portal.queries import InForce, Reach, Term, configurations_of, terms_of, versions_of
from monitoring.signals.models import Signal
from monitoring.signals.presenting import VERBS, listed_rows
from monitoring.signals.queries import visible_signals

MOST_SIGNALS = 200
NONE_RECORDED = "none recorded"


@dataclass(frozen=True, slots=True, kw_only=True)
class FigureRow:
    """One figure in words, and what a comment on it carries."""

    cell: Cell
    about: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingFigures:
    """The figures of one finding with what they leave out."""

    finding: Finding
    rows: tuple[FigureRow, ...]
    sum: Sum
    truth_rule: str
    since: date | None
    until: date | None
    minimum_count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What happened to a signal, and the way to its entry."""

    verb: str
    by: str
    at: Any
    words: str
    proof: Proof | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SignalRow:
    signal: Signal
    title: str
    site: str
    patients: Any
    steps: tuple[Step, ...]
    about: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LogRow:
    """One log as it stands: its checkpoint as text and code, and the fingerprint of its key."""

    state: LogState
    code: SafeString | str


def product_view(reach: Reach, product: Product, *, period: Mapping[str, Any]) -> dict[str, Any]:
    """Return everything that page and paper show of a product."""
    deployments = reach.of(product.pk)
    return {
        "product": product,
        "markets": list(product.markets.order_by("market")),
        "terms": [(term, term_proof(term)) for term in terms_of(reach, product=product.pk)],
        "versions": version_rows(product),
        "configurations": [(each, configuration_proof(each)) for each in configurations_of(deployments)],
        "figures": figures_of(reach, product, period=period),
        "period": period,
        "claims": claims_of(reach, product),
        "signals": signal_rows(reach, product),
        "packages": package_rows(reach, product),
        "threads": own_threads(reach.user, organisations=reach.organisations, products=[product.pk]),  # type: ignore[arg-type]
        "logs": log_rows(sorted({each.site.organisation_id for each in deployments})),
        "about": sealed(About(kind="product", product=product.pk, words=product.name)),
        "none_recorded": NONE_RECORDED,
        "verifier": verifier_digest(),
        "now": reach.now,
        "breadcrumbs": [("Overview", "/"), ("Portal", reverse("portal:index")), (product.name, "")],
    }


def term_proof(term: Term) -> Proof | None:
    said = {"payload.values.level": term.level, "payload.values.site": term.site}
    return proof_for(term.entry, product=term.product, site=term.site, shown=said)


def version_rows(product: Product) -> list[tuple[Any, Proof | None]]:
    return [
        (each, proof_for(entry, product=product.pk, shown={"payload.values.weights_sha256": each.weights_sha256}))
        for each, entry in versions_of(product)
    ]


def configuration_proof(row: InForce) -> Proof | None:
    found = row.configuration
    said = {"payload.values.mode": found.mode, "payload.values.version": found.version.version}
    return proof_for(row.entry, product=found.deployment.product_id, site=found.deployment.site_id, shown=said)


# Figures and claims.


def figures_of(reach: Reach, product: Product, *, period: Mapping[str, Any]) -> list[FindingFigures]:
    findings = product.findings.select_related("concept").order_by("id")
    return [finding_figures(reach, product, finding, period=period) for finding in findings]


def finding_figures(reach: Reach, product: Product, finding: Finding, *, period: Mapping[str, Any]) -> FindingFigures:
    asked = ask(reach.user, product=product, finding=finding, filters=period, now=reach.now)
    least = asked.minimum_count()
    found = estimates(asked.question)
    cells = tiles(asked, hide_small_cells(found, minimum_count=least))
    return FindingFigures(
        finding=finding,
        rows=tuple(FigureRow(cell=each, about=about_figure(each, finding=finding)) for each in cells),
        sum=adding_up(asked, found),
        truth_rule=asked.question.truth_rule,
        since=asked.question.since,
        until=asked.question.until,
        minimum_count=least,
    )


def about_figure(cell: Cell, *, finding: Finding) -> str:
    said = cell.reason or f"{cell.value} ({cell.range}, n = {cell.cases})"
    named = f"{cell.label} of {words(finding.key)}: {said}"
    item = f"{finding.key}/{cell.metric}"
    return sealed(About(kind="figure", product=finding.product_id, item=item, words=named))


def claims_of(reach: Reach, product: Product) -> list[ClaimRow]:
    return claim_rows(claims_reach(reach.user, product.pk, now=reach.now))


# Signals, each with its entries.


def signal_rows(reach: Reach, product: Product) -> list[SignalRow]:
    found = visible_signals(reach.user, now=reach.now).filter(monitor__product_id=product.pk)
    listed = listed_rows(found.order_by("-alarm_on", "uid")[:MOST_SIGNALS], user=reach.user, now=reach.now)
    acts = acts_of([row["signal"] for row in listed])
    names = {each.site_id: each.site.name for each in reach.of(product.pk)}
    least = {each.pk: reach.minimum_count(each) for each in reach.of(product.pk)}
    return [
        SignalRow(
            signal=row["signal"],
            title=row["title"],
            site=names.get(row["signal"].monitor.site_id, row["signal"].monitor.site_id),
            patients=row["exposed_patients"],
            steps=tuple(
                step_of(act, row["signal"], is_shared=least.get(row["signal"].monitor.deployment_id, 0) > 0)
                for act in acts.get(row["signal"].subject, ())
            ),
            about=sealed(About(kind="signal", product=product.pk, item=row["signal"].uid, words=row["title"])),
        )
        for row in listed
    ]


def acts_of(signals: Iterable[Signal]) -> dict[str, list[Act]]:
    """Return what happened to these signals, oldest first, in one query."""
    organisations = {each.subject: each.monitor.organisation for each in signals}
    found: dict[str, list[Act]] = {}
    rows = Act.objects.filter(subject__in=organisations).select_related("entry").defer("entry__body").order_by("pk")
    for act in rows:
        if act.entry.kind in VERBS and act.organisation == organisations[act.subject]:
            found.setdefault(act.subject, []).append(act)
    return found


def step_of(act: Act, signal: Signal, *, is_shared: bool) -> Step:
    """Return one act; where sums alone are shared, who did it and what they wrote stays with their house."""
    said = "" if is_shared else act.details.get("reason") or act.details.get("note") or ""
    shown = {"kind": act.entry.kind, "payload.subject": signal.subject}
    shown |= {f"payload.details.{name}": said for name in ("reason", "note") if said and act.details.get(name) == said}
    return Step(
        verb=VERBS[act.entry.kind],
        by=act.organisation if is_shared else act.entry.actor,
        at=act.entry.at,
        words=said,
        proof=proof_for(
            act.entry,
            product=signal.monitor.product_id,
            site=signal.monitor.site_id,
            is_harmless=False,
            shown=shown,
        ),
    )


# Packages and logs.


def package_rows(reach: Reach, product: Product) -> list[tuple[Package, str]]:
    found = [each for each in visible_packages(reach.user, now=reach.now) if each.product_id == product.pk]
    ready = [each for each in found if each.state == Package.State.READY]
    return [
        (each, sealed(About(kind="package", product=product.pk, item=each.uid, words=package_words(each))))
        for each in ready
    ]


def package_words(package: Package) -> str:
    return f"package {package.uid[:8]}, {day(package.since)} to {day(package.until)}, {count(package.cases)} cases"


def log_rows(organisations: Sequence[str]) -> list[LogRow]:
    """Return how the logs stand, each checkpoint as a code that a person can photograph."""
    return [
        LogRow(
            state=each,
            code=mark_safe(code_svg(each.checkpoint.note)) if each.checkpoint else "",  # noqa: S308 - drawn by us
        )
        for each in states_of(organisations)
    ]
