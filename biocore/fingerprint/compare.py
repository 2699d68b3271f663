"""Comparing fingerprints by their minutiae.

Two minutiae vote for each other by the neighbours they have in common; candidates that agree on one rigid motion form
a consensus; from the best few of these the smaller template is bent elastically onto the larger one and minutiae are
paired; what speaks for and against the pairs is weighed by a learned model and given as -10 log10(FMR). Positions are
compared within neighbourhoods and near pairs that are found already, so that skin may stretch; no ridge counts or other
extended data are needed, so templates read from ISO/IEC 19794-2 records compare as well as any.

Which of the two is the probe has no influence on the score or the pairs.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray

from biocore.fingerprint import likelihood
from biocore.fingerprint.packing import packed
from biocore.kernels import match
from biocore.types import Comparison, FingerTemplate

ALGORITHM = "biocore.finger.compare/1"
RULES = match.Rules(
    slack=2.0,  # px
    stretch=0.08,  # px/px
    turn=16,  # 1/256 turns, 22 degrees
    support=7.0,  # votes; half of the non-mated pairs have as many, and 99.7 % of the mated
    roots=2,
    rounds=3,
    near=12.0,  # px, one and a third ridge periods
    elastic=0.12,  # px/px
    far=80.0,  # px
    pair_turn=20,  # 1/256 turns, 28 degrees
    turn_cost=0.25,  # px² per (1/256 turn)²
    smooth=25.0,  # px
    stiff=1e-8,  # 1/px⁴
    margin=8.0,  # px
    promise=4.0,  # pairs; below it stay two thirds of the non-mated consensuses, and 1 mated pair in 500
    keep=0.7,
    lever=20.0,  # px
)
BLOCK = 512  # references a call of the kernel; half a megabyte of minutiae, which stays in the second cache

_NO_PAIRS = np.empty((0, 2), np.int32)
_NO_PAIRS.flags.writeable = False


def compare(probe: FingerTemplate, reference: FingerTemplate) -> Comparison:
    """Compare two fingerprints.

    Parameters
    ----------
    probe, reference : FingerTemplate
        Of any resolution and extractor, in either order. None of their other fields has an influence.

    Returns
    -------
    Comparison
        The score, -10 log10(FMR), and the paired minutiae in the order of the probe's; no pairs where there was
        nothing that could be aligned.

    Raises
    ------
    InvalidTemplateError
        Not a finger's template.
    """
    one, other = packed(probe), packed(reference)
    evidence, partners = match.match(match.index(one), [other], RULES)
    rows = np.flatnonzero(partners >= 0)
    pairs = np.stack([one.order[partners[rows]], other.order[rows]], axis=1).astype(np.int32)
    score = float(likelihood.model().scores(evidence)[0])
    return Comparison(score, ALGORITHM, pairs[np.argsort(pairs[:, 0])])


def search(probe: FingerTemplate, references: Sequence[FingerTemplate], threads: int = 1) -> list[Comparison]:
    """Compare a probe with each reference; the probe is prepared once, and each reference once in its life.

    Parameters
    ----------
    probe : FingerTemplate
    references : sequence of FingerTemplate
    threads : int
        How many to compare in; the result does not depend on it.

    Returns
    -------
    list of Comparison
        One a reference, in order, with the score that `compare` gives and without pairs.

    Raises
    ------
    InvalidTemplateError
        Not fingers' templates.
    ValueError
        Fewer than one thread.
    """
    if threads < 1:
        raise ValueError(f"threads must be at least 1, not {threads}")
    index = match.index(packed(probe))
    model = likelihood.model()

    def block(first: int) -> NDArray[np.float64]:
        evidence, _ = match.match(index, [packed(t) for t in references[first : first + BLOCK]], RULES)
        return model.scores(evidence)

    starts = range(0, len(references), BLOCK)
    if threads == 1 or len(starts) < 2:
        blocks = [block(first) for first in starts]
    else:
        with ThreadPoolExecutor(min(threads, len(starts))) as pool:
            blocks = list(pool.map(block, starts))
    return [Comparison(score, ALGORITHM, _NO_PAIRS) for scores in blocks for score in scores.tolist()]
