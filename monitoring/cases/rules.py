"""The truth rules that cases are kept for: the default one, and those that a product's claims name."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

from inference.registry.models import Claim, TruthRule
from inference.registry.vocabulary import DEFAULT_MINIMUM_CERTAINTY, DEFAULT_RULE, STANDARDS
from monitoring.cases.facts import Rule
from monitoring.errors import UnknownScopeError

FALLBACK = Rule(key=DEFAULT_RULE, standards=STANDARDS, minimum_certainty=DEFAULT_MINIMUM_CERTAINTY)


def rule_named(key: str) -> Rule:
    """Return a registered rule. The default one exists even where nobody registered it."""
    found = TruthRule.objects.filter(pk=key).first()
    if found is not None:
        return as_rule(found)
    if key == DEFAULT_RULE:
        return FALLBACK
    raise UnknownScopeError(f"There is no truth rule {key!r} in the registry; register it first.")


def as_rule(row: TruthRule) -> Rule:
    return Rule(
        key=row.pk,
        standards=tuple(row.standards),
        minimum_certainty=row.minimum_certainty,
        follow_up_days=row.follow_up_days,
    )


def kept_rules(products: Iterable[str]) -> Mapping[str, tuple[Rule, ...]]:
    """Return, by product, the rules that its cases are kept for; the default one comes first."""
    products = list(products)
    named: dict[str, set[str]] = defaultdict(set)
    for product, rule in Claim.objects.filter(product_id__in=products).values_list("product_id", "truth_rule_id"):
        named[product].add(rule)
    everything = set().union(*named.values())
    rules = {row.pk: as_rule(row) for row in TruthRule.objects.filter(pk__in=everything | {DEFAULT_RULE})}
    default = rules.get(DEFAULT_RULE, FALLBACK)
    return {
        product: (default, *(rules[key] for key in sorted(named[product] - {DEFAULT_RULE}))) for product in products
    }


def is_kept(rule: str, *, product: str) -> bool:
    """Return whether cases of a product are kept for a rule."""
    return rule == DEFAULT_RULE or Claim.objects.filter(product_id=product, truth_rule_id=rule).exists()
