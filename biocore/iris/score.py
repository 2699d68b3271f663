"""The unified quality score of an iris, 0..100: what share of the usual comparison score its picture will reach.

A logistic curve over a few terms, each of which can only lower the score when its quantity gets worse. The
coefficients are in `models/iris-1.toml`, fitted by `benchmarks/train_iris_score.py` on comparisons with other
pictures of the same eye.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from biocore import coefficients
from biocore.errors import ModelError
from biocore.iris.physics import IrisPhysics

ALGORITHM = "biocore.iris/1"
FORMAT = 1  # of the model file
MODEL = "iris-1.toml"
DOUBTFUL = 0.5  # confidence below which the segmentation caps the score
CAP = 25.0  # points at no confidence; a doubtful segmentation is more often wrong than right
LARGE = 100.0  # px; a larger iris does not compare better
USUAL = (0.28, 0.52)  # pupil by iris radius within which most pupils are
STEADY = 0.2  # stretch of the pupil's edge that still pictures have
QUIET = 0.05  # noise by grey level, that of clear pictures; a drawn eye has less, and compares no better for it
PLAIN = 40.0  # grey levels from the darkest to the iris; clear pictures have more, and compare no better for it
SHARP_EDGE = (
    0.045  # iris radii; sharper is no better, and what a cloud leaves of an edge is no wider than noise makes it
)
WHITE = 1.5  # haze of a white lens; brighter is the same
DOUBT = (0.03, 0.7)  # of the segmentation: what is as good as none, and from which on the eye is lost anyhow
LOBED = 0.5  # haze; around a pupil that is hardly darker than the iris nothing can be told to be as dark as it
CLEAR_RING = 0.06  # clear corneas' prominence
FRONTAL = 15.0  # degrees that a frontal limbus' ellipse may be off


def _log(value: float, least: float) -> float:
    """Return the logarithm, of `least` where the value is smaller or cannot be told."""
    return math.log(max(value, least)) if math.isfinite(value) else math.log(least)


def _over(value: float, limit: float) -> float:
    """Return by how much a limit is exceeded; nothing where that cannot be told."""
    return max(0.0, value - limit) if math.isfinite(value) else 0.0


# Each term rises where the picture gets worse.
TERMS: dict[str, Callable[[IrisPhysics], float]] = {
    "occlusion": lambda p: -_log(p.usable_share, 0.05),
    "lost_detail": lambda p: -_log(p.fine_detail, 0.002),
    "lost_texture": lambda p: -_log(p.coarse_detail, 0.004),
    "edge_width": lambda p: _log(p.edge_width, SHARP_EDGE),
    "noise": lambda p: _log(p.noise, QUIET),
    "motion": lambda p: _over(p.edge_stretch, STEADY),
    "low_contrast": lambda p: -_log(min(p.iris_grey - p.dark_grey, PLAIN), 4.0),
    "wide_pupil": lambda p: _over(p.dilation, USUAL[1]),
    "small_pupil": lambda p: _over(USUAL[0], p.dilation),
    "covered_pupil": lambda p: p.pupil_cover,
    "small_iris": lambda p: -_log(min(p.iris_radius, LARGE), 10.0),
    "gaze": lambda p: _over(p.tilt, FRONTAL),
    "eccentric": lambda p: _over(p.offset, 0.1),
    "irregular": lambda p: _over(math.sqrt(p.roundness_loss), 2.0),
    "haze": lambda p: min(_over(p.pupil_haze, 0.1), WHITE),
    "ring": lambda p: _over(p.ring_height, CLEAR_RING),
    "lobe": lambda p: min(_over(p.pupil_lobe, 0.01), 0.3) if p.pupil_haze < LOBED else 0.0,
    "reflection": lambda p: _over(p.specular_share, 0.03),
    "spectacles": lambda p: min(1.0, _over(p.glare_share, 0.005) * 10.0 + _over(p.rim_length, 2.0) * 0.1),
    "cut": lambda p: _over(0.0, p.margins),
    "doubt": lambda p: min(_over(1.0 - p.confidence, DOUBT[0]), DOUBT[1]),
}


@dataclass(frozen=True, slots=True)
class Model:
    """Score = 100 / (1 + exp(-(offset - sum of weight x term))), weights not negative."""

    offset: float
    weights: Mapping[str, float]

    def predict(self, p: IrisPhysics) -> float:
        """Return 0..100."""
        z = self.offset - sum(weight * TERMS[name](p) for name, weight in self.weights.items())
        return 50.0 * (1.0 + math.tanh(0.5 * z))


def unified(physics: IrisPhysics) -> tuple[int, str]:
    """Score a segmented eye.

    Returns
    -------
    (int, str)
        0..100, and why it was lowered; empty where it was not.
    """
    value, remark = model().predict(physics), ""
    if physics.confidence < DOUBTFUL:
        cap = CAP + (100.0 - CAP) * max(0.0, physics.confidence / DOUBTFUL) ** 4
        if value > cap:
            value, remark = cap, f"capped: the iris' boundaries are doubtful (confidence {physics.confidence:.2f})"
    return math.floor(round(value, 6) + 0.5), remark


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
    weights = {str(name): float(value) for name, value in raw["weights"].items()}
    if unknown := sorted(set(weights) - set(TERMS)):
        raise ModelError(f"{MODEL} has weights for unknown terms: {', '.join(unknown)}")
    if not all(math.isfinite(value) and value >= 0.0 for value in weights.values()):
        raise ModelError(f"{MODEL}: weights must not be negative")
    return Model(float(raw["offset"]), weights)
