"""Pictures inside iris image records: encoded for them, and decoded."""

from __future__ import annotations

import io
from enum import IntEnum

import numpy as np
from PIL import Image

from biocore.errors import FormatError, InvalidSampleError, UnsupportedFormatError
from biocore.formats.images import read_image
from biocore.types import GreyImage, check_pixels, frozen_array


class ImageFormat(IntEnum):
    """Image formats of ISO/IEC 19794-6:2011; those of three colours are 2 above the grey ones of 2005."""

    MONO_RAW = 2
    RGB_RAW = 4
    MONO_JPEG = 6
    RGB_JPEG = 8
    MONO_JPEG2000 = 10
    RGB_JPEG2000 = 12
    MONO_PNG = 14
    RGB_PNG = 16


_RAW = {ImageFormat.MONO_RAW: 1, ImageFormat.RGB_RAW: 3}  # bytes a pixel


def decode(data: bytes, kind: ImageFormat, width: int, height: int, bit_depth: int) -> GreyImage:
    """Decode a picture to 8-bit grey.

    Raises
    ------
    FormatError
        Damaged, or of another size than is said.
    UnsupportedFormatError
        Raw pixels of another depth than 8 bits a colour.
    """
    if kind in _RAW:
        colours = _RAW[kind]
        if bit_depth != 8 * colours:
            raise UnsupportedFormatError(f"raw pixels of {bit_depth} bits; {8 * colours} are read")
        if len(data) != width * height * colours:
            raise FormatError(f"{width}x{height} raw px are {width * height * colours} bytes, not {len(data)}")
        raw = np.frombuffer(data, np.uint8)
        if colours == 1:
            return frozen_array(check_pixels(raw.reshape(height, width)))
        return frozen_array(np.asarray(Image.fromarray(raw.reshape(height, width, 3)).convert("L")))
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
        `MONO_RAW`, `MONO_PNG` or `MONO_JPEG2000`.
    ratio : float or None
        How many times smaller a JPEG 2000 is to be than its pixels, more than 1; None loses nothing.

    Raises
    ------
    InvalidSampleError
        No grey picture, another format, or a ratio where there is none.
    """
    image = np.ascontiguousarray(check_pixels(pixels))
    if ratio is not None and not (kind is ImageFormat.MONO_JPEG2000 and 1.0 < ratio < 1000.0):
        raise InvalidSampleError(f"a ratio of {ratio} is not for {kind.name}: above 1, and for JPEG 2000 only")
    if kind is ImageFormat.MONO_RAW:
        return image.tobytes()
    stream = io.BytesIO()
    if kind is ImageFormat.MONO_PNG:
        Image.fromarray(image).save(stream, "PNG")
    elif kind is ImageFormat.MONO_JPEG2000:
        how = {"irreversible": False} if ratio is None else {"irreversible": True, "quality_layers": [ratio]}
        # small pictures have no room for the usual five halvings
        halvings = min(6, max(1, min(image.shape).bit_length() - 1))
        Image.fromarray(image).save(stream, "JPEG2000", quality_mode="rates", num_resolutions=halvings, **how)
    else:
        raise InvalidSampleError(f"{kind.name} is not written; use MONO_RAW, MONO_PNG or MONO_JPEG2000")
    return stream.getvalue()
