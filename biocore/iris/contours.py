"""Deformable contours: from a rough circle to the closed curve that edges carry.

The neighbourhood of the circle is unrolled along rays; each sample is rewarded for the step of grey levels across it;
the best closed path is found by dynamic programming; and a few Fourier coefficients are fitted to the parts of the
path that edges carry, robustly and against priors, so that a hidden arc continues the visible one.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from biocore.kernels import iris as kernel
from biocore.types import GreyImage

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Band:
    """How a neighbourhood is unrolled and judged; lengths in radii of the circle.

    Attributes
    ----------
    near, far : float
        Where rays start and end.
    samples : int
        On each ray.
    widths : tuple of float
        Over which lengths, before and after, grey levels are averaged to find the step between them.
    bend : tuple of float
        Cost of a path's steps by 0, 1, ... samples.
    """

    near: float
    far: float
    samples: int
    widths: tuple[float, ...]
    bend: tuple[float, ...]

    @property
    def step(self) -> float:
        """Length between samples."""
        return (self.far - self.near) / (self.samples - 1)


@dataclass(frozen=True, slots=True, eq=False)
class Unrolled:
    """Grey levels and steps along rays from a centre: float32 arrays (angles, samples), radii float64 (samples,)."""

    grey: NDArray[np.float32]
    steps: NDArray[np.float32]
    radii: Floats


@lru_cache(maxsize=16)
def harmonics(count: int, order: int) -> Floats:
    """Return 1, cos t, sin t, ... cos nt, sin nt at `count` angles: float64 (count, 2 order + 1)."""
    turn = np.arange(count) * (2.0 * math.pi / count)
    columns = [np.ones(count)]
    for n in range(1, order + 1):
        columns += [np.cos(n * turn), np.sin(n * turn)]
    basis = np.stack(columns, axis=1)
    basis.flags.writeable = False
    return basis


def unroll(image: GreyImage, centre: tuple[float, float], radius: float, band: Band, angles: int) -> Unrolled:
    """Sample the neighbourhood of a circle, and the steps along its rays (positive: brighter outside)."""
    inner = np.full(angles, band.near * radius)
    outer = np.full(angles, band.far * radius)
    grey = kernel.rays(image, centre, inner, outer, band.samples)
    return Unrolled(grey, steps(grey, band), np.linspace(band.near, band.far, band.samples) * radius)


def steps(grey: NDArray[np.float32], band: Band) -> NDArray[np.float32]:
    """Return the step of grey levels across each sample, averaged over the band's widths."""
    return kernel.steps(grey, tuple(max(1, round(width / band.step)) for width in band.widths))


def trace(reward: NDArray[np.float32], band: Band) -> NDArray[np.int32]:
    """Return the sample on each ray where the best closed path passes."""
    return kernel.best_path(reward, np.asarray(band.bend, np.float32), closed=True)


def fit(
    radii: Floats,
    weights: Floats,
    prior: Floats,
    tightness: Floats,
    *,
    least_spread: float,
    start: Floats | None = None,
) -> kernel.Fit:
    """Fit Fourier coefficients to radii at equal angles; the arguments are those of `kernels.iris.fit_curve`."""
    basis = harmonics(len(radii), len(prior) // 2)
    return kernel.fit_curve(radii, weights, basis, prior, tightness, least_spread=least_spread, start=start)
