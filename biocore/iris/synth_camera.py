"""From a face to a picture: spectacles before the eye, lens, motion, and the sensor."""

from __future__ import annotations

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from biocore.chance import Draw, Field, ramp
from biocore.iris.synth_ball import Mask
from biocore.iris.synth_conditions import Conditions
from biocore.iris.synth_eye import EyePlan
from biocore.iris.synth_geometry import Geometry
from biocore.iris.synth_lids import View
from biocore.types import GreyImage

LENS = 0.008  # iris radii; deviation of the blur of a well focused iris camera: 60 % contrast at 2 lp/mm
FINE = 64.0  # steps per grey level of the picture while it is blurred, in whole numbers
BLACK = 6.0  # grey of no light
VEIL = 118.0  # grey that lost contrast tends to
_FRAME, _GLASS, _MOTION, _NOISE = range(90, 94)  # streams of chance


def spectacles(plan: EyePlan, key: tuple[int, ...], much: float, geometry: Geometry, view: View, grey: Field) -> Mask:
    """Put glasses on: a rim that crosses the picture, the lamps mirrored in both faces of the lens, a faint veil.

    Returns
    -------
    bool array (h, w)
        What rim and reflections hide.
    """
    draw = Draw(plan.seed, _FRAME)
    w, v = view.w, view.v
    wide, high = draw.uniform(2.5, 3.1), draw.uniform(1.75, 2.1)
    middle = draw.uniform(-0.25, 0.1), draw.uniform(-0.05, 0.25)
    thick = draw.uniform(0.16, 0.26) + 0.14 * much
    dark = draw.uniform(28.0, 70.0)
    dx, dy = np.abs(w - np.float32(middle[0])), np.abs(v - np.float32(middle[1]))
    # Distance to a rectangle with round corners, outwards.
    corner = np.float32(0.9)
    ex, ey = np.maximum(dx - (wide - corner), 0.0), np.maximum(dy - (high - corner), 0.0)
    out = np.sqrt(ex * ex + ey * ey) + np.minimum(np.maximum(dx - (wide - corner), dy - (high - corner)), 0.0) - corner
    glass = 1.0 - ramp(np.asarray(out, np.float32), -0.02, 0.0)
    grey += (np.float32(210.0) - grey) * (np.float32(0.05 + 0.05 * much) * glass)
    edge = np.float32(1.2 / geometry.radius)
    rim = ramp(np.asarray(out, np.float32), -float(edge), float(edge)) * (
        1.0 - ramp(np.asarray(out - thick, np.float32), -float(edge), float(edge))
    )
    # A rim is round: it shines where it faces the lamps.
    across = (out - 0.35 * thick) / np.float32(0.16 * thick)
    tone = np.float32(dark) + np.float32(70.0) / (1.0 + across * across)
    shadow = 1.0 - ramp(np.asarray(np.abs(out + 0.06), np.float32), 0.0, 0.3)
    grey *= 1.0 - np.float32(0.16) * shadow
    grey += (tone - grey) * rim
    hidden = np.asarray(rim > 0.5)
    light = _reflections(Draw(*key, _GLASS), much, w, v)
    grey += (np.float32(253.0) - grey) * light
    return np.asarray(hidden | (light > 0.4))


def _reflections(draw: Draw, much: float, w: Field, v: Field) -> Field:
    """Both faces of a lens mirror every lamp, as bright discs and streaks beside the eye; worse, they come nearer."""
    light = np.zeros(np.broadcast_shapes(w.shape, v.shape), np.float32)
    side = 1.0 if draw.units(1)[0] < 0.5 else -1.0
    near = 1.75 - 0.75 * much
    for lamp in (-1.0, 1.0):
        x, y = side * (near + draw.uniform(0.0, 0.25)) + 0.28 * lamp, draw.uniform(-0.75, 0.55) + 0.1 * lamp
        for face in range(2):
            tilt = draw.bell(0.0, 0.25)
            long, short = draw.uniform(0.14, 0.22) + 0.14 * much, draw.uniform(0.09, 0.15) + 0.07 * much
            dx, dy = w - np.float32(x), v - np.float32(y)
            along, across = dx * np.float32(tilt) + dy, dx - dy * np.float32(tilt)
            a, b = along * np.float32(1.0 / long), across * np.float32(1.0 / short)
            far = np.sqrt(a * a + b * b)
            core = 1.0 - ramp(far, 0.9, 1.08)
            halo = np.maximum(0.0, 1.0 - far * np.float32(0.42))
            light = np.maximum(light, np.maximum(core * np.float32(1.0 - 0.35 * face), 0.35 * halo * halo))
            x, y = x + side * draw.uniform(0.3, 0.5), y + draw.uniform(-0.3, 0.3)
    return light


def expose(plan: EyePlan, key: tuple[int, ...], conditions: Conditions, geometry: Geometry, grey: Field) -> GreyImage:
    """Blur, move, light and digitise the picture."""
    width, height = geometry.size
    fine = np.clip(np.rint(grey * np.float32(FINE)), 0, 65535).astype(np.uint16)
    sigma = math.sqrt(LENS**2 + conditions.defocus**2) * geometry.radius
    if conditions.motion > 0.0:
        fine = _moved(fine, Draw(*key, _MOTION), conditions.motion * geometry.radius)
    # Gaussian filters of 16-bit pictures are in whole numbers, the same on every machine.
    fine = np.asarray(cv2.GaussianBlur(fine, _window(sigma), sigma, borderType=cv2.BORDER_REPLICATE), np.uint16)
    level: Field = fine * np.float32(conditions.exposure / FINE)
    level = np.float32(VEIL) + (level - np.float32(VEIL)) * np.float32(conditions.contrast)
    x, y = geometry.grid()
    dx, dy = (x - np.float32(0.5 * width)) / np.float32(width), (y - np.float32(0.5 * height)) / np.float32(width)
    level = np.float32(BLACK * conditions.exposure) + level * (1.0 - np.float32(0.22) * (dx * dx + dy * dy))
    if conditions.noise > 0.0:
        draw = Draw(*key, _NOISE)
        grain = draw.units(height, width) + draw.units(height, width) - 1.0
        level = level + (grain * (math.sqrt(6.0) * conditions.noise)).astype(np.float32)
    return np.clip(np.rint(level), 0, 255).astype(np.uint8)


def _window(sigma: float) -> tuple[int, int]:
    side = 2 * max(1, math.ceil(3.0 * sigma)) + 1
    return side, side


def _moved(fine: NDArray[np.uint16], draw: Draw, length: float) -> NDArray[np.uint16]:
    """Average the picture along a straight way of this length in px."""
    angle = draw.uniform(0.0, math.pi)
    dx, dy = math.cos(angle) * length, math.sin(angle) * length
    steps = max(2, math.ceil(length)) + 1
    reach = math.ceil(0.5 * length) + 1
    wide = np.pad(fine, reach, mode="edge").astype(np.uint32)
    total = np.zeros(fine.shape, np.uint32)
    height, width = fine.shape
    for step in range(steps):
        share = step / (steps - 1) - 0.5
        left, top = reach + round(share * dx), reach + round(share * dy)
        total += wide[top : top + height, left : left + width]
    return np.asarray((total + steps // 2) // steps, np.uint16)
