"""The default finger quality model: how measures become its inputs, and how it answers.

The model (`models/finger-1.toml`, made by `benchmarks/train_finger_score.py`) is a weighted mean of two
regressions on the same inputs:

* a Gaussian kernel, which is accurate near the prints it was trained on;
* a sum of broken lines, one an input, that can only rise where more is better: more clear blocks never lower it.

Two hundred scored prints do not teach a kernel what becomes of a print that is blurred, faded or cut. So training
also shows it synthetic prints made worse step by step, without scores, and what it must not do: rise on the way down.

Far from all prints with a score nothing says which of the two is right, and a Gaussian kernel would give pure noise a
middling score. There the lower of the two answers counts.

Inputs are not the histograms' bins but their upper tails, sqrt(blocks in bin k and above): moving one block to a
better bin moves a tail up and no other down, and the square root evens out counting noise. FDA's highest bin stands
apart from its tails: blank and noisy blocks fall into it, not the clearest. Counts of very large prints are scaled
down to `ENOUGH_BLOCKS`. Every input is clipped to the range it had in NIST's prints, so a print unlike all of those
is judged by the edge of what is known.
"""

from __future__ import annotations

import math
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from biocore.errors import ModelError, NotAssessableError
from biocore.types import frozen_array

BINS = 10  # bins of every histogram of NFIQ 2
# Foreground blocks of 32 × 32 px, 370 mm² at 500 ppi: larger prints count as this large. 12 of the 199 training prints
# are larger, too few to learn from, and a larger print must not score less for being unlike the others.
ENOUGH_BLOCKS = 140.0
# Histogram families, and the bins at which tails begin. Bin 0 of LCS counts scores below 0 and bins 8 and 9 of
# RVUP ratios of 24 and more: always empty in training. Bin 9 of FDA (1.0: the strongest wave is the lowest one) is
# where blocks without ridges go, so its tails end before it and it is an input of its own.
TAILS: Mapping[str, range] = {
    "FDA": range(10),
    "LCS": range(1, 10),
    "OCL": range(10),
    "OF": range(10),
    "RVUP": range(8),
}
COHERENCE_SUM = "OrientationMap_ROIFilter_CoherenceSum"  # grows with the area, so its root is taken as of the tails
COHERENCE_REL = "OrientationMap_ROIFilter_CoherenceRel"
PLAIN = (
    *(f"{family}_Bin10_{moment}" for family in TAILS for moment in ("Mean", "StdDev")),
    "ImgProcROIArea_Mean",
    "MMB",
    "Mu",
    COHERENCE_REL,
)
HISTOGRAMS = tuple(f"{family}_Bin10_{k}" for family in TAILS for k in range(BINS))
NEEDED = (*HISTOGRAMS, *PLAIN, COHERENCE_SUM)  # the 65 measures that need no minutiae
INPUTS = (
    *(f"{family}_Bin10_{k}+" for family, starts in TAILS.items() for k in starts),
    *PLAIN,
    f"sqrt {COHERENCE_SUM}",
)
_TAIL_COLUMNS = np.array([row * BINS + k for row, starts in enumerate(TAILS.values()) for k in starts])


def foreground_blocks(measures: Mapping[str, float]) -> float:
    """Return the number of 32 × 32 px blocks that FDA judged: the print's area as NFIQ 2 sees it."""
    return float(sum(measures[f"FDA_Bin10_{k}"] for k in range(BINS)))


def model_inputs(measures: Mapping[str, float]) -> NDArray[np.float64]:
    """Turn NFIQ 2 measures into the inputs of the default model.

    Parameters
    ----------
    measures : Mapping of str to float
        At least the 65 of `NEEDED`; others are not looked at.

    Returns
    -------
    float64 array, shape (62,), in the order of `INPUTS`

    Raises
    ------
    NotAssessableError
        A measure is missing, not finite, or a negative count; says which.
    """
    missing = [name for name in NEEDED if name not in measures]
    if missing:
        raise NotAssessableError(f"{len(missing)} of the {len(NEEDED)} measures are missing: {_some(missing)}")
    unusable = [name for name in NEEDED if not math.isfinite(measures[name])]
    unusable += [name for name in (*HISTOGRAMS, COHERENCE_SUM) if measures[name] < 0]
    if unusable:
        raise NotAssessableError(f"{len(unusable)} measures have no usable value: {_some(unusable)}")
    share = min(1.0, ENOUGH_BLOCKS / max(foreground_blocks(measures), 1.0))
    bins = share * np.array([measures[name] for name in HISTOGRAMS], dtype=np.float64).reshape(len(TAILS), BINS)
    tails = np.cumsum(bins[:, ::-1], axis=1)[:, ::-1]
    tails[0, :-1] = np.cumsum(bins[0, -2::-1])[::-1]  # FDA: without the blocks of bin 9, which stay the last "tail"
    plain = [measures[name] for name in PLAIN]
    return np.concatenate([np.sqrt(tails.ravel()[_TAIL_COLUMNS]), plain, [math.sqrt(share * measures[COHERENCE_SUM])]])


class Prediction(NamedTuple):
    """What the model says of one print."""

    value: float  # 0..100, the answer
    kernel: float  # 0..100, what the kernel says
    lines: float  # 0..100, what the broken lines say
    strange: float  # 0: like prints of the training; 1: like none of them
    usual: float  # 0..100, the weighted mean of kernel and lines: the answer where the print is not strange


@dataclass(frozen=True, slots=True)
class Regression:
    """The trained model.

    Attributes
    ----------
    algorithm : str
        What scores of it are signed with.
    low, middle, high : NDArray of float64, shape (62,)
        Range of each input in training, and where its line breaks.
    below, above : NDArray of float64, shape (62,)
        Slopes of the lines, points a unit, under and over `middle`.
    offset : float
        Points of the lines where every input is at `low`.
    centre, scale : NDArray of float64, shape (62,)
        Standardise the inputs for the kernel.
    prototypes : NDArray of float64, shape (n, 62)
        Prints that the kernel compares with, standardised: NIST's, and synthetic ones that are unlike them.
    weights : NDArray of float64, shape (n,)
        Points.
    gamma, intercept : float
        Of the kernel exp(-gamma · squared distance).
    share : float
        Of the kernel in the answer; the lines have the rest.
    scored : int
        The first so many prototypes are prints with a score.
    near, far : float
        Distances from the nearest of those, in standard deviations over all inputs: up to `near` the weighted mean
        counts, from `far` on the lower of the two answers, in between a mixture.
    """

    algorithm: str
    low: NDArray[np.float64]
    middle: NDArray[np.float64]
    high: NDArray[np.float64]
    below: NDArray[np.float64]
    above: NDArray[np.float64]
    offset: float
    centre: NDArray[np.float64]
    scale: NDArray[np.float64]
    prototypes: NDArray[np.float64]
    weights: NDArray[np.float64]
    gamma: float
    intercept: float
    share: float
    scored: int
    near: float
    far: float

    def predict(self, inputs: NDArray[np.float64]) -> Prediction:
        """Return the quality of one print.

        Sums are taken by `math.fsum`, so no machine's vector unit decides the last digit.

        Parameters
        ----------
        inputs : float64 array, shape (62,)
            As `model_inputs` gives them.
        """
        x = np.clip(inputs, self.low, self.high)
        away = self.prototypes - (x - self.centre) / self.scale
        squared = (away * away).sum(axis=1)
        kernel = self.intercept + math.fsum(self.weights * np.exp(-self.gamma * squared))
        under = self.below * (np.minimum(x, self.middle) - self.low)
        over = self.above * (np.maximum(x, self.middle) - self.middle)
        lines = self.offset + math.fsum(under) + math.fsum(over)
        distance = math.sqrt(float(squared[: self.scored].min()))
        strange = min(max((distance - self.near) / (self.far - self.near), 0.0), 1.0)
        usual = min(max(self.share * kernel + (1.0 - self.share) * lines, 0.0), 100.0)
        kernel, lines = min(max(kernel, 0.0), 100.0), min(max(lines, 0.0), 100.0)
        return Prediction((1.0 - strange) * usual + strange * min(kernel, lines), kernel, lines, strange, usual)


@lru_cache(maxsize=1)
def default_model() -> Regression:
    """Return the model that comes with the library, read once.

    Raises
    ------
    ModelError
        The installation is damaged: the file is missing or not what it should be.
    """
    path = files("biocore.fingerprint").joinpath("models/finger-1.toml")
    try:
        return read_regression(path.read_text("utf-8"))
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise ModelError(f"{path}: damaged ({error!r}); install biocore again") from error


def read_regression(text: str) -> Regression:
    """Read a model from its TOML.

    Raises
    ------
    ValueError, KeyError, TypeError
        Not such a file.
    """
    model = tomllib.loads(text)
    if tuple(model["inputs"]) != INPUTS:
        raise ValueError("the inputs are not those the library makes")
    column = {
        key: frozen_array(np.array([entry[key] for entry in model["inputs"].values()], dtype=np.float64))
        for key in ("low", "middle", "high", "below", "above", "centre", "scale")
    }
    kernel = model["kernel"]
    rows = np.array(kernel["prototypes"], dtype=np.float64)
    if rows.ndim != 2 or rows.shape[1] != 1 + len(INPUTS) or not np.isfinite(rows).all():
        raise ValueError(f"prototypes of shape {rows.shape}, expected (n, {1 + len(INPUTS)})")
    if not 1 <= kernel["scored"] <= len(rows):
        raise ValueError(f"{kernel['scored']} scored of {len(rows)} prototypes")
    return Regression(
        algorithm=str(model["algorithm"]),
        offset=float(model["offset"]),
        weights=frozen_array(rows[:, 0]),
        prototypes=frozen_array(rows[:, 1:]),
        gamma=float(kernel["gamma"]),
        intercept=float(kernel["intercept"]),
        share=float(kernel["share"]),
        scored=int(kernel["scored"]),
        near=float(kernel["near"]),
        far=float(kernel["far"]),
        **column,
    )


def _some(names: list[str]) -> str:
    return ", ".join(names[:3]) + (", ..." if len(names) > 3 else "")
