"""How far a segmentation can be believed: what edges carry it, how well they keep to it, which ways lead to it."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from biocore.iris.circles import Circle, Way
from biocore.iris.locate import Eye, Search
from biocore.iris.refine import Outline
from biocore.iris.segmentation import Confidence

NEAR = 0.10  # of the limbus radius; circles that agree lie so near each other
TIGHT, WANDERING = 0.012, 0.06  # of the radius; spread of the edge around a good and around no contour
EVEN_ODDS = -9.0  # of the eye's score: what a pair of circles picked at random in clutter reaches


@dataclass(frozen=True, slots=True)
class Evidence:
    """What confidence rests on, each about 0 to 1."""

    limbus_support: float
    pupil_support: float
    residual: float
    pupil_agreement: float
    limbus_agreement: float
    score: float
    margin: float
    visible: float


WEIGHTS = Evidence(1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0)
BIAS = 0.0


def evidence(found: Search, outline: Outline, visible: float) -> Evidence:
    """Gather what speaks for and against the chosen eye; `visible` is the share of the iris left by the mask."""
    eye = found.eyes[0]
    pupil, limbus = outline.pupil.contour.shape, outline.limbus.contour.shape
    inner = Circle(pupil.cx, pupil.cy, pupil.radius, 0.0, eye.pupil.way)
    outer = Circle(limbus.cx, limbus.cy, limbus.radius, 0.0, eye.limbus.way)
    ways = {c.way for c in found.pupils if closeness(c, inner, outer.r) > 0.0} | {eye.pupil.way}
    agreement = len(ways & {Way.DARK_BLOB, Way.DARK_VOTES}) / 2.0
    spread = max(outline.pupil.spread * outline.pupil.contour.radius / outer.r, outline.limbus.spread)
    return Evidence(
        limbus_support=outline.limbus.support,
        pupil_support=outline.pupil.support,
        residual=min(1.0, max(0.0, (WANDERING - spread) / (WANDERING - TIGHT))),
        pupil_agreement=agreement,
        limbus_agreement=max((closeness(c, outer, outer.r) for c in found.limbi), default=0.0),
        score=max(0.0, eye.score) / 13.7,
        margin=_margin(found.eyes),
        visible=visible,
    )


def closeness(a: Circle, b: Circle, unit: float) -> float:
    """Return 1 for equal circles, falling to 0 where centre or radius differ by `NEAR` units."""
    off = max(math.hypot(a.x - b.x, a.y - b.y), abs(a.r - b.r)) / unit
    return max(0.0, 1.0 - off / NEAR)


def _margin(eyes: list[Eye]) -> float:
    """Return how much better the best eye is than the best one elsewhere: log odds by 5, at most 1."""
    best = eyes[0]
    others = [e.score for e in eyes if closeness(e.limbus, best.limbus, best.limbus.r) == 0.0]
    return min(1.0, (best.score - max(others)) / 5.0) if others else 1.0


def judge(e: Evidence) -> Confidence:
    """Return the chance that neither contour is off by more than a tenth of the iris radius, and its parts."""
    names = Evidence.__slots__
    odds = BIAS + sum(getattr(WEIGHTS, n) * getattr(e, n) for n in names)
    value = 1.0 / (1.0 + math.exp(-odds))
    support = float(np.sqrt(e.limbus_support * e.pupil_support))
    return Confidence(value, support, e.residual, 0.5 * (e.pupil_agreement + e.limbus_agreement))
