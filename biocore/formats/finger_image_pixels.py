"""Pictures inside finger image records: encoded for them, and decoded."""

from __future__ import annotations

from enum import IntEnum

import numpy as np

from biocore.errors import FormatError, InvalidSampleError, UnsupportedFormatError
from biocore.formats import iris_image_pixels
from biocore.formats.images import read_image
from biocore.formats.wsq import BITS_A_PIXEL, encode_wsq
from biocore.types import MAX_SIDE, GreyImage, check_pixels, frozen_array


class ImageFormat(IntEnum):
    """Compression codes of ISO/IEC 19794-4:2011; 2005 has one code for JPEG 2000, and PNG at 5."""

    RAW = 0
    PACKED = 1  # pixels of another depth than 8, bit by bit
    WSQ = 2
    JPEG = 3
    JPEG2000_LOSSY = 4
    JPEG2000 = 5
    PNG = 6


# The codecs are those of iris images: a picture is a picture.
_ENCODED = {
    ImageFormat.RAW: iris_image_pixels.ImageFormat.MONO_RAW,
    ImageFormat.JPEG2000_LOSSY: iris_image_pixels.ImageFormat.MONO_JPEG2000,
    ImageFormat.JPEG2000: iris_image_pixels.ImageFormat.MONO_JPEG2000,
    ImageFormat.PNG: iris_image_pixels.ImageFormat.MONO_PNG,
}


def decode(data: bytes, kind: ImageFormat, width: int, height: int, bit_depth: int) -> GreyImage:
    """Decode a picture to 8-bit grey.

    Raises
    ------
    FormatError
        Damaged, or of another size than is said.
    UnsupportedFormatError
        Raw pixels of another depth than 8 bits, or packed ones.
    """
    if max(width, height) > MAX_SIDE:
        raise FormatError(f"{width}x{height} px; the limit is {MAX_SIDE} a side")
    if kind in (ImageFormat.RAW, ImageFormat.PACKED):
        if bit_depth != 8:
            raise UnsupportedFormatError(f"raw pixels of {bit_depth} bits; 8 are read")
        if len(data) != width * height:
            raise FormatError(f"{width}x{height} raw px are {width * height} bytes, not {len(data)}")
        return frozen_array(np.frombuffer(data, np.uint8).reshape(height, width))
    pixels = read_image(data).pixels
    if pixels.shape != (height, width):
        raise FormatError(
            f"the record says {width}x{height} px, the picture in it has {pixels.shape[1]}x{pixels.shape[0]}"
        )
    return pixels


def encode(pixels: GreyImage, kind: ImageFormat, ratio: float | None = None) -> bytes:
    """Encode a grey picture.

    Parameters
    ----------
    pixels : uint8 array (height, width)
    kind : ImageFormat
        `RAW`, `PNG`, `JPEG2000`, `JPEG2000_LOSSY` or, with the extra `wsq`, `WSQ`.
    ratio : float or None
        How many times smaller a `JPEG2000_LOSSY` is to be than its pixels, more than 1. WSQ has one rate, about 15:1.

    Raises
    ------
    InvalidSampleError
        No grey picture, another format, a ratio where there is none, or a picture too small for WSQ.
    MissingDependencyError
        WSQ without its extra.
    """
    if ratio is not None and kind is ImageFormat.WSQ:
        raise InvalidSampleError(f"WSQ is written at {BITS_A_PIXEL} bits a pixel, the FBI's rate; give it no ratio")
    if kind not in _ENCODED and kind is not ImageFormat.WSQ:
        raise InvalidSampleError(f"{kind.name} is not written; use RAW, PNG, JPEG2000, JPEG2000_LOSSY or WSQ")
    if (ratio is not None) != (kind is ImageFormat.JPEG2000_LOSSY):
        raise InvalidSampleError("a ratio is for JPEG2000_LOSSY, and that needs one")
    if kind is ImageFormat.WSQ:
        return encode_wsq(check_pixels(pixels))
    return iris_image_pixels.encode(check_pixels(pixels), _ENCODED[kind], ratio)
