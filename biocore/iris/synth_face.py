"""What surrounds a synthetic eye: skin, lids with their folds and wet rims, lashes, brow."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from biocore.chance import Draw, Field, ramp, smooth_field
from biocore.iris import synth_strokes
from biocore.iris.synth_ball import Mask, grid
from biocore.iris.synth_conditions import Conditions
from biocore.iris.synth_eye import EyePlan
from biocore.iris.synth_geometry import Geometry
from biocore.iris.synth_lids import Opening
from biocore.iris.synth_strokes import Stroke, bezier

LASH_SEEN = 0.35  # of a px that a lash covers for the px to count as its own
_SKIN, _PORES, _GLINTS, _LASHES, _BROW = range(80, 85)  # streams of chance


@dataclass(frozen=True, slots=True, eq=False)
class Face:
    """The picture with its lids, float32 (h, w), and exact masks: covered by lids, by lashes."""

    grey: Field
    lids: Mask
    lashes: Mask


def paint(
    plan: EyePlan, key: tuple[int, ...], conditions: Conditions, geometry: Geometry, opening: Opening, ball: Field
) -> Face:
    """Lay lids and lashes over an eyeball."""
    x, y = grid(geometry)
    u, v = geometry.head(x, y)
    w = u * np.float32(plan.nasal)
    skin = _skin(plan, key, geometry, w, v)
    above, below = opening.upper_edge(w) - v, v - opening.lower_edge(w)
    _fold(plan, opening, geometry, skin, w, above, below)
    rim = _rim(plan, key, geometry, w, below)
    skin += (rim[0] - skin) * rim[1]
    gap = np.maximum(above, below)
    soft = np.float32(max(1.0, 0.012 * geometry.radius) / geometry.radius)
    cover = ramp(gap, -0.5 * float(soft), 0.5 * float(soft))
    grey = ball + (skin - ball) * cover
    hair = synth_strokes.draw(_lashes(plan, conditions, opening), geometry)
    root = 1.0 - ramp(np.abs(above - 0.02), 0.0, 0.06)  # the dark line their roots make together
    middle = 1.0 - ramp(np.abs(w), 1.9, 2.5)
    hair = np.maximum(hair, np.float32(0.6) * root * middle)
    brow = synth_strokes.draw(_brow(plan), geometry)
    grey += (np.float32(plan.lashes.grey) - grey) * (0.82 * hair)
    grey += (np.float32(plan.lashes.grey + 15.0) - grey) * (0.7 * brow)
    return Face(np.asarray(grey, np.float32), np.asarray(gap > 0.0), np.asarray(hair > LASH_SEEN))


def skin_only(plan: EyePlan, key: tuple[int, ...], geometry: Geometry) -> Field:
    """Paint a cheek or a forehead: what the camera sees where no eye is before it."""
    x, y = grid(geometry)
    u, v = geometry.head(x, y)
    return _skin(plan, key, geometry, u + np.float32(6.0), v + np.float32(6.0))


def _skin(plan: EyePlan, key: tuple[int, ...], geometry: Geometry, w: Field, v: Field) -> Field:
    """Skin: bright and even in near infrared, darker in the hollow by the nose, with pores and a greasy shine."""
    width, height = geometry.size
    r = geometry.radius
    shape = (height, width)
    broad = smooth_field(Draw(*key, _SKIN), shape, max(8.0, 1.1 * r))
    fine = smooth_field(Draw(plan.seed, _PORES), shape, max(1.5, 0.035 * r))
    lines = smooth_field(Draw(plan.seed, _PORES, 1), shape, (max(1.5, 0.03 * r), max(4.0, 0.22 * r)))
    dw, dv = w - np.float32(2.3), v + np.float32(0.9)
    hollow = np.maximum(0.0, 1.0 - (dw * dw + dv * dv) / np.float32(2.4))
    shine = np.maximum(0.0, fine + np.float32(0.5) * broad - np.float32(1.7))
    grey = np.float32(plan.skin_grey) + 9.0 * broad + 2.2 * fine + 2.0 * lines - 26.0 * hollow * hollow + 16.0 * shine
    return np.asarray(grey, np.float32)


def _fold(
    plan: EyePlan, opening: Opening, geometry: Geometry, skin: Field, w: Field, above: Field, below: Field
) -> None:
    """Shade the upper lid up to its crease, the crease itself, and the fine lines under the eye."""
    lids = plan.lids
    arch = opening.arch(w, lids.apex, 0.0)
    hang = max(0.25, min(1.0, (opening.upper + 0.6) / 1.6))  # a hanging lid smooths its crease out and sinks it
    height = np.float32(lids.fold) * (0.25 + 0.75 * arch) * np.float32(2.0 - hang)
    off = above - height
    shown = ramp(arch, 0.0, 0.3)
    crease = (1.0 - ramp(np.abs(off), 0.0, 0.055)) * shown
    lid = ramp(above, -0.02, 0.02) * (1.0 - ramp(off, -0.06, 0.02))
    skin -= 30.0 * np.float32(hang) * crease + 13.0 * lid * (1.0 - 0.5 * ramp(above, 0.0, 0.3))
    skin += 12.0 * (1.0 - ramp(np.abs(off - 0.22), 0.0, 0.3)) * shown  # light on the bulge above it
    for distance, depth in ((0.34, 7.0), (0.62, 5.0), (0.95, 4.0)):
        line = 1.0 - ramp(np.abs(below - np.float32(distance) * (0.4 + 0.6 * arch)), 0.0, 0.05)
        skin -= np.float32(depth) * line * shown


def _rim(plan: EyePlan, key: tuple[int, ...], geometry: Geometry, w: Field, below: Field) -> tuple[Field, Field]:
    """Return grey and cover of the lower lid's wet rim, with the glints of the tear film, and of the caruncle."""
    width, height = geometry.size
    glints = smooth_field(Draw(*key, _GLINTS), (height, width), max(1.5, 0.03 * geometry.radius))
    wet = np.float32(plan.lids.margin) * (1.0 - ramp(np.abs(w), 1.7, 2.4))
    cover = ramp(below, -0.012, 0.012) * (1.0 - ramp(below - wet, -0.02, 0.02))
    spark = ramp(glints, 1.75, 2.2) * (1.0 - ramp(np.abs(below - 0.03), 0.02, 0.07))
    grey = np.float32(plan.sclera_grey + 12.0) + 90.0 * spark
    return np.asarray(grey, np.float32), np.asarray(np.maximum(cover, spark * (wet > 0.02)), np.float32)


def _lashes(plan: EyePlan, conditions: Conditions, opening: Opening) -> list[Stroke]:
    """Upper lashes fan out from the margin and curl up or hang down; lower ones are short and point down."""
    lashes, lids = plan.lashes, plan.lids
    draw = Draw(plan.seed, _LASHES)
    much = conditions.lashes
    count = round(lashes.upper * (1.0 + 1.1 * much))
    droop = lashes.droop + (1.15 - lashes.droop) * min(1.0, 1.6 * much)
    strokes = []
    for number in range(count):
        share = (number + draw.uniform(0.0, 1.0)) / count * 2.0 - 1.0
        w = lids.apex + share * (lids.nose - 0.45 - lids.apex if share > 0 else lids.temple - 0.08 + lids.apex)
        fan = (w - 0.35) / 2.2 + draw.bell(0.0, 0.16)
        length = lashes.length * (1.0 + 0.55 * much) * draw.uniform(0.55, 1.05) * (1.0 - 0.5 * max(0.0, share) ** 2)
        own = droop + draw.bell(0.0, 0.28)
        root = (w, _at(opening, w, upper=True) - draw.uniform(0.0, 0.05))
        pull = (w + 0.35 * fan * length, root[1] + (0.18 + 0.22 * max(0.0, own)) * length)
        tip = (w + (0.9 * fan + draw.bell(0.0, 0.1)) * length, root[1] + (0.08 + 0.62 * own) * length)
        strokes.append(_hair(plan, root, pull, tip, draw.uniform(0.020, 0.032)))
    for number in range(lashes.lower):
        share = (number + draw.uniform(0.0, 1.0)) / lashes.lower * 2.0 - 1.0
        w = -0.2 + share * 1.85
        fan = (w + 0.1) / 2.0 + draw.bell(0.0, 0.18)
        length = lashes.length * draw.uniform(0.3, 0.7)
        root = (w, _at(opening, w, upper=False) + lids.margin * draw.uniform(0.8, 1.2))
        pull = (w + 0.2 * fan * length, root[1] + 0.6 * length)
        tip = (w + 0.9 * fan * length, root[1] + draw.uniform(0.55, 0.95) * length)
        strokes.append(_hair(plan, root, pull, tip, draw.uniform(0.012, 0.02)))
    return strokes


def _brow(plan: EyePlan) -> list[Stroke]:
    draw = Draw(plan.seed, _BROW)
    strokes = []
    for _ in range(240):
        w = draw.uniform(-3.0, 2.6)
        y = -plan.brow - draw.bell(0.28, 0.2) + 0.055 * w * w
        length = draw.uniform(0.35, 0.65)
        tilt = -0.3 - 0.12 * w + draw.bell(0.0, 0.15)
        tip = (w - 0.9 * length, y + tilt * length * (0.4 if w < 0 else 1.0))
        strokes.append(
            _hair(plan, (w, y), (w - 0.35 * length, y + 0.7 * tilt * length), tip, draw.uniform(0.015, 0.026))
        )
    return strokes


def _at(opening: Opening, w: float, *, upper: bool) -> float:
    place = np.array([w], np.float32)
    return float((opening.upper_edge(place) if upper else opening.lower_edge(place))[0])


def _hair(
    plan: EyePlan, root: tuple[float, float], pull: tuple[float, float], tip: tuple[float, float], width: float
) -> Stroke:
    mirrored = bezier(root, pull, tip) * np.array([plan.nasal, 1.0])
    return Stroke(mirrored, width, 0.35 * width)
