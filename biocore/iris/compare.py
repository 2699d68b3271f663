"""Comparing irises by their codes.

The probe is turned by up to `REACH` columns either way. At each offset the bits that both eyes show are counted, and
those of them that differ. Of two eyes half of them differ, give or take a standard deviation that falls with the
root of their number (Daugman 2004, "How iris recognition works"); by how many of these fewer differ, at the best of
the offsets, is the statistic, and the false match rate it stands for, the number of offsets tried included, is the
score.

Each eighth of the circle may lie up to 2.8 degrees and a sixteenth of the ring beside the whole: segmentation is never
quite right, and a pupil does not widen evenly. On MMU1 that loses a third fewer mated pairs at FMR 1e-3. The sectors
are the reference's, therefore compare(a, b) and compare(b, a) differ slightly where evidence is thin.

Bits beside each other are alike, the more so the less detail a picture has. What that takes from the evidence is
measured on each code (`biocore.iris.calibration`), so that a score means the same of sharp and of blurred pictures.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import repeat
from typing import NamedTuple
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from biocore.errors import InvalidTemplateError
from biocore.iris import calibration
from biocore.iris.encode import ALGORITHM as CODE
from biocore.kernels import iriscode
from biocore.types import IRIS_COLUMNS, NO_PAIRS, Comparison, IrisTemplate

ALGORITHM = "biocore.iris.compare/2"
REACH = 13  # columns either way, 18 degrees: a head bent, or a camera held askew
EXACT = 30.0  # score from which on a search finds what a comparison finds
BLOCK = 256  # references a call of the kernel; a megabyte of codes and masks, which stays in the second cache


class Remembered(NamedTuple):
    """What a comparison needs of a template: the bytes of its `iriscode.Packed.rows`, and its redundancy."""

    row: bytes
    redundancy: float


_remembered: WeakKeyDictionary[IrisTemplate, Remembered] = WeakKeyDictionary()
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
    model, one = calibration.model(), prepared(probe)
    references = packed([reference])
    different, common = iriscode.profile(one.turned, references)
    best = int(np.argmax(model.statistic.of(different[0], common[0])))
    score = model.scores(different[:, best], common[:, best], one.spread(references))
    return outcome(float(score[0]), best)


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
        offsets, scores = found(one, packed(references[first : first + BLOCK]), model)
        rotations = _ROTATIONS[offsets].tolist()
        return list(map(Comparison, scores.tolist(), repeat(ALGORITHM), repeat(NO_PAIRS), rotations))

    starts = range(0, len(references), BLOCK)
    if threads == 1 or len(starts) < 2:
        return [comparison for first in starts for comparison in block(first)]
    with ThreadPoolExecutor(min(threads, len(starts))) as pool:
        return [comparison for some in pool.map(block, starts) for comparison in some]


def found(
    probe: Prepared, references: iriscode.Packed, model: calibration.Model
) -> tuple[NDArray[np.int32], NDArray[np.float64]]:
    """Search packed references: offset and score of each."""
    spread = probe.spread(references)
    best = iriscode.search(probe.turned, references, spread, model.statistic, model.coarse, model.limits)
    return best[:, 0], model.scores(best[:, 1], best[:, 2], spread)


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


class Prepared(NamedTuple):
    """A probe as it is compared with others: its code at every offset, and its redundancy."""

    turned: iriscode.Probe
    redundancy: float

    def spread(self, references: iriscode.Packed) -> NDArray[np.float64]:
        """Return by how much the statistics with each reference spread: `calibration.spread`."""
        return calibration.spread(self.redundancy, references.redundancy)


def prepared(probe: IrisTemplate) -> Prepared:
    """Prepare a template for comparison with others.

    Raises
    ------
    InvalidTemplateError
        Not an iris template, or of another code.
    """
    return Prepared(iriscode.prepare(checked(probe).code, probe.mask, REACH), remembered(probe).redundancy)


def remembered(template: IrisTemplate) -> Remembered:
    """Return what a comparison needs of a template; the work is done once for each.

    Raises
    ------
    InvalidTemplateError
        Not an iris template, or of another code.
    """
    known = _remembered.get(template) if isinstance(template, IrisTemplate) else None
    if known is None:
        one = pack([template])
        known = _remembered[template] = Remembered(one.rows.tobytes(), float(one.redundancy[0]))
    return known


def packed(references: Iterable[IrisTemplate]) -> iriscode.Packed:
    """Put templates one below the other, and remember what was measured of them.

    Raises
    ------
    InvalidTemplateError
        Not iris templates, or of another code.
    """
    known = [remembered(template) for template in references]
    return iriscode.joined([each.row for each in known], [each.redundancy for each in known])


def pack(references: Iterable[IrisTemplate]) -> iriscode.Packed:
    """Put templates one below the other, and leave them as they are.

    Raises
    ------
    InvalidTemplateError
        Not iris templates, or of another code.
    """
    templates = [checked(template) for template in references]
    words = np.empty((2, len(templates), IRIS_COLUMNS), np.uint64)
    for k, template in enumerate(templates):
        words[0, k], words[1, k] = template.code, template.mask
    return iriscode.pack(words[0], words[1], calibration.model().alike)
