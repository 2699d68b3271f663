"""Face image records of ISO/IEC 19794-5:2011, read: bytes to dataclasses.

A record is a 17-byte head and representations, each one picture of one face: what all of them begin with, what is
known of the face, its landmarks, what the picture is, and the picture, JPEG or JPEG 2000. Integers are big-endian.
Landmarks, pose and expression are passed over: this library looks at no faces.

Strict and lenient as in `iris_image`: a head, code or length that cannot be right is a `FormatError` with its byte
offset; lengths of the record and of a representation that disagree with what is there are remembered in `remarks`.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum

from biocore.errors import FormatError, UnsupportedFormatError
from biocore.formats.images import Picture, read_colour
from biocore.formats.representation import QualityBlock, read_front, unpack
from biocore.types import ColourImage, GreyImage

MAGIC = b"FAC\0"
VERSION_2011 = b"030\0"

_HEAD = struct.Struct(">4s4sIHBH")  # magic, version, length, representations, certification flag, temporal semantics
# Landmarks; gender, colours of eyes and hair; height, properties, expression and pose, which are skipped.
_FACE = struct.Struct(">HBBB12x")
LANDMARK = 8  # bytes
# Kind of face image, format, width, height, spatial sampling, post-processing, cross reference, colour space, length.
_IMAGE = struct.Struct(">BBHHBHBBI")


class FaceFormat(IntEnum):
    """What the picture is kept in."""

    JPEG = 0
    JPEG2000_LOSSY = 1
    JPEG2000_LOSSLESS = 2


_BEGINS = {
    FaceFormat.JPEG: (b"\xff\xd8\xff",),
    FaceFormat.JPEG2000_LOSSY: (b"\x00\x00\x00\x0cjP  ", b"\xff\x4f\xff\x51"),
    FaceFormat.JPEG2000_LOSSLESS: (b"\x00\x00\x00\x0cjP  ", b"\xff\x4f\xff\x51"),
}


@dataclass(frozen=True, slots=True)
class FaceImage:
    """One picture of a face.

    Attributes
    ----------
    format : FaceFormat
    width, height : int
        px.
    data : bytes
        The picture in its format.
    kind : int
        Face image type: 0 = basic, 1 = full frontal, 2 = token frontal.
    captured_at : datetime or None
        In UTC.
    technology, vendor, device : int
        Of the camera, as registered; 0 = not said.
    qualities : tuple of QualityBlock
    gender, eye_colour, hair_colour : int
        As the standard's tables 6 to 8 have them; 0 = not said.
    sampling : int
        Spatial sampling rate level, by the width of the head; 0 = up to 180 px.
    colour_space : int
        0 = not said, 1 = 24-bit red, green and blue, 3 = 8-bit grey.
    offset : int or None
        Byte of the record it was read from at which its data begin.
    """

    format: FaceFormat
    width: int
    height: int
    data: bytes = field(repr=False)
    kind: int = 0
    captured_at: datetime | None = None
    technology: int = 0
    vendor: int = 0
    device: int = 0
    qualities: tuple[QualityBlock, ...] = ()
    gender: int = 0
    eye_colour: int = 0
    hair_colour: int = 0
    sampling: int = 0
    colour_space: int = 0
    offset: int | None = field(default=None, compare=False, repr=False)

    @property
    def pixels(self) -> GreyImage:
        """The picture as 8-bit grey; errors as those of `decode`."""
        return self.decode()[0].pixels

    @property
    def colour(self) -> ColourImage | None:
        """The picture in red, green and blue, None where it is grey; errors as those of `decode`."""
        return self.decode()[1]

    def decode(self) -> tuple[Picture, ColourImage | None]:
        """Return the picture as 8-bit grey, and in red, green and blue where it has colours.

        Raises
        ------
        FormatError
            Damaged, of another format or of another size than the record says.
        """
        if not self.data.startswith(_BEGINS[self.format]):
            raise FormatError(f"the picture is no {self.format.name}: it begins with {self.data[:8].hex(' ')}")
        picture, colour = read_colour(self.data)
        height, width = picture.pixels.shape
        if (width, height) != (self.width, self.height):
            raise FormatError(f"the picture is {width}x{height} px; its record says {self.width}x{self.height}")
        return picture, colour


@dataclass(frozen=True, slots=True)
class FaceImageRecord:
    """A record: its pictures, and what was wrong with it and could be read all the same.

    Attributes
    ----------
    images : tuple of FaceImage
    remarks : tuple of str
    temporal : int
        How the pictures follow each other; 0 = there is one.
    """

    images: tuple[FaceImage, ...]
    remarks: tuple[str, ...] = ()
    temporal: int = 0


def read_fac(data: bytes, file: str | None = None) -> FaceImageRecord:
    """Read a record of the edition of 2011.

    Raises
    ------
    FormatError
        It is cut off, or a head, code or length cannot be right.
    UnsupportedFormatError
        No face image record, or one of another edition.
    """
    if not data.startswith(MAGIC):
        raise UnsupportedFormatError(f"is no face image record: it begins with {data[:8]!r}", file=file, offset=0)
    if len(data) < _HEAD.size:
        raise FormatError(f"{len(data)} bytes; the head alone has {_HEAD.size}", file=file, offset=len(data))
    _, version, total, count, certified, temporal = _HEAD.unpack_from(data)
    if version != VERSION_2011:
        raise UnsupportedFormatError(f"version {version!r}; the edition of 2011 is read", file=file, offset=4)
    if total > len(data):
        raise FormatError(f"the record is {total} bytes long and only {len(data)} are there", file=file, offset=8)
    if certified:
        raise FormatError(f"certification flag {certified}; of faces there is none", file=file, offset=14)
    remarks: list[str] = []
    images = []
    at = _HEAD.size
    for _ in range(count):
        image, at = _read_image(data, at, file, remarks)
        images.append(image)
    if at != len(data):
        raise FormatError(f"{len(data) - at} bytes too many after the last picture", file=file, offset=at)
    if total != len(data):
        remarks.append(f"total length said {total}, the record has {len(data)} bytes")
    return FaceImageRecord(tuple(images), tuple(remarks), temporal)


def _read_image(data: bytes, at: int, file: str | None, remarks: list[str]) -> tuple[FaceImage, int]:
    """Read the representation that begins at byte `at`; return it and where it ends."""
    front = read_front(data, at, file, remarks)
    landmarks, gender, eyes, hair = unpack(_FACE, data, front.end, "what is known of the face", file)
    where = front.end + _FACE.size + landmarks * LANDMARK
    kind, form, width, height, sampling, _, _, colours, size = unpack(
        _IMAGE, data, where, "a picture's description", file
    )
    if form not in {int(each) for each in FaceFormat}:
        raise FormatError(f"image format {form} is not defined", file=file, offset=where + 1)
    if width < 1 or height < 1:
        raise FormatError(f"a picture of {width}x{height} px has no pixels", file=file, offset=where + 2)
    start = where + _IMAGE.size
    if start + size > len(data):
        raise FormatError(
            f"the picture is {size} bytes long and only {len(data) - start} are there", file=file, offset=start - 4
        )
    end = start + size
    if end - at != front.length:
        remarks.append(f"the picture at byte {at} said {front.length} bytes, it has {end - at}")
    image = FaceImage(
        format=FaceFormat(form),
        width=width,
        height=height,
        data=data[start:end],
        kind=kind,
        captured_at=front.captured_at,
        technology=front.technology,
        vendor=front.vendor,
        device=front.device,
        qualities=front.qualities,
        gender=gender,
        eye_colour=eyes,
        hair_colour=hair,
        sampling=sampling,
        colour_space=colours,
        offset=start,
    )
    return image, end
