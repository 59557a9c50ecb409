"""What a request asks of the planner, as far as this user may draw."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from audit.access.decisions import NotVisibleError, Visitor
from inference.registry.models import Deployment, Finding, Product
from inference.registry.visibility import get_product_for, visible_deployments
from inference.registry.vocabulary import DEFAULT_RULE
from monitoring.labelling.forms import PlanForm
from monitoring.labelling.queries import DRAW, SEE, Window

DECIDING_KINDS = ("binary", "triage", "detection", "change_from_prior", "image_quality")
NO_DECISION = "a finding without a yes or no has no strata to draw from"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One product's page: its findings, the deployments within reach, and those a plan may draw from."""

    product: Product
    findings: Sequence[Finding]
    finding: Finding
    deployments: Sequence[Deployment]
    drawable: Sequence[Deployment]
    now: datetime

    @property
    def may_draw(self) -> bool:
        return bool(self.drawable)

    @property
    def has_decisions(self) -> bool:
        return self.finding.kind in DECIDING_KINDS

    @property
    def organisations(self) -> set[str]:
        return {each.site.organisation_id for each in self.drawable}

    def form(self, data: Any) -> PlanForm:
        return PlanForm(
            data,
            findings=[(each.key, each.key) for each in self.findings],
            sites=sorted({(each.site_id, each.site.name) for each in self.drawable}),
            needs_site=len(self.organisations) > 1,
        )

    def initial(self, said: Mapping[str, str]) -> dict[str, Any]:
        """Return what the form starts from: what the address says, else the usual."""
        empty = self.form(None)
        usual = {name: field.initial for name, field in empty.fields.items()}
        usual |= {"finding": self.finding.key, "site": self.drawable[0].site_id if len(self.organisations) > 1 else ""}
        return {name: said.get(name, usual[name]) for name in empty.fields}

    def window(self, cleaned: Mapping[str, Any]) -> Window:
        until = self.now.date() + timedelta(days=1)
        return Window(
            finding=self.finding.key,
            rule=DEFAULT_RULE,
            deployments=tuple(each.pk for each in self.chosen(cleaned)),
            since=since_of(until, days=cleaned["days"]),
            until=until,
        )

    def chosen(self, cleaned: Mapping[str, Any]) -> list[Deployment]:
        return [each for each in self.drawable if not cleaned["site"] or each.site_id == cleaned["site"]]


def since_of(until: date, *, days: int) -> date:
    return until - timedelta(days=days)


def ask(user: Visitor, key: str, *, finding: str, now: datetime) -> Asked:
    """Return what a user sees of a product's labels; NotVisibleError where that is nothing."""
    product = get_product_for(user, SEE, key, now=now)
    findings = list(Finding.objects.filter(product=product).select_related("concept").order_by("id"))
    deployments = list(visible_deployments(user, SEE, now=now).filter(product=product))
    if not findings or not deployments:
        raise NotVisibleError
    return Asked(
        product=product,
        findings=findings,
        finding=next((each for each in findings if each.key == finding), findings[0]),
        deployments=deployments,
        drawable=list(visible_deployments(user, DRAW, now=now).filter(product=product)),
        now=now,
    )
