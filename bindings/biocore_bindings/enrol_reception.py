"""Before and after a recording: who comes, with which number, and who is not finished yet."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.text import Text

from biocore.errors import DayError, DayFileError, JournalStateError, SessionError
from biocore.station.journal import Journal
from biocore.station.overview import finished_residents
from biocore.station.progress import Progress
from biocore.station.queue import Ticket, TicketState
from biocore.station.session import Session
from biocore.station.session_begin import Subject
from biocore.station.space import SpaceLevel
from biocore_bindings.cli_station import SHORT
from biocore_bindings.enrol_acts import read_table
from biocore_bindings.enrol_screen import Board
from biocore_bindings.enrol_words import say
from biocore_bindings.station_place import StationPlace
from biocore_bindings.terminal import Answer, complain, shown

LATEST = "last"


@dataclass(frozen=True, slots=True)
class Who:
    """Who is recorded; the identity is sealed, and shown nowhere.

    Attributes
    ----------
    identity : dict of str to str
    subject : Subject
    ticket : int or None
    """

    identity: dict[str, Any]
    subject: Subject
    ticket: int | None


class Reception:
    """Before and after the recording: who comes, which number, who is not finished.

    Parameters
    ----------
    answer : Answer
    board : Board
    place : StationPlace
    live : bool
        Somebody can be asked.
    """

    def __init__(self, answer: Answer, board: Board, place: StationPlace, live: bool) -> None:
        self._answer, self._board, self._place, self._live = answer, board, place, live
        self._told: set[str] = set()  # faults of the day book, each once

    def settle(self) -> None:
        """Close the numbers of those who were finished when the power went."""
        if not (self._place.folder / "day").exists():
            return
        with self._warned(), self._place.day_book() as book:
            for ticket in book.settle(finished_residents(self._place.journal)):
                self._answer.show(Text(self._board.say("settled", number=ticket.number)))

    def warn(self, journal: Journal) -> None:
        """Say what whoever is at the desk must know of the disk and the journal before anybody is begun."""
        if journal.recovery.anew is not None:
            self._say(Text(self._board.say("index_anew"), style="yellow"))
        if journal.recovery.flaws:
            self._say(Text(self._board.say("damaged", count=len(journal.recovery.flaws)), style="bold red"))
        space = journal.space()
        if space.level in (SpaceLevel.LOW, SpaceLevel.VERY_LOW):  # at the reserve, beginning is refused
            style = "yellow" if space.level is SpaceLevel.LOW else "bold red"
            share = f"{space.free / space.total:.0%}"
            self._say(Text(self._board.say(f"space_{space.level}", share=share, days=int(space.days)), style=style))

    def resumed(self, unfinished: list[Progress], wanted: str | None, *, told: bool) -> Progress | None:
        """Return whom to go on with; None: somebody new.

        Raises
        ------
        JournalStateError
            Nobody, or more than one, is meant.
        """
        if wanted is not None:
            return _meant(unfinished, wanted)
        if not unfinished or told:
            return None
        for number, progress in enumerate(unfinished, 1):
            told_line = self._board.say("unfinished_line", resident=progress.resident[:SHORT], done=len(progress.done))
            where = "" if progress.ticket is None else self._board.say("number", number=progress.ticket) + ", "
            line = Text(f"  {number}  {where}{told_line}", style="yellow")
            if number == 1:
                self._say(Text(self._board.say("unfinished"), style="bold yellow"))
            self._say(line)
        if not self._live:
            return None
        while True:
            text = self._ask("ask_resume")
            if not text:
                return None
            if text.isdecimal() and 1 <= int(text) <= len(unfinished):
                return unfinished[int(text) - 1]
            self._say(Text(self._board.say("no_number"), style="red"))

    def who(self, file: Path | None, subject: Subject, ticket: int | None) -> Who:
        """Return who is recorded: as the file says, or the clerk.

        Raises
        ------
        SessionError
            Nobody said who it is, and nobody can be asked.
        """
        if file is None and not self._live and ticket is None:
            raise SessionError("nobody said who it is: --identity FILE or --ticket N")
        identity: dict[str, Any] = {}
        if file is not None:
            identity = json.loads(json.dumps(read_table(file), default=str))  # a date of TOML is a text in JSON
        elif self._live:
            name, number = self._ask("ask_name"), self._ask("ask_identity")
            identity = {key: text for key, text in (("name", name), ("number", number)) if text}
        if self._live and subject.age_years is None:
            age = self._number("ask_age", None)
            subject = Subject(age if age is not None and age <= 130 else None, subject.occupation)
        if self._live and ticket is None:
            ticket = self._number("ask_ticket", self._at_desk())
        if ticket is not None:
            self._check(ticket)
        if not identity and ticket is None:
            raise SessionError("a record of nobody is of no use: a name, a population number, or a number in the queue")
        return Who(identity, subject, ticket)

    def link(self, session: Session) -> None:
        """Say in the day book which record the number's is."""
        if session.ticket is not None and self._has_book():
            with self._warned(), self._place.day_book() as book:
                if book.find(session.ticket).state is TicketState.CALLED:
                    book.link(session.ticket, session.resident)

    def done(self, session: Session) -> None:
        """Say in the day book that the number is finished."""
        if session.ticket is not None and self._has_book():
            with self._warned(), self._place.day_book() as book:
                book.done(session.ticket, session.resident)

    def left(self, session: Session) -> None:
        """Say how the resident is gone on with."""
        place = f" --station {shown(self._place.folder)}"
        complain(say("resumable", self._board.language) + f" biocore enrol --resume {session.resident[:SHORT]}{place}")

    def _has_book(self) -> bool:
        return (self._place.folder / "day").exists()

    def _at_desk(self) -> int | None:
        """Return the number that was called to a desk and has no record yet, if there is one."""
        if not self._has_book():
            return None
        tickets: tuple[Ticket, ...] = ()
        with self._warned(), self._place.day_book() as book:
            tickets = tuple(book.view().tickets)
        called = [t.number for t in tickets if t.state is TicketState.CALLED and t.resident is None]
        return called[0] if len(called) == 1 else None

    def _check(self, ticket: int) -> None:
        """Refuse a number that is not at a desk, where there is a day book, before anybody is begun."""
        if not self._has_book():
            return
        with self._warned(DayFileError), self._place.day_book() as book:
            found = book.find(ticket)
            if found.state is not TicketState.CALLED:
                raise SessionError(f"number {ticket} is {found.state}, not at a desk: biocore day call first")

    @contextmanager
    def _warned(self, kind: type[DayError] = DayError) -> Iterator[None]:
        """Take the day book for what it is beside a record: told where it fails, and no reason to stop."""
        try:
            yield
        except kind as error:
            if str(error) not in self._told:
                complain(f"the day book: {error}")
            self._told.add(str(error))

    def _ask(self, key: str, usual: object = None) -> str:
        more = f" [{usual}]" if usual is not None else ""
        try:
            return self._answer.err.input(f"{self._board.say(key)}{more}: ", markup=False).strip()
        except EOFError:
            raise KeyboardInterrupt from None

    def _number(self, key: str, usual: int | None) -> int | None:
        while True:
            text = self._ask(key, usual)
            if not text:
                return usual
            if text.isdecimal() and len(text) < 10:
                return int(text)
            self._say(Text(self._board.say("no_number"), style="red"))

    def _say(self, line: Text) -> None:
        if self._live:
            self._answer.err.print(line)
        else:
            self._answer.show(line)


def _meant(unfinished: list[Progress], wanted: str) -> Progress:
    if wanted == LATEST and unfinished:
        return max(unfinished, key=lambda progress: progress.sequence)
    found = [progress for progress in unfinished if progress.resident.startswith(wanted.lower())]
    if len(found) == 1:
        return found[0]
    names = ", ".join(progress.resident[:SHORT] for progress in unfinished) or "nobody"
    what = "more than one record begins" if found else "no unfinished record begins"
    raise JournalStateError(f"{what} with {shown(wanted)}; unfinished: {names}")
