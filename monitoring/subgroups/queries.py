"""Counted cases cut by two dimensions at once, summed by the database: pairs, case mix, inside and outside.

Single dimensions come from the daily sums, by `monitoring.performance`. Here each cell comes back as how many
patients have so many successes in so many cases, which is all that a clustered share needs; no row is loaded.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from monitoring.cases.fetching import fetch
from monitoring.performance.questions import Question
from monitoring.statistics import proportions
from monitoring.statistics.intervals import logit_interval
from monitoring.statistics.results import Estimate, NotEstimable

DECIDED = "decision IN ('positive', 'negative')"
KNOWN = "truth IN ('positive', 'negative')"
AMONG = {
    "sensitivity": f"truth = 'positive' AND {DECIDED}",
    "specificity": f"truth = 'negative' AND {DECIDED}",
    "ppv": f"{KNOWN} AND decision = 'positive'",
    "npv": f"{KNOWN} AND decision = 'negative'",
    "prevalence": KNOWN,
    "flag_rate": DECIDED,
    "label_coverage": "true",
}
SUCCESS = {
    "sensitivity": "decision = 'positive'",
    "specificity": "decision = 'negative'",
    "ppv": "truth = 'positive'",
    "npv": "truth = 'negative'",
    "prevalence": "truth = 'positive'",
    "flag_rate": "decision = 'positive'",
    "label_coverage": KNOWN,
}
COLUMNS = {"site": "site_id", "version": "version", "deployment": "deployment_id"}
MOST_PATIENTS_AT_ONCE = 100_000
UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Cut:
    """An SQL expression that names the cell of a case, and its parameters. Only this module writes the SQL."""

    sql: str
    parameters: tuple[Any, ...] = ()


def by_dimension(name: str) -> Cut:
    """Return the cut by one dimension, which is a column or one of the slices."""
    if name in COLUMNS:
        return Cut(f"coalesce(nullif({COLUMNS[name]}, ''), '{UNKNOWN}')")
    return Cut(f"coalesce(nullif(slices ->> %b::text, ''), '{UNKNOWN}')", (name,))


def by_belonging(known: Mapping[str, Sequence[str]]) -> Cut:
    """Return the cut into inside, outside and unknown: a case is outside where any dimension has another value."""
    outside, unknown, outside_parameters, unknown_parameters = [], [], [], []
    for name, values in known.items():
        place = by_dimension(name)
        outside.append(f"({place.sql} <> '{UNKNOWN}' AND NOT {place.sql} = ANY(%b::text[]))")
        outside_parameters += [*place.parameters, *place.parameters, list(values)]
        unknown.append(f"{place.sql} = '{UNKNOWN}'")
        unknown_parameters += [*place.parameters]
    is_outside, is_unknown = " OR ".join(outside), " OR ".join(unknown)
    sql = f"CASE WHEN {is_outside} THEN 'outside' WHEN {is_unknown} THEN '{UNKNOWN}' ELSE 'inside' END"
    return Cut(sql, (*outside_parameters, *unknown_parameters))


@dataclass(slots=True)
class Tally:
    """The patients of one cell: how many have so many successes in so many cases."""

    patients: dict[tuple[int, int], int] = field(default_factory=lambda: defaultdict(int))

    @property
    def hits(self) -> int:
        return sum(hits * number for (hits, _), number in self.patients.items())

    @property
    def cases(self) -> int:
        return sum(cases * number for (_, cases), number in self.patients.items())

    def share(self) -> Estimate | NotEstimable:
        """Return the share of successes, clustered by patient where one comes more than once."""
        if not self.patients:
            return NotEstimable("no case counts here")
        if all(cases == 1 for _, cases in self.patients):
            return proportions.wilson(self.hits, self.cases)
        if sum(self.patients.values()) > MOST_PATIENTS_AT_ONCE and 0 < self.hits < self.cases:
            return self.wald()
        pairs, numbers = np.array(list(self.patients)), np.array(list(self.patients.values()))
        return proportions.clustered(np.repeat(pairs[:, 0], numbers), np.repeat(pairs[:, 1], numbers))

    def wald(self) -> Estimate:
        """Return what `proportions.clustered` gives above its floor, from the sums alone."""
        pairs, numbers = np.array(list(self.patients)), np.array(list(self.patients.values()))
        share, number = self.hits / self.cases, float(numbers.sum())
        squares = float((numbers * (pairs[:, 0] - share * pairs[:, 1]) ** 2).sum())
        error = (number / (number - 1) * squares) ** 0.5 / self.cases
        return Estimate(
            value=share,
            interval=logit_interval(share, error=error, level=0.95),
            cases=self.cases,
            method="ratio of cluster totals, logit scale",
        )


STATEMENT = """
    WITH patient AS (
        SELECT {cuts}, person_id, count(*) FILTER (WHERE {success}) AS hits, count(*) AS cases
        FROM monitoring_case
        WHERE deployment_id = ANY(%b::text[]) AND finding = %b::text AND rule = %b::text AND excluded = ''
            AND ({among}) AND (%b::text = '' OR version = %b::text)
            AND (%b::date IS NULL OR acquired_on >= %b::date) AND (%b::date IS NULL OR acquired_on < %b::date)
        GROUP BY {places}, person_id
    )
    SELECT {names}, hits, cases, count(*) FROM patient GROUP BY {names}, hits, cases
"""


def tallies(question: Question, *, cuts: Sequence[Cut], metric: str) -> dict[tuple[str, ...], Tally]:
    """Return the patients of every cell that the cuts make, for one share."""
    names = [f"cut{place}" for place in range(len(cuts))]
    statement = STATEMENT.format(
        cuts=", ".join(f"{cut.sql} AS {name}" for cut, name in zip(cuts, names, strict=True)),
        places=", ".join(str(place) for place in range(1, len(cuts) + 1)),
        names=", ".join(names),
        success=SUCCESS[metric],
        among=AMONG[metric],
    )
    found: dict[tuple[str, ...], Tally] = defaultdict(Tally)
    rows = fetch(
        statement,
        *(each for cut in cuts for each in cut.parameters),
        list(question.deployments or ()),
        question.finding,
        question.truth_rule,
        question.version,
        question.version,
        question.since,
        question.since,
        question.until,
        question.until,
    )
    for *cell, hits, cases, patients in rows:
        found[tuple(cell)].patients[hits, cases] += patients
    return dict(found)
