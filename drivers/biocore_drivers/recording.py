"""A recording as the device it was made of: who it is, and its transfers in order.

A recording is a folder in the format of libfprint's tests: `device` (umockdev's description: sysfs attributes and raw
USB descriptors) and `capture.pcapng`, `custom.pcapng` or `capture.ioctl` (the traffic).
"""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass
from pathlib import Path

from biocore.errors import FormatError
from biocore_drivers import usbmon
from biocore_drivers.usb_bus import Identity
from biocore_drivers.usbmon import DIRECTION_IN, Kind, Packet

TRAFFIC = ("capture.pcapng", "capture.ioctl", "custom.pcapng")  # the first that is there
MAX_DESCRIPTION = 2**20  # bytes
NOWHERE = (0, 0)  # address of a device whose description does not say, and of transfers in an ioctl tree
_ESCAPE = re.compile(r"\\([0-7]{3}|.)")


@dataclass(frozen=True, slots=True, eq=False)
class Transfer:
    """A submission with its completion.

    Attributes
    ----------
    submitted : int
        Place of the submission among the recording's packets.
    completed : int or None
        Place of the completion; None where the recording ends before.
    kind : Kind
    endpoint : int
    setup : bytes
        Of a control transfer.
    status : int
        0, or a negative errno.
    length : int
        Bytes asked for.
    data : bytes
        Sent (OUT) or received (IN).
    packets : tuple of int
        Indices of its packets in the file.
    """

    submitted: int
    completed: int | None
    kind: Kind
    endpoint: int
    setup: bytes
    status: int
    length: int
    data: bytes
    packets: tuple[int, ...]

    @property
    def incoming(self) -> bool:
        """Device to host."""
        return bool(self.endpoint & DIRECTION_IN)

    @property
    def standard(self) -> bool:
        """A standard request (USB 2.0, 9.4): the system's enumeration, not a driver's doing."""
        return self.kind is Kind.CONTROL and bool(self.setup) and self.setup[0] & 0x60 == 0

    def __str__(self) -> str:
        """Say it in the words of a protocol."""
        if self.kind is Kind.CONTROL:
            sent = "" if self.incoming else f" {_hex(self.data)}"
            return f"control {_hex(self.setup)}{sent}"
        if self.incoming:
            return f"read of {self.length} bytes at 0x{self.endpoint:02x}"
        return f"write of {_hex(self.data)} at 0x{self.endpoint:02x}"


@dataclass(frozen=True, slots=True, eq=False)
class Recording:
    """Everything of a folder.

    Attributes
    ----------
    folder : Path
    identity : Identity
    timeline : tuple of (bool, Transfer)
        Submissions (True) and completions in the order they happened.
    count : int
        Packets in the file.
    """

    folder: Path
    identity: Identity
    timeline: tuple[tuple[bool, Transfer], ...]
    count: int


def load(folder: Path) -> Recording:
    """Read a recording.

    Raises
    ------
    FormatError
        A file is missing or malformed, or none of its traffic is the device's.
    """
    identity = _identity(folder / "device")
    traffic = next((folder / name for name in TRAFFIC if (folder / name).is_file()), None)
    if traffic is None:
        raise FormatError(f"holds no traffic: none of {', '.join(TRAFFIC)}", file=str(folder))
    packets = usbmon.read(traffic)
    count = packets[-1].index + 1 if packets else 0
    here = (identity.bus, identity.number)
    own = [
        p
        for p in packets
        if p.kind is not Kind.ISOCHRONOUS and ((p.bus, p.device) in (here, NOWHERE) or here == NOWHERE)
    ]
    if not own:
        raise FormatError(f"holds no traffic of the device at {identity.bus}/{identity.number}", file=str(traffic))
    return Recording(folder, identity, _timeline(own), count)


def _timeline(packets: list[Packet]) -> tuple[tuple[bool, Transfer], ...]:
    completions: dict[int, int] = {}  # place of the submission -> place of the completion
    open_urbs: dict[int, int] = {}
    for place, packet in enumerate(packets):
        if packet.submits:
            open_urbs[packet.urb] = place
        elif packet.urb in open_urbs:
            completions[open_urbs.pop(packet.urb)] = place
    made: dict[int, Transfer] = {}
    timeline = []
    ends = {end: start for start, end in completions.items()}
    for place, packet in enumerate(packets):
        if packet.submits:
            end = completions.get(place)
            made[place] = _transfer(place, packet, end, None if end is None else packets[end])
            timeline.append((True, made[place]))
        elif place in ends:  # the recording may begin in the middle of a transfer
            timeline.append((False, made[ends[place]]))
    return tuple(timeline)


def _transfer(place: int, start: Packet, end_place: int | None, end: Packet | None) -> Transfer:
    incoming = bool(start.endpoint & DIRECTION_IN)
    data = start.data if not incoming else (end.data if end is not None else b"")
    packets = (start.index,) if end is None else (start.index, end.index)
    status = 0 if end is None else end.status
    return Transfer(place, end_place, start.kind, start.endpoint, start.setup, status, start.length, data, packets)


def _identity(path: Path) -> Identity:
    file = str(path)
    try:
        with path.open("rb") as stream:
            text = stream.read(MAX_DESCRIPTION).decode("utf-8", "replace")
    except OSError as error:
        raise FormatError(f"cannot be read: {error.strerror or error}", file=file) from error
    first = text.split("\n\n", 1)[0].splitlines()  # the device itself; its hubs follow
    said: dict[str, str] = {}
    for line in first:
        if line.startswith("A: ") and "=" in line:
            key, _, value = line[3:].partition("=")
            said[key] = _unescaped(value).strip()
    descriptors = next((line.partition("=")[2] for line in first if line.startswith("H: descriptors=")), "")
    try:
        vendor, product = struct.unpack_from("<HH", bytes.fromhex(descriptors), 8)
    except (ValueError, struct.error):
        try:
            vendor, product = int(said["idVendor"], 16), int(said["idProduct"], 16)
        except (KeyError, ValueError):
            raise FormatError("names no USB device: neither descriptors nor idVendor", file=file) from None
    bus, number = (int(said[key]) if said.get(key, "").isdecimal() else 0 for key in ("busnum", "devnum"))
    maker, model, serial = (said.get(key, "") for key in ("manufacturer", "product", "serial"))
    return Identity(vendor, product, maker, model, serial, bus=bus, number=number)


def _unescaped(text: str) -> str:
    """Undo umockdev's escapes: bytes of UTF-8 in octal, and line ends."""
    raw = bytearray()
    at = 0
    for match in _ESCAPE.finditer(text):
        raw += text[at : match.start()].encode()
        octal = match[1] if len(match[1]) == 3 else ""
        raw += bytes([int(octal, 8) & 0xFF]) if octal else {"n": b"\n"}.get(match[1], match[1].encode())
        at = match.end()
    raw += text[at:].encode()
    return raw.decode("utf-8", "replace")


def _hex(data: bytes, shown: int = 16) -> str:
    return data[:shown].hex(" ") + (f" ... ({len(data)} bytes)" if len(data) > shown else "")
