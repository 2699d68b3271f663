"""Gate of the minutiae comparator: packing a template, indexing a probe, comparing it with many references.

Everything is in whole numbers that are cheap to turn and wrap: px at 500 ppi in 16 bits, directions in 1/256
turns. A packed template is checked once, when it is made; the comparison trusts it.
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
COLUMNS = 16  # x, y, direction, kind, quality and the cells of NEIGHBOURS neighbours
NEIGHBOURS = 11  # as many as a row of 32 bytes, half a cache line, has room for
DIRECTION_BINS = 16  # of a cell; _match's TURNS
WORD = 64  # bits
MOST_REFERENCES = 1_000_000  # a call: their rows are counted in 32 bits
MAP_SIDE = 64  # squares a side of the map that finds probe minutiae by place
MAP_SHIFT = 5  # log2 of the side of its squares in px, where the print is not larger than MAP_SIDE of them

_ANGLES = np.arange(256) * (2.0 * np.pi / 256)
_COSINE, _SINE = frozen_array(np.cos(_ANGLES)), frozen_array(np.sin(_ANGLES))


class Evidence(IntEnum):
    """Columns of what a comparison comes down to; zero where there was no consensus worth following up."""

    CANDIDATES = 0  # correspondences that neighbours voted for
    SUPPORT = 1  # votes behind the best consensus
    PAIRS = 2  # minutiae paired
    CLOSENESS = 3  # the same, each by how much of its tolerance it leaves: 1 - (distance / tolerance)^2
    TURNS = 4  # squared differences of direction over the pairs, (1/256 turn)^2
    KINDS = 5  # pairs of one kind; a half each where a kind is not known
    VOTES = 6  # votes of the paired minutiae for each other
    QUALITY = 7  # qualities of the pairs: geometric mean of the two
    MISSED_PROBE = 8  # minutiae without a partner well inside the other's convex hull
    MISSED_REFERENCE = 9
    MISSED_QUALITY = 10  # their qualities
    SHIFTS = 11  # distances of the pairs after the rigid motion alone, px
    SPREAD = 12  # squared distances of the pairs from their centre, px^2
    PROBE = 13  # minutiae of the probe
    REFERENCE = 14
    PROBE_AREA = 15  # convex hull of the minutiae, px^2
    REFERENCE_AREA = 16


@dataclass(frozen=True, slots=True)
class Neighbourhood:
    """How a minutia sees its neighbours, in a frame along its own direction.

    Attributes
    ----------
    radius : int
        px; how far a neighbour may be.
    cell : int
        px; side of the squares neighbours are sorted into.
    slack, stretch : float
        px and px/px; a neighbour at distance d may be slack + stretch d off and still counts as the same.
    turn : int
        1/256 turns its direction may be off, before the 22.5° of a bin.
    """

    radius: int
    cell: int
    slack: float
    stretch: float
    turn: int

    def __post_init__(self) -> None:
        if not (1 <= self.cell <= self.radius <= FARTHEST and 0 <= self.turn < 128):
            raise ValueError(f"impossible neighbourhood {self}")
        if not (0 <= self.slack <= self.radius and 0 <= self.stretch <= 1):  # NaN is refused as well
            raise ValueError(f"impossible tolerance in {self}")
        if self.cells > np.iinfo(np.int16).max:
            raise ValueError(f"{self} needs {self.cells} cells; a row has room for numbers up to 32767")

    @property
    def side(self) -> int:
        """Squares a side."""
        return 2 * math.ceil(self.radius / self.cell) + 1

    @property
    def cells(self) -> int:
        """Squares times directions."""
        return self.side**2 * DIRECTION_BINS


@dataclass(frozen=True, slots=True)
class Rules:
    """Tolerances and limits of a comparison.

    Attributes
    ----------
    votes : int
        Neighbours two minutiae must have in common to be a candidate.
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
    keep : float
        Share of the best consensus's closeness after one round that earns another one the other rounds.
    lever : float
        px; a pair's directions have as much of a say in the rigid motion as a second point at this distance.
    """

    votes: int
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
    keep: float
    lever: float

    def __post_init__(self) -> None:
        values = self.values()
        if not (np.isfinite(values).all() and (values >= 0).all() and self.smooth > 0 and self.stiff > 0):
            raise ValueError(f"rules must be finite and not negative, smooth and stiff positive: {self}")
        if not (self.votes >= 2 and self.turn < 128 and self.pair_turn < 128 and self.rounds >= 1):
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
        high = np.array([FARTHEST, FARTHEST, 255, 255, 255, *[self.neighbourhood.cells - 1] * NEIGHBOURS])
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
    table : uint64 array (cells, words)
        For each cell, the minutiae that have a neighbour in it, as bits.
    near : uint64 array (squares, words)
        For each square of a map of the print, the minutiae close to it.
    grid : int32 array (5,)
        That map's left and top edge in px, log2 of its squares' side, its width and height in squares.
    """

    packed: Packed
    table: NDArray[np.uint64] = field(repr=False)
    near: NDArray[np.uint64] = field(repr=False)
    grid: NDArray[np.int32]

    def __post_init__(self) -> None:
        words = _words(self.packed)
        checks.array(self.table, np.uint64, (self.packed.neighbourhood.cells, words), "table")
        grid = checks.array(self.grid, np.int32, (5,), "grid").tolist()
        if not (MAP_SHIFT <= grid[2] < 16 and 1 <= grid[3] <= MAP_SIDE and 1 <= grid[4] <= MAP_SIDE):
            raise InvalidTemplateError(f"no print lies on a map of {grid}; make it with index()")
        checks.array(self.near, np.uint64, (grid[3] * grid[4], words), "near")


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
    _match.describe(rows, _COSINE, _SINE, neighbourhood.radius, neighbourhood.cell, neighbourhood.side)
    return Packed(rows, order.astype(np.int32), neighbourhood)


def _words(packed: Packed) -> int:
    """Words that hold a bit for each minutia."""
    return max(1, -(-len(packed.rows) // WORD))


def index(packed: Packed, rules: Rules) -> Index:
    """Prepare a probe: which of its minutiae have a neighbour where, and which lie where on the print."""
    rows, hood = packed.rows, packed.neighbourhood
    words = _words(packed)
    table = np.zeros((hood.cells, words), np.uint64)
    _match.index(rows, table, _COSINE, _SINE, hood.radius, hood.cell, hood.side, hood.slack, hood.stretch, hood.turn)
    grid = _map_of(rows, rules.reach)
    near = np.zeros((int(grid[3]) * int(grid[4]), words), np.uint64)
    _match.place(rows, near, grid, rules.reach)
    return Index(packed, table, near, grid)


def _map_of(rows: NDArray[np.int16], reach: int) -> NDArray[np.int32]:
    """Lay squares over the print and `reach` px around it."""
    if len(rows) == 0:
        return np.array([0, 0, MAP_SHIFT, 1, 1], np.int32)
    left, top = (int(value) - reach for value in rows[:, :2].min(axis=0))
    right, bottom = (int(value) + reach for value in rows[:, :2].max(axis=0))
    shift = MAP_SHIFT
    while max(right - left, bottom - top) >> shift >= MAP_SIDE:
        shift += 1
    return np.array([left, top, shift, (right - left >> shift) + 1, (bottom - top >> shift) + 1], np.int32)


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
        probe.near,
        probe.grid,
        rows,
        offsets,
        _COSINE,
        _SINE,
        rules.values(),
        evidence,
        partners,
    )
    return evidence, partners
