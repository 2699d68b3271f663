"""Lashes and brow of a synthetic eye, as strokes; x points to the nose here, and is mirrored where it must be."""

from __future__ import annotations

import numpy as np

from biocore.chance import Draw
from biocore.iris.synth_conditions import Conditions
from biocore.iris.synth_eye import EyePlan
from biocore.iris.synth_geometry import Floats
from biocore.iris.synth_lids import Opening
from biocore.iris.synth_strokes import Strokes, bezier

BROW_HAIRS = 240
TUFT = 3  # lashes that cling together
_LASHES, _BROW = range(83, 85)  # streams of chance


def lashes(plan: EyePlan, conditions: Conditions, opening: Opening) -> Strokes:
    """Upper lashes fan out from the margin and curl up or hang down; lower ones are short, sparse and point down."""
    sunk = max(conditions.ptosis, 1.0 - conditions.opening)  # lashes go down with their lid
    upper = _upper(plan, conditions.lashes, 0.8 * max(0.0, sunk - 0.1), opening)
    lower = _lower(plan, opening)
    return Strokes(*(np.concatenate([getattr(s, name) for s in (upper, lower)]) for name in ("path", "root", "tip")))


def _upper(plan: EyePlan, much: float, sunk: float, opening: Opening) -> Strokes:
    own, lids = plan.lashes, plan.lids
    draw = Draw(plan.seed, _LASHES)
    count = round(own.upper * (1.0 + 1.3 * much))
    droop = own.droop + (1.15 - own.droop) * min(1.0, max(1.6 * much, sunk))
    share = np.sort(draw.units(count)) * 2.0 - 1.0
    a = lids.apex + share * np.where(share > 0, lids.nose - 0.5 - lids.apex, lids.temple - 0.03 + lids.apex)
    fan = 0.52 * (a - 0.4) + _tufted(draw.bells(count), 0.2) + 0.08 * draw.bells(count)
    lift = droop + _tufted(draw.bells(count), 0.3)
    reach = _tufted(0.6 + 0.45 * draw.units(count), 1.0) * (0.75 + 0.3 * draw.units(count))
    inner = np.maximum(0.0, share)
    length = own.length * (1.0 + 0.8 * much) * reach * (1.0 - 0.5 * inner * inner)
    y = opening.upper_edge(a.astype(np.float32)).astype(np.float64) - 0.06 * draw.units(count)
    pull = a + 0.30 * fan * length, y + (0.16 + 0.24 * np.maximum(0.0, lift)) * length
    tip = a + 0.95 * fan * length, y + (0.06 + 0.60 * lift) * length
    return _hairs(plan, (a, y), pull, tip, 0.015 + 0.011 * draw.units(count))


def _lower(plan: EyePlan, opening: Opening) -> Strokes:
    own, lids = plan.lashes, plan.lids
    draw, count = Draw(plan.seed, _LASHES, 1), plan.lashes.lower
    a = np.sort(draw.units(count)) * 3.6 - 2.05
    fan = 0.5 * (a + 0.1) + _tufted(draw.bells(count), 0.22) + 0.1 * draw.bells(count)
    length = own.length * _tufted(0.3 + 0.45 * draw.units(count), 1.0) * (0.6 + 0.45 * draw.units(count))
    y = opening.lower_edge(a.astype(np.float32)).astype(np.float64) + lids.margin * (0.8 + 0.5 * draw.units(count))
    pull = a + 0.1 * fan * length, y + 0.55 * length
    tip = a + 0.9 * fan * length, y + (0.6 + 0.35 * draw.units(count)) * length
    return _hairs(plan, (a, y), pull, tip, 0.008 + 0.007 * draw.units(count))


def brow(plan: EyePlan) -> Strokes:
    """Return the hairs of the brow, from the nose up and outwards."""
    draw = Draw(plan.seed, _BROW)
    w = 5.6 * draw.units(BROW_HAIRS) - 3.0
    y = -plan.brow - 0.28 - 0.2 * draw.bells(BROW_HAIRS) + 0.055 * w * w
    length = 0.35 + 0.3 * draw.units(BROW_HAIRS)
    tilt = -0.3 - 0.12 * w + 0.15 * draw.bells(BROW_HAIRS)
    tip = w - 0.9 * length, y + tilt * length * np.where(w < 0, 0.4, 1.0)
    return _hairs(
        plan, (w, y), (w - 0.35 * length, y + 0.7 * tilt * length), tip, 0.015 + 0.011 * draw.units(BROW_HAIRS)
    )


def _tufted(values: Floats, scale: float) -> Floats:
    """Give the lashes of a tuft the value of its first."""
    first = np.arange(len(values)) // TUFT * TUFT
    return values[first] * scale


def _hairs(
    plan: EyePlan,
    root: tuple[Floats, Floats],
    pull: tuple[Floats, Floats],
    tip: tuple[Floats, Floats],
    width: Floats,
) -> Strokes:
    curves = bezier(*(np.stack(point, axis=1) for point in (root, pull, tip)))
    return Strokes(curves * np.array([plan.nasal, 1.0]), width, 0.4 * width)
