"""`check-quality`: how good each finger and eye is, and why; a mean a modality, as the interface wants it.

The mean hides a finger that is not there behind three good ones. What each one has, its causes and what to do about
them, is therefore said in `analyticsInfo`; what could not be assessed counts as nothing in the mean, and is named in
`errors`.
"""

from __future__ import annotations

from collections.abc import Iterator

import biocore
from biocore.advice import advice_text
from biocore.errors import BiocoreError
from biocore.report import QualityReport
from biocore.types import FingerPosition, Sample
from biocore_bindings.biosdk_answers import Json
from biocore_bindings.biosdk_codes import refuse
from biocore_bindings.biosdk_pictures import check, contents, named, pictures, slap_of
from biocore_bindings.biosdk_records import SUPPORTED, Segment
from biocore_bindings.biosdk_work import Pace


def check_quality(chosen: dict[str, list[Segment]], pace: Pace, *, strict: bool) -> Json:
    """Assess segments.

    Parameters
    ----------
    chosen : dict of str to list of Segment
        By type.
    pace : Pace
    strict : bool
        Leave `analyticsInfo` empty.

    Returns
    -------
    Json
        A `QualityCheck`.

    Raises
    ------
    RefusedError
    GoneError
    """
    for segments in chosen.values():
        for segment in segments:
            check(segment)
    scores = {name: _modality(name, segments, pace, strict=strict) for name, segments in chosen.items()}
    return {"scores": scores, "analyticsInfo": {}}


def _modality(name: str, segments: list[Segment], pace: Pace, *, strict: bool) -> Json:
    if name not in SUPPORTED:
        return _no_score(f"Modality {name} is not supported")
    if not segments:
        return _no_score(f"The sample holds no {name}")
    reports: dict[str, QualityReport] = {}
    for segment in segments:
        for sample in single(segment):
            pace.step()
            report = _assessed(sample, segment)
            reports[_unused(named(sample.position, segment), reports)] = report
    errors = [f"{who}: {report.reason}" for who, report in reports.items() if report.score is None]
    mean = sum(report.score or 0 for report in reports.values()) / len(reports)
    said = {} if strict else {key: text for who, report in reports.items() for key, text in _said(who, report)}
    return {"score": round(mean, 2), "errors": errors, "analyticsInfo": said}


def _no_score(why: str) -> Json:
    return {"score": 0.0, "errors": [why], "analyticsInfo": {}}


def single(segment: Segment) -> list[Sample]:
    """Return the fingers or eyes of a segment one by one, slaps taken apart.

    Raises
    ------
    RefusedError
    """
    samples = pictures(segment)
    if segment.type != "FINGER":
        return samples
    slap = slap_of(segment, contents(segment))
    return samples if slap is None else [part for sample in samples for part in apart(sample, slap, segment)]


def apart(sample: Sample, fingers: tuple[FingerPosition, ...], segment: Segment) -> list[Sample]:
    """Take a slap apart.

    Raises
    ------
    RefusedError
        Fewer or more fingers lie there.
    """
    try:
        slap = biocore.segment_slap(sample, fingers)
    except BiocoreError as error:
        refuse(error, segment.name)
    return [finger.sample for finger in slap.fingers]


def _assessed(sample: Sample, segment: Segment) -> QualityReport:
    try:
        return biocore.assess(sample)
    except BiocoreError as error:
        refuse(error, segment.name)


def _said(who: str, report: QualityReport) -> Iterator[tuple[str, str]]:
    """Say all that a report has, as texts, which is what the interface can carry."""
    yield f"{who}.score", "not assessed" if report.score is None else str(report.score)
    yield f"{who}.algorithm", report.algorithm
    if report.reason:
        yield f"{who}.reason", report.reason
    if report.causes:
        yield f"{who}.causes", ", ".join(f"{cause.name} {cause.confidence:.2f}" for cause in report.causes)
    if report.advice:
        yield f"{who}.advice", " ".join(advice_text(advice) for advice in report.advice)


def _unused(name: str, taken: dict[str, QualityReport]) -> str:
    """Return a name, numbered where it is taken already."""
    numbers = (f"{name} #{k}" for k in range(2, len(taken) + 3))
    return name if name not in taken else next(each for each in numbers if each not in taken)
