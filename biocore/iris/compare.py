"""Comparing irises by their codes.

The probe is turned by up to `REACH` columns either way. At each offset the bits that both eyes show are counted, and
those of them that differ. Of two eyes half of them differ, give or take a standard deviation that falls with the
root of their number (Daugman 2004, "How iris recognition works"); by how many of these fewer differ, at the best of
the offsets, is the statistic, and the false match rate it stands for, the number of offsets tried included, is the
score. compare(a, b) and compare(b, a) are the same.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray

from biocore.errors import InvalidTemplateError
from biocore.iris import calibration
from biocore.iris.encode import ALGORITHM as CODE
from biocore.kernels import iriscode
from biocore.types import IRIS_COLUMNS, Comparison, IrisTemplate, frozen_array

ALGORITHM = "biocore.iris.compare/1"
REACH = 13  # columns either way, 18 degrees: a head bent, or a camera held askew
BLOCK = 256  # references a call of the kernel; a megabyte of codes and masks, which stays in the second cache

_NO_PAIRS = frozen_array(np.empty((0, 2), np.int32))


def compare(probe: IrisTemplate, reference: IrisTemplate) -> Comparison:
    """Compare two irises, at every offset.

    Parameters
    ----------
    probe, reference : IrisTemplate
        Left or right, that is not looked at: what is taken for the wrong eye can be found by comparing.

    Returns
    -------
    Comparison
        The score, -10 log10(FMR), and the rotation at which it was reached; score 0 where less than a sixth of the
        iris is to be seen on both.

    Raises
    ------
    InvalidTemplateError
        Not an iris template, or of another code.
    """
    model = calibration.model()
    codes, masks = _words([reference])
    one = _checked(probe)
    different, common = iriscode.profile(one.code, one.mask, codes, masks, REACH)
    best = int(np.argmax(model.statistic.of(different[0], common[0])))
    score = float(model.scores(different[0, best], common[0, best]))
    return Comparison(score, ALGORITHM, _NO_PAIRS, _rotation(best))


def search(probe: IrisTemplate, references: Sequence[IrisTemplate], threads: int = 1) -> list[Comparison]:
    """Compare a probe with each reference, without the GIL.

    A coarse pass on a quarter of the bits and every second offset decides how closely to look. Scores of 30 and more
    are those that `compare` gives; smaller ones are at most those, and mean the same: another eye.

    Parameters
    ----------
    probe : IrisTemplate
    references : sequence of IrisTemplate
    threads : int
        How many to compare in; the result does not depend on it.

    Returns
    -------
    list of Comparison
        One a reference, in order.

    Raises
    ------
    InvalidTemplateError
        Not iris templates, or of another code.
    ValueError
        Fewer than one thread.
    """
    if threads < 1:
        raise ValueError(f"threads must be at least 1, not {threads}")
    one, model = _checked(probe), calibration.model()

    def block(first: int) -> tuple[list[float], list[float]]:
        codes, masks = _words(references[first : first + BLOCK])
        found = iriscode.search(
            one.code, one.mask, codes, masks, REACH, model.statistic, model.coarse, model.promising
        )
        return model.scores(found[:, 1], found[:, 2]).tolist(), [_ROTATIONS[k] for k in found[:, 0].tolist()]

    starts = range(0, len(references), BLOCK)
    if threads == 1 or len(starts) < 2:
        blocks = [block(first) for first in starts]
    else:
        with ThreadPoolExecutor(min(threads, len(starts))) as pool:
            blocks = list(pool.map(block, starts))
    return [
        Comparison(score, ALGORITHM, _NO_PAIRS, rotation)
        for scores, rotations in blocks
        for score, rotation in zip(scores, rotations, strict=True)
    ]


def _rotation(offset: int) -> float:
    """Radians by which a probe is turned at this offset."""
    return (offset - REACH) * 2.0 * math.pi / IRIS_COLUMNS


_ROTATIONS = [_rotation(offset) for offset in range(2 * REACH + 1)]


def _checked(template: IrisTemplate) -> IrisTemplate:
    if not isinstance(template, IrisTemplate):
        raise InvalidTemplateError(f"irises are compared by their codes; a {type(template).__name__} has none")
    if template.algorithm != CODE:
        raise InvalidTemplateError(
            f"a template of {template.algorithm} cannot be compared with {CODE}; extract it anew from its picture"
        )
    return template


def _words(references: Iterable[IrisTemplate]) -> tuple[iriscode.Words, iriscode.Words]:
    """Put codes and masks of references one below the other."""
    checked = [_checked(template) for template in references]
    rows = (len(checked), IRIS_COLUMNS)
    codes = np.concatenate([template.code for template in checked]).reshape(rows)
    masks = np.concatenate([template.mask for template in checked]).reshape(rows)
    return iriscode.words(codes, "codes"), iriscode.words(masks, "masks")
