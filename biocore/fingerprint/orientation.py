"""Which way the ridges run and how far apart they are, by cell."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from biocore.kernels import ridge


@dataclass(frozen=True, slots=True)
class OrientationField:
    """Ridge orientation and period of each cell of 8 px.

    Attributes
    ----------
    cosine, sine : float32 arrays (rows, columns)
        Unit vector at twice the ridge orientation, counter-clockwise; zero where nothing is known.
    coherence : float32 array (rows, columns)
        How much the gradients agree, 0..1.
    frequency : float32 array (rows, columns)
        sin²(2π / period): what the tensor gives without any transcendental function.
    """

    cosine: NDArray[np.float32]
    sine: NDArray[np.float32]
    coherence: NDArray[np.float32]
    frequency: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Smoothing:
    """How far, in cells of 8 px (standard deviation of a Gaussian), orientation and period are smoothed."""

    orientation: float = 1.3
    period: float = 2.5


def frozen(array: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return a constant array that nobody changes."""
    array.flags.writeable = False
    return array


def sample(cells: NDArray[np.float32], points: NDArray[np.float32]) -> NDArray[np.float32]:
    """Read an array of cells at points (n, 2) in px, between the centres of cells bilinearly."""
    rows, columns = cells.shape
    place = points / np.float32(ridge.CELL) - np.float32(0.5)
    x = np.clip(place[:, 0], 0, columns - 1)
    y = np.clip(place[:, 1], 0, rows - 1)
    j = np.minimum(x.astype(np.intp), max(columns - 2, 0))
    i = np.minimum(y.astype(np.intp), max(rows - 2, 0))
    u, v = (x - j).astype(np.float32), (y - i).astype(np.float32)
    right, below = np.minimum(j + 1, columns - 1), np.minimum(i + 1, rows - 1)
    upper = (1 - u) * cells[i, j] + u * cells[i, right]
    lower = (1 - u) * cells[below, j] + u * cells[below, right]
    return np.asarray((1 - v) * upper + v * lower, np.float32)


def gaussian(sigma: float) -> NDArray[np.float32]:
    """Return the taps of a Gaussian, in 1/1024, so that they are the same on every machine."""
    half = int(np.ceil(2.5 * sigma))
    taps = np.exp(-0.5 * (np.arange(-half, half + 1) / sigma) ** 2)
    return np.round(1024 * taps / taps.sum()).astype(np.float32) / np.float32(1024)


def blur(cells: NDArray[np.float32], sigma: float) -> NDArray[np.float32]:
    """Smooth an array (rows, columns, k) of cells by a Gaussian of `sigma` cells; outside is zero."""
    taps = gaussian(sigma)
    half = len(taps) // 2
    for axis in (0, 1):
        pads = [(half, half) if a == axis else (0, 0) for a in range(3)]
        padded = np.pad(cells, pads)
        n = cells.shape[axis]
        cells = sum(t * (padded[i : i + n] if axis == 0 else padded[:, i : i + n]) for i, t in enumerate(taps))
    return cells


def orientation(ridges: ridge.RidgePicture, mask: NDArray[np.bool_], smoothing: Smoothing) -> OrientationField:
    tensors = ridge.cell_tensors(ridges) * mask[:, :, None]
    t = blur(tensors, smoothing.orientation)
    length = np.sqrt(t[:, :, 0] ** 2 + t[:, :, 1] ** 2)
    safe = np.maximum(length, np.float32(1e-6))
    wide = blur(tensors[:, :, 2:], smoothing.period)
    frequency = wide[:, :, 0] / (4 * np.maximum(wide[:, :, 1], np.float32(1e-6)))
    return OrientationField(
        t[:, :, 0] / safe, t[:, :, 1] / safe, length / np.maximum(t[:, :, 2], np.float32(1e-6)), frequency
    )
