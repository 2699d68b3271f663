"""A serial fingerprint module at the far end of a pseudo-terminal: it answers as the manual says, and errs."""

from __future__ import annotations

import contextlib
import os
import random
import select
import struct
import termios
import threading
import tty
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

import numpy as np
import pytest

from biocore.types import GreyImage

WIDTH, HEIGHT = 256, 288
RATES = {9600: termios.B9600, 19200: termios.B19200, 38400: termios.B38400, 57600: termios.B57600,
         115200: termios.B115200}  # fmt: skip


def print_of_16_greys() -> GreyImage:
    """Draw what the module shows."""
    y, x = np.mgrid[:HEIGHT, :WIDTH]
    drawn: GreyImage = (np.round(7.5 + 7.4 * np.sin((x + y / 3) / 1.5)).astype(np.uint8)) * np.uint8(17)
    return drawn


def packet(kind: int, payload: bytes) -> bytes:
    """Write a packet, from the manual and not from the driver."""
    length = len(payload) + 2
    total = kind + (length >> 8) + (length & 0xFF) + sum(payload)
    return b"\xef\x01\xff\xff\xff\xff" + struct.pack(">BH", kind, length) + payload + struct.pack(">H", total & 0xFFFF)


@dataclass
class Fault:
    """What happens to the packet of a number, counted from 0 over the module's life; once.

    Attributes
    ----------
    kind : str
        `noise` before it, `flip` a byte of it, `drop` it, `cut` it in the middle, `unplug`, `slow` (in pieces),
        `code:N` (answers N instead).
    index : int
    """

    kind: str
    index: int


@dataclass
class SerialSensor:
    """The module; `with` powers it.

    Attributes
    ----------
    baud : int
    password : int
    absent : int
        Looks before a finger lies there, each time anew.
    chunk : int
        Bytes of a packet of picture.
    fault : Fault or None
    mute : bool
    babbles : bool
        Sends noise all the time.
    """

    baud: int = 57600
    password: int = 0
    absent: int = 1
    chunk: int = 128
    fault: Fault | None = None
    mute: bool = False
    babbles: bool = False
    sent: int = 0
    looks: int = 0
    misheard: int = 0
    port: str = ""
    shown: GreyImage = field(default_factory=print_of_16_greys)
    unplugged: bool = False

    def __enter__(self) -> Self:
        try:
            self._master, self._slave = os.openpty()
        except OSError as error:  # a chroot without /dev/pts
            pytest.skip(f"no pseudo terminal can be had here: {error}")
        tty.setraw(self._slave)
        os.set_blocking(self._master, False)
        self.port = os.ttyname(self._slave)
        self._ends = threading.Event()
        self._thread = threading.Thread(target=self._work, name="serial sensor", daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._ends.set()
        self._thread.join(5)
        assert not self._thread.is_alive()
        self._unplug()

    def _unplug(self) -> None:
        if not self.unplugged:
            self.unplugged = True
            os.close(self._slave)
            os.close(self._master)

    def _work(self) -> None:
        held = b""
        while not self._ends.is_set() and not self.unplugged:
            if self.babbles:
                self._put(random.Random(1).randbytes(64).replace(b"\xef", b"\xee"))
            ready, _, _ = select.select([self._master], [], [], 0.005)
            if not ready:
                continue
            with contextlib.suppress(BlockingIOError):
                held += os.read(self._master, 4096)
            while len(held) >= 9 and len(held) >= 9 + (whole := int.from_bytes(held[7:9])):
                command, held = held[: 9 + whole], held[9 + whole :]
                self._hear(command)
                if self.unplugged:
                    return

    def _hear(self, command: bytes) -> None:
        if termios.tcgetattr(self._master)[5] != RATES[self.baud]:  # at another rate bits are others
            self.misheard += 1
            self._put(random.Random(self.misheard).randbytes(5))
            return
        assert command == packet(1, command[9:-2]), command.hex(" ")
        body = command[9:-2]
        if self.mute:
            return
        if body[0] == 0x13:
            self._say(7, b"\x00" if int.from_bytes(body[1:]) == self.password else b"\x13")
        elif body[0] == 0x01:
            self.looks += 1
            away = self.looks % (self.absent + 1) if self.absent else 1
            self._say(7, b"\x02" if away and self.absent else b"\x00")
        elif body[0] == 0x0A:
            self._say(7, b"\x00")
            pairs = self.shown.ravel() >> 4
            data = (pairs[::2] << 4 | pairs[1::2]).tobytes()
            for start in range(0, len(data), self.chunk):
                last = start + self.chunk >= len(data)
                self._say(8 if last else 2, data[start : start + self.chunk])
                if self.unplugged or self._ends.is_set():
                    return
        else:
            self._say(7, b"\x01")

    def _say(self, kind: int, payload: bytes) -> None:
        number, self.sent = self.sent, self.sent + 1
        fault = self.fault
        if fault is None or fault.index != number:
            self._put(packet(kind, payload))
            return
        noise = random.Random(number)
        match fault.kind.partition(":"):
            case "noise", _, _:
                self._put(noise.randbytes(23) + b"\xef\xef\x01\x00\xef" + packet(kind, payload))
            case "flip", _, _:
                data = bytearray(packet(kind, payload))
                data[noise.randrange(len(data))] ^= 1 << noise.randrange(8)
                self._put(bytes(data))
            case "drop", _, _:
                pass
            case "cut", _, _:
                data = bytearray(packet(kind, payload))
                self._put(bytes(data[: len(data) // 2]))
            case "slow", _, _:
                whole = packet(kind, payload)
                for start in range(0, len(whole), 5):
                    self._ends.wait(0.001)
                    self._put(whole[start : start + 5])
            case "code", _, code:
                self._put(packet(kind, bytes([int(code, 0)]) + payload[1:]))
            case "unplug", _, _:
                self._unplug()
            case other:
                raise AssertionError(other)

    def _put(self, data: bytes) -> None:
        while data and not self._ends.is_set():
            try:
                data = data[os.write(self._master, data) :]
            except BlockingIOError:
                select.select([], [self._master], [], 0.01)
            except OSError:  # nobody listens
                return
