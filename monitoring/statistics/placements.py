"""Placement values: where each case stands among the cases of the other class.

The building block of every ROC variance (DeLong, Obuchowski, weighted, Obuchowski–Rockette).
Ties count one half; everything is O(n log n).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from monitoring.statistics.inputs import FloatArray, IntArray


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Placements:
    """`positive[i]`: weighted share of negatives below positive i; `negative[j]`: of positives above negative j."""

    positive: FloatArray
    negative: FloatArray
    positive_weights: FloatArray | None = None
    negative_weights: FloatArray | None = None

    @property
    def area(self) -> float:
        """The area under the ROC curve."""
        if self.positive_weights is None:
            return float(self.positive.mean())
        return float(np.average(self.positive, weights=self.positive_weights))

    def deviations(self) -> tuple[FloatArray, FloatArray]:
        """Return what each positive and each negative adds to area − its expectation."""
        area = self.area
        return (
            (self.positive - area) * _shares(self.positive_weights, self.positive.size),
            (self.negative - area) * _shares(self.negative_weights, self.negative.size),
        )


def placements(
    positives: FloatArray,
    negatives: FloatArray,
    *,
    positive_weights: FloatArray | None = None,
    negative_weights: FloatArray | None = None,
) -> Placements:
    """Return the placement values of both classes, in the order of the input."""
    return Placements(
        positive=shares_below(positives, negatives, weights=negative_weights),
        negative=1.0 - shares_below(negatives, positives, weights=positive_weights),
        positive_weights=positive_weights,
        negative_weights=negative_weights,
    )


def sorted_placements(positives: FloatArray, negatives: FloatArray) -> Placements:
    """Return the placement values in the order of the scores: no way back, and several times as fast."""
    up, down = np.sort(positives), np.sort(negatives)
    return Placements(positive=_shares_below_sorted(up, down), negative=1.0 - _shares_below_sorted(down, up))


def shares_below(values: FloatArray, others: FloatArray, *, weights: FloatArray | None = None) -> FloatArray:
    """Return for each value the (weighted) share of the others below it, ties counting one half."""
    places = np.argsort(values)
    shares = np.empty(values.size)
    if weights is None:
        shares[places] = _shares_below_sorted(values[places], np.sort(others))
        return shares
    order = np.argsort(others)
    ranked, mass = others[order], np.concatenate(([0.0], np.cumsum(weights[order])))
    below, up_to = _ranks(values[places], ranked)
    shares[places] = (mass[below] + mass[up_to]) / (2.0 * mass[-1])
    return shares


def delong_variance(values: Placements) -> float:
    """Return the variance of the area: DeLong, DeLong & Clarke-Pearson, Biometrics 1988;44:837-845.

    With weights, the same influence values weighted (Horvitz–Thompson scores known by design).
    """
    return float(delong_covariance([values])[0, 0])


def delong_covariance(modalities: list[Placements]) -> FloatArray:
    """Return the covariance matrix of several areas measured on the same cases."""
    positive = np.stack([values.deviations()[0] for values in modalities])
    negative = np.stack([values.deviations()[1] for values in modalities])
    return _outer(positive) + _outer(negative)


def obuchowski_covariance(
    modalities: list[Placements], *, positive_clusters: IntArray, negative_clusters: IntArray
) -> FloatArray:
    """Return the covariance matrix of areas where cases come in clusters that may hold both classes.

    Source: Obuchowski, Biometrics 1997;53:567-578. Cluster keys are codes 0, 1, … shared by both classes.
    """
    count = int(max(positive_clusters.max(), negative_clusters.max())) + 1
    positive = np.stack([np.bincount(positive_clusters, v.deviations()[0], count) for v in modalities])
    negative = np.stack([np.bincount(negative_clusters, v.deviations()[1], count) for v in modalities])
    with_positives, with_negatives = np.unique(positive_clusters).size, np.unique(negative_clusters).size
    clusters = np.unique(np.concatenate([positive_clusters, negative_clusters])).size
    cross = positive @ negative.T * _correction(clusters)
    result: FloatArray = (
        positive @ positive.T * _correction(with_positives)
        + negative @ negative.T * _correction(with_negatives)
        + cross
        + cross.T
    )
    return result


def effective_size(weights: FloatArray | None, *, count: int) -> float:
    """Return Kish's effective number of cases, (Σw)²/Σw²."""
    return float(count) if weights is None else float(weights.sum() ** 2 / (weights**2).sum())


def _shares_below_sorted(values: FloatArray, others: FloatArray) -> FloatArray:
    below, up_to = _ranks(values, others)
    shares: FloatArray = (below + up_to) / (2.0 * others.size)
    return shares


def _ranks(needles: FloatArray, ranked: FloatArray) -> tuple[IntArray, IntArray]:
    # Sorted needles make the search walk through memory once; a million of them need it.
    return np.searchsorted(ranked, needles, "left"), np.searchsorted(ranked, needles, "right")


def _outer(deviations: FloatArray) -> FloatArray:
    product: FloatArray = deviations @ deviations.T * _correction(deviations.shape[1])
    return product


def _correction(count: int) -> float:
    return count / (count - 1) if count > 1 else 0.0


def _shares(weights: FloatArray | None, count: int) -> FloatArray | float:
    return 1.0 / count if weights is None else weights / weights.sum()
