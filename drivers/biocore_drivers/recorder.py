"""A transport that notes every transfer of another one, and writes a recording in the format of libfprint's tests.

It sits between the driver and the cable, in the program that captures: no usbmon, no tshark, no rights beyond those
of opening the device. What it notes is what the driver saw, in the order in which it saw it.
"""

from __future__ import annotations

import errno
import logging
import struct
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from biocore.errors import DeviceDisconnectedError, DeviceError, DeviceStalledError, DeviceTimeoutError
from biocore_drivers import usb_bus, usbmon
from biocore_drivers.replay_transport import LIBFPRINT_SEED
from biocore_drivers.transport import VENDOR_IN, VENDOR_OUT, Clock, Pending, Situation, Transport
from biocore_drivers.usb_bus import Identity
from biocore_drivers.usbmon import Kind, Packet

TRAFFIC = "capture.pcapng"
DESCRIPTION = "device"
MAX_ATTRIBUTE = 4096  # bytes; sysfs gives a page at most
# What a recording must not tell, or what is no text: the serial number names somebody's very device.
_LEFT_OUT = frozenset({"serial", "descriptors", "uevent", "remove", "bos_descriptors"})
# What the kernel itself says in uevent; udev's own words may hold the serial number.
_PROPERTIES = frozenset({"DEVNAME", "DEVTYPE", "DRIVER", "PRODUCT", "TYPE", "BUSNUM", "DEVNUM", "MAJOR", "MINOR"})
_STATUS: tuple[tuple[type[DeviceError], int], ...] = (
    (DeviceTimeoutError, -errno.ENOENT),  # the system takes back what does not come in time
    (DeviceStalledError, -errno.EPIPE),
    (DeviceDisconnectedError, -errno.ENODEV),
)
_ENDPOINT = 5  # bDescriptorType (USB 2.0, table 9-5)

_log = logging.getLogger(__name__)
_T = TypeVar("_T")


class Tape:
    """Notes transfers.

    Parameters
    ----------
    identity : Identity
    kinds : dict of int to Kind
        Of the endpoints; bulk where it does not say.
    """

    def __init__(self, identity: Identity, kinds: dict[int, Kind] | None = None) -> None:
        self.packets: list[Packet] = []
        self._identity = identity
        self._kinds = kinds or {}
        self._transfers = 0

    def submit(self, endpoint: int, length: int, data: bytes = b"", setup: bytes = b"") -> Packet:
        """Note that the host asks for a transfer."""
        self._transfers += 1
        kind = Kind.CONTROL if setup else self._kinds.get(endpoint, Kind.BULK)
        return self._note(True, self._transfers, kind, endpoint, setup, -errno.EINPROGRESS, length, data)

    def complete(self, start: Packet, data: bytes = b"", status: int = 0) -> None:
        """Note that it has ended."""
        moved = 0 if status else len(data) if start.endpoint & usbmon.DIRECTION_IN else start.length
        self._note(False, start.urb, start.kind, start.endpoint, b"", status, moved, data)

    def _note(
        self, submits: bool, urb: int, kind: Kind, endpoint: int, setup: bytes, status: int, length: int, data: bytes
    ) -> Packet:
        packet = Packet(
            len(self.packets), submits, urb, kind, self._identity.bus, self._identity.number, endpoint, setup, status,
            length, data, time.time_ns() // 1000,
        )  # fmt: skip
        self.packets.append(packet)
        return packet


class _Read:
    """A posted read; it is noted when its outcome is."""

    def __init__(self, pending: Pending, transport: RecordingTransport, start: Packet) -> None:
        self._pending = pending
        self._transport = transport
        self._start = start

    def result(self, timeout: float) -> bytes | None:
        return self._transport.noted(self._start, lambda: self._pending.result(timeout))


class RecordingTransport:
    """Passes everything on, and notes it; see the module's text and `transport.Transport`.

    Parameters
    ----------
    inner : Transport
    identity : Identity
        Of the device.
    folder : Path
        Where the recording is written, when the transport is closed.
    """

    def __init__(self, inner: Transport, identity: Identity, folder: Path) -> None:
        self.clock: Clock = inner.clock
        self.situation: Situation = inner.situation
        self.once = inner.once
        self._inner = inner
        self._identity = identity
        self._folder = folder
        self._open: dict[int, Packet] = {}  # reads that were submitted and have not ended, by number
        self._watched: dict[int, tuple[int, Packet]] = {}  # endpoint -> length, its pending read
        self._written = False
        self.tape = Tape(identity, endpoint_kinds(_raw_descriptors(identity)))

    def random(self) -> int:
        """Return the value that a recording is played with, unless told otherwise."""
        return LIBFPRINT_SEED

    def control_in(self, request: int, value: int, index: int, length: int, kind: int = VENDOR_IN) -> bytes:
        """Read by a control transfer."""
        start = self.tape.submit(0x80, length, setup=struct.pack("<BBHHH", kind, request, value, index, length))
        return self._did(start, lambda: self._inner.control_in(request, value, index, length, kind))

    def control_out(self, request: int, value: int, index: int, data: bytes, kind: int = VENDOR_OUT) -> None:
        """Write by a control transfer."""
        setup = struct.pack("<BBHHH", kind, request, value, index, len(data))
        start = self.tape.submit(0x00, len(data), data, setup)
        self._did(start, lambda: self._inner.control_out(request, value, index, data, kind))

    def read(self, endpoint: int, length: int, timeout: float) -> bytes:
        """Read one transfer."""
        start = self.tape.submit(endpoint, length)
        return self._did(start, lambda: self._inner.read(endpoint, length, timeout))

    def write(self, endpoint: int, data: bytes, timeout: float) -> None:
        """Write one transfer."""
        start = self.tape.submit(endpoint, len(data), data)
        self._did(start, lambda: self._inner.write(endpoint, data, timeout))

    def post(self, endpoint: int, length: int, timeout: float) -> Pending:
        """Begin to read a transfer."""
        start = self.tape.submit(endpoint, length)
        self._open[start.urb] = start
        return _Read(self._inner.post(endpoint, length, timeout), self, start)

    def watch(self, endpoint: int, length: int) -> None:
        """Keep a read pending on an interrupt endpoint."""
        if endpoint not in self._watched:
            self._watched[endpoint] = length, self.tape.submit(endpoint, length)
        self._inner.watch(endpoint, length)

    def event(self, endpoint: int, timeout: float) -> bytes | None:
        """Return the oldest unheard event."""
        length, start = self._watched[endpoint]
        said = self.noted(start, lambda: self._inner.event(endpoint, timeout))
        if said is not None:
            self._watched[endpoint] = length, self.tape.submit(endpoint, length)
        return said

    def reset(self) -> None:
        """Reset the device on its bus."""
        self._inner.reset()

    def close(self) -> None:
        """Give the device back, and write what was noted."""
        self._inner.close()
        if self._written:
            return
        self._written = True
        for start in (*self._open.values(), *(start for _, start in self._watched.values())):
            self.tape.complete(start, status=-errno.ENOENT)
        try:
            write(self._folder, self._identity, self.tape.packets)
        except OSError as error:
            _log.error("%s: the recording cannot be written: %s", self._folder, error)

    def noted(self, start: Packet, wait: Callable[[], bytes | None]) -> bytes | None:
        """Wait for a read that is under way, and note its end where it comes."""
        try:
            data = wait()
        except DeviceError as error:
            self._ended(start, status=_status(error))
            raise
        if data is not None:
            self._ended(start, data)
        return data

    def _did(self, start: Packet, transfer: Callable[[], _T]) -> _T:
        try:
            came = transfer()
        except DeviceError as error:
            self._ended(start, status=_status(error))
            raise
        self._ended(start, came if isinstance(came, bytes) else b"")
        return came

    def _ended(self, start: Packet, data: bytes = b"", status: int = 0) -> None:
        self._open.pop(start.urb, None)
        if status:
            self._watched = {at: kept for at, kept in self._watched.items() if kept[1] is not start}
        self.tape.complete(start, data, status)


def _status(error: DeviceError) -> int:
    return next((status for kind, status in _STATUS if isinstance(error, kind)), -errno.EPROTO)


# -- the files -------------------------------------------------------------------------------------


def write(folder: Path, identity: Identity, packets: list[Packet]) -> None:
    """Write `device` and `capture.pcapng`.

    Raises
    ------
    OSError
    """
    folder.mkdir(parents=True, exist_ok=True)
    usbmon.write(folder / TRAFFIC, packets)
    (folder / DESCRIPTION).write_text(description(identity), encoding="ascii")


def description(identity: Identity) -> str:
    """Describe a device as `umockdev-record` does: its path, properties and attributes, without its serial number."""
    home = usb_bus.SYSFS / identity.port
    real = str(home.resolve())
    place = real.removeprefix("/sys") if real.startswith("/sys/devices/") else f"/devices/{identity.port}"
    lines = [f"P: {place}", f"N: bus/usb/{identity.bus:03d}/{identity.number:03d}", "E: SUBSYSTEM=usb"]
    lines += [
        f"E: {line}" for line in _attribute(home / "uevent").splitlines() if line.partition("=")[0] in _PROPERTIES
    ]
    names = [path.name for path in home.glob("*") if path.is_file() and path.name not in _LEFT_OUT]
    known = {"idVendor": f"{identity.vendor:04x}\n", "idProduct": f"{identity.product:04x}\n"}
    known |= {"busnum": f"{identity.bus}\n", "devnum": f"{identity.number}\n"}
    for name in sorted({*names, *known}):
        text = _attribute(home / name) or known.get(name, "")
        if text:
            lines.append(f"A: {name}={_escaped(text)}")
    raw = _raw_descriptors(identity)
    if raw:
        lines.append(f"H: descriptors={raw.hex().upper()}")
    return "\n".join(lines) + "\n\n"


def endpoint_kinds(descriptors: bytes) -> dict[int, Kind]:
    """Read which endpoint is of which kind (USB 2.0, table 9-13)."""
    kinds = {0: Kind.CONTROL, 1: Kind.ISOCHRONOUS, 2: Kind.BULK, 3: Kind.INTERRUPT}
    found: dict[int, Kind] = {}
    at = 0
    while at + 2 <= len(descriptors) and descriptors[at] >= 2:
        length, kind = descriptors[at], descriptors[at + 1]
        if kind == _ENDPOINT and at + 4 <= len(descriptors):
            found[descriptors[at + 2]] = kinds[descriptors[at + 3] & 3]
        at += length
    return found


def _raw_descriptors(identity: Identity) -> bytes:
    try:
        return (usb_bus.SYSFS / identity.port / "descriptors").read_bytes()
    except OSError:
        return b""


def _attribute(path: Path) -> str:
    """Return a text of sysfs; empty where it cannot be read or is none."""
    try:
        with path.open("rb") as stream:
            return stream.read(MAX_ATTRIBUTE).decode()
    except (OSError, UnicodeDecodeError):
        return ""


def _escaped(text: str) -> str:
    """Escape as umockdev does: line ends, backslashes, and bytes beyond ASCII in octal."""
    plain = text.replace("\\", "\\\\").replace("\n", "\\n")
    return "".join(c if c.isascii() else "".join(f"\\{byte:03o}" for byte in c.encode()) for c in plain)
