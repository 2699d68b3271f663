"""Scanners and cameras that only their vendor's SDK can drive: `vendor:PATH`, a plug-in in a process of its own.

PATH is a shared library that exports what `biocore_vendor.h` declares, or the manifest of one (`.toml`,
`vendor_manifest`). `?options=TEXT` is handed to the library. In PATH, `?` is written `%3F` and `%` is written `%25`.

Whatever the library does, this process lives: a crash is a DeviceVendorError, a library that does not return is ended
at the deadline, and the next capture starts it anew. The library's process ends with this one, however this one ends.
"""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import numpy as np

from biocore.errors import (
    CaptureCancelledError,
    DeviceError,
    DeviceNotFoundError,
    DeviceProtocolError,
    DeviceTimeoutError,
    DeviceVendorError,
    InvalidSampleError,
    SubjectTimeoutError,
)
from biocore.hal import Attempt, Device, DeviceInfo, EventKind, Route, State, split_uri
from biocore.types import MAX_SIDE, Frame, Modality, check_ppi
from biocore_drivers import usb_bus, vendor_manifest
from biocore_drivers.child import Message
from biocore_drivers.parameters import check_known
from biocore_drivers.transport import Clock, Situation
from biocore_drivers.vendor_manifest import Manifest
from biocore_drivers.vendor_process import VendorProcess

NAME = "vendor"
KEYS = frozenset({"options"})
MANIFEST = ".toml"
GRACE = 0.4  # s for a library to return once it was told to; then its process is ended
_LOOK = 0.05  # s between two looks for a cancel
_EVENTS = {0: EventKind.WAITING, 1: EventKind.PRESENT, 2: EventKind.REMOVED}
_MODALITIES = {0: Modality.FINGER, 1: Modality.IRIS}
_LONGEST = 2**31 - 1  # ms

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Plugin:
    """Which library, and what it is opened with."""

    library: Path
    options: str = ""


class VendorDevice(Device):
    """A device behind a vendor's library.

    Parameters
    ----------
    info : DeviceInfo
    plugin : Plugin
    clock : Clock or None
        Tells of the machine's sleep; None = the real one.
    """

    def __init__(self, info: DeviceInfo, plugin: Plugin, clock: Clock | None = None) -> None:
        super().__init__(info)
        self._plugin = plugin
        self._clock = clock
        self._situation = Situation(info.uri)
        self._process: VendorProcess | None = None
        self._waits = False  # it said that it waits for the person

    def _open(self) -> None:
        self._situation.doing = "opening"
        process = VendorProcess(self._plugin.library, self._situation, self._clock)
        try:
            process.ask("open", options=self._plugin.options)
        except BaseException:
            process.end(gently=False)
            raise
        self._process = process

    def _close(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            process.end(gently=True)

    def _capture(self, attempt: Attempt) -> Frame:
        if self._process is None:  # it crashed, or was ended: a new one
            self._open()
        process = self._process
        assert process is not None
        self._situation.doing = State.CAPTURING.value
        self._waits = False
        width, height = self.info.window or (0, 0)
        timeout = int(min(_LONGEST, math.ceil(min(attempt.remaining, _LONGEST) * 1000)))
        try:
            process.order("capture", timeout=timeout, capacity=width * height)
            return self._frame(self._outcome(process, attempt))
        except (CaptureCancelledError, SubjectTimeoutError):
            raise
        except DeviceError as error:
            self._give_up(gently=not isinstance(error, DeviceVendorError | DeviceTimeoutError))
            raise

    def _outcome(self, process: VendorProcess, attempt: Attempt) -> Message:
        """Follow a capture to its end, the library's or the caller's; return the message with the picture."""
        while True:
            try:
                attempt.check(subject=self._waits)
            except DeviceError as error:
                self._stop(process, error)
                raise
            message = process.hear(_LOOK)
            if message is None:
                continue
            if message.said == "failed":
                raise process.failure(message)
            if message.said == "frame":
                attempt.check(subject=self._waits)
                return message
            self._pass_on(process, message, attempt)

    def _pass_on(self, process: VendorProcess, message: Message, attempt: Attempt) -> None:
        if message.said == "event":
            kind = _EVENTS.get(message.number("number"))
            if kind is None:
                raise self._situation.error(DeviceProtocolError, f"told of event {message.number('number')}")
            self._waits = kind is EventKind.WAITING
            attempt.emit(kind)
        elif message.said == "preview":
            attempt.emit(EventKind.PREVIEW, frame=self._frame(message))
            process.order("seen")

    def _stop(self, process: VendorProcess, why: DeviceError) -> None:
        """Tell the library to end its capture; end its process where it does not.

        Raises
        ------
        DeviceTimeoutError
            It does not, and the deadline has passed: the person is not to blame.
        """
        process.order("cancel")
        until = time.monotonic() + GRACE
        while (left := until - time.monotonic()) > 0.0:
            message = process.hear(left)
            if message is not None and message.said in ("failed", "frame"):
                return
        self._give_up(gently=False)
        _log.warning("%s: its library does not return, and was ended", self.info.uri)
        if not isinstance(why, CaptureCancelledError):
            raise self._situation.error(
                DeviceTimeoutError, "its library did not return, and was ended", "Unplug it, plug it in"
            ) from None

    def _frame(self, message: Message) -> Frame:
        width, height = message.number("width"), message.number("height")
        window = self.info.window
        if window is not None and (width, height) != window:
            raise self._situation.error(
                DeviceProtocolError, f"gave {width} x {height} px instead of {window[0]} x {window[1]}"
            )
        if not (0 < width <= MAX_SIDE and 0 < height <= MAX_SIDE) or len(message.raw) != width * height:
            raise self._situation.error(DeviceProtocolError, f"gave {width} x {height} px, which cannot be")
        pixels = np.frombuffer(message.raw, np.uint8).reshape(height, width)
        if message.said == "frame" and pixels.min() == pixels.max():
            raise self._situation.error(DeviceProtocolError, "gave an empty picture", "Try again")
        return Frame(pixels, self.info.ppi, self.info.uri)

    def _give_up(self, *, gently: bool) -> None:
        process, self._process = self._process, None
        if process is not None:
            process.end(gently=gently)


class VendorDriver:
    """Serves `vendor:PATH`."""

    def devices(self) -> Iterator[DeviceInfo]:
        """List the installed plug-ins of which a USB device is attached."""
        present = {(device.vendor, device.product) for device in usb_bus.attached()}
        for manifest in vendor_manifest.installed():
            if present & set(manifest.usb):
                yield _declared(f"{NAME}:{quote(str(manifest.path), safe='/')}", manifest)

    def claims(self, uri: str) -> bool:
        """Say whether the URI's scheme is `vendor`."""
        return uri.startswith(f"{NAME}:")

    def usb_ids(self) -> Iterator[tuple[int, int, str]]:
        """Name the USB devices of the installed plug-ins: VID, PID and a name."""
        for manifest in vendor_manifest.installed():
            for vendor, product in manifest.usb:
                yield vendor, product, f"{manifest.maker} {manifest.model}".strip()

    def open(self, uri: str) -> Device:
        """Make the device of the URI, not opened yet; a library without a manifest is asked what it is.

        Raises
        ------
        DeviceNotFoundError
            There is no such file, or a parameter is unknown.
        DriverError
            A manifest that says what cannot be.
        DeviceError
            The library does not say what it is.
        """
        scheme, address, params = split_uri(uri)
        if scheme != NAME:
            raise DeviceNotFoundError(f"expected {NAME}:PATH", uri=uri)
        check_known(uri, params, KEYS)
        path = Path(address)
        if "\0" in address or not path.is_file():
            raise DeviceNotFoundError(f"there is no plug-in {address!r}", uri=uri)
        if path.suffix == MANIFEST:
            manifest = vendor_manifest.load(path)
            if not manifest.library.is_file():
                raise DeviceNotFoundError(f"there is no library {str(manifest.library)!r}", uri=uri)
            plugin = Plugin(manifest.library.resolve(), params.get("options", manifest.options))
            return VendorDevice(_declared(uri, manifest), plugin)
        plugin = Plugin(path.resolve(), params.get("options", ""))
        return VendorDevice(_described(uri, plugin), plugin)


def _declared(uri: str, manifest: Manifest) -> DeviceInfo:
    return DeviceInfo(
        uri,
        NAME,
        manifest.maker,
        manifest.model,
        manifest.modality,
        manifest.ppi,
        manifest.window,
        route=Route.LIBRARY,
    )


def _described(uri: str, plugin: Plugin) -> DeviceInfo:
    """Ask a library what it is."""
    situation = Situation(uri, "asking its library what it is")
    process = VendorProcess(plugin.library, situation)
    try:
        said = process.ask("describe")
    finally:
        process.end(gently=False)
    try:
        window = (said.number("width"), said.number("height"))
        if max(window) > MAX_SIDE or (0 in window and any(window)):
            raise ValueError(f"{window[0]} x {window[1]} px")
        ppi = check_ppi(said.content["ppi"]) if said.content["ppi"] else None
        modality = _MODALITIES[said.number("modality")]
    except (KeyError, ValueError, TypeError, InvalidSampleError) as error:
        raise situation.error(
            DeviceProtocolError, f"its library describes itself in a way that cannot be: {error}"
        ) from None
    shown = window if any(window) else None
    return DeviceInfo(uri, NAME, said.text("maker"), said.text("model"), modality, ppi, shown, route=Route.LIBRARY)


driver = VendorDriver()
