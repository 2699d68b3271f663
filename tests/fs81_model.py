"""A Futronic FS81 as its traffic describes it: a FIFO that outlives the program, a lamp, and faults at any transfer.

Whoever reads too little leaves the rest to the next; a command does not pass while something is left unread, as on a
reader whose firmware waits for its own FIFO.
"""

from __future__ import annotations

import errno
import random
import struct
from collections import deque
from dataclasses import dataclass, field

import numpy as np

from biocore.types import GreyImage
from biocore_drivers.replay_transport import FaultKind
from biocore_drivers.transport import Clock, Situation, VirtualClock
from biocore_drivers.usb_bus import Identity
from biocore_drivers.usb_errors import transfer_error

WIDTH, HEIGHT, PACKET = 320, 480, 512
IDENTITY = Identity(0x1491, 0x0020, "Futronic", "FS81", "", "1-3", 1, 9)


def finger() -> GreyImage:
    """Draw ridges nine pixels apart that are no finger's."""
    y, x = np.mgrid[:HEIGHT, :WIDTH]
    ridges = 128 + 90 * np.sin(2 * np.pi * (x + 0.3 * y) / 9) + y * 20 / HEIGHT
    drawn: GreyImage = ridges.astype(np.uint8)
    return drawn


def platen() -> GreyImage:
    """Draw the empty glass."""
    y, x = np.mgrid[:HEIGHT, :WIDTH]
    drawn: GreyImage = (210 + x * 10 / WIDTH + y % 3).astype(np.uint8)
    return drawn


@dataclass
class Fs81Model:
    """The reader itself: it stays what it is while programs come and go.

    Attributes
    ----------
    scene : deque of bool
        Whether a finger lies there at each frame; the last one stays.
    again : bool
        The scene begins anew instead.
    fault : (FaultKind, int) or None
        At the transfer of that number, counted from 0 over the reader's life; it strikes once.
    geometry : (int, int)
        What it says of itself.
    """

    scene: deque[bool] = field(default_factory=lambda: deque([False, False, True]))
    again: bool = False
    fault: tuple[FaultKind, int] | None = None
    geometry: tuple[int, int] = (WIDTH, HEIGHT)
    fifo: bytearray = field(default_factory=bytearray)
    lamp: bool = False
    transfers: int = 0
    greeted: set[bytes] = field(default_factory=set)
    gone: bool = False
    open: int = 0
    dark_frames: int = 0
    cut_frames: int = 0
    clock: Clock = field(default_factory=VirtualClock)

    def crash(self, packets: int) -> None:
        """Leave what a program that died in the middle of a frame leaves."""
        rest = random.Random(packets).randbytes(packets * PACKET)
        self.fifo += rest
        self.lamp = True

    def plugged(self, situation: Situation) -> Fs81Cable:
        """Connect to it."""
        self.gone = False
        self.open += 1
        return Fs81Cable(self, situation)

    def takes(self, command: bytes) -> None:
        if command[:1] == b"\xdd":
            self.lamp = command[1] != 0
        elif command in (b"\xfe", b"\x6e"):
            assert {b"\xe0", b"\x6c", b"\x50"} <= self.greeted, "a frame was asked for before the reader was greeted"
            self.dark_frames += not self.lamp
            shown = finger() if self.scene[0] else platen()
            if self.again:
                self.scene.rotate(-1)
            elif len(self.scene) > 1:
                self.scene.popleft()
            self.fifo += shown[::-1].tobytes()
        else:
            self.greeted.add(command)
            answer = bytes(4) + struct.pack(">HH", *self.geometry) if command == b"\xe0" else b"\x01"
            self.fifo += answer.ljust(PACKET, b"\0")

    def struck(self) -> FaultKind | None:
        number, self.transfers = self.transfers, self.transfers + 1
        if self.gone:
            return FaultKind.DISCONNECT
        if self.fault is not None and self.fault[1] == number:
            self.gone = self.fault[0] is FaultKind.DISCONNECT
            return self.fault[0]
        return None


class Fs81Cable:
    """Transfers to the model; see `transport.Transport`."""

    once = False
    identity = IDENTITY

    def __init__(self, model: Fs81Model, situation: Situation) -> None:
        self.model = model
        self.situation = situation
        self.clock = model.clock
        self._closed = False

    def write(self, endpoint: int, data: bytes, timeout: float) -> None:
        assert endpoint == 0x01
        fault = self.model.struck()
        self._fail(fault, "endpoint 0x01", timeout)
        if fault is FaultKind.SHORT:
            raise transfer_error(self.situation, errno.EIO, "endpoint 0x01")
        if self.model.fifo:
            self._fail(FaultKind.HANG, "endpoint 0x01", timeout)
        self.model.takes(data)

    def read(self, endpoint: int, length: int, timeout: float) -> bytes:
        assert endpoint == 0x82
        fault = self.model.struck()
        self._fail(fault, "endpoint 0x82", timeout)
        fifo = self.model.fifo
        if not fifo:
            self._fail(FaultKind.HANG, "endpoint 0x82", timeout)
        taken = min(length, len(fifo)) // (2 if fault is FaultKind.SHORT else 1)
        data = bytes(fifo[:taken])
        del fifo[:taken]
        self.model.cut_frames += bool(fifo) and length > PACKET
        return random.Random(taken).randbytes(taken) if fault is FaultKind.GARBAGE else data

    def reset(self) -> None:
        self.model.fifo.clear()
        self.model.lamp = False

    def close(self) -> None:
        self.model.open -= not self._closed
        self._closed = True

    def _fail(self, fault: FaultKind | None, place: str, timeout: float) -> None:
        codes = {
            FaultKind.STALL: errno.EPIPE,
            FaultKind.HANG: errno.ETIMEDOUT,
            FaultKind.DISCONNECT: errno.ENODEV,
        }
        if fault is FaultKind.HANG:
            self.clock.sleep(timeout)
        if fault in codes:
            raise transfer_error(self.situation, codes[fault], place)
