"""The estimates behind the page, each asked once, with what a recipient of sums may see of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace

from monitoring.performance.queries import estimates_by
from monitoring.performance.questions import EstimateSet, Question
from monitoring.statistics.results import Estimate
from monitoring.subgroups.asking import Asked
from monitoring.subgroups.groups import Group
from monitoring.subgroups.hiding import groups_of, values_to_hide

MOST_ROWS = 300_000
TOO_MANY = f"more than {MOST_ROWS:,} cases: narrow the period".replace(",", " ")
ONLY_RATES = "counted here for rates only: choose a rate, such as sensitivity"


class Answers:
    """The estimates of one request by dimension, each asked once; what sums can answer is read once for several."""

    def __init__(self, asked: Asked) -> None:
        self.asked = asked
        self.found: dict[tuple[str, str], EstimateSet] = {}

    def ask(self, dimensions: Iterable[str], *, version: str = "") -> None:
        """Ask several dimensions at once: those that the same sites allow are read together."""
        together: dict[Question, list[str]] = defaultdict(list)
        for name in dict.fromkeys(dimensions):
            if name and (name, version) not in self.found:
                question = replace(self.asked.cut(name), by="")
                together[replace(question, version=version or question.version)].append(name)
        for question, names in together.items():
            for name, found in estimates_by(question, by=names).items():
                self.found[name, version] = found

    def by(self, dimension: str, *, version: str = "") -> EstimateSet:
        self.ask([dimension], version=version)
        return self.found[dimension, version]

    def groups(self, dimension: str, *, metric: str = "") -> list[Group]:
        """Return the groups of a dimension as this user may see them."""
        asked = self.asked
        return groups_of(self.by(dimension), metric=metric or asked.metric, minimum_count=asked.minimum_count)

    def hidden(self, dimension: str) -> set[str]:
        return values_to_hide(self.by(dimension), minimum_count=self.asked.minimum_count)

    def cases(self, dimension: str = "site") -> int:
        """Return how many cases are counted, whatever may be shown of them."""
        coverage = [each.outcome for each in self.by(dimension).figures if each.metric == "label_coverage"]
        return sum(each.cases for each in coverage if isinstance(each, Estimate))
