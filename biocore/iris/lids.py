"""Lids: the curve where skin and lashes end and the iris begins."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from biocore.iris import contours
from biocore.iris.pyramid import Pyramid
from biocore.iris.segmentation import Contour
from biocore.kernels import iris as kernel
from biocore.kernels import irissearch as search
from biocore.types import GreyImage

Floats = NDArray[np.float64]

RADIUS = 32.0  # px; least radius a limbus is brought to before its lids are searched
REACH = 1.15  # radii; rows searched above and below the centre of the iris
DEEPEST = 0.45  # radii beyond the centre that a lid may reach
SURELY_UNLIKE = 0.12  # mean beyond a lid, from -0.5 for iris to 0.5 for surely something else
UNLIKE = 3.0  # deviations of the iris at which a pixel is surely something else
DARKER = (
    0.5  # what a darker pixel says of what a brighter one does: at most nothing, as lashes and shadows lie on the iris
)
GLARE = 0.5  # of the way from the iris to white; beyond, a window is mirrored
ABOVE = 0.6  # radii above or below the centre; skin reaches the limbus there
LEAST_DEVIATION = 8.0  # grey levels; light falls unevenly on an iris, too
EDGE = 0.06  # of a column's length: what a full edge is worth beside the pixels it divides
BEND = (0.0, 0.3, 0.9, 1.8)  # cost of a lid's steps from column to column, in pixels divided wrongly
FLATNESS = (1e-6, 0.5, 0.5)  # how firmly height, slope and curvature of a lid are expected to be nought, in columns
# Curvature (radii; coefficient of t²) of a lid at most; that of a limbus seen this way is 0.6. Above, the limbus is not
# much believed, so nothing is lost if it is taken for a lid.
ROUNDEST_UPPER, ROUNDEST_LOWER = 0.75, 0.42
SPREAD = 0.03  # radii; deviation of a path from the parabola that is no outlier


@dataclass(frozen=True, slots=True)
class Tone:
    """Grey levels of a part of the eye: median, and robust deviation."""

    level: float
    deviation: float


def tone(values: NDArray[np.float32]) -> Tone:
    """Return the tone of some pixels."""
    if values.size == 0:
        return Tone(0.0, 255.0)
    level = contours.median(values)
    return Tone(level, max(LEAST_DEVIATION, 1.4826 * contours.median(np.abs(values - np.float32(level)))))


def iris_tone(pyramid: Pyramid, pupil: Contour, limbus: Contour) -> Tone:
    """Return the tone of the sectors beside and below the pupil, where lids come last."""
    image, factor = pyramid.level(limbus.radius, RADIUS)
    inner = 1.12 * pupil.at(64) / factor
    outer = 0.92 * limbus.at(64) / factor
    grey = kernel.rays(image, (pupil.cx / factor, pupil.cy / factor), inner, np.maximum(outer, inner), 16)
    sine = np.sin(np.arange(64) * (2.0 * math.pi / 64))
    safe = grey[(sine < 0.3) & (sine > -0.85)]
    safe = safe[safe >= 0]
    if not safe.size:
        return tone(safe)
    level = contours.median(safe)
    return tone(safe[safe <= level + GLARE * (255.0 - level)])


def pupil_tone(pyramid: Pyramid, pupil: Contour) -> Tone:
    """Return the tone of the pupil's lower half, which a drooping lid hides last."""
    image, factor = pyramid.level(pupil.radius, 8.0)
    outer = 0.85 * pupil.at(32) / factor
    grey = kernel.rays(image, (pupil.cx / factor, pupil.cy / factor), 0.1 * outer, outer, 8)[17:]
    return tone(grey[grey >= 0])


def find(pyramid: Pyramid, pupil: Contour, limbus: Contour, iris: Tone, pupil_tone: Tone) -> tuple[Floats, Floats]:
    """Return the edges of the upper and of the lower lid, as points from left to right; empty where off the iris.

    Each column is divided where the pixels above look least, and those below most, like iris (or, inside its contour,
    like the pupil), with a bonus for an edge there; the best path over all columns is smoothed by a parabola. Skin is
    what tells a lid: lashes and its shadow reach far over the iris, are masked pixel by pixel, and say nothing here.
    """
    image, factor = pyramid.level(limbus.radius, RADIUS)
    cx, cy, r = limbus.shape.cx / factor, limbus.shape.cy / factor, limbus.radius / factor
    xs = np.arange(math.ceil(cx - 0.98 * r), math.floor(cx + 0.98 * r) + 1)
    ys = np.arange(math.ceil(cy - REACH * r), math.floor(cy + REACH * r) + 1)
    xs = xs[(xs >= 0) & (xs < image.shape[1])]
    ys = ys[(ys >= 0) & (ys < image.shape[0])]
    if len(xs) < 8 or len(ys) < 8:
        empty = np.empty((0, 2))
        return empty, empty
    patch = _smooth(image, ys[0], ys[-1] + 1, xs[0], xs[-1] + 1)
    inside = _region(limbus, factor, xs, ys)
    hole = _region(pupil, factor, xs, ys)
    expected = np.where(hole, np.float32(pupil_tone.level), np.float32(iris.level))
    deviation = np.where(hole, np.float32(max(pupil_tone.deviation, iris.deviation)), np.float32(iris.deviation))
    off = np.clip((patch - expected) / (UNLIKE * deviation), -1.0, 1.0)
    unlike = np.where(off < 0.0, -DARKER * off, off) - 0.5
    unlike[_mirrored(patch, iris, inside, ys - cy, r)] = -0.5
    unlike[~inside] = 0.0
    slope = cv2.Sobel(patch, cv2.CV_32F, 0, 1, ksize=3, scale=0.125)
    found = []
    for upper in (True, False):
        u, s, y = (unlike, slope, ys) if upper else (unlike[::-1], -slope[::-1], ys[::-1])
        depth = int(np.count_nonzero((y < cy + DEEPEST * r) if upper else (y > cy - DEEPEST * r)))
        above = np.cumsum(u, axis=0) - u
        gain = 2.0 * above[:depth] - u.sum(axis=0)
        gain += len(ys) * EDGE * np.clip(-s[:depth] / (2.0 * iris.deviation), 0.0, 1.0)
        path = kernel.best_path(np.ascontiguousarray(gain.T, np.float32), np.array(BEND, np.float32), closed=False)
        curve = _curve(xs.astype(np.float64), y[path].astype(np.float64), (cx, cy, r), factor, upper=upper)
        found.append(curve if _hides(curve, unlike, inside, xs, ys, factor, upper=upper) else np.empty((0, 2)))
    return found[0], found[1]


def _smooth(image: GreyImage, top: int, bottom: int, left: int, right: int) -> NDArray[np.float32]:
    """Return a part of the picture, slightly smoothed: float32 (bottom - top, right - left)."""
    above, before = min(top, 1), min(left, 1)  # a pixel more on each side there is one: what is smoothed in, too
    wide = np.ascontiguousarray(image[top - above : bottom + 1, left - before : right + 1])
    smooth = cv2.GaussianBlur(wide, (3, 3), 0.8)
    return smooth[above : above + bottom - top, before : before + right - left].astype(np.float32)


def _mirrored(
    patch: NDArray[np.float32], iris: Tone, inside: NDArray[np.bool_], below: NDArray[np.floating], r: float
) -> NDArray[np.bool_]:
    """Return what is mirrored on the iris: much brighter, and not joined to what lies above or below the limbus."""
    glare = inside & (patch > iris.level + GLARE * (255.0 - iris.level))
    if not glare.any():
        return np.asarray(glare)
    rim = inside & (cv2.erode(inside.astype(np.uint8), np.ones((3, 3), np.uint8), borderValue=0) == 0)
    rim &= np.abs(below)[:, None] > ABOVE * r
    return search.apart(np.asarray(glare), rim)


def _hides(
    curve: Floats,
    unlike: NDArray[np.floating],
    inside: NDArray[np.bool_],
    xs: NDArray[np.intp],
    ys: NDArray[np.intp],
    factor: float,
    *,
    upper: bool,
) -> bool:
    """Whether what lies beyond a lid's edge looks unlike iris indeed, not merely shaded."""
    if not len(curve):
        return False
    at = np.interp(xs, (curve[:, 0] + 0.5) / factor - 0.5, (curve[:, 1] + 0.5) / factor - 0.5)
    beyond = inside & ((ys[:, None] < at) if upper else (ys[:, None] > at))
    return bool(beyond.any()) and float(unlike[beyond].mean()) > SURELY_UNLIKE


def _region(contour: Contour, factor: float, xs: NDArray[np.intp], ys: NDArray[np.intp]) -> NDArray[np.bool_]:
    """Return which pixels of a patch lie inside a contour."""
    points = contour.points() / factor - (xs[0], ys[0])
    canvas = np.zeros((len(ys), len(xs)), np.uint8)
    cv2.fillPoly(canvas, [np.round(points * 16).astype(np.int32)], 1, shift=4)
    return canvas.astype(bool)


def _curve(xs: Floats, ys: Floats, circle: tuple[float, float, float], factor: float, *, upper: bool) -> Floats:
    """Smooth a lid's path by a robust parabola, where it passes over the iris."""
    cx, cy, r = circle
    half = np.sqrt(np.maximum(r * r - (xs - cx) ** 2, 0.0))
    depth = ys - (cy - half) if upper else cy + half - ys  # how far below (above) the limbus the path runs
    on = depth > 0.03 * r
    if np.count_nonzero(on) < 0.15 * len(xs):
        return np.empty((0, 2))
    t = (xs - cx) / r
    parabola = np.stack([np.ones_like(t), t, t * t], axis=1)
    fitted = kernel.fit_curve(
        ys, on.astype(np.float64), parabola, np.zeros(3), np.array(FLATNESS), least_spread=SPREAD * r
    )
    if abs(fitted.coefficients[2]) > (ROUNDEST_UPPER if upper else ROUNDEST_LOWER) * r:
        return np.empty((0, 2))  # as round as the limbus: the limbus it is
    smooth = fitted.curve
    depth = smooth - (cy - half) if upper else cy + half - smooth
    shown = depth > 0
    if np.count_nonzero(shown) < 4:
        return np.empty((0, 2))
    shift = 0.5 * (factor - 1.0)
    return np.stack([xs[shown] * factor + shift, smooth[shown] * factor + shift], axis=1)
