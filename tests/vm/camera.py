"""A USB camera made of Python: motion JPEG over a bulk endpoint (USB Device Class Definition for Video Devices 1.0)."""

from __future__ import annotations

import struct
import threading
from collections import deque
from collections.abc import Sequence

from vm.usbip import HIGH_SPEED, Gadget, Setup, StallError, Transfer

VENDOR, PRODUCT = 0x1209, 0x0001  # pid.codes: for tests that stay at home
WIDTH, HEIGHT = 320, 240  # px
INTERVAL = 0.1  # s from frame to frame
STREAM = 0x81  # endpoint
MAX_FRAME = 2**17  # bytes

_PROBE, _COMMIT = 1, 2  # controls of the streaming interface
_SET, _GET_LENGTH, _GET_INFO = 0x01, 0x85, 0x86
_END_OF_FRAME, _END_OF_HEADER = 0x02, 0x80
_TICKS = round(INTERVAL * 1e7)  # the class counts in 100 ns


def _described(*parts: bytes) -> bytes:
    return b"".join(bytes([len(part) + 1]) + part for part in parts)


def _configuration() -> bytes:
    """Describe a camera terminal wired to the output terminal, and one format with one size."""
    control = _described(
        struct.pack("<BBHHIBB", 0x24, 1, 0x0100, 13 + 18 + 9, 48_000_000, 1, 1),
        struct.pack("<BBBHBBHHHB3x", 0x24, 2, 1, 0x0201, 0, 0, 0, 0, 0, 3),
        struct.pack("<BBBHBBB", 0x24, 3, 2, 0x0101, 0, 1, 0),
    )
    rate = WIDTH * HEIGHT * 16 * 10  # bit/s
    streaming = _described(
        struct.pack("<BBBHBBBBBBBB", 0x24, 1, 1, 14 + 11 + 30, STREAM, 0, 2, 0, 0, 0, 1, 0),
        struct.pack("<10B", 0x24, 6, 1, 1, 1, 1, 0, 0, 0, 0),
        struct.pack("<BBBBHHIIIIBI", 0x24, 7, 1, 0, WIDTH, HEIGHT, rate, rate, MAX_FRAME, _TICKS, 1, _TICKS),
    )
    body = b"".join(
        [
            bytes.fromhex("080b00020e030000"),  # both interfaces are one function, a camera
            bytes.fromhex("0904000000" + "0e010000") + control,
            bytes.fromhex("0904010001" + "0e020000") + streaming,
            bytes.fromhex("0705810200" + "0200"),  # bulk, 512 bytes
        ]
    )
    return struct.pack("<BBHBBBBB", 9, 2, 9 + len(body), 2, 1, 0, 0x80, 50) + body


class Camera(Gadget):
    """The camera: shows its pictures in turn, for as long as somebody reads.

    Parameters
    ----------
    pictures : sequence of bytes
        JPEG files of WIDTH x HEIGHT px.
    """

    speed = HIGH_SPEED
    device = struct.pack("<BBHBBBBHHHBBBB", 18, 1, 0x0200, 0xEF, 2, 1, 64, VENDOR, PRODUCT, 0x0100, 1, 2, 3, 1)
    configuration = _configuration()

    def __init__(self, pictures: Sequence[bytes], serial: str = "LENS-1") -> None:
        self.texts = ("biocore", "camera of the tests", serial)
        self.frozen = False
        self.shown = 0
        self._pictures = pictures
        self._settings = self._offer()
        self._reads: deque[Transfer] = deque()
        self._changed = threading.Condition()
        self._ended = False
        self._thread = threading.Thread(target=self._show, name="lens", daemon=True)
        self._thread.start()

    def end(self) -> None:
        """Unplug it, and show nothing more."""
        self._ended = True
        with self._changed:
            self._changed.notify_all()
        self._thread.join(5.0)
        self.plug.pull()

    def configured(self) -> None:
        """Begin anew."""
        with self._changed:
            self._reads.clear()

    def request(self, setup: Setup, data: bytes) -> bytes:
        """Agree on the one format there is."""
        if setup.index & 0xFF != 1 or setup.value >> 8 not in (_PROBE, _COMMIT):
            raise StallError
        if setup.request == _SET:
            return b""
        if setup.request == _GET_LENGTH:
            return struct.pack("<H", len(self._settings))
        return b"\x03" if setup.request == _GET_INFO else self._settings

    def read(self, transfer: Transfer) -> None:
        """Keep it until there is a frame."""
        with self._changed:
            self._reads.append(transfer)
            self._changed.notify_all()

    def dropped(self, transfer: Transfer) -> None:
        """Forget it."""
        with self._changed:
            if transfer in self._reads:
                self._reads.remove(transfer)

    @staticmethod
    def _offer() -> bytes:
        return struct.pack("<HBBIHHHHHII", 1, 1, 1, _TICKS, 0, 0, 0, 0, 0, MAX_FRAME, MAX_FRAME)

    def _show(self) -> None:
        while not self._ended:
            with self._changed:
                self._changed.wait_for(lambda: self._ended or (self._reads and not self.frozen), INTERVAL)
                asked = bool(self._reads) and not self.frozen
            if asked:
                flags = _END_OF_HEADER | _END_OF_FRAME | self.shown & 1
                self._send(bytes([2, flags]) + self._pictures[self.shown % len(self._pictures)])
                self.shown += 1
                threading.Event().wait(INTERVAL)

    def _send(self, rest: bytes) -> None:
        """Send one frame as one payload; a short transfer ends it."""
        while not self._ended:
            with self._changed:
                if not self._changed.wait_for(lambda: self._ended or self._reads, 5 * INTERVAL) or self._ended:
                    return  # nobody reads any longer
                transfer = self._reads.popleft()
            part, rest = rest[: transfer.length], rest[transfer.length :]
            self.plug.finish(transfer, part)
            if len(part) < transfer.length:
                return
