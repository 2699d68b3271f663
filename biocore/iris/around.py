"""What lies on and around the eye and is no part of it: strands of lashes, rims and reflections of spectacles.

All is looked for on a picture reduced to the same iris radius, so that sizes in iris radii are sizes in px.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from biocore.iris import zones
from biocore.iris.segmentation import Segmentation
from biocore.types import GreyImage

Mask = NDArray[np.bool_]

STRAND_RADIUS = 64.0  # px that the iris is reduced to for strands; a lash is 0.02 to 0.04 radii wide
STRAND = 0.10  # iris radii; half of the widest gap that a strand may fill
STRAND_DEPTH = 0.22  # of the iris' grey that a strand is darker than what lies beside it
STRAND_GROUND = 1.4  # by the iris' grey; what is brighter beside a strand is lid, not iris
STRAND_DENSITY = 0.12  # of the neighbourhood that strands fill where an iris cannot be used
GLASS_RADIUS = 40.0  # px that the iris is reduced to for spectacles
CLEAR_OF_IRIS = 1.35  # iris radii within which no rim is looked for
GLARE_AWAY = 0.8  # iris radii from its middle that a reflection must lie; within are the lamps in the cornea
RIM_DARK = 1.1  # by the iris' grey; darker is what a rim may be
RIM_WIDTH = 0.13  # iris radii (0.8 mm); what is narrower is hair
RIM_EDGE = 0.20  # grey levels a px by the iris' grey, median along its edge; shadows and brows have up to 0.15
GLARE = 238  # grey from which a reflection is looked for
GLARE_AREA = (0.008, 0.35)  # of the iris' area: larger than wet glints, smaller than overexposed skin
GLARE_SOLID = 0.85  # area by that of the convex hull; shine on skin is ragged
GLARE_EDGE = 9.0  # grey levels a px, median along its edge; overexposed skin has up to 6, real glare 9 to 17


@dataclass(frozen=True, slots=True)
class Spectacles:
    """Traces of spectacles.

    Attributes
    ----------
    rim : float
        Extent of the longest dark band with sharp edges around the eye, iris radii.
    glare : float
        Area of the compact reflections beside the iris, of the iris' area.
    """

    rim: float
    glare: float


def strands(pixels: GreyImage, seg: Segmentation, iris_grey: float) -> float:
    """Return the share of the ring between pupil and limbus that is crossed by strands as dense as lashes.

    A strand is dark and narrow across, and what lies beside it is as dark as iris: lashes before a lid do not count.
    """
    x, y, r = seg.limbus.shape.cx, seg.limbus.shape.cy, seg.limbus.radius
    height, width = pixels.shape
    rows = slice(max(0, math.floor(y - r)), min(height, math.ceil(y + r) + 1))
    columns = slice(max(0, math.floor(x - r)), min(width, math.ceil(x + r) + 1))
    patch, ring = pixels[rows, columns], zones.ring(seg)[rows, columns].view(np.uint8)
    if not patch.size or not math.isfinite(iris_grey) or not ring.any():
        return math.nan
    scale = min(1.0, STRAND_RADIUS / r)
    size = tuple(max(1, round(side * scale)) for side in patch.shape[::-1])
    small = np.asarray(cv2.resize(patch, size, interpolation=cv2.INTER_AREA), np.uint8)
    inside = np.asarray(cv2.resize(ring, size, interpolation=cv2.INTER_NEAREST)).astype(np.bool_)
    if not inside.any():
        return math.nan
    span = 2 * max(1, round(STRAND * r * scale)) + 1
    ground = cv2.morphologyEx(small, cv2.MORPH_CLOSE, np.ones((1, span), np.uint8)).astype(np.float32)
    dark = (ground - small > STRAND_DEPTH * iris_grey) & (ground < STRAND_GROUND * iris_grey) & inside
    density = cv2.blur(dark.astype(np.float32), (span, span))
    return float(np.count_nonzero((density > STRAND_DENSITY) & inside)) / float(np.count_nonzero(inside))


def spectacles(pixels: GreyImage, seg: Segmentation, iris_grey: float) -> Spectacles:
    """Look for the rim and the reflections of spectacles outside the iris."""
    r = seg.limbus.radius
    if not math.isfinite(iris_grey):
        return Spectacles(math.nan, math.nan)
    scale = min(1.0, GLASS_RADIUS / r)
    size = tuple(max(1, round(side * scale)) for side in pixels.shape[::-1])
    small = np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), np.uint8)
    radius = r * scale
    y, x = np.ogrid[: small.shape[0], : small.shape[1]]
    cx, cy = seg.limbus.shape.cx * scale, seg.limbus.shape.cy * scale
    far = np.asarray((x - cx) ** 2 + (y - cy) ** 2 > (CLEAR_OF_IRIS * radius) ** 2)
    return Spectacles(_rim(small, far, radius, iris_grey), _glare(small, radius, (cx, cy)))


def _rim(small: GreyImage, far: Mask, radius: float, iris_grey: float) -> float:
    """Return the extent of the longest dark band with sharp edges, iris radii."""
    side = max(2, round(RIM_WIDTH * radius))
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))
    dark = ((small < RIM_DARK * iris_grey) & far).view(np.uint8)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(
        cv2.morphologyEx(dark, cv2.MORPH_OPEN, disc), connectivity=8
    )
    slope, longest = _slope(small), 0.0
    for label in range(1, count):
        left, top, width, height = (int(v) for v in stats[label][:4])
        extent = math.hypot(width, height) / radius
        if extent <= max(longest, 1.0):
            continue
        part = _around(small.shape, left, top, width, height)
        if float(np.median(slope[part][_edge(labels[part] == label)])) > RIM_EDGE * iris_grey:
            longest = extent
    return longest


def _glare(small: GreyImage, radius: float, centre: tuple[float, float]) -> float:
    """Add up the areas of the compact bright patches beside the iris, of the iris' area."""
    bright = (small >= GLARE).view(np.uint8)
    count, labels, stats, centroids = cv2.connectedComponentsWithStats(bright, connectivity=8)
    slope, iris, total = _slope(small), math.pi * radius * radius, 0.0
    for label in range(1, count):
        left, top, width, height, area = (int(v) for v in stats[label])
        away = math.hypot(centroids[label][0] - centre[0], centroids[label][1] - centre[1]) / radius
        if not GLARE_AREA[0] * iris <= area <= GLARE_AREA[1] * iris or away < GLARE_AWAY:
            continue
        part = _around(small.shape, left, top, width, height)
        own = labels[part] == label
        outline, _ = cv2.findContours(own.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
        hull = cv2.fillConvexPoly(np.zeros(own.shape, np.uint8), cv2.convexHull(outline[0]), 1)
        sharp = float(np.median(slope[part][_edge(own)])) > GLARE_EDGE
        if sharp and area > GLARE_SOLID * float(np.count_nonzero(hull)):
            total += area / iris
    return total


def _slope(small: GreyImage) -> NDArray[np.float32]:
    """Return the steepness of the grey levels, levels a px."""
    along, down = (cv2.Sobel(small, cv2.CV_32F, dx, 1 - dx, scale=0.125) for dx in (1, 0))
    return np.asarray(cv2.magnitude(along, down), np.float32)


def _edge(own: Mask) -> Mask:
    """Return the px on both sides of a component's edge; the picture's border is none."""
    whole, square = own.astype(np.uint8), np.ones((3, 3), np.uint8)
    return np.asarray((cv2.dilate(whole, square) > 0) & (cv2.erode(whole, square) == 0))


def _around(shape: tuple[int, ...], left: int, top: int, width: int, height: int) -> tuple[slice, slice]:
    """Return a window with a px to spare on all sides."""
    rows = slice(max(0, top - 1), min(shape[0], top + height + 1))
    return rows, slice(max(0, left - 1), min(shape[1], left + width + 1))
