"""Scores of several comparisons as one: every score here is -10 log10 of a false match rate, and so is what comes out.

Of comparisons of *different* fingers each is evidence of its own. Their rates are combined as Fisher combined
independent tests (1932, "Statistical Methods for Research Workers", 4th ed., §21.1): minus the sum of their logarithms
is distributed as half a chi-square with twice as many degrees of freedom, whose tail has a closed form. Of several
comparisons of *one* finger, or of one that nobody knows which it is, the best counts, less what it costs to have tried
several: their rates add up (Bonferroni).
"""

from __future__ import annotations

import math
from collections.abc import Sequence

NATURAL = math.log(10.0) / 10.0  # of a score to the natural logarithm of a rate


def best_of(scores: Sequence[float], tried: int | None = None) -> float:
    """Return the best of several scores, less the price of the choice.

    Parameters
    ----------
    scores : sequence of float
        At least one.
    tried : int or None
        How many comparisons they come from; None = one each.
    """
    return max(0.0, max(scores) - 10.0 * math.log10(max(1, len(scores) if tried is None else tried)))


def together(scores: Sequence[float]) -> float:
    """Return the score of independent comparisons together.

    A finger that does not match at all takes from what the others say, and never below 0.
    """
    total = NATURAL * sum(max(0.0, score) for score in scores)
    # The tail is exp(-total) times a sum of total^k / k!.
    terms = 1.0
    term = 1.0
    for k in range(1, len(scores)):
        term *= total / k
        terms += term
    return max(0.0, (total - math.log(terms)) / NATURAL)
