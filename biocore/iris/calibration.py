"""From differing bits to a score: the statistic, how much evidence the bits are, and the false match rate behind it.

The coefficients are in `models/compare-1.toml`, fitted by `benchmarks/iris_calibration.py`.

Bits beside each other are alike, and more so on a picture without detail: its code has as many bits as any other, but
they say less. The number of bits of two eyes that differ by chance has the variance

    common / 4 * (sum over distances of the product of both codes' correlations at that distance),

of which each code knows its own part, its redundancy; their geometric mean stands for the sum of products. Where more
of the circle can be seen, more of its sectors look for their best place, and what they gain by that grows a little
faster than the root of the bits; the eighth root of their number evens that out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from biocore import coefficients
from biocore.calibration import Curve, curve
from biocore.kernels.iriscode import Alike, Limits, Statistic

FORMAT = 2  # of the model file
MODEL = "compare-1.toml"
HALF = 8192.0  # bits in common, half of a code, at which the statistic is left as it is


@dataclass(frozen=True, slots=True, eq=False)
class Model:
    """How alike two codes are, and how often two eyes are by chance.

    Attributes
    ----------
    statistic : Statistic
        Of all bits, at one offset, of codes whose bits are independent.
    coarse : Statistic
        Of the bits that the coarse pass looks at.
    alike : Alike
        Where redundancy is looked for.
    limits : Limits
        Statistics, in units of the spread, from which on a search looks more closely.
    curve : Curve
        Score against the largest statistic over all offsets, by spread and overlap.
    """

    statistic: Statistic
    coarse: Statistic
    alike: Alike
    limits: Limits
    curve: Curve

    def values(
        self, different: NDArray[np.int32], common: NDArray[np.int32], spread: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """Return the statistic of the best offsets' counts, by spread and overlap; -inf where too few are common."""
        overlap = np.sqrt(np.sqrt(np.sqrt(np.maximum(common, 1) / HALF)))
        found: NDArray[np.float64] = self.statistic.of(different, common) / (spread * overlap)
        return found

    def scores(
        self, different: NDArray[np.int32], common: NDArray[np.int32], spread: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """Return -10 log10(FMR) of the best offsets' counts; 0 where too few bits are common."""
        return self.curve.scores(self.values(different, common, spread))


def spread(redundancy: float, others: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return by how much the statistics of two eyes spread more than if their bits were independent.

    Roots only: a square root is the same on every machine.
    """
    found: NDArray[np.float64] = np.sqrt(np.sqrt(redundancy * others))
    return found


@cache
def model() -> Model:
    """Read the model that comes with the library.

    Raises
    ------
    ModelError
        The file is missing, or not what this version expects.
    """
    return parse(coefficients.shipped("biocore.iris.models", MODEL))


def parse(text: str) -> Model:
    """Read a model file's text.

    Raises
    ------
    ModelError
    """
    return coefficients.parse(text, MODEL, FORMAT, _made)


def _made(raw: Mapping[str, Any]) -> Model:
    return Model(
        Statistic(**raw["statistic"]),
        Statistic(**raw["coarse"]),
        Alike(**raw["alike"]),
        Limits(**{name: float(limit) for name, limit in raw["limits"].items()}),
        curve(raw["calibration"]),
    )
