"""A device whose input and output belong to one thread: what every driver with a cable shares.

A driver says how to talk (`Conversation`); the worker says when. Commands reach its thread by a queue. A session is a
transport with a conversation on it: begun when the device is opened, given up after any failure but a person's, begun
anew by the next capture. However a session ends, the conversation's `stop` runs (lamp off, sensor asleep) and the
transport is closed.

    closed -> opening -> idle -> arming -> awaiting the finger -> acquiring -> (frame) -> awaiting the lifted finger
                          ^                                                                         |
                          +-------------------------------------------------------------------------+

Every phase has a deadline, an edge for cancelling and one for errors (`job.Job.check`); both lead to idle, an
unplugged device to `State.LOST`. The frame is handed over before the finger is lifted; the next capture waits for that
first, so nobody is captured twice by lying still.

A session does not outlive a sleep of the machine (`transport.Vigil`): it is given up within `IDLE_LOOK` of waking, so
that no claim on a ghost is kept, and whoever captures next hears of it (DeviceSuspendedError).
"""

from __future__ import annotations

import logging
import queue
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from biocore.errors import (
    BiocoreError,
    CaptureCancelledError,
    DeviceError,
    DeviceProtocolError,
    DeviceStalledError,
    DeviceSuspendedError,
    DeviceTimeoutError,
    SubjectTimeoutError,
)
from biocore.hal import CANCEL_LATENCY, Attempt, Device, DeviceInfo, EventKind
from biocore.types import Frame, GreyImage
from biocore_drivers.job import PHASE_LIMIT, Job, Phase, Picture
from biocore_drivers.transport import Clock, Link, RealClock, Situation, Transport, Vigil

OPEN_PAUSES = (0.25, 1.0)  # s before the second and the third try to open; the device is reset before the third
IDLE_LOOK = 2.0  # s between two looks of an idle device whether the machine has slept
SETTLING = 3.0  # s in which a recording may still tell of the lifted finger
_LOOK = 0.05  # s between two looks for a cancel while another thread works
_TRANSIENT = (DeviceTimeoutError, DeviceStalledError, DeviceProtocolError)

_log = logging.getLogger(__name__)


class Talk(ABC):
    """How one family of devices is talked to, over whatever link; a new one for each session.

    The worker's thread calls all of it. Whatever goes wrong is raised, DeviceErrors from the link as they
    come; it neither retries nor closes anything.

    Parameters
    ----------
    link : Link
    """

    once = False  # the device takes one picture a session: it must be initialised anew for the next
    touches = True  # what was captured lies on the device, and may lie there still; nothing lies on a camera

    def __init__(self, link: Link) -> None:
        self.situation = link.situation

    @abstractmethod
    def start(self, job: Job) -> None:
        """Initialise the device and check that it is the one it should be."""

    @abstractmethod
    def capture(self, job: Job) -> GreyImage | Picture:
        """Wait for a finger and return its picture, ridges dark.

        Enters the phases ARMING, AWAIT_PLACE (and says WAITING), ACQUIRING (and says PRESENT), calls `job.check()`
        at least twice a second, and passes live frames to `job.preview`.
        """

    def lifted(self) -> bool:
        """Look once whether the finger of the last capture is gone; takes at most 0.1 s."""
        return True

    @abstractmethod
    def stop(self) -> None:
        """Leave the device dark and asleep, from any phase."""


class Conversation(Talk):
    """How one family of USB devices is talked to.

    Parameters
    ----------
    transport : Transport
    """

    def __init__(self, transport: Transport) -> None:
        super().__init__(transport)
        self.transport = transport


@dataclass
class _Session:
    transport: Link
    conversation: Talk
    vigil: Vigil
    settled: bool = True  # no finger of a former capture is known to lie there
    settle_by: float = 0.0  # s on the clock; a recording may end before the finger is lifted
    used: bool = False  # a picture was taken

    @property
    def spent(self) -> bool:
        """It cannot take another picture."""
        return self.used and (self.transport.once or self.conversation.once)


class WorkerDevice(Device):
    """A device behind a worker thread.

    Parameters
    ----------
    info : DeviceInfo
    connect : callable
        Opens a transport, or another link; raises a DeviceError, holding nothing.
    converse : callable
        Makes the conversation over what `connect` opened.
    clock : Clock or None
        The transports'; None = the real one.
    """

    def __init__(
        self,
        info: DeviceInfo,
        connect: Callable[[Situation], Link],
        converse: Callable[[Any], Talk],
        clock: Clock | None = None,
    ) -> None:
        super().__init__(info)
        self._connect = connect
        self._converse = converse
        self._clock = clock or RealClock()
        self._owner: _Owner | None = None

    def _open(self) -> None:
        owner = self._owner = _Owner(self.info, self._connect, self._converse, self._clock)
        job = Job(owner.situation, self._clock, PHASE_LIMIT[Phase.OPENING])
        owner.commands.put(job)
        try:
            if not job.ended.wait(PHASE_LIMIT[Phase.OPENING] + CANCEL_LATENCY):
                job.drop()
                raise owner.situation.error(DeviceTimeoutError, "does not open", "Unplug it and plug it in again")
            if job.error is not None:
                raise job.error
        except BaseException:
            self._owner = None
            owner.end()
            raise

    def _close(self) -> None:
        owner, self._owner = self._owner, None
        if owner is not None and not owner.end():
            raise owner.situation.error(
                DeviceTimeoutError, "does not let go", "Unplug it; end this program if it stays busy"
            )

    def _capture(self, attempt: Attempt) -> Frame:
        owner = self._owner
        assert owner is not None, "the base class captures between open and close only"
        job = Job(owner.situation, self._clock, attempt.remaining, attempt)
        owner.commands.put(job)
        try:
            while job.tell(attempt, _LOOK):
                attempt.check()
        except BaseException as error:  # cancelled, too late: the owner gets a moment to say it better
            job.drop()
            job.ended.wait(CANCEL_LATENCY / 2)
            better = SubjectTimeoutError | DeviceTimeoutError | DeviceSuspendedError
            if isinstance(error, DeviceTimeoutError) and isinstance(job.error, better):
                raise job.error from None
            raise
        if job.error is not None:
            raise job.error
        attempt.check()
        assert job.frame is not None
        return job.frame


class _Owner:
    """The thread that owns a device from opening to closing, and everything only it touches."""

    def __init__(
        self,
        info: DeviceInfo,
        connect: Callable[[Situation], Link],
        converse: Callable[[Any], Talk],
        clock: Clock,
    ) -> None:
        self.situation = Situation(info.uri)
        self.commands: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self._info = info
        self._connect = connect
        self._converse = converse
        self._clock = clock
        self._session: _Session | None = None
        self._overslept: DeviceError | None = None  # noticed while nobody asked
        self._thread = threading.Thread(target=self._work, name=f"biocore {info.uri}", daemon=True)
        self._thread.start()

    def end(self) -> bool:
        """Ask the thread to end and wait for it; False where it does not."""
        self.commands.put(None)
        self._thread.join(PHASE_LIMIT[Phase.CLOSING])
        return not self._thread.is_alive()

    def _work(self) -> None:
        try:
            while (job := self._next()) is not None:
                self._do(job)
        finally:
            self._hang_up()

    def _next(self) -> Job | None:
        """Wait for a command, and meanwhile for the finger to be lifted, and for the machine to wake."""
        while True:
            session = self._session
            if session is None:
                return self.commands.get()
            try:
                return self.commands.get(timeout=IDLE_LOOK) if session.settled else self.commands.get_nowait()
            except queue.Empty:
                self._overslept = session.vigil.error(self.situation)
                if self._overslept is not None:
                    self._hang_up()
                    continue
                if session.settled:
                    continue
                try:
                    over = session.transport.once and self._clock.now() > session.settle_by
                    session.settled = over or session.conversation.lifted()
                except Exception as error:  # nobody asked: the next capture begins a new session and meets it there
                    _log.debug("%s: while the finger was lifted: %s", self._info.uri, error)
                    self._hang_up()

    def _do(self, job: Job) -> None:
        frame: Frame | None = None
        failure: BaseException | None = None
        try:
            job.check()
            session = self._begin_session(job)
            if job.attempt is not None:
                frame = self._picture(session, job)
        except (CaptureCancelledError, SubjectTimeoutError) as error:
            failure = error
            self._hang_up()  # the sensor is armed; the next capture arms it anew
        except Exception as error:
            failure = self._after_sleep(self._named(error), job)
            self._hang_up()
        self.situation.doing = Phase.IDLE.value
        job.end(frame, failure)

    def _picture(self, session: _Session, job: Job) -> Frame:
        if not session.settled:
            job.enter(Phase.AWAIT_LIFT)
            while not session.conversation.lifted():
                job.check()
            session.settled = True
            job.say(EventKind.REMOVED)
        taken = session.conversation.capture(job)
        pixels, colour = taken if isinstance(taken, Picture) else Picture(taken)
        self._check_plausible(pixels)
        session.settled, session.used = not session.conversation.touches, True
        session.settle_by = self._clock.now() + SETTLING
        return Frame(pixels, self._info.ppi, self._info.uri, colour=colour)

    def _check_plausible(self, pixels: GreyImage) -> None:
        window = self._info.window
        if window is not None and pixels.shape != window[::-1]:
            raise self.situation.error(
                DeviceProtocolError,
                f"gave {pixels.shape[1]} x {pixels.shape[0]} px instead of {window[0]} x {window[1]}",
            )
        if pixels.size and pixels.min() == pixels.max():
            raise self.situation.error(DeviceProtocolError, "gave an empty picture", "Try again")

    def _begin_session(self, job: Job) -> _Session:
        overslept, self._overslept = self._overslept, None
        if overslept is not None:
            raise overslept
        if self._session is not None:
            job.vigil = self._session.vigil
            job.check()
        if self._session is not None and self._session.spent:
            self._hang_up()
        if self._session is not None:
            return self._session
        for number, pause in enumerate(OPEN_PAUSES, 1):
            try:
                return self._connected(job, reset=number == len(OPEN_PAUSES))
            except _TRANSIENT as error:
                _log.info("%s: try %d to open it failed: %s", self._info.uri, number, error)
                job.sleep(pause)
        return self._connected(job)

    def _connected(self, job: Job, *, reset: bool = False) -> _Session:
        """Begin a session; where that fails, `reset` the device before it is given back."""
        job.enter(Phase.OPENING)
        job.vigil = Vigil(self._clock)
        transport = self._connect(self.situation)
        try:
            session = self._session = _Session(transport, self._converse(transport), job.vigil)
        except BaseException:
            transport.close()
            raise
        try:
            session.conversation.start(job)
        except BaseException:
            self._hang_up(reset=reset)
            raise
        return session

    def _hang_up(self, *, reset: bool = False) -> None:
        """End the session on whatever way; nothing that goes wrong now hides what went wrong before."""
        session, self._session = self._session, None
        if session is None:
            return
        doing, self.situation.doing = self.situation.doing, Phase.CLOSING.value
        steps = [session.conversation.stop, *([session.transport.reset] if reset else []), session.transport.close]
        for step in steps:
            try:
                step()
            except DeviceError as error:
                _log.debug("%s: while closing: %s", self._info.uri, error)
            except Exception:
                _log.exception("%s: the driver stumbled while closing", self._info.uri)
        self.situation.doing = doing

    def _after_sleep(self, error: Exception, job: Job) -> Exception:
        """Say of what failed after a sleep that it slept: the transfer that failed first is chance."""
        asleep = job.vigil.error(self.situation)
        if asleep is None or isinstance(error, DeviceSuspendedError):
            return error
        asleep.__cause__ = error
        return asleep

    def _named(self, error: Exception) -> Exception:
        """Return a named error for whatever a conversation stumbled over."""
        if isinstance(error, BiocoreError):
            return error
        _log.warning("%s: the driver stumbled", self._info.uri, exc_info=error)
        named = self.situation.error(
            DeviceProtocolError, f"sent what its driver cannot read ({type(error).__name__}: {error})"
        )
        named.__cause__ = error
        return named
