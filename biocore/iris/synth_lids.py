"""The opening between the lids of a synthetic eye: margins, and what of the picture they cover."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from biocore.chance import Field
from biocore.iris.synth_conditions import Conditions
from biocore.iris.synth_eye import EyePlan
from biocore.iris.synth_geometry import Geometry, lowered

Floats = NDArray[np.float64]

CLOSED_Y = 0.45  # share of the way down the upper lid's margin meets the lower one at when the eye closes
HANGING = (0.42, -0.12)  # iris radii above the pupil's middle that a drooping margin lies at: 2.5 to -0.7 mm
DRAWN = 0.45  # how much the opening narrows towards the nose, before the canthus


@dataclass(frozen=True, slots=True)
class Opening:
    """The margins of one picture in the head's frame, x to the nose; lengths in iris radii.

    Attributes
    ----------
    plan : EyePlan
    upper, lower : float
        Heights of the two arcs over the line between the canthi; equal where closed.
    meet : float
        Where the upper arc ends up when closed, of the lower one.
    """

    plan: EyePlan
    upper: float
    lower: float

    def base(self, w: Field) -> Field:
        """Return the height of the line between the canthi."""
        lids = self.plan.lids
        slope = (lids.nose_y - lids.temple_y) / (lids.nose + lids.temple)
        return np.asarray(lids.temple_y + (w + lids.temple) * np.float32(slope), w.dtype)

    def arch(self, w: Field, apex: float, box: float) -> Field:
        """Return 1 at the apex and 0 at and beyond the canthi: to the nose drawn out, to the temple boxy by `box`."""
        lids = self.plan.lids
        nasal = w > apex
        span = np.where(nasal, np.float32(1.0 / (lids.nose - apex)), np.float32(1.0 / (lids.temple + apex)))
        power = np.where(nasal, np.float32(-DRAWN), np.float32(box))
        square = np.abs(w - np.float32(apex)) * span
        square = np.minimum(square * square, 1.0)
        return np.asarray((1.0 - square) * (1.0 + power * square), w.dtype)

    def upper_edge(self, w: Field) -> Field:
        """Return y of the upper margin at each x."""
        return np.asarray(self.base(w) - np.float32(self.upper) * self.arch(w, self.plan.lids.apex, 0.25), w.dtype)

    def lower_edge(self, w: Field) -> Field:
        """Return y of the lower margin at each x; never above the upper one."""
        low = self.base(w) + np.float32(self.lower) * self.arch(w, -0.15, 0.35)
        if self.lower + self.upper > 0.3:
            return np.asarray(low, w.dtype)  # the arcs cannot cross
        return np.asarray(np.maximum(low, self.upper_edge(w)), w.dtype)


def open_lids(plan: EyePlan, conditions: Conditions, geometry: Geometry) -> Opening:
    """Return the lids of one picture."""
    lids = plan.lids
    middle = lids.temple_y + (lids.nose_y - lids.temple_y) * lids.temple / (lids.nose + lids.temple)
    down = lowered(geometry)
    upper, lower = lids.upper - down, lids.lower + 0.4 * down
    meet = -CLOSED_Y * lower
    upper = meet + (upper - meet) * conditions.opening
    if conditions.opening < 1.0:  # the lower lid hardly moves
        lower *= 0.5 + 0.5 * conditions.opening
    if conditions.ptosis > 0.0:
        level = HANGING[0] + (HANGING[1] - HANGING[0]) * conditions.ptosis
        upper = min(upper, middle + level - down)
    return Opening(plan, upper, max(lower, -upper))


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """The head's frame at every px of a picture, float32 (h, w), iris radii.

    Attributes
    ----------
    w, v : arrays
        To the nose, and down, from the middle of the opening.
    above, below : arrays
        How far a px lies above the upper margin and below the lower one; both negative between the lids.
    arch : array
        1 in the middle of the upper lid, 0 at the canthi.
    """

    w: Field
    v: Field
    above: Field
    below: Field
    arch: Field


def view(plan: EyePlan, opening: Opening, geometry: Geometry) -> View:
    """Measure every px against the lids."""
    x, y = geometry.grid()
    u, v = geometry.head(x, y)
    w = u * np.float32(plan.nasal)
    return View(w, v, opening.upper_edge(w) - v, v - opening.lower_edge(w), opening.arch(w, plan.lids.apex, 0.0))


def edges(opening: Opening, geometry: Geometry) -> tuple[Floats, Floats]:
    """Return upper and lower margin as points of the picture, px, float64 (n, 2), from canthus to canthus."""
    lids = opening.plan.lids
    w = np.linspace(-lids.temple, lids.nose, 257)
    found = []
    for v in (opening.upper_edge(w.astype(np.float32)), opening.lower_edge(w.astype(np.float32))):
        x, y = geometry.from_head(opening.plan.nasal * w, v.astype(np.float64))
        order = np.argsort(x, kind="stable")
        found.append(np.stack([x, y], axis=1)[order])
    return found[0], found[1]
