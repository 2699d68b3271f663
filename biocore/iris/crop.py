"""The part of a picture that an iris record keeps: K2, of VGA size, K3, cropped to margins, and K7, painted over.

What is left of a K7 compresses to a tenth; irises are compared as well as before (NIST IREX I, 2009).
"""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np

from biocore.errors import InvalidSampleError
from biocore.iris.segmentation import Segmentation
from biocore.types import GreyImage, check_pixels, frozen_array

MARGIN_X, MARGIN_Y = 0.6, 0.2  # iris radii left free beside, and above and below, the iris; ISO/IEC 19794-6, K3
VGA_WIDTH, VGA_HEIGHT = 640, 480  # px; K2
SCLERA, LID = 200, 128  # grey they are painted in; K7
SOFT = 0.02  # iris radii over which a painted border is blurred, so that it costs no bytes and rings no filter


class Crop(NamedTuple):
    """A cropped picture.

    Attributes
    ----------
    pixels : uint8 array (height, width), read-only
    left, top : int
        Where it lay on the whole picture, px; negative where that ends before the margin.
    """

    pixels: GreyImage
    left: int
    top: int


def crop(pixels: GreyImage, segmentation: Segmentation, masked: bool = False) -> Crop:
    """Crop a picture to an iris and its margins.

    Parameters
    ----------
    pixels : uint8 array (height, width)
    segmentation : Segmentation
        Of these pixels.
    masked : bool
        Whether to paint lids and sclera over (K7).

    Returns
    -------
    Crop
        With the iris in its centre; beyond the picture its border is continued.

    Raises
    ------
    InvalidSampleError
        No grey picture.
    """
    image = check_pixels(pixels)
    limbus = segmentation.limbus.shape
    half_width = round((1.0 + MARGIN_X) * limbus.radius)
    half_height = round((1.0 + MARGIN_Y) * limbus.radius)
    if masked:
        image = _masked(image, segmentation)
    left, top = round(limbus.cx) - half_width, round(limbus.cy) - half_height
    return _window(image, left, top, 2 * half_width + 1, 2 * half_height + 1)


def vga(pixels: GreyImage, segmentation: Segmentation) -> Crop:
    """Cut 640x480 px out of a picture, or continue a smaller one to it, with the iris as near the centre as it comes.

    Parameters
    ----------
    pixels : uint8 array (height, width)
    segmentation : Segmentation
        Of these pixels.

    Returns
    -------
    Crop
        A picture of that size as it is.

    Raises
    ------
    InvalidSampleError
        No grey picture, or an iris that does not fit with its margins: more than 200 px in radius.
    """
    image = check_pixels(pixels)
    limbus = segmentation.limbus.shape
    if (1.0 + MARGIN_X) * limbus.radius > VGA_WIDTH / 2 or (1.0 + MARGIN_Y) * limbus.radius > VGA_HEIGHT / 2:
        raise InvalidSampleError(
            f"an iris of {limbus.radius:.0f} px radius does not fit into {VGA_WIDTH}x{VGA_HEIGHT} px with its margins; "
            "keep the whole picture (K1) or a crop (K3, K7)"
        )
    left = _start(limbus.cx, image.shape[1], VGA_WIDTH)
    top = _start(limbus.cy, image.shape[0], VGA_HEIGHT)
    return _window(image, left, top, VGA_WIDTH, VGA_HEIGHT)


def _start(centre: float, size: int, wanted: int) -> int:
    """Return where a window begins: around the centre, but within a picture that is large enough."""
    first = round(centre) - wanted // 2
    return min(max(first, 0), size - wanted) if size >= wanted else -((wanted - size) // 2)


def _window(image: GreyImage, left: int, top: int, width: int, height: int) -> Crop:
    """Cut a window out; beyond the picture its border is continued."""
    x = np.clip(np.arange(left, left + width), 0, image.shape[1] - 1)
    y = np.clip(np.arange(top, top + height), 0, image.shape[0] - 1)
    return Crop(frozen_array(image[np.ix_(y, x)]), left, top)


def _masked(image: GreyImage, segmentation: Segmentation) -> GreyImage:
    """Paint over what lies outside the limbus, and the lids."""
    inside = np.zeros(image.shape, np.uint8)
    cv2.fillPoly(inside, [np.round(segmentation.limbus.points()).astype(np.int32)], 1)
    lids = segmentation.lids
    kept = ((inside > 0) & ~lids).astype(np.float32)
    paint = np.where(lids, np.float32(LID), np.float32(SCLERA))
    sigma = max(0.5, SOFT * segmentation.limbus.radius)
    # blurred inwards: nothing of what was painted over shines through
    alpha = np.minimum(kept, np.clip(2.0 * cv2.GaussianBlur(kept, (0, 0), sigma) - 1.0, 0.0, 1.0))
    paint = cv2.GaussianBlur(paint, (0, 0), sigma)
    blended = alpha * image + (1.0 - alpha) * paint
    painted: GreyImage = np.clip(np.round(blended), 0, 255).astype(np.uint8)
    return painted
