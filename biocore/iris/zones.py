"""The zones that quality is measured in: pupil, iris and surroundings, each unrolled into a strip of its own.

A strip follows the two contours between which it lies, so that a wide, small or deformed pupil and a tilted head
change nothing in it: column c lies at the angle 2 pi c / COLUMNS, row i at (i + 1/2) / rows of the way outwards.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from biocore.iris.segmentation import ANGLES, Contour, Segmentation
from biocore.kernels import irisstrip
from biocore.types import GreyImage

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

COLUMNS = ANGLES
TURN = np.arange(COLUMNS) * (2.0 * math.pi / COLUMNS)  # angle of each column
ROWS = 32  # of pupil and iris: 2 px on an iris of 120 px radius
SKIRT = 0.40  # of the limbus radius: how far the surroundings reach
SIDES = math.sin(math.radians(35))  # beside the iris, up to here above and below, sclera is to be expected
TRUSTED = (-0.85, 0.3)  # sine of the angles at which lids cover an iris last


@dataclass(frozen=True, slots=True, eq=False)
class Strip:
    """Grey levels float64 (rows, columns), and where they are of the zone and not of what covers it."""

    grey: Floats
    clear: Mask

    def level(self, rows: slice, columns: Mask | None = None) -> float:
        """Return the median of the clear samples; NaN where there is none."""
        grey, clear = self.grey[rows], self.clear[rows]
        if columns is not None:
            clear = clear & columns
        values = grey[clear]
        return float(np.median(values)) if values.size else math.nan


@dataclass(frozen=True, slots=True, eq=False)
class Zones:
    """The unrolled eye.

    Attributes
    ----------
    pupil : Strip
        From the pupil's centre to its edge.
    iris : Strip
        From the pupil's edge to the limbus.
    uncovered : Strip
        The same; clear where no lid and no reflection is, whatever its tone.
    outside : Strip
        From the limbus to `1 + SKIRT` limbus radii.
    sine : float64 array (COLUMNS,)
        Of the angle of each column.
    """

    pupil: Strip
    iris: Strip
    uncovered: Strip
    outside: Strip
    sine: Floats

    @property
    def sides(self) -> Mask:
        """Columns beside the iris."""
        return np.abs(self.sine) < SIDES

    @property
    def trusted(self) -> Mask:
        """Columns that lids cover last."""
        return (self.sine > TRUSTED[0]) & (self.sine < TRUSTED[1])


def unroll(pixels: GreyImage, seg: Segmentation) -> Zones:
    """Sample the zones of a segmented eye."""
    covered = seg.lids | seg.speculars
    free = ~covered
    inner, outer = seg.pupil.points(COLUMNS), seg.limbus.points(COLUMNS)
    middle = np.array([seg.pupil.shape.cx, seg.pupil.shape.cy])
    centre = np.array([seg.limbus.cx, seg.limbus.cy])
    beyond = centre + (outer - centre) * (1.0 + SKIRT)
    return Zones(
        _strip(pixels, free, np.broadcast_to(middle, inner.shape).copy(), inner),
        _strip(pixels, seg.mask, inner, outer),
        _strip(pixels, free, inner, outer),
        _strip(pixels, free & ~seg.lashes, outer, beyond),
        np.sin(TURN),
    )


def _strip(pixels: GreyImage, usable: Mask, inner: Floats, outer: Floats) -> Strip:
    grey, clear = irisstrip.unwrap(pixels, usable, inner, outer, ROWS)
    return Strip(grey, clear.astype(np.bool_))


def area(contour: Contour) -> float:
    """Return the area inside a contour, px² (shoelace formula)."""
    x, y = contour.points().T
    return 0.5 * abs(float(np.dot(x, np.roll(y, -1)) - np.dot(y, np.roll(x, -1))))


def ring(seg: Segmentation) -> Mask:
    """Return the pixels between pupil and limbus, as far as they are in the picture."""
    return inside(seg.limbus, seg.mask.shape) & ~inside(seg.pupil, seg.mask.shape)


def inside(contour: Contour, shape: tuple[int, ...]) -> Mask:
    """Return the pixels inside a contour, as far as they are in the picture."""
    canvas = np.zeros(shape, np.uint8)
    cv2.fillPoly(canvas, [np.round(contour.points() * 16).astype(np.int32)], 1, shift=4)
    return canvas.view(np.bool_)
