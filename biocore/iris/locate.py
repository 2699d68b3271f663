"""Which pair of circles is the eye: each candidate is traced roughly, and judged by what edges carry it."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import cv2
import numpy as np

from biocore.iris import circles, contours
from biocore.iris.circles import OFFSET, RATIO, Circle, Way
from biocore.iris.contours import Band, Fit, Floats
from biocore.kernels import iris as kernel
from biocore.types import GreyImage

ANGLES = 64  # of a rough contour
TRACED = (40.0, 90.0)  # px; radius a limbus is brought to before it is traced

LIMBUS_BAND = Band(near=0.65, far=1.42, samples=64, widths=(0.05, 0.10), bend=(0.0, 0.04, 0.16))
PUPIL_BAND = Band(near=0.45, far=1.7, samples=48, widths=(0.10, 0.20), bend=(0.0, 0.04, 0.16))
FULL_STEP = 0.09  # of the picture's contrast: an edge this high counts in full
PUPIL_RATIO = (0.42, 0.18)  # mean and deviation of pupil by limbus radius (ISO/IEC 29794-6 expects 0.2..0.7)
PUPIL_OFFSET = 0.07  # of the limbus radius, deviation of the pupil's centre on each axis
SHORTLIST = 4  # limbi that are searched for a pupil
PATCH = 36.0  # px; radius a limbus is brought to before its pupil is searched


@dataclass(frozen=True, slots=True)
class Eye:
    """A pupil and a limbus traced roughly, and what speaks for them, each 0 to 1."""

    pupil: Circle
    limbus: Circle
    dark: bool
    pupil_support: float
    limbus_support: float
    prior: float

    @property
    def score(self) -> float:
        """What hypotheses are ranked by."""
        return self.limbus_support + self.pupil_support + 0.35 * self.prior


class Pyramid:
    """A picture at falling scales, so that every circle is traced at about the same size."""

    def __init__(self, pixels: GreyImage) -> None:
        self.levels = [pixels]

    def level(self, radius: float, least: float) -> tuple[GreyImage, float]:
        """Return the smallest level on which `radius` stays >= `least` px, and its factor."""
        wanted = max(0, math.floor(math.log2(max(radius, 1.0) / least)))
        while len(self.levels) <= wanted and min(self.levels[-1].shape) >= 8:
            height, width = self.levels[-1].shape
            even = self.levels[-1][: height & ~1, : width & ~1]
            self.levels.append(cv2.resize(even, (width // 2, height // 2), interpolation=cv2.INTER_AREA))
        index = min(wanted, len(self.levels) - 1)
        return self.levels[index], float(2**index)


def contrast(picture: GreyImage) -> float:
    """Return the grey levels between the dark and the bright parts of a picture."""
    cumulated = np.cumsum(np.bincount(picture.ravel(), minlength=256)) / picture.size
    return float(np.searchsorted(cumulated, 0.90) - np.searchsorted(cumulated, 0.03))


def trust(count: int) -> Floats:
    """How much an edge of the limbus is believed at each angle: lids cover it above, often below, never beside."""
    sine = np.sin(np.arange(count) * (2.0 * math.pi / count))
    above = np.clip((0.75 - sine) / 0.45, 0.08, 1.0)
    below = np.clip((1.25 + sine) / 0.65, 0.4, 1.0)
    return np.minimum(above, below)


def _shrunk(circle: Circle, factor: float) -> Circle:
    return circle.scaled(1.0 / factor)


def trace_limbus(pyramid: Pyramid, circle: Circle, full: float) -> tuple[Circle, float, Fit]:
    """Trace a limbus roughly; return the circle through it, and its support."""
    image, factor = pyramid.level(circle.r, TRACED[0])
    c = _shrunk(circle, factor)
    view = contours.unroll(image, (c.x, c.y), c.r, LIMBUS_BAND, ANGLES)
    weight = trust(ANGLES)
    reward = np.clip(view.steps * np.float32(1.0 / full), -0.2, 1.0) * weight[:, None].astype(np.float32)
    path = contours.trace(reward, LIMBUS_BAND)
    rows = np.arange(ANGLES)
    radii = view.radii[path]
    strength = np.clip(view.steps[rows, path] / full, 0.0, 1.0).astype(np.float64)
    prior = np.array([c.r, 0.0, 0.0])
    tight = np.array([1.0 / (0.15 * c.r) ** 2, 1.0 / (0.08 * c.r) ** 2, 1.0 / (0.08 * c.r) ** 2]) * (0.03 * c.r) ** 2
    found = contours.fit(radii, weight * strength, prior, tight, least_spread=0.012 * c.r)
    r, dx, dy = found.coefficients
    support = float((weight * strength * found.keeps).sum() / weight.sum())
    traced = Circle(c.x + dx, c.y - dy, float(r), circle.score, circle.way)
    return traced.scaled(factor), support, found


def trace_pupil(pyramid: Pyramid, circle: Circle, full: float, *, dark: bool) -> tuple[Circle, float]:
    """Trace a pupil roughly; return the circle through it, and its support."""
    image, factor = pyramid.level(circle.r, 14.0)
    c = _shrunk(circle, factor)
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
    c = _shrunk(limbus, factor)
    reach = 0.9 * c.r
    x0, y0 = max(0, math.floor(c.x - reach)), max(0, math.floor(c.y - reach))
    patch = image[y0 : math.ceil(c.y + reach) + 1, x0 : math.ceil(c.x + reach) + 1]
    if min(patch.shape) < 8:
        return []
    gx, gy = circles.gradients(np.ascontiguousarray(patch))
    span = (max(2.0, RATIO[0] * c.r), RATIO[1] * c.r)
    found = circles.discs(gx, gy, span, (c.x - x0, c.y - y0), OFFSET * c.r, count)
    return [replace(d, x=d.x + x0, y=d.y + y0).scaled(factor) for d in found]


def plausibility(pupil: Circle, limbus: Circle) -> float:
    """How usual a pair is: 1 for a concentric pupil of the usual size, falling to 0."""
    ratio = (pupil.r / limbus.r - PUPIL_RATIO[0]) / PUPIL_RATIO[1]
    dx, dy = (pupil.x - limbus.x) / limbus.r / PUPIL_OFFSET, (pupil.y - limbus.y) / limbus.r / PUPIL_OFFSET
    return math.exp(-0.5 * (ratio * ratio + dx * dx + dy * dy))


def possible(pupil: Circle, limbus: Circle) -> bool:
    """Whether one eye could have this pair."""
    offset = math.hypot(pupil.x - limbus.x, pupil.y - limbus.y)
    return RATIO[0] <= pupil.r / limbus.r <= RATIO[1] and offset <= OFFSET * limbus.r and offset + pupil.r < limbus.r


def candidates(pixels: GreyImage) -> list[Eye]:
    """Return what may be the eye, the best first; none where there is nothing round."""
    pyramid = Pyramid(pixels)
    coarse, factor = circles.reduce(pixels)
    full = max(3.0, FULL_STEP * contrast(coarse))
    gx, gy = circles.gradients(coarse)
    inner = circles.pupils(gx, gy, dark=True) + circles.blobs(coarse)
    outer = circles.limbi(gx, gy)
    traced = [trace_limbus(pyramid, c.scaled(factor), full) for c in outer]
    traced.sort(key=lambda t: -t[1])
    eyes = []
    for limbus, limbus_support, _ in traced[:SHORTLIST]:
        near = [c for c in (p.scaled(factor) for p in inner) if possible(c, limbus)]
        for c in near[:3] + pupil_candidates(pyramid, limbus):
            dark = c.way is not Way.BRIGHT_VOTES
            pupil, support = trace_pupil(pyramid, c, full, dark=dark)
            if possible(pupil, limbus):
                eyes.append(Eye(pupil, limbus, dark, support, limbus_support, plausibility(pupil, limbus)))
    return sorted(eyes, key=lambda e: -e.score)
