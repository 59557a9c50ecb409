"""What is asked of one product, as far as this user may see it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse

from audit.access.decisions import Scope, Visitor
from inference.registry.models import Deployment, Finding, Product
from inference.registry.visibility import scope_of, visible_deployments
from monitoring.performance.questions import Question
from monitoring.performance.windows import in_whole_months

SEE = "see_aggregates"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One request for a product's figures, as far as this user may see it."""

    user: Visitor
    product: Product
    finding: Finding
    deployments: tuple[Deployment, ...]
    question: Question
    scope: Scope
    now: datetime
    may_see_rows: bool

    def minimum_count(self, sites: Iterable[str] = ()) -> int:
        """Return the smallest count that may be shown of these sites together: the strictest agreement decides."""
        only = set(sites)
        among = [each for each in self.deployments if not only or each.site_id in only]
        return max((least_of(self.scope, each) for each in among), default=0)

    def cases_href(self, **filters: str) -> str:
        """Return the address of the cases behind a figure; empty for those who may not see rows."""
        if not self.may_see_rows or self.question.as_of:
            return ""
        question = self.question
        query = {
            "product": self.product.pk,
            "finding": question.finding,
            "since": question.since.isoformat() if question.since else "",
            "until": question.until.isoformat() if question.until else "",
            "version": question.version,
            "rule": "" if question.truth_rule == "default" else question.truth_rule,
        }
        if question.deployments is not None and len({each.site_id for each in self.deployments}) == 1:
            query["site"] = self.deployments[0].site_id
        query |= filters
        return f"{reverse('dashboards:cases')}?{urlencode({name: value for name, value in query.items() if value})}"


def least_of(scope: Scope, deployment: Deployment) -> int:
    return scope.minimum_count_at(
        organisation=deployment.site.organisation_id, site=deployment.site_id, product=deployment.product_id
    )


def ask(user: Visitor, *, product: Product, finding: Finding, filters: Mapping[str, Any], now: datetime) -> Asked:
    """Return the question that the filters put, narrowed to the deployments within reach."""
    found = visible_deployments(user, SEE, now=now).filter(product=product)
    if filters.get("site"):
        found = found.filter(site=filters["site"])
    deployments = tuple(found)
    question = Question(
        product=product.pk,
        finding=finding.key,
        since=filters.get("since"),
        until=filters.get("until"),
        as_of=filters.get("as_of"),
        basis=filters.get("basis") or "received",
        exact=filters.get("read") == "rows",
        truth_rule=filters.get("truth_rule") or "default",
        version=filters.get("version") or "",
        deployments=tuple(each.pk for each in deployments),
    )
    scope = scope_of(user, SEE, now=now)
    least = max((least_of(scope, each) for each in deployments), default=0)
    return Asked(
        user=user,
        product=product,
        finding=finding,
        deployments=deployments,
        question=in_whole_months(question, minimum_count=least),
        scope=scope,
        now=now,
        may_see_rows=visible_deployments(user, "see_rows", now=now).filter(product=product).exists(),
    )
