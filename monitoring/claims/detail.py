"""One claim in one organisation and version, as its page and its file show it: sequence, periods, sites, reasons."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from django.urls import reverse

from audit.log.models import Act
from inference.registry.models import Claim
from monitoring.cases.reasons import SENTENCES as CASE_SENTENCES
from monitoring.claims.browsing import Reach
from monitoring.claims.designs import DRAWN, Design, design_from, not_ready
from monitoring.claims.evidence import SENTENCES, Evidence
from monitoring.claims.figures import sequence_figure
from monitoring.claims.judging import looks_of, standing_of
from monitoring.claims.models import ClaimSwitch
from monitoring.claims.presenting import (
    Pools,
    Shown,
    claim_href,
    declared_periods,
    rows_of_claim,
    shown_standing,
)
from monitoring.claims.queries import ANOTHER_VERSION, versions_in_force, versions_of_claim
from monitoring.claims.terms import Measure, measure_of
from monitoring.claims.wording import figure_words
from monitoring.statistics.results import NotEstimable

MOST_DAYS = 1_000
OWN_SENTENCES = {ANOTHER_VERSION: "Made by another version."}


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One claim as it is asked for: the switch in force, and the evidence where there is any."""

    reach: Reach
    claim: Claim
    organisation: str
    switch: ClaimSwitch | None
    version: str = ""
    versions: tuple[str, ...] = ()
    design: Design | None = None
    measure: Measure | None = None
    evidence: Evidence | None = None
    pools: Pools | None = None

    @property
    def is_open(self) -> bool:
        """Return whether single days may be shown: where sums are shared, a day would tell a patient."""
        return not self.reach.minimum_count(self.organisation)


def ask(reach: Reach, claim: Claim, *, organisation: str, version: str) -> Asked:
    """Return a claim with its evidence; a version that is not asked for is the one in force."""
    found = ClaimSwitch.objects.filter(claim=claim, organisation=organisation).order_by("-pk").first()
    asked = Asked(reach=reach, claim=claim, organisation=organisation, switch=found)
    if found is None or not found.is_on:
        return asked
    design = design_from(found.design)
    measure = measure_of(design.terms)
    if isinstance(measure, NotEstimable):
        return replace(asked, design=design)
    keys = reach.keys(organisation)
    covered = versions_of_claim(claim.product_id, terms=design.terms)
    running = set(versions_in_force(keys, now=reach.now).values())
    chosen = version if version in covered else next((each for each in reversed(covered) if each in running), "")
    pools = Pools(claim.product_id)
    pool = pools.of(design, deployments=keys, versions=[chosen])
    return replace(
        asked,
        pools=pools,
        design=design,
        measure=measure,
        version=chosen,
        versions=tuple(covered),
        evidence=pool.evidence(design, measure=measure, version=chosen),
    )


def claim_context(asked: Asked) -> dict[str, Any]:
    """Return everything that the page of a claim shows."""
    reach, claim, organisation = asked.reach, asked.claim, asked.organisation
    running = dict.fromkeys(reach.keys(organisation), asked.version) if asked.version else {}
    (row,) = rows_of_claim(
        reach,
        claim,
        asked.switch,
        organisation=organisation,
        pools=asked.pools or Pools(claim.product_id),
        running=running,
    )
    return {
        "product": reach.product,
        "claim": claim,
        "row": row,
        "asked": asked,
        "organisations": [
            (reach.name(name), claim_href(claim, organisation=name), name == organisation)
            for name in sorted(reach.deployments)
        ],
        "versions": [
            (each, claim_href(claim, organisation=organisation, version=each), each == asked.version)
            for each in asked.versions
        ],
        "missing": not_ready(claim),
        "may_switch": bool(organisation) and reach.may_switch(organisation),
        "csv_href": claim_href(claim, organisation=organisation, version=asked.version, name="claims:days"),
        "acts": switch_acts(asked),
        "breadcrumbs": breadcrumbs(reach, claim),
    } | evidence_context(asked)


def breadcrumbs(reach: Reach, claim: Claim) -> list[tuple[str, str]]:
    product = reach.product
    return [
        ("Overview", reverse("dashboards:overview")),
        (product.name, reverse("dashboards:product", args=[product.pk])),
        ("Claims", reverse("claims:product", args=[product.pk])),
        (f"Claim {claim.pk}", ""),
    ]


def evidence_context(asked: Asked) -> dict[str, Any]:
    """Return the figure, periods, sites and sums; nothing where no design is in force."""
    evidence, design, measure = asked.evidence, asked.design, asked.measure
    if evidence is None or design is None or measure is None:
        return {}
    found: dict[str, Any] = {"design_facts": design_facts(asked, design, measure)}
    if not asked.is_open:
        return found
    looks = looks_of(evidence, measure=measure, level=design.level)
    shown = looks[-MOST_DAYS:]
    return found | {
        "figure": sequence_figure(shown, terms=design.terms, line=measure.line, level=design.level) if shown else None,
        "periods": [
            (each, shown_standing(each.standing, design=design, measure=measure))
            for each in reversed(
                declared_periods(evidence, design=design, measure=measure, today=asked.reach.now.date())
            )
        ],
        "sites": site_rows(asked),
        "left_out": left_out_rows(evidence.left_out),
        "used": evidence.used,
        "logged": evidence.logged,
    }


def design_facts(asked: Asked, design: Design, measure: Measure) -> list[tuple[str, str]]:
    """Return what was fixed when the claim was switched on."""
    terms = design.terms
    assert asked.switch is not None
    return [
        ("Held to", f"{figure_words(terms.value, terms=terms)}, margin {figure_words(terms.margin or 0, terms=terms)}"),
        ("Line", f"{figure_words(measure.line, terms=terms)}"),
        ("Level", f"{100 * design.level:.0f} %, two-sided, over all looks together"),
        ("Counts", "one value a patient, in the order in which labels arrive"),
        ("Labels", "those that a label plan drew, weighted by one over their chance, "
         f"{design.ceiling:g} at most" if design.labels == DRAWN else "all, each for itself"),
        ("From", "its launch here, labels that were there included" if design.is_retrospective
         else f"labels that arrive from {design.counts_from:%Y-%m-%d %H:%M} UTC on"),
        ("The present", f"{design.period_days} days of acquisition at a time"),
        ("Detector", f"at most one false alarm in {design.alarm_years} years on average, at each site"),
        ("Truth rule", terms.truth_rule),
        ("Switched on", f"{asked.switch.at:%Y-%m-%d %H:%M} UTC"),
    ]  # fmt: skip


def site_rows(asked: Asked) -> list[tuple[str, Shown]]:
    """Return how each site stands alone, where there is more than one."""
    reach, design, measure = asked.reach, asked.design, asked.measure
    deployments = reach.deployments.get(asked.organisation, ())
    if design is None or measure is None or len(deployments) < 2:
        return []
    pools, rows = Pools(asked.claim.product_id), []
    for each in deployments:
        pool = pools.of(design, deployments=[each.pk], versions=[asked.version])
        evidence = pool.evidence(design, measure=measure, version=asked.version)
        standing = standing_of(evidence, measure=measure, level=design.level)
        rows.append((each.site.name, shown_standing(standing, design=design, measure=measure)))
    return rows


def left_out_rows(left_out: Mapping[str, int]) -> list[tuple[str, int]]:
    """Return why cases are no evidence, in words, the most frequent reason first."""
    words = {**CASE_SENTENCES, **SENTENCES, **OWN_SENTENCES}
    ordered = sorted(left_out.items(), key=lambda each: (-each[1], each[0]))
    return [(words.get(name, name.replace("_", " ")), number) for name, number in ordered]


def switch_acts(asked: Asked) -> list[dict[str, Any]]:
    """Return when the claim was switched, by whom and why; to another house, that it was."""
    subject = f"claim/{asked.claim.product_id}/{asked.claim.pk}"
    found = Act.objects.filter(organisation=asked.organisation, subject=subject).select_related("entry").order_by("pk")
    return [
        {
            "at": each.entry.at,
            "verb": "Switched on" if each.entry.kind == "claim.switched_on" else "Switched off",
            "actor": each.entry.actor if asked.is_open else each.organisation,
            "reason": each.details.get("reason", "") if asked.is_open else "",
            "position": each.entry.position,
        }
        for each in found
    ]


DAY_COLUMNS = ("claim", "organisation", "version", "labels_until", "patients", "value", "low", "high", "level", "line")


def day_rows(asked: Asked) -> Iterable[tuple[Any, ...]]:
    """Return one line for each day with labels, as the file has them."""
    evidence, design, measure = asked.evidence, asked.design, asked.measure
    if evidence is None or design is None or measure is None or not asked.is_open:
        return []
    return [
        (
            asked.claim.pk, asked.organisation, asked.version, each.on, each.patients, each.value, each.low, each.high,
            design.level, measure.line,
        )
        for each in looks_of(evidence, measure=measure, level=design.level)
    ]  # fmt: skip
