"""One capture on its way from the thread that asks to the thread that owns the device, and back.

The owner's side (`check`, `enter`, `say`, `preview`) never waits for a listener; the asking thread tells the
listeners. Of the live frames only the latest waits: one that nobody had time for is dropped. The final one never is.
"""

from __future__ import annotations

import threading
from collections import deque
from enum import StrEnum
from typing import NamedTuple

from biocore.errors import CaptureCancelledError, DeviceTimeoutError, SubjectTimeoutError
from biocore.hal import Attempt, EventKind
from biocore.types import ColourImage, Frame, GreyImage
from biocore_drivers.transport import Clock, Situation, Vigil


class Phase(StrEnum):
    """What a device under a worker is doing; errors name it."""

    OPENING = "opening"
    IDLE = "idle"
    ARMING = "arming"
    AWAIT_PLACE = "awaiting the finger"
    AWAIT_EYE = "awaiting the eye"
    AWAIT_FACE = "awaiting the face"
    ACQUIRING = "acquiring"
    AWAIT_LIFT = "awaiting the lifted finger"
    CLOSING = "closing"


# s; how long a phase may last, whoever waits for it. The person's phases have the caller's deadline only.
PHASE_LIMIT = {Phase.OPENING: 10.0, Phase.ARMING: 5.0, Phase.ACQUIRING: 8.0, Phase.CLOSING: 6.0}
SLICE = 0.1  # s between two looks for a cancel
_SUBJECT = frozenset({Phase.AWAIT_PLACE, Phase.AWAIT_EYE, Phase.AWAIT_FACE, Phase.AWAIT_LIFT})


class Picture(NamedTuple):
    """A picture as a device gave it.

    Attributes
    ----------
    pixels : uint8 array (height, width)
    colour : uint8 array (height, width, 3) or None
        The same in red, green and blue, where it is wanted and there is any.
    """

    pixels: GreyImage
    colour: ColourImage | None = None


class Job:
    """A command to the owner of a device.

    Parameters
    ----------
    situation : Situation
    clock : Clock
        The transport's.
    budget : float
        s the whole may take on that clock.
    attempt : Attempt or None
        The capture it serves; None for opening.

    Attributes
    ----------
    vigil : Vigil
        Over the session that serves it.
    """

    def __init__(self, situation: Situation, clock: Clock, budget: float, attempt: Attempt | None = None) -> None:
        self.situation = situation
        self.clock = clock
        self.attempt = attempt
        self.vigil = Vigil(clock)
        self.ended = threading.Event()
        self.error: BaseException | None = None
        self.frame: Frame | None = None
        self._deadline = clock.now() + budget
        self._phase = Phase.IDLE
        self._phase_deadline = self._deadline
        self._dropped = threading.Event()
        self._news: deque[tuple[EventKind, str, Frame | None]] = deque()
        self._preview: Frame | None = None
        self._changed = threading.Condition()

    # -- the owner's side --------------------------------------------------------------------------

    def enter(self, phase: Phase, limit: float | None = None) -> None:
        """Begin a phase: its time counts from now. `limit` in s, where it is not what `PHASE_LIMIT` says."""
        self._phase = phase
        self.situation.doing = phase.value
        self._phase_deadline = self.clock.now() + (PHASE_LIMIT.get(phase, float("inf")) if limit is None else limit)

    @property
    def remaining(self) -> float:
        """Seconds until the nearest deadline, never below zero."""
        return max(0.0, min(self._deadline, self._phase_deadline) - self.clock.now())

    def check(self) -> None:
        """Raise where the capture was cancelled, the machine has slept, or a deadline has passed.

        Raises
        ------
        CaptureCancelledError, DeviceSuspendedError, DeviceTimeoutError, SubjectTimeoutError
        """
        if self.attempt is not None and self.attempt.cancelled:
            raise self.situation.error(CaptureCancelledError, "the capture was cancelled")
        asleep = self.vigil.error(self.situation)
        if asleep is not None:
            raise asleep
        if self.remaining > 0.0 and (self.attempt is None or self.attempt.remaining > 0.0):
            if self._dropped.is_set():
                raise self.situation.error(CaptureCancelledError, "the capture was given up")
            return
        if self._phase is Phase.AWAIT_LIFT:
            raise self.situation.error(SubjectTimeoutError, "the finger was not lifted", "Lift the finger")
        if self._phase in _SUBJECT:
            raise self.situation.error(SubjectTimeoutError, "nobody came before the deadline", "Try again")
        raise self.situation.error(DeviceTimeoutError, "did not finish before the deadline")

    def sleep(self, seconds: float) -> None:
        """Let time pass, looking for a cancel; then `check()`."""
        until = self.clock.now() + seconds
        while (left := until - self.clock.now()) > 0.0:
            self.clock.sleep(min(left, self.remaining, SLICE))
            self.check()

    def say(self, kind: EventKind, detail: str = "") -> None:
        """Tell the listeners something happened."""
        with self._changed:
            self._news.append((kind, detail, None))
            self._changed.notify_all()

    def preview(self, pixels: GreyImage, ppi: float | None, colour: ColourImage | None = None) -> None:
        """Show a live frame; it replaces one that is still waiting."""
        with self._changed:
            self._preview = Frame(pixels, ppi, self.situation.uri, colour=colour)
            self._changed.notify_all()

    def end(self, frame: Frame | None = None, error: BaseException | None = None) -> None:
        """Hand over the outcome."""
        with self._changed:
            self.frame, self.error = frame, error
            self.ended.set()
            self._changed.notify_all()

    # -- the asking side ---------------------------------------------------------------------------

    def drop(self) -> None:
        """Ask the owner to stop as soon as it can."""
        self._dropped.set()

    def tell(self, attempt: Attempt, timeout: float) -> bool:
        """Tell the listeners what has come up, waiting up to `timeout` s for it; False once all is told and done."""
        with self._changed:
            if not (self._news or self._preview or self.ended.is_set()):
                self._changed.wait(timeout)
            news, self._news = self._news, deque()
            preview, self._preview = self._preview, None
            over = self.ended.is_set()
        for kind, detail, frame in news:
            attempt.emit(kind, detail, frame)
        if preview is not None and not over:
            attempt.emit(EventKind.PREVIEW, frame=preview)
        return not over
