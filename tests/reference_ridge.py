"""The ridge kernels in plain NumPy, written for reading."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from biocore.kernels.ridge import CELL, LIMIT, MARGIN, blank, cells_of

Floats = NDArray[np.float32]


def window_sums(values: NDArray[np.int64], radius: int) -> NDArray[np.int64]:
    """Sum over (2 radius + 1)² px, cut at the edge."""
    height, width = values.shape
    table = np.zeros((height + 1, width + 1), np.int64)
    table[1:, 1:] = values.cumsum(0).cumsum(1)
    top, bottom = np.maximum(np.arange(height) - radius, 0), np.minimum(np.arange(height) + radius + 1, height)
    left, right = np.maximum(np.arange(width) - radius, 0), np.minimum(np.arange(width) + radius + 1, width)
    by_rows = table[bottom] - table[top]
    return np.asarray(by_rows[:, right] - by_rows[:, left])


def normalise(pixels: NDArray[np.uint8], radius: int, floor: float, gain: float) -> tuple[Floats, Floats]:
    grey = pixels.astype(np.int64)
    area = window_sums(np.ones_like(grey), radius).astype(np.float32)
    mean = window_sums(grey, radius).astype(np.float32) / area
    variance = window_sums(grey * grey, radius).astype(np.float32) / area - mean * mean
    deviation = np.sqrt(np.maximum(variance, 0))
    value = (mean - pixels.astype(np.float32)) * np.float32(gain) / (deviation + np.float32(floor))
    whole = np.floor(np.clip(value, -LIMIT, LIMIT) + np.float32(LIMIT) + np.float32(0.5)) - np.float32(LIMIT)
    out = blank(*cells_of(*pixels.shape))
    out[MARGIN : MARGIN + pixels.shape[0], MARGIN : MARGIN + pixels.shape[1]] = whole
    return out, deviation


def cell_tensors(ridges: Floats) -> NDArray[np.float64]:
    picture: NDArray[np.float64] = ridges.astype(np.float64)
    rows, columns = ((side - 2 * MARGIN) // CELL for side in picture.shape)
    for axis in (0, 1):
        shifted = [w * np.roll(picture, s, axis) for w, s in zip((1, 4, 6, 4, 1), range(-2, 3), strict=True)]
        picture = np.sum(shifted, axis=0) / 16
    gx = np.roll(picture, -1, 1) - np.roll(picture, 1, 1)
    gy = np.roll(picture, -1, 0) - np.roll(picture, 1, 0)
    maps = np.stack([gy * gy - gx * gx, 2 * gx * gy, gx * gx + gy * gy, picture * picture], axis=2)
    inner = maps[MARGIN:-MARGIN, MARGIN:-MARGIN]
    return np.asarray(inner.reshape(rows, CELL, columns, CELL, 4).sum(axis=(1, 3)))


def filter_cells(ridges: Floats, bank: Floats, scale: Floats, choice: NDArray[np.int16]) -> tuple[Floats, Floats]:
    out, strength = blank(*choice.shape), np.zeros(choice.shape, np.float32)
    half = bank.shape[1] // 2
    for (i, j), k in np.ndenumerate(choice):
        if k < 0:
            continue
        top, left = CELL * i + MARGIN, CELL * j + MARGIN
        for y in range(top, top + CELL):
            for x in range(left, left + CELL):
                patch = ridges[y - half : y + half + 1, x - half : x + half + 1]
                value = np.float32((patch.astype(np.float64) * bank[k]).sum()) * scale[k]
                out[y, x] = np.floor(np.clip(value, -LIMIT, LIMIT) + np.float32(LIMIT + 0.5)) - LIMIT
        strength[i, j] = np.abs(out[top : top + CELL, left : left + CELL]).sum() / 64
    return out, strength
