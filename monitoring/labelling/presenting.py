"""Plans in finished words: what one would buy, what its strata are, how far its labels have come."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from audit.templatetags.display import count, number, percent
from monitoring.labelling.design import Design
from monitoring.labelling.forms import WORDS
from monitoring.labelling.models import LabelPlan
from monitoring.labelling.queries import Progress
from monitoring.labelling.strata import Candidate
from monitoring.statistics.planning import QUESTIONS, ExpectedPrecision
from monitoring.statistics.proportions import wilson
from monitoring.statistics.results import Estimate, NotEstimable
from monitoring.statistics.verification import Bounds, begg_greenes, verification_bounds

READERS = {"agrees": "reader agrees", "differs": "reader differs", "unread": "not read"}
Counts = tuple[int, int, int]  # diseased, healthy, unverified


@dataclass(frozen=True, slots=True, kw_only=True)
class Purchase:
    """One question: what is known of it today, and how sure the plan would make it."""

    label: str
    is_asked: bool
    now: str
    now_half: str
    bounds: str
    after: str
    reason: str = ""


def purchases(candidates: Sequence[Candidate], design: Design, *, question: str) -> list[Purchase]:
    """Return every question, with and without the plan."""
    groups = {flagged: counts_of(candidates, flagged=flagged) for flagged in (True, False)}
    today, limits = known_today(groups[True], groups[False])
    return [
        purchase(name, design.expected[name], today=today.get(name), bounds=limits.get(name), is_asked=name == question)
        for name in QUESTIONS
    ]


def counts_of(candidates: Iterable[Candidate], *, flagged: bool) -> Counts:
    among = [each.truth for each in candidates if each.is_flagged == flagged]
    return among.count("positive"), among.count("negative"), among.count("")


def known_today(
    flagged: Counts, passed: Counts
) -> tuple[Mapping[str, Estimate | NotEstimable], Mapping[str, Bounds | NotEstimable]]:
    """Return what labels that came by themselves say if they are like the others, and what without that."""
    rates: dict[str, Estimate | NotEstimable] = dict(begg_greenes(tested_positive=flagged, tested_negative=passed))
    rates["ppv"] = wilson(flagged[0], flagged[0] + flagged[1])
    rates["npv"] = wilson(passed[1], passed[0] + passed[1])
    return rates, verification_bounds(tested_positive=flagged, tested_negative=passed)


def purchase(
    name: str,
    after: ExpectedPrecision | NotEstimable,
    *,
    today: Estimate | NotEstimable | None,
    bounds: Bounds | NotEstimable | None,
    is_asked: bool,
) -> Purchase:
    written = written_as(name)
    known = isinstance(today, Estimate)
    return Purchase(
        label=WORDS[name],
        is_asked=is_asked,
        now=written(today.value) if isinstance(today, Estimate) else "",
        now_half=written(today.interval.width / 2) if isinstance(today, Estimate) else "",
        bounds=f"{written(bounds.low)} to {written(bounds.high)}" if isinstance(bounds, Bounds) else "",
        after=written(after.half_width) if isinstance(after, ExpectedPrecision) else "",
        reason="" if known or today is None else getattr(today, "reason", ""),
    )


def written_as(name: str) -> Any:
    return (lambda value: number(value, 3)) if name == "auc" else (lambda value: percent(value, 1))


# --- strata and plans ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class StratumRow:
    """One stratum in words; `chance` is the probability of each of its cases to be drawn."""

    words: str
    size: str
    drawn: str
    answered: str
    chance: str
    share: int


def stratum_words(stratum: Mapping[str, Any], *, sites: Mapping[str, str]) -> str:
    parts = ["Flagged" if stratum["flagged"] else "Not flagged"]
    if stratum["band"]:
        parts.append(band_words(*stratum["band"]))
    if stratum["reader"]:
        parts.append(READERS[stratum["reader"]])
    if stratum["site"]:
        parts.append(sites.get(stratum["site"], stratum["site"]))
    return ", ".join(parts)


def band_words(low: float, high: float) -> str:
    if low < -1e300:
        return f"score below {number(high, 3)}"
    return f"score from {number(low, 3)}" if high > 1e300 else f"score {number(low, 3)} to {number(high, 3)}"


def stratum_rows(
    strata: Sequence[Mapping[str, Any]], *, sites: Mapping[str, str], progress: Progress | None = None
) -> list[StratumRow]:
    """Return the strata that a case could be drawn from, with their progress."""
    return [
        StratumRow(
            words=stratum_words(each, sites=sites),
            size=count(each["size"]),
            drawn=count(each["drawn"]),
            answered=count(progress.answered[place]) if progress else "",
            chance=percent(each["drawn"] / each["size"], 1),
            share=round(100 * progress.answered[place] / each["drawn"]) if progress and each["drawn"] else 0,
        )
        for place, each in enumerate(strata)
        if each["size"]
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanRow:
    """One plan of the list."""

    plan: LabelPlan
    question: str
    answered: str
    drawn: str
    share: int
    expected: str
    is_withdrawn: bool

    @property
    def is_done(self) -> bool:
        return self.share == 100


def plan_row(plan: LabelPlan, progress: Progress) -> PlanRow:
    answered, drawn = progress.total
    expected = plan.expected.get(plan.question)
    written = written_as(plan.question)
    return PlanRow(
        plan=plan,
        question=WORDS.get(plan.question, plan.question),
        answered=count(answered),
        drawn=count(drawn),
        share=100 if answered == drawn else min(99, round(100 * answered / drawn)) if drawn else 0,
        expected=f"± {written(expected[1])}" if expected else "",
        is_withdrawn=hasattr(plan, "withdrawal"),
    )
