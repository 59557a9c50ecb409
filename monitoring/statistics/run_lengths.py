"""How long a chart runs on average from a fresh start: Markov chain on a lattice, else integral equations.

Zero-state average run lengths, in observations. The charts themselves are in `sequential`.
"""

from __future__ import annotations

from functools import lru_cache
from math import inf, sqrt

import numpy as np
from scipy import linalg
from scipy.special import ndtr

from monitoring.statistics.inputs import FloatArray


def lattice_run_length(p: float, *, up: int, down: int, height: int) -> float:
    """Return the exact run length from zero: the first row of (I − Q)⁻¹1 on the states 0 … height − 1."""
    if p == 0:
        return inf
    states = np.arange(height)
    bands = np.zeros((up + down + 1, height))  # row up + i − j, column j holds (I − Q)[i, j]
    bands[up] = 1.0
    rising = states[states + up < height]
    bands[0, rising + up] -= p
    lower = np.maximum(states - down, 0)
    np.subtract.at(bands, (up + states - lower, lower), 1 - p)
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
    return float(np.linalg.solve(system, np.ones(count + 1))[0])


def ewma_run_length(shift: float, *, lam: float, limit: float) -> float:
    """Return the run length from zero by the integral equation of Crowder 1987."""
    height = limit * sqrt(lam / (2 - lam))
    count = 32 + int(16 * height / lam)
    nodes, weights = _gauss(count, low=-height, high=height)

    def kernel(start: FloatArray) -> FloatArray:
        return weights * _density((nodes[None, :] - (1 - lam) * start[:, None]) / lam - shift) / lam

    lengths = np.linalg.solve(np.eye(count) - kernel(nodes), np.ones(count))
    return float(1 + (kernel(np.zeros(1)) @ lengths)[0])


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
