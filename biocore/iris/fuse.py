"""Several captures of one eye made into one template, by majority.

Each capture is turned as it lies best on the one that is most alike to the others; then each bit is what most of the
captures say that show it. A bit that most captures mask is masked: what is left of it is lids and lashes that one of
them missed, and those are alike from eye to eye. With them, two fused templates reached a score of 40 by chance twice
as often as foretold.

Bits on which captures do not agree can be masked, too: noise, lashes and reflections move, the iris does not
(Hollingsworth, Bowyer and Flynn 2009, "The best bits in an iris code"). On MMU1 that takes a third of the bits and, at
the same false match rate, finds no more; therefore all stand, unless somebody asks otherwise.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from biocore.errors import InvalidTemplateError
from biocore.iris.compare import EXACT, REACH, checked, compare
from biocore.types import IRIS_COLUMNS, IrisTemplate

AGREEMENT = 0.5  # share of the captures showing a bit that must agree on it; half: all bits stand
SHOWN = 0.5  # share of the captures that must show a bit; of two, one
MOST = 64  # captures; a burst of two seconds
_PLACES = np.arange(64, dtype=np.uint64)


def fuse(templates: Sequence[IrisTemplate], agreement: float = AGREEMENT) -> IrisTemplate:
    """Make one template of several captures of one eye.

    Parameters
    ----------
    templates : sequence of IrisTemplate
        One to 64, of one eye; their order has no influence but where captures are equally good.
    agreement : float
        Share of the captures showing a bit that must agree on it for it to be used, a half to 1. Where half of them
        say one thing and half the other, the capture that the others were laid on decides.

    Returns
    -------
    IrisTemplate
        With the size, radii and quality of the capture the others were laid on.

    Raises
    ------
    InvalidTemplateError
        None or too many, not iris templates, of different eyes by their position, or one that is not alike to the
        others: score below 30.
    ValueError
        An agreement of less than a half, or of more than all.
    """
    if not 0.5 <= agreement <= 1.0:
        raise ValueError(f"an agreement must be a half to 1, not {agreement}")
    if not 1 <= len(templates) <= MOST:
        raise InvalidTemplateError(f"{len(templates)} captures; 1 to {MOST} can be fused")
    captures = [checked(template) for template in templates]
    positions = sorted({template.position.value for template in captures} - {0})
    if len(positions) > 1:
        raise InvalidTemplateError("captures of the left and of the right eye cannot be fused")
    scores, turns = _against_each_other(captures)
    anchor = int(np.argmax(scores.sum(axis=1)))
    strange = [k for k in range(len(captures)) if k != anchor and scores[anchor, k] < EXACT]
    if strange:
        raise InvalidTemplateError(
            f"capture {strange[0]} is not alike to capture {anchor} (score {scores[anchor, strange[0]]:.0f}, {EXACT:g} "
            "is needed): another eye, or one to take again"
        )
    seen = np.zeros((IRIS_COLUMNS, 64), np.int32)
    ones = np.zeros_like(seen)
    for capture, turn in zip(captures, turns[anchor], strict=True):
        seen += _bits(np.roll(capture.mask, -turn))
        ones += _bits(np.roll(capture.code, -turn))
    sure = (seen >= max(1.0, SHOWN * len(captures))) & (np.maximum(ones, seen - ones) >= agreement * seen)
    majority = (2 * ones > seen) | ((2 * ones == seen) & (_bits(captures[anchor].code) > 0))
    mask = _words(sure)
    position = next((template.position for template in captures if template.position.value), captures[anchor].position)
    return replace(captures[anchor], code=_words(majority) & mask, mask=mask, position=position)


def _against_each_other(captures: Sequence[IrisTemplate]) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Compare all with all: scores, and by how many columns k is turned against the row's, both (n, n)."""
    n = len(captures)
    scores, turns = np.zeros((n, n)), np.zeros((n, n), np.int64)
    for k in range(n):
        for j in range(k):
            found = compare(captures[j], captures[k])
            turn = round((found.rotation or 0.0) * IRIS_COLUMNS / (2.0 * np.pi))
            scores[k, j] = scores[j, k] = found.score
            turns[k, j], turns[j, k] = turn, -turn
    assert abs(turns).max(initial=0) <= REACH
    return scores, turns


def _bits(words: NDArray[np.uint64]) -> NDArray[np.int32]:
    return (words[:, None] >> _PLACES & np.uint64(1)).astype(np.int32)


def _words(bits: NDArray[np.bool_]) -> NDArray[np.uint64]:
    packed: NDArray[np.uint64] = (bits.astype(np.uint64) << _PLACES).sum(axis=1, dtype=np.uint64)
    return packed
