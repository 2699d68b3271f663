"""Cameras that are not there: what sysfs and the nodes say of them, and an OpenCV that shows what the test says."""

from __future__ import annotations

import errno
import struct
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from biocore_drivers import v4l2
from biocore_drivers.usb_bus import Identity
from camera_server import eye

CAPTURE, METADATA = 0x00000001, 0x00800000  # linux/videodev2.h
Formats = dict[str, list[tuple[int, int]]]


@dataclass
class Node:
    """What a node says when it is asked.

    Attributes
    ----------
    formats : dict
        Sizes by FOURCC; of a stepwise one a single size, its largest.
    metadata : bool
        It carries no pictures.
    stepwise : bool
    """

    formats: Formats = field(default_factory=lambda: {"YUYV": [(160, 120)]})
    metadata: bool = False
    stepwise: bool = False


class FakeCameras:
    """A machine's cameras, in a folder.

    Parameters
    ----------
    folder : Path
    patch : pytest.MonkeyPatch
    """

    def __init__(self, folder: Path, patch: pytest.MonkeyPatch) -> None:
        self.sysfs, self.nodes, self.bus = folder / "class", folder / "dev", folder / "usb1"
        for path in (self.sysfs, self.nodes, self.bus):
            path.mkdir(parents=True)
        self.known: dict[str, Node] = {}
        self.opened: deque[FakeCapture] = deque(maxlen=50)  # the last ones: a thousand captures must not fill it
        self.shows: Callable[[int], Any] = lambda number: np.dstack([eye(number), np.full((120, 160), 128, np.uint8)])
        self.refuses = False  # somebody else streams
        self.silent = False  # grabs nothing, and takes its time
        self.honest = True  # obeys the FOURCC it is told
        patch.setattr(v4l2, "SYSFS", self.sysfs)
        patch.setattr(v4l2, "NODES", self.nodes)
        patch.setattr("biocore_drivers.v4l2.fcntl.ioctl", self._ioctl)
        patch.setattr(cv2, "VideoCapture", self._capture)

    def plug(self, name: str, identity: Identity, node: Node | None = None, index: int = 0) -> Path:
        """Attach a camera's node."""
        device = self.bus / identity.port
        interface = device / f"{identity.port}:1.0" / "video4linux" / name
        interface.mkdir(parents=True)
        texts = {
            device / "idVendor": f"{identity.vendor:04x}",
            device / "idProduct": f"{identity.product:04x}",
            device / "busnum": str(identity.bus),
            device / "devnum": str(identity.number),
            device / "manufacturer": identity.maker,
            device / "product": identity.model,
            device / "serial": identity.serial,
            interface / "name": f"{identity.model}: {identity.model}",
            interface / "index": str(index),
        }
        for path, text in texts.items():
            if text:
                path.write_text(text + "\n")
        (interface / "device").symlink_to(interface.parent.parent)
        (self.sysfs / name).symlink_to(interface)
        (self.nodes / name).touch()
        self.known[name] = node or Node()
        return self.nodes / name

    def unplug(self, name: str) -> None:
        """Take a node away."""
        (self.sysfs / name).unlink()
        (self.nodes / name).unlink()

    def _ioctl(self, file: int, request: int, structure: bytearray, mutate: bool) -> int:
        node = self.known[Path(f"/proc/self/fd/{file}").readlink().name]
        if request == 0x80685600:  # what can you do
            assert len(structure) == 104
            own = METADATA if node.metadata else CAPTURE
            struct.pack_into("II", structure, 84, 0x80000000 | CAPTURE | METADATA, own)
            return 0
        codes = list(node.formats)
        if request == 0xC0405602:  # which formats
            assert len(structure) == 64
            (index,) = struct.unpack_from("I", structure)
            if index >= len(codes):
                raise OSError(errno.EINVAL, "no more")
            structure[44:48] = codes[index].encode()
            return 0
        assert (request, len(structure)) == (0xC02C564A, 44)  # which sizes
        index, code = struct.unpack_from("I4s", structure)
        sizes = node.formats[code.decode()]
        if index >= len(sizes):
            raise OSError(errno.EINVAL, "no more")
        width, height = sizes[index]
        told = (2, 16, width, 8, 16, height, 8) if node.stepwise else (1, width, height, 0, 0, 0, 0)
        struct.pack_into(f"{len(told)}I", structure, 8, *told)
        return 0

    def _capture(self, path: str, backend: int) -> FakeCapture:
        assert backend == cv2.CAP_V4L2
        self.opened.append(FakeCapture(self, Path(path)))
        return self.opened[-1]


class FakeCapture:
    """OpenCV's reader, with its manners: open though unplugged, False after an unplugging, any format it likes."""

    def __init__(self, cameras: FakeCameras, path: Path) -> None:
        self.cameras = cameras
        self.path = path
        self.asked: dict[int, float] = {}
        self.number = 0
        self.released = False

    def isOpened(self) -> bool:
        return not self.cameras.refuses

    def set(self, what: int, value: float) -> bool:
        self.asked[what] = value
        return True

    def get(self, what: int) -> float:
        assert what == cv2.CAP_PROP_FOURCC
        return self.asked.get(what, 0.0) if self.cameras.honest else float(cv2.VideoWriter.fourcc(*"MJPG"))

    def grab(self) -> bool:
        time.sleep(0.005)
        if self.cameras.silent:
            time.sleep(0.3)  # select() in the real one
        self.number += 1
        return self.path.exists() and not self.cameras.silent

    def retrieve(self) -> tuple[bool, Any]:
        return True, self.cameras.shows(self.number)

    def release(self) -> None:
        self.released = True
