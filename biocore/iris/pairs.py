"""Both eyes of a person: either can carry the identity, together they carry more, and they get mixed up."""

from __future__ import annotations

import math
from dataclasses import dataclass

from biocore.errors import InvalidTemplateError
from biocore.iris.compare import EXACT, compare
from biocore.types import Comparison, EyePosition, IrisTemplate

ALGORITHM = "biocore.iris.pairs/1"
SURE = 40.0  # score from which on crossed eyes are taken for a mix-up: one wrong alarm in 10,000
_TEN = math.log(10.0) / 10.0  # natural logarithm of a score


@dataclass(frozen=True, slots=True)
class EyePair:
    """What was enrolled of a person: one eye or both.

    Attributes
    ----------
    left, right : IrisTemplate or None
    """

    left: IrisTemplate | None = None
    right: IrisTemplate | None = None

    def __post_init__(self) -> None:
        if self.left is None and self.right is None:
            raise InvalidTemplateError("a pair needs at least one eye")
        for eye, other in ((self.left, EyePosition.RIGHT), (self.right, EyePosition.LEFT)):
            if eye is not None and eye.position is other:
                raise InvalidTemplateError(f"a template that says {other.name} was given as the other eye")


@dataclass(frozen=True, slots=True)
class PairComparison:
    """The outcome of comparing two persons by their eyes; all scores are -10 log10(FMR).

    Attributes
    ----------
    best : float
        Of the better eye, having looked at as many as could be compared.
    fused : float
        Of both together; as `best` where only one could be compared.
    left, right : Comparison or None
        Each eye's own, None where one is missing.
    swapped : bool
        The left eye of one is the right eye of the other, by the textures: somebody mixed them up. `best` and `fused`
        are then of the eyes as they belong.
    """

    best: float
    fused: float
    left: Comparison | None
    right: Comparison | None
    swapped: bool = False


def compare_pairs(probe: EyePair, reference: EyePair) -> PairComparison:
    """Compare two persons by one eye or both.

    Parameters
    ----------
    probe, reference : EyePair

    Returns
    -------
    PairComparison
        Where no eye of one can be compared with the same eye of the other, scores of 0 (unless they are swapped).

    Raises
    ------
    InvalidTemplateError
        Templates that cannot be compared.
    """
    left, right = _maybe(probe.left, reference.left), _maybe(probe.right, reference.right)
    straight = [found.score for found in (left, right) if found is not None]
    if max(straight, default=0.0) >= EXACT:
        return PairComparison(_best(straight), _fused(straight), left, right)
    crossed = [
        found.score
        for found in (_maybe(probe.left, reference.right), _maybe(probe.right, reference.left))
        if found is not None
    ]
    tried = straight + crossed
    if max(crossed, default=0.0) >= SURE + _lost(len(tried)):
        # every comparison made is a chance to be wrong
        lost = _lost(len(tried)) - _lost(len(crossed))
        return PairComparison(_best(crossed) - lost, _fused(crossed) - lost, left, right, swapped=True)
    return PairComparison(_best(straight), _fused(straight), left, right)


def _maybe(probe: IrisTemplate | None, reference: IrisTemplate | None) -> Comparison | None:
    return None if probe is None or reference is None else compare(probe, reference)


def _lost(tried: int) -> float:
    """Score lost by choosing the best of so many."""
    return 10.0 * math.log10(max(tried, 1))


def _best(scores: list[float]) -> float:
    """Score of the best: with two chances, FMR is twice as high."""
    return max(0.0, max(scores, default=0.0) - _lost(len(scores)))


def _fused(scores: list[float]) -> float:
    """Score of all together, by Fisher's method: the eyes of a person are no more alike than those of two.

    The product of two false match rates p is reached by chance with p (1 - ln p).
    """
    if len(scores) < 2:
        return _best(scores)
    log = -_TEN * sum(max(score, 0.0) for score in scores)
    return max(0.0, -(log + math.log1p(-log)) / _TEN)
