"""The claims of a product as their pages show them: finished words, small counts hidden, reasons that add up."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.urls import reverse
from django.utils.http import urlencode

from audit.access.small_cells import is_small_share
from audit.templatetags.display import count
from inference.registry.models import Claim
from monitoring.claims.browsing import Reach
from monitoring.claims.designs import Design, design_from, not_ready, terms_of
from monitoring.claims.evidence import Evidence
from monitoring.claims.expecting import Expected, expected_conclusion
from monitoring.claims.judging import Period, Standing, Status, periods_of, standing_of
from monitoring.claims.measuring import WITHOUT_TRUTH
from monitoring.claims.models import ClaimSwitch
from monitoring.claims.queries import (
    Pool,
    claims_of,
    columns_of,
    pool_of,
    switches_in_force,
    versions_in_force,
    versions_of_claim,
)
from monitoring.claims.terms import Measure, measure_of
from monitoring.claims.wording import claim_words, estimate_words, figure_words, range_words
from monitoring.statistics.results import Estimate, NotEstimable

STATES = {Status.MET: "ok", Status.VIOLATED: "act", Status.NOT_YET: "watch"}
HIDDEN = "hidden by the sharing agreement"


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A standing in words; `reason` is said instead of a figure where there is none to show."""

    state: str
    label: str
    value: str = ""
    range: str = ""
    patients: int | None = None
    since: date | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimRow:
    """One claim in one organisation and version: how it stands, or what keeps it from being held to anything."""

    claim: Claim
    words: str
    line: str
    organisation: str
    organisation_name: str
    sites: str
    version: str
    href: str
    standing: Shown
    present: Shown | None = None
    present_days: int = 0
    expected: str = ""
    missing: tuple[str, ...] = ()
    is_on: bool = False
    may_switch: bool = False


@dataclass(slots=True)
class Pools:
    """The pools read so far: claims that take their evidence from the same cases share one."""

    product: str
    known: dict[tuple[Any, ...], Pool] = field(default_factory=dict)

    def of(self, design: Design, *, deployments: list[str], versions: list[str]) -> Pool:
        terms = design.terms
        cases = (tuple(deployments), tuple(versions), terms.finding, terms.truth_rule, terms.unit)
        key = (*cases, columns_of(terms), terms.metric in WITHOUT_TRUTH, design.labels, design.ceiling)
        if key not in self.known:
            self.known[key] = pool_of(self.product, design=design, deployments=deployments, versions=versions)
        return self.known[key]


def claim_rows(reach: Reach, *, finding: str = "") -> list[ClaimRow]:
    """Return every claim of a product, or of one finding, by organisation and version in force; the worst first."""
    switches, pools = (
        switches_in_force(reach.product.pk, organisations=list(reach.deployments)),
        Pools(reach.product.pk),
    )
    keys = [key for name in reach.deployments for key in reach.keys(name)]
    running = versions_in_force(keys, now=reach.now)
    rows = []
    for claim in claims_of(reach.product.pk, finding=finding):
        for organisation in sorted(reach.deployments) or [""]:
            switch = switches.get((claim.pk, organisation))
            rows += rows_of_claim(reach, claim, switch, organisation=organisation, pools=pools, running=running)
    order = {"act": 0, "watch": 1, "unknown": 2, "ok": 3}
    return sorted(rows, key=lambda row: (not row.is_on, order[row.standing.state]))


def rows_of_claim(
    reach: Reach,
    claim: Claim,
    switch: ClaimSwitch | None,
    *,
    organisation: str,
    pools: Pools,
    running: Mapping[str, str],
) -> list[ClaimRow]:
    """Return one row where a claim is off or not testable, else one for each version that runs there."""
    missing = not_ready(claim)
    if switch is None or not switch.is_on:
        label = "cannot be switched on" if missing else "off"
        return [row_of(reach, claim, organisation=organisation, standing=Shown(state="unknown", label=label))]
    design = design_from(switch.design)
    measure = measure_of(design.terms)
    if isinstance(measure, NotEstimable):
        shown = Shown(state="unknown", label="not testable here", reason=measure.reason)
        return [row_of(reach, claim, organisation=organisation, standing=shown, switch=switch)]
    covered = set(versions_of_claim(reach.product.pk, terms=design.terms))
    versions = sorted({running[key] for key in reach.keys(organisation) if key in running} & covered)
    if not versions:
        shown = Shown(state="unknown", label="no version", reason="no version of this claim's IFU runs here")
        return [row_of(reach, claim, organisation=organisation, standing=shown, switch=switch)]
    pool = pools.of(design, deployments=reach.keys(organisation), versions=versions)
    found = {each: pool.evidence(design, measure=measure, version=each) for each in versions}
    return [
        judged_row(reach, claim, switch, organisation=organisation, version=each, evidence=evidence, measure=measure)
        for each, evidence in found.items()
    ]


def judged_row(
    reach: Reach,
    claim: Claim,
    switch: ClaimSwitch,
    *,
    organisation: str,
    version: str,
    evidence: Evidence,
    measure: Measure,
) -> ClaimRow:
    design, least = design_from(switch.design), reach.minimum_count(organisation)
    standing = standing_of(evidence, measure=measure, level=design.level)
    periods = declared_periods(evidence, design=design, measure=measure, today=reach.now.date())
    expected = expected_conclusion(
        evidence, standing, measure=measure, claimed=measure.line + claimed_gap(design, measure), level=design.level,
        now=reach.now,
    )  # fmt: skip
    return row_of(
        reach,
        claim,
        organisation=organisation,
        switch=switch,
        version=version,
        standing=shown_standing(standing, design=design, measure=measure, minimum_count=least),
        present=None if least or not periods else shown_standing(periods[-1].standing, design=design, measure=measure),
        present_days=design.period_days,
        expected="" if least or standing.status is not Status.NOT_YET else expected_words(expected),
    )


def claimed_gap(design: Design, measure: Measure) -> float:
    """Return how far the claimed figure lies from its line, on the scale of the evidence."""
    margin = design.terms.margin or 0.0
    return margin if measure.is_upward else -margin


def declared_periods(evidence: Evidence, *, design: Design, measure: Measure, today: date) -> list[Period]:
    """Return the declared periods since the first study that counts; none before there is one."""
    if not evidence.values:
        return []
    starts_on = min(each.day for each in evidence.values)
    return periods_of(
        evidence, measure=measure, level=design.level, starts_on=starts_on, days=design.period_days, today=today
    )


def row_of(
    reach: Reach,
    claim: Claim,
    *,
    organisation: str,
    standing: Shown,
    switch: ClaimSwitch | None = None,
    version: str = "",
    **more: Any,
) -> ClaimRow:
    terms = design_from(switch.design).terms if switch is not None else terms_of(claim)
    names = sorted(each.site.name for each in reach.deployments.get(organisation, ()))
    return ClaimRow(
        claim=claim,
        words=claim_words(terms),
        line=figure_words(terms.least, terms=terms) if terms.margin is not None else "",
        organisation=organisation,
        organisation_name=reach.name(organisation) if organisation else "",
        sites=", ".join(names),
        version=version,
        href=claim_href(claim, organisation=organisation, version=version),
        standing=standing,
        missing=() if switch is not None else not_ready(claim),
        is_on=switch is not None,
        may_switch=bool(organisation) and reach.may_switch(organisation),
        **more,
    )


def claim_href(claim: Claim, *, organisation: str, version: str = "", name: str = "claims:claim") -> str:
    asked = {"organisation": organisation, "version": version}
    query = urlencode({key: value for key, value in asked.items() if value})
    return f"{reverse(name, args=[claim.product_id, claim.pk])}{'?' if query else ''}{query}"


def shown_standing(standing: Standing, *, design: Design, measure: Measure, minimum_count: int = 0) -> Shown:
    """Return a standing in words; what would tell a count below the smallest one is not shown."""
    outcome, terms = standing.estimate, design.terms
    if not isinstance(outcome, Estimate):
        return Shown(state="watch", label=standing.status.value, reason=outcome.reason, patients=0)
    if minimum_count and tells_little(outcome, measure=measure, minimum_count=minimum_count):
        return Shown(state="unknown", label="not shown", reason=f"fewer than {minimum_count}, {HIDDEN}")
    return Shown(
        state=STATES[standing.status],
        label=standing.status.value,
        value=estimate_words(outcome.value, terms=terms),
        range=range_words(outcome.interval.low, outcome.interval.high, terms=terms),
        patients=outcome.cases,
        since=standing.since if standing.status is not Status.NOT_YET else None,
    )


def tells_little(outcome: Estimate, *, measure: Measure, minimum_count: int) -> bool:
    """Return whether a figure gives a small count away: its patients, or those on either side of it."""
    hits = round(measure.scaled(outcome.value) * outcome.cases)
    return 0 < outcome.cases < minimum_count or is_small_share(hits, outcome.cases, minimum_count=minimum_count)


def expected_words(found: Expected | NotEstimable) -> str:
    """Return the time to a conclusion in words."""
    if isinstance(found, NotEstimable):
        return found.reason
    months = found.days / 30.4375
    time = f"{found.days} days" if months < 3 else f"{months:.0f} months"
    return f"about {time} ({count(found.patients)} patients at {found.per_day:.2g} a day), {found.assumes}"
