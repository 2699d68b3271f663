"""Cameras and files that OpenCV reads, as sources of a feed.

A camera is opened by the path of its node, asked for raw data of a given format, and what it really gives is looked at
picture by picture: `isOpened` and `read` have said yes to unplugged cameras.
"""

from __future__ import annotations

import errno
import os
import time
from collections.abc import Callable
from pathlib import Path

import cv2

from biocore.errors import (
    DeviceBusyError,
    DeviceDisconnectedError,
    DeviceError,
    DeviceNotFoundError,
    DevicePermissionError,
    DeviceUnsupportedError,
)
from biocore_drivers import v4l2
from biocore_drivers.camera_colours import coloured
from biocore_drivers.camera_pixels import COMPRESSED, GREY, BrokenPictureError, grey
from biocore_drivers.job import Picture
from biocore_drivers.transport import Situation
from biocore_drivers.usb_bus import programs
from biocore_drivers.v4l2 import Size

PICTURES = frozenset({".bmp", ".jpeg", ".jpg", ".pgm", ".png", ".tif", ".tiff"})
LARGEST = (1920, 1200)  # px; of what a camera offers, the largest picture up to this one is taken
RAW_BUFFERS = 2  # pictures that may wait in the kernel
OWN_READER = 8.0  # s to wait for a reader left behind; an opening may take 10
_PREFERRED = ("GREY", "Y8  ", "Y800", "Y10 ", "Y12 ", "Y16 ", "YUYV", "YUY2", "UYVY", "NV12", "MJPG", "JPEG")


class _OpenCv:
    """What all of OpenCV's readers share."""

    live = False

    def __init__(self, capture: cv2.VideoCapture, code: str, colours: bool) -> None:
        self._capture = capture
        self._code = code
        self._colours = colours

    def grab(self) -> bool:
        """Wait for the next picture."""
        return bool(self._capture.grab())

    def picture(self) -> Picture:
        """Decode what was grabbed."""
        try:
            came, raw = self._capture.retrieve()
        except cv2.error as error:
            raise BrokenPictureError(f"a picture that does not decode: {error}") from error
        if not came:
            raise BrokenPictureError("a picture that does not decode")
        return coloured(raw, self._code) if self._colours else Picture(grey(raw, self._code))

    def interrupt(self) -> None:
        """Do nothing: OpenCV cannot be interrupted."""

    def close(self) -> None:
        """Give it back."""
        self._capture.release()


class FileSource(_OpenCv):
    """A video, or a sequence of pictures (`eye_%03d.png`, or the first of them).

    Parameters
    ----------
    path : str
    situation : Situation
    colours : bool
        They are wanted.

    Raises
    ------
    DeviceNotFoundError
        There is none, or none that OpenCV reads.
    """

    def __init__(self, path: str, situation: Situation, colours: bool = False) -> None:
        sequence = "%" in Path(path).name or Path(path).suffix.lower() in PICTURES
        if "%" not in path and not Path(path).is_file():
            raise situation.error(DeviceNotFoundError, f"there is no file {path!r}")
        try:
            capture = cv2.VideoCapture(path, cv2.CAP_IMAGES if sequence else cv2.CAP_FFMPEG)
        except cv2.error as error:
            raise situation.error(DeviceNotFoundError, f"{path!r} cannot be read: {error}") from error
        if not capture.isOpened():
            raise situation.error(DeviceNotFoundError, f"{path!r} is no video, and no sequence of pictures")
        super().__init__(capture, "", colours)


class V4l2Source(_OpenCv):
    """A camera of this machine.

    Parameters
    ----------
    camera : v4l2.Camera
    wanted : (str, (int, int) or None)
        FOURCC and size; an empty FOURCC and None = the best it offers.
    gone : callable
        Says whether the camera is attached no more.
    situation : Situation
    colours : bool
        They are wanted.

    Raises
    ------
    DevicePermissionError, DeviceBusyError, DeviceDisconnectedError, DeviceUnsupportedError
    """

    live = True

    def __init__(
        self,
        camera: v4l2.Camera,
        wanted: tuple[str, Size | None],
        gone: Callable[[], bool],
        situation: Situation,
        colours: bool = False,
    ) -> None:
        self._gone = gone
        self._situation = situation
        _check_access(camera.path, situation)
        code, size = (chosen_for_colour if colours else chosen)(v4l2.formats(camera.path), *wanted)
        capture = _opened(str(camera.path))
        if not capture.isOpened():
            capture.release()
            held = " and ".join(programs(camera.path))
            raise situation.error(
                DeviceBusyError,
                f"{camera.path} does not open: it is held by {held or 'another program, or gives no pictures'}",
                "Close that program",
            )
        if code:
            capture.set(cv2.CAP_PROP_FOURCC, cv2.VideoWriter.fourcc(*code))
        if size is not None:
            capture.set(cv2.CAP_PROP_FRAME_WIDTH, size[0])
            capture.set(cv2.CAP_PROP_FRAME_HEIGHT, size[1])
        capture.set(cv2.CAP_PROP_BUFFERSIZE, RAW_BUFFERS)
        given = _fourcc(capture)
        if wanted[0] and given and given != wanted[0]:
            capture.release()
            raise situation.error(
                DeviceUnsupportedError, f"gives {given} where {wanted[0]} is asked for", "Leave fourcc= away"
            )
        if (given or code) not in COMPRESSED:  # of a JPEG, OpenCV hands out a buffer with the last one's end
            capture.set(cv2.CAP_PROP_CONVERT_RGB, 0)
        super().__init__(capture, given or code, colours)

    def grab(self) -> bool:
        """Wait for the next picture.

        Raises
        ------
        DeviceDisconnectedError
        """
        if super().grab():
            return True
        if self._gone():
            raise self._situation.error(DeviceDisconnectedError, "was unplugged", "Plug it in and open it anew")
        return False


def chosen(offered: dict[str, list[Size]], code: str, size: Size | None) -> tuple[str, Size | None]:
    """Choose format and size: what is asked for, else grey before colour, raw before JPEG, large before small.

    >>> chosen({"MJPG": [(1280, 720)], "YUYV": [(640, 480), (320, 240)]}, "", None)
    ('YUYV', (640, 480))
    """
    code = code or next((known for known in _PREFERRED if known in offered), "")
    if size is None:
        fitting = [each for each in offered.get(code, []) if each[0] <= LARGEST[0] and each[1] <= LARGEST[1]]
        size = max(fitting, key=lambda each: (each[0] * each[1], each), default=None)
    return code, size


def chosen_for_colour(offered: dict[str, list[Size]], code: str, size: Size | None) -> tuple[str, Size | None]:
    """Choose format and size for a portrait: what is asked for, else colour before grey, large before small, then raw.

    Size comes first: raw video fills a USB 2 cable, and many cameras offer their large pictures as JPEG only.

    >>> chosen_for_colour({"MJPG": [(1280, 720)], "YUYV": [(640, 480)], "GREY": [(1920, 1080)]}, "", None)
    ('MJPG', (1280, 720))
    """
    if code:
        return chosen(offered, code, size)
    known = [each for each in _PREFERRED if each in offered and each not in GREY and size in (None, *offered[each])]
    best = [chosen(offered, each, size) for each in known]
    largest = max(best, key=lambda each: 0 if each[1] is None else each[1][0] * each[1][1], default=None)
    return largest or chosen(offered, "", size)


def is_grey(offered: dict[str, list[Size]]) -> bool:
    """Say whether a camera gives grey pictures by itself: a sensor without colour filters, as for near infrared."""
    return not GREY.isdisjoint(offered)


def _fourcc(capture: cv2.VideoCapture) -> str:
    value = int(capture.get(cv2.CAP_PROP_FOURCC))
    return value.to_bytes(4, "little").decode("latin-1") if 0 < value < 2**32 else ""


def _opened(path: str) -> cv2.VideoCapture:
    """Open a node; where a reader of our own, left behind in a camera that had frozen, still has it, wait for that."""
    until = time.monotonic() + OWN_READER
    while True:
        capture = cv2.VideoCapture(path, cv2.CAP_V4L2)
        if capture.isOpened() or time.monotonic() > until:
            return capture
        held = programs(Path(path))
        if not held or any(f"(process {os.getpid()})" not in each for each in held):
            return capture
        capture.release()
        time.sleep(0.1)


def _check_access(node: Path, situation: Situation) -> None:
    try:
        os.close(os.open(node, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC))
    except OSError as error:
        kinds: dict[int | None, tuple[type[DeviceError], str, str]] = {
            errno.EACCES: (
                DevicePermissionError,
                f"this user may not open {node}",
                v4l2.GROUP,
            ),
            errno.EBUSY: (
                DeviceBusyError,
                f"{node} is held by {' and '.join(programs(node)) or 'another program'}",
                "Close that program",
            ),
        }
        gone = (DeviceDisconnectedError, f"is gone: {error}", "Plug it in and open it anew")
        kind, message, hint = kinds.get(error.errno, gone)
        raise situation.error(kind, message, hint) from error
