"""Gate of the minutiae comparator: packing a template, indexing a probe, comparing it with many references.

Everything is in whole numbers that are cheap to turn and wrap: px at 500 ppi in 16 bits, directions in 1/256
turns. A packed template is checked once, when it is made; the comparison trusts it. Which of two templates is the
probe has no influence: the larger one stays and the smaller one is moved, and two minutiae vote for each other.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from biocore.errors import InvalidTemplateError
from biocore.kernels import _match, checks
from biocore.types import MAX_MINUTIAE, frozen_array

FARTHEST = 8191  # px at 500 ppi from the origin, 40 cm: squared distances stay within 32 bits
COLUMNS = 20  # x, y, direction, kind, quality and the cells of NEIGHBOURS neighbours
NEIGHBOURS = 15  # as many as a row of 32 bytes, half a cache line, has room for
RINGS, SECTORS, TURNS = 16, 64, 32  # a cell: how far, where (1/64 turns) and turned how (1/32 turns)
CELLS = RINGS * SECTORS * TURNS
WORD = 64  # bits
MOST_REFERENCES = 1_000_000  # a call: their rows are counted in 32 bits

_ANGLES = np.arange(256) * (2.0 * np.pi / 256)
_COSINE, _SINE = frozen_array(np.cos(_ANGLES)), frozen_array(np.sin(_ANGLES))


class Evidence(IntEnum):
    """Columns of what a comparison comes down to, whichever is the probe; zero where there was no consensus."""

    CANDIDATES = 0  # correspondences that neighbours voted for
    SUPPORT = 1  # votes behind the best consensus
    PAIRS = 2  # minutiae paired
    CLOSENESS = 3  # the same, each by how much of its tolerance it leaves: 1 - (distance / tolerance)^2
    TURNS = 4  # squared differences of direction over the pairs, (1/256 turn)^2
    KINDS = 5  # pairs of one kind; a half each where a kind is not known
    VOTES = 6  # votes of the paired minutiae for each other
    QUALITY = 7  # qualities of the pairs: geometric mean of the two
    MISSED_LARGER = 8  # its minutiae without a partner well inside the other's convex hull
    MISSED_SMALLER = 9
    MISSED_QUALITY = 10  # their qualities
    SHIFTS = 11  # distances of the pairs after the rigid motion alone, px
    SPREAD = 12  # squared distances of the pairs from their centre, px^2
    LARGER = 13  # minutiae of the larger template
    SMALLER = 14
    LARGER_AREA = 15  # convex hull of its minutiae, px^2
    SMALLER_AREA = 16


@dataclass(frozen=True, slots=True)
class Neighbourhood:
    """How a minutia sees its neighbours: in rings that grow wider outwards, so that skin may stretch.

    Attributes
    ----------
    core : float
        px; radius of the innermost ring, a disc.
    width, growth : float
        px and px/px; a ring whose inner radius is d is width + growth d wide.
    """

    core: float
    width: float
    growth: float

    def __post_init__(self) -> None:
        values = (self.core, self.width, self.growth)
        if not all(math.isfinite(value) and value >= 0 for value in values) or self.core < 1 or self.width < 1:
            raise ValueError(f"impossible neighbourhood {self}")
        if self.radii()[-1] > FARTHEST:
            raise ValueError(f"the neighbourhood {self} is larger than any finger")

    def radii(self) -> list[float]:
        """Outer radii of the rings, px."""
        found = [self.core]
        while len(found) < RINGS:
            found.append(found[-1] + self.width + self.growth * found[-1])
        return found

    def rings(self) -> NDArray[np.int32]:
        """Squared outer radii of the rings, px²."""
        return np.array([math.floor(radius * radius) for radius in self.radii()], np.int32)


@dataclass(frozen=True, slots=True)
class Rules:
    """Tolerances and limits of a comparison.

    Attributes
    ----------
    slack, stretch : float
        px and px/px; the vectors between two candidates may differ by the root of slack² + (stretch d)².
    turn : int
        1/256 turns the rotations of two candidates may differ by.
    support : float
        Votes behind a consensus from which on it is followed up.
    roots, rounds : int
        Consensuses followed up, and rounds of pairing for each.
    near, elastic, far : float
        px, px/px, px; a pair may be apart by the root of near² + (elastic d)², d px away from the nearest other
        pair, at most `far`.
    pair_turn : int
        1/256 turns the directions of a pair may differ by.
    turn_cost : float
        px² per (1/256 turn)², to choose between two possible partners.
    smooth, stiff : float
        px and 1/px⁴; reach of a pair's pull on the elastic alignment, and how hard that is held to be rigid.
    margin : float
        px inside the other's convex hull, from where on a missing partner counts.
    promise : float
        Closeness after one round (pairs, each by how near) from which on a consensus earns the other rounds.
    keep : float
        Share of the best consensus's closeness after one round that earns another one the other rounds.
    lever : float
        px; a pair's directions have as much of a say in the rigid motion as a second point at this distance.
    """

    slack: float
    stretch: float
    turn: int
    support: float
    roots: int
    rounds: int
    near: float
    elastic: float
    far: float
    pair_turn: int
    turn_cost: float
    smooth: float
    stiff: float
    margin: float
    promise: float
    keep: float
    lever: float

    def __post_init__(self) -> None:
        values = self.values()
        if not (np.isfinite(values).all() and (values >= 0).all() and self.smooth > 0 and self.stiff > 0):
            raise ValueError(f"rules must be finite and not negative, smooth and stiff positive: {self}")
        if not (self.turn < 128 and self.pair_turn < 128 and self.rounds >= 1):
            raise ValueError(f"impossible rules: {self}")
        if self.reach > FARTHEST:
            raise ValueError(f"pairs {self.reach} px apart are further than any finger")

    def values(self) -> NDArray[np.float64]:
        """All of them, in this order."""
        return np.array([float(getattr(self, rule.name)) for rule in fields(self)])

    @property
    def reach(self) -> int:
        """The largest distance of a pair, px."""
        return math.ceil(math.hypot(self.near, self.elastic * self.far))


@dataclass(frozen=True, slots=True, eq=False)
class Packed:
    """A template as the kernels take it.

    Attributes
    ----------
    rows : int16 array (n, COLUMNS), read-only
        Sorted by x, y, direction, kind, quality, so that the order of the input has no influence.
    order : int32 array (n,), read-only
        Which minutia of the input each row is.
    neighbourhood : Neighbourhood
        What its cells were made with.
    """

    rows: NDArray[np.int16]
    order: NDArray[np.int32]
    neighbourhood: Neighbourhood

    def __post_init__(self) -> None:
        rows = checks.array(self.rows, np.int16, (None, COLUMNS), "rows")
        low = np.array([-FARTHEST, -FARTHEST, 0, 0, 0, *[-1] * NEIGHBOURS])
        high = np.array([FARTHEST, FARTHEST, 255, 255, 255, *[CELLS - 1] * NEIGHBOURS])
        if len(rows) > MAX_MINUTIAE or (rows < low).any() or (rows > high).any():
            raise InvalidTemplateError("rows hold numbers that no packed template has; make them with pack()")
        checks.array(self.order, np.int32, (len(rows),), "order")
        object.__setattr__(self, "rows", frozen_array(rows))
        object.__setattr__(self, "order", frozen_array(self.order))


@dataclass(frozen=True, slots=True, eq=False)
class Index:
    """A probe, ready to be compared with many.

    Attributes
    ----------
    packed : Packed
    table : uint64 array (CELLS, words)
        For each cell, the minutiae that have a neighbour in one like it, as bits.
    alike : uint16 array (n, SECTORS + RINGS + TURNS)
        For each minutia, which of its neighbours are in a sector, a ring, or at a turn like it, as bits.
    """

    packed: Packed
    table: NDArray[np.uint64] = field(repr=False)
    alike: NDArray[np.uint16] = field(repr=False)

    def __post_init__(self) -> None:
        n = len(self.packed.rows)
        checks.array(self.table, np.uint64, (CELLS, _words(self.packed)), "table")
        checks.array(self.alike, np.uint16, (n, SECTORS + RINGS + TURNS), "alike")


def pack(
    points: NDArray[np.float64],
    directions: NDArray[np.float64],
    kinds: NDArray[np.uint8],
    qualities: NDArray[np.uint8],
    neighbourhood: Neighbourhood,
) -> Packed:
    """Pack minutiae; of more than 255 the best are kept.

    Parameters
    ----------
    points : float64 array (n, 2)
        x, y in px at 500 ppi; what is further than `FARTHEST` from the origin is moved there.
    directions : float64 array (n,)
        Radians, counter-clockwise.
    kinds, qualities : uint8 array (n,)
        `MinutiaKind` values; 0..100.

    Raises
    ------
    InvalidSampleError
        Another dtype or shape, or numbers that are not finite.
    """
    n = len(points)
    points = checks.array(points, np.float64, (n, 2), "points")
    directions = checks.array(directions, np.float64, (n,), "directions")
    kinds = checks.array(kinds, np.uint8, (n,), "kinds")
    qualities = checks.array(qualities, np.uint8, (n,), "qualities")
    columns = np.empty((n, 5), np.int64)
    columns[:, :2] = np.clip(np.rint(points), -FARTHEST, FARTHEST)
    columns[:, 2] = np.rint(np.mod(directions, 2 * np.pi) * (256 / (2 * np.pi))).astype(np.int64) & 255
    columns[:, 3] = kinds
    columns[:, 4] = qualities
    keys = tuple(columns.T[::-1])
    if n > MAX_MINUTIAE:
        best = np.lexsort((*keys, -columns[:, 4]))[:MAX_MINUTIAE]
        order = best[np.lexsort(tuple(key[best] for key in keys))]
    else:
        order = np.lexsort(keys)
    rows = np.full((len(order), COLUMNS), -1, np.int16)
    rows[:, :5] = columns[order]
    _match.describe(rows, _COSINE, _SINE, neighbourhood.rings())
    return Packed(rows, order.astype(np.int32), neighbourhood)


def _words(packed: Packed) -> int:
    """Words that hold a bit for each minutia."""
    return max(1, -(-len(packed.rows) // WORD))


def index(packed: Packed) -> Index:
    """Prepare a probe: which of its minutiae have a neighbour like which."""
    n = len(packed.rows)
    table = np.zeros((CELLS, _words(packed)), np.uint64)
    alike = np.zeros((n, SECTORS + RINGS + TURNS), np.uint16)
    _match.index(packed.rows, table, alike)
    return Index(packed, table, alike)


def match(probe: Index, references: Sequence[Packed], rules: Rules) -> tuple[NDArray[np.float64], NDArray[np.int16]]:
    """Compare a probe with each reference, without the GIL.

    Returns
    -------
    evidence : float64 array (references, len(Evidence))
    partners : int16 array (rows of all references,)
        For each row of the references one after another, the row of the probe it was paired with, or -1.

    Raises
    ------
    InvalidTemplateError
        A reference packed for another neighbourhood than the probe, or more than `MOST_REFERENCES`.
    """
    hood = probe.packed.neighbourhood
    if any(reference.neighbourhood is not hood and reference.neighbourhood != hood for reference in references):
        raise InvalidTemplateError("probe and references were packed for different neighbourhoods; pack them alike")
    if len(references) > MOST_REFERENCES:
        raise InvalidTemplateError(f"{len(references)} references are too many for one call; compare them in blocks")
    evidence = np.zeros((len(references), len(Evidence)))
    if not references:
        return evidence, np.empty(0, np.int16)
    offsets = np.zeros(len(references) + 1, np.int32)
    np.cumsum([len(reference.rows) for reference in references], out=offsets[1:])
    rows = np.concatenate([reference.rows for reference in references])
    partners = np.full(len(rows), -1, np.int16)
    _match.match(
        probe.packed.rows,
        probe.table,
        probe.alike,
        rows,
        offsets,
        _COSINE,
        _SINE,
        rules.values(),
        rules.reach,
        np.empty(-(-_match.WORK // 8)),
        evidence,
        partners,
    )
    return evidence, partners
