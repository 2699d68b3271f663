"""Plain NumPy twins of the kernels that search for an eye, written for reading."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from biocore.kernels.irissearch import Area, Planes, Weights

Array = NDArray[Any]
Pixel = tuple[int, int]


def connected(mask: Array, *, corners: bool) -> list[list[Pixel]]:
    """Return the connected areas of a mask, each as its pixels (row, column), by filling one after the other."""
    left = {(int(y), int(x)) for y, x in np.argwhere(mask)}
    found = []
    for start in sorted(left):
        if start not in left:
            continue
        left.discard(start)
        area, front = [start], [start]
        while front:
            y, x = front.pop()
            for at in ((y + dy, x + dx) for dy in (-1, 0, 1) for dx in (-1, 0, 1) if corners or not dy * dx):
                if at in left:
                    left.discard(at)
                    area.append(at)
                    front.append(at)
        found.append(area)
    return found


def areas(mask: Array) -> list[Area]:
    """Boxes, sizes and means of areas whose pixels share sides."""
    found = []
    for pixels in connected(mask, corners=False):
        rows, columns = np.array(pixels).T
        top, left = int(rows.min()), int(columns.min())
        size = int(columns.max()) - left + 1, int(rows.max()) - top + 1
        found.append(Area(left, top, *size, len(rows), float(columns.mean()), float(rows.mean())))
    return found


def compact(mask: Array, widest: int, around: Array) -> Array:
    """Areas at most so wide and high, widened."""
    out = np.zeros(mask.shape, bool)
    half = len(around) // 2
    for pixels in connected(mask, corners=True):
        rows, columns = np.array(pixels).T
        if max(np.ptp(rows), np.ptp(columns)) >= widest:
            continue
        for y, x in pixels:
            for row, reach in zip(range(y - half, y + half + 1), around, strict=True):
                if 0 <= row < mask.shape[0]:
                    out[row, max(0, x - reach) : x + reach + 1] = True
    return out


def apart(mask: Array, mark: Array) -> Array:
    """Areas whose pixels share sides, and none with a mark."""
    out = np.zeros(mask.shape, bool)
    for pixels in connected(mask, corners=False):
        rows, columns = np.array(pixels).T
        out[rows, columns] = not mark[rows, columns].any()
    return out


def ridges(gx: Array, gy: Array, least: float) -> Array:
    """Ridges of edges, in single precision, pixel after pixel: x, y, direction to the right and down, steepness."""
    f = np.float32
    found = []
    height, width = gx.shape
    for y, x in np.ndindex(gx.shape):
        dx, dy = f(gx[y, x]), f(gy[y, x])
        squared = dx * dx + dy * dy
        if squared < f(least) * f(least):
            continue
        if 0 < y < height - 1 and 0 < x < width - 1:
            sx = 0 if 2 * abs(dx) < abs(dy) else 1 if dx > 0 else -1
            sy = 0 if 2 * abs(dy) < abs(dx) else 1 if dy > 0 else -1
            ahead, behind = (f(gx[at]) ** 2 + f(gy[at]) ** 2 for at in ((y + sy, x + sx), (y - sy, x - sx)))
            if max(ahead, behind) > squared:
                continue
        steep = np.sqrt(squared)
        found.append((f(x) + f(0.5), f(y) + f(0.5), dx / steep, dy / steep, steep))
    return np.array(found, np.float32).reshape(-1, 5).T


def votes(shape: Pixel, edges: Array, planes: Planes, sign: float, cap: float, weights: Weights) -> Array:
    """Votes of edges for centres in each plane, added up over its squares: float64 (planes, height, width)."""
    f = np.float32
    height, width = shape
    out = np.zeros((len(planes.halves), height, width), np.float32)
    index = np.repeat(np.arange(len(planes.halves)), np.diff(planes.begins))
    for x, y, right, down, steep in edges.T:
        dx, dy = f(sign) * right, f(sign) * down
        upright = f(weights.above) if dy < 0 else f(weights.below)
        weight = f(weights.side) + (upright - f(weights.side)) * dy * dy
        weight = weight * min(steep, f(cap)) / f(cap)
        for radius, plane, share in zip(planes.radii, index, planes.shares, strict=True):
            px, py = x - radius * dx, y - radius * dy
            if px < 0 or py < 0 or px >= width or py >= height:
                break
            out[plane, int(py), int(px)] += weight * share
    return np.stack([_box(plane, int(half)) for plane, half in zip(out, planes.halves, strict=True)])


def _box(plane: Array, half: int) -> Array:
    wide = np.pad(plane.astype(np.float64), half)
    rows = np.sum([wide[k : k + plane.shape[0]] for k in range(2 * half + 1)], axis=0)
    return np.asarray(np.sum([rows[:, k : k + plane.shape[1]] for k in range(2 * half + 1)], axis=0))


def answer(summed: Array, planes: Planes, window: tuple[int, int, int, int], place: Array) -> float:
    """Most votes near a place, in some planes and a window."""
    top, bottom, left, right = window
    column, row, first, end = (int(v) for v in place)
    most = 0.0
    for p in range(max(0, first), min(end, len(summed))):
        reach = int(planes.reaches[p])
        y = slice(max(top, row - reach), max(0, min(bottom, row + reach + 1)))
        x = slice(max(left, column - reach), max(0, min(right, column + reach + 1)))
        most = max(most, float(summed[p][y, x].max(initial=0.0)))
    return most
