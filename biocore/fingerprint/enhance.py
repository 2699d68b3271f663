"""Contextual enhancement: each cell is filtered along its own ridges, at their own period."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from biocore.fingerprint.orientation import OrientationField
from biocore.kernels import ridge

DIRECTIONS = 32
PERIODS = tuple(5.6 * 1.13**i for i in range(8))


@dataclass(frozen=True, slots=True)
class Filters:
    """Shape of the Gabor filters: side in px, deviation along the ridge in px, across it in periods; gain of the result."""

    side: int = 17
    along: float = 3.8
    across: float = 0.42
    gain: float = 1.5


def frozen(a):
    a.flags.writeable = False
    return a


@lru_cache(maxsize=8)
def bank(side: int, along: float, across: float):
    half = side // 2
    y, x = np.mgrid[-half : half + 1, -half : half + 1].astype(np.float64)
    filters, scales = [], []
    for period in PERIODS:
        for k in range(DIRECTIONS):
            angle = np.pi * k / DIRECTIONS
            u = x * np.cos(angle) - y * np.sin(angle)  # along the ridge, y down
            v = x * np.sin(angle) + y * np.cos(angle)
            ac = across * period
            envelope = np.exp(-0.5 * ((u / along) ** 2 + (v / ac) ** 2))
            wave = np.cos(2 * np.pi * v / period)
            taps = envelope * (wave - (envelope * wave).sum() / envelope.sum())
            taps = np.round(127 * taps / np.abs(taps).max())
            filters.append(taps)
            scales.append(1.0 / (taps * wave).sum())
    return frozen(np.array(filters, np.float32)), frozen(np.round(np.array(scales) * 2**30).astype(np.float32) / np.float32(2**30))


@lru_cache(maxsize=1)
def _tables():
    angle = 2 * np.pi * np.arange(DIRECTIONS) / DIRECTIONS
    unit = np.round(np.stack([np.cos(angle), np.sin(angle)]) * 2**20) / 2**20
    edges = np.sqrt(np.array(PERIODS[1:]) * np.array(PERIODS[:-1]))
    return unit.astype(np.float32), np.round(np.sin(2 * np.pi / edges) ** 2 * 2**20).astype(np.float32) / np.float32(2**20)


def choose(field: OrientationField, mask: NDArray[np.bool_]) -> NDArray[np.int16]:
    unit, edges = _tables()
    agreement = field.cosine[:, :, None] * unit[0] + field.sine[:, :, None] * unit[1]
    direction = np.argmax(agreement, axis=2)
    period = len(edges) - np.searchsorted(edges[::-1], field.frequency)
    choice = (period * DIRECTIONS + direction).astype(np.int16)
    choice[~mask] = -1
    return choice


def normalise(pixels):
    return ridge.normalise(pixels, 12, 4.0, 40.0)


def enhance(ridges, field, mask, f: Filters):
    filters, scale = bank(f.side, f.along, f.across)
    return ridge.filter_cells(ridges, filters, scale * np.float32(f.gain), choose(field, mask))
