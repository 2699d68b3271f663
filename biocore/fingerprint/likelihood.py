"""From evidence to a score: features, a logistic model, and the false match rate behind its log odds.

The coefficients are in `models/compare-1.toml`, learned by `benchmarks/train_finger_compare.py`.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib import resources

import numpy as np
from numpy.typing import NDArray

from biocore.errors import ModelError
from biocore.kernels.match import Evidence

FORMAT = 1  # of the model file
FEATURES = (
    "closeness",
    "closeness_root",
    "closeness_share",
    "closeness_by_share",
    "overlap",
    "turn",
    "kinds",
    "kinds_excess",
    "votes",
    "votes_root",
    "quality",
    "quality_root",
    "missed_quality",
    "shift",
    "spread",
    "support",
    "smaller",
    "larger",
)


def features(evidence: NDArray[np.float64]) -> NDArray[np.float64]:
    """Turn evidence (n, len(Evidence)) into features (n, len(FEATURES)); probe and reference may change places."""
    column = evidence.T
    pairs, closeness = column[Evidence.PAIRS], column[Evidence.CLOSENESS]
    overlap = pairs + 0.5 * (column[Evidence.MISSED_PROBE] + column[Evidence.MISSED_REFERENCE])
    at_least = np.maximum(overlap, 1.0)
    quality = column[Evidence.QUALITY] / 100.0
    sizes = column[Evidence.PROBE], column[Evidence.REFERENCE]
    return np.stack(
        [
            closeness,
            np.sqrt(closeness),
            closeness / at_least,
            closeness**2 / at_least,
            np.log1p(overlap),
            np.sqrt(column[Evidence.TURNS] / (pairs + 2.0)),
            column[Evidence.KINDS] / (pairs + 2.0),
            column[Evidence.KINDS] - 0.5 * pairs,
            column[Evidence.VOTES] / (pairs + 2.0),
            np.sqrt(column[Evidence.VOTES]),
            quality,
            np.sqrt(quality),
            column[Evidence.MISSED_QUALITY] / 100.0,
            column[Evidence.SHIFTS] / (pairs + 1.0),
            np.sqrt(column[Evidence.SPREAD] / (pairs + 2.0)),
            np.log1p(column[Evidence.SUPPORT]),
            np.log1p(np.minimum(*sizes)),
            np.log1p(np.maximum(*sizes)),
        ],
        axis=1,
    )


@dataclass(frozen=True, slots=True, eq=False)
class Model:
    """A learned comparison score.

    Attributes
    ----------
    weights : float64 array (len(FEATURES),)
        Log odds per unit of each feature.
    intercept : float
    log_odds, score : float64 array (k,)
        Rising; between them the score is linear, beyond the last it rises by `slope`.
    slope : float
        Score per unit of log odds in the tail.
    """

    weights: NDArray[np.float64]
    intercept: float
    log_odds: NDArray[np.float64]
    score: NDArray[np.float64]
    slope: float

    def logit(self, evidence: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the log odds that the pairs are of one finger."""
        found: NDArray[np.float64] = features(evidence) @ self.weights + self.intercept
        return found

    def scores(self, evidence: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return -10 log10(FMR) for each row of evidence."""
        logit = self.logit(evidence)
        beyond = self.slope * np.maximum(0.0, logit - self.log_odds[-1])
        found: NDArray[np.float64] = np.interp(logit, self.log_odds, self.score) + beyond
        return found


@cache
def model() -> Model:
    """Read the model that comes with the library.

    Raises
    ------
    ModelError
        The file is missing, or not what this version expects.
    """
    return parse(resources.files("biocore.fingerprint.models").joinpath("compare-1.toml").read_text("utf-8"))


def parse(text: str) -> Model:
    """Read a model file's text.

    Raises
    ------
    ModelError
    """
    try:
        raw = tomllib.loads(text)
        if raw["format"] != FORMAT or tuple(raw["weights"]) != FEATURES:
            raise ModelError(f"compare-1.toml is of format {raw['format']} or has other features than this version's")
        found = Model(
            np.array([float(value) for value in raw["weights"].values()]),
            float(raw["intercept"]),
            np.array([float(knot[0]) for knot in raw["calibration"]["knots"]]),
            np.array([float(knot[1]) for knot in raw["calibration"]["knots"]]),
            float(raw["calibration"]["slope"]),
        )
    except (tomllib.TOMLDecodeError, KeyError, TypeError, ValueError, IndexError) as error:
        raise ModelError(f"compare-1.toml cannot be read: {error!r}") from error
    rising = len(found.log_odds) > 1 and (np.diff(found.log_odds) > 0).all() and (np.diff(found.score) >= 0).all()
    if not (rising and found.slope > 0):
        raise ModelError("compare-1.toml: the calibration must rise")
    return found
