"""One finger cut out of a slap, upright, its neighbours painted over."""

from __future__ import annotations

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from biocore.fingerprint.slap_fingers import Print
from biocore.fingerprint.slap_map import CELL
from biocore.fingerprint.slap_parts import Labels
from biocore.types import GreyImage, frozen_array

MARGIN = 16  # px around the box: ridges at its rim keep the ground they are filtered with


def crop(pixels: GreyImage, one: Print, labels: Labels, to_map: NDArray[np.float64]) -> GreyImage:
    """Turn one print upright and cut it out.

    Parameters
    ----------
    pixels : uint8 array (height, width)
        The slap at 500 ppi.
    one : Print
    labels : int32 array
        Prints of the upright map, all of which but this one are painted with the ground's grey.
    to_map : float64 array (2, 3)
        From cells of the ridge map to cells of `labels`.

    Returns
    -------
    uint8 array (height, width), read-only
    """
    width, height = (round(side) + 2 * MARGIN for side in one.box.size)
    angle = math.radians(one.box.angle_deg)
    cos, sin = math.cos(angle), math.sin(angle)
    # from the crop to the picture: the box's middle is the crop's, px have their middles at whole numbers
    back = np.array([[cos, sin, 0.0], [-sin, cos, 0.0]])
    back[:, 2] = np.array(one.box.centre) - 0.5 - back[:, :2] @ np.array([(width - 1) / 2, (height - 1) / 2])
    inverse = cv2.WARP_INVERSE_MAP
    upright = cv2.warpAffine(
        pixels, back, (width, height), flags=cv2.INTER_CUBIC | inverse, borderMode=cv2.BORDER_REPLICATE
    )
    near = _window(pixels, one)
    ground = int(np.quantile(near[::4, ::4], 0.9))
    # cells of the label map: px to cells of the ridge map, then on
    scale = np.array([[1 / CELL, 0.0, 0.5 / CELL - 0.5], [0.0, 1 / CELL, 0.5 / CELL - 0.5], [0.0, 0.0, 1.0]])
    whole = np.vstack([to_map, [0.0, 0.0, 1.0]]) @ scale @ np.vstack([back, [0.0, 0.0, 1.0]])
    others = ((labels > 0) & (labels != one.label)).astype(np.uint8) * 255
    cover = cv2.warpAffine(others, whole[:2], (width, height), flags=cv2.INTER_LINEAR | inverse)
    upright[cover > 127] = ground
    return frozen_array(np.asarray(upright, np.uint8))


def _window(pixels: GreyImage, one: Print) -> GreyImage:
    """Return the picture around a print, unturned."""
    reach = math.hypot(*one.box.size) / 2 + MARGIN
    x, y = one.box.centre
    rows = slice(max(0, round(y - reach)), max(1, round(y + reach)))
    columns = slice(max(0, round(x - reach)), max(1, round(x + reach)))
    part = pixels[rows, columns]
    return part if part.size else pixels
