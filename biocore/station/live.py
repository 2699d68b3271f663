"""The live loop: what a device shows is looked at while it comes, and a picture is taken by itself when quality holds.

    with Teller(show) as teller:
        live = Live(device, target=40, tell=teller.tell)
        captured = live.take(timeout=20)

Three ways lead to a picture (`How`): the device delivers its final frame; the quality of its live frames has held for
`RUN` frames, and the best of them is taken; the deadline passes, and the best frame seen so far is taken. The second
and third need a device whose live frames are as good as the final one (`DeviceInfo.stills`); of any other, live frames
are for the screen. A device without live frames gives its final one.

Live frames are looked at in a thread of their own. One waits; a newer one replaces it, and `dropped` counts. The final
frame goes past all that. Held in memory are the frame that waits, the one being looked at, the best, and the best of
the run. With `inline` every frame is looked at in the device's thread: the same frames lead to the same picture on
every machine, however fast.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

from biocore.device_info import Event, EventKind
from biocore.errors import (
    BiocoreError,
    CaptureCancelledError,
    DeviceBusyError,
    DeviceError,
    DeviceTimeoutError,
    SubjectTimeoutError,
)
from biocore.hal import CANCEL_LATENCY, DEFAULT_TIMEOUT, Device
from biocore.station.clock import Clock, SystemClock
from biocore.station.glance import Glance, glance
from biocore.types import Frame, GreyImage, Modality, Part, Position

RUN = 3  # live frames in a row that quality must hold for
_FORWARDED = frozenset({EventKind.WAITING, EventKind.PRESENT, EventKind.REMOVED, EventKind.SWITCHED})

_T = TypeVar("_T")

_log = logging.getLogger(__name__)


class How(StrEnum):
    """Why this picture was taken."""

    DEVICE = "device"  # the device chose it
    HELD = "held"  # quality held
    DEADLINE = "deadline"  # the best there was when time was up


@dataclass(frozen=True, slots=True, eq=False)
class LiveView:
    """A live frame that was looked at; told to whoever watches.

    Attributes
    ----------
    frame : Frame
    glance : Glance
    held : int
        Frames in a row for which quality has held, this one included.
    looked_at, dropped : int
        Live frames of this capture so far.
    at_ns : int
        Monotonic clock.
    """

    frame: Frame
    glance: Glance
    held: int
    looked_at: int
    dropped: int
    at_ns: int


@dataclass(frozen=True, slots=True)
class DeviceNews:
    """Something a device said during a capture: it waits, somebody is there, it failed and another goes on.

    Attributes
    ----------
    kind : EventKind
    device : str
        URI.
    detail : str
    """

    kind: EventKind
    device: str
    detail: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Captured:
    """What a capture gave.

    Attributes
    ----------
    frame : Frame
    how : How
    glance : Glance or None
        At the frame, where it was a live one.
    looked_at, dropped : int
        Live frames that were looked at, and that came faster than they could be.
    """

    frame: Frame
    how: How
    glance: Glance | None = None
    looked_at: int = 0
    dropped: int = 0


class Live:
    """Captures of one device, watched.

    Parameters
    ----------
    device : Device
        Open.
    target : int
        Coarse score (`Glance.score`) from which a live frame is good enough to be taken.
    tell : callable or None
        Hears `LiveView` and `DeviceNews`, in the threads that look and capture; hand in `Teller.tell` where it may be
        slow. What it raises is logged.
    clock : Clock
    inline : bool
        See the module's text.
    """

    def __init__(
        self,
        device: Device,
        target: int,
        tell: Callable[[LiveView | DeviceNews], None] | None = None,
        clock: Clock | None = None,
        *,
        inline: bool = False,
    ) -> None:
        self._device = device
        self._target = target
        self._tell = tell
        self._clock = clock or SystemClock()
        self._inline = inline
        self._cancelled = threading.Event()
        self._running = threading.Lock()

    def cancel(self) -> None:
        """End what runs, or what comes next: this object captures no more. Within `hal.CANCEL_LATENCY`."""
        self._cancelled.set()
        self._device.cancel()

    def take(self, timeout: float = DEFAULT_TIMEOUT) -> Captured:
        """Return one picture.

        Raises
        ------
        CaptureCancelledError
            By `cancel`.
        SubjectTimeoutError
            Nobody came, and no live frame shows anybody.
        DeviceError
            As `Device.capture`.
        """
        frame, watch, how = self._watched(timeout, lambda: self._device.capture(timeout), choose=True)
        if frame is not None:
            return Captured(frame, How.DEVICE, None, watch.looked_at, watch.dropped)
        chosen = watch.held if how is How.HELD else watch.best
        assert chosen is not None
        return Captured(chosen[0], how, chosen[1], watch.looked_at, watch.dropped)

    def take_parts(
        self, positions: Iterable[Position], missing: Iterable[Position] = (), timeout: float = DEFAULT_TIMEOUT
    ) -> tuple[Part, ...]:
        """Return several fingers or eyes shown together; live frames are watched, and the device chooses.

        Raises
        ------
        CaptureCancelledError, SubjectTimeoutError, IncompleteCaptureError, DeviceError
            As `Device.capture_parts`.
        """
        wanted, absent = tuple(positions), tuple(missing)
        parts, _, _ = self._watched(timeout, lambda: self._device.capture_parts(wanted, absent, timeout), choose=False)
        assert parts is not None
        return parts

    def _watched(self, timeout: float, capture: Callable[[], _T], *, choose: bool) -> tuple[_T | None, _Watch, How]:
        """Run one capture under watch; what it gave is None where a live frame is taken instead."""
        if not self._running.acquire(blocking=False):
            raise DeviceBusyError("another thread captures on it", uri=self._device.info.uri)
        watch = _Watch(self._device, self._target, self._tell, self._clock, choose=choose, inline=self._inline)
        began = self._clock.read().monotonic_ns
        stop = self._device.listen(lambda event: self._heard(event, watch))
        judge = self._device.judge
        if choose and self._device.info.stills:
            self._device.judge = _never  # a camera leaves the choice to us
        try:
            self._check_cancelled()
            return capture(), watch, How.DEVICE
        except DeviceError as error:
            if self._cancelled.is_set():
                raise
            if watch.held is not None:  # whatever the device says now, the picture is there
                return None, watch, How.HELD
            late = self._clock.read().monotonic_ns - began >= timeout * 1e9
            in_time = not isinstance(error, SubjectTimeoutError) and not (
                isinstance(error, DeviceTimeoutError) and late
            )
            if watch.best is None or in_time:
                raise
            return None, watch, How.DEADLINE
        finally:
            stop()
            watch.close()
            self._device.judge = judge
            self._running.release()

    def _heard(self, event: Event, watch: _Watch) -> None:
        if self._cancelled.is_set():  # it was asked to end before the device had begun
            self._device.cancel()
        if event.kind is EventKind.PREVIEW and event.frame is not None:
            watch.offer(event.frame)
        elif event.kind in _FORWARDED:
            watch.say(DeviceNews(event.kind, event.uri, event.detail))

    def _check_cancelled(self) -> None:
        if self._cancelled.is_set():
            raise CaptureCancelledError("the capture was cancelled", uri=self._device.info.uri)


class _Watch:
    """Looks at the live frames of one capture."""

    def __init__(
        self,
        device: Device,
        target: int,
        tell: Callable[[LiveView | DeviceNews], None] | None,
        clock: Clock,
        *,
        choose: bool,
        inline: bool,
    ) -> None:
        self._device = device
        self._target = target
        self._tell = tell
        self._clock = clock
        self._choose = choose
        self._inline = inline
        self._before: Glance | None = None
        self._run: list[tuple[Frame, Glance]] = []  # the best of the run, once
        self._held = 0
        self._slot: Frame | None = None
        self._changed = threading.Condition()
        self._closed = False
        self._thread: threading.Thread | None = None
        self.best: tuple[Frame, Glance] | None = None
        self.held: tuple[Frame, Glance] | None = None
        self.looked_at = self.dropped = 0

    def offer(self, frame: Frame) -> None:
        """Take a live frame to be looked at; never waits, unless `inline`."""
        if self._inline:
            self._look(frame)
            return
        with self._changed:
            if self._closed:
                return
            self.dropped += self._slot is not None
            self._slot = frame
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="biocore live", daemon=True)
                self._thread.start()
            self._changed.notify_all()

    def close(self) -> None:
        """Look at nothing more; when this returns, nobody cancels the device any more."""
        with self._changed:
            self._closed = True
            self._slot = None
            self._changed.notify_all()
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join(CANCEL_LATENCY)

    def say(self, news: LiveView | DeviceNews) -> None:
        """Tell, and survive it."""
        if self._tell is None:
            return
        try:
            self._tell(news)
        except Exception as error:  # its text may name somebody
            _log.error("a listener failed on %s with %s", type(news).__name__, type(error).__name__)

    def _work(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._slot is not None or self._closed)
                frame, self._slot = self._slot, None
            if frame is None:
                return
            self._look(frame)

    def _look(self, frame: Frame) -> None:
        modality = self._device.info.modality
        try:
            seen = glance(frame, modality, self._before)
        except BiocoreError as error:
            _log.info("%s: a live frame cannot be looked at: %s", frame.source, type(error).__name__)
            return
        self._before = seen
        with self._changed:
            if self._closed:
                return
            self.looked_at += 1
            self._weigh(frame, seen, modality)
            view = LiveView(frame, seen, self._held, self.looked_at, self.dropped, self._clock.read().monotonic_ns)
        self.say(view)

    def _weigh(self, frame: Frame, seen: Glance, modality: Modality) -> None:
        """Remember the best, count how long quality has held, and take the picture when it is long enough."""
        self._held = self._held + 1 if seen.holds(self._target) else 0
        may_be_taken = (
            self._choose and self._device.info.stills and (modality is Modality.IRIS or frame.ppi is not None)
        )
        if not may_be_taken or self.held is not None:
            return
        if seen.present and _better(seen, self.best):
            self.best = frame, seen
        if not self._held:
            self._run.clear()
        elif _better(seen, self._run[0] if self._run else None):
            self._run = [(frame, seen)]
        if self._held >= RUN:
            self.held = self._run[0]
            self._device.cancel()


def _better(seen: Glance, than: tuple[Frame, Glance] | None) -> bool:
    """Say whether a frame is to be preferred: the higher score, of equals the steady and later one."""
    if than is None:
        return True
    return (seen.score or 0, seen.steady) >= (than[1].score or 0, than[1].steady)


def _never(pixels: GreyImage) -> float | None:
    """Judge that no picture will do: the live loop chooses."""
    return None
