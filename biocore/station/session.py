"""One resident's recording, from the first finger to a closed record: docs/session.md.

    with JournalKeeper(lambda: Journal(folder, key)) as keeper, Teller(show) as teller:
        desk = Desk(keeper, devices, profile, teller)
        session = Session.begin(desk, identity, ticket=24, subject=Subject(age_years=67))
        if session.run() is State.COMPLETE:
            session.finish()

One thread drives it (`run`, or `step` by `step`); whatever a person does at the desk may come from any other thread at
any time (`session_actions`). What a device does is no exception here, and what the journal does is none either: the
session waits, says for what, and goes on.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager

from biocore.errors import SessionError
from biocore.hal import Device
from biocore.report import Outcome
from biocore.station.conclusion import conclude
from biocore.station.devices import Taken, modality_of
from biocore.station.entry import position_name
from biocore.station.exceptions import Absence
from biocore.station.ledger import Ledger
from biocore.station.live import DeviceNews, Live, LiveView
from biocore.station.looks import FULL_PLAN, Situation, as_json
from biocore.station.rungs import PlacementMode, Request
from biocore.station.session_actions import Actions, check_absence
from biocore.station.session_attempts import Attempts
from biocore.station.session_begin import Desk, Subject, plan_items, resumed_core
from biocore.station.session_core import DONE, Core
from biocore.station.session_devices import SessionDevices
from biocore.station.session_events import (
    Abandoned,
    Asked,
    CaptureCancelled,
    ChecksIncomplete,
    DeviceSaid,
    Finished,
    Resumed,
    Viewed,
)
from biocore.station.session_items import event_item, to_json
from biocore.station.session_state import ENDED, State
from biocore.station.session_summary import Course, summary
from biocore.types import Modality, Position

PATIENCE_S = 15.0  # s; a device may take ten to open, examining four hard fingers two, a busy disk the rest
TARGET_ABOVE = 10  # points above the threshold that a live frame must promise: the glance is off by 10 on average
_WAITS = frozenset({State.PAUSED, State.NO_DEVICE, State.BLOCKED})


class Session(Actions):
    """One resident's recording; made by `begin` and `resume`.

    Attributes
    ----------
    resident : str
        Random name in the journal.
    """

    def __init__(self, desk: Desk, core: Core, course: Course) -> None:
        super().__init__(core, Attempts(core, desk.effort))
        self._desk = desk
        self._course = course
        self._devices = SessionDevices(core, desk.devices, course)
        self.resident = core.ledger.resident

    # -- beginning -----------------------------------------------------------------------------------

    @classmethod
    def begin(
        cls,
        desk: Desk,
        identity: bytes = b"",
        *,
        ticket: int | None = None,
        media: str = "application/json",
        subject: Subject | None = None,
        plan: Sequence[Position] = FULL_PLAN,
        missing: Iterable[tuple[Position, Absence]] = (),
        mode: PlacementMode = PlacementMode.SLAP,
    ) -> Session:
        """Begin a resident.

        Parameters
        ----------
        desk : Desk
            Journal, devices, the station's profile.
        identity : bytes
            Who it is; sealed.
        ticket : int or None
            Number in the day's queue.
        subject : Subject or None
            Age and occupation, where known: they may select another profile.
        plan : sequence of FingerPosition and EyePosition
        missing : iterable of (position, Absence)
            What is known to be missing before the first capture.
        mode : PlacementMode
            Several fingers at once where the scanner can, or one by one.

        Raises
        ------
        JournalReserveError
            There is too little room; nothing was begun.
        JournalError, CentreKeyError
        SessionError
            An absence that nobody can say of that finger or eye.
        """
        about = subject or Subject()
        gone = tuple(missing)
        for position, absence in gone:
            check_absence(position, absence)
        reading = desk.clock.read()
        situation = Situation(
            desk.profile,
            tuple(plan),
            reading.utc.date(),
            mode=mode,
            age_years=about.age_years,
            occupation=about.occupation,
        )
        course = Course(reading, resumptions=0)
        ledger = Ledger.begin(desk.keeper, identity, ticket, media, course.mended)
        core = Core(ledger, situation, desk.teller, mode)
        course.listen(core.mended)
        core.steps = core.decide_all()
        session = cls(desk, core, course)
        core.commit(situation, plan_items(desk, situation))
        for position, absence in gone:
            session.declare_missing(position, absence)
        core.settle()
        return session

    @classmethod
    def resume(cls, desk: Desk, resident: str, *, subject: Subject | None = None) -> Session:
        """Go on with a resident who was begun before, at the same finger.

        Parameters
        ----------
        desk : Desk
        resident : str
            Of `Journal.unfinished`.
        subject : Subject or None
            Who it is; without it, the profile that was in force stays.

        Raises
        ------
        JournalStateError
            There is none of that name, the record is closed or damaged.
        JournalError
        """
        course = Course(desk.clock.read(), resumptions=0)
        ledger = Ledger.resume(desk.keeper, resident, course.mended)
        core, found = resumed_core(desk, ledger, subject or Subject(), course.began.utc.date())
        course.resumptions = found.resumptions
        course.listen(core.mended)
        session = cls(desk, core, course)
        done = tuple(step.position for step in core.steps.values() if step.decision.outcome in DONE)
        request = core.next_request()
        told = [Resumed(resident, done, request.positions if request else ())]
        unseen = tuple(position for position in done if position_name(position) in core.memory.unseen)
        items = [] if found.plan else plan_items(desk, core.situation)  # the power went before it was written
        if unseen:
            items.append(event_item("checks_incomplete", {"positions": as_json(unseen)}))
        core.commit(core.situation, items, [*told, ChecksIncomplete(unseen)] if unseen else told)
        core.settle()
        return session

    # -- driving -------------------------------------------------------------------------------------

    @property
    def state(self) -> State:
        """Where the session stands."""
        return self._core.state

    @property
    def situation(self) -> Situation:
        """What was seen and said of the resident so far, as the policy sees it."""
        return self._core.situation

    @property
    def ticket(self) -> int | None:
        """Number in the day's queue."""
        return self._core.ledger.ticket

    @property
    def desk(self) -> Desk:
        """What it records with."""
        return self._desk

    @property
    def asked(self) -> Request | None:
        """What the capture that runs now was asked for; None between captures."""
        return self._asked

    @property
    def next(self) -> Request | None:
        """What would be captured next; None when everything has its outcome."""
        with self._core.lock:
            return self._core.next_request()

    @property
    def unsigned(self) -> tuple[str, ...]:
        """Exceptions that wait for a supervisor's `sign`, by `position_name`."""
        with self._core.lock:
            return conclude(self._core.situation).unsigned

    def outcome(self, position: Position) -> Outcome | None:
        """Return how a finger or an eye has ended; None as long as it is open."""
        with self._core.lock:
            step = self._core.steps.get(position_name(position))
        return step.decision.outcome if step is not None and step.decision.outcome in DONE else None

    def run(self) -> State:
        """Capture until everything has its outcome, or the session is left.

        Where it must wait (paused, no device, a journal that takes nothing), it looks again every `Desk.poll_s`
        seconds, and at once when somebody does something.

        Returns
        -------
        State
            `COMPLETE`, `FINISHED` or `ABANDONED`.
        """
        while (state := self.step()) is not State.COMPLETE and state not in ENDED:
            if state in _WAITS:
                self._sleep()
        return state

    def step(self) -> State:
        """Make the next capture, if there is one to be made and nothing is in its way.

        Raises
        ------
        SessionError
            Another thread is making one.
        """
        if not self._stepping.acquire(blocking=False):
            raise SessionError("another thread drives this session")
        try:
            return self._step()
        finally:
            self._stepping.release()

    def _step(self) -> State:
        core = self._core
        self._woken.clear()
        with core.lock:
            if core.state in ENDED or not core.flush():
                return core.settle()
            waits_for_device = core.state is State.NO_DEVICE and not core.paused
            if not waits_for_device and core.settle() is not State.READY:
                return core.state
            request = core.next_request()
            if request is None:
                return core.settle()
        modality = modality_of(request.positions[0])
        device = self._devices.ready(modality)
        if device is None:
            return core.state
        with core.lock:
            self._devices.obey(modality)
            request = core.next_request()
            other = request is None or modality_of(request.positions[0]) is not modality
            if core.state in ENDED or core.paused or core.waiting or request is None or other:
                return core.settle()
            live = self._begin_capture(device, request)
        taken = self._desk.devices.take(modality, live, request, self._devices.absent_beside(request))
        return self._conclude(modality, request, taken)

    def _begin_capture(self, device: Device, request: Request) -> Live:
        target = min(100, TARGET_ABOVE + min(request.thresholds[position_name(p)] for p in request.wanted))

        def told(news: LiveView | DeviceNews) -> None:
            if isinstance(news, LiveView):
                self._core.tell(Viewed(request.positions, news))
            else:
                self._core.tell(DeviceSaid(news.kind, news.device, news.detail))

        self._live = Live(device, target, told, self._desk.clock, inline=self._desk.inline)
        self._asked = request
        self._core.enter(State.CAPTURING)
        self._core.tell(Asked(request))
        return self._live

    def _conclude(self, modality: Modality, request: Request, taken: Taken) -> State:
        """Examine and record what a capture gave; between the locks, a person may have said something."""
        core = self._core
        with core.lock:
            self._live = self._asked = None
            if taken.trouble is not None:
                self._devices.failed(modality, taken.device, taken.trouble)
            if not taken.pictures:
                item = event_item("capture_cancelled", {"positions": as_json(request.positions)})
                core.commit(core.situation, [item], [CaptureCancelled(request.positions)])
                return core.settle()
            if self._devices.lost_again(modality, taken) and not core.paused:
                core.enter(State.NO_DEVICE)
                return core.state
            core.enter(State.EXAMINING)
        found = self._attempts.examine(request, taken)
        with core.lock:
            core.enter(State.RECORDING)
            self._attempts.record(request, taken, found, self._devices.newly_used(taken))
            self._course.captures += 1
            return core.settle()

    # -- ending --------------------------------------------------------------------------------------

    def finish(self) -> None:
        """Close the record with its summary; afterwards it can go to the centre.

        Raises
        ------
        SessionError
            Something is still open, a signature is missing, or another thread is capturing; nothing was changed.
        JournalError
            It could not be written; the session is `BLOCKED`, and `finish` may be called again.
        """
        with self._alone(), self._core.lock:
            core = self._core
            core.require_open()
            self._check_complete()
            core.commit(core.situation, self._attempts.robust_items(), then=self._attempts.close)
            self._check_complete()
            payload = to_json(summary(core, self._desk, self._course, self._desk.clock.read()))
            core.close(payload)
            core.enter(State.FINISHED)
            core.tell(Finished(self.resident))

    def abandon(self, reason: str) -> None:
        """Leave the resident unfinished; the record stays open and can be resumed.

        A capture that the journal has not taken yet (`BLOCKED`) goes with the session; it was never told as done.

        Raises
        ------
        SessionError
            The session has ended already, or there is no reason.
        """
        if not reason.strip():
            raise SessionError("nobody is left without a reason")
        with self._core.lock:
            self._core.require_open()
            self._core.paused = True
            self._interrupt()
        with self._alone(), self._core.lock:
            core = self._core
            core.require_open()
            core.commit(core.situation, [event_item("abandoned", {"reason": reason})])
            self._attempts.close()
            core.enter(State.ABANDONED)
            core.tell(Abandoned(self.resident))
            self._woken.set()

    def _check_complete(self) -> None:
        core = self._core
        if not core.flush():
            raise SessionError(f"the journal takes nothing: {core.waiting} batches wait for it")
        request = core.next_request()
        if request is not None:
            names = ", ".join(position_name(position) for position in request.wanted)
            raise SessionError(f"not finished: {names} next")
        if self.unsigned:
            raise SessionError(f"a supervisor must sign for {', '.join(self.unsigned)}")

    # -- within --------------------------------------------------------------------------------------

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Wait until the capture that was interrupted has ended, and let no other begin."""
        if not self._stepping.acquire(timeout=PATIENCE_S):
            raise SessionError("a capture is under way; pause first")
        try:
            yield
        finally:
            self._stepping.release()

    def _sleep(self) -> None:
        if self._desk.sleep is None:
            self._woken.wait(self._desk.poll_s)
        else:
            self._desk.sleep(self._desk.poll_s)
