"""What a driver talks through: transfers, a clock and a random number, all of them handed in.

A driver that knows nothing but this can be played a recording, or every fault at every transfer, without hardware.
`usb.UsbTransport` is the real one, `replay.ReplayTransport` plays what was recorded.
"""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass
from typing import Protocol, TypeVar

from biocore.errors import DeviceError

VENDOR_OUT = 0x40  # bmRequestType: host to device, vendor, device (USB 2.0, table 9-2)
VENDOR_IN = 0xC0
CONTROL_TIMEOUT = 2.0  # s; USB 2.0, 9.2.6.4 allows a device 5 s for data, scanners answer in ms

_Error = TypeVar("_Error", bound=DeviceError)


class Clock(Protocol):
    """Time, as far as a driver needs it."""

    def now(self) -> float:
        """Seconds since an arbitrary moment; never goes back."""
        ...

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        ...


class RealClock:
    """The machine's own time."""

    def now(self) -> float:
        """Return `time.monotonic()`."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Sleep."""
        time.sleep(max(0.0, seconds))


class VirtualClock:
    """Time that passes only where somebody waits, and then at once.

    A short real pause goes with every wait: who waits in vain for ever must not take the processor with it.
    """

    PAUSE = 2e-4  # s

    def __init__(self) -> None:
        self._now = 0.0

    def now(self) -> float:
        """Return the seconds waited so far."""
        return self._now

    def sleep(self, seconds: float) -> None:
        """Advance."""
        self._now += max(0.0, seconds)
        time.sleep(min(self.PAUSE, max(0.0, seconds)))


def random_32() -> int:
    """Return 32 unforeseeable bits."""
    return secrets.randbits(32)


@dataclass
class Situation:
    """Which device, and what it is doing: what every error about it says.

    Attributes
    ----------
    uri : str
    doing : str
    """

    uri: str
    doing: str = "opening"

    def error(self, kind: type[_Error], message: str, hint: str | None = None) -> _Error:
        """Make an error that names the device and what it was doing."""
        return kind(message, uri=self.uri, state=self.doing, hint=hint)


class Pending(Protocol):
    """A read that is under way while other transfers run."""

    def result(self, timeout: float) -> bytes | None:
        """Return what came; None where it has not come within `timeout` seconds: ask again.

        Raises
        ------
        DeviceError
            The transfer failed.
        """
        ...


class Link(Protocol):
    """What every way to a device has: a cable of any kind, a network, a file.

    Attributes
    ----------
    clock : Clock
    situation : Situation
    once : bool
        The conversation can be held once only: a recording. The next capture needs a new link.
    """

    clock: Clock
    situation: Situation
    once: bool

    def reset(self) -> None:
        """Reset the device, where that is possible; it must be initialised anew."""
        ...

    def close(self) -> None:
        """End pending reads and give the device back; legal twice; raises nothing."""
        ...


class Transport(Link, Protocol):
    """Transfers to and from one open device; every failure is a named DeviceError.

    One thread uses it. Timeouts are in seconds and end in DeviceTimeoutError unless said otherwise. A transfer may
    bring less than was asked for: that is no error on USB, and whoever reads checks the length.
    """

    def random(self) -> int:
        """Return 32 random bits: the host's secret in a key exchange."""
        ...

    def control_in(self, request: int, value: int, index: int, length: int, kind: int = VENDOR_IN) -> bytes:
        """Read by a control transfer; `kind` is its bmRequestType."""
        ...

    def control_out(self, request: int, value: int, index: int, data: bytes, kind: int = VENDOR_OUT) -> None:
        """Write by a control transfer; all of `data` arrives, or DeviceProtocolError."""
        ...

    def read(self, endpoint: int, length: int, timeout: float) -> bytes:
        """Read one bulk or interrupt transfer."""
        ...

    def write(self, endpoint: int, data: bytes, timeout: float) -> None:
        """Write one bulk or interrupt transfer; all of `data` arrives, or DeviceProtocolError."""
        ...

    def post(self, endpoint: int, length: int, timeout: float) -> Pending:
        """Begin to read a transfer, and return at once."""
        ...

    def watch(self, endpoint: int, length: int) -> None:
        """Keep a read pending on an interrupt endpoint from now on; `event` brings what it hears."""
        ...

    def event(self, endpoint: int, timeout: float) -> bytes | None:
        """Return the oldest unheard event of a watched endpoint; None where none comes in time."""
        ...
