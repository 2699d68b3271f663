"""Ridges grow: oriented filters turn scattered seeds into a pattern, and minutiae arise by themselves.

Iterated Gabor filtering after SFinGe (Cappelli, Erol, Maio and Maltoni, ICPR 2000). Where growing fronts meet out of
step, or lines spread apart, the filter settles on an ending or a bifurcation: none is placed by hand. Grown at 333 ppi,
where a ridge period is six px and a filter has half the taps, then read between the pixels at 500 ppi.
"""

from __future__ import annotations

import functools
import math

import numpy as np
from numpy.typing import NDArray

from biocore.chance import Draw, Field
from biocore.fingerprint.synth_field import FINGER_SIZE, PERIOD_RANGE, Angles
from biocore.kernels import synth as kernel

STEP = 1.5  # px at 500 ppi for one px of the growing plane
ORIENTATIONS, PERIODS = 64, 16  # filters in the bank: 2.8 degrees and 0.28 px apart
LIMIT = 1000  # height of a full-grown ridge above the mean; valleys reach -LIMIT
PASSES = 16  # more would heal minutiae away: 24 leave 0.21 a mm², 16 leave 0.25
SEED_SHARE = 0.006  # of the px carry a seed: one every 20 px or so at 500 ppi
GAIN = 1.6  # a perfect ridge of half height is full height one pass later
_SHIFT = 13


@functools.cache
def filters() -> NDArray[np.int16]:
    """Return the bank of Gabor filters: (orientations, periods, 15, 16) whole numbers of zero sum."""
    rows, columns = kernel.TAPS
    y, x = np.mgrid[-(rows // 2) : rows // 2 + 1, -(rows // 2) : rows // 2 + 1].astype(np.float64)
    bank = np.zeros((ORIENTATIONS, PERIODS, rows, columns), np.int16)
    for i in range(ORIENTATIONS):
        theta = math.pi * i / ORIENTATIONS
        across = x * math.sin(theta) + y * math.cos(theta)
        for j in range(PERIODS):
            wave = 2 * math.pi * STEP / period_of(j)
            sigma = 0.46 * period_of(j) / STEP  # as wide as a ridge and its two neighbours
            bell = np.exp(-(x * x + y * y) / (2 * sigma * sigma))
            taps = bell * np.cos(wave * across)
            taps -= bell * taps.sum() / bell.sum()
            taps *= GAIN * (1 << _SHIFT) / (taps * np.cos(wave * across)).sum()
            whole = np.rint(taps).astype(np.int64)
            whole[rows // 2, rows // 2] -= whole.sum()
            bank[i, j, :, :rows] = whole
    bank.flags.writeable = False
    return bank


def period_of(index: int) -> float:
    """Return the ridge period in px at 500 ppi of the bank's second axis."""
    low, high = PERIOD_RANGE
    return low + (high - low) * index / (PERIODS - 1)


def grow(draw: Draw, theta: Angles, period: Field, outline: NDArray[np.bool_]) -> NDArray[np.int16]:
    """Return the ridges at 500 ppi, (height, width) of FINGER_SIZE: +LIMIT on a ridge, -LIMIT in a valley.

    Parameters
    ----------
    draw : Draw
    theta, period, outline : arrays (rows, columns) on the growing plane
        Orientation in radians, period in px at 500 ppi, and where there is skin.
    """
    low, high = PERIOD_RANGE
    orientation = (np.rint(theta * (ORIENTATIONS / math.pi)).astype(np.int64) % ORIENTATIONS).astype(np.uint8)
    spacing = np.rint((period - low) * ((PERIODS - 1) / (high - low))).astype(np.uint8)
    seeds = np.where(draw.units(*theta.shape) < SEED_SHARE, LIMIT, 0).astype(np.int16)
    grown = kernel.grow(
        seeds,
        orientation,
        spacing,
        outline.astype(np.uint8),
        filters(),
        shift=_SHIFT,
        limit=LIMIT,
        passes=PASSES,
    )
    width, height = FINGER_SIZE
    x = np.broadcast_to(np.rint(np.arange(width) * (256 / STEP)).astype(np.int32), (height, width))
    y = np.broadcast_to(np.rint(np.arange(height) * (256 / STEP)).astype(np.int32)[:, None], (height, width))
    return kernel.sample(grown, np.ascontiguousarray(x), np.ascontiguousarray(y))
