"""Cameras of this machine: `uvc:VID:PID`, `uvc:VID:PID@SERIAL`, `uvc:VID:PID@PORT`, or by node, `uvc:/dev/video0`.

| parameter  | default | meaning |
|------------|---------|---------|
| `node`     | 0       | which of the device's cameras, 0..9: a housing may hold one for faces and one for irises |
| `fourcc`   | best    | format: grey before colour, raw before JPEG; for faces colour, the largest, raw before JPEG |
| `size`     | best    | `WIDTHxHEIGHT` in px: the largest up to 1920 x 1200 |
| `modality`, `take` | | as for `camera` |

Whether a camera shows irises, nobody says. One that gives grey pictures by itself has a sensor without colour filters,
as cameras for near infrared do, and `any:iris` may take it; any other must be named. Whatever gives colour can take a
portrait: it is listed as a camera for faces too, `uvc:VID:PID?modality=face`, and `any:face` may take it. Whoever
unplugs a camera and plugs it in again finds it under its name, whatever its node is then.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from biocore.errors import DeviceNotFoundError
from biocore.hal import Device, DeviceInfo, split_uri
from biocore.types import MAX_SIDE, Modality
from biocore_drivers import usb_bus, v4l2
from biocore_drivers.camera import KEYS, CameraDevice, options
from biocore_drivers.camera_feed import Feed, Source
from biocore_drivers.camera_sources import V4l2Source, is_grey
from biocore_drivers.parameters import whole
from biocore_drivers.transport import Situation
from biocore_drivers.usb_lock import DeviceLock
from biocore_drivers.v4l2 import Camera, Size

NAME = "uvc"
OWN_KEYS = KEYS | {"node", "fourcc", "size"}
COLOUR = "gives colour, as far as it says: name it, if it shows irises all the same"
UNTRIED = "its driver was tried on files and made-up cameras only"


class UvcDriver:
    """Serves `uvc:`."""

    def devices(self) -> Iterable[DeviceInfo]:
        """List the cameras attached now."""
        for camera in v4l2.cameras():
            offered = v4l2.formats(camera.path)
            name, grey = _name(camera), is_grey(offered)
            yield _info(name, camera, Modality.IRIS, "" if grey else COLOUR)
            if not grey:
                yield _info(f"{name}{'&' if '?' in name else '?'}modality=face", camera, Modality.FACE)

    def claims(self, uri: str) -> bool:
        """Say whether the URI's scheme is `uvc`."""
        return uri.startswith(f"{NAME}:")

    def open(self, uri: str) -> Device:
        """Make the device of the URI, not opened yet.

        Raises
        ------
        DeviceNotFoundError
            No name of a camera, or a parameter that is unknown or impossible.
        """
        _, address, params = split_uri(uri)
        modality, take = options(uri, params, OWN_KEYS)
        number = whole(uri, "node", params.get("node", "0"), 0, 9)
        wanted = _fourcc(uri, params.get("fourcc", "")), _size(uri, params.get("size", ""))
        selector = _Selector(uri, address, number)

        def connect(situation: Situation) -> Feed:
            camera = selector.find(situation)
            lock = DeviceLock(f"{NAME}:{camera.path}", situation)

            def gone() -> bool:
                return camera not in v4l2.cameras()  # another one at the same node is another one

            def begin() -> Source:
                return V4l2Source(camera, wanted, gone, situation, modality is Modality.FACE)

            return Feed(situation, begin, lock.release)

        found = selector.among(v4l2.cameras())
        return CameraDevice(_info(uri, found, modality), connect, take, live=True)


class _Selector:
    """Which camera a URI names."""

    def __init__(self, uri: str, address: str, number: int) -> None:
        self._number = number
        self._path = Path(address) if address.startswith("/") else None
        self._usb: usb_bus.Selector | None = None
        if "\0" in address:
            raise DeviceNotFoundError("is no path", uri=uri)
        if self._path is None:
            try:
                self._usb = usb_bus.parse("usb:" + uri.partition(":")[2].partition("?")[0])
            except DeviceNotFoundError:
                raise DeviceNotFoundError(
                    "is no camera; expected uvc:VID:PID, @SERIAL or @PORT after it, or uvc:/dev/video0", uri=uri
                ) from None

    def among(self, present: list[Camera]) -> Camera | None:
        if self._path is not None:
            path = self._path.resolve()
            return next((camera for camera in present if camera.path.resolve() == path), None)
        usb = self._usb
        assert usb is not None
        found = [camera for camera in present if usb.matches(camera.identity) and camera.number == self._number]
        return min(found, key=lambda camera: camera.identity.port, default=None)

    def find(self, situation: Situation) -> Camera:
        present = v4l2.cameras()
        found = self.among(present)
        if found is None:
            there = ", ".join(map(_name, present))
            more = f", or name one that is there: {there}" if there else "; no camera is attached at all"
            raise situation.error(DeviceNotFoundError, "is not attached", f"Plug it in{more}")
        return found


def _name(camera: Camera) -> str:
    """Return the name that a camera keeps."""
    if not camera.identity.vendor:
        return f"{NAME}:{camera.path}"
    more = f"?node={camera.number}" if camera.number else ""
    return NAME + camera.identity.uri.removeprefix(usb_bus.SCHEME) + more


def _info(uri: str, camera: Camera | None, modality: Modality, refusal: str = "") -> DeviceInfo:
    if camera is None:
        return DeviceInfo(uri, NAME, "", "camera", modality, experimental=UNTRIED, stills=True)
    who = camera.identity
    return DeviceInfo(
        uri,
        NAME,
        who.maker,
        who.model or camera.name,
        modality,
        serial=who.serial or None,
        refusal=refusal,
        experimental=UNTRIED,
        stills=True,
        forbidden=camera.forbidden,
    )


def _fourcc(uri: str, text: str) -> str:
    code = text.ljust(4) if text else ""
    if len(code) not in (0, 4) or not code.isascii() or not code.isprintable():
        raise DeviceNotFoundError(f"fourcc must be four characters, as YUYV, not {text!r}", uri=uri)
    return code


def _size(uri: str, text: str) -> Size | None:
    if not text:
        return None
    match = re.fullmatch(r"([0-9]{1,5})x([0-9]{1,5})", text)
    size = (int(match[1]), int(match[2])) if match else (0, 0)
    if not all(0 < side <= MAX_SIDE for side in size):
        raise DeviceNotFoundError(f"size must be WIDTHxHEIGHT in px, as 640x480, not {text!r}", uri=uri)
    return size


driver = UvcDriver()
