"""From evidence to a score: features, a logistic model, and the false match rate behind its log odds.

The coefficients are in `models/compare-1.toml`, learned by `benchmarks/train_finger_compare.py`.
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
from biocore.errors import ModelError
from biocore.kernels.match import Evidence

FORMAT = 1  # of the model file
MODEL = "compare-1.toml"
FEATURES = (
    "closeness",  # minutiae paired, each by how well
    "closeness_root",
    "closeness_share",  # of those in the overlap
    "closeness_by_share",
    "overlap_root",  # minutiae in the overlap, the mean of both sides
    "turn",  # difference of directions, root mean square, 1/256 turns
    "kinds",  # share of pairs of one kind
    "kinds_excess",  # how many more than half
    "votes",  # neighbours in common, a pair
    "votes_root",
    "quality",  # pairs weighed by quality
    "quality_root",
    "missed_quality",  # minutiae without a partner well inside the overlap, weighed by quality
    "shift",  # distance of the pairs after the rigid motion alone, px
    "spread",  # of the pairs, root mean square, px
    "support_root",  # votes behind the consensus
    "smaller_root",  # minutiae of the smaller template
    "larger_root",
    "chance_root",  # overlap times density: how many pairs come about by chance
    "density_root",  # minutiae per 1000 px²
    "candidates",  # correspondences voted for, whether they agree or not
    "missed_quality_root",
    "missed_root",  # minutiae without a partner well inside the overlap, on the side that has fewer of them
)
_ROOTED = np.array([name.endswith("_root") or name in ("turn", "spread") for name in FEATURES])[:, None]
FEWEST, MOST = 12, 120  # minutiae: sizes beyond what the model was trained on count as these
FEWEST_PAIRS = 4  # below, a comparison says nothing: any three minutiae have their like somewhere
BLUR_AREA = 1e4  # px², added to a hull's area, which says little where minutiae are few
SHRINK = 2.0  # pairs added to a mean's divisor: few pairs say little


def features(evidence: NDArray[np.float64]) -> NDArray[np.float64]:
    """Turn evidence (n, len(Evidence)) into features (len(FEATURES), n).

    Roots only, no logarithms: a square root is the same on every machine.
    """
    (
        candidates, support, pairs, closeness, turns, kinds, votes, quality, missed_larger, missed_smaller,
        missed_quality, shifts, spread, larger, smaller, larger_area, smaller_area,
    ) = np.ascontiguousarray(evidence.T)  # fmt: skip
    overlap = pairs + 0.5 * (missed_larger + missed_smaller)
    at_least = np.maximum(overlap, 1.0)
    damped = pairs + SHRINK
    quality = quality / 100.0
    missed_quality = missed_quality / 100.0
    areas = (larger_area + BLUR_AREA) * (smaller_area + BLUR_AREA)
    density = 1000.0 * np.sqrt((larger + 1.0) * (smaller + 1.0) / areas)
    found: NDArray[np.float64] = np.array(
        [
            closeness,
            closeness,
            closeness / at_least,
            closeness * closeness / at_least,
            overlap,
            turns / damped,
            kinds / damped,
            kinds - 0.5 * pairs,
            votes / damped,
            votes,
            quality,
            quality,
            missed_quality,
            shifts / (pairs + 1.0),
            spread / damped,
            support,
            np.minimum(np.maximum(smaller, FEWEST), MOST),
            np.minimum(np.maximum(larger, FEWEST), MOST),
            overlap * density,
            density,
            candidates / 64.0,
            missed_quality,
            np.minimum(missed_larger, missed_smaller),
        ]
    )
    np.sqrt(found, out=found, where=_ROOTED)
    return found


def followed(evidence: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Say which comparisons found pairs enough to weigh."""
    found: NDArray[np.bool_] = evidence[:, Evidence.PAIRS] >= FEWEST_PAIRS
    return found


@dataclass(frozen=True, slots=True, eq=False)
class Model:
    """A learned comparison score.

    Attributes
    ----------
    weights : float64 array (len(FEATURES),)
        Log odds per unit of each feature.
    low, high : float64 array (len(FEATURES),)
        The range each was learned on; what lies beyond counts as its end, so that no odd template is extrapolated.
    intercept : float
    curve : Curve
        Score against the log odds.
    """

    weights: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    intercept: float
    curve: Curve

    def logit(self, evidence: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the log odds that the pairs are of one finger, summed in one order whatever the number of rows."""
        summands = np.empty((len(FEATURES) + 1, len(evidence)))
        summands[0] = self.intercept
        within = np.minimum(np.maximum(features(evidence), self.low[:, None]), self.high[:, None])
        np.multiply(within, self.weights[:, None], out=summands[1:])
        found: NDArray[np.float64] = np.add.accumulate(summands, axis=0)[-1]
        return found

    def scores(self, evidence: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return -10 log10(FMR) for each row of evidence; 0 where there is nothing to weigh."""
        found = np.zeros(len(evidence))
        rows = followed(evidence)
        found[rows] = self.curve.scores(self.logit(evidence[rows]))
        return found


@cache
def model() -> Model:
    """Read the model that comes with the library.

    Raises
    ------
    ModelError
        The file is missing, or not what this version expects.
    """
    return parse(coefficients.shipped("biocore.fingerprint.models", MODEL))


def parse(text: str) -> Model:
    """Read a model file's text.

    Raises
    ------
    ModelError
    """
    return coefficients.parse(text, MODEL, FORMAT, _made)


def _made(raw: Mapping[str, Any]) -> Model:
    weights = raw["weights"]
    if tuple(weights) != FEATURES:
        raise ModelError(f"{MODEL} has other features than this version's")
    coefficient, low, high = (np.array([float(row[k]) for row in weights.values()]) for k in range(3))
    if not (low <= high).all():
        raise ModelError(f"{MODEL}: no range may be empty")
    return Model(coefficient, low, high, float(raw["intercept"]), curve(raw["calibration"]))
