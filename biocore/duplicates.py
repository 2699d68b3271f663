"""Two captures of what seems to be one finger, or one eye: what the searches for them in both engines return."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from biocore.types import Comparison

# -10 log10(FMR). Ten fingers make 45 comparisons, two eyes of three captures each 15: at one false match in 10,000
# each, one person in 220, or one in 650, is asked in vain.
THRESHOLD = 40.0


@dataclass(frozen=True, slots=True, eq=False)
class Duplicate:
    """Two captures of what seems to be one finger, or one eye.

    Attributes
    ----------
    first, second : int
        Their indices, first < second.
    comparison : Comparison
        With the paired minutiae, to show, where it is of fingers.
    """

    first: int
    second: int
    comparison: Comparison


def check_threshold(threshold: float) -> float:
    """Check that a threshold is a number: beside NaN nothing is ever a duplicate, and nobody would notice.

    Raises
    ------
    ValueError
    """
    if math.isnan(threshold):
        raise ValueError("the threshold is no number (NaN)")
    return threshold


def surest_first(found: Iterable[Duplicate]) -> list[Duplicate]:
    """Return them by falling score, equal ones in the order of the captures."""
    return sorted(found, key=lambda pair: (-pair.comparison.score, pair.first, pair.second))
