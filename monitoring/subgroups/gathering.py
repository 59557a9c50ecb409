"""Everything that the page of subgroups is made of."""

from collections.abc import Mapping
from dataclasses import dataclass

from monitoring.statistics.results import NotEstimable
from monitoring.subgroups.answering import Answers
from monitoring.subgroups.asking import Asked
from monitoring.subgroups.development import Development, development_of
from monitoring.subgroups.fairness import METRICS, Fairness, fairness
from monitoring.subgroups.groups import Compared, Group, compared
from monitoring.subgroups.pairing import pairs_compared, pairs_of
from monitoring.subgroups.peers import Peers
from monitoring.subgroups.spreading import Spread, spread_of
from monitoring.subgroups.standing import peers_found


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """The parts of the page; a part that cannot be said is its reason."""

    compared: Compared
    pairs: Mapping[tuple[str, str], Group] | NotEstimable | None
    pairs_compared: Compared | None
    spread: Spread | NotEstimable
    peers: Peers | NotEstimable
    others_out: str
    development: Development
    fairness: Fairness


def gather(asked: Asked) -> Found:
    answers = Answers(asked)
    answers.ask([asked.by, asked.second, "site", *asked.dimensions.of_people])
    pairs = pairs_of(asked, answers) if asked.second else None
    peers, others_out = peers_found(asked, answers)
    return Found(
        compared=compared(answers.groups(asked.by), metric=asked.metric),
        pairs=pairs,
        pairs_compared=pairs_compared(pairs, metric=asked.metric),
        spread=spread_of(answers.groups("site"), metric=asked.metric),
        peers=peers,
        others_out=others_out,
        development=development_of(asked, answers),
        fairness=fairness_of(asked, answers),
    )


def fairness_of(asked: Asked, answers: Answers) -> Fairness:
    """Return the gaps in sensitivity and specificity over every dimension of people on offer."""
    available = {each.metric for each in answers.by("site").figures}
    groups = {
        (name, metric): answers.groups(name, metric=metric)
        for name in asked.dimensions.of_people
        for metric in METRICS
        if metric in available
    }
    return fairness(groups)
