"""Finger minutiae records of ISO/IEC 19794-2:2005, record format: bytes to dataclasses and back.

A record is a 24-byte head and up to 255 views of fingers, all in one picture size and resolution. Integers are
big-endian. What the units become on the way between a record and a template:

========== ================================== ============================================================
quantity   record                             template
========== ================================== ============================================================
resolution px/cm, whole                       px/inch; 197 is read as 500 ppi (of which it is the rounding)
position   whole px, 14 bits                  px; written rounded to the nearest
direction  360/256 = 1.40625 degrees, 1 byte  radians; counter-clockwise from +x in both
kind       0 other, 1 ending, 2 bifurcation   the same
quality    0 = not reported, 1..100           the same; 101..255, which others write, is read as not reported
view's     0..100                             None is written 0 and 0 is read as None (a zero is never invented);
quality                                       a score of 0 is written 1
========== ================================== ============================================================

Strict and lenient. A head, count or code that cannot be right is a `FormatError` with its byte offset. Two slips
of length that published samples contain are read, remembered in `remarks`, and written right: a total length
smaller than the record that is there, and a last extended area that ends at the end of the record but claims more.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from biocore.errors import FormatError, InvalidTemplateError, UnsupportedFormatError
from biocore.formats.cursor import Cursor
from biocore.formats.finger_minutiae_extended import Block, parse_blocks
from biocore.formats.finger_minutiae_rows import MAX_COORDINATE, read_minutiae, write_minutiae
from biocore.formats.resolution import CM_PER_INCH, per_cm, ppi_of_per_cm
from biocore.types import MAX_MINUTIAE, PPI_RANGE, FingerPosition, FingerTemplate, MinutiaKind, frozen_array

MAGIC = b"FMR\0"
VERSION_2005 = b" 20\0"
ALGORITHM = "iso19794-2:2005"  # what a template says that was read from such a record
MAX_VIEWS = 255  # one byte
MAX_EXTENDED = (1 << 16) - 1  # bytes
ANGLES = 256  # steps of a turn
QUALITY_NOT_REPORTED = 0

_HEAD = struct.Struct(">4s4sIHHHHHBB")  # magic, version, length, equipment, width, height, x res, y res, views, 0
_VIEW = struct.Struct(">BBBB")  # position, view number | impression, quality, minutiae
_LENGTH = struct.Struct(">H")

PLAIN, ROLLED, NONLIVE_PLAIN, NONLIVE_ROLLED, SWIPE = 0, 1, 2, 3, 8  # impression types, table 3


@dataclass(frozen=True, slots=True, eq=False)
class FingerView:
    """One finger as one view of it shows it.

    Attributes
    ----------
    position : FingerPosition
    number : int
        Counts the views of one finger from 0, to 15.
    impression : int
        0 live plain, 1 live rolled, 2 and 3 the same from paper, 8 swipe; others are reserved.
    quality : int
        0..100, as the byte says.
    x, y : uint16 array (n,)
        px from the top left corner.
    angles : uint8 array (n,)
        Counter-clockwise from +x, in the record's steps: of 360/256 degrees in those of ISO, of 2 in those of ANSI.
    kinds : uint8 array (n,)
        `MinutiaKind` values.
    qualities : uint8 array (n,)
        0 = not reported.
    extended : bytes
        The extended data area as it is; `blocks` reads it.
    """

    position: FingerPosition
    number: int
    impression: int
    quality: int
    x: NDArray[np.uint16]
    y: NDArray[np.uint16]
    angles: NDArray[np.uint8]
    kinds: NDArray[np.uint8]
    qualities: NDArray[np.uint8]
    extended: bytes = b""

    def __post_init__(self) -> None:
        n = len(self.x)
        for name, dtype in (
            ("x", np.uint16),
            ("y", np.uint16),
            ("angles", np.uint8),
            ("kinds", np.uint8),
            ("qualities", np.uint8),
        ):
            array = getattr(self, name)
            if array.dtype != dtype or array.shape != (n,):
                raise InvalidTemplateError(
                    f"{name} must be {np.dtype(dtype).name} ({n},), not {array.dtype} {array.shape}"
                )
            object.__setattr__(self, name, frozen_array(array))
        if n > MAX_MINUTIAE:
            raise InvalidTemplateError(f"{n} minutiae; a view holds at most {MAX_MINUTIAE}")
        if n and (max(self.x.max(), self.y.max()) > MAX_COORDINATE or self.kinds.max() > MinutiaKind.BIFURCATION):
            raise InvalidTemplateError(f"coordinates must be 0..{MAX_COORDINATE} and kinds 0..2")
        if not (0 <= self.number <= 15 and 0 <= self.impression <= 15 and 0 <= self.quality <= 255):
            raise InvalidTemplateError("view number and impression must be 0..15, quality one byte")
        if len(self.extended) > MAX_EXTENDED:
            raise InvalidTemplateError(f"{len(self.extended)} bytes of extended data; at most {MAX_EXTENDED}")

    def __len__(self) -> int:
        return len(self.x)

    @property
    def blocks(self) -> tuple[Block, ...]:
        """Ridge counts, cores and deltas, and whatever else the extended area holds."""
        return parse_blocks(self.extended)


@dataclass(frozen=True, slots=True, eq=False)
class FingerMinutiaeRecord:
    """A whole record.

    Attributes
    ----------
    width, height : int
        Size of the picture in px.
    x_resolution, y_resolution : int
        px/cm.
    views : tuple of FingerView
    certification : int
        Four bits of the capture equipment's certification; 8 = Appendix F of the FBI.
    device : int
        Capture device type, 12 bits, 0 = not said.
    remarks : tuple of str
        What was wrong in the bytes it was read from, and is right when it is written again.
    """

    width: int
    height: int
    x_resolution: int
    y_resolution: int
    views: tuple[FingerView, ...]
    certification: int = 0
    device: int = 0
    remarks: tuple[str, ...] = field(default=())

    @property
    def ppi(self) -> float:
        """Horizontal resolution in px/inch; the rounding of 500 and 1000 ppi is undone."""
        return ppi_of_per_cm(self.x_resolution)


# -- reading ---------------------------------------------------------------------------------------


def read_fmr(data: bytes, file: str | None = None) -> FingerMinutiaeRecord:
    """Read a record.

    Parameters
    ----------
    data : bytes
    file : str or None
        Its name, for messages.

    Raises
    ------
    FormatError
        Damaged or cut off; carries the byte offset.
    UnsupportedFormatError
        Another format or version.
    """
    data = bytes(data)
    _check_magic(data, file)
    if len(data) < _HEAD.size:
        raise FormatError(f"the head is cut off: {len(data)} of {_HEAD.size} bytes", file=file, offset=len(data))
    _, _, total, equipment, width, height, x_res, y_res, count, reserved = _HEAD.unpack_from(data)
    if total > len(data):
        raise FormatError(f"the record is {total} bytes long and only {len(data)} are there", file=file, offset=8)
    _check_picture(width, height, x_res, y_res, file)
    remarks = ["reserved byte 23 is not 0"] if reserved else []
    views = []
    at = _HEAD.size
    for _ in range(count):
        view, at = _read_view(data, at, file, remarks)
        views.append(view)
    if at != len(data):
        raise FormatError(f"{len(data) - at} bytes too many after the last finger view", file=file, offset=at)
    if total != len(data):
        remarks.append(f"total length said {total}, the record has {len(data)} bytes")
    for view in views:
        if len(view) and (view.x.max() >= width or view.y.max() >= height):
            remarks.append(f"minutiae of {view.position.name} lie outside the picture of {width}x{height} px")
    return FingerMinutiaeRecord(
        width, height, x_res, y_res, tuple(views), equipment >> 12, equipment & 0x0FFF, tuple(remarks)
    )


def _check_magic(data: bytes, file: str | None) -> None:
    if data[:4] != MAGIC[: len(data)] or not data:
        raise UnsupportedFormatError("not a finger minutiae record: does not begin with FMR", file=file, offset=0)
    version = data[4:8]
    if len(version) == 4 and version != VERSION_2005:
        known = {
            b"030\0": "ISO/IEC 19794-2:2011 or ANSI 378-2009",
            b"035\0": "ANSI 378-2009 amended",
            b"020\0": "ANSI 378-2004",
        }
        raise UnsupportedFormatError(
            f"version {version!r} ({known.get(version, 'unknown')}); ISO/IEC 19794-2:2005, {VERSION_2005!r}, is read",
            file=file,
            offset=4,
        )


def _check_picture(width: int, height: int, x_res: int, y_res: int, file: str | None) -> None:
    for offset, name, side in ((14, "width", width), (16, "height", height)):
        if side < 1:
            raise FormatError(f"the picture's {name} is 0 px", file=file, offset=offset)
    low, high = (math.ceil(PPI_RANGE[0] / CM_PER_INCH), math.floor(PPI_RANGE[1] / CM_PER_INCH))
    for offset, name, resolution in ((18, "horizontal", x_res), (20, "vertical", y_res)):
        if not low <= resolution <= high:
            raise FormatError(
                f"a {name} resolution of {resolution} px/cm is impossible (500 ppi are 197)", file=file, offset=offset
            )


def _read_view(data: bytes, at: int, file: str | None, remarks: list[str]) -> tuple[FingerView, int]:
    """Read the finger view that begins at byte `at`; return it and where it ends."""
    if at + _VIEW.size > len(data):
        raise FormatError("a finger view is announced and missing or cut off", file=file, offset=at)
    code, kind_of_view, quality, count = _VIEW.unpack_from(data, at)
    if code > FingerPosition.LEFT_LITTLE:
        raise FormatError(f"finger position {code}; 0 to 10 exist", file=file, offset=at)
    cursor = Cursor(data, file, at + _VIEW.size)
    columns = read_minutiae(cursor, count)
    if columns.reserved:
        remarks.append(f"reserved bits are set in minutiae of the view at byte {at}")
    end = cursor.at
    (length,) = cursor.take(_LENGTH, "the length of the extended data")
    start = cursor.at
    extended = data[start : start + length]
    if len(extended) < length:
        remarks.append(f"extended area at byte {end} said {length} bytes, the record has {len(extended)}")
    view = FingerView(
        FingerPosition(code),
        kind_of_view >> 4,
        kind_of_view & 0x0F,
        quality,
        *columns[:5],
        extended,
    )
    return view, start + len(extended)


# -- writing ---------------------------------------------------------------------------------------


def write_fmr(record: FingerMinutiaeRecord) -> bytes:
    """Write a record.

    Raises
    ------
    InvalidTemplateError
        More views, or larger numbers, than the format holds.
    """
    if len(record.views) > MAX_VIEWS:
        raise InvalidTemplateError(f"{len(record.views)} finger views; a record holds at most {MAX_VIEWS}")
    if not (0 <= record.certification <= 0xF and 0 <= record.device <= 0xFFF):
        raise InvalidTemplateError("certification is four bits (0..15) and device twelve (0..4095)")
    body = b"".join(_write_view(view) for view in record.views)
    equipment = record.certification << 12 | record.device
    try:
        head = _HEAD.pack(
            MAGIC,
            VERSION_2005,
            _HEAD.size + len(body),
            equipment,
            record.width,
            record.height,
            record.x_resolution,
            record.y_resolution,
            len(record.views),
            0,
        )
    except struct.error as error:
        raise InvalidTemplateError(f"a number of the head does not fit its field: {error}") from None
    return head + body


def _write_view(view: FingerView) -> bytes:
    head = _VIEW.pack(view.position, view.number << 4 | view.impression, view.quality, len(view))
    return head + write_minutiae(view) + _LENGTH.pack(len(view.extended)) + view.extended


# -- templates -------------------------------------------------------------------------------------


def record_from_templates(templates: Sequence[FingerTemplate], impression: int = PLAIN) -> FingerMinutiaeRecord:
    """Put templates into one record, in their order; several of one finger become its views 0, 1, 2...

    Parameters
    ----------
    templates : sequence of FingerTemplate
        Of one resolution. The record's picture is as wide and as high as the largest. Of more than 255 minutiae
        the first 255, which are the best, are kept.
    impression : int
        How they were taken.

    Raises
    ------
    InvalidTemplateError
        None, templates of different resolutions, or too many views.
    """
    if not templates:
        raise InvalidTemplateError("there is no template to write; a record needs at least one")
    resolutions = {template.ppi for template in templates}
    if len(resolutions) > 1:
        listed = ", ".join(f"{ppi:g}" for ppi in sorted(resolutions))
        raise InvalidTemplateError(
            f"a record has one resolution, and these templates have {listed} ppi; write one record each"
        )
    views = []
    seen: dict[FingerPosition, int] = {}
    for template in templates:
        position = FingerPosition(template.position)
        number = seen.get(position, 0)
        if number > 15:
            raise InvalidTemplateError(f"more than 16 views of {position.name} do not fit into one record")
        seen[position] = number + 1
        views.append(_view_from_template(template, number, impression))
    resolution = per_cm(templates[0].ppi)
    return FingerMinutiaeRecord(
        max(t.width for t in templates), max(t.height for t in templates), resolution, resolution, tuple(views)
    )


def templates_from_record(
    record: FingerMinutiaeRecord, algorithm: str = ALGORITHM, angles: int = ANGLES
) -> tuple[FingerTemplate, ...]:
    """Return the record's views as templates, each with its best minutiae first.

    Parameters
    ----------
    record : FingerMinutiaeRecord
    algorithm : str
        What the templates say that made them.
    angles : int
        Steps of a turn.

    Raises
    ------
    InvalidTemplateError
        A record whose horizontal and vertical resolution differ.
    """
    if record.x_resolution != record.y_resolution:
        raise InvalidTemplateError(
            f"resolutions of {record.x_resolution} and {record.y_resolution} px/cm differ; templates have square pixels"
        )
    return tuple(_template_from_view(view, record, algorithm, angles) for view in record.views)


def _view_from_template(template: FingerTemplate, number: int, impression: int) -> FingerView:
    kept = slice(0, MAX_MINUTIAE)
    points = np.clip(np.rint(template.points[kept]), 0, MAX_COORDINATE).astype(np.uint16)
    turns = template.directions[kept].astype(np.float64) / (2.0 * math.pi)
    quality = QUALITY_NOT_REPORTED if template.image_quality is None else max(1, template.image_quality)
    return FingerView(
        FingerPosition(template.position),
        number,
        impression,
        quality,
        points[:, 0],
        points[:, 1],
        (np.rint(turns * ANGLES).astype(np.int64) % ANGLES).astype(np.uint8),
        template.kinds[kept],
        template.qualities[kept],
    )


def _template_from_view(view: FingerView, record: FingerMinutiaeRecord, algorithm: str, angles: int) -> FingerTemplate:
    directions = view.angles.astype(np.float64) * (2.0 * math.pi / angles)
    qualities = np.where(view.qualities > 100, QUALITY_NOT_REPORTED, view.qualities).astype(np.uint8)
    order = np.lexsort((view.angles, view.x, view.y, -qualities.astype(np.int64)))
    reported = 0 < view.quality <= 100
    return FingerTemplate(
        algorithm=algorithm,
        width=record.width,
        height=record.height,
        position=view.position,
        ppi=record.ppi,
        points=np.column_stack((view.x, view.y))[order].astype(np.float32),
        directions=directions[order].astype(np.float32),
        kinds=view.kinds[order],
        qualities=qualities[order],
        image_quality=view.quality if reported else None,
    )
