"""Which iris pixels can be used: those between the contours that no lid, lash, shadow or reflection covers."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from biocore.iris.refine import Outline
from biocore.iris.segmentation import Contour
from biocore.types import GreyImage

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

DARK = 2.4  # deviations below the iris: lashes and shadows
BRIGHT = 3.5  # deviations above: skin between lashes, glare
LID_MARGIN = 0.015  # of the iris radius; the wet edge of a lid


@dataclass(frozen=True, slots=True, eq=False)
class Cover:
    """What covers an iris, and what is left of it.

    Attributes
    ----------
    usable, lids, lashes, speculars : bool array (height, width)
    visible : float
        Share of the iris that is usable.
    inside : bool
        Whether the picture holds all of the limbus.
    """

    usable: Mask
    lids: Mask
    lashes: Mask
    speculars: Mask
    visible: float
    inside: bool


def _fill(shape: tuple[int, ...], points: Floats) -> NDArray[np.uint8]:
    canvas = np.zeros(shape, np.uint8)
    if len(points):
        cv2.fillPoly(canvas, [np.round(points * 16).astype(np.int32)], 1, shift=4)
    return canvas


def _beyond(shape: tuple[int, ...], lid: Floats, edge: float) -> Mask:
    """Return what lies between a lid's edge and the row `edge`."""
    if not len(lid):
        return np.zeros(shape, np.bool_)
    left, right = lid[0], lid[-1]
    reach = 0.3 * (right[0] - left[0]) + 2.0  # past its ends a lid goes on as it was
    ring = [
        (left[0] - reach, edge),
        (left[0] - reach, left[1]),
        *lid,
        (right[0] + reach, right[1]),
        (right[0] + reach, edge),
    ]
    return _fill(shape, np.array(ring)).astype(bool)


def cover(pixels: GreyImage, eye: Outline, speculars: Mask) -> Cover:
    """Return what covers the iris and what can be used of it."""
    pupil, limbus, upper, lower, iris = eye.pupil.contour, eye.limbus.contour, eye.upper_lid, eye.lower_lid, eye.iris
    height, width = pixels.shape
    r = limbus.radii.max()
    x0, x1 = max(0, math.floor(limbus.cx - r) - 1), min(width, math.ceil(limbus.cx + r) + 2)
    y0, y1 = max(0, math.floor(limbus.cy - r) - 1), min(height, math.ceil(limbus.cy + r) + 2)
    window = (slice(y0, max(y1, y0)), slice(x0, max(x1, x0)))
    out = [np.zeros(pixels.shape, np.bool_) for _ in range(3)]
    patch = pixels[window]
    visible = 0.0
    if patch.size:
        origin = (x0, y0)
        annulus = (_fill(patch.shape, limbus.points() - origin) > 0) & (
            _fill(patch.shape, pupil.points() - origin) == 0
        )
        margin = (0.0, LID_MARGIN * limbus.radius)
        lids = _beyond(patch.shape, upper - origin + margin if len(upper) else upper, -r)
        lids |= _beyond(patch.shape, lower - origin - margin if len(lower) else lower, y1 - y0 + r)
        dark = patch < iris.level - DARK * iris.deviation
        bright = patch > iris.level + BRIGHT * iris.deviation
        odd = ((dark | bright) & annulus & ~lids).astype(np.uint8)
        lashes = cv2.dilate(odd, np.ones((3, 3), np.uint8)).astype(bool) & annulus & ~lids
        out[0][window] = annulus & ~lids & ~lashes & ~speculars[window]
        visible = np.count_nonzero(out[0]) / _whole(pupil, limbus)
        out[1][window] = lids & (_fill(patch.shape, limbus.points() - origin) > 0)
        out[2][window] = lashes
    for each in out:
        each.flags.writeable = False  # so that nobody need copy them
    return Cover(out[0], out[1], out[2], speculars, visible, _inside(limbus, width, height))


def _whole(pupil: Contour, limbus: Contour) -> float:
    """Return the area between the contours, px, whether or not the picture shows it."""
    area = (limbus.radii @ limbus.radii - pupil.radii @ pupil.radii) * math.pi / len(limbus.radii)
    return max(1.0, float(area))


def _inside(limbus: Contour, width: int, height: int) -> bool:
    points = limbus.points()
    return bool((points >= 0).all() and (points <= (width - 1, height - 1)).all())
