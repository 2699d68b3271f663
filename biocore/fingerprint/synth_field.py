"""Where a synthetic finger's ridges run: its class, orientation, period and outline.

The orientation is the zero-pole model (Sherlock and Monro 1993): each core turns the ridges by half the angle
under which it is seen, each delta turns them back; every singular point has its mirror image below the crease of
the joint, as in the quadratic differentials of Huckemann, Hotz and Munk (2008), so that the ridges there run across
the finger. The angle is bent before it is used, after Vizcaya and Gerhardt (1996), and what the bare model lacks, the
arching of all fingers over the tip, is added as its own term, as SFinGe does for arches (Cappelli, in
Maltoni et al., Handbook of Fingerprint Recognition, chapter 6).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from biocore.chance import Draw, Field, ramp, smooth_field

FINGER_SIZE = (456, 600)  # px at 500 ppi, width and height of the skin that is grown: 23 x 30 mm
CENTRE = (228.0, 276.0)  # px; middle of the pattern area, where cores lie
CREASE_Y = 590.0  # px; the joint, below which every singular point is mirrored
PERIOD_RANGE = (
    7.2,
    11.4,
)  # px at 500 ppi: 0.37-0.58 mm; measured on real prints, the middle four fifths lie in 7.2-10.1

Angles = NDArray[np.float64]


class FingerClass(StrEnum):
    """Pattern classes of Henry and Galton."""

    ARCH = "arch"
    TENTED_ARCH = "tented arch"
    LEFT_LOOP = "left loop"
    RIGHT_LOOP = "right loop"
    WHORL = "whorl"
    DOUBLE_LOOP = "double loop"


# Shares of the classes in the population: Wilson, Candela and Watson 1994, arch 3.7 %, tented 2.9 %, left loop 33.8 %,
# right loop 31.7 %, whorl 27.9 %, of which about a fifth are double loops.
FREQUENCIES = {
    FingerClass.ARCH: 0.037,
    FingerClass.TENTED_ARCH: 0.029,
    FingerClass.LEFT_LOOP: 0.338,
    FingerClass.RIGHT_LOOP: 0.317,
    FingerClass.WHORL: 0.223,
    FingerClass.DOUBLE_LOOP: 0.056,
}


@dataclass(frozen=True, slots=True)
class Pattern:
    """The plan of one finger.

    Attributes
    ----------
    kind : FingerClass
    cores, deltas : tuple of (x, y) in px of the finger's own picture
    arching : float
        Slope in radians that the arch term reaches at the sides, 0..1.5.
    bend : tuple of four floats
        Amplitudes in radians of the first two harmonics by which angles seen from cores and deltas are bent.
    period : float
        Mean ridge period in px around the cores, 7.6..9.2.
    """

    kind: FingerClass
    cores: tuple[tuple[float, float], ...]
    deltas: tuple[tuple[float, float], ...]
    arching: float
    bend: tuple[float, float, float, float]
    period: float


def plan(draw: Draw) -> Pattern:
    """Draw a finger's class and the places of its singular points."""
    kind = tuple(FREQUENCIES)[draw.pick(tuple(FREQUENCIES.values()))]
    x, y = CENTRE[0] + draw.bell(0, 9), CENTRE[1] + draw.bell(0, 12)
    side = {FingerClass.RIGHT_LOOP: -1.0, FingerClass.LEFT_LOOP: 1.0}.get(kind, 1.0 if draw.units(1)[0] < 0.5 else -1.0)
    wide, deep = draw.uniform(92, 142), draw.uniform(88, 150)
    cores: tuple[tuple[float, float], ...] = ()
    deltas: tuple[tuple[float, float], ...] = ()
    arching = draw.uniform(0.95, 1.15)
    if kind is FingerClass.TENTED_ARCH:
        cores, deltas = ((x, y + 30),), ((x + side * draw.uniform(2, 9), y + 30 + draw.uniform(70, 105)),)
        arching = draw.uniform(0.75, 0.9)
    elif kind in (FingerClass.LEFT_LOOP, FingerClass.RIGHT_LOOP):
        cores, deltas = ((x - side * 8, y),), ((x + side * wide, y + deep),)
        arching = draw.uniform(0.7, 0.95)
    elif kind is FingerClass.WHORL:
        gap = draw.uniform(14, 52)
        lean = draw.bell(0, 5)
        cores = ((x - lean, y - gap / 2), (x + lean, y + gap / 2))
        deltas = ((x - wide, y + deep), (x + draw.uniform(92, 142), y + deep + draw.bell(0, 18)))
        arching = draw.uniform(0.3, 0.5)
    elif kind is FingerClass.DOUBLE_LOOP:
        across, down = draw.uniform(34, 60), draw.uniform(40, 66)
        cores = ((x - side * across / 2, y - down / 2), (x + side * across / 2, y + down / 2))
        deltas = ((x - wide, y + deep), (x + draw.uniform(92, 142), y + deep + draw.bell(0, 18)))
        arching = draw.uniform(0.3, 0.5)
    bend = (draw.bell(0, 0.10), draw.bell(0, 0.06), draw.bell(0, 0.10), draw.bell(0, 0.06))
    return Pattern(kind, cores, deltas, arching, bend, draw.uniform(7.6, 9.2))


def orientation(pattern: Pattern, draw: Draw, step: float) -> Angles:
    """Return the ridge orientation in radians, [0, π), one value every `step` px of the finger's picture."""
    width, height = (math.ceil(side / step) for side in FINGER_SIZE)
    x = (np.arange(width, dtype=np.float64) * step)[None, :]
    y = (np.arange(height, dtype=np.float64) * step)[:, None]
    theta: Angles = _arching(pattern, x, y)
    bend_core, bend_delta = pattern.bend[:2], pattern.bend[2:]
    for px, py in pattern.cores:
        theta = theta + 0.5 * _bent(x, y, px, py, bend_core) + 0.5 * _mirrored(x, y, px, py)
    for px, py in pattern.deltas:
        theta = theta - 0.5 * _bent(x, y, px, py, bend_delta) - 0.5 * _mirrored(x, y, px, py)
    wander = smooth_field(draw, (height, width), 75.0 / step) * 0.07  # rad; no finger is as regular as its model
    # Rounded to 1e-6 rad: an arctangent's last bit differs between machines.
    turned = np.rint((theta + wander) / math.pi * 1e6).astype(np.int64) % 1_000_000
    return np.asarray(turned * (math.pi / 1e6), np.float64)


def _bent(x: Angles, y: Angles, px: float, py: float, bend: tuple[float, float]) -> Angles:
    angle = np.arctan2(py - y, x - px)  # y points down on the picture, up in the model
    return np.asarray(angle + bend[0] * np.sin(angle) + bend[1] * np.sin(2 * angle), np.float64)


def _mirrored(x: Angles, y: Angles, px: float, py: float) -> Angles:
    return np.asarray(np.arctan2(2 * CREASE_Y - py - y, x - px), np.float64)


def _arching(pattern: Pattern, x: Angles, y: Angles) -> Angles:
    """Rise to the left of the middle line and fall to the right, most at the pattern's height, least at the joint."""
    sideways = (x - CENTRE[0]) / 105.0
    sideways = sideways / np.sqrt(1.0 + sideways * sideways)
    above = np.clip((CENTRE[1] - y) / CENTRE[1], 0.0, 1.0)
    below = np.clip((y - CENTRE[1]) / (CREASE_Y - CENTRE[1]), 0.0, 1.0)
    strength = pattern.arching * (1.0 - 0.42 * above) * (1.0 - below * below * (3 - 2 * below))
    if pattern.kind is FingerClass.TENTED_ARCH:
        strength = strength + 0.15
    return np.asarray(-strength * sideways, np.float64)


def period(pattern: Pattern, draw: Draw, step: float) -> Field:
    """Return the ridge period in px at 500 ppi, one value every `step` px: wider near the tip and below the deltas."""
    width, height = (math.ceil(side / step) for side in FINGER_SIZE)
    y = np.repeat((np.arange(height, dtype=np.float32) * np.float32(step))[:, None], width, 1)
    lowest = max((py for _, py in pattern.deltas), default=CENTRE[1] + 120)
    wider = 0.13 * ramp(y, lowest - 30, lowest + 110) + 0.07 * ramp(-y, -120.0, -20.0)
    local = smooth_field(draw, (height, width), 55.0 / step) * np.float32(0.085)
    return np.clip(np.float32(pattern.period) * (1.0 + wider + local), *PERIOD_RANGE).astype(np.float32)
