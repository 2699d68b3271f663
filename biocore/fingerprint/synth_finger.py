"""A synthetic finger: its ridges, pores and creases, as a relief that every impression of it is taken from."""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from biocore.chance import Draw, Field, smooth_field
from biocore.errors import InvalidSampleError
from biocore.fingerprint import synth_field, synth_ridges
from biocore.fingerprint.synth_field import CREASE_Y, FINGER_SIZE, Angles, Pattern
from biocore.types import frozen_array

MAX_SEED = 2**63 - 1
_PLAN, _FLOW, _SPACING, _SEEDS, _SKIN, _PORES, _CREASES = range(7)  # streams of chance of one finger
_PORE_CELL = 9  # px at 500 ppi; one pore at most in each cell: 0.46 mm, "9 to 18 pores a centimetre of ridge"
_PORE = np.array([[0, 1, 2, 1, 0], [1, 4, 7, 4, 1], [2, 7, 10, 7, 2], [1, 4, 7, 4, 1], [0, 1, 2, 1, 0]], np.int32)
_CREASE_COUNT = (0.45, 0.25, 0.15, 0.1, 0.05)  # probability of 0..4 white lines


@dataclass(frozen=True, slots=True, eq=False)
class Finger:
    """One finger.

    Attributes
    ----------
    seed : int
        Its name.
    pattern : Pattern
        Class and singular points.
    relief : int16 array (600, 456)
        Height of the skin at 500 ppi, 1000 = top of a ridge, -1000 = bottom of a valley.
    ridges : int16 array (600, 456)
        The bare pattern, in the same unit: smooth, without pores and creases; the true minutiae are its own.
    pores : int16 array (600, 456)
        How much the pores take from the relief.
    orientation : float64 array (400, 304)
        Ridge orientation in radians, [0, π), one value every `synth_ridges.STEP` px.
    period : float32 array (400, 304)
        Ridge period in px at 500 ppi, on the same grid.
    """

    seed: int
    pattern: Pattern
    relief: NDArray[np.int16]
    ridges: NDArray[np.int16]
    pores: NDArray[np.int16]
    orientation: Angles
    period: Field


def check_seed(seed: int, what: str) -> int:
    """Return the seed, or say what is wrong with it.

    Raises
    ------
    InvalidSampleError
    """
    if isinstance(seed, bool) or not isinstance(seed, int) or not 0 <= seed <= MAX_SEED:
        raise InvalidSampleError(f"{what} must be a whole number 0..2**63-1, not {seed!r}")
    return seed


def plan_of(seed: int) -> Pattern:
    """Return the plan of a finger (class, cores, deltas) without growing it: some 0.1 ms.

    Raises
    ------
    InvalidSampleError
    """
    return synth_field.plan(Draw(check_seed(seed, "finger seed"), _PLAN))


@functools.lru_cache(maxsize=16)
def master(seed: int) -> Finger:
    """Grow the finger of a seed (about 0.15 s; the last sixteen are kept).

    Raises
    ------
    InvalidSampleError
        Not a whole number of 0..2**63-1.
    """
    pattern = plan_of(seed)
    theta = synth_field.orientation(pattern, Draw(seed, _FLOW), synth_ridges.STEP)
    period = synth_field.period(pattern, Draw(seed, _SPACING), synth_ridges.STEP)
    ridges = synth_ridges.grow(Draw(seed, _SEEDS), theta, period, np.ones(theta.shape, np.bool_))
    pores = _pores(Draw(seed, _PORES), ridges)
    relief = _crease(Draw(seed, _CREASES), _roughen(Draw(seed, _SKIN), ridges))
    return Finger(
        seed,
        pattern,
        frozen_array(relief),
        frozen_array(ridges),
        frozen_array(pores),
        frozen_array(theta),
        frozen_array(period),
    )


def _roughen(draw: Draw, ridges: NDArray[np.int16]) -> NDArray[np.int16]:
    """Make no ridge as even as a wave: edges waver, heights differ along and between ridges."""
    shape = ridges.shape[0], ridges.shape[1]
    uneven = smooth_field(draw, shape, 3.2) * 210 + smooth_field(draw, shape, 7.0) * 200
    return np.clip(np.rint(ridges + uneven), -2000, 2000).astype(np.int16)


def _pores(draw: Draw, ridges: NDArray[np.int16]) -> NDArray[np.int16]:
    """Put a pore on the ridge nearest to a random place in each cell, where there is one within two px."""
    width, height = FINGER_SIZE
    rows, columns = height // _PORE_CELL, width // _PORE_CELL
    y = (np.arange(rows)[:, None] * _PORE_CELL + draw.units(rows, columns) * _PORE_CELL).astype(np.intp)
    x = (np.arange(columns)[None, :] * _PORE_CELL + draw.units(rows, columns) * _PORE_CELL).astype(np.intp)
    y, x = np.clip(y, 4, height - 5).ravel(), np.clip(x, 4, width - 5).ravel()
    steps = [(dy, dx) for dy in range(-2, 3) for dx in range(-2, 3)]
    heights = np.stack([ridges[y + dy, x + dx] for dy, dx in steps])
    best = heights.argmax(0)
    on_ridge = heights.max(0) > 800
    y, x = (y + np.array([s[0] for s in steps])[best])[on_ridge], (x + np.array([s[1] for s in steps])[best])[on_ridge]
    depth = (60 + draw.units(y.size) * 190).astype(np.int32)
    taken = np.zeros((height, width), np.int32)
    for (dy, dx), share in np.ndenumerate(_PORE):
        np.add.at(taken, (y + dy - 2, x + dx - 2), share * depth)
    return np.minimum(taken, 2200).astype(np.int16)


def _crease(draw: Draw, relief: NDArray[np.int16]) -> NDArray[np.int16]:
    """Fold the skin along a few white lines that every impression shows, and at the joint."""
    furrow = np.zeros(relief.shape, np.float32)
    width, height = FINGER_SIZE
    for _ in range(draw.pick(_CREASE_COUNT)):
        start = (draw.uniform(0.15, 0.85) * width, draw.uniform(0.3, 0.85) * height)
        scratch(furrow, start, draw.bell(0.0, 0.45), draw.uniform(60, 190), draw.uniform(1.0, 3.0), draw.bell(0, 0.002))
    scratch(furrow, (-20.0, CREASE_Y), 0.0, width + 40.0, 5.0, 0.0)
    return np.asarray(relief - np.rint(furrow * 2600), np.int16)


def scratch(
    plane: Field, start: tuple[float, float], angle: float, length: float, half_width: float, bend: float
) -> None:
    """Draw a line with soft edges into a plane, by the larger value.

    Parameters
    ----------
    plane : float32 array (h, w), 0..1, written to
    start : (x, y) in px
    angle : float
        Radians, counter-clockwise from +x as seen on the picture.
    length, half_width : float
        px.
    bend : float
        Curvature in 1/px.
    """
    cos, sin = round(math.cos(angle), 9), round(-math.sin(angle), 9)
    reach = half_width + 1.5 + abs(bend) * length * length / 2
    ends = (start, (start[0] + length * cos, start[1] + length * sin))
    left, right = (f(e[0] for e in ends) for f in (min, max))
    top, bottom = (f(e[1] for e in ends) for f in (min, max))
    x0, x1 = (min(plane.shape[1], max(0, round(v))) for v in (left - reach, right + reach))
    y0, y1 = (min(plane.shape[0], max(0, round(v))) for v in (top - reach, bottom + reach))
    if x0 >= x1 or y0 >= y1:
        return
    dx, dy = np.arange(x0, x1)[None, :] - start[0], np.arange(y0, y1)[:, None] - start[1]
    along = dx * cos + dy * sin
    off = np.abs(dy * cos - dx * sin - 0.5 * bend * along * along)
    taper = np.clip(np.minimum(along, length - along) / (0.25 * length), 0.0, 1.0)
    line = np.clip(half_width * taper + 0.5 - off, 0.0, 1.0) * (taper > 0)
    np.maximum(plane[y0:y1, x0:x1], line.astype(np.float32), out=plane[y0:y1, x0:x1])
