"""The unified quality score of a fingerprint, 0..100, from its NFIQ 2 measures.

NIST's own random forest makes it where the user has added that (`biocore.models`) and all 69 measures are there;
otherwise the default model that comes with the library does. Every score says which of the two made it: the
numbers of the two are close, and not the same.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache

from biocore.errors import FormatError, ModelError
from biocore.fingerprint.forest import Forest, parse_forest
from biocore.fingerprint.ground import CONTRAST
from biocore.fingerprint.regression import default_model, foreground_blocks, model_inputs
from biocore.models import NFIQ2_FOREST, ModelInfo, ModelStore

FEW_BLOCKS = 32.0  # foreground blocks of 32 × 32 px, 85 mm² at 500 ppi; 2 of the 199 training prints have fewer
SPEAK_OF = 6.0  # points; a lowering by less is within the model's own mean error on unseen prints
FAINT = 0.4  # contrast; of 320 prints of four sensors 2 % have less, of synthetic ones pressed lightly (0.5) half
BLANK_GREY = (242.0, 250.0)  # mean grey level: the brightest training print has 241; NFIQ 2 flags > 250 as empty


@dataclass(frozen=True, slots=True)
class Score:
    """One unified score.

    Attributes
    ----------
    value : int
        0 (useless) .. 100 (excellent).
    algorithm : str
        What made it: `nfiq2/2.3`, `biocore.finger/1`.
    remark : str
        Why it was lowered, or why another algorithm than the installed one made it; empty otherwise.
    """

    value: int
    algorithm: str
    remark: str = ""


# The order of NIST's feature vector (usnistgov/NFIQ2, RandomForestML).
FOREST_ORDER = (
    *(f"FDA_Bin10_{k}" for k in (*range(10), "Mean", "StdDev")),
    "FingerJetFX_MinCount_COMMinRect200x200",
    "FingerJetFX_MinutiaeCount",
    "FJFXPos_Mu_MinutiaeQuality_2",
    "FJFXPos_OCL_MinutiaeQuality_80",
    "ImgProcROIArea_Mean",
    *(f"LCS_Bin10_{k}" for k in (*range(10), "Mean", "StdDev")),
    "MMB",
    "Mu",
    *(f"OCL_Bin10_{k}" for k in (*range(10), "Mean", "StdDev")),
    *(f"OF_Bin10_{k}" for k in (*range(10), "Mean", "StdDev")),
    "OrientationMap_ROIFilter_CoherenceRel",
    "OrientationMap_ROIFilter_CoherenceSum",
    *(f"RVUP_Bin10_{k}" for k in (*range(10), "Mean", "StdDev")),
)


def unified_score(
    measures: Mapping[str, float],
    store: ModelStore | None = None,
    seen: Callable[[], Mapping[str, float]] | None = None,
) -> Score:
    """Score a print: by NIST's forest where it can be, else by the default model.

    Parameters
    ----------
    measures : Mapping of str to float
        As `nfiq2_measures` gives them: 65, or all 69. NIST's forest was grown on FingerJetFX minutiae; with another
        extractor's the four minutiae measures differ, and the score with them.
    store : ModelStore or None
        Where NIST's forest may lie; None = the user's store.
    seen : function or None
        Gives the measures of the print as the default model shall see it (`ground.print_measures`); asked only where
        that model scores. None = `measures`.

    Returns
    -------
    Score
        A forest that is installed and damaged does not stop the work: the default model scores, and the remark
        says so.

    Raises
    ------
    NotAssessableError
        A measure that the model needs is missing or has no finite value, or `seen` refuses the picture.
    """
    remark = ""
    if all(name in measures for name in FOREST_ORDER):
        try:
            forest = _installed_forest(store if store is not None else ModelStore())
        except ModelError as error:
            forest, remark = None, f"not scored by {NFIQ2_FOREST}: {error}"
        if forest is not None:
            model_inputs(measures)  # refuses what no model can score; the minutiae shares alone may be NaN
            return Score(forest.percentage([measures[name] for name in FOREST_ORDER]), NFIQ2_FOREST)
    value, reason = _guarded(measures if seen is None else seen())
    return Score(_whole(value), default_model().algorithm, "; ".join(filter(None, (reason, remark))))


def default_score(measures: Mapping[str, float]) -> float:
    """Return the default model's score before it is rounded, 0..100.

    Parameters
    ----------
    measures : Mapping of str to float
        At least the 65 measures that need no minutiae.

    Raises
    ------
    NotAssessableError
        One of them is missing or has no finite value.
    """
    return _guarded(measures)[0]


def _guarded(measures: Mapping[str, float]) -> tuple[float, str]:
    """Return the model's answer, lowered where the print lies below all the model has seen, and why."""
    answer = default_model().predict(model_inputs(measures))
    value, reasons = answer.value, []
    if answer.usual - answer.value > SPEAK_OF:
        reasons.append(f"unlike the prints the model was trained on: {answer.value:.0f} instead of {answer.usual:.0f}")
    blocks = foreground_blocks(measures)
    if blocks < FEW_BLOCKS:
        value *= blocks / FEW_BLOCKS
        reasons.append(f"small print: {blocks:.0f} foreground blocks, the model knows {FEW_BLOCKS:.0f} and more")
    contrast = measures.get(CONTRAST, 1.0)
    if contrast < FAINT:
        value *= contrast / FAINT
        reasons.append(f"faint print: ridges {contrast:.0%} darker than their ground, most prints {FAINT:.0%} and more")
    grey, blank = BLANK_GREY
    if measures["Mu"] > grey:
        value *= max(0.0, (blank - measures["Mu"]) / (blank - grey))
        reasons.append(f"nearly blank: mean grey {measures['Mu']:.0f}, the model knows up to {grey:.0f}")
    return value, "; ".join(reasons)


def _whole(value: float) -> int:
    """Round half up, after dropping the digits in which machines differ."""
    return math.floor(round(value, 6) + 0.5)


def _installed_forest(store: ModelStore) -> Forest | None:
    info = store.find(NFIQ2_FOREST)
    return None if info is None else _read_forest(store, info)


@lru_cache(maxsize=2)
def _read_forest(store: ModelStore, info: ModelInfo) -> Forest:
    """Read the forest once a process; its hash is checked again as it is read."""
    try:
        forest = parse_forest(store.read(info), file=info.name)
    except FormatError as error:
        raise ModelError(str(error)) from error
    if forest.inputs != len(FOREST_ORDER):
        raise ModelError(f"{info.name}: a forest of {forest.inputs} inputs, not {len(FOREST_ORDER)}")
    return forest
