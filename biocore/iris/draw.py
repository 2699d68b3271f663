"""Pictures of what segmentation found, for whoever looks: trace stages, contact sheets."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from biocore.iris.contours import Floats
from biocore.iris.locate import Search
from biocore.iris.refine import Outline
from biocore.iris.segmentation import Contour, Segmentation
from biocore.types import GreyImage

Colour = NDArray[np.uint8]  # (height, width, 3), red, green, blue

FRACTION = 4  # bits after the point of OpenCV's coordinates
SEEN, CONTINUED, LID = (255, 0, 0), (255, 255, 0), (255, 0, 255)
USABLE, LASHES, LIDS = (0, 255, 0), (255, 160, 0), (0, 160, 255)
TINT = 0.3  # share of the colour on what it marks


def colour(pixels: GreyImage) -> Colour:
    """Return a grey picture in colours."""
    return np.repeat(pixels[:, :, None], 3, axis=2)


def _line(canvas: Colour, points: Floats, paint: tuple[int, int, int], *, closed: bool) -> None:
    if len(points):
        fixed = np.round(points * (1 << FRACTION)).astype(np.int32)
        cv2.polylines(canvas, [fixed], closed, paint, 1, cv2.LINE_AA, FRACTION)


def contour(canvas: Colour, curve: Contour) -> None:
    """Draw a contour: red where it was seen, yellow where it is continued."""
    points = curve.points()
    _line(canvas, points, CONTINUED, closed=True)
    for i in np.flatnonzero(curve.seen):
        _line(canvas, points[[i, (i + 1) % len(points)]], SEEN, closed=False)


def search(pixels: GreyImage, found: Search) -> Colour:
    """Draw the pairs of circles that were tried, the chosen one in red."""
    canvas = colour(pixels)
    for rank, eye in reversed(list(enumerate(found.eyes))):
        for c in (eye.pupil, eye.limbus):
            x, y, r = (round(v * (1 << FRACTION)) for v in (c.x, c.y, c.r))
            cv2.circle(canvas, (x, y), r, SEEN if rank == 0 else LIDS, 1, cv2.LINE_AA, FRACTION)
    return canvas


def outline(pixels: GreyImage, eye: Outline) -> Colour:
    """Draw contours and lids."""
    canvas = colour(pixels)
    contour(canvas, eye.pupil.contour)
    contour(canvas, eye.limbus.contour)
    _line(canvas, eye.upper_lid, LID, closed=False)
    _line(canvas, eye.lower_lid, LID, closed=False)
    return canvas


def overlay(pixels: GreyImage, found: Segmentation) -> Colour:
    """Draw a whole segmentation: contours, lids, and the mask as tints."""
    canvas = colour(pixels)
    for part, paint in ((found.mask, USABLE), (found.lashes, LASHES), (found.lids, LIDS)):
        canvas[part] = ((1.0 - TINT) * canvas[part] + TINT * np.array(paint)).astype(np.uint8)
    contour(canvas, found.pupil)
    contour(canvas, found.limbus)
    _line(canvas, found.upper_lid, LID, closed=False)
    _line(canvas, found.lower_lid, LID, closed=False)
    return canvas
