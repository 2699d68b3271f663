"""Gate to thinning and tracing: from enhanced ridges to the ends of their skeletons."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from biocore.errors import InvalidSampleError
from biocore.kernels import _minutiae, checks
from biocore.kernels.ridge import CELL, MARGIN, RidgePicture, blank_shape

Bits = NDArray[np.uint64]
Lines = NDArray[np.uint8]  # a skeleton, 0 and 1, with an empty border of one pixel

MOST_ENDS = 2048  # of one skeleton; a picture with more is noise, and ends further down are not looked at
MAX_REACH = 64  # px followed along a line


def pack(ridges: RidgePicture, mask: NDArray[np.bool_]) -> tuple[Bits, Bits]:
    """Return ridges and valleys inside the mask as bits, 64 pixels a word, with an empty border."""
    cells = checks.array(mask, np.bool_, (None, None), "mask")
    rows, columns = cells.shape
    picture = checks.array(ridges, np.float32, blank_shape(rows, columns), "ridges", finite=False)
    shape = rows * CELL + 2, -(-columns * CELL // 64) + 2
    ridge, valley = np.zeros(shape, np.uint64), np.zeros(shape, np.uint64)
    _minutiae.pack(picture, cells.view(np.uint8), MARGIN, ridge, valley)
    return ridge, valley


def thin(bits: Bits, rounds: int) -> Bits:
    """Return the bits thinned to lines one pixel wide, in at most so many rounds."""
    own = _bits(bits).copy()
    own[0] = own[-1] = 0
    own[:, 0] = own[:, -1] = 0
    _minutiae.thin(own, np.empty((2, own.shape[1]), np.uint64), rounds)
    return own


def unpack(bits: Bits, width: int) -> Lines:
    """Return bits as bytes 0 and 1, `width` columns and the border."""
    own = _bits(bits)
    if not 0 < width <= 64 * (own.shape[1] - 2):
        raise InvalidSampleError(f"{own.shape[1] - 2} words do not hold {width} columns")
    out = np.zeros((own.shape[0], width + 2), np.uint8)
    if own.shape[0] > 2:
        _minutiae.unpack(own, out)
    out[0] = out[-1] = 0
    return out


def prune(lines: Lines, spur: int, fragment: int) -> Lines:
    """Return the skeleton without spurs (end to junction) and fragments (end to end) shorter than so many px."""
    own = _lines(lines).copy()
    if not (1 <= spur <= MAX_REACH and 1 <= fragment <= MAX_REACH):
        raise InvalidSampleError(f"spur and fragment must be 1..{MAX_REACH} px, not {spur} and {fragment}")
    path = np.empty(2 * max(spur, fragment), np.int16)
    _minutiae.prune(own, np.zeros(own.shape, np.int32), path, _marks(own), spur, fragment)
    return own


def trace_ends(lines: Lines, reach: int) -> tuple[NDArray[np.int16], NDArray[np.int32]]:
    """Follow each line from each of its ends, in raster order, for at most `reach` px.

    Returns
    -------
    paths : int16 array (n, reach, 2)
        x, y on `lines` (with its border), from the end inwards; only the first `lengths` of each are filled.
    lengths : int32 array (n,)

    Raises
    ------
    InvalidSampleError
    """
    own = _lines(lines)
    if not 1 <= reach <= MAX_REACH:
        raise InvalidSampleError(f"reach must be 1..{MAX_REACH} px, not {reach}")
    paths = np.zeros((MOST_ENDS, reach, 2), np.int16)
    lengths = np.zeros(MOST_ENDS, np.int32)
    n = _minutiae.trace_ends(own, np.zeros(own.shape, np.int32), _marks(own), reach, paths, lengths)
    return paths[:n], lengths[:n]


def cancel_facing(lines: Lines, ends: NDArray[np.float32], near: float, far: float, facing: float) -> NDArray[np.bool_]:
    """Mark the pairs of ends that look at each other across a break.

    Parameters
    ----------
    lines : skeleton
    ends : float32 array (n, 4)
        x, y on `lines` and the unit vector into the line, y down, by increasing y.
    near, far : float
        px: ends this close pair unless they look the same way; ends this close pair where they look at each other.
    facing : float
        Cosine of the angle within which an end looks at another.

    Returns
    -------
    bool array (n,)
    """
    own = _lines(lines)
    points = checks.array(ends, np.float32, (None, 4), "ends")
    low, high = (1, 1), (own.shape[1] - 2, own.shape[0] - 2)
    if len(points) and ((points[:, :2] < low).any() or (points[:, :2] > high).any()):
        raise InvalidSampleError("ends lie outside the skeleton")
    cancelled = np.zeros(len(points), np.uint8)
    _minutiae.cancel_facing(own, points, near, far, facing, cancelled)
    return cancelled.view(np.bool_)


def angles(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the angle of each vector (x, y) of an array (n, 2), radians in [0, 2π), the same on every machine."""
    own = checks.array(vectors, np.float32, (None, 2), "vectors")
    out = np.empty(len(own), np.float32)
    _minutiae.angles(own, out)
    return out


def _marks(lines: Lines) -> NDArray[np.uint8]:
    """One row of marks, and eight bytes more: the kernels look at eight at a time."""
    return np.zeros(lines.shape[1] + 8, np.uint8)


def _bits(bits: object) -> Bits:
    own = checks.array(bits, np.uint64, (None, None), "bits")
    if own.shape[0] < 2 or own.shape[1] < 3:
        raise InvalidSampleError(f"bits of shape {own.shape} have no border")
    return own


def _lines(lines: object) -> Lines:
    own = checks.array(lines, np.uint8, (None, None), "lines")
    if min(own.shape) < 3 or max(own.shape) > 2**15 - 1:
        raise InvalidSampleError(f"a skeleton with its border cannot be of shape {own.shape}")
    if own[0].any() or own[-1].any() or own[:, 0].any() or own[:, -1].any():
        raise InvalidSampleError("a skeleton's border must be empty")
    if own.max() > 1:
        raise InvalidSampleError("a skeleton holds zeros and ones only")
    return own
