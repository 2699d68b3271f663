"""Comparing fingerprints by their minutiae.

Two minutiae vote for each other by the neighbours they have in common; candidates that agree on one rigid motion form
a consensus; from the best few of these the smaller template is bent elastically onto the larger one and minutiae are
paired; what speaks for and against the pairs is weighed by a learned model and given as -10 log10(FMR). Positions are
compared within neighbourhoods and near pairs that are found already, so that skin may stretch; no ridge counts or other
extended data are needed, so templates read from ISO/IEC 19794-2 records compare as well as any.

Of a fused template that holds several views of the finger side by side each is compared, and the best counts, less what
it costs to have tried several. Which of the two is the probe has no influence on the score or the pairs.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray

from biocore.fingerprint import likelihood
from biocore.fingerprint.packing import views
from biocore.kernels import match
from biocore.types import Comparison, FingerTemplate

ALGORITHM = "biocore.finger.compare/1"
RULES = match.Rules(
    slack=2.0,  # px
    stretch=0.08,  # px/px
    turn=16,  # 1/256 turns, 22 degrees
    support=7.0,  # votes; 47 % of the non-mated pairs have as many, and 99.7 % of the mated
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
    promise=4.0,  # pairs; a quarter of the non-mated consensuses fall short, and 1 mated pair in 500
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
    ours, theirs = views(probe), views(reference)
    best: tuple[tuple[float, ...], NDArray[np.int32]] = ((-1.0,), _NO_PAIRS)
    for one in ours:
        index = match.index(one)
        for other in theirs:
            evidence, partners = match.match(index, [other], RULES)
            score = float(likelihood.model().scores(evidence)[0])
            rank = (score, *evidence[0].tolist())  # the evidence decides between equals, so that both ways are the same
            if rank > best[0]:
                rows = np.flatnonzero(partners >= 0)
                best = rank, np.stack([one.order[partners[rows]], other.order[rows]], axis=1)
    pairs = best[1]
    score = max(0.0, best[0][0] - _price(len(ours) * len(theirs)))
    return Comparison(score, ALGORITHM, pairs[np.argsort(pairs[:, 0])])


def _price(comparisons: int) -> float:
    """Return what the best of several comparisons costs: the rates of false matches add up, -10 log10(FMR) drops."""
    return 10.0 * math.log10(comparisons)


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
    indices = [match.index(view) for view in views(probe)]
    model = likelihood.model()

    def block(first: int) -> NDArray[np.float64]:
        packs = [views(template) for template in references[first : first + BLOCK]]
        flat = [view for pack in packs for view in pack]
        scores = np.max([model.scores(match.match(index, flat, RULES)[0]) for index in indices], axis=0)
        if len(flat) == len(packs) and len(indices) == 1:
            return np.asarray(scores, np.float64)
        counts = [len(pack) for pack in packs]
        best = np.maximum.reduceat(scores, np.cumsum([0, *counts[:-1]]))
        price = [_price(len(indices) * count) for count in counts]
        return np.asarray(np.maximum(0.0, best - price), np.float64)

    starts = range(0, len(references), BLOCK)
    if threads == 1 or len(starts) < 2:
        blocks = [block(first) for first in starts]
    else:
        with ThreadPoolExecutor(min(threads, len(starts))) as pool:
            blocks = list(pool.map(block, starts))
    return [Comparison(score, ALGORITHM, _NO_PAIRS) for scores in blocks for score in scores.tolist()]
