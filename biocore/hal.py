"""The contract of a capture device: what a driver provides, and what everybody may rely on.

States. A device is *closed* until `open()`; then *ready*. `capture()` makes it *capturing* until it returns
a Frame or raises; then it is ready again, whatever happened. A device that failed with
`DeviceDisconnectedError` or `DeviceSuspendedError` is *lost*: every further call raises that error until it is
closed and opened anew. `close()` is legal in every state, twice too, and from another thread: a running capture
then ends with `CaptureCancelledError`. Leaving the `with` block closes. `cancel()` ends a running capture within
`CANCEL_LATENCY` and is a no-op otherwise. What is still open when the program ends is closed then, so that no lamp
burns on; only a signal that ends the program at once leaves that to the system.

Threads. One thread captures at a time. `cancel()` and `close()` may be called from any thread, a listener's
too; a `close()` called by a listener takes effect when the capture that called it has ended.

Time. `capture(timeout)` holds its deadline whoever is to blame: `SubjectTimeoutError` where the person did
not come, `DeviceTimeoutError` where the device did not answer.

Division of work. This base class owns states, deadlines, cancelling, events and locking, once for all drivers, and
gives a name to what a driver did not expect. A driver fills the hooks `_open`, `_close` and `_capture`; it does not
score, crop or retry. A device that shows several fingers or eyes at once, and takes them apart itself, fills
`_capture_parts` too.
"""

from __future__ import annotations

import atexit
import logging
import os
import threading
import time
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from numbers import Real
from types import TracebackType
from typing import Protocol, Self, TypeVar, runtime_checkable

from biocore.device_info import ENROLMENT_PPI, DeviceInfo, Event, EventKind, Judge, Listener, Route, State, split_uri
from biocore.errors import (
    BiocoreError,
    CaptureCancelledError,
    DeviceBusyError,
    DeviceClosedError,
    DeviceDisconnectedError,
    DeviceProtocolError,
    DeviceSuspendedError,
    DeviceTimeoutError,
    DeviceUnsupportedError,
    InvalidSampleError,
    SubjectTimeoutError,
)
from biocore.types import Frame, Part, Position

__all__ = [
    "CANCEL_LATENCY",
    "DEFAULT_TIMEOUT",
    "ENROLMENT_PPI",
    "Attempt",
    "DearDriver",
    "Device",
    "DeviceInfo",
    "Driver",
    "Event",
    "EventKind",
    "Judge",
    "Listener",
    "Route",
    "State",
    "split_uri",
]

CANCEL_LATENCY = 1.0  # s; the longest a driver may go without asking `Attempt.check()`
STUMBLED = "its driver stumbled"  # said of an error that is none of this library's
DEFAULT_TIMEOUT = 10.0  # s; MOSIP's capture timeout (registration client)

_T = TypeVar("_T")

_log = logging.getLogger(__name__)


class Attempt:
    """One running capture as a driver sees it: how long it may take, and whether to stop.

    Attributes
    ----------
    uri : str
    deadline : float
        On the `time.monotonic()` scale, in s.
    thread : int
        Identifier of the thread that captures.
    """

    def __init__(self, uri: str, timeout: float, emit: Callable[[EventKind, str, Frame | None], None]) -> None:
        self.uri = uri
        self.deadline = time.monotonic() + timeout
        self.thread = threading.get_ident()
        self._cancelled = threading.Event()
        self._emit = emit

    @property
    def remaining(self) -> float:
        """Seconds until the deadline, never below zero."""
        return max(0.0, self.deadline - time.monotonic())

    @property
    def cancelled(self) -> bool:
        """Somebody asked the capture to end."""
        return self._cancelled.is_set()

    def cancel(self) -> None:
        """Ask the capture to end."""
        self._cancelled.set()

    def check(self, *, subject: bool = False) -> None:
        """Raise where the capture was cancelled or its deadline has passed.

        Parameters
        ----------
        subject : bool
            The device works and waits for a finger or an eye: then a deadline that passes is the person's.

        Raises
        ------
        CaptureCancelledError, DeviceTimeoutError, SubjectTimeoutError
        """
        if self._cancelled.is_set():
            raise CaptureCancelledError("the capture was cancelled", uri=self.uri, state=State.CAPTURING)
        if self.remaining <= 0.0:
            if subject:
                raise SubjectTimeoutError(
                    "nobody came before the deadline", uri=self.uri, state=State.CAPTURING, hint="Try again"
                )
            raise DeviceTimeoutError("no frame before the deadline", uri=self.uri, state=State.CAPTURING)

    def sleep(self, seconds: float, *, subject: bool = False) -> None:
        """Wait, but wake for a cancel or the deadline; then `check()`."""
        self._cancelled.wait(min(seconds, self.remaining, threading.TIMEOUT_MAX))
        self.check(subject=subject)

    def emit(self, kind: EventKind, detail: str = "", frame: Frame | None = None) -> None:
        """Tell the listeners."""
        self._emit(kind, detail, frame)


class Device(ABC):
    """A capture device; see the module's text for its states.

    Parameters
    ----------
    info : DeviceInfo

    Attributes
    ----------
    judge : Judge or None
        The caller's, for devices that choose one of the pictures they show (cameras); None = the device's own. Called
        for every picture, in the device's thread.
    """

    def __init__(self, info: DeviceInfo) -> None:
        self.info = info
        self.judge: Judge | None = None
        self._state = State.CLOSED
        self._lock = threading.RLock()
        self._attempt: Attempt | None = None
        self._idle = threading.Condition(self._lock)
        self._close_wanted = False
        self._lost_to: type[DeviceDisconnectedError | DeviceSuspendedError] = DeviceDisconnectedError
        self._news: deque[State] = deque()
        self._listeners: list[Listener] = []

    # -- for drivers -------------------------------------------------------------------------------

    @abstractmethod
    def _open(self) -> None:
        """Claim the device; raise a DeviceError where that fails, holding nothing."""

    @abstractmethod
    def _close(self) -> None:
        """Release everything, in any state; raise nothing that is not a DeviceError."""

    @abstractmethod
    def _capture(self, attempt: Attempt) -> Frame:
        """Return one frame; call `attempt.check()` at least every `CANCEL_LATENCY` seconds."""

    def _capture_parts(
        self, attempt: Attempt, positions: tuple[Position, ...], missing: tuple[Position, ...]
    ) -> tuple[Part, ...]:
        """Return a part for each position; by default a device shows one finger or eye at a time."""
        if len(positions) > 1:
            raise DeviceUnsupportedError(
                f"shows one {self.info.modality} at a time", uri=self.info.uri, hint="Ask for them one by one"
            )
        return (Part(self._capture(attempt), positions[0] if positions else self.info.modality.unknown),)

    # -- for everybody -----------------------------------------------------------------------------

    @property
    def state(self) -> State:
        """Where the device stands now."""
        return self._state

    def listen(self, listener: Listener) -> Callable[[], None]:
        """Call `listener(event)` for every event from now on, in the thread that causes it.

        A listener that fails is logged and harms neither the device nor the other listeners.

        Returns
        -------
        callable
            Call it to hear no more.
        """
        self._listeners.append(listener)

        def stop() -> None:
            if listener in self._listeners:
                self._listeners.remove(listener)

        return stop

    def open(self) -> Self:
        """Claim the device.

        Raises
        ------
        DeviceError
            It is open already (DeviceBusyError), absent, forbidden, or held by somebody else.
        """
        with self._lock:
            if self._state is not State.CLOSED:
                raise DeviceBusyError("is open already", uri=self.info.uri, state=self._state, hint="Close it first")
            with self._only_named_errors("opening"):
                self._open()
            self._enter(State.READY)
            _OPEN.add(self)
        self._announce()
        return self

    def close(self) -> None:
        """Release the device; legal in every state and more than once."""
        self.cancel()
        try:
            with self._idle:
                if self._attempt is not None and self._attempt.thread == threading.get_ident():
                    self._close_wanted = True  # called by a listener: the capture above us closes when it ends
                    return
                self._idle.wait_for(lambda: self._attempt is None, timeout=2 * CANCEL_LATENCY)
                self._release()
        finally:
            self._announce()

    def cancel(self) -> None:
        """End a running capture; no-op where none runs."""
        attempt = self._attempt
        if attempt is not None:
            attempt.cancel()

    def capture(self, timeout: float = DEFAULT_TIMEOUT) -> Frame:
        """Return the next frame.

        Parameters
        ----------
        timeout : float
            Deadline in s, for the person and the device together.

        Raises
        ------
        DeviceClosedError
            The device is not open.
        DeviceBusyError
            Another thread captures on it.
        SubjectTimeoutError, DeviceTimeoutError, CaptureCancelledError, DeviceError
        """

        def take(attempt: Attempt) -> Frame:
            frame = self._capture(attempt)
            attempt.emit(EventKind.CAPTURED, frame=frame)
            return frame

        return self._run(timeout, take)

    def capture_parts(
        self, positions: Iterable[Position] = (), missing: Iterable[Position] = (), timeout: float = DEFAULT_TIMEOUT
    ) -> tuple[Part, ...]:
        """Return a frame of each of several fingers or eyes, shown together and taken apart by the device.

        Listeners hear `CAPTURED` once for each, its detail being the position.

        Parameters
        ----------
        positions : iterable of Position
            Which, all of one of `info.groups`; none = the one that `capture` would show.
        missing : iterable of Position
            What the person does not have: neither asked for nor waited for.
        timeout : float

        Raises
        ------
        InvalidSampleError
            A position twice, of another modality, or none that is not missing.
        DeviceUnsupportedError
            The device does not show these together.
        IncompleteCaptureError
            Fewer came; it carries those that did.
        DeviceError
        """
        asked, absent = tuple(positions), tuple(missing)
        known = type(self.info.modality.unknown)
        if not all(isinstance(position, known) for position in asked + absent) or len(set(asked)) < len(asked):
            raise InvalidSampleError(f"{self.info.uri}: positions are {known.__name__}s, each once, not {asked}")
        wanted = tuple(position for position in asked if position not in absent)
        if asked and not wanted:
            raise InvalidSampleError(f"{self.info.uri}: all that was asked for is missing")

        def take(attempt: Attempt) -> tuple[Part, ...]:
            parts = self._capture_parts(attempt, wanted, absent)
            for part in parts:
                attempt.emit(EventKind.CAPTURED, part.position.name, part.frame)
            return parts

        return self._run(timeout, take)

    def __enter__(self) -> Self:
        return self if self._state is not State.CLOSED else self.open()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    # -- the base's own ----------------------------------------------------------------------------

    def _run(self, timeout: float, take: Callable[[Attempt], _T]) -> _T:
        """Run one capture from ready to ready, or to lost."""
        if not (isinstance(timeout, Real) and timeout > 0.0):
            raise InvalidSampleError(f"timeout must be a positive number of seconds, not {timeout!r}")
        attempt = self._begin(timeout)
        try:
            self._announce()
            with self._only_named_errors(State.CAPTURING):
                return take(attempt)
        except (DeviceDisconnectedError, DeviceSuspendedError) as error:
            with self._lock:
                if self._state is State.CAPTURING:
                    self._lost_to = type(error)
                    self._enter(State.LOST)
            raise
        finally:
            try:
                self._end()
            finally:
                self._announce()

    def _release(self) -> None:
        self._close_wanted = False
        if self._state is State.CLOSED:
            return
        try:
            with self._only_named_errors("closing"):
                self._close()
        finally:
            _OPEN.discard(self)
            self._enter(State.CLOSED)

    @contextmanager
    def _only_named_errors(self, doing: str) -> Iterator[None]:
        """Give a name to what a driver stumbles over: who captures is to meet nothing but this library's errors."""
        try:
            yield
        except BiocoreError:
            raise
        except Exception as error:
            _log.exception("%s: %s", self.info.uri, STUMBLED)
            raise DeviceProtocolError(
                f"{STUMBLED} ({type(error).__name__}: {error})", uri=self.info.uri, state=doing
            ) from error

    def _begin(self, timeout: float) -> Attempt:
        with self._lock:
            if self._state is State.CLOSED:
                raise DeviceClosedError("is not open", uri=self.info.uri, hint="Open it, or use a with block")
            if self._state is State.LOST:
                if self._lost_to is DeviceSuspendedError:
                    raise DeviceSuspendedError(
                        "was open while the machine slept", uri=self.info.uri, hint="Close it and open it anew"
                    )
                raise DeviceDisconnectedError("is gone", uri=self.info.uri, hint="Plug it in and open it anew")
            if self._state is State.CAPTURING:
                raise DeviceBusyError(
                    "another thread captures on it", uri=self.info.uri, state=self._state, hint="Wait, or cancel that"
                )
            self._attempt = Attempt(self.info.uri, timeout, self._tell)
            self._enter(State.CAPTURING)
            return self._attempt

    def _end(self) -> None:
        with self._idle:
            self._attempt = None
            if self._state is State.CAPTURING:
                self._enter(State.READY)
            self._idle.notify_all()
            if self._close_wanted:
                self._release()

    def _enter(self, state: State) -> None:
        self._state = state
        self._news.append(state)

    def _announce(self) -> None:
        """Tell of new states, never while the lock is held: a listener may wait for a thread that wants it."""
        while self._news:
            try:
                state = self._news.popleft()
            except IndexError:  # another thread was faster
                return
            self._tell(EventKind.STATE, state.value)

    def _tell(self, kind: EventKind, detail: str = "", frame: Frame | None = None) -> None:
        event = Event(kind, self.info.uri, detail, frame)
        for listener in tuple(self._listeners):
            try:
                listener(event)
            except Exception:
                _log.exception("%s: a listener failed on %s", self.info.uri, kind)


_OPEN: set[Device] = set()


def _close_all() -> None:
    """Close what is open: the program ends."""
    for device in tuple(_OPEN):
        try:
            device.close()
        except Exception as error:  # whatever goes wrong with one, the others go dark too
            _log.debug("%s: at the end of the program: %s", device.info.uri, error)


atexit.register(_close_all)
if hasattr(os, "register_at_fork"):  # what is open is the parent's
    os.register_at_fork(after_in_child=_OPEN.clear)


class Driver(Protocol):
    """What an entry point of the group `biocore.drivers` names: one object a device family.

    The entry point's name is the driver's, and the scheme of the URIs that only it serves (`virtual:finger`).
    """

    def devices(self) -> Iterable[DeviceInfo]:
        """List what is attached now; never raises for a missing vendor library, never blocks for long."""
        ...

    def claims(self, uri: str) -> bool:
        """Say whether this driver serves the URI, without touching the device."""
        ...

    def open(self, uri: str) -> Device:
        """Make the device of the URI, not opened yet.

        Raises
        ------
        DeviceNotFoundError
        """
        ...


@runtime_checkable
class DearDriver(Protocol):
    """A driver whose list takes its time: who watches it asks seldom, and at once where something cheap has changed.

    Attributes
    ----------
    interval : float
        s a list may be old where nothing has changed.
    """

    interval: float

    def mark(self) -> object:
        """Return something cheap that changes when the list is likely to; never raises."""
        ...
