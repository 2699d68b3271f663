"""From differing bits to a score: the statistic, and the false match rate behind it.

The coefficients are in `models/compare-1.toml`, fitted by `benchmarks/iris_calibration.py`.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib import resources

import numpy as np
from numpy.typing import NDArray

from biocore.errors import ModelError
from biocore.kernels.iriscode import Statistic

FORMAT = 1  # of the model file


@dataclass(frozen=True, slots=True, eq=False)
class Model:
    """How alike two codes are, and how often two eyes are by chance.

    Attributes
    ----------
    statistic : Statistic
        Of all bits, at one offset.
    coarse : Statistic
        Of the bits that the coarse pass looks at.
    doubtful, promising : float
        Statistics of the coarse pass, and of its best offset, from which on a search looks more closely.
    values, score : float64 array (k,)
        Rising; between them the score is linear in the largest statistic over all offsets.
    slope : float
        Score per unit of the statistic beyond the last.
    """

    statistic: Statistic
    coarse: Statistic
    doubtful: float
    promising: float
    values: NDArray[np.float64]
    score: NDArray[np.float64]
    slope: float

    def scores(self, different: NDArray[np.int32], common: NDArray[np.int32]) -> NDArray[np.float64]:
        """Return -10 log10(FMR) of the best offsets' counts; 0 where too few bits are common."""
        value = self.statistic.of(different, common)
        beyond = self.slope * np.maximum(0.0, value - self.values[-1])
        found: NDArray[np.float64] = np.interp(value, self.values, self.score) + beyond
        return found


@cache
def model() -> Model:
    """Read the model that comes with the library.

    Raises
    ------
    ModelError
        The file is missing, or not what this version expects.
    """
    return parse(resources.files("biocore.iris.models").joinpath("compare-1.toml").read_text("utf-8"))


def parse(text: str) -> Model:
    """Read a model file's text.

    Raises
    ------
    ModelError
    """
    try:
        raw = tomllib.loads(text)
        if raw["format"] != FORMAT:
            raise ModelError(f"compare-1.toml is of format {raw['format']}, not {FORMAT}")
        found = Model(
            Statistic(**raw["statistic"]),
            Statistic(**raw["coarse"]),
            float(raw["doubtful"]),
            float(raw["promising"]),
            np.array([float(knot[0]) for knot in raw["calibration"]["knots"]]),
            np.array([float(knot[1]) for knot in raw["calibration"]["knots"]]),
            float(raw["calibration"]["slope"]),
        )
    except (tomllib.TOMLDecodeError, KeyError, TypeError, ValueError, IndexError) as error:
        raise ModelError(f"compare-1.toml cannot be read: {error!r}") from error
    rising = len(found.values) > 1 and (np.diff(found.values) > 0).all() and (np.diff(found.score) >= 0).all()
    if not (rising and found.slope > 0):
        raise ModelError("compare-1.toml: the calibration must rise")
    return found
