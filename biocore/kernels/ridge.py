"""Gate to the loops over a finger's pixels: normalisation, cell tensors, oriented filters.

A *ridge picture* is float32 of whole numbers within ±`LIMIT`, ridges positive, padded to whole cells and by
`MARGIN` px on each side, so that no filter needs to ask where the edge is.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from biocore.errors import InvalidSampleError
from biocore.kernels import _ridge, checks
from biocore.types import GreyImage, frozen_array

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


@dataclass(frozen=True, slots=True, eq=False)
class FilterBank:
    """Filters that the kernel may trust: checked once, used for every picture.

    Attributes
    ----------
    taps : float32 array (n, side, side)
        Whole numbers within ±32767; `side` odd and at most `MAX_TAPS`.
    scale : float32 array (n,)
        What each filter's sums are multiplied by.
    pairs : int16 array (n, side, side + 1)
        The taps with an empty last column: the kernel takes two at a time.
    spans : int32 array (side, 2)
        First column and the one after the last in which any filter has a tap, row by row, widened to even numbers.

    Raises
    ------
    InvalidSampleError
        Wrong shapes, or taps so large that float32 would round their sums.
    """

    taps: NDArray[np.float32]
    scale: NDArray[np.float32]
    pairs: NDArray[np.int16] = field(init=False)
    spans: NDArray[np.int32] = field(init=False)

    def __post_init__(self) -> None:
        taps = checks.array(self.taps, np.float32, (None, None, None), "taps")
        count, side = taps.shape[:2]
        if side != taps.shape[2] or side % 2 == 0 or side > MAX_TAPS or not count:
            raise InvalidSampleError(f"filters must be square, odd and at most {MAX_TAPS} px, not {taps.shape}")
        if np.abs(taps).sum(axis=(1, 2)).max() * LIMIT >= 2**24:
            raise InvalidSampleError("filters are too large: their sums would not be exact")
        if np.abs(taps).max() > 2**15 - 1 or (np.rint(taps) != taps).any():
            raise InvalidSampleError("taps must be whole numbers within ±32767")
        used: NDArray[np.bool_] = np.asarray((taps != 0).sum(axis=0) > 0)
        first = np.where(used.sum(axis=1) > 0, used.argmax(axis=1), side)
        spans = np.stack([first // 2 * 2, (side - used[:, ::-1].argmax(axis=1) + 1) // 2 * 2], axis=1).astype(np.int32)
        pairs = np.zeros((count, side, side + 1), np.int16)
        pairs[:, :, :side] = taps
        object.__setattr__(self, "pairs", frozen_array(pairs))
        object.__setattr__(self, "taps", frozen_array(taps))
        object.__setattr__(self, "scale", frozen_array(checks.array(self.scale, np.float32, (count,), "scale")))
        object.__setattr__(self, "spans", frozen_array(spans))


def filter_cells(
    ridges: RidgePicture, bank: FilterBank, choice: NDArray[np.int16]
) -> tuple[RidgePicture, NDArray[np.float32]]:
    """Correlate each cell with the filter chosen for it.

    Parameters
    ----------
    ridges : ridge picture
        What lies beyond ±`LIMIT`, or is NaN, counts as 0.
    bank : FilterBank
    choice : int16 array (rows, columns)
        Index into the bank; negative: the cell stays empty.

    Returns
    -------
    ridge picture, and float32 array (rows, columns): mean absolute value of each cell

    Raises
    ------
    InvalidSampleError
        Wrong shapes, or an index beyond the bank.
    """
    picture, rows, columns = _picture(ridges)
    chosen = checks.array(choice, np.int16, (rows, columns), "choice")
    if chosen.max() >= len(bank.taps):
        raise InvalidSampleError(f"choice {chosen.max()} is beyond the bank of {len(bank.taps)}")
    out = blank(rows, columns)
    strength = np.zeros((rows, columns), np.float32)
    work = np.empty((picture.shape[0], picture.shape[1] + CELL), np.int16)
    _ridge.filter_cells(picture, bank.pairs, bank.scale, bank.spans, chosen, MARGIN, LIMIT, work, out, strength)
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
