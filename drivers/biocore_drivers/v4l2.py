"""Which cameras Linux knows (Video4Linux2), who they are, and what they offer: sysfs, and three questions to the node.

A camera is known by its USB identity, never by the number of its node: the number changes with the order of plugging,
and most cameras have a second node that carries no pictures (metadata).
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from biocore_drivers import usb_bus
from biocore_drivers.usb_bus import Identity

SYSFS = Path("/sys/class/video4linux")
NODES = Path("/dev")

# linux/videodev2.h: the requests, what is read out of their structures, and the flags
QUERY_CAPABILITIES = 0x80685600  # VIDIOC_QUERYCAP, 104 bytes
CAPABILITIES_AT, DEVICE_CAPABILITIES_AT = 84, 88  # of the whole device, and of this node
HAS_DEVICE_CAPABILITIES, VIDEO_CAPTURE = 0x80000000, 0x00000001
ENUMERATE_FORMATS = 0xC0405602  # VIDIOC_ENUM_FMT, 64 bytes
FOURCC_AT = 44
ENUMERATE_SIZES = 0xC02C564A  # VIDIOC_ENUM_FRAMESIZES, 44 bytes
DISCRETE = 1  # kind of a size; others tell a smallest and a largest one
CAPTURE_BUFFERS = 1  # V4L2_BUF_TYPE_VIDEO_CAPTURE
GROUP = "Add this user to the group video, `sudo usermod -aG video $USER`, and log in anew"  # what opens the nodes
MOST = 64  # formats, and sizes of a format, that are asked for

Size = tuple[int, int]  # width, height in px


@dataclass(frozen=True, slots=True)
class Camera:
    """One node that gives pictures.

    Attributes
    ----------
    path : Path
        Of the device node.
    identity : Identity
        Of the USB device it belongs to; vendor 0 where it belongs to none.
    name : str
        As its kernel driver calls it.
    number : int
        Among the nodes of that device that give pictures, from 0: a face camera and an iris camera in one housing.
    """

    path: Path
    identity: Identity
    name: str
    number: int

    @property
    def forbidden(self) -> str:
        """What to do so that this user may open it; empty where nothing is in the way."""
        return GROUP if usb_bus.locked(self.path) else ""


def cameras(sysfs: Path | None = None, nodes: Path | None = None) -> list[Camera]:
    """List the cameras attached now; empty where there is none."""
    sysfs, nodes = sysfs or SYSFS, nodes or NODES
    try:
        names = sorted((entry.name for entry in sysfs.iterdir()), key=lambda name: (len(name), name))
    except OSError:
        return []
    found: list[Camera] = []
    for name in names:
        identity = _identity(sysfs / name)
        if identity is None or not _gives_pictures(nodes / name, sysfs / name):
            continue
        number = sum(camera.identity == identity for camera in found)
        found.append(Camera(nodes / name, identity, _said(sysfs / name / "name"), number))
    return found


def _identity(entry: Path) -> Identity | None:
    """Return the USB identity of a node; None where it has gone."""
    try:
        place = (entry / "device").resolve(strict=True)
    except OSError:
        return None
    for folder in (place, *place.parents):
        if (folder / "idVendor").is_file():
            return next((device for device in usb_bus.attached(folder.parent) if device.port == folder.name), None)
    return Identity(0, 0, port=entry.name)


def _gives_pictures(node: Path, entry: Path) -> bool:
    with contextlib.suppress(OSError), _opened(node) as file:
        answer = _ask(file, QUERY_CAPABILITIES, bytearray(104))
        (capabilities,) = struct.unpack_from("I", answer, CAPABILITIES_AT)
        if capabilities & HAS_DEVICE_CAPABILITIES:
            (capabilities,) = struct.unpack_from("I", answer, DEVICE_CAPABILITIES_AT)
        return bool(capabilities & VIDEO_CAPTURE)
    return _said(entry / "index") in ("0", "")  # not to be asked: metadata nodes come after the pictures'


def formats(node: Path) -> dict[str, list[Size]]:
    """Return what a camera offers: sizes by FOURCC; empty where it cannot be asked."""
    offered: dict[str, list[Size]] = {}
    with contextlib.suppress(OSError), _opened(node) as file:
        for index in range(MOST):
            question = bytearray(64)
            struct.pack_into("II", question, 0, index, CAPTURE_BUFFERS)
            try:
                answer = _ask(file, ENUMERATE_FORMATS, question)
            except OSError as error:
                if error.errno == errno.EINVAL:  # that was the last one
                    break
                raise
            code = bytes(answer[FOURCC_AT : FOURCC_AT + 4])
            offered[code.decode("latin-1")] = list(_sizes(file, code))
    return offered


def _sizes(file: int, code: bytes) -> Iterator[Size]:
    for index in range(MOST):
        question = bytearray(44)
        struct.pack_into("I4s", question, 0, index, code)
        try:
            answer = _ask(file, ENUMERATE_SIZES, question)
        except OSError:  # that was the last one, or the driver does not tell
            return
        _, _, kind, width, largest_width, _, _, largest_height = struct.unpack_from("I4s6I", answer)
        if kind == DISCRETE:
            yield width, largest_width  # a discrete size is its width and height
        else:
            yield largest_width, largest_height
            return


@contextlib.contextmanager
def _opened(node: Path) -> Iterator[int]:
    file = os.open(node, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        yield file
    finally:
        os.close(file)


def _ask(file: int, request: int, structure: bytearray) -> bytearray:
    fcntl.ioctl(file, request, structure, True)
    return structure


def _said(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return ""
