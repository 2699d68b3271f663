"""What several enhancements agree on, and the chance that a minutia will be found again."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from biocore.fingerprint.cells import depth, sample
from biocore.fingerprint.minutiae import REACH, Ends, join
from biocore.fingerprint.orientation import OrientationField
from biocore.fingerprint.segment import Mask

Floats = NDArray[np.float32]

SAME_PLACE = 8.0  # px; ends of two enhancements that are one: less than a ridge period
SAME_WAY = 0.9  # cosine of 26 degrees
MOST = 512  # ends that are weighed; a whole finger has 150, and more is noise
DEPTH = 4  # cells; further from the edge the distance says nothing more
CROWD = 24.0  # px; several minutiae this close are rather damage than features
MOST_CROWD = 5


@dataclass(frozen=True, slots=True)
class Weights:
    """Logistic regression of "found again in another impression of the finger".

    Attributes are the coefficients of: one; the strength of the ridges there; the coherence of their directions;
    the cells to the edge; the neighbours within `CROWD`; a line followed to its full `REACH`; the cosine between
    line and orientation field; the share of the enhancements that agree.
    """

    constant: float
    strength: float
    coherence: float
    depth: float
    crowd: float
    whole: float
    agreement: float
    votes: float


def agree(views: list[Ends], least: int) -> Ends:
    """Merge the ends that several enhancements found; keep those that at least so many agree on.

    Each view's ends join, nearest first, those of the views before; the first finder's position stands.
    """
    merged = views[0]
    count = np.ones(len(merged.points), np.float32)
    for view in views[1:]:
        new = np.ones(len(view.points), np.bool_)
        if len(merged.points) and len(view.points):
            gap = merged.points[:, None] - view.points[None]
            square = gap[:, :, 0] ** 2 + gap[:, :, 1] ** 2
            facing = merged.inward[:, None] * view.inward[None]
            square[facing[:, :, 0] + facing[:, :, 1] < SAME_WAY] = np.inf
            mine, theirs = square.argmin(axis=1), square.argmin(axis=0)
            rows = np.arange(len(mine))
            paired = (theirs[mine] == rows) & (square[rows, mine] < SAME_PLACE**2)
            count += paired
            new[mine[paired]] = False
        merged = join([merged, view.only(new)])
        count = np.concatenate([count, np.ones(int(new.sum()), np.float32)])
    keep = count >= least
    ends = merged.only(keep)
    return Ends(ends.points, ends.inward, ends.slope, ends.kinds, ends.lengths, count[keep] / np.float32(len(views)))


def features(found: Ends, vectors: Floats, field: OrientationField, strength: Floats, mask: Mask) -> Floats:
    """Return the columns that `Weights` weigh, (n, 7)."""
    gap = found.points[:, None] - found.points[None]
    crowd = (gap[:, :, 0] ** 2 + gap[:, :, 1] ** 2 < CROWD**2).sum(axis=1) - 1
    columns = (
        sample(strength, found.points),
        sample(field.coherence, found.points),
        sample(depth(mask, DEPTH), found.points),
        np.minimum(crowd, MOST_CROWD),
        found.lengths >= REACH,
        vectors[:, 0] * found.inward[:, 0] - vectors[:, 1] * found.inward[:, 1],
        found.votes,
    )
    return np.stack([np.asarray(column, np.float32) for column in columns], axis=1)


def strongest(found: Ends, strength: Floats) -> Ends:
    """Return the `MOST` ends with the strongest ridges: on noise there may be thousands."""
    if len(found.points) <= MOST:
        return found
    return found.only(np.sort(np.argsort(-sample(strength, found.points), kind="stable")[:MOST]))


def confidence(columns: Floats, weights: Weights) -> NDArray[np.uint8]:
    """Return the chance, in per cent from 1 to 99, that a minutia is found again in another impression."""
    factors = (weights.strength, weights.coherence, weights.depth, weights.crowd, weights.whole, weights.agreement)
    logit = np.full(len(columns), weights.constant, np.float64)
    for column, factor in zip(columns.T.astype(np.float64), (*factors, weights.votes), strict=True):
        logit += factor * column
    return np.clip(np.round(100 / (1 + np.exp(-logit))), 1, 99).astype(np.uint8)
