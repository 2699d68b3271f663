"""The kernels of `biocore.kernels.physics`, in NumPy, written for reading."""

from __future__ import annotations

import itertools

import numpy as np
from numpy.typing import NDArray


def cell_sums(grey: NDArray[np.uint8], cell: int) -> NDArray[np.int64]:
    image = grey.astype(np.int64)
    height, width = image.shape
    gx = np.zeros_like(image)
    gx[:, 1:-1] = image[:, 2:] - image[:, :-2]
    padded = np.pad(image, ((1, 1), (0, 0)), mode="edge")
    gy = padded[2:] - padded[:-2]
    gy[:, 0] = gy[:, -1] = 0  # no gradient is counted in the outermost columns
    rows, columns = height // cell, width // cell
    planes = [image, image**2, gx * gx, gy * gy, gx * gy]
    cut = [p[: rows * cell, : columns * cell].reshape(rows, cell, columns, cell).sum(axis=(1, 3)) for p in planes]
    return np.stack(cut, axis=2)


def window(
    grey: NDArray[np.uint8], frame: NDArray[np.float64], across: int, along: int, step: float
) -> NDArray[np.float64]:
    """Bilinear samples (along, across) of a window turned with the ridges."""
    x0, y0, cosine, sine = frame
    a = np.arange(across) - 0.5 * (across - 1)
    b = (np.arange(along) - 0.5 * (along - 1)) * step
    x = x0 + a[None, :] * sine + b[:, None] * cosine
    y = y0 + a[None, :] * cosine - b[:, None] * sine
    i, j = np.floor(y).astype(int), np.floor(x).astype(int)
    fy, fx = y - i, x - j
    image = grey.astype(np.float64)
    top = image[i, j] * (1 - fx) + image[i, j + 1] * fx
    bottom = image[i + 1, j] * (1 - fx) + image[i + 1, j + 1] * fx
    return np.asarray(top * (1 - fy) + bottom * fy, np.float64)


def widths(profile: NDArray[np.float64], middle: float, band: float) -> tuple[list[float], list[float]]:
    """Widths of the whole ridges and whole valleys of a profile, crossings being those that go beyond the band."""
    side, position = 0, 0.0
    edges: list[tuple[float, int]] = []  # where, and what begins there: 1 a valley, -1 a ridge
    for u in range(1, len(profile)):
        before, value = profile[u - 1], profile[u]
        if (value - middle) * (before - middle) <= 0 and value != before:
            position = u - 1 + (middle - before) / (value - before)
        now = 1 if value > middle + band else -1 if value < middle - band else side
        if now != side:
            if side != 0:
                edges.append((position, now))
            side = now
    ridges = [q - p for (p, begins), (q, _) in itertools.pairwise(edges) if begins == -1]
    valleys = [q - p for (p, begins), (q, _) in itertools.pairwise(edges) if begins == 1]
    return ridges, valleys


def ridge_profile(samples: NDArray[np.float64], hysteresis: float) -> dict[str, float]:
    """Describe what one window shows, by the names of `kernels.physics.PROFILE_COLUMNS`."""
    profile = samples.mean(axis=0)
    mean = profile.mean()
    low, high = profile[profile < mean].mean(), profile[profile >= mean].mean()
    middle, contrast = 0.5 * (low + high), high - low
    ridges, valleys = widths(profile, middle, hysteresis * contrast)
    whole = bool(ridges and valleys)
    ridge, valley = (float(np.mean(ridges)), float(np.mean(valleys))) if whole else (0.0, 0.0)
    hearts = samples[:, profile < 0.5 * (low + middle)]
    beds = samples[:, profile > 0.5 * (high + middle)]
    return {
        "ridge_level": low,
        "valley_level": high,
        "period": ridge + valley,
        "ridge_share": ridge / (ridge + valley) if whole else 0.0,
        "clarity": profile.var() / samples.var(),
        "hole_share": float((hearts > middle).mean()),
        "open_share": float((hearts > 0.5 * (high + middle)).mean()),
        "bridge_share": float((beds <= middle).mean()),
        "edge_slope": np.abs(np.diff(profile)).max() / contrast,
        "ink_level": hearts[hearts <= middle].mean(),
        "gap_level": beds[beds > middle].mean(),
        "ridge_roughness": float(np.sqrt(hearts.var(axis=0).mean()) / contrast),
        "valley_roughness": float(np.sqrt(beds.var(axis=0).mean()) / contrast),
    }
