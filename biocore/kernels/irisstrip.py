"""Gate of making iris codes: from picture to strip, from strip to bits."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from biocore.errors import InvalidSampleError
from biocore.kernels import _irisstrip, checks
from biocore.types import IRIS_COLUMNS, GreyImage

ROWS = 16  # of a code; two parts of two wavelengths of each fill a word
TAP_SETS = 4  # long real, long imaginary, short real, short imaginary
STRIP_ROWS = (ROWS, 512)  # fewest and most rows of a strip
STRIP_COLUMNS = (IRIS_COLUMNS, 4096)
MAX_TAPS = 1023  # of a filter
MAX_RESPONSE = 1 << 30  # sums of products stay within 32 bits


def unwrap(
    pixels: GreyImage,
    usable: NDArray[np.bool_],
    inner: NDArray[np.float64],
    outer: NDArray[np.float64],
    rows: int,
) -> tuple[NDArray[np.float64], NDArray[np.uint8]]:
    """Sample the ring between two curves.

    Parameters
    ----------
    pixels : uint8 array (height, width)
    usable : bool array (height, width)
    inner, outer : float64 arrays (columns, 2)
        Points of the curves, x and y in px, counter-clockwise from the same angle.
    rows : int
        Of the strip; row i lies (i + 1/2) / rows of the way outwards.

    Returns
    -------
    strip : float64 array (rows, columns)
        Grey, bilinear; 0 beyond the picture.
    valid : uint8 array (rows, columns)
        1 where all four pixels a sample comes from are usable.
    """
    image = checks.grey(pixels)
    mask = checks.array(usable, np.bool_, image.shape, "usable").view(np.uint8)
    columns = len(inner) if isinstance(inner, np.ndarray) and inner.ndim else 0
    _check_side(rows, STRIP_ROWS, "rows")
    _check_side(columns, STRIP_COLUMNS, "columns")
    inside = checks.array(inner, np.float64, (columns, 2), "inner curve")
    outside = checks.array(outer, np.float64, (columns, 2), "outer curve")
    strip = np.zeros((rows, columns))
    valid = np.zeros((rows, columns), np.uint8)
    _irisstrip.unwrap(image, mask, inside, outside, strip, valid)
    return strip, valid


def flatten(
    strip: NDArray[np.float64],
    valid: NDArray[np.uint8],
    half_rows: int,
    half_columns: int,
    passes: int,
    noise: float,
    limit: float,
    scale: float,
) -> NDArray[np.int16]:
    """Take local mean and spread away, over what is valid.

    Parameters
    ----------
    strip, valid
        As `unwrap` returns them.
    half_rows, half_columns, passes : int
        The surroundings: a box of 2 half + 1 samples a side, so many times over.
    noise : float
        Grey levels added (as a variance) to the spread, so that an even surface does not become texture.
    limit : float
        Spreads at which a sample is clipped.
    scale : float
        Steps a spread; limit * scale must fit into 15 bits.

    Returns
    -------
    int16 array (rows, columns)
        0 where nothing is valid.
    """
    grey = checks.array(strip, np.float64, (None, None), "strip")
    n, columns = grey.shape
    _check_side(n, STRIP_ROWS, "rows")
    _check_side(columns, STRIP_COLUMNS, "columns")
    known = checks.array(valid, np.uint8, (n, columns), "valid")
    if not (0 <= half_rows < n and 0 <= half_columns < columns // 2 and 1 <= passes <= 8):
        raise InvalidSampleError(f"a box of {half_rows} x {half_columns}, {passes} times, does not fit {n} x {columns}")
    if not (0 < noise < 1e6 and limit > 0 and scale > 0 and limit * scale < np.iinfo(np.int16).max):
        raise InvalidSampleError(f"noise {noise}, limit {limit} and scale {scale} must be positive, and fit 15 bits")
    out = np.zeros((n, columns), np.int16)
    work, line = np.empty((4, n, columns)), np.empty(4 * (columns + 2 * half_columns + 1))
    _irisstrip.flatten(grey, known, work, line, half_rows, half_columns, passes, noise, limit, scale, out)
    return out


def rows(
    flat: NDArray[np.int16],
    valid: NDArray[np.uint8],
    taps: NDArray[np.int32],
    first: NDArray[np.int32],
    coverage: int,
) -> tuple[NDArray[np.int16], NDArray[np.uint8]]:
    """Reduce a strip to the rows of a code.

    Parameters
    ----------
    flat, valid
        As `flatten` and `unwrap` return them.
    taps : int32 array (ROWS, k)
        Weight of each strip row, not negative.
    first : int32 array (ROWS,)
        Strip row of the first tap; rows beyond the strip have no weight.
    coverage : int
        Weight that must be valid.

    Returns
    -------
    lines : int16 array (ROWS, columns)
    known : uint8 array (ROWS, columns)
    """
    values = checks.array(flat, np.int16, (None, None), "flat")
    known = checks.array(valid, np.uint8, values.shape, "valid")
    weights = checks.array(taps, np.int32, (ROWS, None), "taps")
    begin = checks.array(first, np.int32, (ROWS,), "first")
    if (weights < 0).any() or weights.sum(axis=1, dtype=np.int64).max(initial=0) > 1 << 15:
        raise InvalidSampleError("row taps must not be negative, and add up to at most 32768")
    if (abs(begin.astype(np.int64)) > STRIP_ROWS[1]).any() or weights.shape[1] > STRIP_ROWS[1]:
        raise InvalidSampleError("row taps lie beyond the strip")
    lines, sure = np.zeros((ROWS, values.shape[1]), np.int16), np.zeros((ROWS, values.shape[1]), np.uint8)
    _irisstrip.rows(values, known, weights, begin, max(1, int(coverage)), lines, sure)
    return lines, sure


def encode(
    lines: NDArray[np.int16], known: NDArray[np.uint8], taps: NDArray[np.int16], least: int
) -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
    """Filter the rows of a code and keep the signs.

    Parameters
    ----------
    lines, known
        As `rows` returns them.
    taps : int16 array (TAP_SETS, odd k)
        Long real, long imaginary, short real, short imaginary.
    least : int
        Response below which a bit is masked.

    Returns
    -------
    code, mask : uint64 arrays (IRIS_COLUMNS,)
    """
    values = checks.array(lines, np.int16, (ROWS, None), "lines")
    columns = values.shape[1]
    _check_side(columns, STRIP_COLUMNS, "columns")
    sure = checks.array(known, np.uint8, (ROWS, columns), "known")
    weights = checks.array(taps, np.int16, (TAP_SETS, None), "taps")
    width = weights.shape[1]
    if columns % IRIS_COLUMNS or not (width % 2 == 1 and width <= min(MAX_TAPS, columns)):
        raise InvalidSampleError(f"{width} taps on {columns} columns; an odd number and a multiple are needed")
    largest = int(abs(values.astype(np.int64)).max(initial=0))
    if largest * int(abs(weights.astype(np.int64)).sum(axis=1).max()) > MAX_RESPONSE:
        raise InvalidSampleError("the responses would not fit into 32 bits; scale lines or taps down")
    code, mask = np.zeros(IRIS_COLUMNS, np.uint64), np.zeros(IRIS_COLUMNS, np.uint64)
    line = np.zeros(columns + width, np.int16)
    _irisstrip.encode(values, sure, weights, line, columns // IRIS_COLUMNS, min(int(least), MAX_RESPONSE), code, mask)
    code &= mask
    return code, mask


def _check_side(n: int, limits: tuple[int, int], what: str) -> None:
    if not limits[0] <= n <= limits[1]:
        raise InvalidSampleError(f"a strip has {limits[0]} to {limits[1]} {what}, not {n}")
