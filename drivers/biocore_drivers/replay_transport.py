"""A transport that plays recorded traffic, and any fault at any packet of it.

The recording is a line of submissions and completions. What the driver submits must be what was recorded next;
completions reach it in the recorded order. Strict order holds the driver to every recorded read. Relaxed order
lets it read in its own style: a recorded read stays open until somebody reads, and data that arrives meanwhile
waits at its endpoint. Requests of the system's own enumeration answer themselves.

Nothing waits for real: where nothing more can come before the host acts, the virtual clock jumps to the deadline.
"""

from __future__ import annotations

import errno
import random
import struct
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum

from biocore.errors import (
    DeviceError,
    DeviceProtocolError,
)
from biocore_drivers.recording import Recording, Transfer
from biocore_drivers.transport import CONTROL_TIMEOUT, VENDOR_IN, VENDOR_OUT, Clock, Situation
from biocore_drivers.usb_errors import transfer_error
from biocore_drivers.usbmon import Kind

LIBFPRINT_SEED = 0x51EA2124  # what libfprint's random source yields under FP_DEVICE_EMULATION=1
_CANCELLED = (-errno.ENOENT, -errno.ECONNRESET)  # the recording host gave the transfer up


class FaultKind(StrEnum):
    """What can go wrong with a transfer."""

    STALL = "stall"  # the endpoint stalls
    SHORT = "short"  # half of it arrives, and nobody says so
    HANG = "hang"  # it never completes
    DISCONNECT = "disconnect"  # the device is gone from here on
    GARBAGE = "garbage"  # as many bytes as recorded, but others


@dataclass
class Fault:
    """One fault, at the transfer one packet belongs to; it strikes once.

    Attributes
    ----------
    kind : FaultKind
    index : int
        Index of the packet.
    spent : bool
        It has struck.
    """

    kind: FaultKind
    index: int
    spent: bool = False


@dataclass
class _Read:
    """A read that was posted; the transport delivers it."""

    transport: ReplayTransport
    endpoint: int
    came: bytes | None = field(default=None)

    def result(self, timeout: float) -> bytes | None:
        if self.came is None:
            self.came = self.transport.arrive(self.endpoint, timeout)
        return self.came


class ReplayTransport:
    """A device that answers as recorded; see the module's text and `transport.Transport`.

    Parameters
    ----------
    recording : Recording
    situation : Situation
    clock : Clock
        A virtual one.
    seed : int
        The random value of the host that was recorded.
    strict : bool
    fault : Fault or None

    Raises
    ------
    DeviceError
        A fault at one of the enumeration's packets.
    """

    once = True

    def __init__(
        self,
        recording: Recording,
        situation: Situation,
        clock: Clock,
        *,
        seed: int = LIBFPRINT_SEED,
        strict: bool = True,
        fault: Fault | None = None,
    ) -> None:
        self.situation = situation
        self.clock = clock
        self._recording = recording
        self._timeline = recording.timeline
        self._seed = seed
        self._strict = strict
        self._fault = fault
        self._at = 0  # in the timeline
        self._arrived: dict[int, deque[Transfer]] = {}
        self._completed: set[int] = set()  # by place of submission
        self._watched: set[int] = set()
        self._gone = self._closed = False
        self._lock = threading.RLock()
        self._skip()

    # -- the transport -----------------------------------------------------------------------------

    def random(self) -> int:
        """Return the recorded host's random value."""
        return self._seed

    def control_in(self, request: int, value: int, index: int, length: int, kind: int = VENDOR_IN) -> bytes:
        """Read by a control transfer."""
        setup = struct.pack("<BBHHH", kind, request, value, index, length)
        return self._finish(self._submit(f"control {setup.hex(' ')}", lambda t: t.setup == setup), CONTROL_TIMEOUT)

    def control_out(self, request: int, value: int, index: int, data: bytes, kind: int = VENDOR_OUT) -> None:
        """Write by a control transfer."""
        setup = struct.pack("<BBHHH", kind, request, value, index, len(data))
        said = f"control {setup.hex(' ')} {data[:16].hex(' ')}"
        transfer = self._submit(said, lambda t: t.setup == setup and t.data == data)
        self._finish(transfer, CONTROL_TIMEOUT)

    def write(self, endpoint: int, data: bytes, timeout: float) -> None:
        """Write one transfer."""
        said = f"write of {data[:16].hex(' ')} at 0x{endpoint:02x}"
        transfer = self._submit(
            said, lambda t: t.kind is not Kind.CONTROL and t.endpoint == endpoint and t.data == data
        )
        self._finish(transfer, timeout)

    def read(self, endpoint: int, length: int, timeout: float) -> bytes:
        """Read one transfer."""
        data = self.post(endpoint, length, timeout).result(timeout)
        if data is None:
            raise transfer_error(self.situation, errno.ETIMEDOUT, f"endpoint 0x{endpoint:02x}")
        return data

    def post(self, endpoint: int, length: int, timeout: float) -> _Read:
        """Begin to read a transfer."""
        if self._strict:
            self._submit(
                f"read of {length} bytes at 0x{endpoint:02x}",
                lambda t: t.kind is not Kind.CONTROL and t.endpoint == endpoint and t.length == length,
            )
        return _Read(self, endpoint)

    def watch(self, endpoint: int, length: int) -> None:
        """Keep a read pending on an interrupt endpoint."""
        self._watched.add(endpoint)
        self._skip()

    def event(self, endpoint: int, timeout: float) -> bytes | None:
        """Return the oldest unheard event."""
        return self.arrive(endpoint, timeout)

    def reset(self) -> None:
        """Do nothing: the recording begins anew with the next transport."""

    def close(self) -> None:
        """End."""
        self._closed = True

    # -- for tests ---------------------------------------------------------------------------------

    @property
    def leftover(self) -> list[Transfer]:
        """Submissions that the driver did not make, transfers that the recording host gave up left out."""
        rest = self._timeline[self._at :]
        return [t for submits, t in rest if submits and t.status not in _CANCELLED]

    # -- the engine --------------------------------------------------------------------------------

    def arrive(self, endpoint: int, timeout: float) -> bytes | None:
        """Return what an endpoint brings next; None where nothing comes, after the time has passed."""
        with self._lock:
            self._check()
            while True:
                waiting = self._arrived.get(endpoint)
                if waiting:
                    transfer = waiting.popleft()
                    if self._struck(transfer, FaultKind.HANG):
                        continue
                    return self._payload(transfer)
                if not self._step():
                    break
        self.clock.sleep(timeout)
        return None

    def _submit(self, said: str, matches: Callable[[Transfer], bool]) -> Transfer:
        with self._lock:
            self._check()
            while self._step():
                pass
            if self._at >= len(self._timeline):
                raise self.situation.error(
                    DeviceProtocolError, f"the recording is at its end, and the driver goes on with {said}"
                )
            _, transfer = self._timeline[self._at]
            if not matches(transfer):
                raise self.situation.error(
                    DeviceProtocolError,
                    f"departs from the recording at packet {transfer.packets[0]}: {said} instead of {transfer}",
                    "Another seed= than the recording's does that, and another driver",
                )
            self._at += 1
            return transfer

    def _finish(self, transfer: Transfer, timeout: float) -> bytes:
        with self._lock:
            while transfer.submitted not in self._completed and self._step():
                pass
            if transfer.submitted in self._completed and not self._struck(transfer, FaultKind.HANG):
                return self._payload(transfer)
        self.clock.sleep(timeout)
        raise transfer_error(self.situation, errno.ETIMEDOUT, _place(transfer))

    def _step(self) -> bool:
        """Let the next thing happen that needs no action of the driver; False where there is none."""
        if self._at >= len(self._timeline):
            return False
        submits, transfer = self._timeline[self._at]
        if submits:
            if not (transfer.standard or transfer.endpoint in self._watched or self._stays_open(transfer)):
                return False
        elif transfer.standard:
            self._enumerate(transfer)
        elif transfer.status not in _CANCELLED:
            self._completed.add(transfer.submitted)
            if transfer.incoming and transfer.kind is not Kind.CONTROL:
                self._arrived.setdefault(transfer.endpoint, deque()).append(transfer)
        self._at += 1
        return True

    def _skip(self) -> None:
        while self._at < len(self._timeline) and (
            self._timeline[self._at][1].standard or self._timeline[self._at][1].endpoint in self._watched
        ):
            self._step()

    def _stays_open(self, transfer: Transfer) -> bool:
        return not self._strict and transfer.incoming and transfer.kind is not Kind.CONTROL

    def _enumerate(self, transfer: Transfer) -> None:
        if self._struck(transfer, FaultKind.HANG):
            raise transfer_error(self.situation, errno.ETIMEDOUT, "the default pipe")
        data = self._payload(transfer)
        if transfer.incoming and data != transfer.data:
            raise self.situation.error(DeviceProtocolError, "describes itself in a way that cannot be")

    def _struck(self, transfer: Transfer, kind: FaultKind | None = None) -> bool:
        fault = self._fault
        if fault is None or fault.spent or fault.index not in transfer.packets or kind not in (None, fault.kind):
            return False
        fault.spent = True
        return True

    def _payload(self, transfer: Transfer) -> bytes:
        """Return what a completed transfer brings, after its fault."""
        if transfer.status < 0:
            raise transfer_error(self.situation, -transfer.status, _place(transfer))
        if self._fault is None or not self._struck(transfer):
            return transfer.data if transfer.incoming else b""
        return self._spoilt(self._fault.kind, transfer)

    def _spoilt(self, kind: FaultKind, transfer: Transfer) -> bytes:
        if kind is FaultKind.DISCONNECT:
            self._gone = True
        code = {FaultKind.STALL: errno.EPIPE, FaultKind.DISCONNECT: errno.ENODEV}.get(kind)
        if code is not None:
            raise transfer_error(self.situation, code, _place(transfer))
        if not transfer.incoming:
            if kind is FaultKind.SHORT:
                raise self.situation.error(DeviceProtocolError, f"took only a part of the {transfer}")
            return b""  # what the device received is not seen here
        if kind is FaultKind.SHORT:
            return transfer.data[: len(transfer.data) // 2]
        return random.Random(transfer.submitted).randbytes(len(transfer.data))

    def _check(self) -> None:
        if self._closed:
            raise self.situation.error(DeviceError, "the transport is closed")
        if self._gone:
            raise transfer_error(self.situation, errno.ENODEV, "the bus")


def _place(transfer: Transfer) -> str:
    return "the default pipe" if transfer.kind is Kind.CONTROL else f"endpoint 0x{transfer.endpoint:02x}"
