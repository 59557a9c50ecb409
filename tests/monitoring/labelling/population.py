"""A hospital of which we know the truth, and who labels what: verification depends on the decision and on the truth."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from inference.results.models import Prediction
from monitoring.cases.models import Case
from monitoring.dashboards.catching_up import work_off
from monitoring.labelling.actions import draw_plan
from monitoring.labelling.models import DrawnCase, LabelPlan
from monitoring.labelling.queries import Window
from tests.factories import NOON, inference_row, make_network, read_row, send, truth_row

LATER = NOON + timedelta(days=5)
WINDOW = Window(
    finding="nodule",
    rule="default",
    deployments=("cxr-north",),
    since=date(2026, 1, 1),
    until=date(2026, 4, 1),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Population:
    """What is true of each study, by its number, and what the product said."""

    diseased: dict[int, bool]
    flagged: dict[int, bool]
    numbers: dict[float, int]

    def rate(self, metric: str) -> float:
        state = metric == "sensitivity"
        said = [self.flagged[number] == state for number, is_ill in self.diseased.items() if is_ill == state]
        return sum(said) / len(said)

    def truth(self, number: int) -> dict[str, object]:
        return truth_row(number, value="positive" if self.diseased[number] else "negative")


def make_population(*, size: int, seed: int, readers: bool = False) -> Population:
    """Send runs of `size` studies, and labels of most flagged ones, but of few others: rather of missed ones."""
    make_network()
    chance = np.random.default_rng(seed)
    ill = chance.random(size) < 0.3
    scores = 1 / (1 + np.exp(-np.where(ill, chance.normal(0.6, 1, size), chance.normal(-1.2, 0.9, size))))
    found = Population(
        diseased={number: bool(ill[number - 1]) for number in range(1, size + 1)},
        flagged={number: bool(scores[number - 1] >= 0.5) for number in range(1, size + 1)},
        numbers={float(score): number for number, score in enumerate(scores, start=1)},
    )
    send("inferences", *(inference_row(number, score=float(scores[number - 1])) for number in found.diseased))
    if readers:
        send("reads", *(read_row(number, decision="negative") for number in found.diseased if number % 3))
    shares = {
        number: 0.6 if found.flagged[number] else 0.4 if is_ill else 0.05 for number, is_ill in found.diseased.items()
    }
    send("truth", *(found.truth(number) for number, share in shares.items() if chance.random() < share))
    work_off(now=LATER)
    return found


def make_plan(**said: object) -> LabelPlan:
    usual = {
        "organisation": "north-group", "product": "cxr", "window": WINDOW, "question": "sensitivity", "budget": 60,
        "floor": 3, "seed": 5, "by": "user:officer", "now": LATER,
    }  # fmt: skip
    return draw_plan(**usual | said)


def numbers_of(cases: Iterable[DrawnCase | Case], population: Population) -> list[int]:
    """Return the numbers of the studies, which their scores tell."""
    keys = [each.inference_id for each in cases]
    scores = dict(Prediction.objects.filter(inference__in=keys).values_list("inference_id", "score"))
    return [population.numbers[scores[key]] for key in keys]


def answer_plan(plan: LabelPlan, population: Population, *, cases=None) -> None:
    """Settle the drawn cases as they truly are."""
    drawn = list(plan.cases.order_by("position")) if cases is None else cases
    send("truth", *(population.truth(number) for number in numbers_of(drawn, population)), now=LATER)
    work_off(now=LATER + timedelta(hours=1))
