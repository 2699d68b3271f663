"""Where ridges are on a platen, coarsely, and which way the hand points."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from biocore import trace
from biocore.types import GreyImage

CELL = 8  # px at 500 ppi; one value of the map; about a ridge period
FLOOR = 2.0  # grey levels of ridge contrast; below, noise of the sensor and grease
LOCAL = 0.5  # of the mean contrast nearby: the rim of a finger, whatever its pressure; what touches it is weaker
LOCAL_REACH = 7.0  # cells, 56 px; a quarter of a finger
MAX_TURN = 48.0  # degrees; beyond, the comb of a hand cannot be told from the row of its fingers
_STEP = 2.0  # degrees
_USUAL_TURN = 70.0  # degrees; a weak belief that hands point up, for close fingers whose row looks like a finger
_APART = 18.0  # degrees between two opinions
_SMOOTH = 3  # cells of a profile are summed
_LAG = 7  # cells; edges of a finger in a profile are about so wide

Map = NDArray[np.float32]  # (rows, columns), cells


@dataclass(frozen=True, slots=True, eq=False)
class RidgeMap:
    """Ridge contrast on a grid of cells.

    Attributes
    ----------
    contrast : float32 array (rows, columns)
        Mean absolute band-passed grey level, grey levels.
    mask : bool array (rows, columns)
        Where it stands out; empty until `at` decides how far it must.
    typical : float
        Contrast typical of the fingers, grey levels.
    """

    contrast: Map
    mask: NDArray[np.bool_]
    typical: float

    def at(self, share: float) -> RidgeMap:
        """Return the map whose mask holds what has at least this share of the typical contrast."""
        least = max(FLOOR, share * self.typical)
        shown = (self.contrast > least).astype(np.float32)
        near = cv2.GaussianBlur(shown, (0, 0), LOCAL_REACH)
        mean = cv2.GaussianBlur(self.contrast * shown, (0, 0), LOCAL_REACH) / np.maximum(near, 1e-3)
        return replace(self, mask=_whole(self.contrast > np.maximum(least, LOCAL * mean)))


def ridge_map(pixels: GreyImage) -> RidgeMap:
    """Measure ridge contrast in cells of 8 px: a band-pass drops halos of moisture and a dark or uneven ground.

    Parameters
    ----------
    pixels : uint8 array (height, width)
        At 500 ppi.
    """
    height, width = pixels.shape
    half = cv2.resize(pixels, (max(1, width // 2), max(1, height // 2)), interpolation=cv2.INTER_AREA)
    # 250 ppi: a ridge period is 4 to 5 px
    ridges = np.asarray(cv2.absdiff(cv2.blur(half, (2, 2)), cv2.blur(half, (9, 9))), np.float32)
    shape = max(1, -(-height // CELL)), max(1, -(-width // CELL))
    coarse = cv2.resize(ridges, shape[::-1], interpolation=cv2.INTER_AREA)
    contrast = np.asarray(cv2.GaussianBlur(coarse, (0, 0), 1.1), np.float32)
    shown = contrast[contrast > FLOOR]
    typical = float(np.quantile(shown, 0.8)) if shown.size else 0.0
    trace.stage("slap.contrast", contrast)
    return RidgeMap(contrast, np.zeros(contrast.shape, np.bool_), typical)


def _whole(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Close holes of two cells, drop bridges and whiskers of two."""
    plane: NDArray[Any] = mask.astype(np.uint8)
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (3, 3))
    plane = cv2.morphologyEx(plane, cv2.MORPH_OPEN, disc)
    return np.asarray(cv2.morphologyEx(plane, cv2.MORPH_CLOSE, disc) > 0)


def hand_turns(ridges: RidgeMap) -> tuple[float, float]:
    """Return two likely turns of the hand, degrees counter-clockwise, by the directions in which its gaps line up.

    Looked at along the fingers, a hand's profile has the steepest sides (as lines of a skewed page have).
    """
    y, x = np.nonzero(ridges.mask)
    if len(x) == 0:
        return 0.0, 0.0
    weight = np.minimum(ridges.contrast[y, x] / ridges.typical, 1.0).astype(np.float64)
    x, y = x - x.mean(), y - y.mean()
    reach = int(math.hypot(*ridges.mask.shape)) + _LAG + _SMOOTH
    turns = np.arange(-MAX_TURN, MAX_TURN + _STEP / 2, _STEP)
    sharp = np.empty(len(turns))
    for n, turn in enumerate(np.radians(turns)):
        across = x * math.cos(turn) - y * math.sin(turn) + reach
        summed = np.cumsum(np.bincount(across.astype(np.intp), weights=weight, minlength=2 * reach))
        smooth = summed[_SMOOTH:] - summed[:-_SMOOTH]
        sharp[n] = np.square(smooth[_LAG:] - smooth[:-_LAG]).sum()
    sharp *= np.exp(-0.5 * np.square(turns / _USUAL_TURN))
    best = int(np.argmax(sharp))
    other = int(np.argmax(np.where(np.abs(turns - turns[best]) > _APART, sharp, -1.0)))
    return float(turns[best]), float(turns[other])
