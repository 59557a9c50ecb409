"""How long a chart runs on average from a fresh start: Markov chain on a lattice, else integral equations.

Zero-state average run lengths, in observations. The charts themselves are in `sequential`.
"""

from __future__ import annotations

from functools import lru_cache
from math import inf, log, sqrt

import numpy as np
from scipy import linalg, sparse
from scipy.sparse import linalg as linalg_of_sparse
from scipy.special import ndtr

from monitoring.statistics.inputs import FloatArray

MOST_BANDED = 200_000  # entries of a band matrix beyond which few of them hold anything
LONGEST = 1e15  # beyond it a run length is lost in rounding


def lattice_run_length(p: float, *, up: int, down: int, height: int) -> float:
    """Return the exact run length from zero: the first row of (I − Q)⁻¹1 on the states 0 … height − 1."""
    if p == 0:
        return inf
    states = np.arange(height)
    rising, lower = states[states + up < height], np.maximum(states - down, 0)
    rows, columns = np.concatenate([states, rising, states]), np.concatenate([states, rising + up, lower])
    entries = np.concatenate([np.ones(height), np.full(rising.size, -p), np.full(height, p - 1)])
    if (up + down) * height > MOST_BANDED:
        system = sparse.csc_matrix((entries, (rows, columns)), shape=(height, height))
        return float(linalg_of_sparse.spsolve(system, np.ones(height))[0])
    bands = np.zeros((up + down + 1, height))  # row up + i − j, column j holds (I − Q)[i, j]
    np.add.at(bands, (up + rows - columns, columns), entries)
    return float(linalg.solve_banded((down, up), bands, np.ones(height))[0])


def normal_run_length(shift: float, *, k: float, h: float) -> float:
    """Return Page's run length from zero by its integral equation, solved at Gauss–Legendre nodes."""
    count = 32 + int(8 * h)
    nodes, weights = _gauss(count, low=0.0, high=h)
    drift = k - shift
    kernel = weights * _density(nodes[None, :] - nodes[:, None] + drift)
    system = np.eye(count + 1)
    system[1:, 1:] -= kernel
    system[1:, 0] -= ndtr(drift - nodes)
    system[0, 1:] -= weights * _density(nodes + drift)
    system[0, 0] -= ndtr(drift)
    return _solved(system)


def ewma_run_length(shift: float, *, lam: float, limit: float) -> float:
    """Return the run length from zero by the integral equation of Crowder 1987."""
    height = limit * sqrt(lam / (2 - lam))
    count = 32 + int(16 * height / lam)
    nodes, weights = _gauss(count, low=-height, high=height)

    def kernel(start: FloatArray) -> FloatArray:
        return weights * _density((nodes[None, :] - (1 - lam) * start[:, None]) / lam - shift) / lam

    lengths = np.linalg.solve(np.eye(count) - kernel(nodes), np.ones(count))
    return float(1 + (kernel(np.zeros(1)) @ lengths)[0])


def shiryaev_roberts_run_length(shift: float, *, k: float, limit: float) -> float:
    """Return the run length from R = 0 by its integral equation in log R, solved at Gauss–Legendre nodes.

    Moustakides, Polunchenko & Tartakovsky, Commun Stat Theory Methods 2009;38:3225-3239. Below the lowest node R is
    0 for all that follows: log R gets there with probability 10⁻¹⁹, or R is below 10⁻⁶.
    """
    spread, drift = 2 * k, 2 * k * (shift - k)
    low = min(max(-14.0, drift - 9 * spread), log(limit) - 2 * spread)
    count = 64 * (1 + int(3 * (log(limit) - low) / spread / 64))
    nodes, weights = _gauss(count, low=low, high=log(limit))
    means = np.logaddexp(0.0, np.concatenate([[-inf], nodes])) + drift  # row 0 is R = 0
    system = np.eye(nodes.size + 1)
    system[:, 1:] -= weights * _density((nodes[None, :] - means[:, None]) / spread) / spread
    system[:, 0] -= ndtr((low - means) / spread)
    return _solved(system)


def stepped_run_length(steps: FloatArray, probabilities: FloatArray, *, height: float, cells: int) -> float:
    """Return the run length of max(0, S + step) from zero, steps of any size, on `cells` lattice points.

    A step between two points goes to both, so that its mean stays (paired rounding, Knoth, Wittenberg & Gan, Stat Med
    2019;38:2206-2218). The chain is Toeplitz but for its first column, which is eliminated.
    """
    lattice = np.clip(steps * (cells / height), -cells, cells)
    below = np.floor(lattice)
    share = lattice - below
    places = below.astype(np.int64) + cells
    mass = np.bincount(places, weights=probabilities * (1 - share), minlength=2 * cells + 2)
    mass += np.bincount(places + 1, weights=probabilities * share, minlength=2 * cells + 2)
    lower, upper = -mass[cells:0:-1], -mass[cells : 2 * cells]
    lower[0] = upper[0] = 1 + lower[0]
    to_rest = np.cumsum(mass)[cells - 1 :: -1]  # row i: steps of more than i points downward
    plain, rested = linalg.solve_toeplitz((lower, upper), np.column_stack([np.ones(cells), to_rest])).T
    return _or_endless(float(plain[0] / (1 - rested[0]))) if rested[0] < 1 else inf


def _solved(system: FloatArray) -> float:
    """Return the run length from the first state; no alarm at all (a singular system) is infinity."""
    try:
        return _or_endless(float(np.linalg.solve(system, np.ones(len(system)))[0]))
    except np.linalg.LinAlgError:
        return inf


def _or_endless(length: float) -> float:
    """Return the run length, or infinity where it is too long for the arithmetic to tell."""
    return length if 1 <= length < LONGEST else inf


@lru_cache(maxsize=64)
def _legendre(count: int) -> tuple[FloatArray, FloatArray]:
    nodes, weights = np.polynomial.legendre.leggauss(count)
    return nodes, weights


def _gauss(count: int, *, low: float, high: float) -> tuple[FloatArray, FloatArray]:
    nodes, weights = _legendre(count)
    half = (high - low) / 2
    return low + half * (nodes + 1), half * weights


def _density(x: FloatArray) -> FloatArray:
    return np.asarray(np.exp(-0.5 * x * x) / sqrt(2 * np.pi))
