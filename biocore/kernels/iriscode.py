"""Gate of comparing iris codes: bits counted at every offset.

The layout of a code is told at `biocore.types.IrisTemplate`. Offset k of a comparison lays the probe's column
c + k - reach on the reference's column c. Each of eight sectors of the reference may then lie up to `SLACK` columns
beside it, and a row further out or in: contours are never quite right, and irises not quite rigid.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from biocore.errors import InvalidSampleError
from biocore.kernels import _iriscode, checks
from biocore.types import IRIS_COLUMNS, frozen_array

MAX_REACH = IRIS_COLUMNS // 4  # columns a probe may be turned either way: a quarter of the circle
LEAST_STATISTIC = -1e6  # below any there is, above what stands for none
SLACK = 2  # columns a sector may be beside the offset of the whole; a step of the coarse pass
_THIN = 4  # columns that become one coarse word
_INWARDS = np.uint64(0x3FFFFFFF_3FFFFFFF)  # a word's bits that remain where each row takes the place of the one inside
_OUTWARDS = np.uint64(0xFFFFFFFC_FFFFFFFC)
_ROW = np.uint64(2)  # bits of a row in each half of a word


class Words(NamedTuple):
    """Codes, or masks, of n eyes: whole, and thinned out for the coarse pass.

    Attributes
    ----------
    whole : uint64 array (n, IRIS_COLUMNS)
    thin : uint64 array (n, IRIS_COLUMNS / 4)
    """

    whole: NDArray[np.uint64]
    thin: NDArray[np.uint64]


@dataclass(frozen=True, slots=True, eq=False)
class Probe:
    """A code and its mask as the kernels take them; made by `prepare`.

    Attributes
    ----------
    beside, beside_mask : uint64 array (3, n)
        The circle continued by reach and slack either way: as it is, its rows moved outwards, and inwards.
    turned, turned_mask : uint64 array (reach + 3, IRIS_COLUMNS / 4)
        Thin words at every second offset.
    reach : int
        Columns the probe is turned either way.
    """

    beside: NDArray[np.uint64]
    beside_mask: NDArray[np.uint64]
    turned: NDArray[np.uint64]
    turned_mask: NDArray[np.uint64]
    reach: int

    def __post_init__(self) -> None:
        if not 0 <= self.reach <= MAX_REACH:
            raise InvalidSampleError(f"a probe may be turned by 0 to {MAX_REACH} columns, not {self.reach}")
        shapes = (3, IRIS_COLUMNS + 2 * (self.reach + SLACK)), (self.reach + 3, IRIS_COLUMNS // _THIN)
        for name in ("beside", "beside_mask", "turned", "turned_mask"):
            shape = shapes[name.startswith("turned")]
            object.__setattr__(self, name, frozen_array(checks.array(getattr(self, name), np.uint64, shape, name)))


@dataclass(frozen=True, slots=True)
class Statistic:
    """By how many standard deviations fewer bits differ than half of them: the larger, the more alike.

    (common / 2 - differing) / sqrt(per_bit common), and no statistic below `least` common bits.

    Attributes
    ----------
    per_bit : float
        Variance of the share of differing bits between two eyes at one offset, times the number of bits.
    least : int
        Bits that must be common.
    """

    per_bit: float
    least: int

    def __post_init__(self) -> None:
        if not (0.0 < self.per_bit < 1e6 and self.least >= 1):
            raise ValueError(f"impossible statistic {self}")

    def of(self, different: NDArray[np.int32], common: NDArray[np.int32]) -> NDArray[np.float64]:
        """Return the statistic of counted bits; -inf where too few are common."""
        value = (0.5 * common - different) / np.sqrt(self.per_bit * np.maximum(common, 1))
        return np.where(common >= self.least, value, -np.inf)


def words(value: object, name: str) -> Words:
    """Check codes or masks, and thin them out.

    Raises
    ------
    InvalidSampleError
        Not uint64 (n, IRIS_COLUMNS).
    """
    whole = checks.array(value, np.uint64, (None, IRIS_COLUMNS), name)
    thin = np.empty((len(whole), IRIS_COLUMNS // _THIN), np.uint64)
    _iriscode.coarse(whole, thin)
    return Words(whole, thin)


def prepare(code: NDArray[np.uint64], mask: NDArray[np.uint64], reach: int) -> Probe:
    """Prepare a probe: once, for any number of references.

    Parameters
    ----------
    code, mask : uint64 array (IRIS_COLUMNS,)
    reach : int
        Columns to turn it either way, at most `MAX_REACH`.

    Raises
    ------
    InvalidSampleError
    """
    if not 0 <= reach <= MAX_REACH:
        raise InvalidSampleError(f"a probe may be turned by 0 to {MAX_REACH} columns, not {reach}")
    circles = [_around(checks.array(each, np.uint64, (IRIS_COLUMNS,), "probe"), reach + SLACK) for each in (code, mask)]
    (beside, beside_mask), (turned, turned_mask) = map(_beside, circles), (_turned(each, reach) for each in circles)
    return Probe(beside, beside_mask, turned, turned_mask, reach)


def ways() -> int:
    """Return how many ways of counting bits this processor has; all of them count the same."""
    return _iriscode.ways()


def profile(
    probe: Probe, codes: Words, masks: Words, *, rigid: bool = False, way: int | None = None
) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Count differing and common bits at every offset.

    Parameters
    ----------
    probe : Probe
    codes, masks : Words
        Of n references.
    rigid : bool
        Whether the sectors have to stay where the whole is.
    way : int or None
        Which way of counting to use; the fastest by default.

    Returns
    -------
    different, common : int32 arrays (n, 2 reach + 1)
    """
    codes, masks = _checked(codes, masks)
    way = ways() - 1 if way is None else way
    if not 0 <= way < ways():
        raise InvalidSampleError(f"this processor has {ways()} ways of counting, and no number {way}")
    different = np.zeros((len(codes.whole), 2 * probe.reach + 1), np.int32)
    common = np.zeros_like(different)
    one, other, slack = probe.beside, probe.beside_mask, SLACK
    if rigid:
        one, other = (np.ascontiguousarray(each[:1, SLACK:-SLACK]) for each in (one, other))
        slack = 0
    _iriscode.profile(one, other, codes.whole, masks.whole, slack, different, common, way)
    return different, common


def search(
    probe: Probe,
    codes: Words,
    masks: Words,
    statistic: Statistic,
    coarse: Statistic,
    doubtful: float,
    promising: float,
) -> NDArray[np.int32]:
    """Find, for each reference, the offset of the largest statistic, without the GIL.

    Parameters
    ----------
    probe : Probe
    codes, masks : Words
        Of n references.
    statistic : Statistic
    coarse : Statistic
        Of the coarse pass.
    doubtful : float
        Statistic of the coarse pass from which on all bits are looked at, at its best offset and each sector beside it.
    promising : float
        Statistic of these from which on every offset and the rows beside are looked at. -inf for both looks at all.

    Returns
    -------
    int32 array (n, 3)
        Offset, differing and common bits.
    """
    codes, masks = _checked(codes, masks)
    found = np.zeros((len(codes.whole), 3), np.int32)
    _iriscode.search(
        probe.beside,
        probe.beside_mask,
        probe.turned,
        probe.turned_mask,
        codes.whole,
        masks.whole,
        codes.thin,
        masks.thin,
        2 * probe.reach + 1,
        SLACK,
        statistic.least,
        statistic.per_bit,
        coarse.least,
        coarse.per_bit,
        max(float(doubtful), LEAST_STATISTIC),
        max(float(promising), LEAST_STATISTIC),
        found,
    )
    return found


def sift(probe: Probe, codes: Words, masks: Words, coarse: Statistic) -> NDArray[np.int32]:
    """Do the coarse pass alone: offset, differing and common bits of the thin words, int32 (n, 3)."""
    codes, masks = _checked(codes, masks)
    found = np.zeros((len(codes.thin), 3), np.int32)
    _iriscode.sift(probe.turned, probe.turned_mask, codes.thin, masks.thin, coarse.least, coarse.per_bit, found)
    return found


def _checked(codes: Words, masks: Words) -> tuple[Words, Words]:
    """Make sure that codes and masks are such, and those of the same references."""
    n = len(codes.whole) if isinstance(codes.whole, np.ndarray) and codes.whole.ndim else 0
    shapes = (n, IRIS_COLUMNS), (n, IRIS_COLUMNS // _THIN)
    pairs = [
        Words(*(checks.array(part, np.uint64, shape, name) for part, shape in zip(each, shapes, strict=True)))
        for name, each in (("codes", codes), ("masks", masks))
    ]
    return pairs[0], pairs[1]


def _around(circle: NDArray[np.uint64], reach: int) -> NDArray[np.uint64]:
    """Continue a circle of words by `reach` either way: (1, n)."""
    return np.concatenate([circle[IRIS_COLUMNS - reach :], circle, circle[:reach]])[None]


def _beside(around: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Return a circle of words as it is, and with its rows moved outwards and inwards by one: (3, n)."""
    return np.concatenate([around, around << _ROW & _OUTWARDS, around >> _ROW & _INWARDS])


def _turned(around: NDArray[np.uint64], reach: int) -> NDArray[np.uint64]:
    """Thin a continued circle out at every second offset, `SLACK` beyond the reach included: (reach + 3, 64)."""
    both_ways = range(0, 2 * (reach + SLACK) + 1, 2)
    circles = np.stack([around[0, first : first + IRIS_COLUMNS] for first in both_ways])
    thin = np.zeros((len(circles), IRIS_COLUMNS // _THIN), np.uint64)
    _iriscode.coarse(circles, thin)
    return thin
