"""How fine the detail of a picture is: bands of the iris' texture, the pupil's edge, rows against columns.

Bands and widths are measured in iris radii: what counts for the identity is how many details an iris shows, not how
many pixels they are drawn with. Reflections and what covers the iris are left out.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from biocore.iris.segmentation import Segmentation
from biocore.iris.zones import COLUMNS, Floats
from biocore.kernels import irisstrip
from biocore.types import GreyImage

WORK_RADIUS = 64.0  # px; larger irises are reduced to this: what is finer than the bands does not count
FINE = (0.012, 0.03)  # iris radii; deviations of the Gaussians between which fine detail lies
COARSE = (0.03, 0.08)
REACH = 1.2  # iris radii around the centre that utilisation and sharpness are taken from
LOG_STEP = 4  # px; ISO/IEC 29794-6, 6.2.10
# Laplacian of Gaussian of ISO/IEC 29794-6, 6.2.10 (deviation 1.4 px), one quarter with its axes.
LOG_QUARTER = (
    (-40, -24, 0, 5, 2),
    (-24, -12, 3, 5, 2),
    (0, 3, 5, 4, 1),
    (5, 5, 4, 2, 1),
    (2, 2, 1, 1, 0),
)
NOISE_KERNEL = np.array([[1, -2, 1], [-2, 4, -2], [1, -2, 1]], np.float32)
EDGE = (0.55, 1.55)  # pupil radii that its edge is looked for in
EDGE_SHIFT = 0.2  # pupil radii that it may lie off the contour
EDGE_LEVELS = (0.55, 0.75, 1.25, 1.55)  # pupil radii between which the levels on both sides are taken
LEAST_STEP = 6.0  # grey levels; fainter edges have no width
SMOOTH = 15  # columns, 21 degrees; wider than a reflection's rim, narrower than what makes a pupil irregular
WIDEST_GAP = COLUMNS // 8  # columns without an edge, behind reflections
LEAST_COLUMNS = 24  # a tenth of the circle


@dataclass(frozen=True, slots=True)
class Detail:
    """Bands of texture and noise as shares of the iris' grey level, sharpness (power), entropy (bits), interlace."""

    fine: float
    coarse: float
    noise: float
    sharpness: float
    entropy: float
    interlace: float


@dataclass(frozen=True, slots=True)
class Edge:
    """The pupil's edge.

    Attributes
    ----------
    width : float
        Step of grey levels by steepest slope, px; NaN where too little of it is seen.
    stretch : float
        How much the width depends on the direction, share; NaN as above.
    radii : float64 array (COLUMNS,) or None
        Where the edge lies on each ray from the centre of the pupil's shape, px; None where it is not seen all round.
    """

    width: float
    stretch: float
    radii: Floats | None = None


def _log_kernel() -> NDArray[np.float32]:
    index = np.abs(np.arange(-4, 5))
    kernel: NDArray[np.float32] = np.array(LOG_QUARTER, np.float32)[index[:, None], index[None, :]]
    return kernel


LOG_KERNEL = _log_kernel()


def measure(pixels: GreyImage, seg: Segmentation, iris_grey: float) -> Detail:
    """Measure detail inside and around the iris."""
    x, y, r = seg.limbus.shape.cx, seg.limbus.shape.cy, seg.limbus.radius
    height, width = pixels.shape
    rows = slice(max(0, math.floor(y - REACH * r)), min(height, math.ceil(y + REACH * r) + 1))
    columns = slice(max(0, math.floor(x - REACH * r)), min(width, math.ceil(x + REACH * r) + 1))
    patch = np.ascontiguousarray(pixels[rows, columns])
    mask = np.ascontiguousarray(seg.mask[rows, columns])
    hidden = (seg.lids | seg.speculars)[rows, columns]
    if patch.size == 0 or not mask.any():
        return Detail(0.0, 0.0, 0.0, 0.0, 0.0, 0.0)
    yy, xx = np.ogrid[rows.start : rows.start + patch.shape[0], columns.start : columns.start + patch.shape[1]]
    disc = ((xx - x) ** 2 + (yy - y) ** 2 <= (REACH * r) ** 2) & ~hidden
    grey = max(iris_grey, 1.0) if math.isfinite(iris_grey) else 255.0
    fine, coarse, noise = _bands(patch, mask, r)
    return Detail(
        fine / grey,
        coarse / grey,
        noise / grey,
        _sharpness(patch, disc),
        _entropy(patch[disc]),
        _interlace(patch, mask),
    )


def _bands(patch: GreyImage, mask: NDArray[np.bool_], r: float) -> tuple[float, float, float]:
    """Root mean square of two bands over what is usable, without noise, and of the noise, in grey levels."""
    if r > WORK_RADIUS:
        size = tuple(max(1, round(side * WORK_RADIUS / r)) for side in patch.shape[::-1])
        patch = np.asarray(cv2.resize(patch, size, interpolation=cv2.INTER_AREA), np.uint8)
        mask = np.asarray(cv2.resize(mask.view(np.uint8), size, interpolation=cv2.INTER_NEAREST)).astype(np.bool_)
        r = WORK_RADIUS
        if not mask.any():
            return 0.0, 0.0, 0.0
    weight = mask.astype(np.float32)
    grey = patch.astype(np.float32) * weight
    levels = []
    for sigma in sorted({*FINE, *COARSE}):
        blurred, share = (cv2.GaussianBlur(each, (0, 0), max(sigma * r, 0.3)) for each in (grey, weight))
        levels.append(blurred / np.maximum(share, 1e-3))  # only what is usable counts on either side
    noise = _noise(patch, mask)
    found = []
    for band, (narrow, wide) in ((levels[0] - levels[1], FINE), (levels[1] - levels[2], COARSE)):
        power = float(np.mean(band[mask] ** 2)) - noise**2 * _passed(narrow * r, wide * r)
        found.append(math.sqrt(max(0.0, power)))
    return found[0], found[1], noise


def _noise(patch: GreyImage, mask: NDArray[np.bool_]) -> float:
    """Return the deviation of white noise (Immerkaer 1996: the difference of two Laplacians, blind to edges)."""
    response = cv2.filter2D(patch, cv2.CV_32F, NOISE_KERNEL, borderType=cv2.BORDER_REPLICATE)
    return math.sqrt(0.5 * math.pi) / 6.0 * float(np.mean(np.abs(response[mask])))


def _passed(narrow: float, wide: float) -> float:
    """Return the share of white noise' power that passes a difference of Gaussians of these deviations, px."""
    a, b = max(narrow, 0.3) ** 2, max(wide, 0.3) ** 2
    return max(0.0, 0.25 / a + 0.25 / b - 1.0 / (a + b)) / math.pi


def _sharpness(patch: GreyImage, disc: NDArray[np.bool_]) -> float:
    """Return the mean square response at every fourth pixel."""
    half = len(LOG_KERNEL) // 2
    padded = np.pad(patch.astype(np.float32), half, mode="edge")
    height, width = patch.shape
    response = np.zeros(disc[::LOG_STEP, ::LOG_STEP].shape, np.float32)  # sums of whole numbers: exact in any order
    for dy, dx in zip(*np.nonzero(LOG_KERNEL), strict=True):
        response += LOG_KERNEL[dy, dx] * padded[dy : dy + height : LOG_STEP, dx : dx + width : LOG_STEP]
    chosen = response[disc[::LOG_STEP, ::LOG_STEP]]
    return float(np.mean(chosen.astype(np.float64) ** 2)) if chosen.size else 0.0


def _entropy(values: GreyImage) -> float:
    if not values.size:
        return 0.0
    share = np.bincount(values.ravel(), minlength=256) / values.size
    share = share[share > 0]
    return max(0.0, float(-(share * np.log2(share)).sum()))


def _interlace(patch: GreyImage, mask: NDArray[np.bool_]) -> float:
    """Return the energy at the row Nyquist frequency by that at the column one, less 1; 0 where neither has any."""
    grey = patch.astype(np.float32)
    energy = []
    for g, m in ((grey, mask), (grey.T, mask.T)):
        if len(g) < 4:
            return 0.0
        comb = g[:-3] - 3.0 * g[1:-2] + 3.0 * g[2:-1] - g[3:]  # third difference: what alternates from row to row
        inside = m[:-3] & m[3:]
        energy.append(float(np.mean(comb[inside] ** 2)) if inside.any() else 0.0)
    return (energy[0] + 1.0) / (energy[1] + 1.0) - 1.0


def pupil_edge(pixels: GreyImage, seg: Segmentation) -> Edge:
    """Measure the pupil's edge along the columns where nothing covers it.

    The width is the step of grey levels by the steepest slope: of a step blurred by a Gaussian it is 2.5 deviations.
    Defocus widens it all round; motion only where the edge lies across the way.
    """
    centre = np.array([seg.pupil.shape.cx, seg.pupil.shape.cy])
    rim = seg.pupil.points(COLUMNS)
    radius = np.hypot(*(rim - centre).T)
    span = (EDGE[1] - EDGE[0]) * float(np.median(radius))
    rows = min(512, max(24, math.ceil(2.0 * span)))
    inner, outer = centre + (rim - centre) * EDGE[0], centre + (rim - centre) * EDGE[1]
    free = ~(seg.lids | seg.speculars)
    grey, clear = irisstrip.unwrap(pixels, free, inner, outer, rows)
    at = EDGE[0] + (np.arange(rows) + 0.5) / rows * (EDGE[1] - EDGE[0])
    near = (at > 1.0 - EDGE_SHIFT) & (at < 1.0 + EDGE_SHIFT)
    shown = clear[near].min(axis=0) > 0
    if np.count_nonzero(shown) < LEAST_COLUMNS:
        return Edge(math.nan, math.nan)
    grey = grey[:, shown]
    low, high = (np.median(grey[(at >= a) & (at <= b)], axis=0) for a, b in (EDGE_LEVELS[:2], EDGE_LEVELS[2:]))
    step = high - low
    slope = np.gradient(cv2.blur(grey, (1, 3), borderType=cv2.BORDER_REPLICATE), axis=0)
    pitch = radius[shown] * (EDGE[1] - EDGE[0]) / rows  # px a row
    steepest = (slope[near] * np.sign(step)).max(axis=0) / pitch
    good = (np.abs(step) > LEAST_STEP) & (steepest > 0)
    if np.count_nonzero(good) < LEAST_COLUMNS:
        return Edge(math.nan, math.nan)
    width = np.abs(step[good]) / steepest[good]
    turn = np.flatnonzero(shown)[good] * (4.0 * math.pi / COLUMNS)  # twice the angle
    limit = 2.0 * float(np.median(width))
    width = np.minimum(width, limit)
    basis = np.stack([np.ones_like(turn), np.cos(turn), np.sin(turn)], axis=1)
    place = np.flatnonzero(shown)[good]
    at_edge = at[near][(slope[near] * np.sign(step)).argmax(axis=0)][good] * radius[shown][good]
    normal = basis.T @ basis + np.diag([0.0, 0.02, 0.02]) * COLUMNS
    mean, cosine, sine = np.linalg.solve(normal, basis.T @ width)
    stretch = float(math.hypot(cosine, sine) / max(mean, 1e-6))
    return Edge(float(np.median(width)), stretch, _all_round(place, at_edge))


def _all_round(columns: NDArray[np.intp], radii: Floats) -> Floats | None:
    """Return the edge at every column, medians over `SMOOTH` of them; None where a gap is too wide to bridge."""
    gaps = np.diff(np.append(columns, columns[0] + COLUMNS))
    if gaps.max() > WIDEST_GAP:
        return None
    whole = np.interp(np.arange(COLUMNS), columns, radii, period=COLUMNS)
    around = np.pad(whole, SMOOTH // 2, mode="wrap")
    found: Floats = np.median(np.lib.stride_tricks.sliding_window_view(around, SMOOTH), axis=1)
    return found
