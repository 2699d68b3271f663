"""Iris image records of ISO/IEC 19794-6:2011: bytes to dataclasses and back.

A record is a 16-byte head and any number of representations, each one picture of one eye with all that is known of
it. Integers are big-endian. What stands for "not known" in the bytes is None here: a date of ones, a range of 0, a
roll angle or uncertainty of 65535, a centre or diameter of 0, a quality score of 255.

Strict and lenient. A head, code or length that cannot be right is a `FormatError` with its byte offset. Slips that
published samples contain are read, remembered in `remarks`, and written right: lengths of the record and of a
representation that disagree with what is there, a date that is none.

Records of the edition of 2005 are read too (`biocore.formats.iris_image_2005`); what is written is of 2011.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum

from biocore.errors import FormatError, InvalidSampleError, UnsupportedFormatError
from biocore.formats.iris_image_pixels import ImageFormat, decode
from biocore.formats.representation import (
    CERTIFIED,
    UNKNOWN_16,
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
from biocore.types import EyePosition, GreyImage

MAGIC = b"IIR\0"
VERSION_2011 = b"020\0"
VERSIONS_2005 = (b"010\0", b"013\0")  # the standard's, and that of NIST's sample
VERSION_IREX = b"015\0"
MAX_IMAGES = 0xFFFF
ANGLE_STEPS = 65536  # of a turn

_HEAD = struct.Struct(">4s4sIHBB")  # magic, version, length, representations, certification flag, eyes
_IMAGE = struct.Struct(">HBBBBHHBHHHHHHHHHI")


class ImageKind(IntEnum):
    """What of the capture is left."""

    UNCROPPED = 1  # K1
    VGA = 2  # K2: 640x480
    CROPPED = 3  # K3: margins of 0.6 and 0.2 iris radii
    CROPPED_AND_MASKED = 7  # K7: besides, lids and sclera painted over


class Orientation(IntEnum):
    """Which way round the picture is."""

    UNDEFINED = 0
    BASE = 1
    FLIPPED = 2


class Compression(IntEnum):
    """What the picture has been through."""

    UNDEFINED = 0
    LOSSLESS_OR_NONE = 1
    LOSSY = 2


@dataclass(frozen=True, slots=True)
class IrisImage:
    """One picture of one eye.

    Attributes
    ----------
    eye : EyePosition
    kind : ImageKind
    format : ImageFormat
    width, height : int
        px.
    data : bytes
        The picture in its format.
    bit_depth : int
        Of a pixel, all colours together.
    number : int
        Of the representation, from 1.
    horizontal, vertical : Orientation
    compression : Compression
    range_mm : int or None
        Distance of camera and eye.
    roll, roll_uncertainty : float or None
        Degrees, the roll counter-clockwise, [0, 360).
    centre_x, centre_y, diameter : (int, int) or None
        Smallest and largest the iris's centre and diameter can be, px.
    captured_at : datetime or None
        In UTC.
    technology, vendor, device : int
        Of the camera, as registered; 0 = not said.
    qualities : tuple of QualityBlock
    certifications : tuple of Certification
    offset : int or None
        Byte of the record it was read from at which its data begin.
    """

    eye: EyePosition
    kind: ImageKind
    format: ImageFormat
    width: int
    height: int
    data: bytes = field(repr=False)
    bit_depth: int = 8
    number: int = 1
    horizontal: Orientation = Orientation.UNDEFINED
    vertical: Orientation = Orientation.UNDEFINED
    compression: Compression = Compression.UNDEFINED
    range_mm: int | None = None
    roll: float | None = None
    roll_uncertainty: float | None = None
    centre_x: tuple[int, int] | None = None
    centre_y: tuple[int, int] | None = None
    diameter: tuple[int, int] | None = None
    captured_at: datetime | None = None
    technology: int = 0
    vendor: int = 0
    device: int = 0
    qualities: tuple[QualityBlock, ...] = ()
    certifications: tuple[Certification, ...] = ()
    offset: int | None = field(default=None, compare=False, repr=False)

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


@dataclass(frozen=True, slots=True)
class IrisImageRecord:
    """A whole record.

    Attributes
    ----------
    images : tuple of IrisImage
    remarks : tuple of str
        What was wrong in the bytes it was read from, and is right when it is written again.
    """

    images: tuple[IrisImage, ...]
    remarks: tuple[str, ...] = field(default=(), compare=False)

    @property
    def eyes(self) -> int:
        """The head's count: 0 not known, 1 left or right, 2 both."""
        return len({image.eye for image in self.images} - {EyePosition.UNKNOWN})


# -- reading ---------------------------------------------------------------------------------------


def read_iir(data: bytes, file: str | None = None) -> IrisImageRecord:
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
        raise UnsupportedFormatError("not an iris image record: does not begin with IIR", file=file, offset=0)
    version = data[4:8]
    if version in VERSIONS_2005 or version == VERSION_IREX:
        from biocore.formats.iris_image_2005 import read_2005  # it needs this module's types

        return read_2005(data, file, irex=version == VERSION_IREX)
    if len(version) == 4 and version != VERSION_2011:
        raise UnsupportedFormatError(
            f"version {version!r} is unknown; ISO/IEC 19794-6:2011, {VERSION_2011!r}, 2005 and IREX are read",
            file=file,
            offset=4,
        )
    if len(data) < _HEAD.size:
        raise FormatError(f"the head is cut off: {len(data)} of {_HEAD.size} bytes", file=file, offset=len(data))
    _, _, total, count, certified, eyes = _HEAD.unpack_from(data)
    if total > len(data):
        raise FormatError(f"the record is {total} bytes long and only {len(data)} are there", file=file, offset=8)
    if certified > CERTIFIED:
        raise FormatError(f"certification flag {certified}; 0 and 1 exist", file=file, offset=14)
    if eyes > 2:
        raise FormatError(f"{eyes} eyes; nobody has more than two", file=file, offset=15)
    remarks: list[str] = []
    images = []
    at = _HEAD.size
    for _ in range(count):
        image, at = _read_image(data, at, file, remarks)
        images.append(image)
    if at != len(data):
        raise FormatError(f"{len(data) - at} bytes too many after the last picture", file=file, offset=at)
    record = IrisImageRecord(tuple(images), tuple(remarks))
    if total != len(data):
        remarks.append(f"total length said {total}, the record has {len(data)} bytes")
    if eyes != record.eyes and record.eyes:
        remarks.append(f"the head said {eyes} eyes, the pictures show {record.eyes}")
    return IrisImageRecord(record.images, tuple(remarks))


def _read_image(data: bytes, at: int, file: str | None, remarks: list[str]) -> tuple[IrisImage, int]:
    """Read the representation that begins at byte `at`; return it and where it ends."""
    front = read_front(data, at, file, remarks)
    certified, where = _read_certifications(data, at + front.length, front.end)
    number, eye, kind, form, bits, width, height, depth, distance, roll, doubt, *geometry, size = unpack(
        _IMAGE, data, where, "a picture's description", file
    )
    for offset, what, code, codes in (
        (2, "eye", eye, EyePosition),
        (3, "kind of image", kind, ImageKind),
        (4, "image format", form, ImageFormat),
        (5, "horizontal orientation", bits & 3, Orientation),
        (5, "vertical orientation", bits >> 2 & 3, Orientation),
        (5, "compression history", bits >> 6, Compression),
    ):
        if code not in {int(each) for each in codes}:
            raise FormatError(f"{what} {code} is not defined", file=file, offset=where + offset)
    if width < 1 or height < 1:
        raise FormatError(f"a picture of {width}x{height} px has no pixels", file=file, offset=where + 6)
    start = where + _IMAGE.size
    if start + size > len(data):
        raise FormatError(
            f"the picture is {size} bytes long and only {len(data) - start} are there", file=file, offset=start - 4
        )
    end = start + size
    if end - at != front.length:
        remarks.append(f"the picture at byte {at} said {front.length} bytes, it has {end - at}")
    beyond = max(end, at + front.length) if at + front.length <= len(data) else end  # whatever else is in it
    image = IrisImage(
        eye=EyePosition(eye),
        kind=ImageKind(kind),
        format=ImageFormat(form),
        width=width,
        height=height,
        data=data[start:end],
        bit_depth=depth,
        number=number,
        horizontal=Orientation(bits & 3),
        vertical=Orientation(bits >> 2 & 3),
        compression=Compression(bits >> 6),
        range_mm=distance or None,
        roll=None if roll == UNKNOWN_16 else roll * 360.0 / ANGLE_STEPS,
        roll_uncertainty=None if doubt == UNKNOWN_16 else doubt * 360.0 / ANGLE_STEPS,
        centre_x=_bounds(geometry[0:2]),
        centre_y=_bounds(geometry[2:4]),
        diameter=_bounds(geometry[4:6]),
        captured_at=front.captured_at,
        technology=front.technology,
        vendor=front.vendor,
        device=front.device,
        qualities=front.qualities,
        certifications=certified,
        offset=start,
    )
    return image, beyond


def _read_certifications(data: bytes, end: int, where: int) -> tuple[tuple[Certification, ...], int]:
    """Read certification blocks, where there are any.

    Whether their count is there does not follow from the head's flag: many writers set it and leave the count away.
    It is there where the lengths add up with it only.
    """

    def fits(start: int) -> bool:
        stop = start + _IMAGE.size
        return stop <= len(data) and stop + int.from_bytes(data[stop - 4 : stop], "big") == end

    if fits(where) or where >= len(data) or data[14] != CERTIFIED:
        return (), where
    start = after_certifications(data, where)
    return (certifications(data, where), start) if fits(start) else ((), where)


def _bounds(pair: list[int]) -> tuple[int, int] | None:
    return None if pair == [0, 0] else (pair[0], pair[1])


# -- writing ---------------------------------------------------------------------------------------


def write_iir(record: IrisImageRecord) -> bytes:
    """Write a record of the edition of 2011.

    Raises
    ------
    InvalidSampleError
        More pictures, or larger numbers, than the format holds.
    """
    if len(record.images) > MAX_IMAGES:
        raise InvalidSampleError(f"{len(record.images)} pictures; a record holds at most {MAX_IMAGES}")
    certified = any(image.certifications for image in record.images)
    try:
        body = b"".join(_write_image(image, certified) for image in record.images)
        head = _HEAD.pack(MAGIC, VERSION_2011, _HEAD.size + len(body), len(record.images), int(certified), record.eyes)
    except struct.error as error:
        raise InvalidSampleError(f"a number does not fit its field: {error}") from None
    return head + body


def _write_image(image: IrisImage, certified: bool) -> bytes:
    if image.width < 1 or image.height < 1:
        raise InvalidSampleError(f"a picture of {image.width}x{image.height} px has no pixels")
    blocks = write_certifications(image.certifications) if certified else b""
    description = _IMAGE.pack(
        image.number,
        image.eye,
        image.kind,
        image.format,
        image.horizontal | image.vertical << 2 | image.compression << 6,
        image.width,
        image.height,
        image.bit_depth,
        image.range_mm or 0,
        angle_steps(image.roll, wraps=True),
        angle_steps(image.roll_uncertainty, wraps=False),
        *(image.centre_x or (0, 0)),
        *(image.centre_y or (0, 0)),
        *(image.diameter or (0, 0)),
        len(image.data),
    )
    length = front_size(image.qualities) + len(blocks) + len(description) + len(image.data)
    device = (image.technology, image.vendor, image.device)
    return write_front(length, image.captured_at, device, image.qualities) + blocks + description + image.data


def angle_steps(degrees: float | None, wraps: bool) -> int:
    """Return an angle in steps of 360/65536 degrees; 65535 stands for unknown, so that the last step is rounded."""
    if degrees is None:
        return UNKNOWN_16
    if not 0.0 <= degrees < 360.0:
        raise InvalidSampleError(f"an angle is 0 to 360 degrees, not {degrees}")
    steps = round(degrees * ANGLE_STEPS / 360.0)
    if wraps:
        steps %= ANGLE_STEPS
    return min(steps, UNKNOWN_16 - 1)
