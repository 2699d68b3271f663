"""Finger image records of ISO/IEC 19794-4:2011 and 2005: bytes to dataclasses and back.

A record of 2011 is a 16-byte head and any number of representations, each one picture with all that is known of it.
Integers are big-endian. What stands for "not known" in the bytes is None here: a date of ones, a quality score of
255.

Strict and lenient. A head, code or length that cannot be right is a `FormatError` with its byte offset. Slips that
published samples contain are read, remembered in `remarks`, and written right: a certification flag without the
blocks it announces, a date that is none.

The edition of 2005 has one head for all pictures and says little of each (`biocore.formats.finger_image_2005`).
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum

from biocore.errors import FormatError, InvalidSampleError, UnsupportedFormatError
from biocore.formats.finger_image_pixels import ImageFormat, decode
from biocore.formats.representation import (
    CERTIFIED,
    Certification,
    QualityBlock,
    after_certifications,
    certifications,
    front_size,
    read_front,
    unpack,
    write_certifications,
    write_front,
)
from biocore.formats.resolution import square_ppi
from biocore.types import FingerPosition, GreyImage

MAGIC = b"FIR\0"
VERSION_2011 = b"020\0"
VERSION_2005 = b"010\0"
PLAIN, ROLLED, CONTACTLESS, UNKNOWN_IMPRESSION = 0, 1, 24, 29  # impression codes a capture desk meets
RIGHT_FOUR, LEFT_FOUR, TWO_THUMBS = 13, 14, 15  # position codes of slaps
POSITIONS = frozenset([*range(11), RIGHT_FOUR, LEFT_FOUR, TWO_THUMBS, *range(40, 51)])
AMPUTATED, UNABLE_TO_PRINT = 1, 2  # reasons of an annotation
_ANNOTATION = 2  # code of the extended block

_HEAD = struct.Struct(">4s4sIHBB")  # magic, version, length, representations, certification flag, distinct fingers
_IMAGE = struct.Struct(">BBBHHHHBBBHHI")
_EXTENSION = struct.Struct(">HH")
CERTIFIED_AT, FINGERS_AT, LENGTH_AT = 14, 15, 8


class ScaleUnit(IntEnum):
    """What sampling rates are counted in."""

    PER_INCH = 1
    PER_CM = 2


@dataclass(frozen=True, slots=True)
class Extension:
    """An extended data block: code and data, as they lie in the record."""

    code: int
    data: bytes


@dataclass(frozen=True, slots=True)
class FingerImage:
    """One picture of one finger, or of several.

    Attributes
    ----------
    position : int
        0..10 as in `FingerPosition`; 13, 14, 15 = right four, left four, two thumbs; 40..50 = pairs and triples.
    format : ImageFormat
    width, height : int
        px.
    data : bytes
        The picture in its format.
    sampling : (int, int)
        Of the picture, horizontal and vertical, in `unit`.
    unit : ScaleUnit
    scan_sampling : (int, int) or None
        Of the capture device, before any scaling; None = the same.
    bit_depth : int
    impression : int
        `PLAIN`, `ROLLED`, ...
    number : int
        Of the representation among those of this finger.
    captured_at : datetime or None
        In UTC.
    technology, vendor, device : int
        Of the scanner, as registered; 0 = not said.
    qualities : tuple of QualityBlock
    certifications : tuple of Certification
    extensions : tuple of Extension
    offset : int or None
        Byte of the record it was read from at which its data begin.
    """

    position: int
    format: ImageFormat
    width: int
    height: int
    data: bytes = field(repr=False)
    sampling: tuple[int, int] = (500, 500)
    unit: ScaleUnit = ScaleUnit.PER_INCH
    scan_sampling: tuple[int, int] | None = None
    bit_depth: int = 8
    impression: int = PLAIN
    number: int = 0
    captured_at: datetime | None = None
    technology: int = 0
    vendor: int = 0
    device: int = 0
    qualities: tuple[QualityBlock, ...] = ()
    certifications: tuple[Certification, ...] = ()
    extensions: tuple[Extension, ...] = ()
    offset: int | None = field(default=None, compare=False, repr=False)

    @property
    def finger(self) -> FingerPosition | None:
        """The finger it shows; None where it shows several, or a palm."""
        return FingerPosition(self.position) if self.position <= FingerPosition.LEFT_LITTLE else None

    @property
    def ppi(self) -> float:
        """Resolution of the picture in px/inch.

        Raises
        ------
        UnsupportedFormatError
            Horizontal and vertical resolution differ.
        """
        return square_ppi(*self.sampling, metric=self.unit is ScaleUnit.PER_CM)

    @property
    def pixels(self) -> GreyImage:
        """The picture as 8-bit grey, decoded.

        Raises
        ------
        FormatError
            Damaged, or of another size than the record says.
        UnsupportedFormatError
            A kind of picture that nothing here decodes.
        """
        return decode(self.data, self.format, self.width, self.height, self.bit_depth)

    @property
    def annotations(self) -> dict[int, int]:
        """Why fingers are missing: position to `AMPUTATED` or `UNABLE_TO_PRINT`."""
        found: dict[int, int] = {}
        for block in self.extensions:
            if block.code == _ANNOTATION and block.data:
                pairs = block.data[1 : 1 + 2 * block.data[0]]
                found.update(zip(pairs[::2], pairs[1::2], strict=False))
        return found


@dataclass(frozen=True, slots=True)
class FingerImageRecord:
    """A whole record.

    Attributes
    ----------
    images : tuple of FingerImage
    remarks : tuple of str
        What was wrong in the bytes it was read from, and is right when it is written again.
    """

    images: tuple[FingerImage, ...]
    remarks: tuple[str, ...] = field(default=(), compare=False)

    @property
    def fingers(self) -> int:
        """The head's count of distinct positions."""
        return len({image.position for image in self.images})


def annotation(missing: Iterable[tuple[FingerPosition, int]]) -> Extension:
    """Make the block that says why fingers are missing: pairs of finger and reason."""
    pairs = [(int(finger), reason) for finger, reason in missing]
    return Extension(_ANNOTATION, bytes([len(pairs), *(value for pair in pairs for value in pair)]))


# -- reading ---------------------------------------------------------------------------------------


def read_fir(data: bytes, file: str | None = None) -> FingerImageRecord:
    """Read a record of the edition of 2011 or 2005; pictures are not decoded yet.

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
    if data[:4] != MAGIC[: len(data)] or not data:
        raise UnsupportedFormatError("not a finger image record: does not begin with FIR", file=file, offset=0)
    version = data[4:8]
    if version == VERSION_2005:
        from biocore.formats.finger_image_2005 import read_2005  # it needs this module's types

        return read_2005(data, file)
    if len(version) == 4 and version != VERSION_2011:
        raise UnsupportedFormatError(
            f"version {version!r}; ISO/IEC 19794-4:2011, {VERSION_2011!r}, and 2005, {VERSION_2005!r}, are read",
            file=file,
            offset=4,
        )
    if len(data) < _HEAD.size:
        raise FormatError(f"the head is cut off: {len(data)} of {_HEAD.size} bytes", file=file, offset=len(data))
    _, _, total, count, certified, fingers = _HEAD.unpack_from(data)
    if total != len(data):
        raise FormatError(f"the record says {total} bytes and {len(data)} are there", file=file, offset=LENGTH_AT)
    if certified > CERTIFIED:
        raise FormatError(f"certification flag {certified}; 0 and 1 exist", file=file, offset=CERTIFIED_AT)
    remarks: list[str] = []
    images = []
    at = _HEAD.size
    for _ in range(count):
        image, at = _read_image(data, at, file, remarks)
        images.append(image)
    if at != len(data):
        raise FormatError(f"{len(data) - at} bytes too many after the last picture", file=file, offset=at)
    record = FingerImageRecord(tuple(images))
    if fingers != record.fingers:
        remarks.append(f"the head said {fingers} fingers, the pictures show {record.fingers}")
    return FingerImageRecord(record.images, tuple(remarks))


def _read_image(data: bytes, at: int, file: str | None, remarks: list[str]) -> tuple[FingerImage, int]:
    """Read the representation that begins at byte `at`; return it and where it ends."""
    front = read_front(data, at, file, remarks)
    end = at + front.length
    if end > len(data):
        raise FormatError(
            f"a picture of {front.length} bytes and only {len(data) - at} are there", file=file, offset=at
        )
    certified, where = _read_certifications(data, end, front.end, remarks)
    position, number, unit, scan_x, scan_y, x, y, depth, form, impression, width, height, size = unpack(
        _IMAGE, data, where, "a picture's description", file
    )
    check_codes(data, ((where, "finger position", POSITIONS), (where + 2, "scale unit", frozenset(ScaleUnit))), file)
    check_codes(data, ((where + 12, "compression", frozenset(ImageFormat)),), file)
    check_geometry(x, y, where + 7, width, height, where + 14, file)
    start = where + _IMAGE.size
    if start + size > end:
        raise FormatError(
            f"the picture is {size} bytes long and only {max(0, end - start)} are there", file=file, offset=start - 4
        )
    image = FingerImage(
        position=position,
        format=ImageFormat(form),
        width=width,
        height=height,
        data=data[start : start + size],
        sampling=(x, y),
        unit=ScaleUnit(unit),
        scan_sampling=None if (scan_x, scan_y) == (x, y) else (scan_x, scan_y),
        bit_depth=depth,
        impression=impression,
        number=number,
        captured_at=front.captured_at,
        technology=front.technology,
        vendor=front.vendor,
        device=front.device,
        qualities=front.qualities,
        certifications=certified,
        extensions=_read_extensions(data, start + size, end, file),
        offset=start,
    )
    return image, end


def _read_certifications(
    data: bytes, end: int, where: int, remarks: list[str]
) -> tuple[tuple[Certification, ...], int]:
    """Read certification blocks; some writers set the head's flag and leave even their count away."""

    def plausible(start: int) -> bool:
        if start + _IMAGE.size > end:
            return False
        position, _, unit, *_, form, _, width, height, size = _IMAGE.unpack_from(data, start)
        known = position in POSITIONS and unit in (1, 2) and form in set(ImageFormat)
        return known and width > 0 and height > 0 and start + _IMAGE.size + size <= end

    if data[CERTIFIED_AT] != CERTIFIED or where >= end:
        return (), where
    start = after_certifications(data, where)
    if not plausible(start) and plausible(where):
        remarks.append("certification blocks are announced and left away")
        return (), where
    if start > end:
        return (), where  # the description that follows will not fit either, and is refused there
    return certifications(data, where), start


def _read_extensions(data: bytes, at: int, end: int, file: str | None) -> tuple[Extension, ...]:
    found = []
    while at < end:
        code, length = unpack(_EXTENSION, data[:end], at, "an extended block", file)
        if length < _EXTENSION.size or at + length > end:
            raise FormatError(f"an extended block of {length} bytes; {end - at} are there", file=file, offset=at + 2)
        found.append(Extension(code, data[at + _EXTENSION.size : at + length]))
        at += length
    return tuple(found)


def check_codes(data: bytes, codes: Iterable[tuple[int, str, frozenset[int]]], file: str | None) -> None:
    """Refuse codes, given as offset, name and what is defined, that are not.

    Raises
    ------
    FormatError
    """
    for offset, what, known in codes:
        if data[offset] not in known:
            raise FormatError(f"{what} {data[offset]} is not defined", file=file, offset=offset)


def check_geometry(x: int, y: int, at: int, width: int, height: int, size_at: int, file: str | None) -> None:
    """Refuse a picture without pixels or without a resolution.

    Raises
    ------
    FormatError
    """
    if x < 1 or y < 1:
        raise FormatError(f"a sampling rate of {x}x{y}", file=file, offset=at)
    if width < 1 or height < 1:
        raise FormatError(f"a picture of {width}x{height} px has no pixels", file=file, offset=size_at)


# -- writing ---------------------------------------------------------------------------------------


def write_fir(record: FingerImageRecord) -> bytes:
    """Write a record of the edition of 2011.

    Raises
    ------
    InvalidSampleError
        More pictures, or larger numbers, than the format holds.
    """
    certified = any(image.certifications for image in record.images)
    try:
        body = b"".join(_write_image(image, certified) for image in record.images)
        total = _HEAD.size + len(body)
        return _HEAD.pack(MAGIC, VERSION_2011, total, len(record.images), int(certified), record.fingers) + body
    except struct.error as error:
        raise InvalidSampleError(f"a number does not fit its field: {error}") from None


def _write_image(image: FingerImage, certified: bool) -> bytes:
    check_writable(image, POSITIONS)
    blocks = write_certifications(image.certifications) if certified else b""
    description = _IMAGE.pack(
        image.position,
        image.number,
        image.unit,
        *(image.scan_sampling or image.sampling),
        *image.sampling,
        image.bit_depth,
        image.format,
        image.impression,
        image.width,
        image.height,
        len(image.data),
    )
    after = b"".join(_EXTENSION.pack(e.code, _EXTENSION.size + len(e.data)) + e.data for e in image.extensions)
    length = front_size(image.qualities) + len(blocks) + len(description) + len(image.data) + len(after)
    device = (image.technology, image.vendor, image.device)
    return write_front(length, image.captured_at, device, image.qualities) + blocks + description + image.data + after


def check_writable(image: FingerImage, positions: frozenset[int]) -> None:
    """Refuse what no reader would take back.

    Raises
    ------
    InvalidSampleError
    """
    if image.position not in positions:
        raise InvalidSampleError(f"finger position {image.position} is not defined")
    if any(block.score is not None and not 0 <= block.score <= 100 for block in image.qualities):
        raise InvalidSampleError(f"quality scores are 0 to 100: {image.qualities}")
    if min(image.width, image.height, *image.sampling) < 1:
        raise InvalidSampleError(f"a picture of {image.width}x{image.height} px at {image.sampling} has no pixels")
