"""Iris image records of ISO/IEC 19794-6:2005, and of NIST's IREX, which came between 2005 and 2011.

One head for all pictures, and little of each. IREX has a kind of imagery before the length, and says with each picture
how it was masked and where pupil and iris lie; that is stepped over. Its layout follows biomdi's reader.
"""

from __future__ import annotations

import struct

from biocore.errors import FormatError, InvalidSampleError, UnsupportedFormatError
from biocore.formats.iris_image import (
    ANGLE_STEPS,
    MAGIC,
    VERSIONS_2005,
    Compression,
    ImageKind,
    IrisImage,
    IrisImageRecord,
    Orientation,
    angle_steps,
)
from biocore.formats.iris_image_pixels import ImageFormat
from biocore.formats.representation import UNKNOWN_16, QualityBlock, unpack
from biocore.types import EyePosition

# Codes of 2005 that mean something else in 2011; JPEG-LS (10, 12) is decoded by nothing here.
_FORMATS = {
    2: ImageFormat.MONO_RAW,
    4: ImageFormat.RGB_RAW,
    6: ImageFormat.MONO_JPEG,
    8: ImageFormat.RGB_JPEG,
    14: ImageFormat.MONO_JPEG2000,
    16: ImageFormat.RGB_JPEG2000,
}
_LOSSY = (ImageFormat.MONO_JPEG, ImageFormat.RGB_JPEG)
_HEAD = struct.Struct(">IHBHHHHHHBB16s")  # behind magic, version and, in IREX, the kind of imagery
_BYTE = struct.Struct(">B")
_EYE = struct.Struct(">BH")  # eye, pictures
_IMAGE = struct.Struct(">HBHHI")  # number, quality, rotation, uncertainty, length
_IREX_IMAGE = struct.Struct(">IHBHHHH")  # length, number, quality, whose (2), rotation, uncertainty
_IREX_GEOMETRY = 3 + 12 + 24  # bytes: masks, polar sampling, ellipses
_FREEMAN = struct.Struct(">H")  # bytes of a boundary's chain code, twice
_START = 8  # bytes: magic, version
EYES_AT, HEADER_AT, PROPERTIES_AT, FORMAT_AT, SIZE_AT = 6, 7, 9, 13, 15  # behind the length's first byte
NOT_COMPUTED = 254  # quality
NO_SERIAL = b"0" * 16  # unique identifier of a device that has none


def read_2005(data: bytes, file: str | None = None, *, irex: bool = False) -> IrisImageRecord:
    """Read a record; `biocore.formats.iris_image.read_iir` calls this for the versions of 2005 and of IREX.

    Raises
    ------
    FormatError
        Damaged or cut off; carries the byte offset.
    UnsupportedFormatError
        Polar pictures, which only IREX has.
    """
    imagery, start = (unpack(_BYTE, data, _START, "the kind of imagery", file)[0], _START + 1) if irex else (1, _START)
    total, device, eyes, header, properties, diameter, form, width, height, depth, *_ = unpack(
        _HEAD, data, start, "the head", file
    )
    if total > len(data):
        raise FormatError(f"the record is {total} bytes long and only {len(data)} are there", file=file, offset=start)
    if imagery not in set(ImageKind):
        raise UnsupportedFormatError(f"imagery of kind {imagery:#x} (polar)", file=file, offset=_START)
    if eyes > 2:
        raise FormatError(f"{eyes} eyes; nobody has more than two", file=file, offset=start + EYES_AT)
    if header != start + _HEAD.size:
        raise FormatError(
            f"a head of {header} bytes; {start + _HEAD.size} are known", file=file, offset=start + HEADER_AT
        )
    if form not in _FORMATS:
        raise FormatError(f"image format {form} is not defined, or JPEG-LS", file=file, offset=start + FORMAT_AT)
    if width < 1 or height < 1:
        raise FormatError(f"a picture of {width}x{height} px has no pixels", file=file, offset=start + SIZE_AT)
    horizontal, vertical = properties & 3, properties >> 2 & 3
    if 3 in (horizontal, vertical):
        raise FormatError("an orientation of 3 is not defined", file=file, offset=start + PROPERTIES_AT)
    kind = _FORMATS[form]
    remarks = [] if total == len(data) else [f"total length said {total}, the record has {len(data)} bytes"]
    if not irex and data[4:8] != VERSIONS_2005[0]:
        remarks.append(f"version {data[4:8]!r} stands for {VERSIONS_2005[0]!r}")
    images = []
    at = start + _HEAD.size
    for _ in range(eyes):
        eye, count = unpack(_EYE, data, at, "an eye", file)
        if eye > EyePosition.LEFT:
            raise FormatError(f"eye {eye} is not defined", file=file, offset=at)
        at += _EYE.size
        for _ in range(count):
            number, quality, rotation, doubt, size, pixels_at = (_irex if irex else _plain)(data, at, file)
            if pixels_at + size > len(data):
                raise FormatError(
                    f"the picture is {size} bytes long and only {len(data) - pixels_at} are there",
                    file=file,
                    offset=at if irex else pixels_at - 4,
                )
            images.append(
                IrisImage(
                    eye=EyePosition(eye),
                    kind=ImageKind(imagery),
                    format=kind,
                    width=width,
                    height=height,
                    data=data[pixels_at : pixels_at + size],
                    bit_depth=depth,
                    number=number,
                    horizontal=Orientation(horizontal),
                    vertical=Orientation(vertical),
                    compression=Compression.LOSSY if kind in _LOSSY else Compression.UNDEFINED,
                    roll=None if doubt == UNKNOWN_16 else rotation * 360.0 / ANGLE_STEPS,
                    roll_uncertainty=None if doubt == UNKNOWN_16 else doubt * 360.0 / ANGLE_STEPS,
                    diameter=(diameter, diameter) if diameter else None,
                    device=device,
                    qualities=() if quality >= NOT_COMPUTED else (QualityBlock(min(quality, 100)),),
                    offset=pixels_at,
                )
            )
            at = pixels_at + size
    if at != len(data):
        raise FormatError(f"{len(data) - at} bytes too many after the last picture", file=file, offset=at)
    return IrisImageRecord(tuple(images), tuple(remarks))


def _plain(data: bytes, at: int, file: str | None) -> tuple[int, int, int, int, int, int]:
    """Return number, quality, rotation, its uncertainty, and length and place of the picture that begins here."""
    number, quality, rotation, doubt, size = unpack(_IMAGE, data, at, "a picture", file)
    return number, quality, rotation, doubt, size, at + _IMAGE.size


def _irex(data: bytes, at: int, file: str | None) -> tuple[int, int, int, int, int, int]:
    """Return the same as `_plain`; each boundary may have a chain code of any length before the picture."""
    size, number, quality, _, _, rotation, doubt = unpack(_IREX_IMAGE, data, at, "a picture", file)
    at += _IREX_IMAGE.size + _IREX_GEOMETRY
    for boundary in ("pupil", "iris"):
        (length,) = unpack(_FREEMAN, data, at, f"the boundary of the {boundary}", file)
        at += _FREEMAN.size + length
    return number, quality, rotation, doubt, size, at


# -- writing ---------------------------------------------------------------------------------------


def write_2005(record: IrisImageRecord) -> bytes:
    """Write a record of the edition of 2005: no date, one quality score, no bounds of the iris but its diameter.

    Raises
    ------
    InvalidSampleError
        No picture, PNG, or pictures that differ in what the one head says of all.
    """
    if not record.images:
        raise InvalidSampleError("a record of 2005 has at least one picture")
    heads = {_shared(image) for image in record.images}
    if len(heads) > 1:
        raise InvalidSampleError("the pictures of a record of 2005 share size, format, device and orientation")
    shared = heads.pop()
    eyes: dict[EyePosition, list[IrisImage]] = {}
    for image in record.images:
        eyes.setdefault(image.eye, []).append(image)
    if len(eyes) > 2:
        raise InvalidSampleError("nobody has more than two eyes")
    try:
        body = b"".join(_EYE.pack(eye, len(found)) + b"".join(map(_write_image, found)) for eye, found in eyes.items())
        size = _START + _HEAD.size
        device, properties, diameter, form, width, height, depth = shared
        head = _HEAD.pack(
            size + len(body), device, len(eyes), size, properties, diameter, form, width, height, depth, 0, NO_SERIAL
        )
    except struct.error as error:
        raise InvalidSampleError(f"a number does not fit its field: {error}") from None
    return MAGIC + VERSIONS_2005[0] + head + body


def _shared(image: IrisImage) -> tuple[int, int, int, int, int, int, int]:
    code = next((code for code, kind in _FORMATS.items() if kind is image.format), None)
    if code is None:
        raise InvalidSampleError(f"{image.format.name} is not in the edition of 2005; write it raw, or as JPEG 2000")
    orientation = image.horizontal | image.vertical << 2
    diameter = sum(image.diameter) // 2 if image.diameter else 0
    return image.device, orientation, diameter, code, image.width, image.height, image.bit_depth


def _write_image(image: IrisImage) -> bytes:
    score = next((block.score for block in image.qualities if block.score is not None), NOT_COMPUTED)
    known = image.roll is not None and image.roll_uncertainty is not None
    roll, doubt = (
        (angle_steps(image.roll, wraps=True), angle_steps(image.roll_uncertainty, wraps=False))
        if known
        else (UNKNOWN_16, UNKNOWN_16)
    )
    return _IMAGE.pack(image.number, score, roll, doubt, len(image.data)) + image.data
