"""Contextual enhancement: each cell is filtered along its own ridges, at their own period.

An even Gabor filter (Hong, Wan and Jain, PAMI 20(8), 1998) keeps what looks like ridges of the known direction and
period, and bridges breaks and pores that are shorter than its envelope. Taps are whole numbers, so sums are exact.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from biocore.fingerprint.orientation import OrientationField
from biocore.kernels import ridge
from biocore.kernels.minutiae import angles
from biocore.types import GreyImage

Floats = NDArray[np.float32]

WINDOW_RADIUS = 12  # px; 25 px hold two to three ridges, so mean and deviation do not follow one ridge
DEVIATION_FLOOR = 4.0  # grey levels; keeps sensor noise of an empty ground small
NORMAL_DEVIATION = 40.0  # grey levels of a ridge picture at one local deviation; three of them are its limit
DIRECTIONS = 32  # steps of 5.6 degrees, a fifth of the filters' half-power width
PERIODS = tuple(5.6 * 1.13**i for i in range(8))  # px; 5.6 (a small child) to 13.2 (a large thumb) at 500 ppi
TAP = 127  # largest tap: 25x25 of them still sum exactly in float32


@dataclass(frozen=True, slots=True)
class Filters:
    """Shape of the Gabor filters.

    Attributes
    ----------
    side : int
        px, odd.
    along : float
        Deviation of the envelope along the ridge, px.
    across : float
        Deviation across the ridge, in ridge periods.
    gain : float
        Grey levels out for one grey level of a matching wave in.
    """

    side: int = 17
    along: float = 3.8
    across: float = 0.42
    gain: float = 1.5


def normalise(pixels: GreyImage) -> tuple[ridge.RidgePicture, Floats]:
    """Return the finger with even brightness and contrast, ridges positive, and the local deviation it had."""
    return ridge.normalise(pixels, WINDOW_RADIUS, DEVIATION_FLOOR, NORMAL_DEVIATION)


def enhance(
    picture: ridge.RidgePicture, field: OrientationField, mask: NDArray[np.bool_], filters: Filters
) -> tuple[ridge.RidgePicture, Floats]:
    """Filter each cell of the mask along its ridges; return the ridge picture and each cell's mean absolute value."""
    return ridge.filter_cells(picture, _bank(filters), choose(field, mask))


def blend(ridges: ridge.RidgePicture, picture: ridge.RidgePicture, share: float) -> ridge.RidgePicture:
    """Mix a share of the unfiltered picture into enhanced ridges, to be filtered once more: evidence stays in."""
    return np.asarray(np.round(np.float32(1 - share) * ridges + np.float32(share) * picture), np.float32)


def choose(field: OrientationField, mask: NDArray[np.bool_]) -> NDArray[np.int16]:
    """Return each cell's filter: the direction nearest to its orientation and the period nearest to its own."""
    doubled = angles(np.stack([field.cosine.ravel(), field.sine.ravel()], axis=1)).reshape(mask.shape)
    direction = (doubled * np.float32(DIRECTIONS / (2 * np.pi)) + np.float32(0.5)).astype(np.int16) % DIRECTIONS
    borders = _borders()
    period = len(borders) - np.searchsorted(borders[::-1], field.wave)  # a long period is a slow wave
    return np.where(mask, period * DIRECTIONS + direction, -1).astype(np.int16)


@lru_cache(maxsize=1)
def _borders() -> Floats:
    """Return the borders between the periods as sin²(2π / p), falling."""
    borders = np.sqrt(np.array(PERIODS[1:]) * np.array(PERIODS[:-1]))
    return _exact(np.sin(2 * np.pi / borders) ** 2, 20)


@lru_cache(maxsize=16)
def _bank(filters: Filters) -> ridge.FilterBank:
    """Return the filters, period by period, each with the factor that gives all the same gain."""
    half = filters.side // 2
    y, x = np.mgrid[-half : half + 1, -half : half + 1].astype(np.float64)
    disc = x * x + y * y < (half + 0.5) ** 2  # the corners are a third of the work and a fiftieth of the weight
    bank, scale = [], []
    for period in PERIODS:
        for angle in np.pi * np.arange(DIRECTIONS) / DIRECTIONS:
            along = x * np.cos(angle) - y * np.sin(angle)
            across = x * np.sin(angle) + y * np.cos(angle)
            envelope = disc * np.exp(-0.5 * ((along / filters.along) ** 2 + (across / (filters.across * period)) ** 2))
            wave = np.cos(2 * np.pi * across / period)
            taps = envelope * (wave - (envelope * wave).sum() / envelope.sum())  # blind to even grey
            taps = np.round(TAP * taps / np.abs(taps).max())
            bank.append(taps)
            scale.append(filters.gain / (taps * wave).sum())
    return ridge.FilterBank(np.array(bank, np.float32), _exact(np.array(scale), 30))


def _exact(values: NDArray[np.float64], bits: int) -> Floats:
    """Round to multiples of 2^-bits, which hides the last bit that differs between mathematical libraries."""
    out = (np.round(values * 2.0**bits) / 2.0**bits).astype(np.float32)
    out.flags.writeable = False
    return out
