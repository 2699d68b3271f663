"""The limbus, roughly: the path along a voted circle, past a bright ring that may lie inside it."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from biocore.iris import contours
from biocore.iris.circles import Circle
from biocore.iris.contours import Band, Floats
from biocore.iris.pyramid import Pyramid
from biocore.kernels.iris import Fit

ANGLES = 64  # of a rough contour
BAND = Band(near=0.65, far=1.42, samples=64, widths=(0.05, 0.10), bend=(0.0, 0.04, 0.16))
TRACED = 40.0  # px; least radius a limbus is brought to before it is traced
SURE = 0.6  # trust above which a ray shows the iris and the sclera
LEAST_DEVIATION = 2.0  # grey levels
WELL_APART = 3.0  # deviations of the iris by which a sclera is brighter; more says no more
SUPPORT_ODDS, APART_ODDS = (
    4.7,
    2.2,
)  # log odds that a limbus is right, for full support and separation: see locate.PUPIL_ODDS
DOUBT_ODDS = 1.2  # for what may be a ring's inner edge
INSIDE, OUTSIDE = (0.70, 0.93), (1.06, 1.22)  # radii; where the iris and the sclera are looked at
OVAL = 0.005  # radii; deviation of a limbus from its circle: gaze
TIGHT = (0.03 / np.array([0.15, 0.08, 0.08, OVAL, OVAL])) ** 2  # of its radius, centre and oval
TIGHT.flags.writeable = False
RING_GAP = 0.06  # radii between a ring's inner edge and the limbus, at least
RING_RATIO = (1.11, 1.4)  # limbus by inner edge of a ring; arcus senilis begins at 0.75 to 0.9 of the limbus
RING_OFFSET = 0.045  # of the limbus radius between both centres: rings in the cornea are concentric, lids are not
RING_SUPPORT, DOUBT_SUPPORT = 0.7, 0.6  # of the inner edge's support that the limbus must have, and may have
RING_SURE = 0.3  # trust left to a ray that carries both
RING_RAYS = 0.1  # of all rays that must carry both, on either side of the eye
RING_DIP = 0.10  # of the ring's height by which grey levels fall behind it
RING_SECOND = 0.35  # of the ring's height by which they rise again
RING_LEAST = 2.0  # grey levels
ACROSS = np.linspace(-0.5, 1.5, 41)  # of the way from a ring's inner edge to the limbus, where both are looked at
ACROSS.flags.writeable = False
PLATEAU_SUPPORT = 0.7  # of the inner edge's support that the limbus must have where grey levels do not fall
PLATEAU_SLOPE, PLATEAU_LENGTH = 0.06, 4  # of the ring's height, between tenths of the way; tenths that are so flat


@dataclass(frozen=True, slots=True)
class Limbus:
    """A limbus traced roughly.

    Attributes
    ----------
    circle : Circle
    support : float
        Share of the trusted rays that carry it, weighted by their edges, 0 to 1.
    separation : float
        By how many of its deviations the iris is darker than what lies outside.
    ring : bool
        Whether a brighter ring inside had to be passed over.
    doubtful : bool
        Whether it may be such a ring's inner edge itself: one side of the eye says so.
    """

    circle: Circle
    support: float
    separation: float
    ring: bool = False
    doubtful: bool = False

    @property
    def score(self) -> float:
        """What limbi are ranked by."""
        edges = SUPPORT_ODDS * self.support + APART_ODDS * min(max(self.separation / WELL_APART, -0.7), 1.0)
        return edges - DOUBT_ODDS * self.doubtful


@lru_cache(maxsize=4)
def trust(count: int) -> Floats:
    """How much an edge of the limbus is believed at each angle: lids cover it above, often below, never beside."""
    sine = np.sin(np.arange(count) * (2.0 * math.pi / count))
    above = np.clip((0.75 - sine) / 0.45, 0.08, 1.0)
    below = np.clip((1.25 + sine) / 0.65, 0.4, 1.0)
    out = np.minimum(above, below)
    out.flags.writeable = False  # it is handed out again and again
    return np.asarray(out)


def trace(pyramid: Pyramid, circle: Circle, full: float, shape: Floats | None = None) -> Limbus:
    """Trace a limbus roughly; with `shape`, radii at `ANGLES` angles of a curve of mean radius 1, along that."""
    view, c, factor = _view(pyramid, circle, shape)
    weight = trust(ANGLES)
    return _limbus(view, c, factor, *_path(view, weight, c, full))


def past_ring(pyramid: Pyramid, inner: Limbus, full: float) -> Limbus:
    """Return the limbus outside, where `inner` is the inner edge of a bright ring in the cornea (arcus senilis)."""
    view, c, factor = _view(pyramid, inner.circle)
    weight = trust(ANGLES)
    gap = RING_GAP * c.r
    whole = np.full(ANGLES, c.r)
    first, _ = _path(view, weight, c, full, after=whole - gap, until=whole + gap)
    second, support = _path(view, weight, c, full, after=_behind(view, first.curve + gap))
    ratio = second.coefficients[0] / first.coefficients[0]
    rays = weight * first.keeps * second.keeps > RING_SURE
    right = contours.harmonics(ANGLES, 1)[:, 1] > 0.0
    dips = support < PLATEAU_SUPPORT * inner.support
    if not RING_RATIO[0] < ratio < RING_RATIO[1]:
        return inner
    sides = (rays & side for side in (right, ~right))  # not looked at where they could not change a thing
    seen = support > DOUBT_SUPPORT * inner.support and any(
        _steps_twice(view, first.curve, second.curve, side, dips=dips) for side in sides
    )
    off = math.hypot(*(second.coefficients[1:3] - first.coefficients[1:3])) / second.coefficients[0]
    if seen and off < RING_OFFSET and support > RING_SUPPORT * inner.support:
        return replace(_limbus(view, c, factor, second, max(support, inner.support), first.curve), ring=True)
    return replace(inner, doubtful=seen)


def _view(pyramid: Pyramid, circle: Circle, shape: Floats | None = None) -> tuple[contours.Unrolled, Circle, float]:
    image, factor = pyramid.level(circle.r, TRACED)
    c = circle.scaled(1.0 / factor)
    return contours.unroll(image, (c.x, c.y), c.r, BAND, ANGLES, shape), c, factor


def _limbus(
    view: contours.Unrolled, c: Circle, factor: float, found: Fit, support: float, ring: Floats | None = None
) -> Limbus:
    r, dx, dy = found.coefficients[:3]
    apart = separation(view, found.curve, trust(ANGLES) >= SURE, ring)
    return Limbus(Circle(c.x + dx, c.y - dy, float(r), c.score, c.way).scaled(factor), support, apart)


def separation(view: contours.Unrolled, curve: Floats, rays: NDArray[np.bool_], ring: Floats | None = None) -> float:
    """Return by how many deviations of the iris, which ends where a ring begins, the outside of a curve is brighter."""
    share = view.radii[None, :] / curve[rays, None]
    within = share if ring is None else view.radii[None, :] / ring[rays, None]
    grey = view.grey[rays]
    inside = grey[(within > INSIDE[0]) & (within < INSIDE[1]) & (grey >= 0)]
    outside = grey[(share > OUTSIDE[0]) & (share < OUTSIDE[1]) & (grey >= 0)]
    if not (inside.size and outside.size):
        return 0.0
    level = contours.median(inside)
    deviation = max(LEAST_DEVIATION, 1.4826 * contours.median(np.abs(inside - np.float32(level))))
    return (contours.median(outside) - level) / deviation


def _path(
    view: contours.Unrolled,
    weight: Floats,
    c: Circle,
    full: float,
    *,
    after: Floats | None = None,
    until: Floats | None = None,
) -> tuple[Fit, float]:
    """Return the ellipse through the best path between two curves, and the share of trusted rays that carry it."""
    prior = np.array([c.r, 0.0, 0.0, 0.0, 0.0])
    _, strength, found = contours.trace(
        view, BAND, weight, full, prior, TIGHT, least_spread=0.012 * c.r, after=after, until=until
    )
    return found, float((weight * strength * found.keeps).sum() / weight.sum())


def _behind(view: contours.Unrolled, curve: Floats) -> Floats:
    """Return where, from a curve outwards, the edge along it has ebbed away: the next radius of least step."""
    start = (curve - view.radii[0]) / (view.radii[1] - view.radii[0])
    ebbed = view.steps[:, 1:] >= view.steps[:, :-1]
    ebbed &= np.arange(ebbed.shape[1]) >= start[:, None]
    return np.asarray(view.radii[np.where(ebbed.any(axis=1), ebbed.argmax(axis=1), ebbed.shape[1])])


def _steps_twice(view: contours.Unrolled, inner: Floats, outer: Floats, rays: NDArray[np.bool_], *, dips: bool) -> bool:
    """Whether grey levels rise, stay or fall (with `dips`: surely fall), and rise again across two contours.

    They do so across a ring in the cornea and the limbus behind it; across a limbus and the sclera they rise once. The
    rays are laid over each other so that both contours coincide; texture leaves their median.
    """
    if np.count_nonzero(rays) < RING_RAYS * ANGLES:
        return False
    radii = inner[rays, None] + (outer - inner)[rays, None] * ACROSS
    index = np.round((radii - view.radii[0]) / (view.radii[1] - view.radii[0])).astype(np.intp)
    np.clip(index, 0, view.grey.shape[1] - 1, out=index)
    index += (np.flatnonzero(rays) * view.grey.shape[1])[:, None]
    profile = contours.medians(view.grey.ravel()[index].T)
    between = profile[8:36]
    fall = np.maximum.accumulate(between) - between
    lowest = int(fall.argmax())
    dip = float(fall[lowest])
    first_rise = float(between[: lowest + 1].max() - profile[:11].min())
    second_rise = float(profile[8 + lowest :].max() - between[lowest])
    falls = dip > max(RING_LEAST, RING_DIP * first_rise)
    if falls or dips:
        return falls and second_rise > RING_SECOND * first_rise
    flat = np.abs(np.diff(profile[14:28:2])) < PLATEAU_SLOPE * first_rise
    return bool(np.count_nonzero(flat) >= PLATEAU_LENGTH) and second_rise > RING_SECOND * first_rise
