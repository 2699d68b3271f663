"""Whatever a desk does in whatever order, a session keeps its promises: nobody is lost, nothing is told too early."""

from __future__ import annotations

import errno
import tempfile
from contextlib import suppress
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from biocore.errors import DeviceBusyError, DeviceDisconnectedError, JournalError, SessionError, SubjectTimeoutError
from biocore.hal import Device
from biocore.report import Outcome
from biocore.station import EntryKind, Journal
from biocore.station.entry import position_name
from biocore.station.exceptions import Absence, ExceptionKind
from biocore.station.looks import VetoKind
from biocore.station.rungs import PlacementMode
from biocore.station.session import Session
from biocore.station.session_events import Accepted, StateChanged
from biocore.station.session_state import ENDED, TRANSITIONS, State
from biocore.types import Position
from journal_support import SMALL_RESERVE
from scripted_devices import Step, empty_frame, finger_frame
from session_support import F, Office
from test_session_journal import SickDisk

PLAN: tuple[Position, ...] = (F.RIGHT_INDEX, F.RIGHT_MIDDLE, F.LEFT_INDEX)
WHO = "Pak Budi"
positions = st.sampled_from(PLAN)
MANY = 60  # captures, far more than three fingers and their stand-ins can cost


class Desk(RuleBasedStateMachine):
    """People, devices, disks and the power, in any order."""

    def __init__(self) -> None:
        super().__init__()
        self._folder = tempfile.TemporaryDirectory()
        self.office = Office(Path(self._folder.name))
        self.disk = SickDisk()
        key = self.office.centre.key()
        self.office.journal = lambda: Journal(  # type: ignore[method-assign]
            self.office.folder, key, clock=self.office.clock, disk=self.disk, reserve=SMALL_RESERVE
        )
        self.absent = 0
        make = self.office.device

        def device(uri: str) -> Device:
            if self.absent:
                self.absent -= 1
                raise DeviceBusyError("another program holds it", uri=uri)
            return make(uri)

        self.desk = self.office.desk(make=device)
        self.session = self.office.begin(self.desk, plan=PLAN)
        self.resident = self.session.resident

    # -- what may happen -----------------------------------------------------------------------------

    @rule()
    def capture(self) -> None:
        self.session.step()

    @rule(position=positions, seed=st.sampled_from(("faint", "empty", "other", "nobody", "lost", "broken")))
    def surprise(self, position: Position, seed: str) -> None:
        steps: dict[str, Step] = {
            "faint": finger_frame(position.value, 1, "LIGHT", 0.9),
            "empty": empty_frame(),
            "other": finger_frame(2, 2),
            "nobody": SubjectTimeoutError("nobody came"),
            "lost": DeviceDisconnectedError("was unplugged"),
            "broken": RuntimeError("a plug-in that is broken"),
        }
        self.office.person.surprise(position, steps[seed])

    @rule(position=positions)
    def pause_in_mid_capture(self, position: Position) -> None:
        self.office.person.surprise(position, lambda: self.session.pause())

    @rule(position=positions)
    def cancel_in_mid_capture(self, position: Position) -> None:
        self.office.person.surprise(position, lambda: self.session.cancel_capture())

    @rule(times=st.integers(1, 3))
    def take_the_scanner_away(self, times: int) -> None:
        self.absent = times
        self.desk.devices.close()
        self.desk.devices._made.clear()

    @rule(faults=st.sampled_from((1, 3, 10**6)), code=st.sampled_from((errno.EIO, errno.ENOSPC)))
    def make_the_disk_sick(self, faults: int, code: int) -> None:
        self.disk.sick, self.disk.code = faults, code

    @rule()
    def cure_the_disk(self) -> None:
        self.disk.sick = 0

    @precondition(lambda self: self.session.state not in ENDED)
    @rule()
    def pause(self) -> None:
        self.session.pause()

    @precondition(lambda self: self.session.state not in ENDED)
    @rule()
    def go_on(self) -> None:
        self.session.go_on()

    @precondition(lambda self: self.session.state not in ENDED)
    @rule(mode=st.sampled_from(tuple(PlacementMode)))
    def switch(self, mode: PlacementMode) -> None:
        self.session.switch(mode)

    @precondition(lambda self: self.session.state not in ENDED)
    @rule(position=positions)
    def declare_missing(self, position: Position) -> None:
        self.session.declare_missing(position, Absence(ExceptionKind.BANDAGED))

    @precondition(lambda self: self.session.state not in ENDED)
    @rule(position=positions)
    def withdraw_missing(self, position: Position) -> None:
        self.session.withdraw_missing(position)

    @precondition(lambda self: self.session.state not in ENDED)
    @rule(kind=st.sampled_from(tuple(VetoKind)), position=st.none() | positions)
    def veto(self, kind: VetoKind, position: Position | None) -> None:
        with suppress(SessionError):  # nothing was shown of it yet
            self.session.veto(kind, WHO, position)

    @precondition(lambda self: not self.disk.sick)
    @rule()
    def cut_the_power(self) -> None:
        """Lose everything in memory. What waited for the journal was never told, and is gone."""
        self.desk.keeper.close()
        self.desk.devices.close()
        self.desk.keeper = type(self.desk.keeper)(self.office.journal)
        ended = self.desk.keeper.journal.progress(self.resident).closed
        if not ended:
            self.session = self.office.watch(Session.resume(self.desk, self.resident))

    @precondition(lambda self: self.session.state not in ENDED and not self.disk.sick)
    @rule()
    def leave_and_come_back(self) -> None:
        self.session.abandon("called away")
        self.session = self.office.watch(Session.resume(self.desk, self.resident))

    @precondition(lambda self: self.session.state in (State.READY, State.COMPLETE, State.BLOCKED))
    @rule()
    def try_to_finish(self) -> None:
        was = self.session.next
        try:
            self.session.finish()
        except (SessionError, JournalError):
            return
        assert was is None

    # -- what always holds ---------------------------------------------------------------------------

    @invariant()
    def the_state_says_what_is_so(self) -> None:
        state = self.session.state
        if state is State.COMPLETE:
            assert self.session.next is None
        if state is State.READY:
            assert self.session.next is not None

    @invariant()
    def what_was_told_is_on_the_disk(self) -> None:
        if self.disk.sick:
            return
        told = {(position_name(e.position), e.attempt) for e in self.office.events(Accepted)}
        journal = self.desk.keeper.journal
        try:
            heads = journal.heads(self.resident)
        except JournalError:
            return  # stopped; the next write opens it anew
        decided = {(h.position, h.attempt) for h in heads if h.outcome is Outcome.ACCEPT}
        assert told <= decided

    @invariant()
    def changes_of_state_are_those_of_the_table(self) -> None:
        for change in self.office.events(StateChanged):
            assert change.state in TRANSITIONS[change.before]

    def teardown(self) -> None:
        """Whatever happened: with a sound disk and a scanner, everybody ends with a record."""
        self.disk.sick, self.absent = 0, 0
        self.office.person.surprises.clear()
        if self.session.state not in ENDED:
            self._finish()
        summary = self.office.summary(self.resident)
        assert {said["outcome"] for said in summary["positions"].values()} <= {"accept", "exception"}
        assert {position_name(position) for position in PLAN} <= set(summary["positions"])
        self._every_attempt_is_there_once()
        assert not self.desk.keeper.journal.verify()
        self.office.close(self.desk)
        self._folder.cleanup()

    def _finish(self) -> None:
        for _ in range(MANY):
            self.session.go_on()
            if self.session.step() is State.COMPLETE:
                break
        assert self.session.state is State.COMPLETE
        self.session.sign("Ibu Kartini")
        self.session.finish()

    def _every_attempt_is_there_once(self) -> None:
        looks = [
            (o.head.position, o.head.attempt)
            for o in self.office.record(self.resident)
            if o.head.kind is EntryKind.EVENT and o.head.attempt is not None and o.head.code.startswith("captured")
        ]
        assert len(looks) == len(set(looks))


TestDesk = Desk.TestCase
TestDesk.settings = settings(
    max_examples=12, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck)
)
