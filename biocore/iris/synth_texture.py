"""The texture of a synthetic iris, unrolled: fibres, crypts, collarette, contraction furrows, freckles.

Rows lead from the pupil's edge to the limbus, columns counter-clockwise round it. In near infrared light melanin is
almost transparent and the stroma's relief is what shows, so colour is left out.
"""

from __future__ import annotations

import functools
import math

import numpy as np
from numpy.typing import NDArray

from biocore.chance import Draw, Field, ramp, ring_field
from biocore.iris.synth_eye import SIDES, EyePlan, Iris, Side, plan_of
from biocore.kernels import synth as kernels

ROWS, COLUMNS = 128, 1024  # 1.2 px on the largest iris; its limbus is 1320 px long
UNIT = 1000  # int16 steps of one deviation of the texture
LEVELS = 4  # halved again and again, so that small irises are sampled from what they can show
PAD = 8  # columns repeated at both ends
_TEXTURE = 7  # stream of chance, apart from those of the plan
_WAVER, _FIBRES, _CRYPTS, _COLLARETTE, _FURROWS, _FRECKLES, _GRAIN, _BROAD = range(8)


@functools.lru_cache(maxsize=16)
def planes(seed: int, side: Side) -> tuple[NDArray[np.int16], ...]:
    """Grow the texture of an eye.

    Returns
    -------
    tuple of int16 array (ROWS >> k, (COLUMNS >> k) + 2 PAD)
        The texture in 1/UNIT deviations, each half as fine as the one before, with closing columns on both sides.
    """
    iris = plan_of(seed, side).iris
    plane = _wavered(_grown(seed, side, iris), seed, side)
    plane = (plane - plane.mean()) / max(float(plane.std()), 1e-3)
    found = []
    for _ in range(LEVELS):
        whole = np.clip(np.rint(plane * UNIT), -8 * UNIT, 8 * UNIT).astype(np.int16)
        whole = np.concatenate([whole[:, -PAD:], whole, whole[:, :PAD]], axis=1)
        whole.setflags(write=False)
        found.append(whole)
        plane = plane.reshape(plane.shape[0] // 2, 2, -1, 2).mean(axis=(1, 3), dtype=np.float64)
    return tuple(found)


def read(plan: EyePlan, depth: Field, turn: NDArray[np.float64], ring_px: float) -> Field:
    """Sample the texture.

    Parameters
    ----------
    plan : EyePlan
    depth : array (h, w)
        0 = pupil's edge, 1 = limbus.
    turn : array (h, w)
        Counter-clockwise from +x as seen on the picture, in turns.
    ring_px : float
        Width of the ring between pupil and limbus on the picture, px.

    Returns
    -------
    float32 array (h, w)
        In deviations.
    """
    pyramid = planes(plan.seed, plan.side)
    level = min(LEVELS - 1, max(0, math.floor(math.log2(max(ROWS / ring_px, 1.0)) + 0.35)))
    plane = pyramid[level]
    rows, columns = ROWS >> level, COLUMNS >> level
    y = np.clip(depth * rows - 0.5, 0.0, rows - 1.0)
    x = (turn % 1.0) * columns - 0.5 + PAD
    found = kernels.sample(plane, *(np.rint(np.asarray(c, np.float64) * 256.0).astype(np.int32) for c in (x, y)))
    return np.asarray(found * np.float32(1.0 / UNIT), np.float32)


def _grown(seed: int, side: Side, iris: Iris) -> Field:
    def draw(stream: int) -> Draw:
        return Draw(seed, _TEXTURE, SIDES.index(side), stream)

    shape = (ROWS, COLUMNS)
    at: Field = ((np.arange(ROWS, dtype=np.float32) + np.float32(0.5)) * np.float32(1.0 / ROWS))[:, None]
    frill = _frill(draw(_COLLARETTE), iris)
    outside = ramp(np.asarray(at - frill, np.float32), -0.03, 0.04)  # 0 in the pupillary zone, 1 in the ciliary one
    plane = _fibres(draw(_FIBRES), iris, outside)
    plane += 0.5 * ring_field(draw(_BROAD), shape, (40.0, 9)) + 0.35 * ring_field(draw(_BROAD + 50), shape, (22.0, 26))
    plane += 0.30 * ring_field(draw(_GRAIN), shape, (3.0, 340)) + 0.25 * ring_field(
        draw(_GRAIN + 50), shape, (6.0, 150)
    )
    ridge = np.maximum(0.0, 1.0 - np.abs(at - frill) * 18.0)
    plane += (0.4 + 0.7 * iris.fibres) * ridge * (1.0 + 0.6 * ring_field(draw(_COLLARETTE + 50), shape, (20.0, 60)))
    plane += _furrows(draw(_FURROWS), iris, at) * outside
    _crypts(draw(_CRYPTS), iris, plane, frill)
    _freckles(draw(_FRECKLES), iris, plane)
    return np.asarray(plane, np.float32)


def _frill(draw: Draw, iris: Iris) -> Field:
    """Return where the collarette runs in each column: it zigzags, a dozen or two times round."""
    coarse = ring_field(draw, (1, COLUMNS), (1.0, 11))
    fine = ring_field(draw, (1, COLUMNS), (1.0, 46))
    return np.asarray(np.clip(iris.collarette + 0.03 * coarse + 0.018 * fine, 0.08, 0.6), np.float32)


def _fibres(draw: Draw, iris: Iris, outside: Field) -> Field:
    """Fibres run outwards: short and fine in the pupillary zone, longer, and in strands, beyond the collarette."""
    shape = (ROWS, COLUMNS)
    inner = ring_field(draw, shape, (26.0, 230))
    fine, strands = ring_field(draw, shape, (34.0, 190)), ring_field(draw, shape, (48.0, 84))
    net = ring_field(draw, shape, (30.0, 70))
    ridged = 1.0 - np.minimum(np.abs(net) * 1.6, 1.0) ** 2  # bright where the field changes its sign: thin lines
    ciliary = 0.55 * fine + 0.6 * strands + 1.5 * iris.fibres * (ridged - 0.35)
    return np.asarray((1.0 - outside) * (0.85 * inner) + outside * ciliary * (0.5 + 0.6 * iris.fibres), np.float32)


def _furrows(draw: Draw, iris: Iris, at: Field) -> Field:
    """Contraction furrows: a few arcs round the outer ciliary zone, here and there."""
    plane = np.zeros((ROWS, COLUMNS), np.float32)
    for _ in range(2 + draw.whole(3)):
        middle = draw.uniform(0.52, 0.92) + 0.02 * ring_field(draw, (1, COLUMNS), (1.0, 7))
        arc = np.maximum(0.0, ring_field(draw, (1, COLUMNS), (1.0, 8)) * 0.8 + 0.3)
        off = np.abs(at - middle) * 26.0
        plane += arc * (np.maximum(0.0, 1.0 - off) - 0.6 * np.maximum(0.0, 1.0 - np.abs(off - 1.3)))
    return np.asarray(plane * np.float32(0.2 + 0.6 * iris.furrows), np.float32)


def _crypts(draw: Draw, iris: Iris, plane: Field, frill: Field) -> None:
    """Crypts: lozenges where the stroma's upper leaf is missing, dark, with a bright rim; most along the collarette."""
    for number in range(round(26 + 90 * iris.crypts)):
        column = draw.uniform(0.0, COLUMNS)
        near = float(frill[0, int(column) % COLUMNS])
        small = number % 3 != 0
        row = ROWS * (near + draw.bell(0.02, 0.035) if small else draw.uniform(near, 0.85))
        size = (draw.uniform(3.0, 6.0), draw.uniform(5.0, 9.0)) if small else (draw.uniform(6, 17), draw.uniform(7, 24))
        depth = draw.uniform(0.5, 1.6) * (0.45 + 0.9 * iris.crypts)
        _pit(plane, row, column, size, depth, rim=0.55)


def _freckles(draw: Draw, iris: Iris, plane: Field) -> None:
    for _ in range(round(9 * iris.freckles)):
        at = (draw.uniform(0.15, 0.95) * ROWS, draw.uniform(0.0, COLUMNS))
        size = draw.uniform(2.5, 7.0)
        _pit(plane, *at, (size, size * 1.6), draw.uniform(1.5, 3.0), rim=0.0)


def _pit(plane: Field, row: float, column: float, size: tuple[float, float], depth: float, rim: float) -> None:
    """Take a lozenge of these half sizes (rows, columns) out of the plane, round the seam too."""
    reach = 1.6
    rows = np.arange(max(0, math.floor(row - reach * size[0])), min(ROWS, math.ceil(row + reach * size[0]) + 1))
    columns = np.arange(math.floor(column - reach * size[1]), math.ceil(column + reach * size[1]) + 1)
    dy = np.abs((rows[:, None] - row) / size[0])
    dx = np.abs((columns[None, :] - column) / size[1])
    t = 0.55 * np.sqrt(dx * dx + dy * dy) + 0.45 * (dx + dy)
    pit = np.clip(1.3 - 1.3 * t * t, 0.0, 1.0) - rim * np.maximum(0.0, 1.0 - np.abs(t - 1.2) * 4.0)
    plane[np.ix_(rows, columns % COLUMNS)] -= (depth * pit).astype(np.float32)


def _wavered(plane: Field, seed: int, side: Side) -> Field:
    """Bend the fibres a little: none runs straight to the pupil."""
    draw = Draw(seed, _TEXTURE, SIDES.index(side), _WAVER, 1)
    bend = 5.0 * ring_field(draw, plane.shape[:2], (38.0, 40)) + 2.0 * ring_field(draw, plane.shape[:2], (18.0, 90))
    lift = 2.0 * ring_field(draw, plane.shape[:2], (30.0, 48))
    whole = np.clip(np.rint(plane * UNIT), -30000, 30000).astype(np.int16)
    side_pad = 32
    whole = np.concatenate([whole[:, -side_pad:], whole, whole[:, :side_pad]], axis=1)
    x = np.arange(COLUMNS)[None, :] + side_pad + bend
    y = np.arange(ROWS)[:, None] + lift
    found = kernels.sample(whole, *(np.rint(c.astype(np.float64) * 256.0).astype(np.int32) for c in (x, y)))
    return np.asarray(found * np.float32(1.0 / UNIT), np.float32)
