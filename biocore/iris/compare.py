"""Comparing irises by their codes.

The probe is turned by up to `REACH` columns either way. At each offset the bits that both eyes show are counted, and
those of them that differ. Of two eyes half of them differ, give or take a standard deviation that falls with the
root of their number (Daugman 2004, "How iris recognition works"); by how many of these fewer differ, at the best of
the offsets, is the statistic, and the false match rate it stands for, the number of offsets tried included, is the
score.

Each eighth of the circle may lie up to 2.8 degrees and a sixteenth of the ring beside the whole: segmentation is never
quite right, and a pupil does not widen evenly. On MMU1 that loses a third fewer mated pairs at FMR 1e-3. The sectors
are the reference's, therefore compare(a, b) and compare(b, a) differ slightly where evidence is thin.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import repeat

import numpy as np
from numpy.typing import NDArray

from biocore.errors import InvalidTemplateError
from biocore.iris import calibration
from biocore.iris.encode import ALGORITHM as CODE
from biocore.kernels import iriscode
from biocore.types import IRIS_COLUMNS, NO_PAIRS, Comparison, IrisTemplate

ALGORITHM = "biocore.iris.compare/1"
REACH = 13  # columns either way, 18 degrees: a head bent, or a camera held askew
EXACT = 30.0  # score from which on a search finds what a comparison finds
BLOCK = 128  # references a call of the kernel; half a megabyte of codes and masks, which stays in the second cache

NOBODY = (iriscode.words(np.empty((0, IRIS_COLUMNS), np.uint64), "codes"),) * 2

# Radians a probe is turned by at each offset.
_ROTATIONS = np.arange(-REACH, REACH + 1) * (2.0 * math.pi / IRIS_COLUMNS)


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
    codes, masks = packed([reference])
    different, common = iriscode.profile(prepared(probe), codes, masks)
    best = int(np.argmax(model.statistic.of(different[0], common[0])))
    score = float(model.scores(different[0, best], common[0, best]))
    return outcome(score, best)


def search(probe: IrisTemplate, references: Sequence[IrisTemplate], threads: int = 1) -> list[Comparison]:
    """Compare a probe with each reference, without the GIL.

    A coarse pass on a quarter of the bits and every second offset decides how closely to look. Scores of `EXACT` and
    more are those that `compare` gives; smaller ones are those or less (a sliver more is
    possible, where the sectors of the best offset have fewer bits in common), and mean the same: another eye.

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
    one, model = prepared(probe), calibration.model()

    def block(first: int) -> list[Comparison]:
        codes, masks = packed(references[first : first + BLOCK])
        found = iriscode.search(one, codes, masks, model.statistic, model.coarse, model.doubtful, model.promising)
        scores = model.scores(found[:, 1], found[:, 2]).tolist()
        rotations = _ROTATIONS[found[:, 0]].tolist()
        return list(map(Comparison, scores, repeat(ALGORITHM), repeat(NO_PAIRS), rotations))

    starts = range(0, len(references), BLOCK)
    if threads == 1 or len(starts) < 2:
        return [comparison for first in starts for comparison in block(first)]
    with ThreadPoolExecutor(min(threads, len(starts))) as pool:
        return [comparison for found in pool.map(block, starts) for comparison in found]


def outcome(score: float, offset: int) -> Comparison:
    """Make a comparison of a score and the offset it was reached at."""
    return Comparison(score, ALGORITHM, NO_PAIRS, float(_ROTATIONS[offset]))


def checked(template: IrisTemplate) -> IrisTemplate:
    """Return a template that can be compared.

    Raises
    ------
    InvalidTemplateError
        Not an iris template, or of another code.
    """
    if not isinstance(template, IrisTemplate):
        raise InvalidTemplateError(f"irises are compared by their codes; a {type(template).__name__} has none")
    if template.algorithm != CODE:
        raise InvalidTemplateError(
            f"a template of {template.algorithm} cannot be compared with {CODE}; extract it anew from its picture"
        )
    return template


def prepared(probe: IrisTemplate) -> iriscode.Probe:
    """Prepare a template for comparison with others.

    Raises
    ------
    InvalidTemplateError
        Not an iris template, or of another code.
    """
    one = checked(probe)
    return iriscode.prepare(one.code, one.mask, REACH)


def packed(references: Iterable[IrisTemplate]) -> tuple[iriscode.Words, iriscode.Words]:
    """Put codes and masks one below the other.

    Raises
    ------
    InvalidTemplateError
        Not iris templates, or of another code.
    """
    codes: list[NDArray[np.uint64]] = []
    masks: list[NDArray[np.uint64]] = []
    for template in references:
        checked(template)
        codes.append(template.code)
        masks.append(template.mask)
    if not codes:
        return NOBODY
    rows = (len(codes), IRIS_COLUMNS)
    return (
        iriscode.words(np.concatenate(codes).reshape(rows), "codes"),
        iriscode.words(np.concatenate(masks).reshape(rows), "masks"),
    )
