"""Gate of the NFIQ 2 kernels: block sums, ridge blocks, orientation flow, tallies, and the region of interest."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from biocore.errors import InvalidSampleError
from biocore.kernels import _nfiq2, _nfiq2_roi, checks
from biocore.types import GreyImage

BLOCK = 32  # px; the side of a block is compiled into the kernels
MAX_RATIOS = BLOCK - 4  # of ridge to valley widths in one block: 30 change points at most give 27
_STRIP = 64  # px; columns blurred at a time (STRIP of the kernel)


class RidgeBlocks(NamedTuple):
    """What `ridge_blocks` found; arrays are (rows, columns) of the grid, NaN where the block is background.

    Attributes
    ----------
    orientation : float64 array
        Radians in (-π/2, π/2].
    fda, lcs : float64 array
        Frequency domain analysis and local clarity score of the block.
    ratios : float64 array (n,)
        Ratios of neighbouring ridge and valley widths of all blocks (RVUP).
    """

    orientation: NDArray[np.float64]
    fda: NDArray[np.float64]
    lcs: NDArray[np.float64]
    ratios: NDArray[np.float64]


class Region(NamedTuple):
    """What `region` found.

    Attributes
    ----------
    mask : uint8 array (height, width)
        255 inside the component.
    blocks : bool array
        Blocks of 32 x 32 px from (0, 0), partial ones included, that the component touches.
    pixels, grey : int
        Number of its pixels, and the sum of their grey values.
    """

    mask: GreyImage
    blocks: NDArray[np.bool_]
    pixels: int
    grey: int


def margin_sums(pixels: GreyImage) -> tuple[NDArray[np.uint32], NDArray[np.uint32]]:
    """Return the grey sum of every row and of every column."""
    image = checks.grey(pixels)
    rows, columns = np.empty(image.shape[0], np.uint32), np.zeros(image.shape[1], np.uint32)
    _nfiq2.margin_sums(image, rows, columns)
    return rows, columns


def grid_sums(pixels: GreyImage) -> NDArray[np.int32]:
    """Return the sums of each 32 x 32 block from (0, 0), partial blocks at the right and bottom included.

    Returns
    -------
    int32 array (rows, columns, 5)
        Grey, grey², and gx², gy², gx·gy in quarters; gradients are central differences inside the block,
        one-sided at its edges.
    """
    image = checks.grey(pixels)
    out = np.empty((-(-image.shape[0] // BLOCK), -(-image.shape[1] // BLOCK), 5), np.int32)
    _nfiq2.grid_sums(image, out)
    return out


def minutia_sums(pixels: GreyImage, points: NDArray[np.int32]) -> NDArray[np.int32]:
    """Return the sums of the 32 x 32 block around each point (x, y).

    Returns
    -------
    int32 array (n, 5)
        Pixels and grey sum of the block cut off at the picture's right and bottom; gx², gy², gx·gy in quarters
        of the block moved inside the picture.

    Raises
    ------
    InvalidSampleError
        Smaller than a block, or a point outside the picture.
    """
    image = checks.grey(pixels, min_side=BLOCK)
    where = checks.array(points, np.int32, (None, 2), "minutiae")
    if ((where < 0) | (where >= (image.shape[1], image.shape[0]))).any():
        raise InvalidSampleError(f"minutiae must lie inside the picture of {image.shape[1]}x{image.shape[0]} px")
    out = np.empty((len(where), 5), np.int32)
    if len(where):
        _nfiq2.minutia_sums(image, where, out)
    return out


def ridge_blocks(
    pixels: GreyImage,
    foreground: NDArray[np.bool_],
    *,
    border: int,
    neighbour_weight: float,
    width_scale: float,
    width_limits: tuple[float, float, float, float],
) -> RidgeBlocks:
    """Analyse every foreground block of a grid that starts at (border, border).

    Parameters
    ----------
    pixels : uint8 array (height, width)
    foreground : bool array (rows, columns)
        The blocks to analyse.
    border : int
        Offset of the grid in px, down and to the right.
    neighbour_weight : float
        Weight of the frequencies beside the strongest one in FDA.
    width_scale : float
        Ridge and valley widths in px are divided by this before LCS compares them.
    width_limits : tuple of 4 float
        Least and largest mean ridge width, least and largest mean valley width, in those units.

    Raises
    ------
    InvalidSampleError
        A grid that does not lie inside the picture.
    """
    image = checks.grey(pixels)
    wanted = checks.array(foreground, np.bool_, (None, None), "foreground")
    rows, columns = wanted.shape
    if border < 0 or border + rows * BLOCK > image.shape[0] or border + columns * BLOCK > image.shape[1]:
        raise InvalidSampleError(
            f"a grid of {columns}x{rows} blocks from {border} px does not lie inside "
            f"{image.shape[1]}x{image.shape[0]} px"
        )
    orientation, fda, lcs = (np.full(wanted.shape, np.nan) for _ in range(3))
    ratios, n_ratios = np.empty((rows, columns, MAX_RATIOS)), np.zeros(wanted.shape, np.int32)
    if wanted.size:
        limits = np.array(width_limits, np.float64)
        _nfiq2.ridge_blocks(
            image,
            wanted.view(np.uint8),
            border,
            _waves(),
            neighbour_weight,
            width_scale,
            checks.array(limits, np.float64, (4,), "width_limits"),
            orientation,
            fda,
            lcs,
            ratios,
            n_ratios,
        )
    return RidgeBlocks(orientation, fda, lcs, ratios[np.arange(MAX_RATIOS) < n_ratios[..., np.newaxis]])


def orientation_flow(
    orientation: NDArray[np.float64], foreground: NDArray[np.bool_], *, least: float, span: float
) -> NDArray[np.float64]:
    """Return how far each block's orientation is from its eight neighbours': (mean deviation - least) / span.

    NaN where a block of the 3 x 3 is background or outside the grid, or the deviation is not above `least`.
    """
    inside = checks.array(foreground, np.bool_, (None, None), "foreground")
    angles = checks.array(orientation, np.float64, inside.shape, "orientation", finite=False)
    out = np.full(inside.shape, np.nan)
    _nfiq2.orientation_flow(angles, inside.view(np.uint8), least, span, out)
    return out


def tally(values: NDArray[np.float64], limits: NDArray[np.float64]) -> tuple[NDArray[np.int32], float, float]:
    """Count values between limits, and return their mean and population standard deviation.

    Bin k counts limits[k - 1] <= v < limits[k]. Sums run over the sorted values, and the deviation is the root
    of the mean square minus the squared mean: the last digits depend on both.

    Raises
    ------
    InvalidSampleError
        No values.
    """
    ordered = np.sort(checks.array(values, np.float64, (None,), "values", finite=False))
    edges = checks.array(limits, np.float64, (None,), "limits")
    if not ordered.size:
        raise InvalidSampleError("values are empty: there is nothing to count")
    counts = np.zeros(len(edges) + 1, np.int32)
    mean, deviation = _nfiq2.tally(ordered, edges, counts)
    return counts, mean, deviation


def erode(pixels: GreyImage, reach: int) -> GreyImage:
    """Return the minimum over (2 reach + 1) x (2 reach + 1) px; what lies outside the picture is ignored."""
    image = checks.grey(pixels)
    rows, out = np.empty_like(image), np.empty_like(image)
    _nfiq2_roi.erode(image, min(max(reach, 0), max(image.shape)), rows, out)
    return out


def blur(pixels: GreyImage, half: tuple[int, ...]) -> GreyImage:
    """Return the picture convolved with a symmetric kernel in both directions, in 8-bit fixed point.

    Parameters
    ----------
    pixels : uint8 array (height, width)
    half : tuple of int
        Weights in 1/256 from the outermost to the central one. Borders are mirrored, the edge pixel not doubled.

    Raises
    ------
    InvalidSampleError
        Weights that are negative or do not add up to 256.
    """
    image = checks.grey(pixels)
    grow, cut = _boxes(half)
    reach = len(half) - 1
    height, width = image.shape
    out = np.empty_like(image)
    prefix = np.empty(width + 2 * reach + 1, np.uint16)
    strip = np.empty((height + 2 * reach + 1) * _STRIP, np.uint32)
    _nfiq2_roi.blur(image, grow, cut, reach, prefix, np.empty(image.shape, np.uint16), strip, out)
    return out


def otsu(pixels: GreyImage) -> int:
    """Return Otsu's threshold (0 where there is one grey level only)."""
    return _nfiq2_roi.otsu(checks.grey(pixels))


def binarise(pixels: GreyImage, threshold: int) -> GreyImage:
    """Return 255 where the picture is above the threshold, else 0."""
    out = checks.grey(pixels).copy()
    _nfiq2_roi.binarise(out, threshold)
    return out


def region(mask: GreyImage, pixels: GreyImage) -> Region:
    """Fill the holes of the dark part of a mask and return its component with the largest bounding box.

    All is 4-connected; of equal boxes the one a raster scan meets first is taken. Grey values are of `pixels`.
    """
    dark = checks.grey(mask)
    image = checks.array(pixels, np.uint8, dark.shape, "pixels")
    height, width = dark.shape
    out = np.zeros_like(dark)
    blocks = np.zeros((-(-height // BLOCK), -(-width // BLOCK)), np.uint8)
    n = height + np.count_nonzero(dark[:, 1:] != dark[:, :-1])  # runs of one colour in all rows
    first, begin, parent = np.empty(height + 1, np.int32), np.empty(n, np.int32), np.empty(n, np.int32)
    light, box = np.empty(n, np.uint8), np.empty((n, 4), np.int32)
    found, grey = _nfiq2_roi.region(dark, image, BLOCK, first, begin, light, parent, box, blocks, out)
    return Region(out, blocks.view(np.bool_), found, grey)


@lru_cache(maxsize=1)
def _waves() -> NDArray[np.float64]:
    """Return exp(-2πik/32), k = 0..31, as (re, im): each the product of the one before and the first.

    The reference makes its factors so; they are off by some last bits, and those decide between equal peaks.
    """
    first = complex(math.cos(2 * math.pi / BLOCK), -math.sin(2 * math.pi / BLOCK))
    waves = [1 + 0j, first]
    while len(waves) < BLOCK // 2:
        last = waves[-1]
        re = last.real * first.real - last.imag * first.imag
        waves.append(complex(re, last.real * first.imag + last.imag * first.real))
    waves += [-1 + 0j, *(wave.conjugate() for wave in waves[:0:-1])]
    return np.array([(wave.real, wave.imag) for wave in waves])


@lru_cache(maxsize=8)
def _boxes(half: tuple[int, ...]) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Write a symmetric kernel as a stack of boxes of weight one, for prefix sums: ends added, ends taken away."""
    if not half or min(half) < 0 or 2 * sum(half) - half[-1] != 256:
        raise InvalidSampleError("the weights of a blur must be whole numbers from 0 that add up to 256 on both sides")
    ends: list[tuple[int, int]] = []
    for reach, (outer, weight) in zip(range(len(half) - 1, -1, -1), zip((0, *half), half, strict=False), strict=True):
        box = (reach + 1, -reach) if weight > outer else (-reach, reach + 1)
        ends += [box] * abs(weight - outer)
    ends += [(0, 0)] * (-len(ends) % 3)  # the kernel takes three at a time
    grow, cut = np.array(ends, np.int32).T.copy()
    return grow, cut
