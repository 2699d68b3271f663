"""Which pair of circles is the eye: each candidate is traced roughly, and judged by what edges carry it."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from biocore.iris import circles, contours
from biocore.iris.circles import OFFSET, RATIO, Circle, Way
from biocore.iris.contours import Band, Floats
from biocore.kernels.iris import Fit
from biocore.types import GreyImage

ANGLES = 64  # of a rough contour
TRACED = 40.0  # px; least radius a limbus is brought to before it is traced
RING_GAP = 0.06  # radii between a ring's inner edge and the limbus, at least
RING_RATIO = (1.11, 1.4)  # limbus by inner edge of a ring; arcus senilis begins at 0.75 to 0.9 of the limbus
RING_SUPPORT = 0.4  # of the inner edge's support that the limbus must have
RING_RAYS = 0.2  # of all rays that must carry both
RING_DIP = 0.10  # of the ring's height by which grey levels fall behind it
RING_SECOND = 0.35  # of the ring's height by which they rise again
RING_LEAST = 2.0  # grey levels

LIMBUS_BAND = Band(near=0.65, far=1.42, samples=64, widths=(0.05, 0.10), bend=(0.0, 0.04, 0.16))
PUPIL_BAND = Band(near=0.45, far=1.7, samples=48, widths=(0.10, 0.20), bend=(0.0, 0.04, 0.16))
FULL_STEP = 0.09  # of the picture's contrast: an edge this high counts in full
PUPIL_RATIO = (0.42, 0.18)  # mean and deviation of pupil by limbus radius (ISO/IEC 29794-6 expects 0.2..0.7)
PUPIL_OFFSET = 0.10  # of the limbus radius, deviation of the pupil's centre
SCORE = {
    "limbus": 5.2,
    "separation": 5.8,
    "pupil": 2.7,
    "ratio": 2.0,
    "offset": 1.4,
}  # logistic, benchmarks/bench_iris.py
CLEAR = 0.7  # support of a pupil that need not be searched for further
SURE = 0.6  # trust above which a ray shows the iris and the sclera
LEAST_DEVIATION = 2.0  # grey levels
LIMBI = 8  # limbi that are traced
SHORTLIST = 5  # limbi that are searched for a pupil
HINT = 1.5  # what a disc inside adds to a limbus' support when the short list is made
PUPILS = 6  # pupils that are traced in each limbus
PATCH = 36.0  # px; radius a limbus is brought to before its pupil is searched


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
    """

    circle: Circle
    support: float
    separation: float
    ring: bool = False

    @property
    def score(self) -> float:
        """What limbi are ranked by."""
        return SCORE["limbus"] * self.support + SCORE["separation"] * min(max(self.separation / 3.0, -0.7), 1.0)


@dataclass(frozen=True, slots=True)
class Eye:
    """A pupil and a limbus traced roughly; `dark` where the pupil is darker than the iris, supports 0 to 1."""

    pupil: Circle
    limbus: Circle
    dark: bool
    pupil_support: float
    outline: Limbus

    @property
    def score(self) -> float:
        """Log odds that both circles are right."""
        ratio = (self.pupil.r / self.limbus.r - PUPIL_RATIO[0]) / PUPIL_RATIO[1]
        offset = math.hypot(self.pupil.x - self.limbus.x, self.pupil.y - self.limbus.y) / self.limbus.r / PUPIL_OFFSET
        edges = self.outline.score + SCORE["pupil"] * self.pupil_support
        return edges - SCORE["ratio"] * ratio * ratio - SCORE["offset"] * offset * offset


class Pyramid:
    """A picture at falling scales, so that every circle is traced at about the same size."""

    def __init__(self, pixels: GreyImage) -> None:
        self.levels = [pixels]

    def level(self, radius: float, least: float) -> tuple[GreyImage, float]:
        """Return the smallest level on which `radius` stays >= `least` px, and its factor."""
        wanted = max(0, math.floor(math.log2(max(radius, 1.0) / least)))
        while len(self.levels) <= wanted and min(self.levels[-1].shape) >= 8:
            self.levels.append(circles.shrink(self.levels[-1], 2))
        index = min(wanted, len(self.levels) - 1)
        return self.levels[index], float(2**index)


def contrast(picture: GreyImage) -> float:
    """Return the grey levels between the dark and the bright parts of a picture."""
    cumulated = np.cumsum(np.bincount(picture.ravel(), minlength=256)) / picture.size
    return float(np.searchsorted(cumulated, 0.90) - np.searchsorted(cumulated, 0.03))


def full_step(picture: GreyImage) -> float:
    """Return the step of grey levels that counts in full as an edge of this picture."""
    return max(3.0, FULL_STEP * contrast(picture))


def trust(count: int) -> Floats:
    """How much an edge of the limbus is believed at each angle: lids cover it above, often below, never beside."""
    sine = np.sin(np.arange(count) * (2.0 * math.pi / count))
    above = np.clip((0.75 - sine) / 0.45, 0.08, 1.0)
    below = np.clip((1.25 + sine) / 0.65, 0.4, 1.0)
    return np.asarray(np.minimum(above, below))


def trace_limbus(pyramid: Pyramid, circle: Circle, full: float) -> Limbus:
    """Trace a limbus roughly, past a bright ring that may lie inside it."""
    image, factor = pyramid.level(circle.r, TRACED)
    c = circle.scaled(1.0 / factor)
    view = contours.unroll(image, (c.x, c.y), c.r, LIMBUS_BAND, ANGLES)
    weight = trust(ANGLES)
    reward = np.clip(view.steps * np.float32(1.0 / full), -0.2, 1.0) * weight[:, None].astype(np.float32)
    inner, support = _limbus_path(view, reward, weight, c, full)
    curve = inner.curve
    ring = False
    beyond = reward * (view.radii[None, :] > curve[:, None] + RING_GAP * c.r)
    outer, outer_support = _limbus_path(view, beyond, weight, c, full)
    further = outer.curve
    ratio = outer.coefficients[0] / inner.coefficients[0]
    if outer_support > RING_SUPPORT * support and RING_RATIO[0] < ratio < RING_RATIO[1]:
        ring = _dips(view, curve, further, weight * outer.keeps * inner.keeps > 0.3)
    found, support = (outer, max(support, outer_support)) if ring else (inner, support)
    r, dx, dy = found.coefficients
    contrasted = separation(view, found.curve, weight >= SURE, (0.70, 0.93), (1.06, 1.22))
    return Limbus(Circle(c.x + dx, c.y - dy, float(r), c.score, c.way).scaled(factor), support, contrasted, ring)


def separation(
    view: contours.Unrolled,
    curve: Floats,
    rays: NDArray[np.bool_],
    within: tuple[float, float],
    beyond: tuple[float, float],
) -> float:
    """Return by how many deviations of the inside the outside of a curve is brighter."""
    share = view.radii[None, :] / curve[rays, None]
    grey = view.grey[rays]
    inside = grey[(share > within[0]) & (share < within[1]) & (grey >= 0)]
    outside = grey[(share > beyond[0]) & (share < beyond[1]) & (grey >= 0)]
    if not (inside.size and outside.size):
        return 0.0
    level = np.median(inside)
    deviation = max(LEAST_DEVIATION, 1.4826 * float(np.median(np.abs(inside - level))))
    return float(np.median(outside) - level) / deviation


def _limbus_path(
    view: contours.Unrolled, reward: NDArray[np.float32], weight: Floats, c: Circle, full: float
) -> tuple[Fit, float]:
    """Return the circle through the best path, and the share of trusted rays that carry it."""
    path = contours.trace(reward, LIMBUS_BAND)
    rows = np.arange(ANGLES)
    strength = np.clip(view.steps[rows, path] / full, 0.0, 1.0).astype(np.float64) * (reward[rows, path] > 0)
    prior = np.array([c.r, 0.0, 0.0])
    tight = (0.03 / np.array([0.15, 0.08, 0.08])) ** 2
    found = contours.fit(view.radii[path], weight * strength, prior, tight, least_spread=0.012 * c.r)
    return found, float((weight * strength * found.keeps).sum() / weight.sum())


def _dips(view: contours.Unrolled, inner: Floats, outer: Floats, rays: NDArray[np.bool_]) -> bool:
    """Whether grey levels fall again between two contours: behind a ring in the cornea, not on the sclera.

    The rays are laid over each other so that both contours coincide; texture leaves their median.
    """
    if np.count_nonzero(rays) < RING_RAYS * ANGLES:
        return False
    along = np.linspace(-0.5, 1.5, 41)
    radii = inner[rays, None] + (outer - inner)[rays, None] * along
    index = np.round((radii - view.radii[0]) / (view.radii[1] - view.radii[0])).astype(np.intp)
    grey = np.take_along_axis(view.grey[rays], np.clip(index, 0, view.grey.shape[1] - 1), axis=1)
    profile = np.median(grey, axis=0)
    between = profile[8:36]
    fall = np.maximum.accumulate(between) - between
    lowest = int(fall.argmax())
    dip = float(fall[lowest])
    first_rise = float(between[: lowest + 1].max() - profile[:11].min())
    second_rise = float(profile[8 + lowest :].max() - between[lowest])
    return dip > max(RING_LEAST, RING_DIP * first_rise) and second_rise > RING_SECOND * first_rise


def trace_pupil(pyramid: Pyramid, circle: Circle, full: float, *, dark: bool) -> tuple[Circle, float]:
    """Trace a pupil roughly; return the circle through it, and its support."""
    image, factor = pyramid.level(circle.r, 14.0)
    c = circle.scaled(1.0 / factor)
    view = contours.unroll(image, (c.x, c.y), c.r, PUPIL_BAND, ANGLES)
    reward = np.clip(view.steps * np.float32((1.0 if dark else -1.0) / full), -0.2, 1.0)
    path = contours.trace(reward, PUPIL_BAND)
    radii = view.radii[path]
    strength = np.clip(reward[np.arange(ANGLES), path], 0.0, 1.0).astype(np.float64)
    prior = np.array([c.r, 0.0, 0.0])
    tight = np.array([1.0 / 0.3**2, 1.0 / 0.3**2, 1.0 / 0.3**2]) * 0.05**2
    found = contours.fit(radii, strength, prior, tight, least_spread=0.03 * c.r)
    r, dx, dy = found.coefficients
    support = float((strength * found.keeps).mean())
    return Circle(c.x + dx, c.y - dy, float(r), circle.score, circle.way).scaled(factor), support


def pupil_candidates(pyramid: Pyramid, limbus: Circle, count: int = 3) -> list[Circle]:
    """Return discs inside a limbus that edges vote for, dark and bright, however faint."""
    image, factor = pyramid.level(limbus.r, PATCH)
    c = limbus.scaled(1.0 / factor)
    reach = 0.9 * c.r
    x0, y0 = max(0, math.floor(c.x - reach)), max(0, math.floor(c.y - reach))
    patch = image[y0 : math.ceil(c.y + reach) + 1, x0 : math.ceil(c.x + reach) + 1]
    if min(patch.shape) < 8:
        return []
    gx, gy = circles.gradients(np.ascontiguousarray(patch))
    span = (max(2.0, RATIO[0] * c.r), RATIO[1] * c.r)
    found = circles.discs(gx, gy, span, (c.x - x0, c.y - y0), OFFSET * c.r, count)
    return [replace(d, x=d.x + x0, y=d.y + y0).scaled(factor) for d in found]


def possible(pupil: Circle, limbus: Circle) -> bool:
    """Whether one eye could have this pair."""
    offset = math.hypot(pupil.x - limbus.x, pupil.y - limbus.y)
    return RATIO[0] <= pupil.r / limbus.r <= RATIO[1] and offset <= OFFSET * limbus.r and offset + pupil.r < limbus.r


def candidates(pixels: GreyImage) -> list[Eye]:
    """Return what may be the eye, the best first; none where there is nothing round."""
    pyramid = Pyramid(pixels)
    coarse, factor = circles.reduce(pixels)
    full = full_step(coarse)
    gx, gy = circles.gradients(coarse)
    votes = circles.limbi(gx, gy)
    inner = circles.distinct(circles.blobs(coarse) + circles.pupils(gx, gy).peaks(6), 8)
    around = [c for c in (votes.around(p) for p in inner) if c is not None]
    outer = circles.distinct(sorted(votes.peaks(4) + around, key=lambda c: -c.score), LIMBI)
    traced = [trace_limbus(pyramid, c.scaled(factor), full) for c in outer]
    inner = [c.scaled(factor) for c in inner]
    return sorted(_pairs(pyramid, inner, _shortlist(traced, inner), full), key=lambda e: -e.score)


def _shortlist(traced: list[Limbus], inner: list[Circle]) -> list[Limbus]:
    """Return the most promising limbi: well supported, round something that may be a pupil."""
    hint = [max((min(c.score, 1.0) for c in inner if possible(c, t.circle)), default=0.0) for t in traced]
    order = sorted(range(len(traced)), key=lambda i: -traced[i].score - HINT * hint[i])
    kept = circles.distinct([traced[i].circle for i in order], SHORTLIST)
    return [traced[i] for i in order if traced[i].circle in kept]


def _pairs(pyramid: Pyramid, inner: list[Circle], outer: list[Limbus], full: float) -> list[Eye]:
    """Trace the pupils that each limbus may have; where none found before is clear, look for faint ones."""
    eyes: list[Eye] = []
    for outline in outer:
        near = [c for c in inner if possible(c, outline.circle)]
        found = [eye for c in near[:3] if (eye := _pair(pyramid, c, outline, full))]
        if max((e.pupil_support for e in found), default=0.0) < CLEAR:
            faint = circles.distinct(pupil_candidates(pyramid, outline.circle, 2), PUPILS)
            found += [eye for c in faint if (eye := _pair(pyramid, c, outline, full))]
        eyes += found
    return eyes


def _pair(pyramid: Pyramid, circle: Circle, outline: Limbus, full: float) -> Eye | None:
    """Trace one pupil; None where it leaves the limbus."""
    dark = circle.way is not Way.BRIGHT_VOTES
    pupil, support = trace_pupil(pyramid, circle, full, dark=dark)
    return Eye(pupil, outline.circle, dark, support, outline) if possible(pupil, outline.circle) else None
