"""Chance that is the same on every machine: numbers from a seed, and smooth random fields.

Two rules keep the bytes equal everywhere. Numbers come from the raw bits of PCG64, whose stream NumPy guarantees,
not from its distributions, which may change. And what depends on a sine or an exponential, whose last bit differs
between machines, is rounded to whole steps before anything is decided by it.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

Field = NDArray[np.float32]  # (height, width)

_SPREAD = (
    3.613  # makes a field's standard deviation 1: 1 / sqrt((151/315)**2 / 3), the B-spline's power and the lattice's
)


class Draw:
    """A stream of chance named by whole numbers.

    Parameters
    ----------
    *key : int
        Non-negative numbers; another key, another stream.
    """

    def __init__(self, *key: int) -> None:
        self._bits = np.random.PCG64(np.random.SeedSequence(key))

    def units(self, *shape: int) -> NDArray[np.float64]:
        """Return numbers evenly spread in [0, 1)."""
        raw = np.asarray(self._bits.random_raw(math.prod(shape)), np.uint64)
        return ((raw >> np.uint64(11)).astype(np.float64) * 2.0**-53).reshape(shape)

    def uniform(self, low: float, high: float) -> float:
        """Return a number evenly spread in [low, high)."""
        return low + (high - low) * float(self.units(1)[0])

    def bell(self, mean: float, deviation: float) -> float:
        """Return a number of this mean and deviation, never farther than 3.5 deviations (a sum of four)."""
        return mean + deviation * float((self.units(4) * 2.0 - 1.0).sum()) * math.sqrt(0.75)

    def bells(self, count: int) -> NDArray[np.float64]:
        """Return numbers of mean 0 and deviation 1, drawn as `bell` draws one."""
        return np.asarray((self.units(4, count) * 2.0 - 1.0).sum(axis=0) * math.sqrt(0.75))

    def whole(self, count: int) -> int:
        """Return a whole number 0..count-1."""
        return min(count - 1, int(self.uniform(0.0, count)))

    def pick(self, weights: tuple[float, ...]) -> int:
        """Return an index, by weight."""
        at = self.uniform(0.0, sum(weights))
        for index, weight in enumerate(weights):
            at -= weight
            if at < 0.0:
                return index
        return len(weights) - 1


def smooth_field(draw: Draw, shape: tuple[int, int], cell: float | tuple[float, float]) -> Field:
    """Return a random field of mean 0 and deviation 1 that changes over about `cell` px (a B-spline of white noise).

    A pair of cells is for the way down and the way across.
    """
    down, across = cell if isinstance(cell, tuple) else (cell, cell)
    return spread(white(draw, math.ceil(shape[0] / down) + 4, math.ceil(shape[1] / across) + 4), shape, (down, across))


def ring_field(draw: Draw, shape: tuple[int, int], cells: tuple[float, int]) -> Field:
    """Return a random field as above that closes: the last column goes on in the first.

    Parameters
    ----------
    draw : Draw
    shape : (rows, columns)
    cells : (float, int)
        Rows a cell, and the number of cells round the ring.
    """
    down, count = cells
    lattice = white(draw, math.ceil(shape[0] / down) + 4, count)
    closed = lattice[:, np.arange(-1, count + 4) % count]
    return spread(closed, shape, (down, shape[1] / count))


def white(draw: Draw, rows: int, columns: int) -> Field:
    """Return a lattice of independent values that `spread` makes a field of deviation 1 of."""
    return np.asarray((draw.units(rows, columns) * 2.0 - 1.0) * _SPREAD, np.float32)


def spread(lattice: Field, shape: tuple[int, int], cell: float | tuple[float, float]) -> Field:
    """Interpolate a lattice of one value every `cell` px by cubic B-splines; its first node lies one cell outside."""
    down, across = cell if isinstance(cell, tuple) else (cell, cell)
    columns = _along(np.ascontiguousarray(lattice.T), shape[1], across)
    return _along(np.ascontiguousarray(columns.T), shape[0], down)


def _along(lattice: Field, length: int, cell: float) -> Field:
    position = np.arange(length) / cell
    node = position.astype(np.intp)
    t = position - node
    rest, square = 1.0 - t, t * t  # products, not powers: pow() is one of those whose last bit differs
    weights = rest * rest * rest, 3 * square * t - 6 * square + 4, 3 * (t + square - square * t) + 1, square * t
    total = np.zeros((length, lattice.shape[1]), np.float32)
    for offset, weight in enumerate(weights):
        total += lattice[node + offset] * (weight / 6).astype(np.float32)[:, None]
    return total


def blur(picture: Field, passes: int) -> Field:
    """Soften by `passes` binomial filters [1 2 1]/4 in both directions: variance passes/2 px²; edges are repeated."""
    for _ in range(passes):
        for axis in (0, 1):
            wide = np.pad(picture, [(1, 1) if axis == k else (0, 0) for k in (0, 1)], mode="edge")
            before, here, after = (np.take(wide, range(k, k + picture.shape[axis]), axis) for k in range(3))
            picture = (before + after) * np.float32(0.25) + here * np.float32(0.5)
    return picture


def ramp(value: Field, low: float, high: float) -> Field:
    """Return 0 below `low`, 1 above `high` and a smooth step between (3t² - 2t³)."""
    t = np.clip((value - np.float32(low)) * np.float32(1.0 / (high - low)), 0.0, 1.0)
    return np.asarray(t * t * (3.0 - 2.0 * t), np.float32)
