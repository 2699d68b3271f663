"""Cornea and lens of a synthetic eye: lamps and windows mirrored in it, arcus, cataract."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from biocore.chance import Draw, Field, ramp, ring_field, smooth_field
from biocore.iris.synth_conditions import Conditions
from biocore.iris.synth_eye import EyePlan
from biocore.iris.synth_geometry import Floats, Geometry

WHITE = 252.0  # grey of a lamp's reflection
ROUND = 512  # samples of what varies with the angle only
# Grey of the lens by that of the iris at severities 0, 1/4, 1/2, 3/4, 1: the four grades. In the near infrared a lens
# scatters what a cataract makes white in visible light, less at first, and a dense one outshines the iris.
GRADES = ((0.0, 0.25, 0.5, 0.75, 1.0), (0.0, 0.34, 0.58, 0.90, 1.45))
# ARCUS: iris radii. Lipids lie 0.3 to 1.4 mm inside the limbus and leave a clear interval before it.
RING = (0.80, 0.94)
_LENS, _SPOKES, _ARCUS, _LAMPS, _WINDOW = range(70, 75)  # streams of chance


def arcus(plan: EyePlan, much: float, limbus: Floats, turn: Floats, tone: Field) -> Field:
    """Return what an arcus adds to the iris: most above and below, where it begins."""
    far = np.asarray(limbus, np.float32)
    soft = 0.035
    band = ramp(far, RING[0] - soft, RING[0] + soft) * (1.0 - ramp(far, RING[1] - soft, RING[1] + soft))
    uneven = ring_field(Draw(plan.seed, _ARCUS), (1, ROUND), (1.0, 12))[0]
    # 1 above and below, 0 at the sides, as a parabola of the quarter turn.
    quarter = np.abs((turn * 4.0) % 2.0 - 1.0)
    side = np.asarray(quarter * quarter, np.float32)
    weight = np.clip(0.86 + 0.05 * _round(uneven, turn) - 0.16 * side * (1.0 - 0.5 * much), 0.3, 1.0)
    return np.asarray(
        (np.float32(0.98 * plan.sclera_grey) - tone) * band * weight * np.float32(0.2 + 0.75 * much), np.float32
    )


def lens(plan: EyePlan, key: tuple[int, ...], much: float, far: Floats, turn: Floats, radius: float) -> Field:
    """Return the grey of the pupil: black, or what a clouded lens sends back.

    Parameters
    ----------
    far : float64 array (h, w)
        Distance from the pupil's middle by its radius.
    turn : float64 array (h, w)
        Direction, in turns.
    radius : float
        Of the iris, px.
    """
    near = np.asarray(np.minimum(far, 1.3), np.float32)
    black = np.float32(plan.pupil_grey) + 2.0 * near * near
    if much <= 0.0:
        return np.asarray(black, np.float32)
    level = float(np.interp(much, *GRADES)) * plan.iris.grey
    nucleus = 1.0 - 0.30 * (1.0 - abs(2.0 * much - 1.0)) * near * near  # the nucleus clouds first
    spokes = _round(ring_field(Draw(plan.seed, _SPOKES), (1, ROUND), (1.0, 22))[0], turn)
    mottle = smooth_field(Draw(plan.seed, _LENS), (near.shape[0], near.shape[1]), max(2.0, 0.07 * radius))
    uneven = 1.0 + np.float32(0.13 * min(1.0, 1.5 * much)) * spokes * near + np.float32(0.035 + 0.05 * much) * mottle
    cloud = np.float32(level) * nucleus * np.clip(uneven, 0.55, 1.4)
    return np.asarray(np.maximum(black, np.float32(plan.pupil_grey) * 0.5 + cloud), np.float32)


def lamps(
    key: tuple[int, ...], conditions: Conditions, geometry: Geometry, grey: Field, mask: NDArray[np.bool_]
) -> None:
    """Mirror the camera's lamps, and a window where there is glare, in the cornea."""
    draw = Draw(*key, _LAMPS)
    middle = _mirror(geometry, draw)
    spacing, turned = draw.uniform(0.15, 0.22), draw.bell(0.0, 0.1)
    places = {
        1: ((0, 0),),
        2: ((-1, 0), (1, 0)),
        3: ((-1, 0.6), (1, 0.6), (0, -1)),
        4: ((-1, -1), (1, -1), (-1, 1), (1, 1)),
    }
    for dx, dy in places[conditions.lamps]:
        x = middle[0] + geometry.radius * 0.5 * spacing * (dx - turned * dy)
        y = middle[1] + geometry.radius * 0.5 * spacing * (dy + turned * dx)
        wide, high = draw.uniform(0.030, 0.042), draw.uniform(0.038, 0.055)
        _patch(grey, mask, (x, y), (wide * geometry.radius, high * geometry.radius), WHITE, box=0.0, bar=False)
    if conditions.glare > 0.0:
        window = Draw(*key, _WINDOW)
        aside = 1.0 if window.units(1)[0] < 0.5 else -1.0
        far = 0.52 - 0.05 * conditions.glare
        x = geometry.iris[0] + aside * geometry.radius * far
        y = geometry.iris[1] + geometry.radius * window.uniform(0.05, 0.2)
        half = 0.20 + 0.30 * conditions.glare
        size = (0.78 * half * geometry.radius, 1.25 * half * geometry.radius)
        _patch(grey, mask, (x, y), size, 246.0, box=0.85, bar=True)


def _mirror(geometry: Geometry, draw: Draw) -> tuple[float, float]:
    """Return where the cornea mirrors the camera: near the pupil, and left behind by half when the eye looks aside."""
    x, y = (0.65 * i + 0.35 * o for i, o in zip(geometry.iris, geometry.opening, strict=True))
    return x + geometry.radius * draw.bell(0.0, 0.05), y + geometry.radius * draw.bell(0.06, 0.05)


def _patch(
    grey: Field,
    mask: NDArray[np.bool_],
    at: tuple[float, float],
    half: tuple[float, float],
    level: float,
    box: float,
    bar: bool,
) -> None:
    """Paint a bright patch of these half sizes, px: round (box 0) to square (1), with a crossbar if it is a window."""
    reach = 1.6 * max(half) + 3.0
    height, width = grey.shape
    columns = slice(max(0, math.floor(at[0] - reach)), max(0, min(width, math.ceil(at[0] + reach))))
    rows = slice(max(0, math.floor(at[1] - reach)), max(0, min(height, math.ceil(at[1] + reach))))
    if not grey[rows, columns].size:
        return
    dx = (np.arange(columns.start, columns.stop)[None, :] - at[0]) / half[0]
    dy = (np.arange(rows.start, rows.stop)[:, None] - at[1]) / half[1]
    circle = np.sqrt(dx * dx + dy * dy)
    square = np.maximum(np.abs(dx), np.abs(dy))
    inside = (1.0 - (1.0 - box) * circle - box * square) * min(half)
    if bar:
        inside = np.minimum(inside, np.minimum(np.abs(dx) * half[0], np.abs(dy) * half[1]) - 0.05 * min(half))
    cover = np.clip(inside + 0.5, 0.0, 1.0).astype(np.float32)
    halo = np.clip(1.0 + inside / (0.9 * min(half) + 1.0), 0.0, 1.0).astype(np.float32)
    part = grey[rows, columns]
    part += np.float32(14.0) * halo * halo
    part += (np.float32(level) - part) * cover
    mask[rows, columns] |= cover > 0.4


def _round(values: Field, turn: Floats) -> Field:
    """Look up what varies with the angle only, without steps."""
    count = values.shape[0]
    at = turn * count
    whole = at.astype(np.intp) % count
    part = np.asarray(at - np.floor(at), np.float32)
    return np.asarray(values[whole] * (1.0 - part) + values[(whole + 1) % count] * part, np.float32)
