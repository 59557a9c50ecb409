"""A site's rules: what codes, words and values of a report mean, as labels with value, region and certainty. Pure.

A finding that one report both affirms and denies for the same region is
ambiguous: nothing is guessed, a person looks.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from inference.messages.hl7_rows import Coded, Report
from inference.messages.pattern_cost import takes_too_long
from inference.messages.report_text import AFFIRMED, DENIED, UNSURE, Mention, mentions_of

BY_SIDE = "by_side"
LONGEST_PATTERN = 500


class RuleError(ValueError):
    """A rule that cannot be used; the message says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One rule. It looks for a `code` (and its `answer`, or a value from `low` to `high`), or for a text `pattern`.

    `region` is fixed, empty for the whole study, or `by_side` to take L and R from the words. `value` is what a match
    means; a denied text means negative.
    """

    key: str
    finding: str
    code: str = ""
    answer: str = ""
    low: float | None = None
    high: float | None = None
    unit: str = ""
    pattern: str = ""
    region: str = ""
    value: str = "positive"
    standard: str = "report_human"
    certainty: str = "probable"
    makes: str = "truth"
    labeller: str = ""
    compiled: re.Pattern[str] | None = field(init=False, default=None, repr=False, compare=False)

    @property
    def labelled_by(self) -> str:
        """What a label of this rule names as its labeller."""
        return self.labeller or f"rule/{self.key}"

    def __post_init__(self) -> None:
        if bool(self.code) == bool(self.pattern):
            raise RuleError("a rule looks for a code or for a text, one of the two")
        if self.low is not None and self.high is not None and self.low > self.high:
            raise RuleError("the range of values is empty")
        if self.pattern:
            object.__setattr__(self, "compiled", compiled(self.pattern))


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """What a rule says of one finding and region of a report; `evidence` are places in its text."""

    rule: Rule
    region: str
    value: str
    certainty: str
    measurement: float | None = None
    evidence: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What the rules make of one report: labels, and the findings that it both affirms and denies."""

    labels: tuple[Label, ...]
    ambiguous: tuple[str, ...] = ()

    @property
    def is_clear(self) -> bool:
        return bool(self.labels) and not self.ambiguous


class Labeller(Protocol):
    """What every labeller of reports is: it has a name, and reads a report. Others are plugged in beside the rules."""

    @property
    def name(self) -> str: ...

    def read(self, report: Report) -> Reading: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleLabeller:
    """A site's rules as a labeller; its labels name the rule that made them."""

    rules: Sequence[Rule]
    name: str = ""

    def read(self, report: Report) -> Reading:
        return read_report(report, self.rules)


def compiled(pattern: str) -> re.Pattern[str]:
    """Return a pattern, whole words, whatever the case.

    Raises:
        RuleError: it is none, matches nothing at all or everything, or is too long.
    """
    if len(pattern) > LONGEST_PATTERN:
        raise RuleError(f"the pattern is longer than {LONGEST_PATTERN} characters")
    try:
        if takes_too_long(pattern):
            raise RuleError("the pattern repeats what repeats or branches already; that can take for ever")
        found = re.compile(rf"\b(?:{pattern})\b", re.IGNORECASE)
    except (re.error, RecursionError, OverflowError) as error:
        raise RuleError(f"the pattern is no regular expression: {error}") from error
    if re.fullmatch(pattern, ""):
        raise RuleError("the pattern matches nothing at all")
    return found


def read_report(report: Report, rules: Iterable[Rule]) -> Reading:
    """Return what the rules make of a report."""
    labels = [label for rule in rules for label in labels_of(report, rule)]
    return settled(labels)


def labels_of(report: Report, rule: Rule) -> Iterator[Label]:
    if rule.code:
        for each in report.observations:
            if each.code == rule.code and (label := coded_label(each, rule)):
                yield label
    elif rule.compiled is not None:
        yield from text_labels(mentions_of(report.text, rule.compiled), rule)


def coded_label(observed: Coded, rule: Rule) -> Label | None:
    number = number_in(observed.value)
    if rule.answer and observed.value.casefold() != rule.answer.casefold():
        return None
    if rule.low is not None or rule.high is not None:
        if number is None or (rule.unit and observed.unit and observed.unit != rule.unit):
            return None
        if not (rule.low is None or number >= rule.low) or not (rule.high is None or number <= rule.high):
            return None
    region = "" if rule.region == BY_SIDE else rule.region
    return Label(rule=rule, region=region, value=rule.value, certainty=rule.certainty, measurement=number)


def number_in(text: str) -> float | None:
    try:
        return float(text.strip().replace(",", "."))
    except ValueError:
        return None


def text_labels(mentions: Sequence[Mention], rule: Rule) -> Iterator[Label]:
    for mention in mentions:
        if mention.stance not in (AFFIRMED, DENIED, UNSURE):
            continue
        denied = mention.stance == DENIED
        for region in regions_of(mention, rule):
            yield Label(
                rule=rule,
                region=region,
                value="negative" if denied else rule.value,
                certainty="possible" if mention.stance == UNSURE else rule.certainty,
                evidence=((mention.start, mention.end),),
            )


def regions_of(mention: Mention, rule: Rule) -> tuple[str, ...]:
    if rule.region != BY_SIDE:
        return (rule.region,)
    return mention.sides or ("",)


def settled(labels: Sequence[Label]) -> Reading:
    """Join labels of one finding and region. The surer one stands; contradictory ones are ambiguous."""
    groups: dict[tuple[str, str, str], list[Label]] = {}
    for label in labels:
        groups.setdefault((label.rule.makes, label.rule.finding, label.region), []).append(label)
    kept, ambiguous = [], []
    for (_, finding, _), some in groups.items():
        sure = [each for each in some if each.certainty != "possible"] or some
        if len({each.value for each in sure}) > 1:
            ambiguous.append(finding)
            continue
        first = sure[0]
        evidence = tuple(place for each in sure for place in each.evidence)
        kept.append(
            Label(
                rule=first.rule,
                region=first.region,
                value=first.value,
                certainty=first.certainty,
                measurement=first.measurement,
                evidence=evidence,
            )
        )
    return Reading(labels=tuple(kept), ambiguous=tuple(dict.fromkeys(ambiguous)))
