"""Metrics of categories: one of several classes, grades in order, or several labels at once. Pure."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from monitoring.performance.measures import Found, Measure, MeasureOf, Setting, no_case, proportion
from monitoring.performance.samples import Sample
from monitoring.statistics import agreement, roc
from monitoring.statistics.inputs import BoolArray, FloatArray
from monitoring.statistics.intervals import beta_interval
from monitoring.statistics.results import Estimate, NotEstimable

NO_CATEGORY = "no case with a category and a truth"
SEVERAL = "some cases have more than one category"
ORDERED_KINDS = frozenset({"ordinal", "change_from_prior", "image_quality"})


def known(sample: Sample) -> BoolArray:
    """Return the cases whose category is known on both sides."""
    both = zip(sample.category, sample.truth_category, strict=True)
    return np.array([one is not None and other is not None for one, other in both], dtype=np.bool_)


def labels_of(value: object) -> frozenset[str]:
    """Return a category as the set of its labels."""
    if value is None:
        return frozenset()
    return frozenset(map(str, value)) if isinstance(value, list | tuple) else frozenset({str(value)})


def accuracy(sample: Sample, setting: Setting) -> Found:
    """Return the share of cases with exactly the truth's category, or the truth's set of labels."""
    among = known(sample)
    pairs = zip(sample.category, sample.truth_category, strict=True)
    right = np.array([labels_of(one) == labels_of(other) for one, other in pairs], dtype=np.bool_)
    return Found(among, proportion(sample, among=among, success=right, missing=NO_CATEGORY))


def within_one(sample: Sample, setting: Setting) -> Found:
    """Return the share of cases at most one grade from the truth, in the order in which grades are registered."""
    among = known(sample)
    if among.any() and not setting.classes:
        return Found(among, NotEstimable("no order of grades is registered for this finding"))
    place = {name: number for number, name in enumerate(setting.classes)}
    steps = [
        abs(place[one] - place[other]) if isinstance(one, str) and one in place and other in place else len(place)
        for one, other in zip(sample.category, sample.truth_category, strict=True)
    ]
    return Found(among, proportion(sample, among=among, success=np.array(steps) <= 1, missing=NO_CATEGORY))


def kappa(sample: Sample, setting: Setting) -> Found:
    """Return kappa, quadratic for grades, over the registered classes; a class outside them comes last."""
    among = known(sample)
    both = zip(sample.category, sample.truth_category, among, strict=True)
    pairs = [(one, other) for one, other, counts in both if counts]
    if not all(isinstance(each, str) for pair in pairs for each in pair):
        return Found(among, NotEstimable(SEVERAL))
    seen = {each for pair in pairs for each in pair}
    classes = [*setting.classes, *sorted(seen - set(setting.classes))]
    found = agreement.kappa(
        [one for one, _ in pairs],
        [other for _, other in pairs],
        classes=classes,
        weights="quadratic" if setting.kind in ORDERED_KINDS else None,
        clusters=sample.persons[among].tolist(),
    )
    return Found(among, found)


# --- one class, or one label, against the rest -------------------------------------------------------------------


def has(values: list[object], label: str) -> BoolArray:
    return np.array([label in labels_of(each) for each in values], dtype=np.bool_)


def class_rate(metric: str) -> MeasureOf:
    def of_class(sample: Sample, setting: Setting, label: str) -> Found:
        said, true, both = has(sample.category, label), has(sample.truth_category, label), known(sample)
        among, success = (both & true, said) if metric == "sensitivity" else (both & ~true, ~said)
        word = "with" if metric == "sensitivity" else "without"
        missing = f"no case {word} {label} and with a category"
        found = proportion(sample, among=among, success=success, missing=missing)
        return Found(among, found, positives=int((among & true).sum()))

    return of_class


def class_auc(sample: Sample, setting: Setting, label: str) -> Found:
    """Return the area of one class's score against the rest."""
    scores = np.array([score_of(each, label) for each in sample.class_scores], dtype=np.float64)
    scored = ~np.isnan(scores)
    if sample.size and not scored.any():
        return no_case(sample, f"no case has a score of {label}")
    true = has(sample.truth_category, label)
    among = scored & np.array([each is not None for each in sample.truth_category], dtype=np.bool_)
    if not among.any():
        return Found(among, NotEstimable("no case with a score and a truth"))
    found = roc.auc(scores[among], true[among], clusters=sample.clusters(among))
    return Found(among, found, positives=int((among & true).sum()))


def score_of(scores: object, label: str) -> float:
    found = scores.get(label) if isinstance(scores, Mapping) else None
    return float("nan") if found is None else float(found)


# --- over all labels ---------------------------------------------------------------------------------------------


def macro(metric: str) -> Measure:
    """Return the unweighted mean of the labels' rates; its definition stands in the method."""

    def over_labels(sample: Sample, setting: Setting) -> Found:
        among = known(sample)
        names = setting.classes or tuple(sorted(set().union(*map(labels_of, sample.truth_category))))
        hits, trials = label_counts(sample, among=among, names=names, metric=metric)
        usable = trials.sum(axis=0) > 0
        if not usable.any():
            return Found(among, NotEstimable(NO_CATEGORY))
        return Found(among, mean_rate(hits[:, usable], trials[:, usable], left_out=int((~usable).sum())))

    return over_labels


def label_counts(
    sample: Sample, *, among: BoolArray, names: tuple[str, ...], metric: str
) -> tuple[FloatArray, FloatArray]:
    """Return hits and trials of each patient and label."""
    persons = np.unique(sample.persons[among], return_inverse=True)[1]
    count = int(persons.max()) + 1 if persons.size else 0
    hits, trials = np.zeros((count, len(names))), np.zeros((count, len(names)))
    for place, name in enumerate(names):
        said, true = has(sample.category, name)[among], has(sample.truth_category, name)[among]
        counted, right = (true, said & true) if metric == "macro_sensitivity" else (~true, ~said & ~true)
        hits[:, place] = np.bincount(persons, right, minlength=count)
        trials[:, place] = np.bincount(persons, counted, minlength=count)
    return hits, trials


def mean_rate(hits: FloatArray, trials: FloatArray, *, left_out: int) -> Estimate | NotEstimable:
    """Return the mean of rates, each a ratio of patient totals; linearised over patients, logit scale."""
    totals, patients = trials.sum(axis=0), hits.shape[0]
    rates = hits.sum(axis=0) / totals
    value = float(rates.mean())
    parts = ((hits - rates * trials) / totals).mean(axis=1)
    variance = patients / max(1, patients - 1) * float((parts**2).sum())
    name = f"unweighted mean over {totals.size} labels" + (
        f", {left_out} without such a case left out" * bool(left_out)
    )
    # The interval of a share of as many effective trials as the variance says; at most the patients that there are.
    size = min(float(patients), value * (1 - value) / variance) if variance > 0 else float(patients)
    interval = beta_interval(value, size=max(1.0, size), level=0.95)
    return Estimate(value=value, interval=interval, cases=int(totals.sum()), method=f"{name}, by patient")


METRICS: Mapping[str, Measure] = {
    "accuracy": accuracy,
    "exact_match": accuracy,
    "within_one": within_one,
    "kappa": kappa,
    "macro_sensitivity": macro("macro_sensitivity"),
    "macro_specificity": macro("macro_specificity"),
}
OF_CLASS: Mapping[str, MeasureOf] = {
    "auc": class_auc,
    "sensitivity": class_rate("sensitivity"),
    "specificity": class_rate("specificity"),
}
