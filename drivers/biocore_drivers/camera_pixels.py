"""Grey pictures of what cameras deliver, whatever that is: backends are asked for raw data, and some give colour.

What is not certainly a whole picture is refused: a JPEG that ends early decodes without complaint, its rest grey.
"""

from __future__ import annotations

import io
import warnings

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from biocore.types import MAX_SIDE, GreyImage

START, END = b"\xff\xd8", b"\xff\xd9"  # markers SOI and EOI; ISO/IEC 10918-1, table B.1
COMPRESSED = frozenset({"MJPG", "JPEG"})
LUMA_AT = {"YUYV": 0, "YUY2": 0, "UYVY": 1}  # of the two bytes of a pixel
PLANAR = frozenset({"NV12", "NV21", "YU12", "YV12", "I420"})  # luma first, half as many rows of colour below
DEPTH = {"Y10 ": 10, "Y12 ": 12, "Y14 ": 14, "Y16 ": 16}  # bits
GREY = frozenset({"GREY", "Y8  ", "Y800", *DEPTH})
PADDING = b"\0\r\n"  # what may follow the end of a JPEG


class BrokenPictureError(ValueError):
    """What came is no whole picture; the next one may be."""


def grey(raw: object, code: str) -> GreyImage:
    """Return the grey picture of what a backend delivered.

    Parameters
    ----------
    raw : object
        What it delivered: an array of whatever shape and type, one hopes.
    code : str
        FOURCC of the camera's format, as far as the backend told it.

    Raises
    ------
    BrokenPictureError
    """
    if not isinstance(raw, np.ndarray) or raw.size == 0:
        raise BrokenPictureError("nothing was delivered")
    if raw.dtype == np.uint16:
        return _eight_bits(_flat(raw), DEPTH.get(code, 16))
    if raw.dtype != np.uint8:
        raise BrokenPictureError(f"pixels of type {raw.dtype}")
    if code in COMPRESSED and raw.size == max(raw.shape):
        return jpeg(raw.tobytes())
    channels = 1 if raw.ndim == 2 else raw.shape[-1]
    if raw.ndim not in (2, 3):
        raise BrokenPictureError(f"an array of shape {raw.shape}")
    if channels == 1:
        picture = _flat(raw)
        if code in PLANAR and picture.shape[0] % 3 == 0:
            picture = picture[: picture.shape[0] // 3 * 2]
    elif channels == 2:
        picture = raw[..., LUMA_AT.get(code, 0)]
    elif channels in (3, 4):
        picture = cv2.cvtColor(raw, cv2.COLOR_BGR2GRAY if channels == 3 else cv2.COLOR_BGRA2GRAY).reshape(raw.shape[:2])
    else:
        raise BrokenPictureError(f"an array of shape {raw.shape}")
    if min(picture.shape) < 2 or max(picture.shape) > MAX_SIDE:
        raise BrokenPictureError(f"a picture of {picture.shape[1]} x {picture.shape[0]} px")
    return np.array(picture, np.uint8)  # its own: backends fill the same memory with the next picture


def jpeg(data: bytes) -> GreyImage:
    """Return the luma of a whole JPEG.

    Raises
    ------
    BrokenPictureError
        It ends early, or is none.
    """
    picture = decoded(data, cv2.IMREAD_GRAYSCALE)
    return picture.reshape(picture.shape[:2])


def decoded(data: bytes, flags: int) -> NDArray[np.uint8]:
    """Return the pixels of a whole JPEG; `flags` are OpenCV's.

    Raises
    ------
    BrokenPictureError
        It ends early, or is none.
    """
    if not data.startswith(START):
        raise BrokenPictureError("no JPEG")
    data = data.rstrip(PADDING)
    if not data.endswith(END):
        raise BrokenPictureError("a JPEG that ends early")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # the size is checked here
            with Image.open(io.BytesIO(data)) as header:
                if max(header.size) > MAX_SIDE:
                    raise BrokenPictureError(f"a JPEG of {header.size} px")
        picture = cv2.imdecode(np.frombuffer(data, np.uint8), flags | cv2.IMREAD_IGNORE_ORIENTATION)
    except (OSError, SyntaxError, Image.DecompressionBombError, cv2.error) as error:
        raise BrokenPictureError(f"a JPEG that does not decode: {error}") from error
    if picture is None:
        raise BrokenPictureError("a JPEG that does not decode")
    return np.asarray(picture, np.uint8)


def _flat(raw: NDArray[np.generic]) -> NDArray[np.generic]:
    if raw.ndim == 3 and raw.shape[2] == 1:
        return raw[..., 0]
    if raw.ndim != 2:
        raise BrokenPictureError(f"an array of shape {raw.shape}")
    return raw


def _eight_bits(raw: NDArray[np.generic], depth: int) -> GreyImage:
    shown: GreyImage = (raw.astype(np.uint16) >> (depth - 8)).clip(0, 255).astype(np.uint8)
    return shown
