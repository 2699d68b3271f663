"""The day: tickets, whose turn it is, and what is carried over; nobody is lost, and nobody is served twice.

>>> with DayBook(folder, read_office(path)) as book:
...     ticket = book.issue("Karangduwet", Priority.ELDERLY)
...     ticket = book.call()
...     book.link(ticket.number, recording.resident)
...     book.done(ticket.number)
...     book.carry()  # in the evening: who still waits comes on the next days that have room

Each call is one transaction; when it returns, the disk has it. A crash between two calls leaves whoever was at the
desk there, and `settle` closes those whose recording was finished.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time
from pathlib import Path
from types import TracebackType

from biocore.errors import DayStateError, QuotaError
from biocore.station.clock import Clock, SystemClock
from biocore.station.day_clock import Stamp, stamp
from biocore.station.day_store import DayEvent, DayStore, Kind
from biocore.station.entry import MAX_TICKET
from biocore.station.office import Office, read_office
from biocore.station.queue import OPEN, Priority, Ticket, TicketState, line, pick

_EARLIER = 5  # days before, whose pace is a first guess at today's
_CODE = re.compile(r"[a-z][a-z_]{0,39}")  # why there is a pause, in one word of the program's: no free text
_RESIDENT = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True, slots=True)
class Moved:
    """A ticket that was carried over: as it was, and as it is."""

    before: Ticket
    after: Ticket


@dataclass(frozen=True, slots=True)
class DayView:
    """All that is known of a day at one instant; what forecasts and publications are made from.

    Attributes
    ----------
    office : Office
    today : date
    now : Stamp
    tickets : tuple of Ticket
        All that are due today, by number.
    line : tuple of Ticket
        Those who wait, in the order in which they will be called.
    later : tuple of (date, int)
        Places taken on the days after.
    events : tuple of DayEvent
        Of today.
    earlier : tuple of tuple of DayEvent
        Of the days before, newest first.
    paused : str
        Why recording pauses, empty where it does not.
    """

    office: Office
    today: date
    now: Stamp
    tickets: tuple[Ticket, ...]
    line: tuple[Ticket, ...]
    later: tuple[tuple[date, int], ...]
    events: tuple[DayEvent, ...]
    earlier: tuple[tuple[DayEvent, ...], ...]
    paused: str

    def count(self, *states: TicketState) -> int:
        """Return how many of today's tickets are in one of these states."""
        return sum(ticket.state in states for ticket in self.tickets)


class DayBook:
    """The queue of an office; several processes may have it open.

    Parameters
    ----------
    folder : Path
        Made where it is not there.
    office : Office or None
        None is the usual one.
    clock : Clock or None

    Raises
    ------
    DayFileError
        The book cannot be opened.
    """

    def __init__(self, folder: Path, office: Office | None = None, *, clock: Clock | None = None) -> None:
        self.office = office or read_office()
        self._clock = clock or SystemClock()
        self._store = DayStore(folder)

    def close(self) -> None:
        """Close the book."""
        self._store.close()

    def __enter__(self) -> DayBook:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    # -- the calendar

    @property
    def today(self) -> date:
        """The day the book is at. A clock that falls back does not move it; `open` does."""
        with self._turned() as (today, _):
            return today

    def open(self, day: date, at: time | None = None) -> list[Moved]:
        """Say which day it is, where the clock does not know; whoever was due before is due on it.

        Parameters
        ----------
        day : date
        at : time or None
            The time now; None is the time of day that the clock shows.
        """
        with self._store.change():
            last = self._store.last_event()
            reading = self._clock.read()
            now = datetime.combine(day, at or self.office.local(reading.utc).time(), self.office.zone)
            return self._begin(day, Stamp(now.astimezone(UTC), reading, at is None), last.day if last else day)

    @contextmanager
    def _turned(self) -> Iterator[tuple[date, Stamp]]:
        """Make a change, with the day turned to what the clocks say; give the day and the instant."""
        with self._store.change():
            last = self._store.last_event()
            now = stamp(self._clock.read(), last.stamp if last else None)
            day = self.office.local(now.at).date()
            if last is None or day > last.day:
                self._begin(day, now, last.day if last else day)
                yield day, now
            else:
                yield last.day, now

    def _begin(self, day: date, now: Stamp, left: date) -> list[Moved]:
        self._store.record(Kind.OPEN, day, now)
        stale = [ticket for ticket in self._store.open() if ticket.due < day or ticket.due == left != day]
        return [self._move(ticket, day, day, now) for ticket in stale]

    def _move(self, ticket: Ticket, to: date, today: date, now: Stamp) -> Moved:
        taken = self._store.find(to, ticket.number)
        number = ticket.number if taken is None else self._store.free_number(to)
        after = replace(ticket, number=number, due=to, carried=ticket.carried + 1)
        self._store.update(after)
        self._store.record(Kind.CARRY, today, now, ticket.id)
        return Moved(ticket, after)

    # -- tickets

    def issue(self, village: str = "", priority: Priority = Priority.NONE, day: date | None = None) -> Ticket:
        """Issue the next number of today, or of a later day.

        Raises
        ------
        QuotaError
            The day is full; carries the next that is not.
        DayStateError
            A village that the office does not have, a day that is over or closed.
        """
        if village and village not in self.office.villages:
            raise DayStateError("this village is not in the office's file: add it to villages, or leave it out")
        with self._turned() as (today, now):
            day = day or today
            if day < today or (day > today and not self.office.is_open_on(day)):
                raise DayStateError(f"on {day} the office is not open; the next day with room is {self._free(today)}")
            if self._store.count(day) >= self.office.quota:
                free = self._free(today)
                raise QuotaError(
                    f"{day} is full: all {self.office.quota} places are taken; "
                    f"the next day with room is {free or 'none'}",
                    next_free=free.isoformat() if free else None,
                )
            number = self._store.free_number(day)
            if number > MAX_TICKET:
                raise DayStateError(f"numbers end at {MAX_TICKET}; numbers begin anew when nobody waits")
            sequence = self._store.record(Kind.ISSUE, today, now)
            ident = self._store.add(number, day, priority, village, sequence)
            self._store.name_ticket(sequence, ident)
            return self._store.ticket(ident)

    def _free(self, today: date) -> date | None:
        """Return the first day after today that has room."""
        days = self.office.next_open_days(today)
        return next((day for day in days if self._store.count(day) < self.office.quota), None)

    def call(self, desk: int = 1, number: int | None = None) -> Ticket:
        """Call the next number, or a certain one, to a desk.

        Raises
        ------
        DayStateError
            Somebody is at the desk, nobody waits, or that number does not.
        """
        if not 1 <= desk <= self.office.desks:
            raise DayStateError(f"desks are 1 to {self.office.desks}, not {desk}; the office's file says how many")
        with self._turned() as (today, now):
            here = next((t for t in self._store.open() if t.state is TicketState.CALLED and t.desk == desk), None)
            if here is not None:
                raise DayStateError(f"number {here.number} is at desk {desk}: say first whether done or absent")
            ticket = self._next(today) if number is None else self._find(today, number)
            if ticket.state not in (TicketState.WAITING, TicketState.MISSED):
                raise DayStateError(f"number {ticket.number} is {ticket.state}, and cannot be called")
            if self._store.pause(today):
                self._store.record(Kind.GO_ON, today, now)
            self._store.record(Kind.CALL, today, now, ticket.id, desk)
            called = replace(ticket, state=TicketState.CALLED, calls=ticket.calls + 1, desk=desk)
            self._store.update(called)
            return called

    def _next(self, today: date) -> Ticket:
        waiting = self._waiting(today)
        if not waiting:
            raise DayStateError("nobody is waiting")
        return pick(waiting, self._store.calls(), self._run(), self.office.rules)

    def _waiting(self, today: date) -> list[Ticket]:
        return [t for t in self._store.open() if t.due == today and t.state is TicketState.WAITING]

    def _run(self) -> int:
        """Return how many of the latest calls went to priority, in a row."""
        calls = self._store.latest_calls(self.office.rules.priority_in_a_row)
        sides = [self._store.ticket(ident).priority is not Priority.NONE for ident in calls]
        return sides.index(False) if False in sides else len(sides)

    def _find(self, today: date, number: int) -> Ticket:
        ticket = self._store.find(today, number)
        if ticket is None:
            other = next((t for t in self._store.by_number(number) if t.state in OPEN), None)
            when = f"; there is one for {other.due}" if other else ""
            raise DayStateError(f"there is no number {number} on {today}{when}")
        return ticket

    def _at_desk(self, today: date, number: int) -> Ticket:
        ticket = self._find(today, number)
        if ticket.state is not TicketState.CALLED:
            raise DayStateError(f"number {number} is {ticket.state}, not at a desk; call it first")
        return ticket

    def link(self, number: int, resident: str) -> Ticket:
        """Say which record of the journal belongs to the number at a desk."""
        with self._turned() as (today, _):
            return self._link(self._at_desk(today, number), resident)

    def _link(self, ticket: Ticket, resident: str) -> Ticket:
        if not _RESIDENT.fullmatch(resident):
            raise DayStateError("a record of the journal is named by 32 hexadecimal digits")
        other = self._store.of_resident(resident)
        if other is not None and other.id != ticket.id:
            raise DayStateError(f"this record belongs to number {other.number} of {other.booked} already")
        linked = replace(ticket, resident=resident)
        self._store.update(linked)
        return linked

    def done(self, number: int, resident: str | None = None) -> Ticket:
        """Say that the number at a desk is finished, and where wanted which record is theirs."""
        with self._turned() as (today, now):
            ticket = self._at_desk(today, number)
            return self._done(ticket if resident is None else self._link(ticket, resident), today, now)

    def _done(self, ticket: Ticket, today: date, now: Stamp) -> Ticket:
        self._store.record(Kind.DONE, today, now, ticket.id, ticket.desk)
        return self._changed(ticket, TicketState.DONE)

    def settle(self, finished: Collection[str]) -> list[Ticket]:
        """Close the tickets at a desk whose record is finished: the power went between the two."""
        with self._turned() as (today, now):
            return [self._done(t, today, now) for t in self._store.open() if t.resident in finished]

    def absent(self, number: int) -> Ticket:
        """Say that the number that was called did not come: called again later, and after all recalls missed."""
        with self._turned() as (today, now):
            ticket, rules = self._at_desk(today, number), self.office.rules
            self._store.record(Kind.ABSENT, today, now, ticket.id, ticket.desk)
            missed = ticket.calls > rules.recalls
            later = replace(ticket, not_before=self._store.calls() + rules.recall_after)
            return self._changed(later, TicketState.MISSED if missed else TicketState.WAITING)

    def back(self, number: int) -> Ticket:
        """Take back somebody whose number was missed, today or on an earlier day; the number may become another."""
        with self._turned() as (today, now):
            missed = (t for t in self._store.by_number(number) if t.state is TicketState.MISSED)
            ticket = next(missed, None) or self._find(today, number)
            if ticket.state is TicketState.WAITING and ticket.due == today:
                ready = replace(ticket, not_before=0)  # was to be called again later, and is here now
            elif ticket.state is TicketState.MISSED:
                taken = self._store.find(today, number)
                own = taken is None or taken.id == ticket.id
                number = number if own else self._store.free_number(today)
                ready = replace(ticket, number=number, due=today, not_before=0, calls=0)
            else:
                raise DayStateError(f"number {number} is {ticket.state}: there is nothing to come back to")
            self._store.record(Kind.BACK, today, now, ticket.id)
            return self._changed(ready, TicketState.WAITING)

    def cancel(self, number: int, day: date | None = None) -> Ticket:
        """Take back a number that is not wanted any more; its place is free again."""
        with self._turned() as (today, now):
            ticket = self._find(day or today, number)
            if ticket.state not in (TicketState.WAITING, TicketState.MISSED):
                raise DayStateError(f"number {number} is {ticket.state}, and cannot be given back")
            self._store.record(Kind.CANCEL, today, now, ticket.id)
            return self._changed(ticket, TicketState.CANCELLED)

    def _changed(self, ticket: Ticket, state: TicketState) -> Ticket:
        changed = replace(ticket, state=state, desk=None)
        self._store.update(changed)
        return changed

    def carry(self, to: date | None = None, *, source: date | None = None) -> list[Moved]:
        """Carry over who still waits, or is at a desk: to the next open days that have room, or all to one day.

        Parameters
        ----------
        to : date or None
            All to this day, whatever its quota and the calendar say: the office has decided so.
        source : date or None
            Those due on this day; None is today.
        """
        with self._turned() as (today, now):
            source = source or today
            if to is not None and (to < today or to == source):
                raise DayStateError(f"{to} is no day that numbers of {source} can be carried to; today is {today}")
            who = sorted((t for t in self._store.open() if t.due == source), key=lambda t: t.place)
            moved = []
            for ticket in who:
                day = to or self._free(max(today, source))
                if day is None:
                    raise DayStateError("the office's file has no open day with room: say to which day")
                there = self._move(self._changed(ticket, TicketState.WAITING), day, today, now)
                moved.append(Moved(ticket, there.after))
            return moved

    # -- pauses, and what is known

    def pause(self, code: str) -> None:
        """Say that recording pauses: `power`, `device`, `staff`, or another code in one word."""
        if not _CODE.fullmatch(code):
            raise DayStateError("why there is a pause is one word of lower-case letters and underscores")
        with self._turned() as (today, now):
            self._store.record(Kind.PAUSE, today, now, code=code)

    def go_on(self) -> None:
        """Say that recording goes on."""
        with self._turned() as (today, now):
            if self._store.pause(today):
                self._store.record(Kind.GO_ON, today, now)

    def find(self, number: int, day: date | None = None) -> Ticket:
        """Return a ticket that is due today, or on another day."""
        with self._turned() as (today, _):
            return self._find(day or today, number)

    def view(self) -> DayView:
        """Return all that is known of today, now."""
        with self._turned() as (today, now):
            store, waiting, events = self._store, self._waiting(today), tuple(self._store.events(today))
            later = [t.due for t in store.open() if t.due > today]
            earlier = [day for day in store.days(_EARLIER + 1) if day != today]
            return DayView(
                self.office,
                today,
                now,
                tuple(store.due(today)),
                tuple(line(waiting, store.calls(), self._run(), self.office.rules)),
                tuple((day, store.count(day)) for day in sorted(set(later))),
                events,
                tuple(tuple(store.events(day)) for day in earlier),
                store.pause(today),
            )
