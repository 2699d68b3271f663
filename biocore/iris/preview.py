"""A glance at a live frame: is there an eye, is it sharp, near enough and open, and did it hold still.

The eye is found at a fraction of the pixels, by the votes that a full segmentation begins with; nothing is traced.
What the preview says is coarse, and does not contradict what the report says afterwards.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import cv2
import numpy as np

from biocore.iris import circles
from biocore.report import Cause, CauseName
from biocore.types import GreyImage, check_pixels

WORK_SIDE = 96  # px; shorter side of the thumbnail that the eye is looked for in
LEAST_SIDE = 48  # px; smaller frames show no eye that could be used
LEAST_VOTES = 0.42  # votes and steps together
LEAST_APART = 0.3  # of a clear step; noise and prints mostly have less
APART = 6.0  # deviations that make a clear step
FAR_RADIUS = 74.0  # px of the frame; as in `causes`
NEAR_RADIUS = 0.48  # of the frame's shorter side; the lids are out of the picture then
SHARP_WIDTH = 0.068  # iris radii; as in `causes`
RAYS = 64
LID_ROWS = (0.15, 0.75)  # iris radii above the centre of the pupil; where a lid that hangs low is seen
UNLIKE = 0.45  # of the step from pupil to sclera by which skin is brighter than iris
OPEN = 0.5  # share of the rows between pupil and limbus, above, that must be iris
STEADY = 0.04  # iris radii between two frames


@dataclass(frozen=True, slots=True, eq=False)
class Preview:
    """What a glance at one frame found; lengths in px of the frame.

    Attributes
    ----------
    eye : bool
        There is an eye.
    centre : (float, float)
        Of the iris, x and y; the frame's middle without an eye.
    pupil_radius, iris_radius : float
        0 without an eye.
    edge_width : float
        Width of the pupil's edge in iris radii: coarse focus, small is sharp; NaN where it is not seen.
    open_share : float
        Of the way from the pupil up to the limbus that no lid covers, 0 to 1.
    cause : Cause or None
        What is most wrong; None where nothing is.
    steady : bool
        An eye that did not move since the previous frame.
    """

    eye: bool
    centre: tuple[float, float]
    pupil_radius: float
    iris_radius: float
    edge_width: float
    open_share: float
    cause: Cause | None
    steady: bool = field(default=False)


def preview(pixels: GreyImage, previous: Preview | None = None) -> Preview:
    """Look at one live frame.

    Parameters
    ----------
    pixels : uint8 array (height, width)
    previous : Preview or None
        Of the frame before, to see whether the eye holds still; None at the first.

    Returns
    -------
    Preview

    Raises
    ------
    InvalidSampleError
        Not an 8-bit grey raster.
    """
    image = check_pixels(pixels)
    found = _find(image) if min(image.shape) >= LEAST_SIDE else None
    if found is None:
        middle = (0.5 * (image.shape[1] - 1), 0.5 * (image.shape[0] - 1))
        return Preview(False, middle, 0.0, 0.0, math.nan, 0.0, Cause(CauseName.NO_EYE, 0.8))
    pupil, limbus = found
    width = _edge_width(image, pupil) / limbus.r
    share = _open_share(image, pupil, limbus)
    still = previous is not None and previous.eye and _moved(previous, limbus) < STEADY * limbus.r
    cause = _cause(limbus.r, min(image.shape), width, share)
    return Preview(True, (limbus.x, limbus.y), pupil.r, limbus.r, width, share, cause, still)


def _find(image: GreyImage) -> tuple[circles.Circle, circles.Circle] | None:
    """Return pupil and limbus by votes on the reduced frame, px of the frame; None where no pair is an eye."""
    factor = max(1, min(image.shape) // WORK_SIDE)
    small = circles.shrink(np.ascontiguousarray(image), factor)
    edges = circles.edges(small, circles.STEEPNESS[0])
    pupils = circles.distinct(circles.blobs(small, 3) + circles.pupils(edges).peaks(3), 5)
    best, best_value = None, LEAST_VOTES
    for pupil, limbus in zip(pupils, circles.limbi(edges, pupils).answers(), strict=True):
        if limbus is None:
            continue
        apart = _apart(small, pupil, limbus)
        value = limbus.score + 0.5 * min(pupil.score, 1.0) + 0.5 * min(apart, 1.0)
        if apart > LEAST_APART and value > best_value:
            best, best_value = (pupil.scaled(factor), limbus.scaled(factor)), value
    return best


def _apart(small: GreyImage, pupil: circles.Circle, limbus: circles.Circle) -> float:
    """Return the smaller of the steps pupil-iris and iris-sclera, in deviations of the zones beside the pupil."""
    turn = np.radians(np.concatenate([np.arange(-35, 36, 5), np.arange(145, 216, 5)])).astype(np.float32)
    reach = np.array([0.3, 0.5, 0.7], np.float32) * np.float32(pupil.r)
    ring = np.float32(pupil.r) + np.array([0.35, 0.5, 0.65], np.float32) * np.float32(limbus.r - pupil.r)
    outside = np.array([1.1, 1.18, 1.26], np.float32) * np.float32(limbus.r)
    zones = []
    for at, radii in ((pupil, reach), (pupil, ring), (limbus, outside)):
        x = np.float32(at.x) + np.cos(turn)[:, None] * radii
        y = np.float32(at.y) - np.sin(turn)[:, None] * radii
        zones.append(cv2.remap(small, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE).astype(np.float64))
    inner, iris, sclera = (float(np.median(zone)) for zone in zones)
    spread = 1.5 + sum(float(np.median(np.abs(z - np.median(z)))) for z in zones) / 3.0
    return min(iris - inner, sclera - iris) / (APART * spread)


def _moved(previous: Preview, limbus: circles.Circle) -> float:
    return float(np.hypot(previous.centre[0] - limbus.x, previous.centre[1] - limbus.y))


def _edge_width(image: GreyImage, pupil: circles.Circle) -> float:
    """Return the median over rays of the step across the pupil's edge by its steepest slope, px."""
    span = np.linspace(0.6, 1.5, max(16, math.ceil(1.8 * pupil.r)), dtype=np.float32) * np.float32(pupil.r)
    turn = np.arange(RAYS, dtype=np.float32) * np.float32(2.0 * math.pi / RAYS)
    x = (pupil.x + np.cos(turn)[:, None] * span).astype(np.float32)
    y = (pupil.y - np.sin(turn)[:, None] * span).astype(np.float32)
    grey = cv2.remap(image, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE).astype(np.float32)
    quarter = max(1, len(span) // 5)
    step = np.median(grey[:, -quarter:], axis=1) - np.median(grey[:, :quarter], axis=1)
    slope = np.diff(cv2.blur(grey, (3, 1)), axis=1).max(axis=1) / (span[1] - span[0])
    good = (step > 6.0) & (slope > 0)
    return float(np.median(step[good] / slope[good])) if np.count_nonzero(good) > RAYS // 4 else math.nan


def _open_share(image: GreyImage, pupil: circles.Circle, limbus: circles.Circle) -> float:
    """Return how much of the way from the pupil up to the limbus looks like the iris beside the pupil."""
    height, width = image.shape
    x0, x1 = (round(pupil.x + s * 0.35 * pupil.r) for s in (-1, 1))
    top, bottom = round(limbus.y - 0.95 * limbus.r), round(pupil.y - 1.1 * pupil.r)
    rows = slice(max(0, top), max(0, min(height, bottom)))
    above = image[rows, max(0, x0) : max(0, min(width, x1 + 1))]
    ring = 0.5 * (pupil.r + limbus.r)
    beside = [
        image[round(pupil.y) - 2 : round(pupil.y) + 3, round(pupil.x + s * ring) - 2 : round(pupil.x + s * ring) + 3]
        for s in (-1, 1)
        if 2 <= round(pupil.y) < height - 3 and 2 <= round(pupil.x + s * ring) < width - 3
    ]
    if above.size == 0 or not beside:
        return 0.0
    level = float(np.median(np.stack(beside)))
    like = np.abs(np.median(above, axis=1) - level) < max(UNLIKE * level, 12.0)
    return float(np.count_nonzero(like)) / max(1, bottom - top)


def _cause(radius: float, side: int, width: float, share: float) -> Cause | None:
    """Return what is most wrong, in the order in which it can be helped."""
    if radius < FAR_RADIUS:
        return Cause(CauseName.FAR, 0.8, {"iris_radius_px": round(radius, 1)})
    if radius > NEAR_RADIUS * side:
        return Cause(CauseName.NEAR, 0.8, {"iris_radius_px": round(radius, 1)})
    if share < OPEN:
        return Cause(CauseName.LID, 0.7, {"open_share": round(share, 3)})
    if math.isfinite(width) and width > SHARP_WIDTH:
        return Cause(CauseName.DEFOCUS, 0.7, {"pupil_edge_width_iris_radii": round(width, 4)})
    return None
