"""NFIQ 2: what is measured block by block (ISO/IEC 29794-4:2024; NFIQ 2.3 decides where the two differ).

Two grids share the work. *Sums* lie on a grid from (0, 0) with partial blocks at the right and bottom; *ridge
blocks* on a grid from (2, 2) with whole blocks only, which leaves room for the turned window.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from biocore.errors import NotAssessableError
from biocore.kernels import nfiq2 as kernels
from biocore.kernels.nfiq2 import BLOCK, RidgeBlocks
from biocore.types import GreyImage

BORDER = 2  # px; half of what the window turned by any angle needs beyond the block: (ceil(hypot(32, 16)) - 32) / 2
FOREGROUND_SPREAD = 0.1  # least standard deviation of a foreground block, in those of the whole picture
LEAST_BLOCKS = 10  # foreground blocks below which NFIQ 2.3 refuses the picture
FDA_NEIGHBOUR_WEIGHT = 0.3  # of the frequencies beside the strongest one
PX_PER_WIDTH = 500 / 125 * 5  # ridge and valley widths are normalised from 125 ppi with at most 5 px a ridge
# Mean normalised ridge width, then valley width, that LCS takes for real: 3..10 and 2..10 px.
WIDTH_LIMITS = (3 / PX_PER_WIDTH, 10 / PX_PER_WIDTH, 2 / PX_PER_WIDTH, 10 / PX_PER_WIDTH)
DEGREE = math.pi / 180
FLOW_LEAST = 4 * DEGREE  # mean deviation from the neighbours that counts as no flow at all
FLOW_SPAN = (90 - 4) * DEGREE

# Upper limits of the first nine bins of each histogram; NFIQ 2.3, the same in ISO/IEC 29794-4:2024.
FDA_LIMITS = np.array((0.268, 0.304, 0.33, 0.355, 0.38, 0.407, 0.44, 0.50, 1.0))
LCS_LIMITS = np.array((0.0, 0.70, 0.74, 0.77, 0.79, 0.81, 0.83, 0.85, 0.87))
OCL_LIMITS = np.array((0.337, 0.479, 0.579, 0.655, 0.716, 0.766, 0.81, 0.852, 0.898))
OF_LIMITS = np.array((0.01715, 0.035, 0.0557, 0.081, 0.115, 0.1718, 0.2569, 0.4758, 0.748))
RVUP_LIMITS = np.array((0.5, 0.667, 0.8, 1.0, 1.25, 1.5, 2.0, 24.0, 30.0))


def grey_statistics(sums: NDArray[np.int32], shape: tuple[int, ...]) -> tuple[float, float]:
    """Return mean and population standard deviation of the grey values, from the sums of the grid."""
    scale = 1.0 / (shape[0] * shape[1])
    grey, squares = sums[..., :2].sum(axis=(0, 1), dtype=np.int64).tolist()
    mean = grey * scale
    return mean, math.sqrt(max(squares * scale - mean * mean, 0.0))


def mean_of_block_means(sums: NDArray[np.int32], shape: tuple[int, ...]) -> float:
    """Return MMB: the mean of the blocks' means, partial blocks weighing as much as whole ones."""
    means = sums[..., 0] * (1.0 / block_pixels(shape))
    return float(np.cumsum(means / means.size)[-1])  # added one by one, in raster order


def foreground_blocks(sums: NDArray[np.int32], shape: tuple[int, ...]) -> NDArray[np.bool_]:
    """Return which ridge blocks are foreground: all four grid blocks that the block lies on vary enough.

    Returns
    -------
    bool array ((height - 4) // 32, (width - 4) // 32)
    """
    pixels = block_pixels(shape)
    grey, squares = sums[..., 0].astype(np.int64), sums[..., 1].astype(np.int64)
    n, total = int(pixels.sum()), int(grey.sum())
    variance = n * int(squares.sum()) - total * total  # n² times the variance, exactly
    block_variance = pixels * squares - grey * grey
    # std(block) / std(picture) > 0.1, squared and without a division: a picture of one grey has no foreground
    varies = block_variance * float(n * n) > FOREGROUND_SPREAD**2 * variance * (pixels * pixels)
    rows, columns = (max((side - 2 * BORDER) // BLOCK, 0) for side in shape)
    varies = varies[: rows + 1, : columns + 1]
    return varies[:-1, :-1] & varies[1:, :-1] & varies[:-1, 1:] & varies[1:, 1:]


def ridge_blocks(image: GreyImage, foreground: NDArray[np.bool_]) -> RidgeBlocks:
    """Return orientation, FDA, LCS and the RVUP ratios of the foreground blocks."""
    return kernels.ridge_blocks(
        image,
        foreground,
        border=BORDER,
        neighbour_weight=FDA_NEIGHBOUR_WEIGHT,
        width_scale=PX_PER_WIDTH,
        width_limits=WIDTH_LIMITS,
    )


def orientation_certainty(sums: NDArray[np.int32], shape: tuple[int, ...]) -> NDArray[np.float64]:
    """Return OCL of the whole blocks of the grid from (0, 0); NaN where a block has no gradient."""
    whole = sums[: shape[0] // BLOCK, : shape[1] // BLOCK]
    return certainty_of(whole[..., 2:])


def certainty_of(products: NDArray[np.int32]) -> NDArray[np.float64]:
    """Return 1 - λmin / λmax of the gradient covariance of whole blocks; NaN where there is no gradient.

    Parameters
    ----------
    products : int32 array (..., 3)
        Sums of gx², gy², gx·gy in quarters.
    """
    a, b, c = np.moveaxis(products / (4.0 * BLOCK * BLOCK), -1, 0)
    root = np.sqrt((a - b) ** 2 + 4 * c**2)
    largest = ((a + b) + root) / 2
    smallest = ((a + b) - root) / 2
    share: NDArray[np.float64] = np.divide(smallest, largest, out=np.full(a.shape, np.nan), where=largest != 0)
    return 1 - share


def orientation_flow(ridges: RidgeBlocks, foreground: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return OF of the blocks whose orientation differs from their neighbours'; NaN elsewhere.

    The reference takes min(d, 2π - d) of each difference d. Orientations lie in (-π/2, π/2], so that never acts,
    and a difference near π stays one: so it does here.
    """
    return kernels.orientation_flow(ridges.orientation, foreground, least=FLOW_LEAST, span=FLOW_SPAN)


def coherence(sums: NDArray[np.int32], counted: NDArray[np.bool_]) -> tuple[float, float]:
    """Return the mean and the sum of the gradients' coherence over the blocks of the region of interest.

    Without a block the sum is 0 and the mean NaN, as in the reference.
    """
    xx, yy, xy = np.moveaxis(sums[counted][:, 2:].astype(np.float64), -1, 0)
    length = np.sqrt((xx - yy) ** 2 + (2 * xy) ** 2)
    values = np.divide(length, xx + yy, out=np.zeros(len(xx)), where=xx + yy != 0)
    if not values.size:
        return math.nan, 0.0
    total = float(np.cumsum(values)[-1])  # added one by one, in raster order
    return total / values.size, total


def histogram(name: str, values: NDArray[np.float64], limits: NDArray[np.float64]) -> dict[str, float]:
    """Return the twelve measures of a histogram: ten counts, mean and standard deviation.

    Raises
    ------
    NotAssessableError
        No value, or one that is not finite (a spectrum that is empty but for its highest frequency).
    """
    if not values.size:
        raise NotAssessableError(
            f"{name} has no value on this picture: NFIQ 2 refuses it. It may be a pattern, not a finger"
        )
    counts, mean, deviation = kernels.tally(values, limits)
    if not math.isfinite(mean):
        raise NotAssessableError(f"{name} is not finite on this picture: it is a pattern, not a finger")
    bins = {f"{name}_{k}": float(count) for k, count in enumerate(counts.tolist())}
    return {**bins, f"{name}_Mean": mean, f"{name}_StdDev": deviation}


def block_pixels(shape: tuple[int, ...]) -> NDArray[np.int64]:
    """Return the number of pixels of each block of the grid from (0, 0)."""
    tall, wide = (np.minimum(BLOCK, side - np.arange(0, side, BLOCK, dtype=np.int64)) for side in shape)
    return tall[:, np.newaxis] * wide
