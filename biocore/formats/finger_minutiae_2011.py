"""Finger minutiae records of ISO/IEC 19794-2:2011, record format: bytes to dataclasses and back.

A 15-byte head and up to 65,535 representations, each with its own date, device, quality, resolution and picture
size; what a representation says of the finger itself is a `FingerView`, as in the record of 2005, and so are the units
(see `finger_minutiae`). Integers are big-endian. Minutiae of five bytes, without quality, are read; six are written.

ANSI INCITS 378-2009 has the same magic and version; it is told apart by its lengths and refused by name.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import IntEnum

from biocore.errors import FormatError, InvalidTemplateError, UnsupportedFormatError
from biocore.formats.cursor import Cursor
from biocore.formats.finger_minutiae import (
    MAGIC,
    PLAIN,
    FingerMinutiaeRecord,
    FingerView,
    record_from_templates,
    templates_from_record,
)
from biocore.formats.finger_minutiae_rows import FIVE_BYTES, SIX_BYTES, read_minutiae, write_minutiae
from biocore.types import FingerPosition, FingerTemplate

VERSION_2011 = b"030\0"
ALGORITHM = "iso19794-2:2011"  # what a template says that was read from such a record
FAILED_QUALITY = 255  # a quality block whose score could not be computed
UNSPECIFIED = 0  # vendor, device or algorithm that nobody named
MAX_REPRESENTATIONS = (1 << 16) - 1

_HEAD = struct.Struct(">4s4sIHB")  # magic, version, length, representations, certification flag
_PREFIX = struct.Struct(">IHBBBBBHBHHB")  # length, date-time (7 fields), technology, vendor, device, quality blocks
_QUALITY = struct.Struct(">BHH")  # score, vendor, algorithm
_CERTIFICATION = struct.Struct(">HB")  # authority, scheme
_VIEW = struct.Struct(">BBHHBHHBB")  # position, number, x res, y res, impression, w, h, size | ending type, count
_LENGTH = struct.Struct(">H")


class EndingType(IntEnum):
    """Where the position of a ridge ending was taken (ISO/IEC 19794-2:2011)."""

    VALLEY_BIFURCATION = 0
    RIDGE_ENDING = 1


@dataclass(frozen=True, slots=True)
class QualityBlock:
    """One algorithm's word on the sample: a score of 0..100, or 255 where it failed."""

    score: int
    vendor: int = UNSPECIFIED
    algorithm: int = UNSPECIFIED


@dataclass(frozen=True, slots=True, eq=False)
class Representation:
    """One view of one finger, and how it was taken.

    Attributes
    ----------
    view : FingerView
    width, height : int
        Size of the picture in px.
    x_resolution, y_resolution : int
        px/cm.
    captured_at : datetime or None
        UTC, to the millisecond; None where the record says nothing that is a date.
    technology, vendor, device : int
        Of the capture device; 0 = not said.
    qualities : tuple of QualityBlock
    certifications : tuple of (int, int)
        Authority and scheme.
    ending_type : EndingType
    offset : int or None
        Byte of the record it was read from at which it begins.
    """

    view: FingerView
    width: int
    height: int
    x_resolution: int
    y_resolution: int
    captured_at: datetime | None = None
    technology: int = 0
    vendor: int = UNSPECIFIED
    device: int = UNSPECIFIED
    qualities: tuple[QualityBlock, ...] = ()
    certifications: tuple[tuple[int, int], ...] = ()
    ending_type: EndingType = EndingType.VALLEY_BIFURCATION
    offset: int | None = None


@dataclass(frozen=True, slots=True, eq=False)
class FingerMinutiaeRecord2011:
    """A whole record; it carries certification blocks where `certified`."""

    representations: tuple[Representation, ...]
    certified: bool = False


# -- reading ---------------------------------------------------------------------------------------


def read_fmr_2011(data: bytes, file: str | None = None) -> FingerMinutiaeRecord2011:
    """Read a record.

    Raises
    ------
    FormatError
        Damaged or cut off; carries the byte offset.
    UnsupportedFormatError
        Another format or version, ANSI 378-2009 among them.
    """
    cursor = Cursor(bytes(data), file)
    if cursor.data[:8] != MAGIC + VERSION_2011:
        raise UnsupportedFormatError("not a record of ISO/IEC 19794-2:2011", file=file, offset=0)
    _, _, total, count, flag = cursor.take(_HEAD, "the head")
    if flag > 1 or (count and not _is_iso(cursor.data, total)):
        raise UnsupportedFormatError("ANSI INCITS 378-2009, which has the same version", file=file, offset=4)
    if total != len(cursor.data):
        raise FormatError(f"the length says {total}, and {len(cursor.data)} bytes are there", file=file, offset=8)
    found = tuple(_read_representation(cursor, certified=bool(flag)) for _ in range(count))
    if cursor.at != total:
        raise cursor.error(f"{total - cursor.at} bytes too many after the last representation")
    return FingerMinutiaeRecord2011(found, bool(flag))


def _is_iso(data: bytes, total: int) -> bool:
    """Say whether a plausible representation length stands where ISO has it and ANSI its picture's width."""
    length = int.from_bytes(data[_HEAD.size : _HEAD.size + 4], "big")
    return _PREFIX.size + _VIEW.size + _LENGTH.size <= length <= total - _HEAD.size


def _read_representation(cursor: Cursor, *, certified: bool) -> Representation:
    start = cursor.at
    length, *rest = cursor.take(_PREFIX, "a representation")
    *date, technology, vendor, device, blocks = rest
    qualities = tuple(QualityBlock(*cursor.take(_QUALITY, "a quality block")) for _ in range(blocks))
    (count,) = cursor.bytes(1, "the number of certifications") if certified else b"\0"
    pairs = [cursor.take(_CERTIFICATION, "a certification") for _ in range(count)]
    code, number, x_res, y_res, impression, width, height, form, minutiae = cursor.take(_VIEW, "a finger view")
    if code > FingerPosition.LEFT_LITTLE:
        raise cursor.error(f"finger position {code}; 0 to 10 exist", back=_VIEW.size)
    if number > 15 or impression > 15:
        raise cursor.error(f"view {number}, impression {impression}; both are 0 to 15 here", back=_VIEW.size - 1)
    if not (width and height and x_res and y_res):
        raise cursor.error("a picture without size or resolution", back=_VIEW.size - 2)
    quality = next((block.score for block in qualities if block.score <= 100), 0)
    if form >> 4 not in (FIVE_BYTES, SIX_BYTES):
        raise cursor.error(f"minutiae of {form >> 4} bytes; 5 and 6 exist", back=2)
    columns = read_minutiae(cursor, minutiae, form >> 4)
    (extended,) = cursor.take(_LENGTH, "the length of the extended data")
    view = FingerView(
        FingerPosition(code), number, impression, quality, *columns[:5], cursor.bytes(extended, "extended data")
    )
    if cursor.at - start != length:
        raise FormatError(f"length {length}, but its fields fill {cursor.at - start}", file=cursor.file, offset=start)
    ending = EndingType(form & 1)
    return Representation(
        view,
        width,
        height,
        x_res,
        y_res,
        _date(date),
        technology,
        vendor,
        device,
        qualities,
        tuple((authority, scheme) for authority, scheme in pairs),
        ending,
        start,
    )


def _date(fields: Sequence[int]) -> datetime | None:
    *whole, millisecond = fields
    try:
        return datetime(*whole, millisecond * 1000, tzinfo=UTC)  # type: ignore[misc,arg-type]
    except ValueError:
        return None


# -- writing ---------------------------------------------------------------------------------------


def write_fmr_2011(record: FingerMinutiaeRecord2011) -> bytes:
    """Write a record, minutiae with their quality.

    Raises
    ------
    InvalidTemplateError
        A number that does not fit its field.
    """
    try:
        body = b"".join(_write_representation(item, record.certified) for item in record.representations)
        count = len(record.representations)
        return _HEAD.pack(MAGIC, VERSION_2011, _HEAD.size + len(body), count, record.certified) + body
    except struct.error as error:
        raise InvalidTemplateError(f"a number does not fit its field: {error}") from None


def _write_representation(item: Representation, certified: bool) -> bytes:
    view, at = item.view, item.captured_at
    date = (0,) * 7
    if at is not None:
        utc = at.astimezone(UTC)
        date = (utc.year, utc.month, utc.day, utc.hour, utc.minute, utc.second, utc.microsecond // 1000)
    blocks = b"".join(_QUALITY.pack(block.score, block.vendor, block.algorithm) for block in item.qualities)
    if certified:
        blocks += bytes([len(item.certifications)])
        blocks += b"".join(_CERTIFICATION.pack(*pair) for pair in item.certifications)
    form = SIX_BYTES << 4 | item.ending_type
    head = _VIEW.pack(
        view.position,
        view.number,
        item.x_resolution,
        item.y_resolution,
        view.impression,
        item.width,
        item.height,
        form,
        len(view),
    )
    body = blocks + head + write_minutiae(view) + _LENGTH.pack(len(view.extended)) + view.extended
    prefix = (*date, item.technology, item.vendor, item.device, len(item.qualities))
    return _PREFIX.pack(_PREFIX.size + len(body), *prefix) + body


# -- templates -------------------------------------------------------------------------------------


def record_2011_from_templates(
    templates: Sequence[FingerTemplate], impression: int = PLAIN, captured_at: datetime | None = None
) -> FingerMinutiaeRecord2011:
    """Put templates into one record, in their order; several of one finger become its views 0, 1, 2...

    Unlike in the record of 2005, each keeps its own resolution and picture size.

    Raises
    ------
    InvalidTemplateError
        No template, or more than 16 of one finger.
    """
    if not templates:
        raise InvalidTemplateError("there is no template to write; a record needs at least one")
    found = []
    seen: dict[FingerPosition, int] = {}
    for template in templates:
        single = record_from_templates([template], impression)
        (view,) = single.views
        number = seen.get(view.position, 0)
        seen[view.position] = number + 1
        scored = () if template.image_quality is None else (QualityBlock(template.image_quality),)
        numbered = FingerView(
            view.position,
            number,
            view.impression,
            view.quality,
            view.x,
            view.y,
            view.angles,
            view.kinds,
            view.qualities,
        )
        found.append(
            Representation(
                numbered,
                single.width,
                single.height,
                single.x_resolution,
                single.y_resolution,
                captured_at,
                qualities=scored,
            )
        )
    return FingerMinutiaeRecord2011(tuple(found))


def templates_from_record_2011(record: FingerMinutiaeRecord2011) -> tuple[FingerTemplate, ...]:
    """Return the record's representations as templates, each with its best minutiae first."""
    found: list[FingerTemplate] = []
    for item in record.representations:
        single = FingerMinutiaeRecord(item.width, item.height, item.x_resolution, item.y_resolution, (item.view,))
        found.extend(templates_from_record(single, ALGORITHM))
    return tuple(found)
