"""Recorded USB traffic: usbmon packets in pcapng files (read and written), and umockdev's ioctl trees (read).

usbmon reports a transfer twice: when the host submits it and when it completes. The fields are those of the Linux
kernel's `struct usbmon_packet` (Documentation/usb/usbmon.rst, "Raw binary format"); the file format is pcapng
(draft-ietf-opsawg-pcapng). An ioctl tree of umockdev holds one completed transfer a line, depth first in the order
they were made; a line becomes both packets.
"""

from __future__ import annotations

import errno
import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path

from biocore.errors import FormatError, UnsupportedFormatError

DIRECTION_IN = 0x80  # bit of an endpoint's address: device to host (USB 2.0, 9.6.6)
LINKTYPE_USB_LINUX = 189  # 48 bytes of header
LINKTYPE_USB_LINUX_MMAPPED = 220  # 64 bytes of header
MAX_FILE = 256 * 2**20  # bytes; an hour of a scanner's frames
SECOND = 1_000_000  # µs
_SECTION, _INTERFACE, _PACKET = 0x0A0D0D0A, 1, 6  # pcapng block types
_BYTE_ORDER = 0x1A2B3C4D
_HEADER = "QcBBBHccqiiII8s"  # struct usbmon_packet up to its setup bytes: 48 bytes without padding
_PENDING = -errno.EINPROGRESS  # status of a submission


class Kind(IntEnum):
    """Transfer types as usbmon numbers them."""

    ISOCHRONOUS = 0
    INTERRUPT = 1
    CONTROL = 2
    BULK = 3


@dataclass(frozen=True, slots=True)
class Packet:
    """One report of one transfer.

    Attributes
    ----------
    index : int
        Place in the recording, from 0.
    submits : bool
        True where the host submits, False where the transfer completes.
    urb : int
        The transfer it belongs to; numbers are used again after completion.
    kind : Kind
    bus, device : int
        Address on the bus.
    endpoint : int
        Address with its direction bit.
    setup : bytes
        The 8 setup bytes of a control submission; else empty.
    status : int
        0, or a negative errno.
    length : int
        Bytes asked for (submission) or moved (completion).
    data : bytes
        What is on record of them: OUT data with the submission, IN data with the completion.
    time : int
        µs since 1970; 0 where it is not on record.
    """

    index: int
    submits: bool
    urb: int
    kind: Kind
    bus: int
    device: int
    endpoint: int
    setup: bytes
    status: int
    length: int
    data: bytes
    time: int = 0


def read(path: Path) -> list[Packet]:
    """Read a recording, `.pcapng` or `.ioctl` by its suffix.

    Raises
    ------
    FormatError
        Not readable, cut short, or not what its suffix says; names file and byte.
    UnsupportedFormatError
        Too large, another kind of capture, another suffix.
    """
    file = str(path)
    try:
        if path.stat().st_size > MAX_FILE:
            raise UnsupportedFormatError(f"is longer than {MAX_FILE} bytes", file=file)
        content = path.read_bytes()
    except OSError as error:
        raise FormatError(f"cannot be read: {error.strerror or error}", file=file) from error
    if path.suffix == ".pcapng":
        return list(_pcapng(content, file))
    if path.suffix == ".ioctl":
        return list(_ioctl(content, file))
    raise UnsupportedFormatError("is no recording; expected .pcapng or .ioctl", file=file)


def write(path: Path, packets: Iterable[Packet]) -> None:
    """Write packets as usbmon would have reported them, little-endian."""
    section = struct.pack("<IHHq", _BYTE_ORDER, 1, 0, -1)
    interface = struct.pack("<HHI", LINKTYPE_USB_LINUX_MMAPPED, 0, 0)
    blocks = [_block(_SECTION, section), _block(_INTERFACE, interface)]
    for packet in packets:
        head = struct.pack(
            "<" + _HEADER,
            packet.urb,
            b"S" if packet.submits else b"C",
            packet.kind,
            packet.endpoint,
            packet.device,
            packet.bus,
            b"\0" if packet.setup else b"-",
            b"\0" if packet.data else b"<",
            packet.time // SECOND,
            packet.time % SECOND,
            _PENDING if packet.submits else packet.status,
            packet.length,
            len(packet.data),
            packet.setup or bytes(8),
        )
        body = head + bytes(16) + packet.data
        high, low = divmod(packet.time, 2**32)
        blocks.append(_block(_PACKET, struct.pack("<IIIII", 0, high, low, len(body), len(body)) + body))
    path.write_bytes(b"".join(blocks))


def _block(kind: int, body: bytes) -> bytes:
    body += bytes(-len(body) % 4)
    length = struct.pack("<I", len(body) + 12)
    return struct.pack("<I", kind) + length + body + length


def _pcapng(content: bytes, file: str) -> Iterator[Packet]:
    links: list[int] = []
    order, index, offset = "<", 0, 0
    if len(content) < 28 or struct.unpack_from("<I", content)[0] != _SECTION:
        raise FormatError("is no pcapng file", file=file, offset=0)
    while offset < len(content):
        if len(content) - offset < 12:
            raise FormatError("ends within a block", file=file, offset=offset)
        kind = struct.unpack_from(order + "I", content, offset)[0]
        if kind == _SECTION:
            order, links = _byte_order(content, file, offset), []
        length = struct.unpack_from(order + "I", content, offset + 4)[0]
        if length < 12 or length % 4 or offset + length > len(content):
            raise FormatError(f"a block of impossible length {length}", file=file, offset=offset + 4)
        body = content[offset + 8 : offset + length - 4]
        if kind == _INTERFACE:
            if len(body) < 8:
                raise FormatError("an interface block cut short", file=file, offset=offset)
            links.append(struct.unpack_from(order + "H", body)[0])
        elif kind == _PACKET:
            packet = _usbmon(body, order, links, index, file, offset)
            if packet is not None:
                yield packet
                index += 1
        offset += length


def _byte_order(content: bytes, file: str, offset: int) -> str:
    for order in "<>":
        if struct.unpack_from(order + "I", content, offset + 8)[0] == _BYTE_ORDER:
            return order
    raise FormatError("a section of no known byte order", file=file, offset=offset + 8)


def _usbmon(body: bytes, order: str, links: list[int], index: int, file: str, offset: int) -> Packet | None:
    if len(body) < 20:
        raise FormatError("a packet block cut short", file=file, offset=offset)
    link, _, _, captured, _ = struct.unpack_from(order + "IIIII", body)
    if link >= len(links):
        raise FormatError(f"a packet of interface {link}, which is not described", file=file, offset=offset + 8)
    if links[link] not in (LINKTYPE_USB_LINUX, LINKTYPE_USB_LINUX_MMAPPED):
        raise UnsupportedFormatError(f"link type {links[link]}; usbmon's is 220 or 189", file=file, offset=offset)
    head = 64 if links[link] == LINKTYPE_USB_LINUX_MMAPPED else 48
    packet = body[20 : 20 + captured]
    if len(packet) < head or len(packet) != captured:
        raise FormatError("a usbmon packet cut short", file=file, offset=offset + 20)
    fields = struct.unpack_from(order + _HEADER, packet)
    urb, event, kind, endpoint, device, bus, setup_flag, _, seconds, part, status, length, stored, setup = fields
    if kind > max(Kind) or event not in (b"S", b"C", b"E"):
        raise FormatError(f"a packet of unknown kind {kind} or event {event!r}", file=file, offset=offset + 28)
    if head + stored > len(packet):
        raise FormatError(f"{stored} bytes of data are announced, which are not there", file=file, offset=offset + 28)
    return Packet(
        index,
        event == b"S",
        urb,
        Kind(kind),
        bus,
        device,
        endpoint,
        setup if setup_flag == b"\0" else b"",
        status,
        length,
        packet[head : head + stored],
        seconds * SECOND + part,
    )


def _ioctl(content: bytes, file: str) -> Iterator[Packet]:
    try:
        lines = content.decode("ascii").splitlines()
    except UnicodeDecodeError as error:
        raise FormatError("is no text", file=file, offset=error.start) from error
    index = 0
    for number, line in enumerate(lines, 1):
        words = line.split()
        if not words or words[0] not in ("USBDEVFS_REAPURB", "USBDEVFS_REAPURBNDELAY"):
            continue  # capabilities and claims
        try:
            result, kind, endpoint, status, _, asked, moved, _ = (int(word) for word in words[1:9])
            data = bytes.fromhex(words[9]) if len(words) > 9 else b""
            way = _USBDEVFS_KINDS[kind]
        except (ValueError, KeyError):
            raise FormatError(f"line {number} is no transfer", file=file) from None
        if result != 0 or not (0 <= endpoint <= 255 and 0 <= moved <= asked):
            raise FormatError(f"line {number} is an impossible transfer", file=file)
        incoming = bool(endpoint & DIRECTION_IN)
        out, back = (b"", data[:moved]) if incoming else (data[:asked], b"")
        for submits, at, length, payload in ((True, _PENDING, asked, out), (False, status, moved, back)):
            yield Packet(index, submits, index, way, 0, 0, endpoint, b"", at, length, payload)
        index += 1


_USBDEVFS_KINDS = {1: Kind.INTERRUPT, 3: Kind.BULK}  # linux/usbdevice_fs.h; control payloads are not in these trees
