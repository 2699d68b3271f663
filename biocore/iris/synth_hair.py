"""Lashes and brow of a synthetic eye, as strokes; x points to the nose here, and is mirrored where it must be."""

from __future__ import annotations

import numpy as np

from biocore.chance import Draw
from biocore.iris.synth_conditions import Conditions
from biocore.iris.synth_eye import EyePlan
from biocore.iris.synth_lids import Opening
from biocore.iris.synth_strokes import Stroke, bezier

BROW_HAIRS = 240
TUFT = 3  # lashes that cling together, on average
_LASHES, _BROW = range(83, 85)  # streams of chance


def lashes(plan: EyePlan, conditions: Conditions, opening: Opening) -> list[Stroke]:
    """Upper lashes fan out from the margin and curl up or hang down; lower ones are short, sparse and point down."""
    sunk = max(conditions.ptosis, 1.0 - conditions.opening)  # lashes go down with their lid
    return _upper(plan, conditions.lashes, 0.8 * max(0.0, sunk - 0.1), opening) + _lower(plan, opening)


def _upper(plan: EyePlan, much: float, sunk: float, opening: Opening) -> list[Stroke]:
    own, lids = plan.lashes, plan.lids
    draw = Draw(plan.seed, _LASHES)
    count = round(own.upper * (1.0 + 1.0 * much))
    droop = own.droop + (1.15 - own.droop) * min(1.0, max(1.6 * much, sunk))
    share = np.sort(draw.units(count)) * 2.0 - 1.0
    w = lids.apex + share * np.where(share > 0, lids.nose - 0.5 - lids.apex, lids.temple - 0.03 + lids.apex)
    margin = opening.upper_edge(w.astype(np.float32)).astype(np.float64)
    strokes: list[Stroke] = []
    lean = lift = reach = 0.0
    for number in range(count):
        if number % TUFT == 0:  # a tuft shares its direction
            lean, lift, reach = draw.bell(0.0, 0.2), droop + draw.bell(0.0, 0.3), draw.uniform(0.6, 1.05)
        a = float(w[number])
        fan = 0.52 * (a - 0.4) + lean + draw.bell(0.0, 0.08)
        length = (
            own.length
            * (1.0 + 0.5 * much)
            * reach
            * draw.uniform(0.75, 1.05)
            * (1.0 - 0.5 * max(0.0, share[number]) ** 2)
        )
        root = (a, float(margin[number]) - draw.uniform(0.0, 0.06))
        pull = (a + 0.30 * fan * length, root[1] + (0.16 + 0.24 * max(0.0, lift)) * length)
        tip = (a + 0.95 * fan * length, root[1] + (0.06 + 0.60 * lift) * length)
        strokes.append(_hair(plan, root, pull, tip, draw.uniform(0.015, 0.026)))
    return strokes


def _lower(plan: EyePlan, opening: Opening) -> list[Stroke]:
    own, lids = plan.lashes, plan.lids
    draw = Draw(plan.seed, _LASHES, 1)
    w = np.sort(draw.units(own.lower)) * 3.6 - 2.05
    margin = opening.lower_edge(w.astype(np.float32)).astype(np.float64)
    strokes: list[Stroke] = []
    lean = reach = 0.0
    for number in range(own.lower):
        if number % TUFT == 0:
            lean, reach = draw.bell(0.0, 0.22), draw.uniform(0.3, 0.75)
        a = float(w[number])
        fan = 0.5 * (a + 0.1) + lean + draw.bell(0.0, 0.1)
        length = own.length * reach * draw.uniform(0.6, 1.05)
        root = (a, float(margin[number]) + lids.margin * draw.uniform(0.8, 1.3))
        pull = (a + 0.1 * fan * length, root[1] + 0.55 * length)
        tip = (a + 0.9 * fan * length, root[1] + draw.uniform(0.6, 0.95) * length)
        strokes.append(_hair(plan, root, pull, tip, draw.uniform(0.008, 0.015)))
    return strokes


def brow(plan: EyePlan) -> list[Stroke]:
    """Hairs of the brow, from the nose up and outwards."""
    draw = Draw(plan.seed, _BROW)
    strokes = []
    for _ in range(BROW_HAIRS):
        w = draw.uniform(-3.0, 2.6)
        y = -plan.brow - draw.bell(0.28, 0.2) + 0.055 * w * w
        length = draw.uniform(0.35, 0.65)
        tilt = -0.3 - 0.12 * w + draw.bell(0.0, 0.15)
        tip = (w - 0.9 * length, y + tilt * length * (0.4 if w < 0 else 1.0))
        pull = (w - 0.35 * length, y + 0.7 * tilt * length)
        strokes.append(_hair(plan, (w, y), pull, tip, draw.uniform(0.015, 0.026)))
    return strokes


def _hair(
    plan: EyePlan, root: tuple[float, float], pull: tuple[float, float], tip: tuple[float, float], width: float
) -> Stroke:
    return Stroke(bezier(root, pull, tip) * np.array([plan.nasal, 1.0]), width, 0.4 * width)
