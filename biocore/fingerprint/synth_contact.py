"""Skin meets platen: where the finger lies, how it is dragged, and which of its points touch."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from biocore.chance import Draw, Field, blur, ramp, smooth_field
from biocore.fingerprint.synth_conditions import Conditions
from biocore.fingerprint.synth_field import CENTRE
from biocore.fingerprint.synth_finger import Finger, scratch
from biocore.kernels import synth as kernel

NOMINAL_PPI = 500.0  # px/inch of the finger's own picture
HALF_WIDTH, TO_TIP, TO_JOINT = 124.0, 192.0, 204.0  # px at 500 ppi; half axes of a whole pad's contact: 12.6 x 20.1 mm
_DRAG = 5.0  # px at 500 ppi; usual drag of the skin outside the part that sticks
_TWIST = 0.045  # rad; and its usual twist
_WAVER = 1.6  # px; deviation of the rest of the distortion
_FORM, _DISTORT, _GRAIN, _FILL, _WEAR, _UNEVEN, _CUTS, _EDGE = range(8)  # streams of chance of one contact


@dataclass(frozen=True, slots=True, eq=False)
class Contact:
    """Where and how strongly the skin touches, one value for each px of the window.

    Attributes
    ----------
    x, y : float64 arrays (h, w)
        The point of the finger's own picture that lies over each px.
    nearness : float32 array (h, w)
        1 in the middle of the contact, 0 on its outline, negative outside.
    touch : float32 array (h, w)
        Share of the light that the touch takes away, 0..1.
    """

    x: NDArray[np.float64]
    y: NDArray[np.float64]
    nearness: Field
    touch: Field


def make(finger: Finger, key: tuple[int, ...], conditions: Conditions, size: tuple[int, int], ppi: float) -> Contact:
    """Lay a finger on the platen.

    Parameters
    ----------
    finger : Finger
    key : tuple of int
        Names the chance of this contact.
    conditions : Conditions
    size : (width, height) of the window in px
    ppi : float
        The window's resolution.
    """
    scale = ppi / NOMINAL_PPI
    x, y, nearness = _place(key, conditions, size, scale)
    worn = _worn(key, conditions, (size[1], size[0]), scale)
    height = _skin(finger, key, conditions, x, y, worn, scale)
    touch = _press(key, conditions, height, worn, nearness, scale)
    return Contact(x, y, nearness, touch)


def _place(
    key: tuple[int, ...], conditions: Conditions, size: tuple[int, int], scale: float
) -> tuple[NDArray[np.float64], NDArray[np.float64], Field]:
    """Say which point of the finger lies over each px, and how far inside the contact that is."""
    shape = size[1], size[0]
    u = ((np.arange(size[0]) + 0.5) / scale - size[0] / scale / 2 - conditions.shift_px[0])[None, :]
    v = ((np.arange(size[1]) + 0.5) / scale - size[1] / scale / 2 - conditions.shift_px[1])[:, None]
    angle = math.radians(conditions.rotation_deg)
    cos, sin = round(math.cos(angle), 9), round(math.sin(angle), 9)
    dx, dy = u * cos - v * sin, u * sin + v * cos
    nearness = _nearness(Draw(*key, _FORM), conditions, dx, dy)
    move_x, move_y = _drag(Draw(*key, _DISTORT), conditions, dx, dy, nearness, shape, scale)
    ragged = smooth_field(Draw(*key, _EDGE), shape, 13.0 * scale) * np.float32(0.035)
    x = dx + move_x + CENTRE[0] + conditions.contact_px[0]
    y = dy + move_y + CENTRE[1] + conditions.contact_px[1]
    return x, y, (nearness + ragged).astype(np.float32)


def _nearness(
    draw: Draw, conditions: Conditions, dx: NDArray[np.float64], dy: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Outline of a pad: between an ellipse and a rounded box, a little different each time; it grows with pressure."""
    if conditions.area <= 0.0:
        return np.full(dx.shape, -1.0)
    grown = math.sqrt(conditions.area) * (0.88 + 0.24 * conditions.pressure)
    wide = (dx / (HALF_WIDTH * grown * draw.uniform(0.94, 1.06))) ** 2
    to_tip, to_joint = TO_TIP * grown * draw.uniform(0.95, 1.05), TO_JOINT * grown * draw.uniform(0.92, 1.1)
    long = (dy / np.where(dy < 0.0, to_tip, to_joint)) ** 2
    box = np.where(dy < 0.0, draw.uniform(0.0, 0.2), draw.uniform(0.3, 0.7))  # the tip is round, the sides run on
    return np.asarray(1.0 - (1.0 - box) * (wide + long) - box * (wide * wide + long * long), np.float64)


def _drag(
    draw: Draw,
    conditions: Conditions,
    dx: NDArray[np.float64],
    dy: NDArray[np.float64],
    nearness: NDArray[np.float64],
    shape: tuple[int, int],
    scale: float,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Distort: the middle sticks, the rim follows the bone, skin between gives (Cappelli, Maio and Maltoni 2001)."""
    way_x, way_y = draw.bell(0.0, _DRAG) * conditions.distortion, draw.bell(0.0, _DRAG) * conditions.distortion
    twist = draw.bell(0.0, _TWIST) * conditions.distortion
    give = ramp((1.0 - np.clip(nearness, -1.0, 1.0)).astype(np.float32), 0.05, 1.3)
    waver = _WAVER * conditions.distortion
    cell = 70.0 * scale
    return (
        np.asarray(give * (way_x - twist * dy) + waver * smooth_field(draw, shape, cell), np.float64),
        np.asarray(give * (way_y + twist * dx) + waver * smooth_field(draw, shape, cell), np.float64),
    )


def _skin(
    finger: Finger,
    key: tuple[int, ...],
    conditions: Conditions,
    x: NDArray[np.float64],
    y: NDArray[np.float64],
    worn: Field | None,
    scale: float,
) -> Field:
    """Height of the skin over each px, 1 = ridge, -1 = valley: pores open, worn patches flat, cuts deep."""
    shape = x.shape[0], x.shape[1]
    at = [np.rint(np.clip(v, -1e4, 1e4) * kernel.FRACTION).astype(np.int32) for v in (x, y)]
    height = kernel.sample(finger.relief, *at).astype(np.float32)
    if conditions.pores > 0.0:
        height -= kernel.sample(finger.pores, *at) * np.float32(conditions.pores)
    height *= np.float32(0.001)
    if worn is not None:
        height *= 1.0 - worn  # what is left of the ridges; the flat between lies a little below their tops
        blotch = smooth_field(Draw(*key, _WEAR, 1), shape, 13.0 * scale) * np.float32(0.16)
        height += worn * (blotch + smooth_field(Draw(*key, _WEAR, 2), shape, 4.0 * scale) * np.float32(0.09) - 0.08)
    if conditions.scratches:
        height -= _cuts(Draw(*key, _CUTS), conditions.scratches, shape, scale) * np.float32(3.0)
    return np.asarray(height, np.float32)


def _worn(key: tuple[int, ...], conditions: Conditions, shape: tuple[int, int], scale: float) -> Field | None:
    """Share of their height that ridges have lost, in patches that together cover about `wear` of the skin."""
    if conditions.wear <= 0.0:
        return None
    edge = 1.7 - 3.4 * conditions.wear  # in deviations of the field: a bell's share above it is about `wear`
    where = smooth_field(Draw(*key, _WEAR), shape, 48.0 * scale)
    return np.asarray(ramp(where, edge - 0.55, edge + 0.55) * np.float32(0.9), np.float32)


def _cuts(draw: Draw, count: int, shape: tuple[int, int], scale: float) -> Field:
    plane = np.zeros(shape, np.float32)
    for _ in range(count):
        start = (draw.uniform(0.1, 0.9) * shape[1], draw.uniform(0.1, 0.9) * shape[0])
        angle, length = draw.uniform(0.0, math.pi), draw.uniform(25.0, 110.0) * scale
        scratch(plane, start, angle, length, draw.uniform(0.5, 1.4) * scale, draw.bell(0.0, 0.003) / scale)
    return plane


def _press(
    key: tuple[int, ...], conditions: Conditions, height: Field, worn: Field | None, nearness: Field, scale: float
) -> Field:
    """How much of the light each px loses: skin above a level touches; pressure lowers the level, the rim raises it."""
    shape = height.shape[0], height.shape[1]
    dry = max(0.0, 1.0 - 2.0 * conditions.moisture)
    wet = max(0.0, 2.0 * conditions.moisture - 1.0)
    uneven = smooth_field(Draw(*key, _UNEVEN), shape, 38.0 * scale)
    grain = smooth_field(Draw(*key, _GRAIN), shape, 2.2 * scale)
    level = 0.62 - 1.15 * conditions.pressure + 1.8 * ramp(-nearness, -0.28, 0.05) - 0.13 * uneven
    level += 0.5 * dry * dry + 0.25 * dry  # stiff skin rests on fewer points
    if worn is not None:
        grain *= 1.0 - np.float32(0.8) * worn  # polished skin has none
    height = height + grain * np.float32(0.20 + 0.70 * dry)
    if wet > 0.0:  # sweat bridges the valleys, more in some places
        bridged = smooth_field(Draw(*key, _FILL), shape, 22.0 * scale)
        height = height + np.float32(wet) * (0.55 + 0.5 * bridged)
    soft = 0.42 + 0.35 * wet
    touch = ramp(height - level, -soft, soft)
    depth = 0.42 + 1.05 * conditions.pressure + 0.10 * uneven - 0.30 * dry + 0.15 * wet
    depth = np.clip(depth * (0.62 + 0.38 * ramp(nearness, -0.05, 0.75)), 0.1, 1.0)
    touch = touch * depth * (nearness > -0.35)
    if wet > 0.0:
        touch = blur(touch, round(2.5 * wet * scale * scale))
    return np.asarray(touch, np.float32)
