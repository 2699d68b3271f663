"""USB devices made of Python, plugged into the kernel's virtual host controller.

`vhci_hcd` speaks USB/IP (Documentation/usb/usbip_protocol.rst) over any stream socket that it is handed: here one end
of a pair, with the device at the other end, in a thread of this process. To the kernel, and to everything above it,
the device is attached by a cable: it is enumerated, claimed, read, stalls, and is pulled out.
"""

from __future__ import annotations

import contextlib
import errno
import itertools
import socket
import struct
import threading
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

CONTROLLER = Path("/sys/devices/platform/vhci_hcd.0")
FULL_SPEED, HIGH_SPEED = 2, 3  # enum usb_device_speed of the kernel
PORTS = 8  # ports 0 to 7 take those speeds, those after them only SuperSpeed

_SUBMIT, _UNLINK, _SUBMITTED, _UNLINKED = 1, 2, 3, 4
_HEADER = struct.Struct(">5I28s")
_SUBMISSION = struct.Struct(">iiiii8s")  # flags, length, first frame, packets, interval, setup
_IN = 1

_GET_STATUS, _CLEAR_FEATURE, _GET_DESCRIPTOR, _SET_CONFIGURATION, _SET_INTERFACE = 0, 1, 6, 9, 11  # USB 2.0, 9.4
_DEVICE, _CONFIGURATION, _STRING = 1, 2, 3  # descriptors
_STANDARD, _TO_ENDPOINT = 0x00, 0x02
_ENGLISH = struct.pack("<BBH", 4, _STRING, 0x0409)


class StallError(Exception):
    """The device does not know that request, or pretends not to."""


class SilenceError(Exception):
    """The device does not answer."""


@dataclass(frozen=True, slots=True)
class Setup:
    """A control request (USB 2.0, 9.3)."""

    kind: int
    request: int
    value: int
    index: int
    length: int


@dataclass(eq=False)
class Transfer:
    """A transfer that the host has begun."""

    number: int
    endpoint: int  # with its direction bit
    length: int
    data: bytes = b""
    setup: Setup | None = None


class Gadget(ABC):
    """A device: what it says of itself, and what it does.

    Attributes
    ----------
    speed : int
    device, configuration : bytes
        Descriptors.
    texts : sequence of str
        Strings, the first of them number 1.
    plug : Plug
        The cable, while it is plugged in.
    """

    speed = FULL_SPEED
    device: bytes
    configuration: bytes
    texts: Sequence[str] = ()
    plug: Plug

    @abstractmethod
    def request(self, setup: Setup, data: bytes) -> bytes:
        """Answer a request of the class or the vendor; may raise StallError or SilenceError."""

    @abstractmethod
    def read(self, transfer: Transfer) -> None:
        """Take note that the host reads: `plug.finish` answers it, now or later."""

    def dropped(self, transfer: Transfer) -> None:
        """Take note that the host does not want it any longer."""
        return

    def configured(self) -> None:
        """Begin anew."""
        return

    def control(self, setup: Setup, data: bytes) -> bytes:
        """Answer any request."""
        if setup.kind & 0x60 != _STANDARD:
            return self.request(setup, data)
        if setup.request == _GET_DESCRIPTOR:
            return self._descriptor(setup.value >> 8, setup.value & 0xFF)
        if setup.request == _SET_CONFIGURATION:
            self.configured()
        elif setup.request == _GET_STATUS:
            return b"\0\0"
        elif setup.request not in (_CLEAR_FEATURE, _SET_INTERFACE):
            raise StallError
        return b""

    def _descriptor(self, kind: int, number: int) -> bytes:
        if kind == _DEVICE:
            return self.device
        if kind == _CONFIGURATION:
            return self.configuration
        if kind == _STRING and number <= len(self.texts):
            text = self.texts[number - 1].encode("utf-16-le")
            return struct.pack("<BB", 2 + len(text), _STRING) + text if number else _ENGLISH
        raise StallError


def attach(port: int, end: socket.socket, device: int, speed: int) -> None:
    """Give the kernel its end of the cable; it keeps it."""
    (CONTROLLER / "attach").write_text(f"{port} {end.fileno()} {device} {speed}")


@dataclass(eq=False)
class Plug:
    """A gadget in a port, from now until it is pulled out.

    Parameters
    ----------
    gadget : Gadget
    port : int
    """

    gadget: Gadget
    port: int = 0
    _pending: dict[int, Transfer] = field(default_factory=dict)
    _halted: set[int] = field(default_factory=set)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    _numbers = itertools.count(1)  # of devices; the kernel only wants them to differ

    def __post_init__(self) -> None:
        self.gadget.plug = self
        ours, kernels = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        self._socket = ours
        self._thread = threading.Thread(target=self._serve, name=f"gadget {self.port}", daemon=True)
        self._thread.start()
        with kernels:
            attach(self.port, kernels, 1 << 16 | next(self._numbers), self.gadget.speed)

    def pull(self) -> None:
        """Unplug it; legal twice."""
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        if self._thread is not threading.current_thread():
            self._thread.join(5.0)
        self._socket.close()

    def finish(self, transfer: Transfer, data: bytes = b"", status: int = 0) -> bool:
        """Complete a transfer; False where the host has given it up.

        Parameters
        ----------
        transfer : Transfer
        data : bytes
            What is read.
        status : int
            0, or an errno.
        """
        with self._lock:
            if self._pending.pop(transfer.number, None) is None:
                return False
            if status == errno.EPIPE and transfer.endpoint & 0x7F:
                self._halted.add(transfer.endpoint)  # until the host clears it (USB 2.0, 9.4.5)
            incoming = bool(transfer.endpoint & 0x80)
            moved = 0 if status else len(data) if incoming else transfer.length
            head = _HEADER.pack(_SUBMITTED, transfer.number, 0, 0, 0, struct.pack(">iiIIi8x", -status, moved, 0, 0, 0))
            self._send(head + (data if incoming and not status else b""))
            return True

    def _serve(self) -> None:
        with contextlib.suppress(OSError, EOFError):
            while True:
                self._answer(self._receive(_HEADER.size))

    def _answer(self, packet: bytes) -> None:
        command, number, _, direction, endpoint, rest = _HEADER.unpack(packet)
        if command == _UNLINK:
            (unwanted,) = struct.unpack_from(">I", rest)
            with self._lock:
                transfer = self._pending.pop(unwanted, None)
                status = -errno.ECONNRESET if transfer else 0
                self._send(_HEADER.pack(_UNLINKED, number, 0, 0, 0, struct.pack(">i24x", status)))
            if transfer:
                self.gadget.dropped(transfer)
            return
        _, length, _, _, _, setup = _SUBMISSION.unpack(rest)
        data = b"" if direction == _IN else self._receive(length)
        transfer = Transfer(number, endpoint | (0x80 if direction == _IN else 0), length, data)
        with self._lock:
            self._pending[number] = transfer
        if endpoint == 0:
            self._control(transfer, Setup(*struct.unpack("<BBHHH", setup)))
        elif transfer.endpoint in self._halted:
            self.finish(transfer, status=errno.EPIPE)
        elif direction == _IN:
            self.gadget.read(transfer)
        else:
            self.finish(transfer)

    def _control(self, transfer: Transfer, setup: Setup) -> None:
        if setup.kind & 0x7F == _TO_ENDPOINT and setup.request == _CLEAR_FEATURE:
            self._halted.discard(setup.index)
        elif setup.kind & 0x60 == _STANDARD and setup.request == _SET_CONFIGURATION:
            self._halted.clear()
        try:
            self.finish(transfer, self.gadget.control(setup, transfer.data)[: setup.length])
        except StallError:
            self.finish(transfer, status=errno.EPIPE)
        except SilenceError:
            return

    def _send(self, packet: bytes) -> None:
        with contextlib.suppress(OSError):  # pulled out meanwhile
            self._socket.sendall(packet)

    def _receive(self, length: int) -> bytes:
        parts = bytearray()
        while len(parts) < length:
            part = self._socket.recv(length - len(parts))
            if not part:
                raise EOFError
            parts += part
        return bytes(parts)
