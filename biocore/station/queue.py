"""Tickets, and whose turn it is: pure functions of what the day book holds.

The line has two sides, those who may go first (the old, the disabled, the pregnant) and all others; on each side
those carried over from an earlier day come before those of today, and within that the ticket that was issued
earlier. Priority goes first, but after so many of them in a row (`QueueRules.priority_in_a_row`) one of the others
does, so that neither side starves the other. Whoever did not come when called is passed over until so many others
were called, and then comes at the old place.

Order is that of sequence numbers of the day book; no clock has a say in it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from biocore.station.office import QueueRules


class Priority(StrEnum):
    """Why somebody may go first (UU 25/2009, article 29: services owe certain members of the public special care)."""

    NONE = "none"
    ELDERLY = "elderly"
    DISABLED = "disabled"
    PREGNANT = "pregnant"


class TicketState(StrEnum):
    """Where a ticket is."""

    WAITING = "waiting"
    CALLED = "called"  # at the desk, or on the way to it
    DONE = "done"
    MISSED = "missed"  # did not come to any call; whoever comes with it is taken back
    CANCELLED = "cancelled"  # given back


OPEN = (TicketState.WAITING, TicketState.CALLED)


@dataclass(frozen=True, slots=True)
class Ticket:
    """A number in the queue; it knows nobody's name.

    Attributes
    ----------
    id : int
        In the day book; numbers come again, this does not.
    number : int
        What is called out; unique on each day.
    booked, due : date
        The day it was issued for, and the day it is to be served on.
    state : TicketState
    priority : Priority
    village : str
        One of the office's list, or empty.
    issued : int
        Sequence number of its issue.
    carried : int
        How often it was carried over to another day.
    calls : int
        How often it was called.
    not_before : int
        Calls of the whole day book that must be made before it is called again.
    desk : int or None
        Where it was called to.
    resident : str or None
        Random name of the journal's record.
    """

    id: int
    number: int
    booked: date
    due: date
    state: TicketState
    priority: Priority
    village: str
    issued: int
    carried: int
    calls: int
    not_before: int
    desk: int | None
    resident: str | None

    @property
    def place(self) -> tuple[bool, int]:
        """What tickets of one side are sorted by."""
        return not self.carried, self.issued


def line(waiting: Iterable[Ticket], called: int, run: int, rules: QueueRules) -> list[Ticket]:
    """Return waiting tickets in the order in which they will be called, if everybody comes.

    Parameters
    ----------
    waiting : iterable of Ticket
    called : int
        Calls made so far, in the whole day book.
    run : int
        How many of the latest calls went to priority, in a row.
    rules : QueueRules
    """
    left = sorted(waiting, key=lambda ticket: ticket.place)
    order = []
    while left:
        ticket = pick(left, called, run, rules)
        left.remove(ticket)
        order.append(ticket)
        called += 1
        run = run + 1 if ticket.priority is not Priority.NONE else 0
    return order


def pick(waiting: Sequence[Ticket], called: int, run: int, rules: QueueRules) -> Ticket:
    """Return whose turn it is; `waiting` must not be empty, the rest is as in `line`."""
    ready = [ticket for ticket in waiting if ticket.not_before <= called]
    if not ready:  # only people who did not come are left: no reason to let the desk stand empty
        soonest = min(ticket.not_before for ticket in waiting)
        ready = [ticket for ticket in waiting if ticket.not_before == soonest]
    first = [ticket for ticket in ready if ticket.priority is not Priority.NONE]
    others = [ticket for ticket in ready if ticket.priority is Priority.NONE]
    side = first if first and (run < rules.priority_in_a_row or not others) else others
    return min(side, key=lambda ticket: ticket.place)
