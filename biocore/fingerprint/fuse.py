"""Several attempts at one finger made into one template: minutiae are voted for, averaged, and their area united.

The best attempt is the frame. The others are compared with what there is so far, the surest first, bent onto it by
the paired minutiae (a rigid motion and what is left over, spread smoothly), and added. A minutia that was seen again
gains confidence; one that an attempt should have seen and did not loses it. An attempt that does not match is never
mixed in: it is laid beside, out of reach of the others, as a view of its own. A comparison takes the best view
(`packing.views`).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from biocore.errors import InvalidTemplateError
from biocore.fingerprint.compare import compare, search
from biocore.fingerprint.scale import NOMINAL_PPI
from biocore.types import MAX_MINUTIAE, FingerTemplate

ALGORITHM = "biocore.finger.fused/1"
THRESHOLD = 20.0  # -10 log10(FMR): the attempts claim to be one finger, so one chance in 100 is proof enough
REACH = 70.0  # px at 500 ppi; how far a pair pulls the minutiae around it
COVERED = 6.0  # px inside the hull of an attempt's minutiae, from where on it should have seen a minutia
DISBELIEF = 0.6  # what is left of a minutia's confidence after an attempt that should have seen it
SMALLEST = 1e4  # px², half a cm across: the least area an attempt's minutiae are taken to cover
GAP = 150.0  # px between attempts laid side by side; beyond the comparator's neighbourhoods, so that none reaches over
UNREPORTED = 50  # confidence of a minutia whose extractor does not report one


@dataclass(slots=True)
class Votes:
    """Minutiae so far, in the frame of the first attempt.

    Attributes
    ----------
    points : float64 array (n, 2)
    heading : complex128 array (n,)
        Sum of the directions as unit vectors, weighed by confidence.
    kinds : float64 array (n, 3)
        Confidence for each kind.
    doubt : float64 array (n,)
        Chance that all who saw it were wrong.
    missed : int64 array (n,)
        Attempts that should have seen it and did not.
    """

    points: NDArray[np.float64]
    heading: NDArray[np.complex128]
    kinds: NDArray[np.float64]
    doubt: NDArray[np.float64]
    missed: NDArray[np.int64]

    @classmethod
    def of(cls, template: FingerTemplate, scale: float = 1.0) -> Votes:
        """Start with one attempt; `scale` brings its px to those of the frame."""
        belief = np.where(template.qualities == 0, UNREPORTED, template.qualities) / 100.0
        n = len(template)
        kinds = np.zeros((n, 3))
        kinds[np.arange(n), template.kinds] = belief
        return cls(
            template.points.astype(np.float64) * scale,
            belief * np.exp(1j * template.directions.astype(np.float64)),
            kinds,
            1.0 - 0.99 * belief,
            np.zeros(n, np.int64),
        )

    def confidence(self) -> NDArray[np.float64]:
        """How surely each minutia is one, 0..1."""
        found: NDArray[np.float64] = (1.0 - self.doubt) * DISBELIEF**self.missed
        return found

    def keep(self, rows: NDArray[np.integer[Any]]) -> Votes:
        """Only these."""
        return Votes(
            self.points[rows],
            self.heading[rows],
            self.kinds[rows],
            self.doubt[rows],
            self.missed[rows],
        )


def fuse(templates: Sequence[FingerTemplate]) -> FingerTemplate:
    """Make one template of several attempts at one finger.

    Parameters
    ----------
    templates : sequence of FingerTemplate
        At least one.

    Returns
    -------
    FingerTemplate
        At most 255 minutiae, best first, in px of the best attempt; a single attempt comes back as it is.

    Raises
    ------
    InvalidTemplateError
        No template at all, not a finger's, or of two different fingers.
    """
    if not templates:
        raise InvalidTemplateError("there is nothing to fuse; give at least one template")
    if len({t.position for t in templates if t.position}) > 1:
        raise InvalidTemplateError("templates of different finger positions are not fused into one")
    if len(templates) == 1:
        return templates[0]
    first = _frame(templates)
    rest = [t for t in templates if t is not first]
    votes, fused, density = Votes.of(first), first, _density(Votes.of(first).points)
    while rest:
        scores = [c.score for c in search(fused, rest)]
        best = int(np.argmax(scores))
        if scores[best] < THRESHOLD:
            break
        density = max(density, _density(Votes.of(rest[best], first.ppi / rest[best].ppi).points))
        votes = _ranked(_add(votes, fused, rest.pop(best)), density)
        fused = _template(votes, first)
    position = max(t.position for t in templates)
    fused = replace(_framed(fused), position=position)
    return _beside(fused, fuse(rest)) if rest else fused


def _frame(templates: Sequence[FingerTemplate]) -> FingerTemplate:
    """Choose the attempt most like the others; among strangers, the one with most confidence in it."""
    likeness = [
        sum(min(c.score, 2 * THRESHOLD) for c in search(t, [o for o in templates if o is not t]) if c.score > THRESHOLD)
        for t in templates
    ]
    belief = [float(np.where(t.qualities == 0, UNREPORTED, t.qualities).sum()) for t in templates]
    return max(zip(likeness, belief, templates, strict=True), key=lambda row: row[:2])[2]


def _add(votes: Votes, fused: FingerTemplate, attempt: FingerTemplate) -> Votes:
    """Bring an attempt into the frame, and count its votes."""
    new = Votes.of(attempt, fused.ppi / attempt.ppi)
    pairs = compare(fused, attempt).pairs
    old_rows, new_rows = pairs[:, 0], pairs[:, 1]
    new = _bent(new, new_rows, votes.points[old_rows], votes.heading[old_rows])
    unmatched_old = np.setdiff1d(np.arange(len(votes.points)), old_rows)
    unmatched_new = np.setdiff1d(np.arange(len(new.points)), new_rows)
    weight = np.abs(votes.heading[old_rows])[:, None], np.abs(new.heading[new_rows])[:, None]
    votes.points[old_rows] = (votes.points[old_rows] * weight[0] + new.points[new_rows] * weight[1]) / sum(weight)
    votes.heading[old_rows] += new.heading[new_rows]
    votes.kinds[old_rows] += new.kinds[new_rows]
    votes.doubt[old_rows] *= new.doubt[new_rows]
    votes.missed[unmatched_old] += _covered(votes.points[unmatched_old], new.points)
    fresh = new.keep(unmatched_new)
    fresh.missed += _covered(fresh.points, votes.points)
    joined = [np.concatenate([getattr(votes, name), getattr(fresh, name)]) for name in Votes.__slots__]
    return Votes(*joined)


def _bent(
    votes: Votes, rows: NDArray[np.integer[Any]], to: NDArray[np.float64], heading: NDArray[np.complex128]
) -> Votes:
    """Move `votes` rigidly so that `rows` come to lie on `to`, and bend what is left over smoothly."""
    z = votes.points[:, 0] - 1j * votes.points[:, 1]  # y up, so that turning is multiplying
    target = to[:, 0] - 1j * to[:, 1]
    here, there = z[rows].mean(), target.mean()
    # As in the comparator, the directions have a say: it decides where there are very few pairs.
    turn = ((target - there) * np.conj(z[rows] - here)).sum() + REACH**2 * (
        _unit(heading) * np.conj(_unit(votes.heading[rows]))
    ).sum()
    turn = turn / abs(turn) if abs(turn) > 0 else 1.0
    moved = (z - here) * turn + there
    weights = 1.0 / (REACH**2 + np.abs(moved[:, None] - moved[rows][None, :]) ** 2) ** 2
    moved = moved + (weights * (target - moved[rows])[None, :]).sum(axis=1) / (weights.sum(axis=1) + 0.1 / REACH**4)
    votes.points = np.stack([moved.real, -moved.imag], axis=1)
    votes.heading = votes.heading * turn
    return votes


def _unit(z: NDArray[np.complex128]) -> NDArray[np.complex128]:
    found: NDArray[np.complex128] = z / np.maximum(np.abs(z), 1e-12)
    return found


def _covered(points: NDArray[np.float64], area: NDArray[np.float64]) -> NDArray[np.int64]:
    """Which points lie well inside the convex hull of an attempt's minutiae."""
    if len(area) < 3 or len(points) == 0:
        return np.zeros(len(points), np.int64)
    hull = cv2.convexHull(area.astype(np.float32))
    inside = [cv2.pointPolygonTest(hull, (float(x), float(y)), True) > COVERED for x, y in points]
    return np.array(inside, np.int64)


def _area(points: NDArray[np.float64]) -> float:
    """Area of the convex hull, px²."""
    return float(cv2.contourArea(cv2.convexHull(points.astype(np.float32)))) if len(points) > 2 else 0.0


def _density(points: NDArray[np.float64]) -> float:
    """Minutiae per px² of their hull; what a handful of minutiae says of it is not believed."""
    return len(points) / max(_area(points), SMALLEST)


def _ranked(votes: Votes, density: float) -> Votes:
    """Put the best first, ties by y, x, direction, and drop what there is no room for.

    The whole may not be denser than its densest part: noise adds up where attempts differ, and a thicket of
    minutiae matches anybody.
    """
    x, y = votes.points.T
    order = np.lexsort((np.angle(votes.heading), x, y, -np.rint(100 * votes.confidence())))
    room = math.ceil(density * max(_area(votes.points), SMALLEST))
    return votes.keep(order[: min(room, MAX_MINUTIAE)])


def _template(votes: Votes, frame: FingerTemplate) -> FingerTemplate:
    """Make a template of what was voted for, row for row."""
    return replace(
        frame,
        algorithm=ALGORITHM,
        points=votes.points.astype(np.float32),
        directions=np.mod(np.angle(votes.heading), 2 * np.pi).astype(np.float32),
        kinds=votes.kinds.argmax(axis=1).astype(np.uint8),
        qualities=np.clip(np.rint(100 * votes.confidence()), 1, 100).astype(np.uint8),
    )


def _framed(template: FingerTemplate) -> FingerTemplate:
    """Widen the picture to hold what other attempts added beyond its edges."""
    low = np.minimum(np.floor(template.points.min(axis=0, initial=0.0)), 0.0)
    high = np.maximum(np.ceil(template.points.max(axis=0, initial=0.0)) + 1, [template.width, template.height])
    width, height = (high - low).astype(int).tolist()
    return replace(template, points=(template.points - low).astype(np.float32), width=width, height=height)


def _beside(one: FingerTemplate, other: FingerTemplate) -> FingerTemplate:
    """Lay two templates that could not be brought together side by side; the best minutiae of both are kept."""
    scale = one.ppi / other.ppi
    step = one.width + GAP * one.ppi / NOMINAL_PPI
    points = np.concatenate([one.points, other.points * np.float32(scale) + np.array([step, 0.0], np.float32)])
    qualities = np.concatenate([one.qualities, other.qualities])
    directions = np.concatenate([one.directions, other.directions])
    best = np.lexsort((directions, points[:, 0], points[:, 1], -qualities.astype(int)))[:MAX_MINUTIAE]
    return replace(
        one,
        algorithm=ALGORITHM,
        width=math.ceil(step + other.width * scale),
        height=max(one.height, math.ceil(other.height * scale)),
        points=points[best].astype(np.float32),
        directions=directions[best],
        kinds=np.concatenate([one.kinds, other.kinds])[best],
        qualities=qualities[best],
    )
