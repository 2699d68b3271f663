"""An iris' quality report: the components of ISO/IEC 29794-6, the unified score, causes and advice."""

from __future__ import annotations

from biocore.advice import advise
from biocore.errors import ExtractionError
from biocore.iris import score
from biocore.iris.absence import why_no_iris
from biocore.iris.causes import conclude
from biocore.iris.components import measures
from biocore.iris.extract import LEAST_CONFIDENCE
from biocore.iris.physics import measure
from biocore.iris.segment import segment
from biocore.iris.segmentation import Segmentation
from biocore.report import Cause, QualityReport, Status
from biocore.types import Sample


def assess(sample: Sample) -> QualityReport:
    """Assess one iris.

    Parameters
    ----------
    sample : Sample
        One eye in near infrared light.

    Returns
    -------
    QualityReport
        Score None and a reason where there is no iris to be assessed; CLOSED or NO_EYE is then among the causes.
        A segmentation that can hardly be believed caps the score, and the reason says so.
    """
    try:
        found = segment(sample.pixels)
    except ExtractionError as refusal:
        return _refused(sample, str(refusal), ())
    return report(sample, found)


def report(sample: Sample, found: Segmentation) -> QualityReport:
    """Assess an iris that has been segmented already."""
    physics = measure(sample.pixels, found)
    causes = conclude(physics)
    if physics.confidence < LEAST_CONFIDENCE:
        why = "; ".join(found.warnings) or "their edges are too faint"
        return _refused(sample, f"no iris that can be believed: {why} (confidence {physics.confidence:.2f})", causes)
    value, remark = score.unified(physics)
    return QualityReport(
        modality=sample.modality,
        position=sample.position,
        source=sample.source,
        score=value,
        algorithm=score.ALGORITHM,
        reason=remark,
        measures=measures(physics),
        causes=causes,
        advice=advise(causes),
    )


def _refused(sample: Sample, reason: str, seen: tuple[Cause, ...]) -> QualityReport:
    """Report on a picture without an iris that could be assessed."""
    causes = (why_no_iris(sample.pixels), *seen)
    return QualityReport(
        modality=sample.modality,
        position=sample.position,
        source=sample.source,
        score=None,
        algorithm=score.ALGORITHM,
        status=Status.FAILED,
        reason=reason,
        measures=measures(None),
        causes=causes,
        advice=advise(causes),
    )
