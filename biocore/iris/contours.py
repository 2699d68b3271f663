"""Deformable contours: from a rough circle to the closed curve that edges carry.

The neighbourhood of the circle is unrolled along rays; each sample is rewarded for the step of grey levels across it;
the best closed path is found by dynamic programming; and a few Fourier coefficients are fitted to the parts of the
path that edges carry, robustly and against priors, so that a hidden arc continues the visible one.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
from numpy.typing import NDArray

from biocore.kernels import iris as kernel
from biocore.types import GreyImage

Floats = NDArray[np.float64]

AGAINST = -0.2  # worth of a step the wrong way, at least; full steps are worth 1


@dataclass(frozen=True, eq=False)
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

    @cached_property
    def samples_across(self) -> tuple[int, ...]:
        """The widths in samples."""
        return self.in_samples(self.widths)

    def in_samples(self, widths: tuple[float, ...]) -> tuple[int, ...]:
        """Return widths in samples."""
        return tuple(max(1, round(width / self.step)) for width in widths)

    @cached_property
    def along(self) -> Floats:
        """Where the samples of a ray lie: float64 (samples,)."""
        return np.linspace(self.near, self.far, self.samples)

    @cached_property
    def costs(self) -> NDArray[np.float32]:
        """The cost of a path's steps as kernels take it."""
        return np.asarray(self.bend, np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class Unrolled:
    """Grey levels and steps along rays from a centre: float32 arrays (angles, samples), radii float64 (samples,).

    Where a shape was unrolled, radii count in multiples of it: a curve of equal radii has that shape.
    """

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


@lru_cache(maxsize=16)
def _ends(band: Band, angles: int) -> tuple[Floats, Floats]:
    """Return where rays start and where they end, in radii."""
    return np.full(angles, band.near), np.full(angles, band.far)


def unroll(
    image: GreyImage,
    centre: tuple[float, float],
    radius: float,
    band: Band,
    angles: int,
    shape: Floats | None = None,
    widths: tuple[float, ...] | None = None,
) -> Unrolled:
    """Sample the neighbourhood of a circle, and the steps along its rays (positive: brighter outside).

    With `shape`, radii at these angles of a curve of mean radius 1, the neighbourhood of that curve; with `widths`,
    steps across these instead of the band's.
    """
    near, far = _ends(band, angles)
    if shape is not None:
        near, far = near * shape, far * shape
    across = band.samples_across if widths is None else band.in_samples(widths)
    grey, steps = kernel.unroll(image, centre, near * radius, far * radius, band.samples, across)
    return Unrolled(grey, steps, band.along * radius)


def trace(
    view: Unrolled,
    band: Band,
    trust: Floats,
    full: float,
    prior: Floats,
    tightness: Floats,
    *,
    least_spread: float,
    relative: bool = False,
    after: Floats | None = None,
    until: Floats | None = None,
) -> tuple[Floats, Floats, kernel.Fit]:
    """Follow the edge around: return its radius and strength (0 to 1) on each ray, and the curve fitted to it.

    The arguments are those of `kernels.iris.follow`; `after` and `until` are radii here, px.
    """
    step = view.radii[1] - view.radii[0]
    first, last = (None if curve is None else (curve - view.radii[0]) / step for curve in (after, until))
    basis = harmonics(len(trust), len(prior) // 2)
    return kernel.follow(
        view.steps, view.radii, trust, band.costs, basis, prior, tightness, full=full, floor=AGAINST,
        least_spread=least_spread, relative=relative, after=first, until=last,
    )  # fmt: skip


def sharpness(view: Unrolled, band: Band, path: Floats, narrow: float, wide: float) -> float:
    """Return the step across a narrow band along a path by that across a wide one: 1 on an edge without any width."""
    at = np.round((path - view.radii[0]) / (view.radii[1] - view.radii[0])).astype(np.intp)
    short, long = (_steps(view.grey, at, *band.in_samples((width,))) for width in (narrow, wide))
    sign = 1.0 if long.sum() > 0.0 else -1.0
    return float(np.maximum(sign * short, 0.0).sum() / max(float(np.maximum(sign * long, 0.0).sum()), 1e-6))


def _steps(grey: NDArray[np.float32], at: NDArray[np.intp], width: int) -> Floats:
    """Return the step across `width` samples at one sample of each ray, as `kernels.iris.unroll` has it."""
    count = grey.shape[1]
    reach = np.arange(1, width + 1)
    middle = np.clip(at, width, count - 1 - width)[:, None] if count > 2 * width else np.zeros((len(at), 1), np.intp)
    inside = (at >= width) & (at < count - width)
    rays = np.arange(len(at))[:, None]
    after = grey[rays, np.minimum(middle + reach, count - 1)].astype(np.float64)
    before = grey[rays, np.maximum(middle - reach, 0)].astype(np.float64)
    inside &= (after[:, -1] >= 0.0) & (before[:, -1] >= 0.0)  # negative: beyond the picture
    return np.asarray(np.where(inside, after.mean(axis=1) - before.mean(axis=1), 0.0))


def median(values: NDArray[np.floating]) -> float:
    """Return the upper median of some values, at a fraction of what NumPy's takes."""
    middle = values.size // 2
    return float(np.partition(values, middle, axis=None)[middle])


def medians(rows: NDArray[np.floating]) -> NDArray[np.floating]:
    """Return the median of each row, at a fraction of what NumPy's takes."""
    ordered, middle = np.sort(rows, axis=1), rows.shape[1] // 2
    if rows.shape[1] % 2:
        return np.asarray(ordered[:, middle])
    return np.asarray(0.5 * (ordered[:, middle - 1] + ordered[:, middle]))


def distance(x: float, y: float, r: float, angles: int) -> Floats:
    """Return how far a circle is, at equal angles, from a place its centre lies (x, y) beside, to first order: px."""
    turn = harmonics(angles, 1)
    return np.asarray(r + x * turn[:, 1] - y * turn[:, 2])


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
