"""Reading iris image records of ISO/IEC 19794-6:2005: one head for all pictures, and little of each."""

from __future__ import annotations

import struct

from biocore.errors import FormatError
from biocore.formats.iris_image import (
    ANGLE_STEPS,
    Compression,
    ImageKind,
    IrisImage,
    IrisImageRecord,
    Orientation,
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
_HEAD = struct.Struct(">4s4sIHBHHHHHHBB16s")
_EYE = struct.Struct(">BH")  # eye, pictures
_IMAGE = struct.Struct(">HBHHI")  # number, quality, rotation, uncertainty, length
LENGTH_AT, EYES_AT, HEADER_AT, PROPERTIES_AT, FORMAT_AT, SIZE_AT = 8, 14, 15, 17, 21, 23
NOT_COMPUTED = 254  # quality


def read_2005(data: bytes, file: str | None = None) -> IrisImageRecord:
    """Read a record; `biocore.formats.iris_image.read_iir` calls this for the versions of 2005.

    Raises
    ------
    FormatError
        Damaged or cut off; carries the byte offset.
    """
    if len(data) < _HEAD.size:
        raise FormatError(f"the head is cut off: {len(data)} of {_HEAD.size} bytes", file=file, offset=len(data))
    _, _, total, device, eyes, header, properties, diameter, form, width, height, depth, _, _ = _HEAD.unpack_from(data)
    if total > len(data):
        raise FormatError(
            f"the record is {total} bytes long and only {len(data)} are there", file=file, offset=LENGTH_AT
        )
    if eyes > 2:
        raise FormatError(f"{eyes} eyes; nobody has more than two", file=file, offset=EYES_AT)
    if header != _HEAD.size:
        raise FormatError(f"a head of {header} bytes; {_HEAD.size} are known", file=file, offset=HEADER_AT)
    if form not in _FORMATS:
        raise FormatError(f"image format {form} is not defined, or JPEG-LS", file=file, offset=FORMAT_AT)
    if width < 1 or height < 1:
        raise FormatError(f"a picture of {width}x{height} px has no pixels", file=file, offset=SIZE_AT)
    horizontal, vertical = properties & 3, properties >> 2 & 3
    if 3 in (horizontal, vertical):
        raise FormatError("an orientation of 3 is not defined", file=file, offset=PROPERTIES_AT)
    kind = _FORMATS[form]
    remarks = [] if total == len(data) else [f"total length said {total}, the record has {len(data)} bytes"]
    images = []
    at = _HEAD.size
    for _ in range(eyes):
        eye, count = unpack(_EYE, data, at, "an eye", file)
        if eye > EyePosition.LEFT:
            raise FormatError(f"eye {eye} is not defined", file=file, offset=at)
        at += _EYE.size
        for _ in range(count):
            number, quality, rotation, doubt, size = unpack(_IMAGE, data, at, "a picture", file)
            start = at + _IMAGE.size
            if start + size > len(data):
                raise FormatError(
                    f"the picture is {size} bytes long and only {len(data) - start} are there",
                    file=file,
                    offset=start - 4,
                )
            images.append(
                IrisImage(
                    eye=EyePosition(eye),
                    kind=ImageKind.UNCROPPED,
                    format=kind,
                    width=width,
                    height=height,
                    data=data[start : start + size],
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
                )
            )
            at = start + size
    if at != len(data):
        raise FormatError(f"{len(data) - at} bytes too many after the last picture", file=file, offset=at)
    return IrisImageRecord(tuple(images), tuple(remarks))
