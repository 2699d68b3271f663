"""Gate of comparing iris codes: bits counted at every offset.

The layout of a code is told at `biocore.types.IrisTemplate`. Offset k of a comparison lays the probe's column
c + k - reach on the reference's column c. Each of eight sectors of the reference may then lie up to `SLACK` columns
beside it, and a row further out or in: contours are never quite right, and irises not quite rigid.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from biocore.errors import InvalidSampleError
from biocore.kernels import _iriscode, checks
from biocore.types import IRIS_COLUMNS

_T = TypeVar("_T", bound=np.generic)

MAX_REACH = IRIS_COLUMNS // 4  # columns a probe may be turned either way: a quarter of the circle
LEAST_STATISTIC = -1e6  # below any there is, above what stands for none
SLACK = 2  # columns a sector may be beside the offset of the whole; a step of the coarse pass
_THIN = 4  # columns that become one coarse word
ROW_WORDS = 2 * (IRIS_COLUMNS + IRIS_COLUMNS // _THIN)
MAX_ALIKE = (32, 15)  # columns and rows beside a bit
_INWARDS = np.uint64(0x3FFFFFFF_3FFFFFFF)  # a word's bits that remain where each row takes the place of the one inside
_OUTWARDS = np.uint64(0xFFFFFFFC_FFFFFFFC)
_ROW = np.uint64(2)  # bits of a row in each half of a word


@dataclass(frozen=True, slots=True, eq=False)
class Packed:
    """Codes and masks of n eyes as the kernels take them; made by `pack` or `joined`.

    Attributes
    ----------
    rows : uint64 array (n, ROW_WORDS)
        Code, mask, and both thinned out for the coarse pass.
    redundancy : float64 array (n,)
        How many bits of each code say one thing.
    """

    rows: NDArray[np.uint64]
    redundancy: NDArray[np.float64]

    def __post_init__(self) -> None:
        n = len(self.redundancy) if isinstance(self.redundancy, np.ndarray) and self.redundancy.ndim else 0
        for name, dtype, shape in (("rows", np.uint64, (n, ROW_WORDS)), ("redundancy", np.float64, (n,))):
            object.__setattr__(self, name, _read_only(checks.array(getattr(self, name), dtype, shape, name)))

    def __len__(self) -> int:
        return len(self.rows)

    def part(self, chosen: slice | NDArray[np.generic]) -> Packed:
        """Return some of them."""
        return Packed(self.rows[chosen], self.redundancy[chosen])


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
            object.__setattr__(self, name, _read_only(checks.array(getattr(self, name), np.uint64, shape, name)))


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


class Limits(NamedTuple):
    """Statistics from which on a search looks more closely; -inf for all of them looks at everything.

    Attributes
    ----------
    doubtful : float
        Of the coarse pass: all bits at its best offset are looked at, with each sector beside it.
    promising : float
        Of these: the offsets and the rows beside it.
    likely : float
        Of these: every offset.
    """

    doubtful: float
    promising: float
    likely: float


@dataclass(frozen=True, slots=True)
class Alike:
    """Which bits beside a bit are looked at to see whether they say the same.

    Attributes
    ----------
    columns, step, rows : int
        Up to so many columns either way, every `step`-th of them, and so many rows.
    """

    columns: int
    step: int
    rows: int

    def __post_init__(self) -> None:
        if not (0 <= self.columns <= MAX_ALIKE[0] and self.step >= 1 and 0 <= self.rows <= MAX_ALIKE[1]):
            raise ValueError(f"impossible surroundings {self}")


def pack(codes: NDArray[np.uint64], masks: NDArray[np.uint64], alike: Alike, way: int | None = None) -> Packed:
    """Thin codes out and measure how redundant they are: once, for any number of probes.

    The redundancy of a code is the sum of the squared correlations of its bits with those beside them, weighed by how
    many of these can be used: the number of bits that say one thing, where bits beside each other are alike.

    Parameters
    ----------
    codes, masks : uint64 array (n, IRIS_COLUMNS)
    alike : Alike
    way : int or None
        Which way of counting to use; the fastest by default.

    Raises
    ------
    InvalidSampleError
        Other types or shapes.
    """
    whole = checks.array(codes, np.uint64, (None, IRIS_COLUMNS), "codes")
    mask = checks.array(masks, np.uint64, whole.shape, "masks")
    n, thin = len(whole), np.empty((2, len(whole), IRIS_COLUMNS // _THIN), np.uint64)
    for each, out in zip((whole, mask), thin, strict=True):
        _iriscode.coarse(each, out)
    rows = np.concatenate([whole, mask, *thin], axis=1)
    redundancy = np.ones(n)
    _iriscode.redundancy(rows, alike.columns, alike.step, alike.rows, redundancy, _way(way))
    return Packed(rows, redundancy)


def joined(rows: Sequence[bytes], redundancy: Sequence[float]) -> Packed:
    """Put packed eyes one below the other; rows are the bytes of each one's `Packed.rows`."""
    data, size = b"".join(rows), len(redundancy) * ROW_WORDS * 8
    if len(data) != size:
        raise InvalidSampleError(f"{len(redundancy)} packed eyes take {size} bytes, not {len(data)}")
    return Packed(np.frombuffer(data, np.uint64).reshape(-1, ROW_WORDS), np.array(redundancy, np.float64))


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
    probe: Probe, references: Packed, *, rigid: bool = False, way: int | None = None
) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Count differing and common bits at every offset.

    Parameters
    ----------
    probe : Probe
    references : Packed
    rigid : bool
        Whether the sectors have to stay where the whole is.
    way : int or None
        Which way of counting to use; the fastest by default.

    Returns
    -------
    different, common : int32 arrays (n, 2 reach + 1)
    """
    different = np.zeros((len(references), 2 * probe.reach + 1), np.int32)
    common = np.zeros_like(different)
    one, other, slack = probe.beside, probe.beside_mask, SLACK
    if rigid:
        one, other = (np.ascontiguousarray(each[:1, SLACK:-SLACK]) for each in (one, other))
        slack = 0
    _iriscode.profile(one, other, references.rows, slack, different, common, _way(way))
    return different, common


def search(
    probe: Probe,
    references: Packed,
    spread: NDArray[np.float64],
    statistic: Statistic,
    coarse: Statistic,
    limits: Limits,
) -> NDArray[np.int32]:
    """Find, for each reference, the offset of the largest statistic, without the GIL.

    Parameters
    ----------
    probe : Probe
    references : Packed
    spread : float64 array (n,)
        What the limits are multiplied by.
    statistic : Statistic
    coarse : Statistic
        Of the coarse pass.
    limits : Limits

    Returns
    -------
    int32 array (n, 3)
        Offset, differing and common bits.
    """
    found = np.zeros((len(references), 3), np.int32)
    doubtful, promising, likely = (max(float(limit), LEAST_STATISTIC) for limit in limits)
    _iriscode.search(
        probe.beside,
        probe.beside_mask,
        probe.turned,
        probe.turned_mask,
        references.rows,
        checks.array(spread, np.float64, (len(references),), "spread"),
        2 * probe.reach + 1,
        SLACK,
        statistic.least,
        statistic.per_bit,
        coarse.least,
        coarse.per_bit,
        doubtful,
        promising,
        likely,
        found,
    )
    return found


def sift(probe: Probe, references: Packed, coarse: Statistic) -> NDArray[np.int32]:
    """Do the coarse pass alone: offset, differing and common bits of the thin words, int32 (n, 3)."""
    found = np.zeros((len(references), 3), np.int32)
    _iriscode.sift(probe.turned, probe.turned_mask, references.rows, coarse.least, coarse.per_bit, found)
    return found


def _way(way: int | None) -> int:
    """Return the number of a way of counting that this processor has."""
    if way is None:
        return ways() - 1
    if not 0 <= way < ways():
        raise InvalidSampleError(f"this processor has {ways()} ways of counting, and no number {way}")
    return way


def _around(circle: NDArray[np.uint64], reach: int) -> NDArray[np.uint64]:
    """Continue a circle of words by `reach` either way."""
    return np.concatenate([circle[IRIS_COLUMNS - reach :], circle, circle[:reach]])


def _beside(around: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Return a circle of words as it is, and with its rows moved outwards and inwards by one: (3, n)."""
    found = np.empty((3, len(around)), np.uint64)
    found[0] = around
    np.bitwise_and(around << _ROW, _OUTWARDS, out=found[1])
    np.bitwise_and(around >> _ROW, _INWARDS, out=found[2])
    return found


def _turned(around: NDArray[np.uint64], reach: int) -> NDArray[np.uint64]:
    """Thin a continued circle out at every second offset, `SLACK` beyond the reach included: (reach + 3, 64)."""
    step = around.strides[0]
    circles = np.ndarray((reach + SLACK + 1, IRIS_COLUMNS), np.uint64, around, strides=(2 * step, step)).copy()
    thin = np.empty((len(circles), IRIS_COLUMNS // _THIN), np.uint64)
    _iriscode.coarse(circles, thin)
    return thin


def _read_only(array: NDArray[_T]) -> NDArray[_T]:
    """Return a view that cannot be written to."""
    view = array.view()
    view.flags.writeable = False
    return view
