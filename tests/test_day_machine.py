"""The queue under any sequence of calls, with a kill between any two: nobody lost, nobody twice, order kept."""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from biocore.errors import DayStateError, QuotaError
from biocore.station.day import DayBook
from biocore.station.office import Office
from biocore.station.queue import OPEN, Priority, Ticket, TicketState
from day_support import FRIDAY, OFFICE, SetClock

RULES = replace(OFFICE.rules, recall_after=2, recalls=1)
OFFICE_OF_12: Office = replace(OFFICE, quota=12, desks=2, rules=RULES)
desks = st.integers(1, 2)


class Queue(RuleBasedStateMachine):
    """A day book beside what the test knows by itself: ids in, ids served, and the calls between."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.clock = SetClock()
        self.books: list[DayBook] = []
        self.issued: dict[int, Ticket] = {}
        self.done: set[int] = set()
        self.gone: set[int] = set()  # given back
        self.missed: set[int] = set()

    @initialize()
    def begin(self) -> None:
        self.reopen()

    @rule()
    def reopen(self) -> None:
        """Kill: the book is left as it is, and another process opens it after a power cut."""
        self.clock.power_cut(60)
        self.books.append(DayBook(self.folder, OFFICE_OF_12, clock=self.clock))

    @property
    def book(self) -> DayBook:
        return self.books[-1]

    @rule(skew=st.sampled_from([-400 * 86_400, -3600, 0, 0, 3600, 400 * 86_400]))
    def the_wall_clock_jumps(self, skew: int) -> None:
        self.clock.skew = timedelta(seconds=skew)

    @rule(seconds=st.integers(1, 4000))
    def time_passes(self, seconds: int) -> None:
        self.clock.go(seconds)

    @rule(priority=st.sampled_from(Priority), ahead=st.integers(0, 4))
    def issue(self, priority: Priority, ahead: int) -> None:
        day = self.book.today + timedelta(days=ahead)
        out = {ticket.number for ticket in self.open_tickets()} | {ticket.number for ticket in self.of(day)}
        try:
            ticket = self.book.issue("", priority, day)
        except QuotaError:
            assert sum(day in (t.due, t.booked) for t in self.known() if t.id not in self.gone) >= OFFICE_OF_12.quota
            return
        except DayStateError:
            assert not OFFICE_OF_12.is_open_on(day)
            return
        assert ticket.id not in self.issued
        assert ticket.number not in out
        self.issued[ticket.id] = ticket

    @rule(desk=desks)
    def call(self, desk: int) -> None:
        line = self.book.view().line
        busy = {ticket.desk for ticket in self.open_tickets() if ticket.state is TicketState.CALLED}
        try:
            ticket = self.book.call(desk)
        except DayStateError:
            assert not line or desk in busy
            return
        assert desk not in busy
        assert ticket.id == line[0].id  # whoever was told to be next is next
        self.in_order(ticket, line)

    def in_order(self, ticket: Ticket, line: tuple[Ticket, ...]) -> None:
        """Nobody of the same side who came every time was there before, and nobody carried over was passed by."""
        for other in line:
            same_side = (other.priority is Priority.NONE) is (ticket.priority is Priority.NONE)
            if other.id != ticket.id and same_side and other.calls == 0:
                assert (not ticket.carried, ticket.issued) < (not other.carried, other.issued)

    @rule(data=st.data(), absent=st.booleans())
    @precondition(lambda self: self.at_desks())
    def finish(self, data: st.DataObject, absent: bool) -> None:
        ticket = data.draw(st.sampled_from(self.at_desks()))
        assert ticket.id not in self.done
        if absent:
            if self.book.absent(ticket.number).state is TicketState.MISSED:
                assert ticket.calls > RULES.recalls
                self.missed.add(ticket.id)
            return
        self.book.done(ticket.number, f"{ticket.id:032x}")
        self.done.add(ticket.id)

    @rule(data=st.data())
    def somebody_comes_back(self, data: st.DataObject) -> None:
        if not self.missed:
            return
        ident = data.draw(st.sampled_from(sorted(self.missed)))
        before = self.book._store.ticket(ident)
        back = self.book.back(before.number)
        assert back.state is TicketState.WAITING
        assert back.due == self.book.today
        self.missed.discard(back.id)

    @rule(data=st.data())
    def cancel(self, data: st.DataObject) -> None:
        waiting = [ticket for ticket in self.open_tickets() if ticket.state is TicketState.WAITING]
        if waiting:
            ticket = data.draw(st.sampled_from(waiting))
            self.book.cancel(ticket.number, ticket.due)
            self.gone.add(ticket.id)

    @rule(to_one_day=st.booleans())
    def carry(self, to_one_day: bool) -> None:
        today = self.book.today
        expected = {ticket.id for ticket in self.open_tickets() if ticket.due == today}
        moved = self.book.carry(today + timedelta(days=1) if to_one_day else None)
        assert {move.after.id for move in moved} == expected
        assert all(move.after.due > today for move in moved)

    @rule(days=st.integers(-2, 3))
    def the_operator_says_which_day(self, days: int) -> None:
        self.book.open(max(FRIDAY, self.book.today + timedelta(days=days)))

    def known(self) -> list[Ticket]:
        return [self.book._store.ticket(ident) for ident in self.issued]

    def of(self, day: date) -> list[Ticket]:
        return [ticket for ticket in self.known() if ticket.due == day]

    def open_tickets(self) -> list[Ticket]:
        return [ticket for ticket in self.known() if ticket.state in OPEN]

    def at_desks(self) -> list[Ticket]:
        today = self.book.today if self.books else FRIDAY
        return [t for t in self.open_tickets() if t.state is TicketState.CALLED and t.due == today]

    @invariant()
    def nobody_is_lost_and_nobody_is_served_twice(self) -> None:
        if not self.books:
            return
        states = {ticket.id: ticket.state for ticket in self.known()}
        assert {ident for ident, state in states.items() if state is TicketState.DONE} == self.done
        assert {ident for ident, state in states.items() if state is TicketState.CANCELLED} == self.gone
        assert {ident for ident, state in states.items() if state is TicketState.MISSED} == self.missed
        today = self.book.today
        assert all(ticket.due >= today for ticket in self.open_tickets())
        view = self.book.view()
        waiting = {t.id for t in self.open_tickets() if t.state is TicketState.WAITING and t.due == today}
        assert len(view.line) == len(waiting)
        assert {ticket.id for ticket in view.line} == waiting

    @invariant()
    def numbers_are_unique_on_each_day(self) -> None:
        if self.books:
            places = [(ticket.due, ticket.number) for ticket in self.known()]
            assert len(places) == len(set(places))

    def teardown(self) -> None:
        for book in self.books:
            book.close()
        shutil.rmtree(self.folder)


TestQueue = Queue.TestCase
TestQueue.settings = settings(
    max_examples=40, stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck)
)
