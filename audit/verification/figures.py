"""Recomputes the headline figures of a package from its case rows, and holds the rows to the entries.

A case row says which run, read and truth count; the entries are proved. So a
figure follows from rows, and rows from entries of the signed log.
"""

from __future__ import annotations

from array import array
from collections.abc import Mapping
from dataclasses import dataclass, field
from math import fsum, isclose
from typing import Any

from audit.proofs.canonical import parse_json
from audit.verification.bag import Digests
from audit.verification.findings import Report
from audit.verification.opening import Package
from audit.verification.said import Said
from audit.verification.tables import rows_with_twin

CASES, FIGURES, SCOPE = "data/cases.ndjson", "data/figures.json", "data/scope.json"
NOT_PROVABLE = "Not provable: for research the dates and names in its rows were changed, so none is held to an entry."
STATES = ("positive", "negative")
CATEGORIES = ("ordinal", "multi_class", "multi_label")
TOLERANCE = 1e-9


@dataclass(slots=True)
class Tally:
    """Counts of one slice: everything that the recomputed metrics need."""

    cases: int = 0
    decided: int = 0
    flagged: int = 0
    labelled: int = 0
    judged: int = 0
    positives: int = 0
    named: int = 0
    right: int = 0
    pairs: dict[tuple[str, str], int] = field(default_factory=dict)
    differences: array[float] = field(default_factory=lambda: array("d"))
    scores: dict[str, array[float]] = field(default_factory=lambda: {"positive": array("d"), "negative": array("d")})

    def add(self, row: Mapping[str, Any], *, kind: str) -> None:
        decision, truth, score = row["decision"], row["truth"], row["score"]
        self.cases += 1
        self.add_measured(row)
        self.decided += decision in STATES
        self.flagged += decision == "positive"
        self.labelled += is_labelled(row, kind=kind)
        self.judged += truth in STATES
        self.positives += truth == "positive"
        self.pairs[truth, decision] = self.pairs.get((truth, decision), 0) + 1
        if truth in STATES and score is not None:
            self.scores[truth].append(score)

    def add_measured(self, row: Mapping[str, Any]) -> None:
        if row["measurement"] is not None and row["truth_measurement"] is not None:
            self.differences.append(row["measurement"] - row["truth_measurement"])
        if row["category"] is not None and row["truth_category"] is not None:
            self.named += 1
            self.right += row["category"] == row["truth_category"]

    def pair(self, truth: str, decision: str) -> int:
        return self.pairs.get((truth, decision), 0)

    def share(self, metric: str) -> tuple[int, int] | None:
        """Return (successes, trials) of a metric that is a proportion."""
        hit, miss = self.pair("positive", "positive"), self.pair("positive", "negative")
        alarm, clear = self.pair("negative", "positive"), self.pair("negative", "negative")
        shares = {
            "sensitivity": (hit, hit + miss),
            "specificity": (clear, clear + alarm),
            "ppv": (hit, hit + alarm),
            "npv": (clear, clear + miss),
            "prevalence": (self.positives, self.judged),
            "flag_rate": (self.flagged, self.decided),
            "label_coverage": (self.labelled, self.cases),
            "accuracy": (self.right, self.named),
        }
        return shares.get(metric)


def is_labelled(row: Mapping[str, Any], *, kind: str) -> bool:
    if kind == "measurement":
        return row["truth_measurement"] is not None
    return row["truth_category"] is not None if kind in CATEGORIES else row["truth"] in STATES


def area(positive: array[float], negative: array[float]) -> float:
    """Return the area under the curve as the share of pairs in the right order, ties counting half."""
    ups, downs = sorted(positive), sorted(negative)
    below = upto = wins = 0
    for score in ups:
        while below < len(downs) and downs[below] < score:
            below += 1
        upto = max(upto, below)
        while upto < len(downs) and downs[upto] == score:
            upto += 1
        wins += below + upto
    return wins / (2 * len(ups) * len(downs))


@dataclass(slots=True)
class Block:
    """One set of figures with the tallies of its slices, and what it says was left out."""

    stated: Mapping[str, Any]
    excluded: dict[str, int] = field(default_factory=dict)
    tallies: dict[tuple[tuple[str, str], ...], Tally] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for estimate in self.stated["estimates"]:
            self.tallies[key_of(estimate["slice"])] = Tally()

    def concerns(self, row: Mapping[str, Any]) -> bool:
        return all(self.stated.get(name) in (None, row[name]) for name in ("product", "deployment", "site"))

    def add(self, row: Mapping[str, Any]) -> None:
        if row["excluded"]:
            self.excluded[row["excluded"]] = self.excluded.get(row["excluded"], 0) + 1
            return
        for key, tally in self.tallies.items():
            if all(str(value_of(row, name)) == value for name, value in key):
                tally.add(row, kind=self.stated["kind"])

    @property
    def name(self) -> str:
        scope = ", ".join(
            f"{each} {self.stated[each]}" for each in ("product", "deployment", "site") if self.stated.get(each)
        )
        return f"{self.stated['finding']} of {scope}"


def key_of(slice: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    return tuple(sorted((name, str(value)) for name, value in slice.items()))


def value_of(row: Mapping[str, Any], dimension: str) -> Any:
    return row["slices"].get(dimension, row.get(dimension, ""))


def check_figures(package: Package, *, said: Said, digests: Digests, report: Report) -> None:
    """Compare every figure with the rows, and every row with the entries in `said`."""
    if FIGURES not in package.sizes:
        report.wrong(f"{FIGURES} is missing.")
        return
    stated = parse_json(package.read(FIGURES, most=256 * 1024 * 1024))
    if CASES not in package.sizes:
        report.notice("The package holds no case rows (level aggregate): its figures cannot be recomputed.")
        return
    blocks = [Block(each) for each in stated["sets"]]
    concerned: dict[tuple[str, str], list[Block]] = {}
    for block in blocks:
        concerned.setdefault((block.stated["finding"], block.stated["truth_rule"]), []).append(block)
    provable = is_provable(package)
    if not provable:
        report.notice(NOT_PROVABLE)
    for row in rows_with_twin(CASES, package, digests=digests, report=report):
        if provable:
            compare_with_entries(row, said=said, report=report)
        for block in concerned.get((row["finding"], row["rule"]), ()):
            if block.concerns(row):
                block.add(row)
    for block in blocks:
        compare_block(block, report=report)


def is_provable(package: Package) -> bool:
    """Return whether the package says that its rows stand as they were logged; only a signed word says otherwise."""
    said = parse_json(package.read(SCOPE)) if SCOPE in package.sizes else {}
    return not isinstance(said, dict) or said.get("provable") is not False


def compare_with_entries(row: Mapping[str, Any], *, said: Said, report: Report) -> None:
    if said.is_unshown(row["log"], row["position"]):
        return
    where = f"The case of {row['finding']} at position {row['position']} of the log of {row['log']}"
    run = said.run(row["log"], row["position"])
    if run is None:
        report.wrong(f"{where} has no proved entry.")
        return
    found = run.get((row["finding"], row["region"]))
    if found is not None and found != (row["score"], row["decision"]):
        report.wrong(
            f"{where} says score {row['score']}, decision {row['decision'] or 'none'}; its entry says {found}."
        )
    if found is None and row["score"] is not None:
        report.wrong(f"{where} has a score that its entry does not have.")
    truth = said.truth(row["log"], row["truth_position"]) if row["truth_position"] is not None else None
    if row["truth"] in STATES and truth is None:
        report.wrong(f"{where} has a truth without a proved entry.")
    elif truth is not None and truth[0] == row["region"] and truth[1] in STATES and truth[1] != row["truth"]:
        report.wrong(f"{where} says truth {row['truth'] or 'none'}; its entry says {truth[1]}.")


def compare_block(block: Block, *, report: Report) -> None:
    if block.excluded != dict(block.stated["excluded"]):
        report.wrong(
            f"What is left out of {block.name} is {block.excluded} by its rows, but {dict(block.stated['excluded'])} "
            "by its figures."
        )
    for estimate in block.stated["estimates"]:
        compare_estimate(estimate, tally=block.tallies[key_of(estimate["slice"])], name=block.name, report=report)


def compare_estimate(estimate: Mapping[str, Any], *, tally: Tally, name: str, report: Report) -> None:
    metric = estimate["metric"]
    value, cases = recomputed(metric, tally)
    if cases is None:
        return
    where = f"The {metric.replace('_', ' ')} of {name}" + "".join(f", {d} {v}" for d, v in estimate["slice"].items())
    if "not_estimable" in estimate:
        if value is not None and tally.share(metric) is not None:
            report.wrong(f"{where} is called not estimable, but its rows give {value:.6f}.")
    elif value is None or not isclose(value, estimate["value"], abs_tol=TOLERANCE):
        given = "nothing" if value is None else f"{value:.6f}"
        report.wrong(f"{where} is stated as {estimate['value']:.6f}, but its rows give {given}.")
    elif cases != estimate["cases"]:
        report.wrong(f"{where} is stated over {estimate['cases']} cases, but its rows give {cases}.")
    elif estimate["positives"] > tally.positives or not within(value, estimate):
        report.wrong(f"{where} is stated with counts or an interval that do not fit its rows.")


def within(value: float, estimate: Mapping[str, Any]) -> bool:
    return bool(estimate["low"] - TOLERANCE <= value <= estimate["high"] + TOLERANCE)


def recomputed(metric: str, tally: Tally) -> tuple[float | None, int | None]:
    """Return the value and its number of cases; no number of cases when the metric is not recomputed here."""
    share = tally.share(metric)
    if share is not None:
        return (share[0] / share[1] if share[1] else None), share[1]
    if metric == "auc":
        positive, negative = tally.scores["positive"], tally.scores["negative"]
        both = positive and negative
        return (area(positive, negative) if both else None), len(positive) + len(negative)
    if metric in ("bias", "mean_absolute_error"):
        values = tally.differences if metric == "bias" else [abs(each) for each in tally.differences]
        return (fsum(values) / len(values) if values else None), len(values)
    return None, None
