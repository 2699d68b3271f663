"""The picture as the default score sees it: the print alone, of usual contrast, on white ground.

NFIQ 2's measures take in the window with the finger. A dark frame raises the deviation that decides which blocks are
foreground, a grey ground passes for blocks without ridges, and the width of a white window decides how much of a
finger's tip is cut off with it. A score of the finger should see none of that, so it is taken away before the score's
inputs are measured. What the report shows as NFIQ 2's measures is measured on the picture as it came.

The measures are counts of blocks on a grid that begins at the picture's corner: moved by a few pixels, it scores some
points more or less. So nothing here hangs on the picture's contrast: every limit is relative to the print, grey
levels are taken from means of many pixels, the print fades out over its rim instead of ending at a limit, and
the corner lies where the ink begins.
"""

from __future__ import annotations

from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

from biocore import trace
from biocore.errors import NotAssessableError
from biocore.fingerprint.nfiq2 import uncropped_measures
from biocore.fingerprint.segment import whole
from biocore.types import GreyImage, check_pixels

CELL = 8  # px
STRIDE = 2  # px: every second pixel of every second row tells what a cell is
AT_FIRST, AT_ONCE = 2, 16  # rows looked at together: most edges are not flat, and the first two say so
FLAT = 0.5  # grey levels: a row or column at the edge that deviates less is a frame
NOISE = 0.05  # of the deviation of what is left: one that deviates less is a frame with a sensor's noise
CLEAR = 0.95  # quantile of the cells' deviations that stands for the print's clearest part
LEAST_CLEAR = 3.7  # grey levels; a clearest part below shows nothing
CORE = 0.27  # of the clearest part's deviation; residue and the noise of the ground are fainter
FADED_OUT, FULL = 0.2, 0.34  # of it: between them a cell at the print's rim is shown in part
REACH = np.ones((3, 3), np.uint8)  # cells
HALF = 127  # of 255: cells shown more than half give the print's grey levels, all others the ground's
TAIL = 0.04  # of the print's pixels: the darkest are ridges, the brightest valleys
WHITE, BLACK = 255.0, 20.0  # grey levels that ground and ridges are brought to
MOST_GAIN = 12.0  # of the contrast; beyond, a faint picture would be little but its own rounding
# Grey levels below white, summed over a row or column: less is cut off the edges. NFIQ 2 cuts off a mean of 5, which
# is as much on 200 px, and hangs on the width.
LEAST_INK = 1000
LEAST_SIDE = 2  # px
CONTRAST = (
    "Contrast"  # beside NFIQ 2's measures: how far ridges stand out from the ground, as a share of its brightness
)


def print_measures(pixels: GreyImage) -> dict[str, float]:
    """Measure the print alone: what the default score is made of.

    Parameters
    ----------
    pixels : uint8 array (height, width)
        500 ppi, 0 = ridge, on ground of any grey, in a frame of any grey.

    Returns
    -------
    dict of str to float
        The 65 measures of NFIQ 2 that need no minutiae, and `CONTRAST`, 0..1, which they do not see any more.

    Raises
    ------
    InvalidSampleError
    NotAssessableError
        Nothing stands out from the ground, or what does is what NFIQ 2 refuses.
    """
    alone, contrast = _alone(pixels)
    return uncropped_measures(alone) | {CONTRAST: contrast}


def print_on_white(pixels: GreyImage) -> GreyImage:
    """Cut the picture to the print, stretch it between white and black, and blank what lies around.

    Parameters
    ----------
    pixels : uint8 array (height, width)
        500 ppi, 0 = ridge, on ground of any grey, in a frame of any grey.

    Returns
    -------
    uint8 array (height, width)
        The same, byte for byte, whatever flat frame lies around the picture.

    Raises
    ------
    InvalidSampleError
    NotAssessableError
        Nothing stands out from the ground.
    """
    return _alone(pixels)[0]


def _alone(pixels: GreyImage) -> tuple[GreyImage, float]:
    """Return the print alone, and the contrast it had."""
    image = np.ascontiguousarray(without_flat_edges(check_pixels(pixels)))
    cover = _over_pixels(print_cover(image), image.shape)
    if not cover.any():
        raise NotAssessableError(
            "nothing in the picture stands out from its ground. Place the finger and capture again"
        )
    ground, ridges = _ground_and_ridges(image, cover)
    ink = np.asarray(cv2.multiply(cv2.LUT(image, _ink_of_grey(ground, ridges)), cover, scale=1.0 / 255.0), np.uint8)
    y, x = _inked(ink, 1), _inked(ink, 0)
    alone = np.asarray(cv2.bitwise_not(np.ascontiguousarray(ink[y, x])), np.uint8)
    trace.stage("fingerprint.score.print", alone)
    return alone, (ground - ridges) / max(ground, 1.0)


def without_flat_edges(image: GreyImage) -> GreyImage:
    """Cut flat rows and columns off the edges, as long as there are any, and then those that are flat but for noise."""
    image = _cut(image, FLAT)
    return _cut(image, NOISE * float(cv2.meanStdDev(image)[1][0, 0])) if image.size else image


def print_cover(image: GreyImage) -> NDArray[np.uint8]:
    """Return how far each cell of 8 × 8 px is shown: 255 within the print, less at its rim, 0 around it."""
    if not image.size:
        return np.zeros((0, 0), np.uint8)
    sampled = np.ascontiguousarray(image[::STRIDE, ::STRIDE])
    side = CELL // STRIDE
    height, width = sampled.shape
    grey = np.pad(sampled, ((0, -height % side), (0, -width % side)), mode="edge").astype(np.float32)
    size = (grey.shape[1] // side, grey.shape[0] // side)
    mean, square = (
        cv2.blur(cv2.resize(of, size, interpolation=cv2.INTER_AREA), (3, 3), borderType=cv2.BORDER_REPLICATE)
        for of in (grey, grey * grey)
    )
    deviation = np.sqrt(np.maximum(square - mean * mean, 0.0))
    clear = np.sort(deviation, axis=None)[int(CLEAR * (deviation.size - 1))]
    relative = deviation / max(float(clear), LEAST_CLEAR)
    shown = np.clip((relative - FADED_OUT) / (FULL - FADED_OUT), 0.0, 1.0) * whole(relative > CORE)
    return np.asarray(np.rint(255.0 * cv2.dilate(shown.astype(np.float32), REACH)), np.uint8)


def _cut(image: GreyImage, least: float) -> GreyImage:
    before = None
    while image.size and image.shape != before:
        before = image.shape
        image = image[_flat_rows(image, least) : image.shape[0] - _flat_rows(image[::-1], least)]
        image = image[:, _flat_rows(image.T, least) : image.shape[1] - _flat_rows(image.T[::-1], least)]
    return image


def _flat_rows(image: GreyImage, least: float) -> int:
    """Count the rows at the top that deviate by no more than `least` grey levels."""
    height, n = image.shape
    for first, end in pairwise((0, *range(AT_FIRST, height, AT_ONCE), height)):
        rows = np.ascontiguousarray(image[first:end]).astype(np.float64)
        total, squares = rows.sum(axis=1), np.einsum("ij,ij->i", rows, rows)  # whole numbers below 2^53: exact
        varies = np.flatnonzero(n * squares - total * total > (least * n) ** 2)
        if varies.size:
            return int(first + varies[0])
    return int(height)


def _over_pixels(cells: NDArray[np.uint8], shape: tuple[int, ...]) -> NDArray[np.uint8]:
    """Spread the cells over the pixels, smoothly."""
    if not cells.size:
        return cells
    spread = cv2.resize(cells, (CELL * cells.shape[1], CELL * cells.shape[0]), interpolation=cv2.INTER_LINEAR)
    return np.ascontiguousarray(np.asarray(spread, np.uint8)[: shape[0], : shape[1]])


def _ground_and_ridges(image: GreyImage, cover: NDArray[np.uint8]) -> tuple[float, float]:
    """Return the grey levels of the ground and of the darkest ridges."""
    _, inside = cv2.threshold(cover, HALF, 255, cv2.THRESH_BINARY)
    within = _histogram(image, np.asarray(inside, np.uint8))
    around = _histogram(image, None) - within
    valleys, ridges = _mean_between(within, 1.0 - TAIL, 1.0), _mean_between(within, 0.0, TAIL)
    return max(valleys, _mean_between(around, 0.25, 0.75)), ridges  # around the print, or brighter between its ridges


def _ink_of_grey(ground: float, ridges: float) -> NDArray[np.uint8]:
    """Return a table from grey levels to ink: 0 for the ground, most for ridges."""
    gain = min((WHITE - BLACK) / max(ground - ridges, 1.0), MOST_GAIN)
    return np.asarray(np.clip((ground - np.arange(256)) * gain + 0.5, 0.0, 255.0), np.uint8)


def _histogram(image: GreyImage, inside: NDArray[np.uint8] | None) -> NDArray[np.float64]:
    return np.asarray(cv2.calcHist([image], [0], inside, [256], [0, 256]), np.float64).ravel()


def _mean_between(counts: NDArray[np.float64], low: float, high: float) -> float:
    """Return the mean grey level of the pixels between two quantiles; 0 where there are none."""
    total = np.cumsum(counts)
    taken = np.clip(total, low * total[-1], high * total[-1])
    taken = np.diff(taken, prepend=low * total[-1])
    return float((taken * np.arange(256)).sum() / max(float(taken.sum()), 1e-9))


def _inked(ink: NDArray[np.uint8], axis: int) -> slice:
    """Return from where to where rows (axis 1) or columns (axis 0) show ink.

    Raises
    ------
    NotAssessableError
        None do, or one alone.
    """
    sums = np.asarray(cv2.reduce(ink, axis, cv2.REDUCE_SUM, dtype=cv2.CV_32S)).ravel()
    found = np.flatnonzero(sums > LEAST_INK)
    if not found.size or found[-1] + 1 - found[0] < LEAST_SIDE:
        raise NotAssessableError("next to nothing of the picture is print. Place the finger and capture again")
    return slice(int(found[0]), int(found[-1]) + 1)
