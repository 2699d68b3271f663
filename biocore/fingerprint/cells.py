"""Arithmetic on arrays of cells: smoothing, and reading between the cells."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from biocore.kernels.ridge import CELL

Floats = NDArray[np.float32]


@lru_cache(maxsize=32)
def gaussian(sigma: float) -> tuple[np.float32, ...]:
    """Return the taps of a Gaussian of `sigma` cells, in whole 1/1024, so that every machine has the same."""
    half = int(np.ceil(2.5 * sigma))
    taps = np.exp(-0.5 * (np.arange(-half, half + 1) / sigma) ** 2)
    return tuple(np.round(1024 * taps / taps.sum()).astype(np.float32) / np.float32(1024))


def blur(cells: Floats, sigma: float) -> Floats:
    """Smooth an array (rows, columns, k) by a Gaussian of `sigma` cells; outside is zero."""
    taps = gaussian(sigma)
    half = len(taps) // 2
    rows, columns, depth = cells.shape
    tall = np.zeros((rows + 2 * half, columns, depth), np.float32)
    tall[half : half + rows] = cells
    wide = np.zeros((rows, columns + 2 * half, depth), np.float32)
    middle = wide[:, half : half + columns]
    for i, tap in enumerate(taps):
        middle += tap * tall[i : i + rows]
    out = np.zeros((rows, columns, depth), np.float32)
    for i, tap in enumerate(taps):
        out += tap * wide[:, i : i + columns]
    return out


def sample(cells: Floats, points: Floats) -> Floats:
    """Read an array of cells (rows, columns) at points (n, 2) in px, bilinearly between the centres of cells."""
    rows, columns = cells.shape
    place = points / np.float32(CELL) - np.float32(0.5)
    x = np.clip(place[:, 0], 0, columns - 1)
    y = np.clip(place[:, 1], 0, rows - 1)
    left, top = x.astype(np.intp), y.astype(np.intp)
    right, bottom = np.minimum(left + 1, columns - 1), np.minimum(top + 1, rows - 1)
    u, v = (x - left).astype(np.float32), (y - top).astype(np.float32)
    above = (1 - u) * cells[top, left] + u * cells[top, right]
    below = (1 - u) * cells[bottom, left] + u * cells[bottom, right]
    return np.asarray((1 - v) * above + v * below, np.float32)


def depth(mask: NDArray[np.bool_], most: int) -> Floats:
    """Return how many cells each cell lies inside the mask, up to `most`; beyond the picture is outside."""
    core = np.pad(mask, 1)
    out = np.zeros(mask.shape, np.float32)
    for _ in range(most):
        rows = core[:-2] & core[1:-1] & core[2:]
        inner = rows[:, :-2] & rows[:, 1:-1] & rows[:, 2:]
        out += inner
        core = np.pad(inner, 1)
    return out
