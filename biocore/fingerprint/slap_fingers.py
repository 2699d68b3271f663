"""Prints become fingers: each gets its box, lower phalanges are told from tips, a crease within a print is cut."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from biocore.fingerprint.slap_map import CELL, Map
from biocore.fingerprint.slap_parts import SQUEEZE, Labels
from biocore.fingerprint.slap_types import RotatedBox

LEAST_AREA = 90.0  # cells, 15 mm²: less is no finger's print
LEAST_SIDE = 64.0  # px, 3.3 mm
USUAL_WIDTH = 215.0  # px, 11 mm, across the print of a tip
USUAL_AREA = 900.0  # cells, 150 mm²; three quarters of an ordinary tip's print
MAX_LEAN = 22.0  # degrees; a finger leans no farther from its hand
LONGEST = 2.0  # lengths to width; a longer print holds more than the tip
CREASE_FROM, CREASE_TO = 1.1, 2.1  # widths from the tip between which the crease lies
CUT_AT = 1.8  # widths from the tip, where a long print shows no crease
CREASE_DEPTH = 0.72  # of the ridges above it; a shallower dip is no crease
_EDGE = 0.012  # share of a print's cells beyond each side of its box: whiskers


@dataclass(frozen=True, slots=True)
class Print:
    """One connected print.

    Attributes
    ----------
    label : int
        Its number in the label map.
    box : RotatedBox
        In px of the picture at 500 ppi.
    area : float
        Cells of `CELL` px.
    strength : float
        Mean contrast as a share of the typical, 0..1.
    """

    label: int
    box: RotatedBox
    area: float
    strength: float

    @property
    def confidence(self) -> float:
        """How surely this is one whole finger tip, 0..1: large enough, clear enough, of a tip's shape."""
        large = min(1.0, self.area / USUAL_AREA)
        clear = min(1.0, self.strength / 0.6)
        shape = self.box.size[1] / max(self.box.size[0], 1.0)
        formed = min(1.0, shape / 1.15) * min(1.0, LONGEST / max(shape, 1e-6))
        wide = min(1.0, 1.6 * USUAL_WIDTH / max(self.box.size[0], 1.0))
        full = min(1.0, self.area * CELL * CELL / max(self.box.size[0] * self.box.size[1], 1.0) / 0.72)
        return float(math.sqrt(large * clear * formed) * wide * full)


def prints(soft: Map, labels: Labels, to_map: NDArray[np.float64], turn_deg: float) -> list[Print]:
    """Measure every print that is large enough.

    Parameters
    ----------
    soft, labels : arrays (rows, columns)
        The upright map and its prints.
    to_map : float64 array (2, 3)
        From cells of the ridge map to cells of the upright one.
    turn_deg : float
        Turn of the hand.
    """
    inverse = np.linalg.inv(to_map[:, :2])
    counts = np.bincount(labels.ravel())
    rows, columns = np.nonzero(labels)
    owner, weight = labels[rows, columns], soft[rows, columns].astype(np.float64)
    cells = (np.stack([columns, rows]) - to_map[:, 2:]).astype(np.float64)
    x, y = (inverse @ cells + 0.5) * CELL  # px of the picture; a cell's middle
    found = []
    for label in np.flatnonzero(counts * SQUEEZE >= LEAST_AREA):
        if label == 0:
            continue
        own = owner == label
        made = _measured(int(label), x[own], y[own], weight[own], turn_deg)
        if min(made.box.size) >= LEAST_SIDE:
            found.append(made)
    return found


def _measured(
    label: int, x: NDArray[np.float64], y: NDArray[np.float64], weight: NDArray[np.float64], turn_deg: float
) -> Print:
    """Lay a box along the print, and cut it at the crease."""
    angle = turn_deg + _lean(x, y, turn_deg)
    for _ in range(2):  # what is cut off no longer turns the box
        cos, sin = math.cos(math.radians(angle)), math.sin(math.radians(angle))
        across, down = x * cos - y * sin, x * sin + y * cos
        left, right = np.quantile(across, (_EDGE, 1 - _EDGE))
        top, bottom = np.quantile(down, (_EDGE, 1 - _EDGE))
        end = _crease(down, weight, float(top), float(bottom), float(right - left))
        if end >= bottom:
            break
        keep = down < end
        x, y, weight = x[keep], y[keep], weight[keep]
        angle = turn_deg + _lean(x, y, turn_deg)
    u, v = float(left + right) / 2, float(top + bottom) / 2
    box = RotatedBox(
        (u * cos + v * sin, -u * sin + v * cos), (float(right - left) + CELL, float(bottom - top) + CELL), angle
    )
    return Print(label, box, len(x) * SQUEEZE, float(weight.mean()))


def _lean(x: NDArray[np.float64], y: NDArray[np.float64], turn_deg: float) -> float:
    """Return how far a print leans from the hand, in degrees, by its second moments; a round one says little."""
    cos, sin = math.cos(math.radians(turn_deg)), math.sin(math.radians(turn_deg))
    across, down = x * cos - y * sin, x * sin + y * cos
    (wide, both), (_, long) = np.cov(across, down)
    lean = 0.5 * math.degrees(math.atan2(2.0 * both, long - wide))
    spread = math.hypot(2.0 * both, long - wide) / max(wide + long, 1e-9)  # 0 = round; 0.43 for a tip
    return float(max(-MAX_LEAN, min(MAX_LEAN, lean)) * min(1.0, spread / 0.3))


def _crease(down: NDArray[np.float64], weight: NDArray[np.float64], top: float, bottom: float, width: float) -> float:
    """Return where along the finger the tip ends: at the crease, at most `CUT_AT` widths on; else its end."""
    width = min(width, 1.5 * USUAL_WIDTH)
    if bottom - top < (CREASE_FROM + 0.4) * width:
        return bottom
    ridges = np.bincount(((down - top).clip(0.0) / CELL).astype(np.intp), weights=weight)
    smooth = np.convolve(ridges, (0.25, 0.5, 0.25), "same")
    first, last = round(CREASE_FROM * width / CELL), min(round(CREASE_TO * width / CELL), len(smooth) - 5)
    if first < last:
        at = first + int(np.argmin(smooth[first:last]))
        above, below = smooth[first // 2 : at].mean(), smooth[at:].max()
        if smooth[at] < CREASE_DEPTH * min(above, below):
            return top + at * CELL
    return top + CUT_AT * width if bottom - top > LONGEST * width else bottom


def tips(found: list[Print], turn_deg: float) -> list[Print]:
    """Return the prints that lie below no other one of their finger, left to right."""
    strong = [
        one for one in found if not any(_below(one, other) for other in found if other is not one and _is_tip(other))
    ]
    cos, sin = math.cos(math.radians(turn_deg)), math.sin(math.radians(turn_deg))
    return sorted(strong, key=lambda one: one.box.centre[0] * cos - one.box.centre[1] * sin)


def _is_tip(one: Print) -> bool:
    return one.confidence >= 0.2


def _below(one: Print, other: Print) -> bool:
    """Say whether a print continues another finger towards the palm."""
    angle = math.radians(other.box.angle_deg)
    cos, sin = math.cos(angle), math.sin(angle)
    dx, dy = one.box.centre[0] - other.box.centre[0], one.box.centre[1] - other.box.centre[1]
    across, down = dx * cos - dy * sin, dx * sin + dy * cos
    wide = max(0.6 * other.box.size[0], 0.45 * USUAL_WIDTH) + 0.12 * max(0.0, down - other.box.size[1])
    return down > 0.5 * other.box.size[1] and abs(across) < wide


def touches_edge(one: Print, shape: tuple[int, int]) -> bool:
    """Say whether the tip of a print is cut by the window's edge."""
    left, right = one.box.corners[:2]
    x, y = (left[0] + right[0]) / 2, (left[1] + right[1]) / 2
    return not (CELL < x < shape[1] - CELL and CELL < y < shape[0] - CELL)
