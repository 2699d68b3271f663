"""A U.are.U 4500 made of Python: the registers, events and pictures of the real one, and its ways to fail."""

from __future__ import annotations

import errno
import struct
import threading
from collections import deque
from pathlib import Path

import usb_conversations
from biocore.types import GreyImage
from biocore_drivers import usbmon
from vm.usbip import Gadget, Setup, SilenceError, StallError, Transfer

VENDOR, PRODUCT = 0x05BA, 0x000A
CIPHER_KEY = 0x13572468
EVENTS, PICTURE = 0x81, 0x82  # endpoints
STATUS, SCRAMBLE, KEY, MODE, VERSIONS = 0x07, 0x33, 0x34, 0x4E, 0xF0  # registers
AWAIT_FINGER, TAKE, AWAIT_LIFT, OFF = 0x10, 0x20, 0x12, 0x70  # modes
POWERED_UP, FINGER_ON, FINGER_OFF = 0x56AA, 0x0101, 0x0200  # events
ASLEEP = 0x80

# One configuration, one interface of the vendor's class, an interrupt and a bulk endpoint of 64 bytes: the real one's.
_CONFIGURATION = bytes.fromhex("0902200001010080640904000002ffffff000705810340000807058202400000")


def frame(folder: Path) -> tuple[bytes, GreyImage]:
    """Make an encrypted frame as the reader sends it, and the picture it shows."""
    recording, shown = usb_conversations.uru4000(folder, key=CIPHER_KEY)
    packets = usbmon.read(recording / "capture.pcapng")
    (sent,) = [packet.data for packet in packets if packet.endpoint == PICTURE and not packet.submits]
    return sent, shown


class Reader(Gadget):
    """The reader.

    Parameters
    ----------
    sends : bytes
        A frame.
    serial : str
    """

    device = usb_conversations.descriptor(VENDOR, PRODUCT)
    configuration = _CONFIGURATION

    def __init__(self, sends: bytes, serial: str = "GUEST-1") -> None:
        self.texts = ("DigitalPersona", "U.are.U® 4500", serial)
        self.serial = serial
        self.faults: dict[int, str] = {}  # register or endpoint -> "stall", "silent", "short", or "pulled"; once
        self.taken = 0  # pictures
        self._frame = sends
        self._status, self._mode, self._seed = 0x01, OFF, 0
        self._finger = False
        self._events: deque[int] = deque()
        self._waiting: deque[Transfer] = deque()
        self._reads: deque[Transfer] = deque()
        self._rest: bytes | None = None  # of a frame under way
        self._lock = threading.RLock()  # the host's thread and the finger's

    @property
    def dark(self) -> bool:
        """The lamp is off."""
        return self._mode == OFF

    def touch(self) -> None:
        """Lay a finger on it."""
        with self._lock:
            self._finger = True
            self._look()

    def lift(self) -> None:
        """Take the finger away."""
        with self._lock:
            self._finger = False
            self._look()

    # -- what the host does ------------------------------------------------------------------------

    def configured(self) -> None:
        """Begin anew."""
        self._status, self._mode = 0x01, OFF
        self._events.clear()
        self._rest = None

    def request(self, setup: Setup, data: bytes) -> bytes:
        """Read or write registers."""
        fault = self._fault(setup.value)
        if setup.request != 4 or fault == "stall":
            raise StallError
        if fault == "silent":
            raise SilenceError
        if fault == "pulled":
            self.plug.pull()
            raise SilenceError
        with self._lock:
            if setup.kind & 0x80:
                answer = self._register(setup)
                return answer[: len(answer) // 2] if fault == "short" else answer
            self._write(setup.value, data)
            return b""

    def read(self, transfer: Transfer) -> None:
        """Answer when there is something to say."""
        with self._lock:
            if transfer.endpoint == EVENTS:
                self._waiting.append(transfer)
                self._tell()
            else:
                self._reads.append(transfer)
                self._send()

    def dropped(self, transfer: Transfer) -> None:
        """Forget it."""
        with self._lock:
            for waiting in (self._waiting, self._reads):
                if transfer in waiting:
                    waiting.remove(transfer)

    # -- what it does ------------------------------------------------------------------------------

    def _fault(self, place: int) -> str:
        return self.faults.pop(place, "")

    def _register(self, setup: Setup) -> bytes:
        if setup.value == STATUS:
            return bytes([self._status])
        if setup.value == KEY:
            return struct.pack("<I", CIPHER_KEY ^ self._seed)
        if setup.value == VERSIONS:
            return bytes(range(16))
        raise StallError

    def _write(self, register: int, data: bytes) -> None:
        if register == STATUS:
            woken = self._status & ASLEEP and not data[0] & ASLEEP
            self._status = data[0]
            if woken:
                self._say(POWERED_UP)
        elif register == SCRAMBLE:
            _, self._seed = struct.unpack("<BI", data)
        elif register == MODE:
            self._mode = data[0]
            self._rest = self._frame if self._mode == TAKE else None
            self._look()
            self._send()
        else:
            raise StallError

    def _look(self) -> None:
        if self._mode == AWAIT_FINGER and self._finger:
            self._say(FINGER_ON)
        elif self._mode == AWAIT_LIFT and not self._finger:
            self._say(FINGER_OFF)

    def _say(self, event: int) -> None:
        self._events.append(event)
        self._tell()

    def _tell(self) -> None:
        while self._events and self._waiting:
            event = self._events[0]
            if self.plug.finish(self._waiting.popleft(), event.to_bytes(2, "big") + bytes(62)):
                self._events.popleft()

    def _send(self) -> None:
        """Send the frame in as many transfers as the host makes of it; a short one ends it."""
        while self._reads and self._rest is not None:
            transfer = self._reads.popleft()
            fault = self._fault(PICTURE)
            if fault == "stall":
                self._rest = None
                self.plug.finish(transfer, status=errno.EPIPE)
                return
            if fault == "silent":
                self._rest = None
                return
            if fault == "pulled":
                self.plug.pull()
                return
            if fault == "short":
                self._rest = self._rest[: transfer.length // 2]
            part, self._rest = self._rest[: transfer.length], self._rest[transfer.length :]
            ends = len(part) < transfer.length
            self.plug.finish(transfer, part)
            if ends:
                self._rest = None
                self.taken += 1
