"""The day book: whose turn it is, quotas, carrying over, and clocks that lie."""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import subprocess
import sys
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from biocore.errors import DayFileError, DayStateError, QuotaError
from biocore.station.day import DayBook
from biocore.station.day_store import FILE
from biocore.station.queue import Priority, TicketState
from day_support import FRIDAY, MONDAY, OFFICE, SATURDAY, SetClock, a_book, serve

NAME = "ab" * 16  # of a record


def test_numbers_24_to_100_are_carried_over_to_the_open_saturday(tmp_path: Path) -> None:
    clock = SetClock()
    with a_book(tmp_path, clock) as book:
        assert [book.issue().number for _ in range(100)] == list(range(1, 101))
        for _ in range(23):
            serve(book, clock)
        moved = book.carry()
    assert [(move.before.number, move.after.number, move.after.due) for move in moved] == [
        (number, number, SATURDAY) for number in range(24, 101)
    ]
    clock.to(SATURDAY, 8)
    with a_book(tmp_path, clock) as book:
        assert [book.issue().number for _ in range(23)] == list(range(101, 124))
        with pytest.raises(QuotaError, match="the next day with room is 2026-11-23") as full:
            book.issue()
        assert full.value.next_free == MONDAY.isoformat()
        assert [serve(book, clock).number for _ in range(100)] == [*range(24, 101), *range(101, 124)]


def test_what_does_not_fit_on_the_next_day_goes_to_the_one_after(tmp_path: Path) -> None:
    with a_book(tmp_path) as book:
        for _ in range(60):
            book.issue(day=SATURDAY)
        for _ in range(100):
            book.issue()
        days = [move.after.due for move in book.carry()]
    assert days == [SATURDAY] * 40 + [MONDAY] * 60


def test_the_office_may_carry_all_of_them_to_one_day(tmp_path: Path) -> None:
    sunday = SATURDAY + timedelta(days=1)
    with a_book(tmp_path) as book:
        for _ in range(100):
            book.issue()
        assert {move.after.due for move in book.carry(sunday)} == {sunday}
        back = book.carry(FRIDAY, source=sunday)
        assert [move.after.number for move in back] == list(range(1, 101))
        assert back[0].after.carried == 2
        with pytest.raises(DayStateError, match="no day that numbers"):
            book.carry(FRIDAY - timedelta(days=1))


def test_places_of_those_carried_away_are_not_given_again(tmp_path: Path) -> None:
    with a_book(tmp_path) as book:
        for _ in range(100):
            book.issue()
        book.carry()
        with pytest.raises(QuotaError):
            book.issue()


def test_an_evening_without_carry_is_made_up_for_in_the_morning(tmp_path: Path) -> None:
    clock = SetClock()
    with a_book(tmp_path, clock) as book:
        for _ in range(30):
            book.issue()
    clock.power_cut(3600)
    clock.to(MONDAY, 8)
    with a_book(tmp_path, clock) as book:
        assert book.issue().number == 31
        assert book.call().number == 1
        assert {ticket.due for ticket in book.view().tickets} == {MONDAY}


def test_the_old_and_disabled_go_first_but_never_alone(tmp_path: Path) -> None:
    clock = SetClock()
    with a_book(tmp_path, clock) as book:
        for number in range(1, 13):
            book.issue(priority=Priority.ELDERLY if number > 6 else Priority.NONE)
        assert [serve(book, clock).number for _ in range(12)] == [7, 8, 1, 9, 10, 2, 11, 12, 3, 4, 5, 6]


def test_who_was_carried_over_goes_before_who_is_new_on_the_same_side(tmp_path: Path) -> None:
    clock = SetClock()
    with a_book(tmp_path, clock) as book:
        booked = book.issue(day=SATURDAY)
        ordinary = book.issue()
        disabled = book.issue(priority=Priority.DISABLED)
        book.carry()
        clock.to(SATURDAY, 8)
        new = book.issue(priority=Priority.ELDERLY)
        late = book.issue()
        order = [serve(book, clock).number for _ in range(5)]
    assert order == [disabled.number, new.number, ordinary.number, booked.number, late.number]


def test_who_does_not_come_is_called_again_later_and_then_missed(tmp_path: Path) -> None:
    clock = SetClock()
    with a_book(tmp_path, clock) as book:
        for _ in range(30):
            book.issue()
        called = []
        for _ in range(20):
            ticket = book.call()
            called.append(ticket.number)
            last = book.absent(1) if ticket.number == 1 else book.done(ticket.number)
        assert called == [1, 2, 3, 4, 5, 6, 1, 7, 8, 9, 10, 11, 1, 12, 13, 14, 15, 16, 17, 18]
        assert last.state is TicketState.DONE
        assert book.find(1).state is TicketState.MISSED
        clock.to(SATURDAY, 9)
        book.issue()
        back = book.back(1)
        assert (back.due, back.state) == (SATURDAY, TicketState.WAITING)
        assert book.call().number == 19
        book.done(19)


def test_somebody_who_comes_back_gets_another_number_where_the_own_is_taken(tmp_path: Path) -> None:
    clock = SetClock()
    office = replace(OFFICE, rules=replace(OFFICE.rules, recalls=0))
    with a_book(tmp_path, clock, office) as book:
        book.issue()
        book.call()
        assert book.absent(1).state is TicketState.MISSED
        clock.to(SATURDAY, 8)
        assert book.issue().number == 1
        assert book.back(1).number == 2
        book.call(number=1)
        with pytest.raises(DayStateError, match="nothing to come back to"):
            book.back(1)


def test_a_desk_never_stands_empty_for_somebody_who_did_not_come(tmp_path: Path) -> None:
    with a_book(tmp_path) as book:
        book.issue()
        book.call()
        book.absent(1)
        assert book.call().number == 1


def test_each_step_is_refused_where_it_makes_no_sense(tmp_path: Path) -> None:
    with a_book(tmp_path) as book:
        with pytest.raises(DayStateError, match="nobody is waiting"):
            book.call()
        with pytest.raises(DayStateError, match="no number 7 on 2026-11-20"):
            book.done(7)
        book.issue("Karangduwet")
        book.issue(day=SATURDAY)
        with pytest.raises(DayStateError, match="there is one for 2026-11-21"):
            book.done(2)
        with pytest.raises(DayStateError, match="waiting, not at a desk"):
            book.done(1)
        book.call()
        with pytest.raises(DayStateError, match="number 1 is at desk 1"):
            book.call()
        with pytest.raises(DayStateError, match="desks are 1 to 1, not 2"):
            book.call(2)
        with pytest.raises(DayStateError, match="cannot be given back"):
            book.cancel(1)
        book.done(1)
        with pytest.raises(DayStateError, match="done, not at a desk"):
            book.done(1)
        with pytest.raises(DayStateError, match="done, and cannot be called"):
            book.call(number=1)
        with pytest.raises(DayStateError, match="not open; the next day with room is 2026-11-21"):
            book.issue(day=SATURDAY + timedelta(days=1))
        with pytest.raises(DayStateError, match="one word"):
            book.pause("Pak Budi is ill")
        book.cancel(2, SATURDAY)
        with pytest.raises(DayStateError, match="cannot be given back"):
            book.cancel(2, SATURDAY)


def test_a_village_is_of_the_office_s_list_so_that_no_name_gets_in(tmp_path: Path) -> None:
    with a_book(tmp_path) as book, pytest.raises(DayStateError, match="not in the office's file") as caught:
        book.issue("Siti Aminah 3471012345678901")
    assert "Siti" not in str(caught.value)


def test_a_record_belongs_to_one_number_only(tmp_path: Path) -> None:
    with a_book(tmp_path) as book:
        book.issue()
        book.issue()
        book.call()
        with pytest.raises(DayStateError, match="32 hexadecimal digits"):
            book.link(1, "../etc/passwd")
        assert book.link(1, NAME).resident == NAME
        book.done(1)
        book.call()
        with pytest.raises(DayStateError, match="belongs to number 1 of 2026-11-20 already"):
            book.done(2, NAME)


def test_a_record_finished_before_the_power_went_closes_its_number(tmp_path: Path) -> None:
    clock = SetClock()
    with a_book(tmp_path, clock) as book:
        book.issue()
        book.call()
        book.link(1, NAME)
    clock.power_cut(1800)
    with a_book(tmp_path, clock) as book:
        assert book.settle({"cd" * 16}) == []
        assert [ticket.number for ticket in book.settle({NAME})] == [1]
        assert book.settle({NAME}) == []
        assert book.find(1).state is TicketState.DONE


def test_a_number_at_the_desk_when_the_day_ends_waits_again_and_keeps_its_record(tmp_path: Path) -> None:
    clock = SetClock()
    with a_book(tmp_path, clock) as book:
        book.issue()
        book.call()
        book.link(1, NAME)
        (moved,) = book.carry()
        assert (moved.after.state, moved.after.resident) == (TicketState.WAITING, NAME)
        clock.to(SATURDAY, 8)
        assert book.call().resident == NAME


def test_a_clock_that_falls_back_a_year_moves_neither_day_nor_order(tmp_path: Path) -> None:
    clock = SetClock()
    with a_book(tmp_path, clock) as book:
        for _ in range(4):
            book.issue()
        serve(book, clock)
        clock.skew = -timedelta(days=365)
        assert book.today == FRIDAY
        assert book.issue().number == 5
        assert [serve(book, clock).number for _ in range(2)] == [2, 3]
        view = book.view()
        assert not view.now.sound
        assert abs(view.now.at - clock.true) < timedelta(seconds=1)  # the monotonic clock went on
    clock.power_cut(600)
    with a_book(tmp_path, clock) as book:
        assert book.today == FRIDAY
        assert book.call().number == 4


def test_a_clock_that_leaps_ahead_a_year_is_not_believed(tmp_path: Path) -> None:
    clock = SetClock()
    with a_book(tmp_path, clock) as book:
        book.issue()
        clock.skew = timedelta(days=365)
        assert book.today == FRIDAY
        clock.skew = timedelta()
        assert book.view().now.sound


def test_an_operator_can_say_which_day_it_is(tmp_path: Path) -> None:
    clock = SetClock()
    with a_book(tmp_path, clock) as book:
        book.issue()
    clock.power_cut(86_400)
    clock.skew = -timedelta(days=9000)
    with a_book(tmp_path, clock) as book:
        assert book.today == FRIDAY
        assert [move.after.due for move in book.open(SATURDAY)] == [SATURDAY]
        assert book.today == SATURDAY
        assert book.call().number == 1


def test_a_day_that_was_opened_by_a_clock_three_days_ahead_is_left_again(tmp_path: Path) -> None:
    clock = SetClock()
    with a_book(tmp_path, clock) as book:
        book.issue()
        clock.skew = timedelta(days=3)
        assert book.today == MONDAY
        book.issue()
        clock.skew = timedelta()
        assert book.today == MONDAY
        moved = book.open(FRIDAY)
        assert sorted(move.after.number for move in moved) == [1, 2]
        assert book.today == FRIDAY
        assert [book.done(book.call().number).number for _ in range(2)] == [1, 2]


def test_two_processes_share_one_queue(tmp_path: Path) -> None:
    office, clock = replace(OFFICE, desks=2), SetClock()
    with a_book(tmp_path, clock, office) as one, a_book(tmp_path, clock, office) as other:
        assert [one.issue().number, other.issue().number, one.issue().number] == [1, 2, 3]
        assert (one.call(1).number, other.call(2).number) == (1, 2)
        other.done(1)
        assert one.call(1).number == 3


def test_what_cannot_be_a_day_book_is_named(tmp_path: Path) -> None:
    (tmp_path / FILE).write_bytes(b"not a database, but long enough to be looked at" * 100)
    with pytest.raises(DayFileError, match=r"day\.db: is no day book; move it away"):
        DayBook(tmp_path)
    with pytest.raises(DayFileError, match="cannot be used: Not a directory"):
        DayBook(Path("/dev/null/x"))


def test_a_newer_book_is_not_touched(tmp_path: Path) -> None:
    with a_book(tmp_path):
        pass
    with sqlite3.connect(tmp_path / FILE) as db:
        db.execute("PRAGMA user_version = 9")
    db.close()
    with pytest.raises(DayFileError, match="has version 9"):
        DayBook(tmp_path)


def test_the_book_is_its_owner_s_alone_and_follows_no_link(tmp_path: Path) -> None:
    folder = tmp_path / "day"
    with a_book(folder) as book:
        book.issue()
        modes = {path.name: path.stat().st_mode & 0o777 for path in folder.iterdir()}
    assert folder.stat().st_mode & 0o777 == 0o700
    assert set(modes.values()) == {0o600}
    assert len(modes) == 3  # with SQLite's log and its index
    victim = tmp_path / "victim"
    victim.write_text("precious")
    (tmp_path / "trap").mkdir()
    (tmp_path / "trap" / FILE).symlink_to(victim)
    with pytest.raises(DayFileError, match="symbolic links"):
        DayBook(tmp_path / "trap")
    assert victim.read_text() == "precious"


KILLED = """
import sys, random
from pathlib import Path
from biocore.station.day import DayBook
from biocore.station.office import read_office
office = read_office(b"[office]\\nname = 'Uji'\\ntimezone = 'Asia/Jakarta'\\nquota = 2000")
book, rng = DayBook(Path(sys.argv[1]), office), random.Random(int(sys.argv[2]))
while True:
    ticket = book.issue()
    print("issue", ticket.id, flush=True)
    if rng.random() < 0.7:
        ticket = book.call()
        print("call", ticket.id, flush=True)
        ticket = book.done(ticket.number) if rng.random() < 0.8 else book.absent(ticket.number)
        print(ticket.state.value, ticket.id, flush=True)
"""


@pytest.mark.parametrize("seed", range(4))
def test_what_was_answered_before_a_kill_is_there_after_it(tmp_path: Path, seed: int) -> None:
    rng, acknowledged = random.Random(seed), list[tuple[str, int]]()
    for life in range(3):
        child = subprocess.Popen(
            [sys.executable, "-c", KILLED, str(tmp_path), str(seed * 10 + life)], stdout=subprocess.PIPE, text=True
        )
        assert child.stdout is not None
        for _ in range(rng.randrange(5, 40)):
            acknowledged.append(parsed(child.stdout.readline()))
        os.kill(child.pid, signal.SIGKILL)
        rest, _ = child.communicate()
        acknowledged += [parsed(line) for line in rest.splitlines() if len(line.split()) == 2]
        with DayBook(tmp_path) as book:
            here = [ticket for ticket in book.view().tickets if ticket.state is TicketState.CALLED]
            for ticket in here:  # whoever was at the desk is still there, and can be finished
                book.absent(ticket.number)
    with DayBook(tmp_path) as book:
        tickets = {ident: book._store.ticket(ident) for _, ident in acknowledged}
    done = [ident for word, ident in acknowledged if word == "done"]
    assert len(done) == len(set(done)) > 0
    assert all(tickets[ident].state is TicketState.DONE for ident in done)


def parsed(line: str) -> tuple[str, int]:
    word, ident = line.split()
    return word, int(ident)


def test_numbers_begin_anew_when_nobody_waits(tmp_path: Path) -> None:
    clock = SetClock()
    with a_book(tmp_path, clock) as book:
        book.issue()
        serve(book, clock)
        clock.to(date(2026, 11, 24), 8)
        assert book.issue().number == 1
