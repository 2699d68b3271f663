"""What a driver talks through: transfers, a clock and a random number, all of them handed in.

A driver that knows nothing but this can be played a recording, or every fault at every transfer, without hardware.
`usb.UsbTransport` is the real one, `replay.ReplayTransport` plays what was recorded.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, TypeVar

from biocore.errors import DeviceError, DeviceSuspendedError

VENDOR_OUT = 0x40  # bmRequestType: host to device, vendor, device (USB 2.0, table 9-2)
VENDOR_IN = 0xC0
CONTROL_TIMEOUT = 2.0  # s; USB 2.0, 9.2.6.4 allows a device 5 s for data, scanners answer in ms
SLEPT = 0.1  # s; less is the time between reading two clocks
REOPEN = "Close the device and open it anew"

_Error = TypeVar("_Error", bound=DeviceError)


class Clock(Protocol):
    """Time, as far as a driver needs it."""

    def now(self) -> float:
        """Seconds since an arbitrary moment; never goes back."""
        ...

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        ...

    def slept(self) -> float:
        """Seconds the machine has been asleep (suspended, hibernated), since an arbitrary moment."""
        ...


def since_boot() -> float:
    """Seconds since the machine was started, sleep included; without that clock the ones it was awake."""
    return time.clock_gettime(time.CLOCK_BOOTTIME) if hasattr(time, "CLOCK_BOOTTIME") else time.monotonic()


class RealClock:
    """The machine's own time.

    Linux has two clocks that differ by nothing but sleep: CLOCK_MONOTONIC stands still while the machine sleeps,
    CLOCK_BOOTTIME goes on (clock_gettime(2)). So a sleep is noticed without asking anybody.

    Parameters
    ----------
    awake, boot : callable
        The two, in s.
    """

    TIGHT = 0.01  # s between two readings that belong together
    TRIES = 5

    def __init__(self, awake: Callable[[], float] = time.monotonic, boot: Callable[[], float] = since_boot) -> None:
        self._awake = awake
        self._boot = boot

    def now(self) -> float:
        """Return `time.monotonic()`."""
        return self._awake()

    def sleep(self, seconds: float) -> None:
        """Sleep."""
        time.sleep(max(0.0, seconds))

    def slept(self) -> float:
        """Return how far the clocks are apart; readings between which this thread had to wait are taken again."""
        readings = []
        for _ in range(self.TRIES):
            before, boot, after = self._awake(), self._boot(), self._awake()
            readings.append((after - before, boot - (before + after) / 2))
            if after - before < self.TIGHT:
                break
        return min(readings)[1]


class VirtualClock:
    """Time that passes only where somebody waits, and then at once.

    A short real pause goes with every wait: who waits in vain for ever must not take the processor with it.
    """

    PAUSE = 2e-4  # s

    def __init__(self) -> None:
        self._now = 0.0
        self.asleep = 0.0  # s; who plays a machine that sleeps adds to it

    def now(self) -> float:
        """Return the seconds waited so far."""
        return self._now

    def sleep(self, seconds: float) -> None:
        """Advance."""
        self._now += max(0.0, seconds)
        time.sleep(min(self.PAUSE, max(0.0, seconds)))

    def slept(self) -> float:
        """Return `asleep`."""
        return self.asleep


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


class Vigil:
    """Notices that the machine has slept since this was made: what was claimed before is not to be trusted.

    A device may have lost its power, its firmware's state, or its number on the bus meanwhile; a claim that is kept
    over a sleep is one on a ghost, and holds everybody off.

    Parameters
    ----------
    clock : Clock
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._before = clock.slept()

    @property
    def slept(self) -> float:
        """Seconds of sleep since then; 0 where there was none."""
        seconds = self._clock.slept() - self._before
        return seconds if seconds > SLEPT else 0.0

    def error(self, situation: Situation) -> DeviceSuspendedError | None:
        """Make the error that tells of it; None where the machine has been awake."""
        seconds = self.slept
        if not seconds:
            return None
        return situation.error(DeviceSuspendedError, f"the machine slept for {seconds:.0f} s while it was open", REOPEN)


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
