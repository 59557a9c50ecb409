"""Many questions at once: which p-values and e-values still count when there were others.

All at one time (a report over its strata), or one after another without an end (months of checks). Which
questions belong to one family is declared by the caller, before the data.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from monitoring.statistics.inputs import BoolArray, FloatArray, as_probabilities, as_vector

__all__ = [
    "Adjusted",
    "OnlineTests",
    "Rejections",
    "addis",
    "benjamini_hochberg",
    "e_benjamini_hochberg",
    "holm",
    "lord",
]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Adjusted:
    """Adjusted p-values in the order given: reject those at or below the level wanted."""

    adjusted: FloatArray
    method: str


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Rejections:
    """Which hypotheses are rejected, in the order given; `threshold` is what their evidence reached."""

    rejected: BoolArray
    threshold: float
    method: str


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class OnlineTests:
    """Each hypothesis was tested at its own level, set before it came; rejected where p ≤ level."""

    levels: FloatArray
    rejected: BoolArray
    method: str


def holm(p: ArrayLike) -> Adjusted:
    """Return Holm's adjusted p-values: the chance of even one false rejection stays at the level.

    Any dependence between the tests. Source: Holm, Scand J Stat 1979;6:65-70.

    Raises:
        ValueError: p-values outside [0, 1] or missing.
    """
    values = as_probabilities(p, name="p")
    order = np.argsort(values, kind="stable")
    steps = np.maximum.accumulate((values.size - np.arange(values.size)) * values[order])
    return Adjusted(adjusted=_in_input_order(steps, order), method="Holm")


def benjamini_hochberg(p: ArrayLike) -> Adjusted:
    """Return Benjamini and Hochberg's adjusted p-values: the expected share of false among rejected stays at the level.

    Assumes tests that are independent or positively dependent (one-sided tests of overlapping groups are, in general
    nothing is known: use `e_benjamini_hochberg`). Source: Benjamini & Hochberg, J R Stat Soc B 1995;57:289-300.

    Raises:
        ValueError: p-values outside [0, 1] or missing.
    """
    values = as_probabilities(p, name="p")
    order = np.argsort(values, kind="stable")
    scaled = values[order] * values.size / (1 + np.arange(values.size))
    steps = np.minimum.accumulate(scaled[::-1])[::-1]
    return Adjusted(adjusted=_in_input_order(steps, order), method="Benjamini–Hochberg")


def e_benjamini_hochberg(e: ArrayLike, *, alpha: float) -> Rejections:
    """Return which e-values are rejected: k* = max{k : k·e₍ₖ₎ ≥ m/α}, the k* largest; false share at most α.

    Any dependence between the e-values, also of overlapping groups watched at any time.
    Source: Wang & Ramdas, J R Stat Soc B 2022;84:822-852.

    Raises:
        ValueError: e-values that are negative or not finite, `alpha` outside (0, 1).
    """
    _check_alpha(alpha)
    values = as_vector(e, name="e")
    if values.size and values.min() < 0:
        raise ValueError("e must hold e-values, none negative")
    largest_first = np.sort(values)[::-1]
    needed = values.size / (alpha * np.arange(1, values.size + 1))
    reached = np.flatnonzero(largest_first >= needed)
    threshold = float(needed[reached[-1]]) if reached.size else float("inf")
    return Rejections(rejected=np.asarray(values >= threshold), threshold=threshold, method="e-Benjamini–Hochberg")


def lord(p: ArrayLike, *, alpha: float = 0.05, initial: float | None = None) -> OnlineTests:
    """Test hypotheses as they come by LORD++: each rejection earns a part of α for the tests after it.

    αₜ = γₜ·w₀ + (α − w₀)·γ₍ₜ₋τ₁₎ + α·Σ γ₍ₜ₋τⱼ₎ over later rejections τⱼ; w₀ is `initial`, α/10 unless given. The false
    share stays at α for independent p-values. Sources: Ramdas et al., NIPS 2017;30:5650-5659; Javanmard & Montanari,
    Ann Stat 2018;46:526-554 (γₜ = .0772 ln(max(t, 2)) / (t·exp √ln t)).

    Raises:
        ValueError: p-values outside [0, 1], `alpha` outside (0, 1), `initial` not between 0 and α.
    """
    values = as_probabilities(p, name="p")
    start = _check_start(alpha / 10 if initial is None else initial, alpha=alpha)
    times = np.arange(1, values.size + 1)
    gamma = 0.07720838 * np.log(np.maximum(times, 2)) / (times * np.exp(np.sqrt(np.log(times))))

    def level(index: int, found: list[int]) -> float:
        earned = gamma[[index - each - 1 for each in found]] * _shares(len(found), start=start, alpha=alpha)
        return float(gamma[index] * start + earned.sum())

    return _tested(values, level=level, method="LORD++")


def addis(
    p: ArrayLike, *, alpha: float = 0.05, initial: float | None = None, candidate: float = 0.25, discard: float = 0.5
) -> OnlineTests:
    """Test hypotheses as they come by ADDIS, which spends nothing on p-values above `discard`.

    Power where many p-values are conservative, as those of claims that hold with room are. Levels follow LORD++, with
    time counted in p-values between `candidate` (λ) and `discard` (τ), times τ − λ, at most λ; w₀ is `initial`, α/2
    unless given. The false share stays at α for independent p-values.
    Source: Tian & Ramdas, NeurIPS 2019;32:9388-9396 (γₜ = .4375 / t^1.6).

    Raises:
        ValueError: p-values outside [0, 1], `alpha` outside (0, 1), not 0 ≤ candidate < discard ≤ 1.
    """
    values = as_probabilities(p, name="p")
    start = _check_start(alpha / 2 if initial is None else initial, alpha=alpha)
    if not 0 <= candidate < discard <= 1:
        raise ValueError(f"candidate must lie below discard, within [0, 1], not {candidate} and {discard}")
    spent = np.concatenate([[0], np.cumsum((values > candidate) & (values <= discard))])

    def gamma(steps: int) -> float:
        return float(0.4374901658 / (steps + 1) ** 1.6)

    def level(index: int, found: list[int]) -> float:
        earned = np.array([gamma(spent[index] - spent[each + 1]) for each in found])
        earned = earned * _shares(len(found), start=start, alpha=alpha)
        return min(candidate, (discard - candidate) * (gamma(spent[index]) * start + float(earned.sum())))

    return _tested(values, level=level, method="ADDIS")


def _in_input_order(steps: FloatArray, order: np.ndarray) -> FloatArray:
    adjusted = np.empty_like(steps)
    adjusted[order] = np.minimum(steps, 1.0)
    return adjusted


def _shares(found: int, *, start: float, alpha: float) -> FloatArray:
    """Return what each rejection earns: α, but the first one less what there was to begin with."""
    shares = np.full(found, alpha)
    shares[:1] = alpha - start
    return shares


def _tested(values: FloatArray, *, level: Callable[[int, list[int]], float], method: str) -> OnlineTests:
    levels, found = np.empty_like(values), list[int]()
    for index, value in enumerate(values.tolist()):
        levels[index] = level(index, found)
        if value <= levels[index]:
            found.append(index)
    return OnlineTests(levels=levels, rejected=np.asarray(values <= levels), method=method)


def _check_alpha(alpha: float) -> None:
    if not 0 < alpha < 1:
        raise ValueError(f"alpha must lie between 0 and 1, not {alpha}")


def _check_start(initial: float, *, alpha: float) -> float:
    _check_alpha(alpha)
    if not 0 < initial < alpha:
        raise ValueError(f"initial must lie between 0 and alpha, not {initial}")
    return initial
