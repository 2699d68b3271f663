"""`segment`: slaps become single fingers with their names; what shows one finger or eye already stays what it is."""

from __future__ import annotations

import uuid
from dataclasses import replace

import biocore
from biocore.errors import BiocoreError
from biocore.formats.cbeff import FINGER_IMAGE, position_of, subtype_of
from biocore.report import QualityReport
from biocore.types import FingerPosition, Position, Sample
from biocore_bindings.biosdk_codes import RefusedError, Status, refuse
from biocore_bindings.biosdk_extract import MAKER
from biocore_bindings.biosdk_pictures import check, contents, pictures, slap_of
from biocore_bindings.biosdk_quality import apart
from biocore_bindings.biosdk_records import SUPPORTED, Record, Segment
from biocore_bindings.biosdk_work import Pace
from biocore_bindings.sbi_records import Scored, record_of


def split(record: Record, chosen: dict[str, list[Segment]], pace: Pace) -> list[Segment]:
    """Take segments apart.

    Parameters
    ----------
    record : Record
        Its exceptions say which fingers are not there.
    chosen : dict of str to list of Segment
        By type.
    pace : Pace

    Returns
    -------
    list of Segment
        In the record's order, fingers of a slap from left to right.

    Raises
    ------
    RefusedError
        A segment is damaged, of another modality, or shows fewer or more fingers than it should.
    GoneError
    """
    foreign = [name for name in chosen if name not in SUPPORTED]
    if foreign:
        raise RefusedError(Status.INVALID_INPUT, f"Modality {', '.join(foreign)} is not supported")
    missing = {position_of("finger", one.subtype) for one in record.segments if one.exception and one.type == "FINGER"}
    found: list[Segment] = []
    for segment in (one for one in record.segments if one.type in chosen and (one.bdb or not one.exception)):
        pace.step()
        found.extend(_parts(segment, missing))
    return found


def _parts(segment: Segment, missing: set[Position | None]) -> list[Segment]:
    check(segment)
    samples = pictures(segment)
    if segment.type != "FINGER":
        return [segment]
    held = contents(segment)
    slap = slap_of(segment, held)
    if slap is None:
        return [segment]
    gone = missing | {position for position, _ in held.missing}
    there = tuple(finger for finger in slap if finger not in gone)
    if not there:
        raise RefusedError(Status.INVALID_INPUT, f"{segment.name}: every finger of it is an exception")
    return [_part(one, segment) for sample in samples for one in apart(sample, there, segment)]


def _part(sample: Sample, segment: Segment) -> Segment:
    report = _assessed(sample, segment)
    try:
        data = record_of(Scored(sample, report))
    except BiocoreError as error:
        refuse(error, segment.name)
    return replace(
        segment,
        subtype=subtype_of(FingerPosition(sample.position)),
        bdb=data,
        sb=b"",
        sb_format=None,
        format=(segment.format[0], FINGER_IMAGE),
        index=str(uuid.uuid4()),
        score=report.score or 0,
        algorithm=(MAKER, report.algorithm),
        failed=report.reason or None,
        info=replace(segment.info, payload=None),
    )


def _assessed(sample: Sample, segment: Segment) -> QualityReport:
    try:
        return biocore.assess(sample)
    except BiocoreError as error:
        refuse(error, segment.name)
