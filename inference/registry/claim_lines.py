"""Reads the claims of a registry file: figure, margin, population, effect, comparator and limits.

What a claim must say to be switched on is decided in monitoring.claims; what is
contradictory in itself is refused here, with its line.
"""

from inference.registry.fields import Fields
from inference.registry.lines import ClaimLine
from inference.registry.vocabulary import COMPARATORS, DEFAULT_RULE, DIRECTIONS, EFFECTS, SUMMARIES

FIELDS = (
    "finding", "metric", "value", "margin", "unit", "market", "truth_rule", "source", "verified", "population",
    "effect", "comparator", "comparator_value", "direction", "summary", "limit", "upper", "ifu_version",
)  # fmt: skip


def claim_line(given: Fields) -> ClaimLine:
    given.only(*FIELDS)
    line = ClaimLine(
        line=given.line,
        finding=given.required_key("finding"),
        metric=given.required("metric", longest=32),
        value=given.required_number("value"),
        margin=margin_of(given),
        unit=given.text("unit", longest=32) or "",
        market=given.text("market", longest=16) or "",
        truth_rule=given.key("truth_rule") or DEFAULT_RULE,
        source=given.text("source", longest=300),
        verified=given.boolean("verified"),
        population=population_of(given),
        effect=given.choice("effect", EFFECTS) or "absolute",
        comparator=given.choice("comparator", COMPARATORS) or "",
        comparator_value=given.number("comparator_value"),
        direction=given.choice("direction", DIRECTIONS),
        summary=given.choice("summary", SUMMARIES) or "",
        limit=given.number("limit"),
        upper=given.number("upper"),
        ifu_version=given.text("ifu_version", longest=64) or "",
    )
    refuse_contradictions(given, line=line)
    return line


def margin_of(given: Fields) -> float | None:
    margin = given.number("margin")
    if margin is not None and margin < 0:
        given.refuse("margin", "is how far a figure may fall short: it is not negative")
    return margin


def population_of(given: Fields) -> dict[str, list[str]]:
    """Return the dimensions a claim is narrowed to, each with its values."""
    said = given.plain("population") or {}
    found: dict[str, list[str]] = {}
    for name, value in sorted(said.items()):
        values = value if isinstance(value, list) else [value]
        if not values or any(isinstance(each, list | dict) or each in (None, "") for each in values):
            given.refuse("population", f"{name} must be one value or a list of values")
        found[name] = sorted({str(each) for each in values})
    return found


def refuse_contradictions(given: Fields, *, line: ClaimLine) -> None:
    """Refuse a claim whose fields do not go together."""
    if line.comparator == "frozen_baseline" and line.comparator_value is None:
        given.refuse("comparator_value", "is required: the figure that the frozen baseline stands at")
    if line.comparator_value is not None and line.comparator != "frozen_baseline":
        given.refuse("comparator_value", "belongs to the comparator frozen_baseline alone")
    if line.summary == "share_within" and line.limit is None:
        given.refuse("limit", "is required: a share lies within some limit")
    if line.limit is not None and line.summary != "share_within":
        given.refuse("limit", "belongs to the summary share_within alone")
    if line.upper is not None and line.upper <= 0:
        given.refuse("upper", "is the largest value that a mean counts: it is above zero")
