"""A finger's quality report: NFIQ 2's measures, the unified score, causes and advice."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from biocore.advice import advise
from biocore.errors import ExtractionError, ModelError, NotAssessableError
from biocore.fingerprint import score
from biocore.fingerprint.causes import find_causes
from biocore.fingerprint.extract import extract
from biocore.fingerprint.ground import print_measures
from biocore.fingerprint.nfiq2 import NFIQ2_NAMES, crop_white_border, nfiq2_measures, quality_block_values
from biocore.fingerprint.regression import default_model
from biocore.fingerprint.scale import to_500
from biocore.models import NFIQ2_FOREST, ModelStore
from biocore.report import Measure, QualityReport, Status
from biocore.types import FingerTemplate, GreyImage, Sample


def assess(sample: Sample, template: FingerTemplate | None = None) -> QualityReport:
    """Assess one finger.

    Parameters
    ----------
    sample : Sample
        A finger of 490 to 1100 ppi.
    template : FingerTemplate or None
        Its template, where there is one already.

    Returns
    -------
    QualityReport
        Score None and a reason where NFIQ 2 refuses the picture; causes and advice are given then too.

    Raises
    ------
    InvalidSampleError
        A resolution outside that range.
    """
    pixels = to_500(sample)
    causes = find_causes(pixels)
    native: dict[str, float] = {}
    unified, reason = None, ""
    try:
        native = nfiq2_measures(pixels, _minutiae(pixels, template))
        unified = score.unified_score(native, seen=lambda: print_measures(pixels))
    except NotAssessableError as refusal:
        reason = str(refusal)
    return QualityReport(
        modality=sample.modality,
        position=sample.position,
        source=sample.source,
        score=None if unified is None else unified.value,
        algorithm=default_model().algorithm if unified is None else unified.algorithm,
        status=Status.FAILED if unified is None else Status.OK,
        reason=reason if unified is None else unified.remark,
        measures=_measures(native),
        causes=causes,
        advice=advise(causes),
    )


def _minutiae(pixels: GreyImage, template: FingerTemplate | None) -> NDArray[np.int32] | None:
    """Minutiae for the four measures that need them, in NFIQ 2's frame: after the white border is cropped.

    They are extracted here only where NIST's own model is installed, which asks for them. They are this
    library's minutiae, not FingerJetFX's that the model was grown on: docs/score.md says what that costs.
    """
    if template is None and _forest_installed():
        try:
            template = extract(pixels, "fast")
        except ExtractionError:
            return np.empty((0, 2), np.int32)
    if template is None:
        return None
    _, (left, top) = crop_white_border(pixels)
    points: NDArray[np.int32] = np.rint(template.points).astype(np.int32) - np.array([left, top], np.int32)
    return points


def _forest_installed() -> bool:
    """Say whether NIST's model lies in the user's store; of one that is damaged, `unified_score` says so."""
    try:
        return ModelStore().find(NFIQ2_FOREST) is not None
    except ModelError:
        return True


def _measures(native: Mapping[str, float]) -> dict[str, Measure]:
    """All 69 in NFIQ 2's order; those without a value carry a status that says so."""
    scores = quality_block_values(native)
    return {name: _measure(name, native.get(name), scores.get(name)) for name in NFIQ2_NAMES}


def _measure(name: str, native: float | None, block_value: int | None) -> Measure:
    if native is None:
        return Measure(name, None, None, Status.NOT_ASSESSED)
    if not math.isfinite(native):
        return Measure(name, None, None, Status.FAILED)
    return Measure(name, native, block_value)
