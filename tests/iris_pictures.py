"""Painted eyes with a texture of their own, and their segmentation, for tests that need no real picture."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from biocore.iris.segmentation import ANGLES, Confidence, Contour, Ellipse, Segmentation
from biocore.types import EyePosition, IrisTemplate

NOWHERE = np.empty((0, 2))


def circle(cx: float, cy: float, radius: float) -> Contour:
    return Contour(cx, cy, np.full(ANGLES, float(radius)), Ellipse(cx, cy, radius, radius), np.ones(ANGLES, dtype=bool))


def texture(seed: int, rows: int = 24, columns: int = 96) -> NDArray[np.float64]:
    """Return random greys round the circle, smooth enough to survive sampling."""
    noise = np.random.default_rng(seed).normal(size=(rows, columns))
    for axis in (0, 1):
        noise = noise + 0.7 * (np.roll(noise, 1, axis) + np.roll(noise, -1, axis))
    grey: NDArray[np.float64] = 120.0 + 25.0 * (noise - noise.mean()) / noise.std()
    return grey


def eye(
    seed: int,
    turned: float = 0.0,
    pupil: float = 30.0,
    centre: tuple[float, float] = (160.0, 120.0),
    noise: float = 3.0,
    covered: float = 0.0,
) -> tuple[NDArray[np.uint8], Segmentation]:
    """Paint an eye of 90 px radius, turned counter-clockwise by so many radians; a lid covers a share from above."""
    limbus = 90.0
    y, x = np.mgrid[:240, :320].astype(float)
    dx, dy = x - centre[0], centre[1] - y
    radius, angle = np.hypot(dx, dy), np.arctan2(dy, dx) - turned
    grid = texture(seed)
    v = np.clip((radius - pupil) / (limbus - pupil), 0, 1) * (len(grid) - 1)
    u = (angle / (2 * np.pi) % 1.0) * grid.shape[1]
    i, j = np.floor(v).astype(int), np.floor(u).astype(int)
    fv, fu = v - i, u - j
    below, next_ = np.minimum(i + 1, len(grid) - 1), (j + 1) % grid.shape[1]
    j %= grid.shape[1]
    grey = (grid[i, j] * (1 - fu) + grid[i, next_] * fu) * (1 - fv) + (
        grid[below, j] * (1 - fu) + grid[below, next_] * fu
    ) * fv
    grey = np.where(radius < pupil, 20.0, np.where(radius > limbus, 200.0, grey))
    grey = (
        grey + np.random.default_rng([seed, round(1e3 * turned) % 7919, round(pupil)]).normal(size=grey.shape) * noise
    )
    lid = y < centre[1] - limbus + covered * 2 * limbus
    pixels = np.where(lid, 180.0, grey)
    ring = (radius > pupil) & (radius < limbus) & ~lid
    nothing = np.zeros(ring.shape, dtype=bool)
    found = Segmentation(
        circle(*centre, pupil),
        circle(*centre, limbus),
        ring,
        lid,
        nothing,
        nothing,
        NOWHERE,
        NOWHERE,
        Confidence(1.0, 1.0, 1.0, 1.0),
    )
    return np.clip(pixels, 0, 255).astype(np.uint8), found


def template(code: Any, mask: Any = None, position: EyePosition = EyePosition.UNKNOWN, **changed: Any) -> IrisTemplate:
    """Put words into a template."""
    full = np.full(256, 0xFFFFFFFFFFFFFFFF, np.uint64) if mask is None else np.asarray(mask, np.uint64)
    known: dict[str, Any] = {
        "algorithm": "biocore.iris.code/1",
        "width": 320,
        "height": 240,
        "position": position,
        "code": np.asarray(code, np.uint64) & full,
        "mask": full,
        "pupil_radius": 30.0,
        "iris_radius": 90.0,
    }
    return IrisTemplate(**(known | changed))
