"""A session over a journal whose disk fails: mended once without a word to the clerk, waited for after that."""

from __future__ import annotations

import errno
from collections.abc import Callable
from pathlib import Path

import pytest

from biocore.errors import CentreKeyError, JournalClosedError, JournalError, JournalReserveError, SessionError
from biocore.report import Outcome
from biocore.station import EntryKind, Item, Journal, SpaceLevel
from biocore.station.disk import Disk
from biocore.station.exceptions import Absence, ExceptionKind
from biocore.station.ledger import JournalKeeper, Ledger
from biocore.station.session import Session
from biocore.station.session_begin import Desk
from biocore.station.session_events import Accepted, JournalTrouble, Looked, ReserveInUse
from biocore.station.session_state import State
from journal_support import SMALL_RESERVE, finger_items
from session_support import F, Office

INDEX = (F.RIGHT_INDEX, F.LEFT_INDEX)
POINTS = ("write", "sync", "before_commit")


class SickDisk(Disk):
    """A disk that fails at a point as long as `sick` says so; each fault uses one up."""

    def __init__(self) -> None:
        self.sick = 0
        self.point = "write"
        self.code = errno.EIO

    def fall_ill(self) -> None:
        self.sick = 10**6

    def write(self, fd: int, data: memoryview, offset: int) -> int:
        self._strike("write")
        return super().write(fd, data, offset)

    def sync(self, fd: int) -> None:
        self._strike("sync")
        super().sync(fd)

    def before_commit(self) -> None:
        self._strike("before_commit")

    def _strike(self, point: str) -> None:
        if self.sick and point == self.point:
            self.sick -= 1
            raise OSError(self.code, "the disk is sick")


@pytest.fixture
def disk() -> SickDisk:
    return SickDisk()


@pytest.fixture
def office(tmp_path: Path, disk: SickDisk) -> Office:
    found = Office(tmp_path)
    centre_key = found.centre.key()
    found.journal = lambda: Journal(  # type: ignore[method-assign]
        tmp_path, centre_key, clock=found.clock, disk=disk, reserve=SMALL_RESERVE
    )
    return found


def stored(office: Office, session: Session) -> list[tuple[str, int | None, EntryKind]]:
    return [
        (o.head.position, o.head.attempt, o.head.kind)
        for o in office.record(session.resident, unfinished=session.state is not State.FINISHED)
        if o.head.kind is EntryKind.FRAME
    ]


@pytest.mark.parametrize("point", POINTS)
def test_one_fault_of_the_disk_is_mended_and_nothing_is_there_twice(office: Office, disk: SickDisk, point: str) -> None:
    session = office.begin(plan=INDEX)
    disk.point, disk.sick = point, 1
    assert session.step() is State.READY
    (trouble,) = office.events(JournalTrouble)
    assert trouble.recovered
    assert session.run() is State.COMPLETE
    session.finish()
    assert stored(office, session) == [("finger:2", 1, EntryKind.FRAME), ("finger:7", 1, EntryKind.FRAME)]
    assert office.summary(session.resident)["journal_faults"] == [trouble.error]
    assert not session.desk.keeper.journal.verify()


@pytest.mark.parametrize("point", POINTS)
def test_a_disk_that_stays_sick_makes_the_session_wait_with_the_finger_in_its_hand(
    office: Office, disk: SickDisk, point: str
) -> None:
    slept: list[float] = []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        if len(slept) == 3:
            disk.sick = 0

    session = office.begin(office.desk(sleep=sleep), plan=INDEX)
    disk.point = point
    office.person.surprise(F.RIGHT_INDEX, disk.fall_ill)
    assert session.step() is State.BLOCKED
    assert not office.events(Accepted)  # nothing is told that does not last
    assert not office.events(Looked)
    assert session.outcome(F.RIGHT_INDEX) is Outcome.ACCEPT
    with pytest.raises(SessionError, match="wait for it"):
        session.finish()
    assert session.run() is State.COMPLETE
    assert len(slept) == 3
    assert len(office.events(Accepted)) == 2
    assert office.person.shown == [F.RIGHT_INDEX, F.LEFT_INDEX]  # nobody had to show a finger again
    session.finish()
    assert stored(office, session) == [("finger:2", 1, EntryKind.FRAME), ("finger:7", 1, EntryKind.FRAME)]


def test_what_people_say_while_the_journal_takes_nothing_waits_in_order(office: Office, disk: SickDisk) -> None:
    session = office.begin(plan=INDEX)
    office.person.surprise(F.RIGHT_INDEX, disk.fall_ill)
    session.step()
    session.declare_missing(F.LEFT_INDEX, Absence(ExceptionKind.BANDAGED))
    assert session.state is State.BLOCKED
    disk.sick = 0
    assert session.run() is State.COMPLETE
    kinds = [(o.head.position, o.head.code) for o in office.record(session.resident, unfinished=True)]
    assert kinds.index(("finger:2", "captured_single_first")) < kinds.index(("finger:7", "missing"))


@pytest.mark.parametrize("point", POINTS)
def test_a_fault_while_beginning_leaves_one_resident(office: Office, disk: SickDisk, point: str) -> None:
    desk = office.desk()
    disk.point, disk.sick = point, 1
    session = office.begin(desk, plan=INDEX)
    assert [progress.resident for progress in desk.keeper.journal.unfinished()] == [session.resident]
    assert session.run() is State.COMPLETE
    assert office.events(JournalTrouble)[0].recovered


@pytest.mark.parametrize("point", POINTS)
def test_a_fault_while_closing_closes_once(office: Office, disk: SickDisk, point: str) -> None:
    session = office.begin(plan=(F.RIGHT_INDEX,))
    assert session.run() is State.COMPLETE
    disk.point, disk.sick = point, 1
    session.finish()
    assert office.record(session.resident)[-1].head.kind is EntryKind.CLOSE


def test_a_record_that_cannot_be_closed_is_closed_later(office: Office, disk: SickDisk) -> None:
    session = office.begin(plan=(F.RIGHT_INDEX,))
    assert session.run() is State.COMPLETE
    disk.sick = 10_000
    with pytest.raises(JournalError):
        session.finish()
    assert session.state is State.BLOCKED
    disk.sick = 0
    session.finish()
    assert office.record(session.resident)[-1].head.kind is EntryKind.CLOSE


def test_a_key_that_ends_while_somebody_is_there_is_waited_for_too(office: Office, disk: SickDisk) -> None:
    desk = office.desk()
    real = office.journal

    def expired() -> Journal:
        raise CentreKeyError("the key has expired")

    session = office.begin(desk, plan=INDEX)
    desk.keeper._open = expired
    office.person.surprise(F.RIGHT_INDEX, disk.fall_ill)
    assert session.step() is State.BLOCKED
    assert office.events(JournalTrouble)[-1].error == "CentreKeyError"
    desk.keeper._open, disk.sick = real, 0
    assert session.run() is State.COMPLETE
    assert len(stored(office, session)) == 2


def test_a_full_disk_lets_this_resident_be_finished_on_the_reserve(office: Office, disk: SickDisk) -> None:
    session = office.begin(plan=INDEX)
    disk.code, disk.sick = errno.ENOSPC, 1  # the journal gives up its reserve, and writes again
    assert session.run() is State.COMPLETE
    session.finish()
    (event,) = office.events(ReserveInUse)
    assert "reserve" in event.message
    assert not office.events(JournalTrouble)
    assert session.desk.keeper.journal.space().level is SpaceLevel.RESERVE


def test_a_disk_that_is_full_to_the_brim_is_waited_for(office: Office, disk: SickDisk) -> None:
    def sleep(seconds: float) -> None:
        disk.sick = 0

    session = office.begin(office.desk(sleep=sleep), plan=INDEX)
    disk.code = errno.ENOSPC
    office.person.surprise(F.RIGHT_INDEX, disk.fall_ill)
    assert session.step() is State.BLOCKED
    assert office.events(JournalTrouble)[-1].error == "JournalFullError"
    assert session.run() is State.COMPLETE
    assert len(stored(office, session)) == 2


def test_nobody_is_begun_without_room(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("biocore.station.space.Space.hold", lambda self: False)
    with pytest.raises(JournalReserveError):
        office.begin(plan=INDEX)


def test_a_journal_that_somebody_else_opened_anew_is_found(office: Office) -> None:
    desk: Desk = office.desk()
    session = office.begin(desk, plan=INDEX)
    desk.keeper.reopen(desk.keeper.journal)
    assert session.run() is State.COMPLETE
    assert office.events(JournalTrouble)[0].error == JournalClosedError.__name__
    assert len(stored(office, session)) == 2


def test_a_batch_is_known_again_by_all_that_its_heads_say(office: Office, disk: SickDisk) -> None:
    """The same finger at the same attempt, and another score: that is another batch."""
    mended: list[JournalError] = []
    with JournalKeeper(office.journal) as keeper:
        ledger = Ledger.begin(keeper, b"", None, "text/plain", mended.append)
        for number, position in enumerate(INDEX, 1):
            disk.point, disk.sick = "before_commit", 1  # written, and not in the index: recovery finds it
            ledger.record(*finger_items(position))
            assert len(mended) == number
        ledger.record(Item(EntryKind.EVENT, code="paused"))
        ledger.close(b"{}")
        ledger.close(b"{}")  # a second time does nothing
        kinds = [head.kind for head in ledger.heads() if head.position or head.kind is EntryKind.CLOSE]
    one_finger: Callable[[], list[EntryKind]] = lambda: [item.kind for item in finger_items(F.RIGHT_INDEX)]  # noqa: E731
    assert kinds == [*one_finger(), *one_finger(), EntryKind.CLOSE]
