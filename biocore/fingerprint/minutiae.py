"""Minutiae: the ends of the ridge skeleton and of the valley skeleton, less those that are no feature of the finger.

A bifurcation is where a valley ends, so both kinds are found, placed and turned in the same way, and three rules
clean both: an island is a short ridge, a lake a short valley; a break is two ridge ends that face each other, a
bridge two valley ends that do; a spur is a short side branch of either.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from biocore.fingerprint.orientation import OrientationField, frozen, sample
from biocore.kernels import minutiae as kernel
from biocore.kernels.ridge import CELL, RidgePicture
from biocore.types import MAX_MINUTIAE, MinutiaKind

Floats = NDArray[np.float32]

THINNING_ROUNDS = 40  # a blot up to 80 px wide still becomes a line
SPUR = 10  # px; about one ridge period: a side branch of the skeleton, not of the ridge
FRAGMENT = 18  # px; two periods: an island, a dot or a lake
REACH = 24  # px of the line that are looked at
TIP = 5  # px of the line whose mean places the end, which alone would be a whole pixel
TURN = 12  # px into the line: where the end looks
SLOPE = 6  # px into the line: where the orientation field is asked; at the tip it mixes in what is beyond
NEAR = 7.0  # px; ends this close are one interrupted line, unless they look the same way
FAR = 18.0  # px; two periods: the longest break that is mended where both ends look at each other
FACING = 0.7  # cosine of 45 degrees
SIDE = 8.0  # px; a minutia nearer to the edge of the ridges than one period is the edge
AHEAD = 16.0  # px; nor may the edge be what the line ended at
DEPTH = 4  # cells; further from the edge no longer says anything about a minutia
CROWD = 24.0  # px; minutiae closer than this to several others are rather damage than feature

# Logistic regression of "found again" on 4,900 pairs of impressions of one finger (benchmarks/ablation_finger.py):
# constant, strength, coherence, depth, neighbours, whole arm, agreement of line and field.
CONFIDENCE = frozen(np.array([-4.75, 0.076, 1.57, 0.26, -0.29, 0.56, 2.62], np.float32))


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
        Where, on the line, the orientation is read.
    kinds : uint8 array (n,)
        `MinutiaKind` values.
    lengths : float32 array (n,)
        How far the line was followed, px.
    """

    points: Floats
    inward: Floats
    slope: Floats
    kinds: NDArray[np.uint8]
    lengths: Floats

    def only(self, keep: NDArray[np.bool_]) -> Ends:
        """Return those that are to be kept."""
        return Ends(self.points[keep], self.inward[keep], self.slope[keep], self.kinds[keep], self.lengths[keep])


@dataclass(frozen=True, slots=True)
class Minutiae:
    """Minutiae as a template holds them, best first."""

    points: Floats
    directions: Floats
    kinds: NDArray[np.uint8]
    qualities: NDArray[np.uint8]


def detect(
    ridges: RidgePicture, field: OrientationField, strength: Floats, mask: NDArray[np.bool_]
) -> Minutiae:
    """Find the minutiae of enhanced ridges."""
    ridge_bits, valley_bits = kernel.pack(ridges, mask)
    found = join(line_ends(ridge_bits, mask, MinutiaKind.ENDING), line_ends(valley_bits, mask, MinutiaKind.BIFURCATION))
    found = found.only(inside(found, mask))
    vectors = directions(found, field)
    qualities = confidence(features(found, vectors, field, strength, mask))
    return ordered(found, vectors, qualities)


def line_ends(bits: kernel.Bits, mask: NDArray[np.bool_], kind: MinutiaKind) -> Ends:
    """Thin, prune and trace one of the two skeletons; leave out ends that face each other across a break."""
    lines = kernel.prune(kernel.unpack(kernel.thin(bits, THINNING_ROUNDS), mask.shape[1] * CELL), SPUR, FRAGMENT)
    paths, lengths = kernel.trace_ends(lines, REACH)
    way = paths.astype(np.float32)
    rows = np.arange(len(paths))
    tips = way[:, 0]
    turn = way[rows, np.minimum(TURN, lengths - 1)] - tips
    inward = turn / np.maximum(np.sqrt((turn * turn).sum(axis=1, keepdims=True)), np.float32(1e-6))
    cancelled = kernel.cancel_facing(lines, np.concatenate([tips, inward], axis=1), NEAR, FAR, FACING)
    slope = way[rows, np.minimum(SLOPE, lengths - 1)]
    near = way[:, :TIP].mean(axis=1) - np.float32(TIP // 2) * inward
    points = np.where(lengths[:, None] >= TIP, near, tips)
    kinds = np.full(len(paths), kind, np.uint8)
    return Ends(points - 1, inward, slope - 1, kinds, lengths.astype(np.float32)).only(~cancelled)


def join(a: Ends, b: Ends) -> Ends:
    """Return the ends of both skeletons."""
    return Ends(
        np.concatenate([a.points, b.points]),
        np.concatenate([a.inward, b.inward]),
        np.concatenate([a.slope, b.slope]),
        np.concatenate([a.kinds, b.kinds]),
        np.concatenate([a.lengths, b.lengths]),
    )


def inside(found: Ends, mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Say which ends lie well inside the ridges and do not look out of them."""
    diagonal = SIDE * 0.7071
    around = [(SIDE, 0), (-SIDE, 0), (0, SIDE), (0, -SIDE)] + [(i * diagonal, j * diagonal) for i in (-1, 1) for j in (-1, 1)]
    probes = [found.points + np.array(step, np.float32) for step in around]
    probes.append(found.points - np.float32(AHEAD) * found.inward)
    rim = 1 + int(AHEAD) // CELL
    padded = np.pad(mask, rim)
    cells = np.floor(np.stack(probes) / CELL).astype(np.intp) + rim
    return np.asarray(padded[cells[:, :, 1], cells[:, :, 0]].all(axis=0))


def directions(found: Ends, field: OrientationField) -> Floats:
    """Return unit vectors (x, y up) along the orientation field, the way the line runs from its end."""
    cosine, sine = sample(field.cosine, found.slope), sample(field.sine, found.slope)
    length = np.maximum(np.sqrt(cosine * cosine + sine * sine), np.float32(1e-6))
    # half the doubled angle: cos(t) = sqrt((1 + cos 2t) / 2)
    c = np.sqrt(np.maximum(1 + cosine / length, 0) / 2)
    s = np.copysign(np.sqrt(np.maximum(1 - cosine / length, 0) / 2), sine)
    along = c * found.inward[:, 0] - s * found.inward[:, 1]
    sign = np.where(along < 0, np.float32(-1), np.float32(1))
    return np.stack([sign * c, sign * s], axis=1)


def features(
    found: Ends, vectors: Floats, field: OrientationField, strength: Floats, mask: NDArray[np.bool_]
) -> Floats:
    """Return what tells a minutia that will be found again from one that will not: (n, 6)."""
    depth = np.zeros(mask.shape, np.float32)
    core = np.pad(mask, DEPTH)
    for _ in range(DEPTH):
        rows = core[:-2] & core[1:-1] & core[2:]
        core = rows[:, :-2] & rows[:, 1:-1] & rows[:, 2:]
        inner = (core.shape[0] - mask.shape[0]) // 2
        depth += core[inner : inner + mask.shape[0], inner : inner + mask.shape[1]]
    gaps = found.points[:, None] - found.points[None]
    crowd = ((gaps * gaps).sum(axis=2) < CROWD * CROWD).sum(axis=1) - 1
    agreement = vectors[:, 0] * found.inward[:, 0] - vectors[:, 1] * found.inward[:, 1]
    columns = (
        sample(strength, found.points),
        sample(field.coherence, found.points),
        sample(depth, found.points),
        np.minimum(crowd, 5),
        (found.lengths >= REACH),
        agreement,
    )
    return np.stack(columns, axis=1).astype(np.float32) if len(found.points) else np.empty((0, 6), np.float32)


def confidence(columns: Floats) -> NDArray[np.uint8]:
    """Return the chance, in per cent, that a minutia is found again in another impression."""
    logit = CONFIDENCE[0] + (columns * CONFIDENCE[1:]).sum(axis=1)
    return np.clip(np.round(100 / (1 + np.exp(-logit.astype(np.float64)))), 1, 99).astype(np.uint8)


def ordered(found: Ends, vectors: Floats, qualities: NDArray[np.uint8]) -> Minutiae:
    """Return the minutiae best first; ties by y, x, direction; at most as many as a record holds."""
    angles = kernel.angles(vectors)
    points = np.round(found.points * 16) / np.float32(16)  # a sixteenth of a pixel is far below what a finger repeats
    order = np.lexsort((angles, points[:, 0], points[:, 1], -qualities.astype(np.int16)))[:MAX_MINUTIAE]
    return Minutiae(points[order], angles[order], found.kinds[order], qualities[order])
