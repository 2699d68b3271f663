"""Pictures as bytes: PNG, TIFF, BMP, PGM, JPEG, JPEG 2000 and WSQ to one grey raster, and back to PNG.

How the pixels become 8-bit grey:

* 16 bits: the whole range of the container is scaled, `round(v / 257)`; a 12-bit TIFF likewise from 4095. The
  picture's own minimum and maximum are not stretched: contrast is a quality measure.
* colour and palette: luminance of ITU-R BT.601 (0.299 R + 0.587 G + 0.114 B).
* 1 bit: 0 and 255. CMYK: over RGB. TIFF's *white is zero* is turned round.
* transparency: laid over white. Where more than half of the pixels are partly transparent and the picture varies
  below, the alpha channel is no cut-out but a second copy of the print (the example prints of libfprint are made
  so); laying it over white would wash the ridges out, and it is left aside.

Resolution tags are returned, and are not to be trusted: programs write 72 and 96 ppi (a screen's) without having
measured anything, so these count as no tag; others are what the last program believed.
"""

from __future__ import annotations

import io
import math
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import (
    BmpImagePlugin,
    Image,
    ImageOps,
    Jpeg2KImagePlugin,
    JpegImagePlugin,
    PngImagePlugin,
    PpmImagePlugin,
    TiffImagePlugin,
)

from biocore.errors import FormatError, MissingDependencyError, UnsupportedFormatError
from biocore.formats.wsq import decode_wsq
from biocore.types import (
    MAX_SIDE,
    PPI_RANGE,
    ColourImage,
    GreyImage,
    check_colour,
    check_pixels,
    check_ppi,
    frozen_array,
)

MAX_BYTES = 4 * MAX_SIDE * MAX_SIDE  # a raw 32-bit picture of the largest size; no file worth reading is larger
SCREEN_PPI = (72.0, 96.0)  # what programs write that have measured nothing
TAG_SLACK = 0.02  # px/inch; 500 ppi is 19685 px/m in a PNG, which reads as 499.999
ASPECT_SLACK = 0.01  # share by which the horizontal and vertical tags may differ
VEILED = 0.5  # share of partly transparent pixels above which alpha is no cut-out; libfprint's prints have 0.99
WHITE_IS_ZERO = 0  # TIFF 6.0, tag 262
READABLE = "PNG, TIFF, BMP, PGM, JPEG, JPEG 2000 and WSQ"

_Opener = Callable[[io.BytesIO], Image.Image]
_Converter = Callable[[Image.Image, str, int, bool, str], tuple[GreyImage, ColourImage | None]]

_OPENERS: tuple[tuple[str, tuple[bytes, ...], _Opener], ...] = (
    ("PNG", (b"\x89PNG\r\n\x1a\n",), PngImagePlugin.PngImageFile),
    ("JPEG", (b"\xff\xd8\xff",), JpegImagePlugin.JpegImageFile),
    (
        "JPEG 2000",
        (b"\x00\x00\x00\x0cjP  \r\n\x87\n", b"\xff\x4f\xff\x51"),
        Jpeg2KImagePlugin.Jpeg2KImageFile,
    ),
    ("TIFF", (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"), TiffImagePlugin.TiffImageFile),
    ("BMP", (b"BM",), BmpImagePlugin.BmpImageFile),
    ("PGM", (b"P1", b"P2", b"P3", b"P4", b"P5", b"P6"), PpmImagePlugin.PpmImageFile),
    ("WSQ", (b"\xff\xa0",), lambda stream: Image.fromarray(decode_wsq(stream.getvalue()))),
)
_OTHERS: tuple[tuple[bytes, str], ...] = (  # recognised, so that the message can say what to do
    (b"FMR\0", "a minutiae record, not a picture; read it with biocore.formats.finger_minutiae"),
    (b"FIR\0", "a finger image record, not a picture; read it with biocore.formats.finger_image"),
    (b"IIR\0", "an iris image record, not a picture; read it with biocore.formats.iris_image"),
    (b"FAC\0", "a face image record, not a picture; read it with biocore.formats.face_image"),
    (b"1.001:", "an ANSI/NIST-ITL transaction, not a picture; read it with biocore.formats.itl"),
    (b"GIF8", f"a GIF; save it as PNG (readable are {READABLE})"),
    (b"RIFF", f"a WebP or another RIFF file; save it as PNG (readable are {READABLE})"),
    (b"%PDF", f"a PDF; save its picture as PNG (readable are {READABLE})"),
)


class Picture(NamedTuple):
    """A picture as it was read.

    Attributes
    ----------
    pixels : uint8 array (height, width), read-only
        0 = black, 255 = white.
    ppi_tag : float or None
        Resolution the file claims, in px/inch; None where it claims none, or only a screen's.
    name : str
        Path of the file, or `memory`.
    """

    pixels: GreyImage
    ppi_tag: float | None
    name: str


def read_image(source: str | Path | bytes) -> Picture:
    """Read a picture as 8-bit grey.

    Parameters
    ----------
    source : path or bytes
        PNG, TIFF, BMP, PGM, JPEG, JPEG 2000, or WSQ where the extra `wsq` is installed.

    Raises
    ------
    FormatError
        No such file, empty, truncated, damaged, above `MAX_SIDE` px a side (checked before decoding), or several
        pictures in one file.
    UnsupportedFormatError
        Not a picture, one in another format, or one of another kind of pixel (floating point).
    MissingDependencyError
        WSQ without the extra `wsq`.
    """
    return _read(source, lambda image, kind, bits, inverted, name: (_grey(image, kind, bits, inverted, name), None))[0]


def read_colour(source: str | Path | bytes) -> tuple[Picture, ColourImage | None]:
    """Read a portrait: the picture as 8-bit grey, and in red, green and blue where it has colours.

    Errors, and how grey is made, as those of `read_image`. Transparency is laid over white. Colour profiles are not
    applied: the numbers are the file's.

    Returns
    -------
    Picture
    colour : uint8 array (height, width, 3), read-only, or None
    """
    return _read(source, _with_colour)


def _read(source: str | Path | bytes, convert: _Converter) -> tuple[Picture, ColourImage | None]:
    data, name = _bytes_of(source)
    kind, opener = _recognise(data, name)
    try:
        image = opener(io.BytesIO(data))
    except MissingDependencyError:
        raise
    except Exception as error:  # a codec fails in its own ways; all of them mean that the file is damaged
        where = "that" if kind == "WSQ" else "whose head"  # a WSQ is decoded as it is opened
        raise FormatError(f"a {kind} {where} is damaged or cut off ({_reason(error)})", file=name) from error
    with image:
        _check_head(image, kind, name)
        tag = _ppi_tag(image)
        try:
            upright = ImageOps.exif_transpose(image)  # as every viewer shows it
        except Exception as error:
            raise FormatError(
                f"a {kind} that is truncated or damaged ({_reason(error)}); copy it anew from where it came",
                file=name,
            ) from error
        bits, inverted = _sample_bits(image)
        pixels, colour = convert(upright, kind, bits, inverted, name)
    picture = Picture(frozen_array(check_pixels(pixels, f"pixels of {name}")), tag, name)
    return picture, None if colour is None else frozen_array(check_colour(colour, f"colour of {name}"))


def write_png(path: str | Path, pixels: GreyImage | ColourImage, ppi: float | None = None) -> None:
    """Write a raster as PNG, with its resolution where it is known.

    Parameters
    ----------
    path : path
    pixels : uint8 array (height, width), or (height, width, 3) in red, green and blue
    ppi : float or None
        px/inch; the PNG holds whole px/m.

    Raises
    ------
    InvalidSampleError
        No such raster, or an impossible resolution.
    FormatError
        The file cannot be written.
    """
    data = encode_png(pixels, ppi)
    try:
        Path(path).write_bytes(data)
    except OSError as error:
        raise FormatError(f"cannot be written: {error.strerror or error}", file=str(path)) from error


def encode_png(pixels: GreyImage | ColourImage, ppi: float | None = None) -> bytes:
    """Encode a raster as PNG; parameters and errors as those of `write_png`."""
    check = check_colour if np.ndim(pixels) == 3 else check_pixels
    image = Image.fromarray(np.ascontiguousarray(check(pixels)))
    ppi = check_ppi(ppi)
    stream = io.BytesIO()
    image.save(stream, "PNG", **({"dpi": (ppi, ppi)} if ppi is not None else {}))
    return stream.getvalue()


def _bytes_of(source: str | Path | bytes) -> tuple[bytes, str]:
    """Return the bytes and the name to call them by."""
    if isinstance(source, (bytes, bytearray, memoryview)):
        data, name = bytes(source), "memory"
    else:
        data, name = _bytes_of_file(Path(source)), str(source)
    if not data:
        raise FormatError("is empty (0 bytes); the copy or the capture failed", file=name)
    return data, name


def _bytes_of_file(path: Path) -> bytes:
    name = str(path)
    if "\0" in name:
        raise FormatError("no file can have a NUL in its name", file=repr(name))
    try:
        status = path.stat()
        if path.is_dir():
            raise FormatError("is a folder; name a picture in it", file=name)
        if not path.is_file():  # a pipe or a device could be read for ever
            raise FormatError("is no regular file", file=name)
        if status.st_size > MAX_BYTES:
            raise FormatError(f"is larger than {MAX_BYTES >> 20} MiB; no picture of one finger is", file=name)
        return path.read_bytes()
    except FileNotFoundError:
        raise FormatError("there is no such file", file=name) from None
    except OSError as error:
        raise FormatError(f"cannot be read: {error.strerror or error}", file=name) from None


def _recognise(data: bytes, name: str) -> tuple[str, _Opener]:
    """Tell the format by its first bytes; the name's ending says nothing."""
    for kind, heads, opener in _OPENERS:
        if data.startswith(heads):
            return kind, opener
    for head, what in _OTHERS:
        if data.startswith(head):
            raise UnsupportedFormatError(f"is {what}", file=name, offset=0)
    raise UnsupportedFormatError(
        f"is not a picture (it begins with {data[:8].hex(' ')}); readable are {READABLE}", file=name, offset=0
    )


def _reason(error: Exception) -> str:
    """Return what a codec says, on one line."""
    return " ".join(str(error).split()) or type(error).__name__


def _check_head(image: Image.Image, kind: str, name: str) -> None:
    """Refuse by what the head says, before any pixel is decoded."""
    width, height = image.size
    if width < 1 or height < 1:
        raise FormatError(f"a {kind} of {width}x{height} px has no pixels", file=name)
    if max(width, height) > MAX_SIDE:
        raise FormatError(
            f"a {kind} of {width}x{height} px; the limit is {MAX_SIDE} a side. Cut out the finger or the eye", file=name
        )
    if getattr(image, "is_animated", False):
        raise FormatError(f"a {kind} with several pictures in it; save each as its own file", file=name)


def _ppi_tag(image: Image.Image) -> float | None:
    """Return what the file claims, where it is a number that a scanner can have."""
    try:
        horizontal, vertical = (float(value) for value in image.info["dpi"])
    except (KeyError, TypeError, ValueError, ZeroDivisionError):
        return None
    if not (math.isfinite(horizontal) and math.isfinite(vertical)):
        return None
    if not PPI_RANGE[0] <= horizontal <= PPI_RANGE[1] or abs(horizontal - vertical) > ASPECT_SLACK * horizontal:
        return None
    tag = float(round(horizontal)) if abs(horizontal - round(horizontal)) <= TAG_SLACK else horizontal
    return None if tag in SCREEN_PPI else tag


def _sample_bits(image: Image.Image) -> tuple[int, bool]:
    """Return how many bits a 16-bit container really holds, and whether its white is zero."""
    if not isinstance(image, TiffImagePlugin.TiffImageFile) or image.mode not in ("I;16", "I;16B"):
        return 16, False
    bits = image.tag_v2.get(TiffImagePlugin.BITSPERSAMPLE, (16,))
    return int(bits[0]), image.tag_v2.get(TiffImagePlugin.PHOTOMETRIC_INTERPRETATION) == WHITE_IS_ZERO


def _grey(image: Image.Image, kind: str, bits: int, inverted: bool, name: str) -> GreyImage:
    """Turn any kind of pixel that a picture of a finger or an eye can have into 8-bit grey."""
    if image.mode in ("I;16", "I;16B", "I;16L", "I;16N") or (image.mode == "I" and kind in ("PGM", "PNG")):
        return _to_8(np.asarray(image).astype(np.int64), bits, inverted)
    if image.mode in ("F", "I"):
        what = "floating point numbers" if image.mode == "F" else "signed or 32-bit numbers"
        raise UnsupportedFormatError(
            f"a {kind} of {what}, whose black and white nobody knows; save it as 8 or 16 bits of grey", file=name
        )
    if image.mode in ("LA", "La", "PA", "RGBA", "RGBa") or "transparency" in image.info:
        colour = image.convert("RGBA")  # one way for all; grey comes out as it went in
        return _over_white(np.asarray(colour.convert("RGB").convert("L")), np.asarray(colour.getchannel("A")))
    if image.mode in ("1", "L"):
        return np.asarray(image.convert("L"))
    if image.mode in ("P", "RGB", "RGBX", "CMYK", "YCbCr"):
        return np.asarray(image.convert("RGB").convert("L"))
    raise UnsupportedFormatError(f"a {kind} with pixels of kind {image.mode}; save it as grey", file=name)


def _with_colour(
    image: Image.Image, kind: str, bits: int, inverted: bool, name: str
) -> tuple[GreyImage, ColourImage | None]:
    """Return a picture as grey, and its colours where it is none of grey alone."""
    grey = _grey(image, kind, bits, inverted, name)
    if not has_colour(image):
        return grey, None
    if image.mode in ("PA", "RGBA", "RGBa") or "transparency" in image.info:
        whole = image.convert("RGBA")
        paper = Image.new("RGBA", whole.size, "white")
        image = Image.alpha_composite(paper, whole)
    return grey, np.asarray(image.convert("RGB"))


def has_colour(image: Image.Image) -> bool:
    """Say whether a picture's pixels may have colours, by their kind."""
    return image.mode in ("P", "PA", "RGB", "RGBX", "RGBA", "RGBa", "CMYK", "YCbCr", "LAB", "HSV")


def _to_8(values: NDArray[np.int64], bits: int, inverted: bool) -> GreyImage:
    """Scale the whole range of `bits` to 0..255, rounding half up."""
    full = (1 << bits) - 1
    eight = (np.clip(values, 0, full) * 255 * 2 + full) // (2 * full)
    return (255 - eight if inverted else eight).astype(np.uint8)


def _over_white(grey: GreyImage, alpha: GreyImage) -> GreyImage:
    """Lay a picture over white paper, unless its alpha channel is a second copy of the print."""
    partly = float(((alpha > 0) & (alpha < 255)).mean())
    if partly > VEILED and grey.min() != grey.max():
        return grey
    cover = alpha.astype(np.uint32)
    return ((grey * cover + 255 * (255 - cover) + 127) // 255).astype(np.uint8)
