"""Colours of what cameras deliver, for portraits: red, green and blue, and grey that is their luma.

Grey is made of the colours rather than taken from the camera's own luma plane, so that it is the same function of
them (ITU-R BT.601) whatever the format. What is not certainly a whole picture is refused, as in `camera_pixels`.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from biocore.types import MAX_SIDE
from biocore_drivers.camera_pixels import COMPRESSED, BrokenPictureError, decoded, grey
from biocore_drivers.job import Picture

# What OpenCV calls the ways to red, green and blue; the YUV of video4linux is BT.601 unless a camera says otherwise.
PACKED = {"YUYV": cv2.COLOR_YUV2RGB_YUYV, "YUY2": cv2.COLOR_YUV2RGB_YUYV, "UYVY": cv2.COLOR_YUV2RGB_UYVY}
PLANES = {
    "NV12": cv2.COLOR_YUV2RGB_NV12,
    "NV21": cv2.COLOR_YUV2RGB_NV21,
    "YU12": cv2.COLOR_YUV2RGB_I420,
    "I420": cv2.COLOR_YUV2RGB_I420,
    "YV12": cv2.COLOR_YUV2RGB_YV12,
}


def coloured(raw: object, code: str) -> Picture:
    """Return the picture of what a backend delivered, without colour where it has none.

    Parameters
    ----------
    raw : object
        What it delivered.
    code : str
        FOURCC of the camera's format, as far as the backend told it.

    Raises
    ------
    BrokenPictureError
    """
    if isinstance(raw, np.ndarray) and raw.dtype == np.uint8 and raw.size:
        if code in COMPRESSED and raw.size == max(raw.shape):
            return coloured_jpeg(raw.tobytes())
        way = _way(raw, code)
        if way is not None:
            return _picture(raw, way)
    return Picture(grey(raw, code))


def coloured_jpeg(data: bytes) -> Picture:
    """Return the picture of a whole JPEG; one of grey alone comes without colour.

    Raises
    ------
    BrokenPictureError
        It ends early, or is none.
    """
    raw = decoded(data, cv2.IMREAD_ANYCOLOR)
    if raw.ndim == 3 and raw.shape[2] == 3:
        return _picture(raw, cv2.COLOR_BGR2RGB)
    return Picture(raw.reshape(raw.shape[:2]))


def _way(raw: NDArray[np.uint8], code: str) -> int | None:
    """Return OpenCV's conversion; None where there is no colour in it, or nobody knows how it is kept."""
    channels = raw.shape[2] if raw.ndim == 3 else 1
    if raw.ndim == 3 and channels in (3, 4):
        return cv2.COLOR_BGR2RGB if channels == 3 else cv2.COLOR_BGRA2RGB
    if raw.ndim == 3 and channels == 2 and raw.shape[1] % 2 == 0:
        return PACKED.get(code)
    if raw.ndim in (2, 3) and channels == 1 and raw.shape[0] % 3 == 0 and raw.shape[1] % 2 == 0:
        return PLANES.get(code)
    return None


def _picture(raw: NDArray[np.uint8], way: int) -> Picture:
    if max(raw.shape[:2]) > MAX_SIDE * 3 // 2:
        raise BrokenPictureError(f"an array of shape {raw.shape}")
    try:
        colour = np.asarray(cv2.cvtColor(raw, way), np.uint8)
    except cv2.error as error:
        raise BrokenPictureError(f"colours that do not convert: {error}") from error
    height, width = colour.shape[:2]
    if min(height, width) < 2 or max(height, width) > MAX_SIDE:
        raise BrokenPictureError(f"a picture of {width} x {height} px")
    pixels = np.asarray(cv2.cvtColor(colour, cv2.COLOR_RGB2GRAY), np.uint8)
    colour.flags.writeable = False  # its own already: nobody need copy six megabytes again
    return Picture(pixels, colour)
