"""The site's rules in force, as the pure engine takes them."""

from inference.messages.models import MappingRule
from inference.messages.report_rules import Rule, RuleLabeller
from inference.registry.models import Site

FIELDS = (
    "finding", "code", "answer", "low", "high", "unit", "pattern", "region", "value", "standard", "certainty", "makes",
)  # fmt: skip


def rules_in_force(site: Site) -> RuleLabeller:
    found = MappingRule.objects.filter(site=site, state=MappingRule.State.IN_FORCE).order_by("id")
    return RuleLabeller(rules=[rule_of(each) for each in found])


def rule_of(stored: MappingRule) -> Rule:
    """Return a stored rule.

    Raises:
        RuleError: it cannot be used.
    """
    return Rule(key=str(stored.pk or "draft"), **{name: getattr(stored, name) for name in FIELDS})
