"""Data blocks of a BioSDK's segments as the engine's samples and templates, or refused with a status code."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace

import biocore
from biocore.engine import Effort
from biocore.errors import BiocoreError
from biocore.eye_records import read_eyes
from biocore.fingerprint.slap_types import LEFT_TO_RIGHT, SlapKind
from biocore.formats import face_image, finger_image, finger_minutiae, iris_image
from biocore.formats.any_record import RecordContents, read_record
from biocore.formats.face_image import read_fac
from biocore.formats.finger_templates import read_templates
from biocore.sbi import subtype
from biocore.types import FingerPosition, FingerTemplate, Frame, Modality, Position, Sample, Template
from biocore_bindings.biosdk_codes import RefusedError, Status, refuse
from biocore_bindings.biosdk_records import MODALITIES, Record, Segment
from biocore_bindings.biosdk_work import Pace

MAX_PIXELS = 16_000_000  # of a data block: a slap at 1000 ppi has 9.6 million
MAX_PICTURES = 16  # of a data block; MOSIP's have one
_MAGIC = {
    "FINGER": (finger_image.MAGIC, finger_minutiae.MAGIC),
    "IRIS": (iris_image.MAGIC,),
    "FACE": (face_image.MAGIC,),
}
_SLAPS = {int(kind): LEFT_TO_RIGHT[kind] for kind in SlapKind}


def select(record: Record | None, wanted: Sequence[str], where: str = "sample") -> dict[str, list[Segment]]:
    """Return the segments that a call is about, by type, in the order asked for; exceptions are left out.

    Parameters
    ----------
    record : Record or None
    wanted : sequence of str
        Types; empty = all there are.
    where : str

    Raises
    ------
    RefusedError
        There is no record or it is empty; none of its segments is of these types; or one of them holds nothing.
    """
    if record is None or not record.segments:
        raise RefusedError(Status.MISSING_INPUT, where)
    types = tuple(dict.fromkeys(wanted or (segment.type for segment in record.segments)))
    chosen = [segment for segment in record.segments if segment.type in types]
    if not chosen:
        there = ", ".join(dict.fromkeys(segment.type for segment in record.segments))
        raise RefusedError(Status.INVALID_INPUT, f"{where} holds {there} where {', '.join(types)} is asked for")
    present = [segment for segment in chosen if segment.bdb or not segment.exception]
    empty = next((segment for segment in present if not segment.bdb), None)
    if empty is not None or not present:
        what = "exceptions alone" if empty is None else f"nothing for {empty.name}"
        raise RefusedError(Status.BIOMETRIC_NOT_FOUND, f"{where} holds {what}")
    return {name: [segment for segment in present if segment.type == name] for name in types}


def check(segment: Segment) -> None:
    """Check that a data block is of the kind that its segment says.

    Raises
    ------
    RefusedError
    """
    magics = _MAGIC.get(segment.type, ())
    if magics and not segment.bdb.startswith(magics):
        kinds = " or ".join(magic.rstrip(b"\0").decode() for magic in magics)
        raise RefusedError(Status.INVALID_INPUT, f"{segment.name}: no record of ISO/IEC 19794 ({kinds})")
    if segment.type in MODALITIES:
        _ = segment.position
    if segment.type == "FACE":
        try:
            read_fac(segment.bdb, segment.name)
        except BiocoreError as error:
            refuse(error, segment.name)


def is_minutiae(segment: Segment) -> bool:
    """Say whether a segment holds a template of a finger."""
    return segment.bdb.startswith(finger_minutiae.MAGIC)


def pictures(segment: Segment) -> list[Sample]:
    """Return the pictures of a segment, slaps as they are.

    Raises
    ------
    RefusedError
        It holds none, a damaged one, or one that nothing here looks at.
    """
    check(segment)
    if is_minutiae(segment):
        raise RefusedError(Status.INVALID_INPUT, f"{segment.name}: minutiae where a picture is asked for")
    try:
        return _eyes(segment) if segment.type == "IRIS" else _fingers(segment, contents(segment))
    except BiocoreError as error:
        refuse(error, segment.name)


def contents(segment: Segment) -> RecordContents:
    """Read what a segment holds, with a limit to what is worth looking at.

    Raises
    ------
    RefusedError
    """
    check(segment)
    try:
        found = read_record(segment.bdb, segment.name)
    except BiocoreError as error:
        refuse(error, segment.name)
    if len(found.images) > MAX_PICTURES or sum(image.width * image.height for image in found.images) > MAX_PIXELS:
        most = f"more than {MAX_PICTURES} pictures, or {MAX_PIXELS} pixels"
        raise RefusedError(Status.INVALID_INPUT, f"{segment.name}: {most}")
    if not found.images and not found.templates:
        raise RefusedError(Status.INVALID_INPUT, f"{segment.name}: a record without a picture")
    return found


def slap_of(segment: Segment, found: RecordContents) -> tuple[FingerPosition, ...] | None:
    """Return the fingers of a slap, left to right, as the subtype or the record names them; None of a single finger."""
    if segment.type != "FINGER" or (not segment.is_unknown and segment.slap is None):
        return None
    return segment.slap or next((_SLAPS[image.place] for image in found.images if image.place in _SLAPS), None)


def named(position: Position, segment: Segment) -> str:
    """Return what a finger or eye is called: by its position, or by its segment where nobody said."""
    return subtype(position) if position.value else segment.name


@dataclass(frozen=True, slots=True, eq=False)
class Made:
    """What was made of one segment: its templates, or why there are none."""

    templates: tuple[Template, ...] = ()
    fault: RefusedError | None = None


class Templates:
    """Makes templates of segments, of the same data once; it is forgotten with the request.

    Parameters
    ----------
    pace : Pace
    effort : "fast" or "robust"
    """

    def __init__(self, pace: Pace, effort: Effort = "fast") -> None:
        self._pace = pace
        self._effort: Effort = effort
        self._made: dict[tuple[str, str, bytes], Made] = {}

    def of(self, segment: Segment) -> Made:
        """Return what a segment holds as templates."""
        key = segment.type, segment.name, hashlib.sha256(segment.bdb).digest()
        if key not in self._made:
            self._pace.step()
            try:
                self._made[key] = Made(tuple(self._of(segment)))
            except RefusedError as fault:
                self._made[key] = Made(fault=fault)
        return self._made[key]

    def _of(self, segment: Segment) -> Sequence[Template]:
        if is_minutiae(segment):
            return minutiae(segment)
        return [extracted(sample, segment, self._effort) for sample in singles(segment)]


def singles(segment: Segment) -> list[Sample]:
    """Return the pictures of a segment that shows one finger or eye.

    Raises
    ------
    RefusedError
        It shows several.
    """
    if segment.type == "FINGER" and not is_minutiae(segment) and slap_of(segment, contents(segment)) is not None:
        raise RefusedError(Status.INVALID_INPUT, f"{segment.name}: a slap; `segment` takes it apart first")
    return pictures(segment)


def extracted(sample: Sample, segment: Segment, effort: Effort) -> Template:
    """Make a template of a picture.

    Raises
    ------
    RefusedError
    """
    try:
        return biocore.extract(sample, effort)
    except BiocoreError as error:
        refuse(error, segment.name)


def minutiae(segment: Segment) -> list[FingerTemplate]:
    """Return the templates of a minutiae record.

    Raises
    ------
    RefusedError
    """
    check(segment)
    try:
        found = read_templates(segment.bdb, segment.name)
    except BiocoreError as error:
        refuse(error, segment.name)
    if not found:
        raise RefusedError(Status.INVALID_INPUT, f"{segment.name}: a record without a finger")
    position = segment.position
    return [replace(template, position=position) if position.value else template for template in found]


def _fingers(segment: Segment, found: RecordContents) -> list[Sample]:
    said = segment.position
    made = []
    for image in found.images:
        frame = Frame(image.pixels, image.ppi, segment.name)
        if image.captured_at is not None:
            frame = replace(frame, captured_at=image.captured_at)
        made.append(Sample(frame, Modality.FINGER, said if said.value else image.position))
    return made


def _eyes(segment: Segment) -> list[Sample]:
    contents(segment)  # its limits
    said = segment.position
    return [replace(eye, position=said) if said.value else eye for eye in read_eyes(segment.bdb, segment.name)]
