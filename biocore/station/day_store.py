"""The file of the day book: SQLite in WAL mode, each commit waited for; tickets as they are, and every event.

A change and its event are one transaction: after a crash both are there, or neither. Several processes may use the
file, one after the other within milliseconds (a recording program, the command line).
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum
from pathlib import Path

from biocore.errors import DayFileError
from biocore.station.clock import Reading
from biocore.station.day_clock import Stamp
from biocore.station.disk import make_plain
from biocore.station.queue import OPEN, Priority, Ticket, TicketState

FILE = "day.db"
VERSION = 1
BUSY_S = 5.0  # how long another process is waited for
_SCHEMA = """
CREATE TABLE tickets (
    id INTEGER PRIMARY KEY, number INTEGER NOT NULL, booked TEXT NOT NULL, due TEXT NOT NULL, state TEXT NOT NULL,
    priority TEXT NOT NULL, village TEXT NOT NULL, issued INTEGER NOT NULL UNIQUE, carried INTEGER NOT NULL,
    calls INTEGER NOT NULL, not_before INTEGER NOT NULL, desk INTEGER, resident TEXT UNIQUE, UNIQUE (due, number)
);
CREATE INDEX waiting ON tickets (state, due);
CREATE TABLE events (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL, day TEXT NOT NULL, ticket INTEGER, desk INTEGER,
    code TEXT NOT NULL, at TEXT NOT NULL, utc TEXT NOT NULL, monotonic_ns INTEGER NOT NULL, boot TEXT NOT NULL,
    sound INTEGER NOT NULL
);
CREATE INDEX days ON events (day, sequence)
"""
_TICKET = "id, number, booked, due, state, priority, village, issued, carried, calls, not_before, desk, resident"
_EVENT = "sequence, kind, day, ticket, desk, code, at, utc, monotonic_ns, boot, sound"


class Kind(StrEnum):
    """What happened."""

    OPEN = "open"  # a day begins
    ISSUE = "issue"
    CALL = "call"
    DONE = "done"
    ABSENT = "absent"
    BACK = "back"  # somebody whose number was missed came after all
    CANCEL = "cancel"
    CARRY = "carry"
    PAUSE = "pause"
    GO_ON = "go_on"


@dataclass(frozen=True, slots=True)
class DayEvent:
    """Something that happened, and when: the number decides the order, the stamp says the time."""

    sequence: int
    kind: Kind
    day: date
    ticket: int | None  # its id
    desk: int | None
    code: str
    stamp: Stamp


class DayStore:
    """Rows of the day book, and nothing else.

    Parameters
    ----------
    folder : Path
        Made where it is not there, readable by its owner alone.

    Raises
    ------
    DayFileError
        The file cannot be made, opened or read.
    """

    def __init__(self, folder: Path) -> None:
        self.path = folder / FILE
        with self._faults():
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            make_plain(self.path)
            self._db = sqlite3.connect(self.path, timeout=BUSY_S, isolation_level=None, check_same_thread=False)
        try:
            with self._faults():
                self._prepare()
        except BaseException:
            self._db.close()
            raise

    def _prepare(self) -> None:
        for setting in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON", "trusted_schema = OFF"):
            self._db.execute(f"PRAGMA {setting}").fetchall()
        if self._version() == VERSION:
            return
        with self.change():
            if (version := self._version()) > VERSION:
                raise DayFileError(
                    f"has version {version}, and this biocore knows {VERSION}: install the newer one",
                    path=str(self.path),
                )
            if version == 0:  # else another process was quicker
                for statement in _SCHEMA.split(";"):
                    self._db.execute(statement)
                self._db.execute(f"PRAGMA user_version = {VERSION}")

    def _version(self) -> int:
        version: int = self._db.execute("PRAGMA user_version").fetchone()[0]
        return version

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    @contextmanager
    def change(self) -> Iterator[None]:
        """Make a change, all of it or none; when this returns, the disk has it."""
        with self._faults():
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._db.execute("COMMIT")
            except BaseException:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                raise

    @contextmanager
    def _faults(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise DayFileError(f"cannot be used: {error.strerror}", path=str(self.path)) from None
        except sqlite3.Error as error:
            code = getattr(error, "sqlite_errorcode", 0) & 0xFF  # the low byte is the primary code
            raise DayFileError(_REMEDIES.get(code, f"cannot be used: {error}"), path=str(self.path)) from error

    def record(
        self, kind: Kind, day: date, stamp: Stamp, ticket: int | None = None, desk: int | None = None, code: str = ""
    ) -> int:
        """Write an event; return its sequence number."""
        reading = stamp.reading
        row = self._db.execute(
            "INSERT INTO events (kind, day, ticket, desk, code, at, utc, monotonic_ns, boot, sound)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                *(kind, day.isoformat(), ticket, desk, code, stamp.at.isoformat(), reading.utc.isoformat()),
                *(reading.monotonic_ns, reading.boot, stamp.sound),
            ),
        )
        return int(row.lastrowid or 0)

    def last_event(self) -> DayEvent | None:
        """Return the latest event."""
        return next(self._events("ORDER BY sequence DESC LIMIT 1"), None)

    def events(self, day: date) -> list[DayEvent]:
        """Return the events of a day, in order."""
        return list(self._events("WHERE day = ? ORDER BY sequence", day.isoformat()))

    def pause(self, day: date) -> str:
        """Return why a day pauses, empty where it does not; a day that is opened begins without a pause."""
        row = self._db.execute(
            "SELECT code FROM events WHERE day = ? AND kind IN (?, ?, ?) ORDER BY sequence DESC LIMIT 1",
            (day.isoformat(), Kind.PAUSE, Kind.GO_ON, Kind.OPEN),
        ).fetchone()
        return str(row[0]) if row else ""

    def days(self, limit: int) -> list[date]:
        """Return the latest days that have events, newest first."""
        rows = self._db.execute("SELECT day FROM events GROUP BY day ORDER BY max(sequence) DESC LIMIT ?", (limit,))
        return [date.fromisoformat(row[0]) for row in rows]

    def calls(self) -> int:
        """Return how often anybody was called, in the whole book."""
        count: int = self._db.execute("SELECT count(*) FROM events WHERE kind = ?", (Kind.CALL,)).fetchone()[0]
        return count

    def latest_calls(self, limit: int) -> list[int]:
        """Return the ids of the tickets that were called last, newest first."""
        query = "SELECT ticket FROM events WHERE kind = ? ORDER BY sequence DESC LIMIT ?"
        return [row[0] for row in self._db.execute(query, (Kind.CALL, limit))]

    def _events(self, where: str, *values: object) -> Iterator[DayEvent]:
        for row in self._db.execute(f"SELECT {_EVENT} FROM events {where}", values):
            sequence, kind, day, ticket, desk, code, at, utc, monotonic_ns, boot, sound = row
            reading = Reading(_instant(utc), monotonic_ns, boot)
            when = Stamp(_instant(at), reading, bool(sound))
            yield DayEvent(sequence, Kind(kind), date.fromisoformat(day), ticket, desk, code, when)

    def ticket(self, ident: int) -> Ticket:
        """Return a ticket by its id."""
        return next(self._tickets("WHERE id = ?", ident))

    def find(self, day: date, number: int) -> Ticket | None:
        """Return the ticket of a number that is due on a day."""
        return next(self._tickets("WHERE due = ? AND number = ?", day.isoformat(), number), None)

    def due(self, day: date) -> list[Ticket]:
        """Return all tickets that are due on a day, by number."""
        return list(self._tickets("WHERE due = ? ORDER BY number", day.isoformat()))

    def by_number(self, number: int) -> list[Ticket]:
        """Return all tickets of a number, the latest issued first."""
        return list(self._tickets("WHERE number = ? ORDER BY issued DESC", number))

    def open(self) -> list[Ticket]:
        """Return all tickets that wait or are at a desk, on whatever day they are due, by issue."""
        return list(self._tickets("WHERE state IN (?, ?) ORDER BY issued", *OPEN))

    def of_resident(self, resident: str) -> Ticket | None:
        """Return the ticket that a record of the journal belongs to."""
        return next(self._tickets("WHERE resident = ?", resident), None)

    def free_number(self, day: date) -> int:
        """Return the next number for a day: above all that are due on it, and all that are still out."""
        query = "SELECT max(number) FROM tickets WHERE due = ? OR state IN (?, ?)"
        highest: int | None = self._db.execute(query, (day.isoformat(), *OPEN)).fetchone()[0]
        return (highest or 0) + 1

    def count(self, day: date) -> int:
        """Return how many places of a day's quota are taken: also by those who were carried on to another day."""
        query = "SELECT count(*) FROM tickets WHERE (due = ? OR booked = ?) AND state != ?"
        count: int = self._db.execute(query, (day.isoformat(),) * 2 + (TicketState.CANCELLED,)).fetchone()[0]
        return count

    def _tickets(self, where: str, *values: object) -> Iterator[Ticket]:
        for row in self._db.execute(f"SELECT {_TICKET} FROM tickets {where}", values):
            ident, number, booked, due, state, priority, village, *rest = row
            dates = date.fromisoformat(booked), date.fromisoformat(due)
            yield Ticket(ident, number, *dates, TicketState(state), Priority(priority), village, *rest)

    def add(self, number: int, day: date, priority: Priority, village: str, issued: int) -> int:
        """Add a waiting ticket; return its id."""
        row = self._db.execute(
            "INSERT INTO tickets (number, booked, due, state, priority, village, issued, carried, calls, not_before)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, 0, 0, 0)",
            (number, day.isoformat(), day.isoformat(), TicketState.WAITING, priority, village, issued),
        )
        return int(row.lastrowid or 0)

    def name_ticket(self, sequence: int, ident: int) -> None:
        """Say in the event of its issue which ticket it was."""
        self._db.execute("UPDATE events SET ticket = ? WHERE sequence = ?", (ident, sequence))

    def update(self, ticket: Ticket) -> None:
        """Write a ticket's row."""
        self._db.execute(
            "UPDATE tickets SET number = ?, due = ?, state = ?, carried = ?, calls = ?, not_before = ?, desk = ?,"
            " resident = ? WHERE id = ?",
            (
                *(ticket.number, ticket.due.isoformat(), ticket.state, ticket.carried, ticket.calls),
                *(ticket.not_before, ticket.desk, ticket.resident, ticket.id),
            ),
        )


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


_REMEDIES = {
    sqlite3.SQLITE_FULL: "the disk is full; make room",
    sqlite3.SQLITE_READONLY: "cannot be written; is the disk mounted read-only?",
    sqlite3.SQLITE_PERM: "cannot be written; look at the rights of the folder",
    sqlite3.SQLITE_CANTOPEN: "cannot be opened; look at the rights of the folder",
    sqlite3.SQLITE_BUSY: "stayed locked by another program; close that one",
    sqlite3.SQLITE_LOCKED: "stayed locked by another program; close that one",
    sqlite3.SQLITE_CORRUPT: "is damaged; move it away, and issue the open numbers anew from their papers",
    sqlite3.SQLITE_NOTADB: "is no day book; move it away, and issue the open numbers anew from their papers",
    sqlite3.SQLITE_IOERR: "the disk failed under it; look at the disk",
}
