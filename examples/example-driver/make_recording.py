"""Write the recording that the example's driver is proved on: what the reader would say if it existed.

    python make_recording.py DIR

Of a real reader `biocore devices record` makes it.
"""

from __future__ import annotations

import struct
import sys
import zlib
from pathlib import Path

import numpy as np

from biocore.formats.images import write_png
from biocore_drivers import usbmon
from biocore_drivers.usbmon import Kind, Packet

BUS, NUMBER = 1, 5
VENDOR, PRODUCT = 0x1209, 0x0002
DEVICE = """P: /devices/pci0000:00/0000:00:14.0/usb1/1-1
E: SUBSYSTEM=usb
A: busnum={bus}\\n
A: devnum={number}\\n
A: idProduct={product:04x}\\n
A: idVendor={vendor:04x}\\n
A: manufacturer=Example\\n
A: product=reader\\n
H: descriptors={descriptors}

"""


class Tape:
    """Notes transfers as the kernel would report them."""

    def __init__(self) -> None:
        self.packets: list[Packet] = []

    def transfer(self, kind: Kind, endpoint: int, data: bytes, setup: bytes = b"") -> None:
        """Note one that works."""
        incoming = bool(endpoint & usbmon.DIRECTION_IN)
        sides = ((True, -115, b"" if incoming else data), (False, 0, data if incoming else b""))
        urb = len(self.packets) + 1
        for submits, status, payload in sides:
            place = len(self.packets)
            head = setup if submits else b""
            self.packets.append(
                Packet(place, submits, urb, kind, BUS, NUMBER, endpoint, head, status, len(data), payload)
            )

    def ask(self, request: int, answer: bytes) -> None:
        """Note a vendor request that reads."""
        setup = struct.pack("<BBHHH", 0xC0, request, 0, 0, len(answer))
        self.transfer(Kind.CONTROL, 0x80, answer, setup)

    def tell(self, request: int, value: int) -> None:
        """Note a vendor request that carries nothing but its value."""
        self.transfer(Kind.CONTROL, 0x00, b"", struct.pack("<BBHHH", 0x40, request, value, 0, 0))


def main(folder: Path) -> None:
    """Write `device`, `capture.pcapng` and `capture.png`."""
    y, x = np.mgrid[:160, :128]
    picture = (128 + 90 * np.sin(np.hypot(x - 64, y - 90) / 2.2)).astype(np.uint8)  # rings, no finger
    tape = Tape()
    tape.ask(1, b"EXRD\1\0\0\0")
    tape.tell(2, 1)
    for lies_there in (0, 0, 1):
        tape.ask(3, bytes([lies_there]))
    tape.transfer(Kind.BULK, 0x02, b"G")
    frame = struct.pack("<4sHH", b"EXPI", 128, 160) + picture.tobytes()
    tape.transfer(Kind.BULK, 0x81, frame + struct.pack("<I", zlib.crc32(frame)))
    for lies_there in (1, 0):
        tape.ask(3, bytes([lies_there]))
    tape.tell(2, 0)
    folder.mkdir(parents=True, exist_ok=True)
    usbmon.write(folder / "capture.pcapng", tape.packets)
    descriptors = struct.pack("<BBHBBBBHHHBBBB", 18, 1, 0x0200, 0, 0, 0, 64, VENDOR, PRODUCT, 0x0100, 1, 2, 0, 1)
    (folder / "device").write_text(
        DEVICE.format(bus=BUS, number=NUMBER, vendor=VENDOR, product=PRODUCT, descriptors=descriptors.hex().upper())
    )
    write_png(folder / "capture.png", picture, 500.0)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
