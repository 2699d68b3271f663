"""Reflections of lamps: small and much brighter than what surrounds them. Found first: no edge is steeper."""

from __future__ import annotations

from functools import lru_cache

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


@lru_cache(maxsize=16)
def _disc(radius: int) -> NDArray[np.int32]:
    """Return how far a disc reaches to the left and right in each of its rows: int32 (2 radius + 1,)."""
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1, 2 * radius + 1))
    return np.asarray((disc.sum(axis=1) - 1) // 2, np.int32)


def find(pixels: GreyImage, side: float | None = None) -> tuple[NDArray[np.bool_], GreyImage]:
    """Return where lamps are reflected, and the picture with these places filled from around.

    Parameters
    ----------
    pixels : uint8 array (height, width)
    side : float or None
        Shorter side, px, of a picture that the eye would fill as usual; None: that of this picture.

    Returns
    -------
    bool array (height, width), uint8 array (height, width)
    """
    side = min(pixels.shape) if side is None else side
    width = max(3, round(side * SIZE)) | 1
    ground = cv2.morphologyEx(pixels, cv2.MORPH_OPEN, cv2.getStructuringElement(cv2.MORPH_RECT, (width, width)))
    bright = np.asarray((cv2.subtract(pixels, ground) > STEP) & (pixels > DARKEST))
    spots = search.compact(bright, width, _disc(max(1, round(side * HALO))))
    return spots, kernel.bridge(pixels, spots)
