"""Pictures in ANSI/NIST-ITL transactions: Types 4 and 14 (fingers), 13 (latents), 15 (palms), 17 (irises).

A Type-4 record is binary; the others are text with the picture in field 999. They say which finger, palm or eye it is,
its size and resolution, how it is compressed and, where a finger or an eye is missing, that it is missing: `AMP` of
Type 14 (`XX` amputated, `UP` unable to print, for instance bandaged), `DME` of Type 17 (`MA` missing, `UC` unable
to capture). Such a record has no picture.

References: NIST SP 500-290 (update of 2013), 8.4, 8.13 to 8.15, 8.17 and Tables 8 and 15.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeVar

from biocore.errors import FormatError, InvalidSampleError, UnsupportedFormatError
from biocore.formats.finger_image_pixels import ImageFormat, decode, encode
from biocore.formats.itl import DATA, IDC, BinaryRecord, Field, ItlTransaction, TextRecord, field_of
from biocore.formats.resolution import MM_PER_INCH, square_ppi
from biocore.types import EyePosition, FingerPosition, GreyImage

FINGER_BINARY, LATENT, FINGER, PALM, IRIS = 4, 13, 14, 15, 17
IMAGE_TYPES = (FINGER_BINARY, LATENT, FINGER, PALM, IRIS)
UNKNOWN_POSITION = 255  # fills the positions of a Type-4 record that are not used
LOWEST_PPI = 500.0  # px/inch, of a Type-4 record that does not point at the native resolution
PER_INCH, PER_CM = 1, 2  # field 008, scale units
ALGORITHM_FAILED, NOT_ATTEMPTED = 255, 254  # qualities
QUALITY_FIELDS = {FINGER: 24, LATENT: 24, PALM: 24, IRIS: 24}
MAX_SCALE = 99_999  # five digits

_T = TypeVar("_T", int, str)

_BINARY = struct.Struct(">B6sBHHB")  # impression, positions, scanning resolution, width, height, compression


class Compression(StrEnum):
    """Field 011 of the text records (Table 15); a Type-4 record has their place in this list."""

    NONE = "NONE"
    WSQ = "WSQ20"
    JPEG = "JPEGB"
    JPEG_LOSSLESS = "JPEGL"
    JPEG2000_LOSSY = "JP2"
    JPEG2000 = "JP2L"
    PNG = "PNG"


_FORMATS = {
    Compression.NONE: ImageFormat.RAW,
    Compression.WSQ: ImageFormat.WSQ,
    Compression.JPEG: ImageFormat.JPEG,
    Compression.JPEG_LOSSLESS: ImageFormat.JPEG,
    Compression.JPEG2000_LOSSY: ImageFormat.JPEG2000_LOSSY,
    Compression.JPEG2000: ImageFormat.JPEG2000,
    Compression.PNG: ImageFormat.PNG,
}
_IN_BINARY = tuple(Compression)


class Missing(StrEnum):
    """Why there is no picture of a finger or an eye."""

    AMPUTATED = "XX"
    UNABLE_TO_PRINT = "UP"
    EYE_MISSING = "MA"
    UNABLE_TO_CAPTURE = "UC"


@dataclass(frozen=True, slots=True)
class ItlQuality:
    """A quality score: 0..100, None where it failed or was not tried, and whose algorithm it is."""

    position: int
    score: int | None
    vendor: str = "0000"
    algorithm: int = 0


@dataclass(frozen=True, slots=True)
class ItlImage:
    """A picture, or the word that there is none.

    Attributes
    ----------
    type : int
        Of the record.
    idc : int
    positions : tuple of int
        Of fingers and palms by Table 8 (1..10 as in `FingerPosition`, 13, 14, 15 slaps), of an eye 1 right, 2 left, 0
        unknown.
    compression : Compression or None
        None where there is no picture.
    width, height : int
        px; 0 where there is no picture.
    ppi : float or None
        px/inch; None where the record gives only an aspect ratio.
    bit_depth : int
    impression : int or None
        Of fingers and palms: 0 live plain, 1 live rolled, ...
    date : str
        Of the capture, `YYYYMMDD`; empty where it is not said.
    source : str
        Agency.
    qualities : tuple of ItlQuality
    missing : tuple of (int, Missing)
        Position and reason of what could not be captured.
    data : bytes
        The picture as it is compressed.
    offset : int or None
        Byte of the file it was read from at which the data begin.
    """

    type: int
    idc: int
    positions: tuple[int, ...]
    compression: Compression | None = None
    width: int = 0
    height: int = 0
    ppi: float | None = None
    bit_depth: int = 8
    impression: int | None = None
    date: str = ""
    source: str = ""
    qualities: tuple[ItlQuality, ...] = ()
    missing: tuple[tuple[int, Missing], ...] = ()
    data: bytes = field(default=b"", repr=False)
    offset: int | None = field(default=None, compare=False, repr=False)

    @property
    def pixels(self) -> GreyImage:
        """The picture, decoded.

        Raises
        ------
        FormatError
            There is none, or it is damaged, or of another size than is said.
        UnsupportedFormatError
            Raw pixels of another depth than 8 bits.
        """
        if self.compression is None:
            raise FormatError(f"the Type-{self.type} record with IDC {self.idc} holds no picture")
        return decode(self.data, _FORMATS[self.compression], self.width, self.height, self.bit_depth)


# -- reading ---------------------------------------------------------------------------------------


def images_of(transaction: ItlTransaction) -> Iterator[ItlImage]:
    """Walk over the pictures of a transaction, in their order.

    Raises
    ------
    FormatError
        A record of a picture lacks what it must have; named by type, IDC and field.
    """
    for record in transaction.of_type(*IMAGE_TYPES):
        if isinstance(record, BinaryRecord):
            yield binary_image(record, _native_ppi(transaction))
        else:
            yield _from_text(record)


def binary_image(record: BinaryRecord, native_ppi: float | None = None) -> ItlImage:
    """Return the picture of a Type-4 record.

    Parameters
    ----------
    record : BinaryRecord
    native_ppi : float or None
        Resolution that the Type-1 record gives for those that point at it.

    Raises
    ------
    FormatError
        It is cut off, or compressed by what does not exist.
    """
    if len(record.body) < _BINARY.size:
        message = f"the Type-4 record with IDC {record.idc} ends before its picture"
        raise FormatError(message, offset=record.offset)
    impression, positions, native, width, height, code = _BINARY.unpack_from(record.body)
    start = None if record.offset is None else record.offset + _BINARY.size
    if code >= len(_IN_BINARY):
        message = f"the Type-4 record with IDC {record.idc} is compressed by {code}; 0 to 6 exist"
        raise FormatError(message, offset=None if start is None else start - 1)
    return ItlImage(
        FINGER_BINARY,
        record.idc,
        tuple(position for position in positions if position != UNKNOWN_POSITION),
        _IN_BINARY[code],
        width,
        height,
        native_ppi if native else LOWEST_PPI,
        impression=impression,
        data=record.body[_BINARY.size :],
        offset=start,
    )


def _native_ppi(transaction: ItlTransaction) -> float | None:
    try:
        per_mm = float(transaction.head.text(11) or "0")
    except ValueError:
        return None
    return per_mm * MM_PER_INCH if per_mm > 0 else None


def _from_text(record: TextRecord) -> ItlImage:
    content = record.get(DATA)
    positions = _positions(record)
    common = {
        "type": record.type,
        "idc": record.idc or 0,
        "positions": positions,
        "impression": record.number(3) if record.type != IRIS else None,
        "date": record.text(5) or "",
        "source": record.text(4) or "",
        "qualities": tuple(_qualities(record, positions)),
        "missing": tuple(_missing(record, positions)),
    }
    if content is None:
        return ItlImage(**common)  # type: ignore[arg-type]
    name = _must(record, 11, record.text(11))
    try:
        compression = Compression("WSQ20" if name == "WSQ" else name)
    except ValueError:
        raise record.error(11, f"is {name!r}; known are {', '.join(Compression)}") from None
    return ItlImage(
        compression=compression,
        width=_must(record, 6, record.number(6)),
        height=_must(record, 7, record.number(7)),
        ppi=_ppi(record),
        bit_depth=_must(record, 12, record.number(12)),
        data=content.raw,
        offset=content.offset,
        **common,  # type: ignore[arg-type]
    )


def _must(record: TextRecord, number: int, value: _T | None) -> _T:
    if value is None:
        raise record.error(number, "is missing, or not what it must be")
    return value


def _positions(record: TextRecord) -> tuple[int, ...]:
    found = record.get(3 if record.type == IRIS else 13)
    if found is None:
        return ()
    items = [part[0] for part in found.subfields]
    if not all(item.isascii() and item.isdigit() and len(item) <= 3 for item in items):
        raise record.error(found.number, f"is {items!r}, not positions")
    return tuple(int(item) for item in items)


def _ppi(record: TextRecord) -> float | None:
    unit, x, y = (record.number(number) for number in (8, 9, 10))
    if unit not in (PER_INCH, PER_CM) or not x or not y:
        return None
    try:
        return square_ppi(x, y, metric=unit == PER_CM)
    except UnsupportedFormatError as error:
        raise UnsupportedFormatError(error.reason, offset=record.place(9)) from None


def _qualities(record: TextRecord, positions: tuple[int, ...]) -> Iterator[ItlQuality]:
    found = record.get(QUALITY_FIELDS[record.type])
    for part in found.subfields if found is not None else ():
        whose = part if record.type != IRIS else (str(positions[0]) if positions else "0", *part)
        if len(whose) < 4 or not all(item.isascii() and item.isdigit() for item in (whose[0], whose[1])):
            continue  # a score that cannot be read is no reason to refuse the picture
        score = int(whose[1])
        algorithm = int(whose[3]) if whose[3].isascii() and whose[3].isdigit() else 0
        yield ItlQuality(int(whose[0]), score if score <= 100 else None, whose[2], algorithm)


def _missing(record: TextRecord, positions: tuple[int, ...]) -> Iterator[tuple[int, Missing]]:
    found = record.get(28 if record.type == IRIS else 18)
    for part in found.subfields if found is not None else ():
        position, code = (str(positions[0] if positions else 0), part[0]) if record.type == IRIS else (*part, "")[:2]
        if not (position.isascii() and position.isdigit()) or code not in set(Missing):
            raise record.error(28 if record.type == IRIS else 18, f"is {part!r}: no position and reason")
        yield int(position), Missing(code)


# -- writing ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ItlPicture:
    """A picture, compressed, as a record takes it; px."""

    compression: Compression
    data: bytes = field(repr=False)
    width: int
    height: int


def picture_of(
    pixels: GreyImage, compression: Compression = Compression.JPEG2000, ratio: float | None = None
) -> ItlPicture:
    """Compress a picture.

    Parameters
    ----------
    pixels : uint8 array (height, width)
    compression : Compression
        `NONE`, `PNG`, `JPEG2000` (lossless), `JPEG2000_LOSSY` or, with the extra `wsq`, `WSQ`.
    ratio : float or None
        How many times smaller a lossy picture is to be.

    Raises
    ------
    InvalidSampleError
        No grey picture, another compression, or a ratio where there is none.
    """
    height, width = pixels.shape
    return ItlPicture(compression, encode(pixels, _FORMATS[compression], ratio), width, height)


def finger_record(
    idc: int,
    position: FingerPosition | int,
    picture: ItlPicture | None,
    date: str,
    source: str,
    *,
    ppi: float = LOWEST_PPI,
    impression: int = 0,
    quality: ItlQuality | None = None,
    missing: Missing | Sequence[tuple[int, Missing]] | None = None,
) -> TextRecord:
    """Make a Type-14 record of a finger, of a slap, or of a finger that is not there.

    Parameters
    ----------
    idc : int
        0 to 99.
    position : FingerPosition or int
        13, 14 and 15 are slaps.
    picture : ItlPicture or None
        None where there is none; `missing` then says why.
    date : str
        Of the capture, `YYYYMMDD`.
    source : str
        The agency.
    ppi : float
        px/inch.
    impression : int
        0 live plain, 1 live rolled, ...
    quality : ItlQuality or None
    missing : Missing, sequence of (int, Missing), or None
        Of this finger, or of fingers of a slap.

    Raises
    ------
    InvalidSampleError
        Neither a picture nor a reason.
    """
    absent = ((int(position), missing),) if isinstance(missing, Missing) else tuple(missing or ())
    fields = [
        field_of(IDC, str(idc)),
        field_of(3, str(impression)),
        field_of(4, source),
        field_of(5, date),
        *_picture(picture, ppi, bool(absent)),
        field_of(13, [[int(position)]]),
    ]
    if absent:
        fields.append(field_of(18, [[f"{where:02}", reason] for where, reason in absent]))
    if quality is not None:
        fields.append(field_of(24, [_quality_items(quality)]))
    return _record(FINGER, fields, picture)


def iris_record(
    idc: int,
    eye: EyePosition,
    picture: ItlPicture | None,
    date: str,
    source: str,
    *,
    quality: ItlQuality | None = None,
    missing: Missing | None = None,
) -> TextRecord:
    """Make a Type-17 record of an eye, or of an eye that is not there; as `finger_record`.

    Raises
    ------
    InvalidSampleError
    """
    fields = [
        field_of(IDC, str(idc)),
        field_of(3, str(int(eye))),
        field_of(4, source),
        field_of(5, date),
        *_picture(picture, None, missing is not None),
    ]
    if picture is not None:
        fields.append(field_of(13, "GRAY"))
    if quality is not None:
        fields.append(field_of(24, [_quality_items(quality)[1:]]))
    if missing is not None:
        fields.append(field_of(28, missing))
    return _record(IRIS, fields, picture)


def _picture(picture: ItlPicture | None, ppi: float | None, missing: bool) -> Iterator[Field]:
    """Yield the fields that say how large a picture is, and how it is compressed."""
    if picture is None:
        if not missing:
            raise InvalidSampleError("a record without a picture says why there is none: missing=")
        return
    scale = round(ppi) if ppi is not None else 1
    if not 0 < scale <= MAX_SCALE:
        raise InvalidSampleError(f"{ppi} ppi does not fit a record of ANSI/NIST-ITL")
    unit = PER_INCH if ppi is not None else 0  # an eye's picture has a shape and no scale
    for number, value in ((6, picture.width), (7, picture.height), (8, unit), (9, scale), (10, scale)):
        yield field_of(number, str(value))
    yield field_of(11, picture.compression)
    yield field_of(12, "8")


def _quality_items(quality: ItlQuality) -> list[str | int]:
    score = ALGORITHM_FAILED if quality.score is None else quality.score
    return [quality.position, score, quality.vendor, quality.algorithm]


def _record(kind: int, fields: list[Field], picture: ItlPicture | None) -> TextRecord:
    if picture is not None:
        fields.append(Field(DATA, picture.data))
    return TextRecord(kind, tuple(fields))
