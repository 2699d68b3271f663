"""Recordings that never were: conversations as the devices would hold them, written out in the format of real ones.

Each is made from what is known of the protocol, with a picture of the test's own, so that a driver is tried without
anybody's finger and without the real recordings.
"""

from __future__ import annotations

import binascii
import struct
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from biocore.types import GreyImage
from biocore_drivers import usbmon
from biocore_drivers.usbmon import Kind, Packet

SEED = 0x0BADCAFE  # the synthetic host's secret
BUS, NUMBER = 1, 7


class Tape:
    """Notes transfers as usbmon would."""

    def __init__(self) -> None:
        self.packets: list[Packet] = []
        self._urbs = 0

    def submit(self, kind: Kind, endpoint: int, length: int, data: bytes = b"", setup: bytes = b"") -> Packet:
        self._urbs += 1
        return self._note(True, self._urbs, kind, endpoint, setup, -115, length, data)

    def complete(self, start: Packet, data: bytes = b"", status: int = 0) -> None:
        moved = len(data) if start.endpoint & 0x80 else start.length
        self._note(False, start.urb, start.kind, start.endpoint, b"", status, 0 if status else moved, data)

    def control_in(self, request: int, value: int, data: bytes, kind: int = 0xC0) -> None:
        setup = struct.pack("<BBHHH", kind, request, value, 0, len(data))
        self.complete(self.submit(Kind.CONTROL, 0x80, len(data), setup=setup), data)

    def control_out(self, request: int, value: int, data: bytes, index: int = 0) -> None:
        setup = struct.pack("<BBHHH", 0x40, request, value, index, len(data))
        self.complete(self.submit(Kind.CONTROL, 0x00, len(data), data, setup))

    def write(self, endpoint: int, data: bytes) -> None:
        self.complete(self.submit(Kind.BULK, endpoint, len(data), data))

    def read(self, endpoint: int, length: int, data: bytes) -> None:
        self.complete(self.submit(Kind.BULK, endpoint, length), data)

    def _note(
        self, submits: bool, urb: int, kind: Kind, endpoint: int, setup: bytes, status: int, length: int, data: bytes
    ) -> Packet:
        index = len(self.packets)
        packet = Packet(index, submits, urb, kind, BUS, NUMBER, endpoint, setup, status, length, data)
        self.packets.append(packet)
        return packet

    def save(self, folder: Path, vendor: int, product: int, serial: str = "TEST-1") -> Path:
        """Write the folder of a recording."""
        folder.mkdir(parents=True, exist_ok=True)
        usbmon.write(folder / "capture.pcapng", self.packets)
        spoken = sorted({(p.endpoint, p.kind) for p in self.packets if p.kind is not Kind.CONTROL})
        described = (descriptor(vendor, product) + configuration(spoken)).hex().upper()
        (folder / "device").write_text(
            f"P: /devices/pci0000:00/0000:00:14.0/usb1/1-2\nN: bus/usb/{BUS:03d}/{NUMBER:03d}={described}\n"
            f"E: DEVNAME=/dev/bus/usb/{BUS:03d}/{NUMBER:03d}\nE: DEVTYPE=usb_device\nE: SUBSYSTEM=usb\n"
            f"A: bConfigurationValue=1\\n\nA: busnum={BUS}\\n\nA: devnum={NUMBER}\\n\nA: speed=12\\n\n"
            f"A: idProduct={product:04x}\\n\nA: idVendor={vendor:04x}\\n\n"
            f"A: manufacturer=biocore\\n\nA: product=U.are.U\\302\\256 synthetic\\n\nA: serial={serial}\\n\n"
            f"H: descriptors={described}\n\nP: /devices/pci0000:00/0000:00:14.0/usb1\nE: SUBSYSTEM=usb\n"
        )
        return folder


def replay(folder: Path, more: str = "") -> str:
    """Make the URI of a synthetic recording; `more` as `&fault=stall:3`."""
    return f"replay:{folder}?seed={SEED:#x}{more}"


def descriptor(vendor: int, product: int) -> bytes:
    return struct.pack("<BBHBBBBHHHBBBB", 18, 1, 0x0200, 0, 0, 0, 64, vendor, product, 0x0100, 1, 2, 3, 1)


def configuration(endpoints: Sequence[tuple[int, Kind]]) -> bytes:
    """Describe one interface of the vendor's class with its bulk and interrupt endpoints, of 64 bytes."""
    types = {Kind.INTERRUPT: 3, Kind.BULK: 2}
    interface = struct.pack("<BBBBBBBBB", 9, 4, 0, 0, len(endpoints), 255, 255, 255, 0)
    body = interface + b"".join(struct.pack("<BBBBHB", 7, 5, at, types[kind], 64, 1) for at, kind in endpoints)
    return struct.pack("<BBHBBBBB", 9, 2, 9 + len(body), 1, 1, 0, 0xA0, 50) + body


def picture(height: int, width: int) -> GreyImage:
    """Draw something smooth that is no finger and differs everywhere."""
    y, x = np.mgrid[:height, :width]
    waves = 40 * np.sin(x / 5 + y / 17) + 40 * np.cos(y / 7) + x * 60 / width + y * 40 / height
    shown: GreyImage = (90 + waves).clip(1, 254).astype(np.uint8)
    return shown


# -- U.are.U ---------------------------------------------------------------------------------------


def shifted(key: int) -> int:
    """Shift the register once, bit by bit."""
    return key >> 1 | (bin(key & 0x9248144D).count("1") & 1) << 31


def stream(key: int, length: int) -> bytes:
    """Make the key stream bit by bit."""
    out = bytearray()
    for _ in range(length):
        out.append(sum((key >> bit & 1) << place for place, bit in enumerate((4, 8, 11, 14, 18, 21, 24, 29))))
        key = shifted(key)
    return bytes(out)


def encrypted(plain: bytes, key: int) -> bytes:
    """Invert the reader's decryption; its first byte is free, its last plain byte is lost."""
    hidden = bytes(a ^ b for a, b in zip(plain[:-1], stream(key, len(plain) - 1), strict=True))
    return b"\x5a" + hidden


def uru4000(folder: Path, *, microsoft: bool = False, key: int = 0x13572468) -> tuple[Path, GreyImage]:
    """Play a U.are.U 4500, or a Microsoft reader that wants a challenge answered; and the picture it shows."""
    width, height, absent = 384, 290, 100
    shown = picture(height, width)
    shown[absent] = shown[absent + 1]  # a line the reader skips is shown as its neighbour
    shown[-1, -1] = 255  # lost to the encryption
    raw = 255 - shown
    blocks = [(0x02, absent), (0x01, 1), (0x00, 1), (0x02, height - absent - 2)]
    body, row, now = b"", 0, key
    for flags, lines in blocks:
        part = raw[row : row + lines].tobytes()
        if flags == 0x02:
            if row == 0:
                shown[absent - 1, -1] = 255  # the last byte of the block
            body += encrypted(part, now)
        elif flags == 0x00:
            body += part
        for _ in range(lines * width):
            now = shifted(now)
        row += lines
    table = b"".join(bytes(block) for block in blocks).ljust(48, b"\0")
    frame = struct.pack("<IHB9x", 0x01804010, height - 1, 3) + table + body
    tape = Tape()
    vendor, product = (0x045E, 0x00CA) if microsoft else (0x05BA, 0x000A)
    tape.control_in(6, 0x0100, descriptor(vendor, product), kind=0x80)
    event = tape.submit(Kind.INTERRUPT, 0x81, 64)

    def tells(said: int) -> None:
        nonlocal event
        tape.complete(event, said.to_bytes(2, "big") + bytes(62))
        event = tape.submit(Kind.INTERRUPT, 0x81, 64)

    tape.control_in(4, 0x07, b"\x01")
    tape.control_out(4, 0x07, b"\x81")
    tape.control_out(4, 0x07, b"\x01")
    if microsoft:
        tape.control_in(4, 0x07, b"\x81")
        challenge = bytes(range(16))
        aes = Cipher(algorithms.AES(bytes.fromhex("79ac91795ca1478e98e00f3c598f5f4b")), modes.ECB()).encryptor()
        tape.control_in(4, 0x2010, challenge)
        tape.control_out(4, 0x2000, aes.update(challenge))
        tape.control_out(4, 0x07, b"\x01")
    tape.control_in(4, 0x07, b"\x01")
    tells(0x56AA)
    tape.control_in(4, 0xF0, bytes(16))
    tape.control_out(4, 0x4E, b"\x10")
    tells(0x0101)
    bulk = tape.submit(Kind.BULK, 0x82, 64 + width * height)
    tape.control_out(4, 0x4E, b"\x20")
    tape.complete(bulk, frame)
    tape.control_out(4, 0x33, struct.pack("<BI", 3, SEED))
    tape.control_in(4, 0x34, struct.pack("<I", key ^ SEED))
    tape.control_out(4, 0x4E, b"\x12")
    tells(0x0200)
    tape.control_out(4, 0x4E, b"\x70")
    tape.complete(event, status=-2)
    return tape.save(folder, vendor, product), shown if microsoft else shown[::-1, ::-1]


# -- UPEK ------------------------------------------------------------------------------------------


def framed(kind: int, sequence: int, body: bytes) -> bytes:
    head = struct.pack(">BBB", kind, sequence % 16 << 4 | len(body) >> 8, len(body) & 0xFF)
    return b"Ciao" + head + body + struct.pack("<H", binascii.crc_hqx(head + body, 0))


def upek(folder: Path) -> tuple[Path, GreyImage]:
    """Play a TCS1 with a finger that comes after two events; and the picture it shows."""
    shown = picture(270, 192)
    tape = Tape()
    tape.control_in(6, 0x0100, descriptor(0x147E, 0x2016), kind=0x80)

    def answers(frame: bytes) -> None:
        tape.read(0x81, 64, frame[:64].ljust(64, b"\0"))
        if len(frame) > 64:
            tape.read(0x81, 1988, frame[64:])

    for kind in (0x46, 0x2BC):
        tape.control_out(0x0C, 0x0100, b"\0", 0x0400)
        answers(framed(3, 0, bytes.fromhex("01000000c0")))
        tape.write(0x02, framed(4, 0, struct.pack("<BBHIBI", 1, 0, kind, 0, 1, 1)))
        answers(framed(5, 0, b"\1"))
        if kind == 0x46:
            tape.write(0x02, framed(7, 0, b"\1"))
            answers(framed(1, 0, b""))
    tape.write(0x02, framed(0, 0, bytes.fromhex("28040000000604")))
    answers(framed(0, 0, (b"\x28" + bytes(41) + struct.pack("<BHH", 0, 256, 360)).ljust(55, b"\0")))
    tape.write(0x02, framed(0, 1, bytes.fromhex("280b0000000e02feffffff020102")))
    for sequence, event in ((1, 0x0C), (2, 0x00)):
        tape.read(0x81, 64, b"")  # it keeps alive
        answers(framed(0, sequence, b"\x28" + bytes(10) + bytes([event]) + bytes(8)))
        tape.write(0x02, framed(0, sequence + 1, bytes.fromhex("2805000000003001")))
    sequence, rest = 3, shown.tobytes()
    answers(framed(0, sequence, b"\x2c" + bytes(10) + rest[:2032]))
    rest = rest[2032:]
    while rest:
        sequence += 1
        tape.write(0x02, framed(0, sequence, b"\x30"))
        last = len(rest) <= 2038
        answers(framed(0, sequence, (b"\x20" + rest + bytes(4)) if last else b"\x24" + rest[:2042]))
        rest = b"" if last else rest[2042:]
    tape.write(0x02, framed(7, sequence + 1, b"\1"))
    answers(framed(1, 0, b""))
    return tape.save(folder, 0x147E, 0x2016), shown


# -- NEXT ------------------------------------------------------------------------------------------


def next1010(folder: Path) -> tuple[Path, GreyImage]:
    """Play an NB-1010-U that is asked twice before the finger is there; and the picture it shows."""
    shown = picture(180, 256)
    tape = Tape()

    def asks(command: str, answer: int, number: int, state: int) -> None:
        tape.write(0x02, bytes.fromhex(command))
        tape.read(0x83, 16, struct.pack("<BBBBI4xB3x", 0x80, answer, number, 0, 16, state))

    for contact in (0x10, 0xF0):
        asks("8038010008000000", 0x37, 1, contact)
    asks("800d03000c00000000040000", 0x20, 3, 0)
    asks("8012040020000000" + "02" + "00" * 19 + "20000000", 0x20, 4, 3)
    for row in range(0, 180, 2):
        head = struct.pack("<BBBBI4xB3xB8x", 0x80, 0x21, 0, 0, 0x21C, row < 178, row + 1)
        tape.read(0x83, 540, head + shown[row : row + 2].tobytes() + bytes(3))
    return tape.save(folder, 0x298D, 0x1010), shown
