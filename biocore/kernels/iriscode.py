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
from biocore.types import IRIS_COLUMNS

MAX_REACH = IRIS_COLUMNS // 4  # columns a probe may be turned either way: a quarter of the circle
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


def ways() -> int:
    """Return how many ways of counting bits this processor has; all of them count the same."""
    return _iriscode.ways()


def profile(
    probe: NDArray[np.uint64],
    probe_mask: NDArray[np.uint64],
    codes: Words,
    masks: Words,
    reach: int,
    rigid: bool = False,
    way: int | None = None,
) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Count differing and common bits at every offset.

    Parameters
    ----------
    probe, probe_mask : uint64 array (IRIS_COLUMNS,)
    codes, masks : Words
        Of n references.
    reach : int
        Columns the probe is turned either way.
    rigid : bool
        Whether the sectors have to stay where the whole is.
    way : int or None
        Which way of counting to use; the fastest by default.

    Returns
    -------
    different, common : int32 arrays (n, 2 reach + 1)
    """
    _check_pair(codes, masks)
    slack = 0 if rigid else SLACK
    one, other = _around(probe, reach + slack, "probe"), _around(probe_mask, reach + slack, "probe mask")
    if not rigid:
        one, other = _beside(one), _beside(other)
    way = ways() - 1 if way is None else way
    if not 0 <= way < ways():
        raise InvalidSampleError(f"this processor has {ways()} ways of counting, and no number {way}")
    different = np.zeros((len(codes.whole), 2 * reach + 1), np.int32)
    common = np.zeros_like(different)
    _iriscode.profile(one, other, codes.whole, masks.whole, slack, different, common, way)
    return different, common


def search(
    probe: NDArray[np.uint64],
    probe_mask: NDArray[np.uint64],
    codes: Words,
    masks: Words,
    reach: int,
    statistic: Statistic,
    coarse: Statistic,
    promising: float,
) -> NDArray[np.int32]:
    """Find, for each reference, the offset of the largest statistic, without the GIL.

    Parameters
    ----------
    probe, probe_mask, codes, masks, reach
        As for `profile`.
    statistic : Statistic
    coarse : Statistic
        Of the coarse pass.
    promising : float
        Statistic of the coarse pass from which on every offset is looked at; below it, only the best one of the
        coarse pass, and no other rows. -inf looks at all.

    Returns
    -------
    int32 array (n, 3)
        Offset, differing and common bits.
    """
    _check_pair(codes, masks)
    one, other = _around(probe, reach + SLACK, "probe"), _around(probe_mask, reach + SLACK, "probe mask")
    phases, phase_masks = _phases(one), _phases(other)
    found = np.zeros((len(codes.whole), 3), np.int32)
    _iriscode.search(
        _beside(one),
        _beside(other),
        phases,
        phase_masks,
        codes.whole,
        masks.whole,
        codes.thin,
        masks.thin,
        2 * reach + 1,
        SLACK,
        statistic.least,
        statistic.per_bit,
        coarse.least,
        coarse.per_bit,
        max(float(promising), -1e6),
        found,
    )
    return found


def sift(
    probe: NDArray[np.uint64],
    probe_mask: NDArray[np.uint64],
    codes: Words,
    masks: Words,
    reach: int,
    coarse: Statistic,
) -> NDArray[np.int32]:
    """Do the coarse pass alone: offset, differing and common bits of the thin words, int32 (n, 3)."""
    _check_pair(codes, masks)
    phases, phase_masks = (_phases(_around(each, reach + SLACK, "probe")) for each in (probe, probe_mask))
    found = np.zeros((len(codes.thin), 3), np.int32)
    _iriscode.sift(
        phases, phase_masks, codes.thin, masks.thin, 2 * reach + 1, coarse.least, coarse.per_bit, found
    )
    return found


def _check_pair(codes: Words, masks: Words) -> None:
    """Make sure that codes and masks are those of the same references; `words` has made sure of the rest."""
    if codes.whole.shape != masks.whole.shape or codes.thin.shape != masks.thin.shape:
        raise InvalidSampleError(f"{len(codes.whole)} codes and {len(masks.whole)} masks do not belong together")


def _around(value: object, reach: int, name: str) -> NDArray[np.uint64]:
    """Continue a circle of words by `reach` either way, and to whole coarse words: (1, n)."""
    if not 0 <= reach <= MAX_REACH + SLACK:
        raise InvalidSampleError(f"a probe may be turned by 0 to {MAX_REACH} columns, not {reach - SLACK}")
    circle = checks.array(value, np.uint64, (IRIS_COLUMNS,), name)
    return np.concatenate([circle[IRIS_COLUMNS - reach :], circle, circle[: reach + 2 * _THIN]])[None]


def _beside(around: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Return a circle of words as it is, and with its rows moved outwards and inwards by one: (3, n)."""
    return np.concatenate([around, around << _ROW & _OUTWARDS, around >> _ROW & _INWARDS])


def _phases(around: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Thin a continued circle out, beginning at its first and at its third column."""
    line = around[0]
    n = (len(line) - 2) // _THIN
    both = np.stack([line[: _THIN * n], line[2 : 2 + _THIN * n]])
    thin = np.zeros((2, n), np.uint64)
    _iriscode.coarse(both, thin)
    return thin
