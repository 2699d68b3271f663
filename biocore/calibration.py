"""From a statistic to a score: the calibration that the comparators of fingers and irises share.

Whatever a comparator adds up, its score is -10 log10 of the false match rate at that value. Up to where non-mated
pairs were seen, that is a line through knots; beyond, nobody has seen enough pairs, and it goes on straight.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, eq=False)
class Curve:
    """Score against a comparator's statistic.

    Attributes
    ----------
    values, score : float64 array (k,)
        Rising; between these knots the score is linear in the statistic, below the first it is the first one's.
    slope : float
        Score per unit of the statistic beyond the last.

    Raises
    ------
    ValueError
        Fewer than two knots, or a curve that does not rise.
    """

    values: NDArray[np.float64]
    score: NDArray[np.float64]
    slope: float

    def __post_init__(self) -> None:
        rising = len(self.values) > 1 and (np.diff(self.values) > 0).all() and (np.diff(self.score) >= 0).all()
        if not (rising and self.slope > 0):
            raise ValueError("the calibration must rise")

    def scores(self, value: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return -10 log10(FMR) at each value of the statistic."""
        beyond = self.slope * np.maximum(0.0, value - self.values[-1])
        found: NDArray[np.float64] = np.interp(value, self.values, self.score) + beyond
        return found


def curve(raw: Mapping[str, Any]) -> Curve:
    """Read the `[calibration]` of a model file: `knots`, pairs of a value and its score, and `slope`.

    Raises
    ------
    KeyError, TypeError, ValueError, IndexError
        Not a calibration, or one that does not rise; the reader of the file knows which one it is.
    """
    return Curve(
        np.array([float(knot[0]) for knot in raw["knots"]]),
        np.array([float(knot[1]) for knot in raw["knots"]]),
        float(raw["slope"]),
    )
