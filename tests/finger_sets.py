"""Made-up minutiae for tests of the comparator: a finger, and impressions of it as a scanner would see them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from biocore.types import FingerPosition, FingerTemplate


def template(
    points: NDArray[np.floating[Any]],
    directions: NDArray[np.floating[Any]],
    kinds: NDArray[np.uint8] | None = None,
    qualities: NDArray[np.uint8] | None = None,
    ppi: float = 500.0,
) -> FingerTemplate:
    n = len(points)
    return FingerTemplate(
        algorithm="test/1",
        width=500,
        height=500,
        position=FingerPosition.UNKNOWN,
        ppi=ppi,
        points=np.asarray(points, np.float32).reshape(n, 2),
        directions=np.mod(directions, 2 * np.pi).astype(np.float32),
        kinds=np.ones(n, np.uint8) if kinds is None else kinds,
        qualities=np.full(n, 70, np.uint8) if qualities is None else qualities,
    )


def finger(seed: int, n: int = 45) -> FingerTemplate:
    """Minutiae 18 px or more apart on an oval; directions follow a whorl's flow, one way or the other."""
    rng = np.random.default_rng(seed)
    points: list[NDArray[np.float64]] = []
    core = rng.uniform(-40, 40, 2)
    twist = rng.uniform(0, np.pi)
    gap = 18.0
    while len(points) < n:
        p = rng.uniform([-130, -180], [130, 180])
        if (p[0] / 130) ** 2 + (p[1] / 180) ** 2 < 1 and all(np.hypot(*(p - q)) > gap for q in points):
            points.append(p)
        gap *= 0.9999
    at = np.array(points).reshape(-1, 2)
    flow = np.arctan2(-(at - core)[:, 1], (at - core)[:, 0]) + np.pi / 2 + twist
    directions = flow + rng.normal(0, 0.3, n) + np.pi * rng.integers(0, 2, n)
    kinds = rng.integers(1, 3, n).astype(np.uint8)
    return template(at + 250, directions, kinds, rng.integers(30, 100, n).astype(np.uint8))


def turned(t: FingerTemplate, angle: float, shift: tuple[float, float] = (0.0, 0.0)) -> FingerTemplate:
    """Turn counter-clockwise as seen on the picture (y down) about its middle, then shift."""
    c, s = np.cos(angle), np.sin(angle)
    p = t.points.astype(np.float64) - 250
    moved = np.stack([c * p[:, 0] + s * p[:, 1], c * p[:, 1] - s * p[:, 0]], axis=1) + 250 + np.array(shift)
    return template(moved, t.directions + angle, t.kinds, t.qualities)


def impression(
    t: FingerTemplate, seed: int, missing: int = 8, spurious: int = 6, stretch: float = 0.04
) -> FingerTemplate:
    """Another capture: turned, shifted, stretched unevenly, noisy; some minutiae missing, others made up, shuffled."""
    rng = np.random.default_rng([seed, 77])
    keep = rng.permutation(len(t))[missing:]
    p = t.points[keep].astype(np.float64)
    wave = np.sin((p - 250) / 90 + rng.uniform(0, 6, 2)) * stretch * 90
    p = p + wave[:, ::-1] + rng.normal(0, 1.5, p.shape)
    d = t.directions[keep] + rng.normal(0, 0.08, len(keep))
    p = np.concatenate([p, rng.uniform(120, 380, (spurious, 2))])
    d = np.concatenate([d, rng.uniform(0, 2 * np.pi, spurious)])
    kinds = np.concatenate([t.kinds[keep], rng.integers(1, 3, spurious).astype(np.uint8)])
    qualities = np.concatenate([t.qualities[keep], rng.integers(10, 50, spurious).astype(np.uint8)])
    order = rng.permutation(len(p))
    other = template(p[order], d[order], kinds[order], qualities[order])
    return turned(other, float(rng.uniform(-0.5, 0.5)), (float(rng.uniform(-30, 30)), float(rng.uniform(-30, 30))))


def chosen(t: FingerTemplate, rows: NDArray[np.intp] | NDArray[np.bool_]) -> FingerTemplate:
    """Only these minutiae."""
    return template(t.points[rows], t.directions[rows], t.kinds[rows], t.qualities[rows], t.ppi)
