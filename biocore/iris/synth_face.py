"""What surrounds a synthetic eye: skin, lids with their folds and wet rims, lashes, brow."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from biocore.chance import Draw, Field, ramp, smooth_field
from biocore.iris import synth_hair, synth_strokes
from biocore.iris.synth_ball import Mask
from biocore.iris.synth_conditions import Conditions
from biocore.iris.synth_eye import EyePlan
from biocore.iris.synth_geometry import Geometry
from biocore.iris.synth_lids import Opening, View

LASH_SEEN = 0.35  # of a px that a lash covers for the px to count as its own
LID_EDGE = 0.02  # iris radii over which a margin's edge passes
_SKIN, _PORES, _GLINTS, _LIGHT = range(80, 84)  # streams of chance


@dataclass(frozen=True, slots=True, eq=False)
class Face:
    """The picture with its lids, float32 (h, w), and exact masks: covered by lids, by lashes."""

    grey: Field
    lids: Mask
    lashes: Mask


def paint(
    plan: EyePlan,
    key: tuple[int, ...],
    conditions: Conditions,
    geometry: Geometry,
    opening: Opening,
    view: View,
    ball: Field,
) -> Face:
    """Lay lids and lashes over an eyeball."""
    skin = _skin(plan, key, geometry, view.w, view.v)
    _fold(plan, opening, view, skin)
    _rim(plan, key, geometry, view, skin)
    gap = np.maximum(view.above, view.below)
    gap += 0.2 * (1.0 - ramp(view.arch, 0.0, 0.04))  # beyond the canthi skin closes
    soft = max(1.0 / geometry.radius, LID_EDGE)
    cover = ramp(gap, -0.5 * soft, 0.5 * soft)
    grey = ball + (skin - ball) * cover
    hair = synth_strokes.draw(synth_hair.lashes(plan, conditions, opening), geometry)
    # Their roots make a dark line together, most where the lid turns aside.
    line = (1.0 - ramp(np.abs(view.above - 0.02), 0.0, 0.06)) * (1.0 - ramp(view.w, 1.2, 2.1))
    hair = np.maximum(hair, np.float32(0.55) * line * ramp(view.arch, 0.0, 0.1))
    grey += (np.float32(plan.lashes.grey) - grey) * (0.85 * hair)
    if geometry.opening[1] - (plan.brow - 1.0) * geometry.radius > 0.0:
        brow = synth_strokes.draw(synth_hair.brow(plan), geometry)
        grey += (np.float32(plan.lashes.grey + 15.0) - grey) * (0.7 * brow)
    return Face(np.asarray(grey, np.float32), np.asarray(gap > 0.0), np.asarray(hair > LASH_SEEN))


def skin_only(plan: EyePlan, key: tuple[int, ...], geometry: Geometry) -> Field:
    """Paint a cheek or a forehead: what the camera sees where no eye is before it."""
    u, v = geometry.head(*geometry.grid())
    return _skin(plan, key, geometry, u + np.float32(6.0), v + np.float32(6.0))


def _skin(plan: EyePlan, key: tuple[int, ...], geometry: Geometry, w: Field, v: Field) -> Field:
    """Skin: bright and even in near infrared, darker in the hollow by the nose, with pores and a greasy shine."""
    width, height = geometry.size
    r, shape = geometry.radius, (height, width)
    broad = smooth_field(Draw(*key, _SKIN), shape, max(0.3 * height, 1.1 * r))
    fine = smooth_field(Draw(plan.seed, _PORES), shape, max(1.5, 0.03 * r))
    light = Draw(*key, _LIGHT)
    dw, dv = w - np.float32(2.3), v + np.float32(0.9)
    hollow = np.maximum(0.0, 1.0 - (dw * dw + dv * dv) * np.float32(1.0 / 2.4))
    shine = np.maximum(0.0, fine + np.float32(0.8) * broad - np.float32(1.9))
    slope = np.float32(light.bell(0.0, 4.0)) * w + np.float32(light.bell(3.0, 3.0)) * v
    grey = np.float32(plan.skin_grey) + slope + 8.0 * broad + 2.4 * fine - 24.0 * hollow * hollow + 20.0 * shine
    return np.asarray(grey, np.float32)


def _fold(plan: EyePlan, opening: Opening, view: View, skin: Field) -> None:
    """Shade the upper lid up to its crease, the crease itself, and the fine lines under the eye."""
    hang = max(0.25, min(1.0, (opening.upper + 0.6) / 1.6))  # a hanging lid smooths its crease out and lifts it
    off = view.above - np.float32(plan.lids.fold * (2.0 - hang)) * (0.25 + 0.75 * view.arch)
    shown = ramp(view.arch, 0.0, 0.35)
    crease = ramp(off, -0.15, 0.0) * (1.0 - ramp(off, 0.0, 0.05)) * shown
    lid = ramp(view.above, -0.02, 0.02) * (1.0 - ramp(off, -0.05, 0.03)) * ramp(view.arch, 0.0, 0.2)
    bulge = np.maximum(0.0, 1.0 - np.abs(off - 0.25) * 3.2)  # light on what bulges above it
    skin -= np.float32(34.0 * hang) * crease + 15.0 * lid * (1.0 - 0.6 * ramp(view.above, 0.0, 0.3))
    skin += 13.0 * bulge * bulge * shown
    for distance, depth in ((0.36, 7.0), (0.72, 4.0)):
        far = view.below - np.float32(distance) * (0.4 + 0.6 * view.arch)
        skin -= np.float32(depth) * np.maximum(0.0, 1.0 - np.abs(far) * 14.0) * shown


def _rim(plan: EyePlan, key: tuple[int, ...], geometry: Geometry, view: View, skin: Field) -> None:
    """Lay the lower lid's wet rim on the skin, with the glints of the tear film on it."""
    width, height = geometry.size
    glints = smooth_field(Draw(*key, _GLINTS), (height, width), max(1.5, 0.03 * geometry.radius))
    wet = np.float32(plan.lids.margin) * ramp(view.arch, 0.0, 0.5)
    cover = ramp(view.below, -0.012, 0.012) * (1.0 - ramp(view.below - wet, -0.03, 0.03))
    spark = ramp(glints, 1.7, 2.1) * (1.0 - ramp(np.abs(view.below - 0.03), 0.02, 0.07)) * ramp(view.arch, 0.0, 0.5)
    skin += (np.float32(plan.sclera_grey + 14.0) - skin) * cover
    skin += (np.float32(250.0) - skin) * spark
