"""Gate to the loops over a finger's pixels: normalisation, cell tensors, oriented filters.

A *ridge picture* is float32 of whole numbers within ±`LIMIT`, ridges positive, padded to whole cells and by
`MARGIN` px on each side, so that no filter needs to ask where the edge is.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from biocore.errors import InvalidSampleError
from biocore.kernels import _ridge, checks
from biocore.types import GreyImage

CELL = 8  # px; one orientation, one period and one filter each; about one ridge period
MARGIN = 16  # px around a ridge picture; half of the widest filter and the tensor's four
LIMIT = 127.0  # grey levels of a ridge picture
MAX_TAPS = 2 * MARGIN + 1

RidgePicture = NDArray[np.float32]


def cells_of(height: int, width: int) -> tuple[int, int]:
    """Rows and columns of the cells that cover a picture."""
    return -(-height // CELL), -(-width // CELL)


def blank(rows: int, columns: int) -> RidgePicture:
    """Return an empty ridge picture of so many cells."""
    return np.zeros((rows * CELL + 2 * MARGIN, columns * CELL + 2 * MARGIN), np.float32)


def normalise(pixels: GreyImage, radius: int, floor: float, gain: float) -> tuple[RidgePicture, NDArray[np.float32]]:
    """Return the ridge picture (local mean - pixel) * gain / (local deviation + floor), and that deviation.

    Parameters
    ----------
    pixels : uint8 array (height, width)
    radius : int
        Half the window, px, 1..64; the window is cut at the picture's edge.
    floor : float
        Grey levels added to the deviation, > 0, so that noise on an even ground stays small.
    gain : float
        Grey levels of the result at one deviation.

    Returns
    -------
    ridges : float32 array, padded
    deviation : float32 array (height, width)
        Local standard deviation, grey levels.

    Raises
    ------
    InvalidSampleError
    """
    image = checks.grey(pixels)
    if not 1 <= radius <= 64:  # 129² px of 255² stay below 2^31
        raise InvalidSampleError(f"normalisation radius must be 1..64 px, not {radius}")
    if not (floor > 0 and gain > 0):
        raise InvalidSampleError(f"normalisation floor and gain must be positive, not {floor} and {gain}")
    height, width = image.shape
    out = blank(*cells_of(height, width))
    deviation = np.empty((height, width), np.float32)
    work = np.empty((5, width), np.int32)
    _ridge.normalise(image, radius, floor, gain, LIMIT, MARGIN, work, out, deviation)
    return out, deviation


def cell_tensors(ridges: RidgePicture) -> NDArray[np.float32]:
    """Sum the gradient tensor of the smoothed ridge picture over each cell.

    Returns
    -------
    float32 array (rows, columns, 4)
        gy² - gx², 2 gx gy (together a vector along the doubled ridge angle, counter-clockwise), gx² + gy², and
        the power of the smoothed picture; g are differences over two pixels.

    Raises
    ------
    InvalidSampleError
    """
    picture, rows, columns = _picture(ridges)
    out = np.empty((rows, columns, 4), np.float32)
    work = np.empty((8, picture.shape[1]), np.float32)
    _ridge.cell_tensors(picture, MARGIN, CELL, work, out)
    return out


def filter_cells(
    ridges: RidgePicture, bank: NDArray[np.float32], scale: NDArray[np.float32], choice: NDArray[np.int16]
) -> tuple[RidgePicture, NDArray[np.float32]]:
    """Correlate each cell with the filter chosen for it.

    Parameters
    ----------
    ridges : ridge picture
    bank : float32 array (n, side, side)
        Filters of whole numbers, `side` odd and at most `MAX_TAPS`.
    scale : float32 array (n,)
        What each filter's sums are multiplied by.
    choice : int16 array (rows, columns)
        Index into the bank; negative: the cell stays empty.

    Returns
    -------
    ridge picture, and float32 array (rows, columns): mean absolute value of each cell

    Raises
    ------
    InvalidSampleError
        Wrong shapes, an index beyond the bank, or filters so large that float32 would round their sums.
    """
    picture, rows, columns = _picture(ridges)
    filters = checks.array(bank, np.float32, (None, None, None), "bank")
    count, side = filters.shape[:2]
    if side != filters.shape[2] or side % 2 == 0 or side > MAX_TAPS:
        raise InvalidSampleError(f"filters must be square, odd and at most {MAX_TAPS} px, not {filters.shape[1:]}")
    if count and np.abs(filters).sum(axis=(1, 2)).max() * LIMIT >= 2**24:
        raise InvalidSampleError("filters are too large: their sums would not be exact")
    factors = checks.array(scale, np.float32, (count,), "scale")
    chosen = checks.array(choice, np.int16, (rows, columns), "choice")
    if chosen.max() >= count:
        raise InvalidSampleError(f"choice {chosen.max()} is beyond the bank of {count}")
    out = blank(rows, columns)
    strength = np.zeros((rows, columns), np.float32)
    _ridge.filter_cells(picture, filters, factors, chosen, MARGIN, LIMIT, out, strength)
    return out, strength


def blank_shape(rows: int, columns: int) -> tuple[int, int]:
    """Shape of a ridge picture of so many cells."""
    return rows * CELL + 2 * MARGIN, columns * CELL + 2 * MARGIN


def _picture(ridges: object) -> tuple[RidgePicture, int, int]:
    picture = checks.array(ridges, np.float32, (None, None), "ridges", finite=False)
    rows, columns = ((side - 2 * MARGIN) // CELL for side in picture.shape)
    if rows < 1 or columns < 1 or picture.shape != blank_shape(rows, columns):
        raise InvalidSampleError(f"a ridge picture cannot be {picture.shape[1]}x{picture.shape[0]} px")
    return picture, rows, columns
