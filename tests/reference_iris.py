"""Plain NumPy twins of the iris kernels, written for reading."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from biocore.kernels.iris import OUTSIDE, ROUNDS, TUKEY

Array = NDArray[Any]


def bridge(image: Array, spots: Array) -> Array:
    """Fill each spot from the nearest other pixels of its row and of its column."""
    out = image.copy()
    for y, x in np.argwhere(spots):
        said = []
        for line, holes, at in ((image[y], spots[y], x), (image[:, x], spots[:, x], y)):
            free = np.flatnonzero(~holes)
            before, after = max(free[free < at], default=-1), min(free[free > at], default=len(line))
            known = [k for k in (before, after) if 0 <= k < len(line)]
            level = float(np.interp(at, known, line[known])) if known else 0.0
            said.append((level, float(after - before) if known else 1e6))
        (across, width), (down, height) = said
        out[y, x] = int((across * height + down * width) / (width + height) + 0.5)
    return out


def rays(image: Array, centre: tuple[float, float], inner: Array, outer: Array, count: int) -> Array:
    """Bilinear samples along rays."""
    turn = 2.0 * math.pi / max(len(inner), 1) * np.arange(len(inner))
    radii = inner[:, None] + np.arange(count) * ((outer - inner) / (count - 1))[:, None]
    x = centre[0] + radii * np.cos(turn)[:, None]
    y = centre[1] - radii * np.sin(turn)[:, None]
    height, width = image.shape
    inside = (x >= 0) & (y >= 0) & (x <= width - 1) & (y <= height - 1)
    x, y = np.where(inside, x, 0.0), np.where(inside, y, 0.0)
    left, top = x.astype(int), y.astype(int)
    right, low = np.minimum(left + 1, width - 1), np.minimum(top + 1, height - 1)
    fx, fy, grey = x - left, y - top, image.astype(np.float64)
    above = grey[top, left] + fx * (grey[top, right] - grey[top, left])
    below = grey[low, left] + fx * (grey[low, right] - grey[low, left])
    return np.where(inside, above + fy * (below - above), OUTSIDE).astype(np.float32)


def steps(grey: Array, widths: tuple[int, ...]) -> Array:
    """Mean after minus mean before each sample, in double precision."""
    out = np.zeros(grey.shape)
    for w in widths:
        for k in range(w, grey.shape[1] - w):
            change = grey[:, k + 1 : k + w + 1].mean(axis=1) - grey[:, k - w : k].mean(axis=1)
            inside = (grey[:, k - w] >= 0) & (grey[:, k + w] >= 0)
            out[:, k] += np.where(inside, change, 0.0) / len(widths)
    return out


def path_value(reward: Array, bend: Array, path: Array, *, closed: bool) -> float:
    """Sum up what a path collects; minus infinity where it takes a step that is not allowed."""
    steps = np.abs(np.diff(path, append=path[:1] if closed else path[-1:]))
    if steps.max(initial=0) >= len(bend):
        return -math.inf
    costs = np.concatenate([[0.0], bend[1:]])
    return float(reward[np.arange(len(path)), path].sum() - costs[steps].sum())


def best_value(reward: Array, bend: Array, *, closed: bool) -> float:
    """Find what the best path collects by trying every start."""
    columns, rows = reward.shape
    reach = len(bend) - 1
    best = -math.inf
    for start in range(rows) if closed else [None]:
        value = np.where(np.arange(rows) == start, reward[0], -np.inf) if closed else reward[0].astype(np.float64)
        for a in range(1, columns + closed):
            before, value = value, np.full(rows, -np.inf)
            for k in range(rows):
                for d in range(-reach, reach + 1):
                    if 0 <= k + d < rows:
                        value[k] = max(value[k], before[k + d] - (bend[abs(d)] if d else 0.0))
            value = value + (reward[a] if a < columns else 0.0)
        best = max(best, float(value[start] if closed else value.max()))
    return best


def edge_reward(
    steps: Array, trust: Array, *, full: float, floor: float, relative: bool, after: Array, until: Array
) -> tuple[Array, Array]:
    """Return what each sample is worth to a path along edges, and how strong its edge is."""
    rises = steps.astype(np.float64) * np.sign(full)
    k = np.arange(steps.shape[1])
    open_ = (k > after[:, None]) & (k <= until[:, None])
    steepest = np.where(open_, rises, -np.inf).max(axis=1)
    scale = np.maximum(steepest, abs(full)) if relative else np.full(len(steps), abs(full))
    worth = np.where(open_, np.clip(rises / scale[:, None], floor, 1.0) * trust[:, None], 0.0)
    return worth.astype(np.float32), np.where(open_, np.clip(rises / abs(full), 0.0, 1.0), 0.0)


def fit_curve(
    values: Array, weights: Array, basis: Array, prior: Array, tightness: Array, *, least_spread: float, start: Array
) -> tuple[Array, Array, Array, float]:
    """Biweight fit: coefficients, curve, weights left, spread."""
    curve, spread = start, least_spread
    for turn in range(ROUNDS):
        off = values - curve
        believed = np.abs(off[weights > 0])
        spread = max(least_spread, 1.4826 * float(np.median(believed)) if believed.size else 0.0)
        scaled = off / (TUKEY * spread * (2.0 if turn == 0 else 1.0))
        keeps = np.where(np.abs(scaled) < 1.0, (1.0 - scaled**2) ** 2, 0.0)
        weighted = basis * (weights * keeps)[:, None]
        coefficients = np.linalg.solve(weighted.T @ basis + np.diag(tightness), weighted.T @ values + tightness * prior)
        curve = basis @ coefficients
    return coefficients, curve, keeps, spread
