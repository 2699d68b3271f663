"""How far a segmentation can be believed: what edges carry it, how well they keep to it, which ways lead to it."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from biocore.iris.circles import Circle, Way
from biocore.iris.locate import BEST_SCORE, Eye, Search
from biocore.iris.refine import Outline
from biocore.iris.segmentation import Concern, Confidence

NEAR = 0.10  # of the limbus radius; circles that agree lie so near each other
CLOUDY = 0.45  # of the iris' grey level by which a clear pupil is darker at least
COVERED = 0.5  # share of the iris left by its mask
OFF_AXIS = 0.90  # ratio of the limbus' axes; an eye that looks aside by 25 degrees
ALIKE = 0.35  # radians between the axes of two ellipses that are flattened the same way
IRREGULAR = 0.04  # radii; deviation of a pupil from its ellipse
FAINT = 0.5  # support
WELL_APART, DISTINCT = 6.0, 6.0  # deviations of the iris; more says no more of sclera and pupil
TIGHT, WANDERING = 0.012, 0.06  # of the radius; spread of the edge around a good and around no contour


@dataclass(frozen=True, slots=True)
class Evidence:
    """What confidence rests on, each 0 to 1.

    Attributes
    ----------
    limbus_support, pupil_support : float
        Share of each contour that an edge carries.
    residual : float
        How well the edges keep to the fitted shapes.
    pupil_agreement, limbus_agreement : float
        Share of the ways to a dark pupil that lead to this one; how near the votes alone come to this limbus.
    score : float
        What the pair of circles was ranked by, of what it can reach.
    margin : float
        By how much it is better than the best pair elsewhere.
    single : float
        0 where the limbus may be the inner edge of a bright ring, else 1.
    shown : float
        Share of the pupil's whole circle that was seen: what a lid hides is continued, not known.
    apart : float
        By how many of its deviations the iris is darker than what lies outside.
    contrast : float
        By how many of its deviations the iris differs from its pupil.
    """

    limbus_support: float
    pupil_support: float
    residual: float
    pupil_agreement: float
    limbus_agreement: float
    score: float
    margin: float
    single: float
    shown: float
    apart: float
    contrast: float


# Fitted by benchmarks/iris_confidence.py on synthetic eyes with every defect and on real ones, as they are and worse.
WEIGHTS = Evidence(8.9, 5.6, 3.1, 0.3, 2.3, 3.6, 0.9, 2.0, 4.5, 0.0, 0.8)
BIAS = -24.5


def evidence(found: Search, outline: Outline) -> Evidence:
    """Gather what speaks for and against the chosen eye."""
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
        score=max(0.0, eye.score) / BEST_SCORE,
        margin=_margin(found.eyes),
        single=0.0 if eye.outline.doubtful else 1.0,
        shown=float(outline.pupil.contour.seen.mean()),
        apart=min(1.0, max(0.0, eye.outline.separation / WELL_APART)),
        contrast=min(1.0, abs(outline.iris.level - outline.hole.level) / (DISTINCT * outline.iris.deviation)),
    )


def closeness(a: Circle, b: Circle, unit: float) -> float:
    """Return 1 for equal circles, falling to 0 where centre or radius differ by `NEAR` units."""
    off = max(math.hypot(a.x - b.x, a.y - b.y), abs(a.r - b.r)) / unit
    return max(0.0, 1.0 - off / NEAR)


def concerns(e: Evidence, found: Search, outline: Outline, visible: float, inside: bool) -> tuple[Concern, ...]:
    """Return what the user should know; `visible` is the share left, `inside` whether all is in the picture."""
    eye, pupil = found.eyes[0], outline.pupil.contour
    step = (outline.iris.level - outline.hole.level) / max(1.0, outline.iris.level)
    uneven = float(np.std(pupil.radii / pupil.at_shape()))
    met = {
        Concern.INVERTED_PUPIL: not eye.dark,
        Concern.CLOUDY_PUPIL: eye.dark and step < CLOUDY,
        Concern.BRIGHT_RING: eye.outline.ring or outline.ring,
        Concern.COVERED: visible < COVERED,
        Concern.OFF_AXIS: _flattened(outline) < OFF_AXIS,
        Concern.IRREGULAR_PUPIL: uneven > IRREGULAR,
        Concern.CUT: not inside,
        Concern.DISAGREEMENT: e.margin < 0.2 or e.pupil_agreement + e.limbus_agreement < 0.5 or e.single < 0.5,
        Concern.FAINT_PUPIL: e.pupil_support < FAINT,
        Concern.FAINT_LIMBUS: e.limbus_support < FAINT,
    }
    return tuple(name for name, is_met in met.items() if is_met)


def _flattened(outline: Outline) -> float:
    """Return the ratio of the limbus' axes, or of the pupil's where that is flattened the same way and seen better."""
    pupil, limbus = outline.pupil.contour.shape, outline.limbus.contour.shape
    alike = abs(math.remainder(pupil.angle - limbus.angle, math.pi)) < ALIKE
    return min(limbus.ratio, 0.5 * (pupil.ratio + limbus.ratio)) if alike else limbus.ratio


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
