"""Finger minutiae records of ANSI INCITS 378-2004, 378-2009 and its first amendment: bytes to dataclasses and back.

They are the elder cousins of the ISO records, with the same minutiae of six bytes. What differs:

========== ============================== ==========================================================
quantity   record                         template
========== ============================== ==========================================================
direction  2 degrees a step, 0..179       radians; counter-clockwise from +x in both
quality    0..100; from 2009 on 254 =     the same; 0 in a record of 2004, and 254 and 255, are None
           not reported, 255 = failed
picture    2004: one size and resolution  each template has its own
           for all; 2009: each its own
========== ============================== ==========================================================

Magic and version do not tell ANSI from ISO: 2004 shares `" 20"` with ISO of 2005, 2009 shares `"030"` with ISO of 2011.
`is_ansi` decides by the lengths. The layouts follow fingerprintio's and libbiomeval's readers of the published
examples, which disagree on the head of 2009: 21 bytes, or 20 without the byte of certification. Both are read.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

import numpy as np

from biocore.errors import FormatError, InvalidTemplateError, UnsupportedFormatError
from biocore.formats.cursor import Cursor
from biocore.formats.finger_minutiae import (
    MAGIC,
    MAX_VIEWS,
    PLAIN,
    FingerMinutiaeRecord,
    FingerView,
    record_from_templates,
    templates_from_record,
)
from biocore.formats.finger_minutiae_rows import read_minutiae, write_minutiae
from biocore.types import FingerPosition, FingerTemplate

STEPS = 180  # of a turn: 2 degrees each
NOT_REPORTED, FAILED = 254, 255  # qualities, from 2009 on
UNSPECIFIED = 0

_START = struct.Struct(">4s4s")  # magic, version
_SHORT, _LONG, _BYTE = struct.Struct(">H"), struct.Struct(">I"), struct.Struct(">B")
_HEAD_2004 = struct.Struct(">HHHHHHHBB")  # owner, subformat, equipment, width, height, x res, y res, views, 0
_HEAD_2009 = struct.Struct(">HHBHBB")  # owner, subformat, certification, device, views, 0
_VIEW_2004 = struct.Struct(">BBBB")  # position, view number | impression, quality, minutiae
_VIEW_2009 = struct.Struct(">BBBBHHHHHHB")  # position, number, impression, quality, vendor, algorithm, w, h, res, count
_PICTURE_2004, _PICTURE_2009 = 6, 8  # bytes of head and view before size and resolution of the picture
_SHORTER = 1  # byte that some heads of 2009 lack
_CERTIFIED_2009 = 0x80
_LONG_LENGTH = 1 << 16  # bytes from which on a record of 2004 writes its length in six


class AnsiEdition(Enum):
    """Editions of ANSI INCITS 378, by the version that their records carry."""

    OF_2004 = b" 20\0"
    OF_2009 = b"030\0"
    OF_2009_AM1 = b"035\0"


_VERSIONS = {edition.value: edition for edition in AnsiEdition} | {b"020\0": AnsiEdition.OF_2004}  # as fingerprintio's


@dataclass(frozen=True, slots=True, eq=False)
class AnsiFinger:
    """One view of one finger, and the picture it was found in.

    Attributes
    ----------
    view : FingerView
        Its angles are in steps of 2 degrees.
    width, height : int
        px.
    x_resolution, y_resolution : int
        px/cm.
    quality_vendor, quality_algorithm : int
        Whose the quality is, as registered with IBIA; 0 = not said.
    offset : int or None
        Byte of the record it was read from at which its view begins.
    """

    view: FingerView
    width: int
    height: int
    x_resolution: int
    y_resolution: int
    quality_vendor: int = UNSPECIFIED
    quality_algorithm: int = UNSPECIFIED
    offset: int | None = None


@dataclass(frozen=True, slots=True, eq=False)
class AnsiMinutiaeRecord:
    """A whole record.

    Attributes
    ----------
    edition : AnsiEdition
    fingers : tuple of AnsiFinger
    owner, subformat : int
        The CBEFF product identifier of what wrote it.
    certified : bool
        The capture device meets the FBI's image quality specification.
    device : int
        Capture device type; 12 bits in 2004, 16 from 2009 on.
    remarks : tuple of str
        What was wrong in the bytes it was read from, and is right when it is written again.
    """

    edition: AnsiEdition
    fingers: tuple[AnsiFinger, ...]
    owner: int = UNSPECIFIED
    subformat: int = 0
    certified: bool = False
    device: int = 0
    remarks: tuple[str, ...] = ()


def is_ansi(data: bytes) -> bool:
    """Say whether a finger minutiae record is one of ANSI's rather than of ISO's.

    In 2004 the length has two bytes where ISO has four, whose upper two are 0. In 2009 ISO's first representation
    begins where ANSI has its product identifier: it is ISO's if the lengths of all representations add up.
    """
    version = data[4:8]
    if data[:4] != MAGIC or version not in _VERSIONS:
        return False
    if version == AnsiEdition.OF_2004.value:
        return int.from_bytes(data[8:10], "big") > 0 or int.from_bytes(data[10:12], "big") < _HEAD_2004.size
    return version != AnsiEdition.OF_2009.value or not _adds_up_as_iso(data)


def _adds_up_as_iso(data: bytes) -> bool:
    total, count = int.from_bytes(data[8:12], "big"), int.from_bytes(data[12:14], "big")
    at = 15  # bytes of ISO's head
    if count == 0:
        return total == at
    # A damaged record of ISO's is still one: its first representation alone must be possible.
    first = int.from_bytes(data[at : at + 4], "big")
    smallest = 20 + 17 + 2  # bytes: prefix, view, length of the extended data
    return smallest <= first <= total - at


# -- reading ---------------------------------------------------------------------------------------


def read_ansi(data: bytes, file: str | None = None) -> AnsiMinutiaeRecord:
    """Read a record.

    Raises
    ------
    FormatError
        Damaged or cut off; carries the byte offset.
    UnsupportedFormatError
        Another format or version.
    """
    cursor = Cursor(bytes(data), file)
    cursor.take(_START, "the head")
    if not is_ansi(cursor.data):
        raise UnsupportedFormatError("not a finger minutiae record of ANSI INCITS 378", file=file, offset=0)
    edition = _VERSIONS[cursor.data[4:8]]
    if edition is AnsiEdition.OF_2004:
        return _read_2004(cursor)
    return _read_2009(cursor, edition)


def _read_2004(cursor: Cursor) -> AnsiMinutiaeRecord:
    (total,) = cursor.take(_SHORT, "the length")
    if total == 0:
        (total,) = cursor.take(_LONG, "the long length")
    remarks = _check_length(cursor, total)
    if cursor.data[4:8] != AnsiEdition.OF_2004.value:
        remarks.append(f"version {cursor.data[4:8]!r} stands for {AnsiEdition.OF_2004.value!r}")
    picture_at = cursor.offset + _PICTURE_2004
    owner, subformat, equipment, *picture, count, _ = cursor.take(_HEAD_2004, "the head")
    fingers = []
    for _ in range(count):
        start = cursor.offset
        _check_picture(picture, picture_at, cursor)
        code, both, quality, minutiae = cursor.take(_VIEW_2004, "a finger view")
        number, impression = both >> 4, both & 0x0F
        view = _read_view(cursor, start, (code, number, impression, quality), minutiae, remarks)
        fingers.append(_finger(view, picture, (UNSPECIFIED, UNSPECIFIED), start, remarks))
    _note_rest(cursor, remarks)
    return AnsiMinutiaeRecord(
        AnsiEdition.OF_2004, tuple(fingers), owner, subformat, bool(equipment >> 15), equipment & 0x0FFF, tuple(remarks)
    )


def _read_2009(cursor: Cursor, edition: AnsiEdition) -> AnsiMinutiaeRecord:
    (total,) = cursor.take(_LONG, "the length")
    remarks = _check_length(cursor, total)
    if _head_is_short(cursor):
        remarks.append("the head lacks its byte of certification")
        cursor = Cursor(cursor.data[:16] + b"\0" + cursor.data[16:], cursor.file, cursor.at, added=1)
    owner, subformat, certified, device, count, _ = cursor.take(_HEAD_2009, "the head")
    fingers = []
    for _ in range(count):
        start = cursor.offset
        *who, vendor, algorithm, width, height, x_res, y_res, minutiae = cursor.take(_VIEW_2009, "a finger view")
        picture = (width, height, x_res, y_res)
        _check_picture(picture, start + _PICTURE_2009, cursor)
        view = _read_view(cursor, start, who, minutiae, remarks)
        fingers.append(_finger(view, picture, (vendor, algorithm), start, remarks))
    _note_rest(cursor, remarks)
    certification = bool(certified & _CERTIFIED_2009)
    return AnsiMinutiaeRecord(edition, tuple(fingers), owner, subformat, certification, device, tuple(remarks))


def _head_is_short(cursor: Cursor) -> bool:
    """Say whether the head makes sense only without the byte of certification: a whole record fills its bytes."""
    return not _fills(cursor.data, cursor.at + _HEAD_2009.size) and _fills(
        cursor.data, cursor.at + _HEAD_2009.size - _SHORTER
    )


def _fills(data: bytes, at: int) -> bool:
    """Say whether the views that begin at byte `at` end with the record."""
    if at > len(data):
        return False
    for _ in range(data[at - 2]):
        if at + _VIEW_2009.size > len(data):
            return False
        at += _VIEW_2009.size + 6 * data[at + _VIEW_2009.size - 1]
        at += _SHORT.size + int.from_bytes(data[at : at + _SHORT.size], "big")
    return at == len(data)


def _check_length(cursor: Cursor, total: int) -> list[str]:
    there = len(cursor.data)
    if total > there:
        raise FormatError(f"the record is {total} bytes long and only {there} are there", file=cursor.file, offset=8)
    return [] if total == there else [f"total length said {total}, the record has {there} bytes"]


def _check_picture(picture: Sequence[int], at: int, cursor: Cursor) -> None:
    if not all(picture):
        raise FormatError("a picture without size or resolution", file=cursor.file, offset=at)


def _read_view(cursor: Cursor, at: int, who: Sequence[int], minutiae: int, remarks: list[str]) -> FingerView:
    """Read what follows the head of the view that begins at byte `at`."""
    code, number, impression, quality = who
    start = cursor.offset
    if code > FingerPosition.LEFT_LITTLE:
        raise FormatError(f"finger position {code}; 0 to 10 exist", file=cursor.file, offset=at)
    if number > 15 or impression > 15:
        message = f"view {number}, impression {impression}; both are 0 to 15 here"
        raise FormatError(message, file=cursor.file, offset=at + 1)
    columns = read_minutiae(cursor, minutiae)
    if (columns.angles >= STEPS).any():
        remarks.append(f"angles of {columns.angles.max()} steps of 2 degrees in the minutiae at byte {start}")
    if columns.reserved:
        remarks.append(f"reserved bits are set in the minutiae at byte {start}")
    (length,) = cursor.take(_SHORT, "the length of the extended data")
    if length > cursor.left:
        remarks.append(f"extended area at byte {cursor.offset} said {length} bytes, the record has {cursor.left}")
    extended = cursor.bytes(min(length, cursor.left), "extended data")
    return FingerView(FingerPosition(code), number, impression, quality, *columns[:5], extended)


def _finger(
    view: FingerView, picture: Sequence[int], whose: tuple[int, int], at: int, remarks: list[str]
) -> AnsiFinger:
    width, height, x_resolution, y_resolution = picture
    if len(view) and (view.x.max() >= width or view.y.max() >= height):
        remarks.append(f"minutiae of {view.position.name} lie outside the picture of {width}x{height} px")
    return AnsiFinger(view, width, height, x_resolution, y_resolution, *whose, at)


def _note_rest(cursor: Cursor, remarks: list[str]) -> None:
    if cursor.left:
        remarks.append(f"{cursor.left} bytes follow the last finger view")


# -- writing ---------------------------------------------------------------------------------------


def write_ansi(record: AnsiMinutiaeRecord) -> bytes:
    """Write a record.

    Raises
    ------
    InvalidTemplateError
        A number does not fit its field; pictures differ in a record of 2004, which has one size for all.
    """
    if len(record.fingers) > MAX_VIEWS:
        raise InvalidTemplateError(f"{len(record.fingers)} finger views; a record holds at most {MAX_VIEWS}")
    try:
        return _write_2004(record) if record.edition is AnsiEdition.OF_2004 else _write_2009(record)
    except struct.error as error:
        raise InvalidTemplateError(f"a number does not fit its field: {error}") from None


def _write_2004(record: AnsiMinutiaeRecord) -> bytes:
    pictures = {(f.width, f.height, f.x_resolution, f.y_resolution) for f in record.fingers}
    if len(pictures) != 1:
        raise InvalidTemplateError(f"a record of 2004 has one picture size and resolution, not {len(pictures)}")
    if not 0 <= record.device <= 0x0FFF:
        raise InvalidTemplateError("a device has twelve bits (0..4095) in a record of 2004")
    equipment = record.certified << 15 | record.device
    head = _HEAD_2004.pack(record.owner, record.subformat, equipment, *pictures.pop(), len(record.fingers), 0)
    body = head + b"".join(_write_view_2004(finger.view) for finger in record.fingers)
    total = _START.size + _SHORT.size + len(body)
    length = _SHORT.pack(total) if total < _LONG_LENGTH else _SHORT.pack(0) + _LONG.pack(total + _LONG.size)
    return _START.pack(MAGIC, record.edition.value) + length + body


def _write_view_2004(view: FingerView) -> bytes:
    head = _VIEW_2004.pack(view.position, view.number << 4 | view.impression, view.quality, len(view))
    return head + write_minutiae(view, STEPS) + _SHORT.pack(len(view.extended)) + view.extended


def _write_2009(record: AnsiMinutiaeRecord) -> bytes:
    certification = _CERTIFIED_2009 if record.certified else 0
    head = _HEAD_2009.pack(record.owner, record.subformat, certification, record.device, len(record.fingers), 0)
    body = head + b"".join(_write_view_2009(finger) for finger in record.fingers)
    return _START.pack(MAGIC, record.edition.value) + _LONG.pack(_START.size + _LONG.size + len(body)) + body


def _write_view_2009(finger: AnsiFinger) -> bytes:
    view = finger.view
    who = (view.position, view.number, view.impression, view.quality)
    picture = (finger.width, finger.height, finger.x_resolution, finger.y_resolution)
    head = _VIEW_2009.pack(*who, finger.quality_vendor, finger.quality_algorithm, *picture, len(view))
    return head + write_minutiae(view, STEPS) + _SHORT.pack(len(view.extended)) + view.extended


# -- templates -------------------------------------------------------------------------------------


def ansi_from_templates(
    templates: Sequence[FingerTemplate], edition: AnsiEdition, impression: int = PLAIN
) -> AnsiMinutiaeRecord:
    """Put templates into one record, in their order; several of one finger become its views 0, 1, 2...

    Raises
    ------
    InvalidTemplateError
        No template, more than 16 of one finger; for 2004, templates of different resolutions.
    """
    if not templates:
        raise InvalidTemplateError("there is no template to write; a record needs at least one")
    if edition is AnsiEdition.OF_2004:
        whole = record_from_templates(templates, impression)
        pictures = [whole] * len(templates)
        views = whole.views
    else:
        pictures = [record_from_templates([template], impression) for template in templates]
        views = tuple(picture.views[0] for picture in pictures)
    fingers = []
    seen: dict[FingerPosition, int] = {}
    for template, picture, view in zip(templates, pictures, views, strict=True):
        number = seen.get(view.position, 0)
        if number > 15:
            raise InvalidTemplateError(f"more than 16 views of {view.position.name} do not fit into one record")
        seen[view.position] = number + 1
        fingers.append(
            AnsiFinger(
                _in_steps(template, view, number, edition),
                picture.width,
                picture.height,
                picture.x_resolution,
                picture.y_resolution,
            )
        )
    return AnsiMinutiaeRecord(edition, tuple(fingers))


def templates_from_ansi(record: AnsiMinutiaeRecord) -> tuple[FingerTemplate, ...]:
    """Return the record's views as templates, each with its best minutiae first.

    Raises
    ------
    InvalidTemplateError
        A record whose horizontal and vertical resolution differ.
    """
    found: list[FingerTemplate] = []
    year = "2004" if record.edition is AnsiEdition.OF_2004 else "2009"
    for finger in record.fingers:
        single = FingerMinutiaeRecord(
            finger.width, finger.height, finger.x_resolution, finger.y_resolution, (finger.view,)
        )
        found.extend(templates_from_record(single, f"ansi378-{year}", STEPS))
    return tuple(found)


def _in_steps(template: FingerTemplate, view: FingerView, number: int, edition: AnsiEdition) -> FingerView:
    """Return the view with angles in steps of 2 degrees, and with the edition's word for an unknown quality."""
    turns = template.directions[: len(view)].astype(np.float64) / (2.0 * math.pi)
    angles = (np.rint(turns * STEPS).astype(np.int64) % STEPS).astype(np.uint8)
    quality, qualities = view.quality, view.qualities
    if edition is not AnsiEdition.OF_2004:
        quality = NOT_REPORTED if template.image_quality is None else template.image_quality
        qualities = np.where(qualities == 0, NOT_REPORTED, qualities).astype(np.uint8)
    return FingerView(view.position, number, view.impression, quality, view.x, view.y, angles, view.kinds, qualities)
