"""NFIQ 2: the four measures that need minutiae."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from biocore.errors import InvalidSampleError
from biocore.fingerprint.nfiq2_blocks import certainty_of
from biocore.kernels import nfiq2 as kernels
from biocore.types import GreyImage

RECTANGLE_REACH = 100  # px from the centre of mass, both ends included
MU_RANGE = (0.0, 0.5)  # deviations by which the block round a good minutia is darker than the picture
CERTAINTY_PERCENT = 80  # certainty of the block round a good minutia, rounded, is above this


def check_minutiae(minutiae: object) -> NDArray[np.int64]:
    """Check that `minutiae` are whole numbers (n, 2).

    Raises
    ------
    InvalidSampleError
    """
    if not isinstance(minutiae, np.ndarray):
        raise InvalidSampleError(f"minutiae must be a NumPy array, not {type(minutiae).__name__}")
    if minutiae.ndim != 2 or minutiae.shape[1] != 2:
        raise InvalidSampleError(f"minutiae must have shape (n, 2): x, y; not {minutiae.shape}")
    if minutiae.dtype.kind not in "iu":
        raise InvalidSampleError(
            f"minutiae must be whole px (an integer array), not {minutiae.dtype}; round them first"
        )
    if minutiae.dtype == np.uint64 and (minutiae > np.iinfo(np.int64).max).any():
        raise InvalidSampleError("minutiae lie outside of any picture")
    return minutiae.astype(np.int64)


def minutia_measures(
    image: GreyImage, minutiae: NDArray[np.int64], mean_grey: float, deviation: float
) -> dict[str, float]:
    """Return the counts of minutiae and the shares that lie in good blocks.

    Parameters
    ----------
    image : uint8 array (height, width)
        After the crop, at least 32 px a side.
    minutiae : int array (n, 2)
        x, y. Those outside the picture are left out: the reference finds its own inside the crop only.
    mean_grey, deviation : float
        Mean and standard deviation of the whole picture.

    Returns
    -------
    dict
        Without minutiae the counts are 0 and the shares NaN, as in the reference.
    """
    size = (image.shape[1], image.shape[0])
    points = minutiae[((minutiae >= 0) & (minutiae < size)).all(axis=1)]
    count = len(points)
    near = mu_good = certain = 0
    if count:
        centre = points.sum(axis=0) // count
        near = int((np.abs(points - centre) <= RECTANGLE_REACH).all(axis=1).sum())
        sums = kernels.minutia_sums(image, points.astype(np.int32))
        contrast = (mean_grey - sums[:, 1] * (1.0 / sums[:, 0])) / deviation
        mu_good = int(((contrast > MU_RANGE[0]) & (contrast <= MU_RANGE[1])).sum())
        percent = np.floor(np.nan_to_num(certainty_of(sums[:, 2:])) * 100 + 0.5)
        certain = int((percent > CERTAINTY_PERCENT).sum())
    return {
        "FingerJetFX_MinCount_COMMinRect200x200": float(near),
        "FingerJetFX_MinutiaeCount": float(count),
        "FJFXPos_Mu_MinutiaeQuality_2": mu_good / count if count else math.nan,
        "FJFXPos_OCL_MinutiaeQuality_80": certain / count if count else math.nan,
    }
