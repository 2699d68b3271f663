"""NFIQ 2: the region of interest, the connected dark part of the picture (ISO/IEC 29794-4:2024)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from biocore import trace
from biocore.fingerprint.nfiq2_blocks import block_pixels
from biocore.kernels import nfiq2 as kernels
from biocore.types import GreyImage

EROSION_REACH = 2  # px; a 5 x 5 minimum
# Gaussians of 41 and 91 taps (sigma 6.5 and 14.0 px) in 1/256, outermost to central weight. The reference blurs
# in OpenCV's 8-bit fixed point: each weight is rounded and its error handed on towards the centre.
GAUSS_41 = (0, 0, 1, 0, 1, 1, 2, 2, 3, 3, 5, 6, 8, 8, 11, 11, 13, 15, 15, 15, 16)
# fmt: off
GAUSS_91 = (
    0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 1, 1, 0, 1, 1, 1, 2, 1, 2, 2,
    2, 2, 3, 3, 3, 3, 4, 4, 5, 5, 5, 5, 6, 6, 6, 6, 7, 7, 7, 7, 7, 7, 8,
)
# fmt: on
BLANK_MEAN = 255.0  # mean grey of a region without a pixel


@dataclass(frozen=True, slots=True)
class RegionOfInterest:
    """The part of the picture that shows the finger.

    Attributes
    ----------
    blocks : bool array
        Blocks of 32 x 32 px from (0, 0), partial ones included, with at least one of its pixels.
    counted : bool array
        Those, and the ones the reference counts by a rounding: it asks whether the mean of a mask of 0 (inside)
        and 255 is below 255, and for some sizes of partial blocks 255 n (1/n) is.
    pixels : int
        Its area in px.
    mean_grey : float
        Mean grey value over it; 255 where it is empty.
    """

    blocks: NDArray[np.bool_]
    counted: NDArray[np.bool_]
    pixels: int
    mean_grey: float


def region_of_interest(image: GreyImage) -> RegionOfInterest:
    """Close the ridges to an area, smooth its outline, fill its holes, and keep its largest part."""
    closed = kernels.erode(image, EROSION_REACH)
    smooth = kernels.blur(closed, GAUSS_41)
    area = kernels.binarise(smooth, kernels.otsu(smooth))
    smooth = kernels.blur(area, GAUSS_91)
    area = kernels.binarise(smooth, kernels.otsu(smooth))
    region = kernels.region(area, image)
    trace.stage("fingerprint.nfiq2.roi", region.mask)
    mean_grey = region.grey / region.pixels if region.pixels else BLANK_MEAN
    n = block_pixels(image.shape)
    counted = region.blocks | (BLANK_MEAN * n * (1.0 / n) < BLANK_MEAN)
    return RegionOfInterest(region.blocks, counted, region.pixels, mean_grey)
