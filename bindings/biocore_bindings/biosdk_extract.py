"""`extract-template`: a finger becomes a minutiae record of ISO/IEC 19794-2, an eye a cropped picture of 19794-6.

Irises have no standard template: what systems exchange is the picture cut to the iris (K3), of which each makes its own
code. All that a segment says of itself is kept; its score is measured anew, and its signature, which was the picture's,
is left away.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import cast

import biocore
from biocore.engine import Effort
from biocore.errors import BiocoreError
from biocore.eye_records import write_eyes
from biocore.formats.cbeff import FINGER_MINUTIAE, IRIS_IMAGE
from biocore.formats.finger_minutiae_2011 import record_2011_from_templates, write_fmr_2011
from biocore.formats.finger_templates import TemplateFormat, write_templates
from biocore.formats.iris_image import ImageKind, read_iir
from biocore.formats.iris_image_pixels import ImageFormat
from biocore.report import QualityReport
from biocore.types import FingerTemplate, Sample
from biocore_bindings.biosdk_codes import RefusedError, Status, refuse
from biocore_bindings.biosdk_pictures import extracted, is_minutiae, minutiae, singles
from biocore_bindings.biosdk_records import SUPPORTED, Record, Segment
from biocore_bindings.biosdk_work import Pace

MAKER = "biocore"
FORMATS = (TemplateFormat.FMR_2005, TemplateFormat.FMR_2011)
_CUT = (ImageKind.CROPPED, ImageKind.CROPPED_AND_MASKED)
_NAMES = {  # of editions in a flag `FINGER.format`, letters and digits alone
    "fmr2005": TemplateFormat.FMR_2005,
    "iso1979422005": TemplateFormat.FMR_2005,
    "fmr2011": TemplateFormat.FMR_2011,
    "iso1979422011": TemplateFormat.FMR_2011,
}


def edition(flags: Mapping[str, str], usual: TemplateFormat) -> TemplateFormat:
    """Return the edition that the flag `FINGER.format` names; what names none is the name of a service."""
    said = next((text for key, text in flags.items() if key.upper() == "FINGER.FORMAT"), "")
    return _NAMES.get("".join(filter(str.isalnum, said)).lower(), usual)


def extract(
    record: Record, chosen: dict[str, list[Segment]], layout: TemplateFormat, pace: Pace, effort: Effort, *, named: bool
) -> tuple[list[Segment], int]:
    """Make templates of segments.

    Parameters
    ----------
    record : Record
        Its exceptions are handed on as they are.
    chosen : dict of str to list of Segment
        By type.
    layout : TemplateFormat
        Of fingers.
    pace : Pace
    effort : "fast" or "robust"
    named : bool
        The types were asked for by name: one that is not supported is refused, and not left out.

    Returns
    -------
    list of Segment
        In the record's order.
    int
        How many were left out, because nothing here makes templates of them.

    Raises
    ------
    RefusedError
        A segment is damaged, or has nothing to make a template of.
    GoneError
    """
    foreign = [name for name in chosen if name not in SUPPORTED]
    if foreign and (named or len(foreign) == len(chosen)):
        raise RefusedError(Status.INVALID_INPUT, f"Modality {', '.join(foreign)} is not supported")
    made = []
    for segment in record.segments:
        if segment.type not in chosen or segment.type in foreign:
            continue
        pace.step()
        if segment.exception and not segment.bdb:
            made.append(segment)
        else:
            made.append(_finger(segment, layout, effort) if segment.type == "FINGER" else _eye(segment, effort))
    return made, sum(len(chosen[name]) for name in foreign)


def _finger(segment: Segment, layout: TemplateFormat, effort: Effort) -> Segment:
    if is_minutiae(segment):
        there = minutiae(segment)
        return _with(segment, _record(there, layout, None, segment), FINGER_MINUTIAE, "PROCESSED", there[0].algorithm)
    samples = singles(segment)
    fingers = [cast(FingerTemplate, extracted(sample, segment, effort)) for sample in samples]
    reports = [_report(sample, segment, finger) for sample, finger in zip(samples, fingers, strict=True)]
    scored = [replace(finger, image_quality=report.score) for finger, report in zip(fingers, reports, strict=True)]
    data = _record(scored, layout, samples[0].frame.captured_at, segment)
    return _with(segment, data, FINGER_MINUTIAE, "PROCESSED", fingers[0].algorithm, reports[0])


def _eye(segment: Segment, effort: Effort) -> Segment:
    samples = singles(segment)
    # An eye that nothing can be made of is refused here, and not by whoever compares it.
    templates = [extracted(sample, segment, effort) for sample in samples]
    report = _report(samples[0], segment)
    try:
        cut = all(image.kind in _CUT for image in read_iir(segment.bdb).images)
        data = segment.bdb if cut else write_eyes(samples, ImageKind.CROPPED, ImageFormat.MONO_JPEG2000)
    except BiocoreError as error:
        refuse(error, segment.name)
    return _with(segment, data, IRIS_IMAGE, "INTERMEDIATE", templates[0].algorithm, report)


def _report(sample: Sample, segment: Segment, template: FingerTemplate | None = None) -> QualityReport:
    try:
        return biocore.assess(sample, template)
    except BiocoreError as error:
        refuse(error, segment.name)


def _record(
    templates: Sequence[FingerTemplate], layout: TemplateFormat, when: datetime | None, segment: Segment
) -> bytes:
    try:
        if layout is TemplateFormat.FMR_2011:
            return write_fmr_2011(record_2011_from_templates(templates, captured_at=when))
        return write_templates(templates, layout)
    except BiocoreError as error:
        refuse(error, segment.name)


def _with(
    segment: Segment, data: bytes, kind: str, level: str, algorithm: str, report: QualityReport | None = None
) -> Segment:
    """Return a segment with its template, and what says where it comes from."""
    made = replace(
        segment,
        bdb=data,
        sb=b"",
        sb_format=None,
        format=(segment.format[0], kind),
        level=level,
        info=replace(segment.info, payload=None),
        algorithms={**segment.algorithms, "featureExtractionAlgorithm": (MAKER, algorithm)},
    )
    if report is None:
        return made
    return replace(made, score=report.score or 0, algorithm=(MAKER, report.algorithm), failed=report.reason or None)
