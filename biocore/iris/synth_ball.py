"""The eyeball of a synthetic eye: sclera and vessels, iris, pupil, lens and cornea, as seen between the lids."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from biocore.chance import Draw, Field, ramp, smooth_field
from biocore.iris import synth_cornea, synth_strokes, synth_texture
from biocore.iris.synth_conditions import Conditions
from biocore.iris.synth_eye import EyePlan
from biocore.iris.synth_geometry import RIM, Floats, Geometry
from biocore.iris.synth_lids import View

Mask = NDArray[np.bool_]

# Stretching tissue is not stretched evenly: the middle of the ring leaves the straight rule by up to a quarter of this
# times the change of dilation (Wyatt 2000; Yuan and Shi 2005 model it the same way).
UNEVEN_STRETCH = 0.6
PUPIL_EDGE = 0.02  # iris radii over which the pupil's edge rises
RUFF = 0.06  # of the ring: the pigment's dark seam round the pupil
_SCLERA, _VESSELS, _IRIS, _FLESH = range(60, 64)  # streams of chance


@dataclass(frozen=True, slots=True, eq=False)
class Ball:
    """The eyeball without lids: grey float32, and exact masks, all (h, w).

    Attributes
    ----------
    grey : float32 array
    iris, pupil : bool arrays
        Inside the limbus, inside the pupil.
    flesh : bool array
        Pterygium.
    lamps : bool array
        Reflections on the cornea.
    """

    grey: Field
    iris: Mask
    pupil: Mask
    flesh: Mask
    lamps: Mask


@dataclass(frozen=True, slots=True, eq=False)
class Disc:
    """The window round the iris, in the iris plane: (rows, columns) of the picture and float64 arrays over them.

    Attributes
    ----------
    rows, columns : slice
    u, v : float64 arrays
        From the middle of the iris, in the head's turn.
    limbus : float64 array
        Distance from the middle of the iris.
    pupil, rim : float64 array
        Distance from the middle of the pupil, and the pupil's radius in that direction.
    depth : float64 array
        0 = pupil's edge, 1 = limbus.
    turn : float64 array
        Counter-clockwise from +x in the head's turn, in turns.
    """

    rows: slice
    columns: slice
    u: Floats
    v: Floats
    limbus: Floats
    pupil: Floats
    rim: Floats
    depth: Floats
    turn: Floats


def paint(plan: EyePlan, key: tuple[int, ...], conditions: Conditions, geometry: Geometry, view: View) -> Ball:
    """Paint an eyeball."""
    width, height = geometry.size
    grey = _sclera(plan, key, geometry, view)
    iris, pupil, flesh, lamps = (np.zeros((height, width), np.bool_) for _ in range(4))
    disc = _disc(geometry)
    window = disc.rows, disc.columns
    if grey[window].size:
        tone = _iris(plan, conditions, geometry, disc)
        if conditions.arcus > 0.0:
            tone += synth_cornea.arcus(plan, conditions.arcus, disc.limbus, disc.turn, tone)
        rim = plan.iris.limbus
        inside = ramp(np.asarray(1.0 - disc.limbus, np.float32), -0.5 * rim, 0.5 * rim)
        painted = grey[window] + (tone - grey[window]) * inside
        lens = synth_cornea.lens(plan, key, conditions.cataract, disc.pupil / disc.rim, disc.turn, geometry.radius)
        edge = max(PUPIL_EDGE * geometry.radius, 1.2)
        hole = ramp(np.asarray((disc.rim - disc.pupil) * geometry.radius, np.float32), -0.5 * edge, 0.5 * edge)
        painted = painted + (lens - painted) * hole
        iris[window], pupil[window] = disc.limbus < 1.0, disc.pupil < disc.rim
        grey[window] = painted
    if conditions.pterygium > 0.0:
        flesh = _pterygium(plan, key, conditions.pterygium, geometry, grey)
    _shade(view, grey)
    synth_cornea.lamps(key, conditions, geometry, grey, lamps)
    return Ball(grey, iris, pupil, flesh, lamps)


def _disc(geometry: Geometry) -> Disc:
    reach = 1.08 * geometry.radius + 2.0
    spans = []
    for centre, length in zip(geometry.iris, geometry.size, strict=True):
        low, high = max(0, math.floor(centre - reach)), min(length, math.ceil(centre + reach) + 1)
        spans.append(slice(min(low, length), max(min(low, length), high)))
    columns, rows = spans
    x = np.arange(columns.start, columns.stop, dtype=np.float64)[None, :]
    y = np.arange(rows.start, rows.stop, dtype=np.float64)[:, None]
    u, v = geometry.plane(x, y)
    limbus = np.sqrt(u * u + v * v)
    mean = float(geometry.rim.mean())
    depth = np.clip((limbus - mean) / (1.0 - mean), 0.0, 1.0)
    rim = np.append(geometry.rim, geometry.rim[0])
    turn = far = radius = limbus
    for _ in range(2):  # the rings between pupil and limbus move from one centre to the other
        pu, pv = u - geometry.pupil[0] * (1.0 - depth), v - geometry.pupil[1] * (1.0 - depth)
        far = np.sqrt(pu * pu + pv * pv)
        turn = np.arctan2(-pv, pu) * (0.5 / math.pi) % 1.0
        at = turn * RIM
        whole = np.minimum(at.astype(np.intp), RIM - 1)
        radius = rim[whole] + (rim[whole + 1] - rim[whole]) * (at - whole)
        depth = np.clip((far - radius) / (1.0 - radius), 0.0, 1.0)
    return Disc(rows, columns, u, v, limbus, far, radius, depth, turn)


def _sclera(plan: EyePlan, key: tuple[int, ...], geometry: Geometry, view: View) -> Field:
    """White of the eye: it turns away from the light to both sides, and vessels run on it towards the iris."""
    width, height = geometry.size
    far = np.minimum(view.w * view.w + view.v * view.v, 9.0)
    r = geometry.radius
    mottle = smooth_field(Draw(*key, _SCLERA), (height, width), 0.16 * r) * np.float32(2.2)
    grey = np.float32(plan.sclera_grey) * (1.02 - 0.022 * far) + mottle
    shown = synth_strokes.draw(_vessels(plan), geometry)
    return np.asarray(grey - 20.0 * shown, np.float32)


def _vessels(plan: EyePlan) -> synth_strokes.Strokes:
    """Vessels wander from both corners towards the iris."""
    draw, count = Draw(plan.seed, _VESSELS, round(plan.nasal + 1.0)), plan.vessels
    side = np.where(draw.units(count) < 0.5, -1.0, 1.0)
    x, y = side * (1.7 + 0.7 * draw.units(count)), 1.6 * draw.units(count) - 0.7
    heading = 0.4 * draw.bells(count)
    path = [np.stack([x, y], axis=1)]
    for _ in range(12):
        heading = np.clip(heading + 0.35 * draw.bells(count) - 0.15 * y, -1.3, 1.3)
        x, y = x - 0.09 * side, y + 0.09 * (heading - heading * heading * heading / 6.0)
        path.append(np.stack([x, y], axis=1))
    return synth_strokes.Strokes(np.stack(path, axis=1), 0.008 + 0.014 * draw.units(count), np.full(count, 0.006))


def _iris(plan: EyePlan, conditions: Conditions, geometry: Geometry, disc: Disc) -> Field:
    iris = plan.iris
    ratio = float(geometry.rim.mean())
    usual = plan.pupil if conditions.coloboma == 0.0 else ratio
    bent = disc.depth + UNEVEN_STRETCH * (usual - ratio) * disc.depth * (1.0 - disc.depth)
    texture = synth_texture.read(plan, np.asarray(bent, np.float32), disc.turn, (1.0 - ratio) * geometry.radius)
    limbus, depth = np.asarray(disc.limbus, np.float32), np.asarray(disc.depth, np.float32)
    tone = np.float32(iris.grey) + np.float32(iris.texture) * texture * (1.0 - 0.35 * ramp(limbus, 0.82, 1.0))
    tone = tone - np.float32(iris.grey * iris.rim) * ramp(limbus, 0.78, 1.02)
    return np.asarray(tone - np.float32(0.25 * iris.grey) * (1.0 - ramp(depth, 0.0, RUFF)), np.float32)


def _pterygium(plan: EyePlan, key: tuple[int, ...], much: float, geometry: Geometry, grey: Field) -> Mask:
    """Grow a wing of flesh from the nasal white of the eye over the limbus, its head towards the pupil."""
    x, y = geometry.grid()
    dx, dy = (
        (x - np.float32(geometry.iris[0])) / np.float32(geometry.radius),
        (y - np.float32(geometry.iris[1])) / np.float32(geometry.radius),
    )
    w = np.float32(plan.nasal) * (dx * np.float32(geometry.cos) - dy * np.float32(geometry.sin))
    v = dx * np.float32(geometry.sin) + dy * np.float32(geometry.cos) - np.float32(0.06)
    tip = 0.92 - 0.55 * much
    ragged = smooth_field(Draw(plan.seed, _FLESH), (grey.shape[0], grey.shape[1]), 0.11 * geometry.radius)
    along = np.maximum(w - np.float32(tip), 0.0)
    half = np.float32(0.75 + 0.25 * much) * along / (along + np.float32(0.75))
    inside = half - np.abs(v) + np.float32(0.02) * ragged
    cover = ramp(np.asarray(inside, np.float32), -0.03, 0.05) * (along > 0.0)
    streaks = smooth_field(
        Draw(plan.seed, _FLESH, 1), (grey.shape[0], grey.shape[1]), (0.04 * geometry.radius, 0.4 * geometry.radius)
    )
    tone = np.float32(0.93 * plan.sclera_grey) + 7.0 * streaks + 3.0 * ragged
    grey += (tone - grey) * (0.92 * cover)
    return np.asarray(cover > 0.5)


def _shade(view: View, grey: Field) -> None:
    """Lay the shadow of the upper lid and its lashes, and the fainter one along the lower lid, on the eyeball."""
    upper, lower = ramp(view.above, -0.34, 0.0), ramp(view.below, -0.18, 0.0)
    grey *= 1.0 - np.float32(0.20) * upper - np.float32(0.08) * lower
