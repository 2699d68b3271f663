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
"""

from __future__ import annotations

import logging
import queue
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass

from biocore.errors import (
    BiocoreError,
    CaptureCancelledError,
    DeviceProtocolError,
    DeviceStalledError,
    DeviceTimeoutError,
    SubjectTimeoutError,
)
from biocore.hal import CANCEL_LATENCY, Attempt, Device, DeviceInfo, EventKind
from biocore.types import Frame, GreyImage
from biocore_drivers.job import PHASE_LIMIT, Job, Phase
from biocore_drivers.transport import Clock, RealClock, Situation, Transport

OPEN_PAUSES = (0.25, 1.0)  # s before the second and the third try to open; the bus is reset before the third
_LOOK = 0.05  # s between two looks for a cancel while another thread works
_TRANSIENT = (DeviceTimeoutError, DeviceStalledError, DeviceProtocolError)

_log = logging.getLogger(__name__)


class Conversation(ABC):
    """How one family of devices is talked to; a new one for each session.

    The worker's thread calls all of it. Whatever goes wrong is raised, DeviceErrors from the transport as they
    come; a conversation neither retries nor closes anything.

    Parameters
    ----------
    transport : Transport
    """

    once = False  # the device takes one picture a session: it must be initialised anew for the next

    def __init__(self, transport: Transport) -> None:
        self.transport = transport
        self.situation = transport.situation

    @abstractmethod
    def start(self, job: Job) -> None:
        """Initialise the device and check that it is the one it should be."""

    @abstractmethod
    def capture(self, job: Job) -> GreyImage:
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


@dataclass
class _Session:
    transport: Transport
    conversation: Conversation
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
        Opens a transport; raises a DeviceError, holding nothing.
    converse : callable
        Makes the conversation over a transport.
    clock : Clock or None
        The transports'; None = the real one.
    """

    def __init__(
        self,
        info: DeviceInfo,
        connect: Callable[[Situation], Transport],
        converse: Callable[[Transport], Conversation],
        clock: Clock | None = None,
    ) -> None:
        super().__init__(info)
        self._connect = connect
        self._converse = converse
        self._clock = clock or RealClock()
        self._situation = Situation(info.uri)
        self._commands: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._session: _Session | None = None

    # -- the hooks, in the callers' threads --------------------------------------------------------

    def _open(self) -> None:
        self._situation = Situation(self.info.uri)
        self._commands = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._work, name=f"biocore {self.info.uri}", daemon=True)
        self._thread.start()
        job = Job(self._situation, self._clock, PHASE_LIMIT[Phase.OPENING])
        self._commands.put(job)
        try:
            if not job.ended.wait(PHASE_LIMIT[Phase.OPENING] + CANCEL_LATENCY):
                job.drop()
                raise self._situation.error(DeviceTimeoutError, "does not open", "Unplug it and plug it in again")
            if job.error is not None:
                raise job.error
        except BaseException:
            self._end_thread()
            raise

    def _close(self) -> None:
        if not self._end_thread():
            raise self._situation.error(
                DeviceTimeoutError, "does not let go", "Unplug it; end this program if it stays busy"
            )

    def _capture(self, attempt: Attempt) -> Frame:
        job = Job(self._situation, self._clock, attempt.remaining, attempt)
        self._commands.put(job)
        try:
            while job.tell(attempt, _LOOK):
                attempt.check()
        except BaseException as error:  # cancelled, too late: the owner gets a moment to say it better
            job.drop()
            job.ended.wait(CANCEL_LATENCY / 2)
            if isinstance(error, DeviceTimeoutError) and isinstance(job.error, SubjectTimeoutError):
                raise job.error from None
            raise
        attempt.check()
        if job.error is not None:
            raise job.error
        assert job.frame is not None
        return job.frame

    def _end_thread(self) -> bool:
        thread, self._thread = self._thread, None
        if thread is None:
            return True
        self._commands.put(None)
        thread.join(PHASE_LIMIT[Phase.CLOSING])
        return not thread.is_alive()

    # -- the owner's thread ------------------------------------------------------------------------

    def _work(self) -> None:
        commands = self._commands
        try:
            while True:
                job = self._next(commands)
                if job is None:
                    return
                self._do(job)
        finally:
            self._hang_up()

    def _next(self, commands: queue.SimpleQueue[Job | None]) -> Job | None:
        """Wait for a command, and meanwhile for the finger to be lifted."""
        while True:
            session = self._session
            if session is None or session.settled:
                return commands.get()
            try:
                return commands.get_nowait()
            except queue.Empty:
                try:
                    over = session.transport.once and self._clock.now() > session.settle_by
                    session.settled = over or session.conversation.lifted()
                except Exception as error:  # nobody asked: the next capture begins a new session and meets it there
                    _log.debug("%s: while the finger was lifted: %s", self.info.uri, error)
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
            failure = self._named(error)
            self._hang_up()
        self._situation.doing = Phase.IDLE.value
        job.end(frame, failure)

    def _picture(self, session: _Session, job: Job) -> Frame:
        if not session.settled:
            job.enter(Phase.AWAIT_LIFT)
            while not session.conversation.lifted():
                job.check()
            session.settled = True
            job.say(EventKind.REMOVED)
        pixels = session.conversation.capture(job)
        session.settled, session.used = False, True
        session.settle_by = self._clock.now() + PHASE_LIMIT[Phase.CLOSING]
        return Frame(pixels, self.info.ppi, self.info.uri)

    def _begin_session(self, job: Job) -> _Session:
        if self._session is not None and self._session.spent:
            self._hang_up()
        if self._session is not None:
            return self._session
        for number, pause in enumerate((*OPEN_PAUSES, None)):
            try:
                return self._connected(job, reset=pause is None)
            except _TRANSIENT as error:
                if pause is None:
                    raise
                _log.info("%s: try %d to open it failed: %s", self.info.uri, number + 1, error)
                job.sleep(pause)
        raise AssertionError("unreachable")

    def _connected(self, job: Job, *, reset: bool) -> _Session:
        job.enter(Phase.OPENING)
        session: _Session | None = None
        transport = self._connect(self._situation)
        try:
            if reset:
                transport.reset()
            session = self._session = _Session(transport, self._converse(transport))
            session.conversation.start(job)
            return session
        except BaseException:
            if session is None:
                transport.close()
            self._hang_up()
            raise

    def _hang_up(self) -> None:
        """End the session on whatever way; nothing that goes wrong now hides what went wrong before."""
        session, self._session = self._session, None
        if session is None:
            return
        doing, self._situation.doing = self._situation.doing, Phase.CLOSING.value
        try:
            session.conversation.stop()
        except Exception as error:
            _log.debug("%s: while stopping: %s", self.info.uri, error)
        try:
            session.transport.close()
        except Exception:
            _log.exception("%s: the transport does not close", self.info.uri)
        self._situation.doing = doing

    def _named(self, error: Exception) -> Exception:
        """Return a named error for whatever a conversation stumbled over."""
        if isinstance(error, BiocoreError):
            return error
        _log.warning("%s: the driver stumbled", self.info.uri, exc_info=error)
        named = self._situation.error(
            DeviceProtocolError, f"sent what its driver cannot read ({type(error).__name__}: {error})"
        )
        named.__cause__ = error
        return named
