"""An office that is open on weekdays and one Saturday, a clock that is set, and days that are simulated."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from biocore.station.clock import Reading
from biocore.station.day import DayBook
from biocore.station.forecast import forecast
from biocore.station.office import Office, read_office
from biocore.station.queue import Ticket

FRIDAY, SATURDAY, MONDAY = date(2026, 11, 20), date(2026, 11, 21), date(2026, 11, 23)
TOML = b"""
[office]
name = "Kantor Kecamatan Paliyan"
timezone = "Asia/Jakarta"
villages = ["Karangduwet", "Karangasem"]
[hours]
monday = ["08:00-12:00", "13:00-16:00"]
tuesday = ["08:00-12:00", "13:00-16:00"]
wednesday = ["08:00-12:00", "13:00-16:00"]
thursday = ["08:00-12:00", "13:00-16:00"]
friday = ["08:00-11:30", "13:00-16:00"]
[[special]]
date = 2026-11-21
hours = ["08:00-14:00"]
[[special]]
date = 2026-12-25
name = "Hari Raya Natal"
"""
OFFICE: Office = read_office(TOML)


@dataclass
class SetClock:
    """Both clocks, set and moved by the test; `skew` is by how much the wall clock lies."""

    true: datetime = datetime(2026, 11, 20, 1, tzinfo=UTC)  # Friday, 8 in the morning in Jakarta
    skew: timedelta = timedelta()
    boot: str = "first"
    booted: datetime = datetime(2026, 11, 20, tzinfo=UTC)

    def read(self) -> Reading:
        passed = (self.true - self.booted) // timedelta(microseconds=1)
        return Reading(self.true + self.skew, passed * 1000, self.boot)

    def go(self, seconds: float) -> None:
        self.true += timedelta(seconds=seconds)

    def to(self, day: date, hour: int, minute: int = 0) -> None:
        """Go to a time of day in Jakarta."""
        self.true = datetime(day.year, day.month, day.day, hour, minute, tzinfo=OFFICE.zone).astimezone(UTC)

    def power_cut(self, seconds: float) -> None:
        self.go(seconds)
        self.boot, self.booted = f"{self.boot}'", self.true


@contextmanager
def a_book(folder: Path, clock: SetClock | None = None, office: Office = OFFICE) -> Iterator[DayBook]:
    with DayBook(folder, office, clock=clock or SetClock()) as book:
        yield book


def serve(book: DayBook, clock: SetClock, service: float = 240, gap: float = 30) -> Ticket:
    """Call, record and finish the next number."""
    clock.go(gap)
    ticket = book.call()
    clock.go(service)
    return book.done(ticket.number)


@dataclass
class Simulated:
    """A day with people who take as long as chance says; the truth beside what was forecast on the way."""

    folder: Path
    seed: int
    mean: float = 300.0
    shape: float = 4.0  # of the gamma distribution: a standard deviation of half the mean
    office: Office = OFFICE
    served: int = 0
    said: dict[int, tuple[int, int, int]] = field(default_factory=dict)  # people served -> low, expected, high

    def run(self, ask_at: tuple[int, ...], cut_after: int = -1, cut_s: float = 3600.0) -> None:
        rng, clock = random.Random(self.seed), SetClock()
        with a_book(self.folder, clock, self.office) as book:
            book._store._db.execute("PRAGMA synchronous = OFF")  # a hundred days: no disk is tried here
            for _ in range(100):
                book.issue()
            while self.office.seconds_left(clock.true) > 60:
                clock.go(rng.gammavariate(4, 10))
                self._noon(clock)
                ticket = book.call()
                clock.go(self._service(rng, clock))
                if not self.office.seconds_left(clock.true):
                    break
                book.done(ticket.number)
                self.served += 1
                if self.served in ask_at:
                    told = forecast(book.view())
                    self.said[self.served] = told.low, told.expected, told.high
                if self.served == cut_after:
                    clock.go(cut_s)

    def _service(self, rng: random.Random, clock: SetClock) -> float:
        seconds = rng.gammavariate(self.shape, self.mean / self.shape)
        end = clock.true + timedelta(seconds=seconds)
        return seconds + self.office.breaks_between(clock.true, end)

    def _noon(self, clock: SetClock) -> None:
        if not self.office.is_open_at(clock.true):
            for first, _ in self.office.stretches(FRIDAY):
                if first > clock.true:
                    clock.true = first.astimezone(UTC)
                    return
