"""Minutiae: the ends of the ridge skeleton and of the valley skeleton, less those that are no feature of the finger.

A bifurcation is where a valley ends (so SourceAFIS, Vazan), hence both kinds are found, placed and turned in the same
way, and three rules clean both: an island is a short ridge, a lake a short valley; a break is two ridge ends that
face each other, a bridge two valley ends that do; a spur is a short side branch of either.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from biocore import trace
from biocore.fingerprint.cells import sample
from biocore.fingerprint.orientation import OrientationField
from biocore.fingerprint.segment import Mask
from biocore.kernels import minutiae as kernel
from biocore.kernels.ridge import CELL, RidgePicture
from biocore.types import MinutiaKind

Floats = NDArray[np.float32]

THINNING_ROUNDS = 40  # a blot up to 80 px wide still becomes a line
SPUR = 7  # px; less than one ridge period: a side branch of the skeleton, not of the ridge
FRAGMENT = 10  # px; one period: a dot or a pore; longer islands and lakes are often found again
REACH = 24  # px of each line that are looked at
TIP = 5  # px of the line whose mean places the end, which alone would be a whole pixel
OUTWARD = 2.6  # px from that mean back to the end: 2, and the 0.6 that thinning takes (on generated dislocations)
TURN = 12  # px into the line: where the end looks
SLOPE = 6  # px into the line: where the orientation field is asked; at the tip it mixes in what is beyond
NEAR = 7.0  # px; ends this close are one interrupted line, unless they look the same way
FAR = 18.0  # px; two periods: the longest break that is mended where both ends look at each other
FACING = 0.7  # cosine of 45 degrees
SIDE = 8.0  # px; what lies nearer to the edge of the ridges than one period is the edge
AHEAD = 20.0  # px; nor may the edge be what the line ended at


@dataclass(frozen=True, slots=True)
class Ends:
    """Ends of lines that may be minutiae.

    Attributes
    ----------
    points : float32 array (n, 2)
        x, y, px.
    inward : float32 array (n, 2)
        Unit vector into the line, y down.
    slope : float32 array (n, 2)
        Where, on the line, its orientation is read, px.
    kinds : uint8 array (n,)
        `MinutiaKind` values.
    lengths : float32 array (n,)
        How far the line was followed, px.
    votes : float32 array (n,)
        Share of the enhancements that show the end, 0..1.
    """

    points: Floats
    inward: Floats
    slope: Floats
    kinds: NDArray[np.uint8]
    lengths: Floats
    votes: Floats

    def only(self, which: NDArray[np.bool_] | NDArray[np.intp]) -> Ends:
        """Return those ends."""
        return Ends(*(getattr(self, column.name)[which] for column in fields(self)))


def join(parts: list[Ends]) -> Ends:
    """Return all ends of all parts, one after the other."""
    return Ends(*(np.concatenate([getattr(part, column.name) for part in parts]) for column in fields(Ends)))


def detect(ridges: RidgePicture, mask: Mask) -> Ends:
    """Find the ends of ridges and valleys that lie well inside the mask."""
    ridge_bits, valley_bits = kernel.pack(ridges, mask)
    found = join(
        [
            _line_ends(ridge_bits, mask.shape[1] * CELL, MinutiaKind.ENDING),
            _line_ends(valley_bits, mask.shape[1] * CELL, MinutiaKind.BIFURCATION),
        ]
    )
    return found.only(_inside(found, mask))


def directions(found: Ends, field: OrientationField) -> Floats:
    """Return unit vectors (n, 2), x and y up: along the orientation field, the way the line runs from its end.

    The field repeats between impressions within 2.3 to 2.9 degrees (median), the line itself within 3.6 to 4.2.
    """
    cosine, sine = sample(field.cosine, found.slope), sample(field.sine, found.slope)
    length = np.maximum(np.sqrt(cosine * cosine + sine * sine), np.float32(1e-6))
    # from the doubled angle to the angle: cos(t) = sqrt((1 + cos 2t) / 2), and sin alike
    x = np.sqrt(np.maximum(1 + cosine / length, 0) / 2)
    y = np.copysign(np.sqrt(np.maximum(1 - cosine / length, 0) / 2), sine)
    sign = np.where(x * found.inward[:, 0] - y * found.inward[:, 1] < 0, np.float32(-1), np.float32(1))
    return np.stack([sign * x, sign * y], axis=1).astype(np.float32)


def _line_ends(bits: kernel.Bits, width: int, kind: MinutiaKind) -> Ends:
    """Thin, prune and trace one of the two skeletons; leave out ends that face each other across a break."""
    lines = kernel.prune(kernel.unpack(kernel.thin(bits, THINNING_ROUNDS), width), SPUR, FRAGMENT)
    trace.stage(f"fingerprint.{kind.name.lower()}_lines", lambda: 255 - 255 * lines)
    paths, lengths = kernel.trace_ends(lines, REACH)
    way = paths.astype(np.float32)
    rows = np.arange(len(way))
    tips = way[:, 0]
    turn = way[rows, np.minimum(TURN, lengths - 1)] - tips
    inward = turn / np.maximum(np.hypot(turn[:, :1], turn[:, 1:]), np.float32(1e-6))
    cancelled = kernel.cancel_facing(lines, np.concatenate([tips, inward], axis=1), NEAR, FAR, FACING)
    middle = sum(way[:, i] for i in range(TIP)) / np.float32(TIP) - np.float32(OUTWARD) * inward
    ends = Ends(
        points=np.where(lengths[:, None] >= TIP, middle, tips) - 1,  # the border of `lines`
        inward=inward,
        slope=way[rows, np.minimum(SLOPE, lengths - 1)] - 1,
        kinds=np.full(len(way), kind, np.uint8),
        lengths=lengths.astype(np.float32),
        votes=np.ones(len(way), np.float32),
    )
    return ends.only(~cancelled)


def _inside(found: Ends, mask: Mask) -> NDArray[np.bool_]:
    """Say which ends lie well inside the ridges and do not look out of them."""
    diagonal = SIDE * 0.7071
    steps = [(SIDE, 0.0), (0.0, SIDE), (-SIDE, 0.0), (0.0, -SIDE)]
    steps += [(i * diagonal, j * diagonal) for i in (-1, 1) for j in (-1, 1)]
    probes = [found.points + np.array(step, np.float32) for step in steps]
    probes.append(found.points - np.float32(AHEAD) * found.inward)
    rim = 1 + int(AHEAD) // CELL
    padded = np.pad(mask, rim)
    cells = np.floor(np.stack(probes) / CELL).astype(np.intp) + rim
    return np.asarray(padded[cells[:, :, 1], cells[:, :, 0]].all(axis=0), np.bool_)
