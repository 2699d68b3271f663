"""Gate of the generator's kernels: growing ridges, and reading a plane between its pixels."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from biocore.errors import InvalidSampleError
from biocore.kernels import _synth, checks
from biocore.types import MAX_SIDE

TAPS = (15, 16)  # rows and columns of a filter; the last column is zero, so that a row is a whole vector of int16
BEFORE, AFTER = 7, 8  # px of padding above and left, below and right, so that every filter lies inside
TAP_SUM = 1 << 15  # largest sum of a filter's absolute taps: times a 16-bit value it still fits 32 bits
FRACTION = 256  # steps per px of the positions `sample` takes
UNITY = 1 << 14  # sum of four cubic weights
MAX_PASSES = 1000


def _catmull_rom() -> NDArray[np.int16]:
    """Weights of the Catmull-Rom cubic for each 1/256 px, whole numbers of exact sum (Keys 1981, a = -1/2)."""
    t = np.arange(FRACTION) / FRACTION
    exact = np.stack(
        [
            ((-t + 2) * t - 1) * t / 2,
            ((3 * t - 5) * t * t + 2) / 2,
            ((-3 * t + 4) * t + 1) * t / 2,
            (t - 1) * t * t / 2,
        ],
        1,
    )
    table = np.rint(exact * UNITY).astype(np.int16)
    table[:, 1] += (UNITY - table.sum(1, dtype=np.int64)).astype(np.int16)
    return table


WEIGHTS = _catmull_rom()


def grow(
    seeds: NDArray[np.int16],
    orientation: NDArray[np.uint8],
    period: NDArray[np.uint8],
    mask: NDArray[np.uint8],
    bank: NDArray[np.int16],
    *,
    shift: int,
    limit: int,
    passes: int,
) -> NDArray[np.int16]:
    """Filter a plane again and again, each pixel by the filter of its orientation and period.

    Parameters
    ----------
    seeds : int16 array (h, w)
        What the ridges start from.
    orientation, period : uint8 array (h, w)
        Index into the bank's first and second axis.
    mask : uint8 array (h, w)
        Where ridges grow; elsewhere the plane becomes 0.
    bank : int16 array (orientations, periods, 15, 16)
        Filters, last column zero, sum of absolute taps at most 2**15.
    shift : int
        A response is divided by 2**shift, 0..31, and
    limit : int
        clipped to ±limit, 1..32767.
    passes : int
        1..1000.

    Returns
    -------
    int16 array (h, w)

    Raises
    ------
    InvalidSampleError
    """
    seeds = checks.array(seeds, np.int16, (None, None), "seeds")
    height, width = shape = seeds.shape
    if not (1 <= height <= MAX_SIDE and 1 <= width <= MAX_SIDE):
        raise InvalidSampleError(f"seeds have shape {shape}; 1 to {MAX_SIDE} px a side can be grown")
    orientation = checks.array(orientation, np.uint8, shape, "orientation")
    period = checks.array(period, np.uint8, shape, "period")
    mask = checks.array(mask, np.uint8, shape, "mask")
    bank = checks.array(bank, np.int16, (None, None, *TAPS), "bank")
    if orientation.max() >= bank.shape[0] or period.max() >= bank.shape[1]:
        raise InvalidSampleError(f"an orientation or period lies outside the bank of {bank.shape[:2]} filters")
    if np.abs(bank.astype(np.int64)).sum((2, 3)).max() > TAP_SUM or bank[..., -1].any():
        raise InvalidSampleError("a filter's absolute taps sum to more than 2**15, or its last column is not zero")
    for name, value, low, high in (
        ("shift", shift, 0, 31),
        ("limit", limit, 1, 32767),
        ("passes", passes, 1, MAX_PASSES),
    ):
        if not low <= value <= high:
            raise InvalidSampleError(f"{name} must be {low} to {high}, not {value}")
    start = np.pad(np.where(mask != 0, seeds, np.int16(0)), (BEFORE, AFTER))
    planes = start, start.copy()
    _synth.grow(planes[0], planes[1], orientation, period, mask, bank, shift, limit, passes)
    return np.ascontiguousarray(planes[passes % 2][BEFORE:-AFTER, BEFORE:-AFTER])


def sample(plane: NDArray[np.int16], x: NDArray[np.int32], y: NDArray[np.int32]) -> NDArray[np.int16]:
    """Read a plane between its pixels by cubic convolution; outside, the nearest pixel stands.

    Parameters
    ----------
    plane : int16 array (h, w)
    x, y : int32 array (rows, columns)
        Positions in 1/256 px.

    Returns
    -------
    int16 array (rows, columns)

    Raises
    ------
    InvalidSampleError
    """
    plane = checks.array(plane, np.int16, (None, None), "plane")
    if not (1 <= plane.shape[0] <= MAX_SIDE and 1 <= plane.shape[1] <= MAX_SIDE):
        raise InvalidSampleError(f"plane has shape {plane.shape}; 1 to {MAX_SIDE} px a side can be sampled")
    x = checks.array(x, np.int32, (None, None), "x")
    y = checks.array(y, np.int32, x.shape, "y")
    out = np.empty(x.shape, np.int16)
    _synth.sample(plane, x, y, WEIGHTS, out)
    return out
