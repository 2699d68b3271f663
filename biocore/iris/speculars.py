"""Reflections of lamps: small and much brighter than what surrounds them. Found first: no edge is steeper."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from biocore.kernels import iris as kernel
from biocore.kernels import irissearch as search
from biocore.types import GreyImage

SIZE = 0.085  # of the picture's shorter side: wider spots are no lamps; 40 px at 640x480
STEP = 45  # grey levels above the surroundings
DARKEST = 90  # grey levels; in a pupil, at exposures that show an iris, reflections are brighter than this
HALO = 0.008  # of the shorter side: how far the glow round a reflection reaches


def find(pixels: GreyImage) -> tuple[NDArray[np.bool_], GreyImage]:
    """Return where lamps are reflected, and the picture with these places filled from around.

    Parameters
    ----------
    pixels : uint8 array (height, width)

    Returns
    -------
    bool array (height, width), uint8 array (height, width)
    """
    side = min(pixels.shape)
    width = max(3, round(side * SIZE)) | 1
    ground = cv2.morphologyEx(pixels, cv2.MORPH_OPEN, cv2.getStructuringElement(cv2.MORPH_RECT, (width, width)))
    bright = np.asarray((cv2.subtract(pixels, ground) > STEP) & (pixels > DARKEST))
    small = search.compact(bright, width)
    halo = max(1, round(side * HALO))
    around = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * halo + 1, 2 * halo + 1))
    spots = np.asarray(cv2.dilate(small.view(np.uint8), around), np.uint8).view(np.bool_)
    return spots, kernel.bridge(pixels, spots)
