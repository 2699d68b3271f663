"""`biocore day`: the queue of an office, and what it tells everybody."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, time
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table
from rich.text import Text

from biocore.errors import DayStateError, QuotaError
from biocore.station.day import DayBook, Moved
from biocore.station.forecast import Forecast, Wait
from biocore.station.forecast import forecast as forecast_of
from biocore.station.office_status import HOLDS, OfficeStatus, Stop, office_status, publish
from biocore.station.office_words import DAY_NAMES
from biocore.station.overview import Overview
from biocore.station.queue import Priority, Ticket, TicketState
from biocore_bindings.options import AsJson, Language, Words
from biocore_bindings.station_place import Station, StationPlace
from biocore_bindings.terminal import EXIT_CODES, Answer, answering, shown

FIRST = 15  # of the line that are shown without --all

day = typer.Typer(
    help="The day's queue: numbers, whose turn it is, carrying over, forecast, and a status to publish.",
    invoke_without_command=True,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["--help", "-h"]},
)


class First(StrEnum):
    """Who may go first."""

    ELDERLY = "elderly"
    DISABLED = "disabled"
    PREGNANT = "pregnant"


def _date(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"a day is like 2026-11-21, not {shown(text)}") from None


def _time(text: str) -> time:
    try:
        found = time.fromisoformat(text)
        if found.tzinfo is not None:
            raise ValueError
        return found
    except ValueError:
        raise typer.BadParameter(f"a time is like 08:30, not {shown(text)}") from None


Number = Annotated[int, typer.Argument(metavar="NUMBER", min=1, help="As it is called out.")]
AtDesk = Annotated[
    int | None,
    typer.Argument(metavar="[NUMBER]", min=1, help="Without it: the only number at a desk.", show_default=False),
]
ForDay = Annotated[
    date | None,
    typer.Option("--day", metavar="DATE", parser=_date, help="For this day, not for today.", show_default=False),
]


@contextmanager
def _opened(command: str, station: Path, as_json: bool) -> Iterator[tuple[Answer, DayBook]]:
    with answering(f"day {command}" if command else "day", as_json) as answer, StationPlace(station).day_book() as book:
        yield answer, book


@day.callback(epilog=EXIT_CODES)
def look(
    context: typer.Context,
    station: Station,
    language: Words = Language.EN,
    as_json: AsJson = False,
) -> None:
    """Keep the day's queue; without a command, show what the office tells everybody."""
    if context.invoked_subcommand is None:
        _status("", station, language, as_json, None)
    elif any(_was_said(context, name) for name in context.params):
        raise typer.BadParameter(f"options go after `{context.invoked_subcommand}`")


def _was_said(context: typer.Context, name: str) -> bool:
    """Say whether an option was given on the command line; Typer carries a Click of its own, hence by its name."""
    source = context.get_parameter_source(name)
    return source is not None and source.name == "COMMANDLINE"


@day.command("issue", epilog=EXIT_CODES)
def issue(
    station: Station,
    village: Annotated[
        str, typer.Option("--village", metavar="NAME", help="One of the office's villages.", show_default=False)
    ] = "",
    priority: Annotated[
        First | None, typer.Option("--priority", help="May go first, and why.", show_default=False)
    ] = None,
    on: ForDay = None,
    count: Annotated[int, typer.Option("--count", metavar="N", min=1, max=500, help="So many numbers at once.")] = 1,
    as_json: AsJson = False,
) -> None:
    """Issue the next number, of today or of a later day."""
    with _opened("issue", station, as_json) as (answer, book):
        tickets: list[Ticket] = []
        try:
            for _ in range(count):
                tickets.append(book.issue(village, Priority(priority.value) if priority else Priority.NONE, on))
        except QuotaError as error:
            answer.put(next_free_day=error.next_free)
            raise
        finally:  # those before the day was full are issued
            answer.put(tickets=[ticket_entry(ticket) for ticket in tickets])
            if tickets:
                first, last = tickets[0], tickets[-1]
                numbers = f"{first.number}" if first is last else f"{first.number} to {last.number}"
                when = "today" if last.due == book.today else _day_text(last.due)
                answer.show(Text(f"Issued {numbers} for {when}."))


@day.command("call", epilog=EXIT_CODES)
def call(
    station: Station,
    desk: Annotated[int, typer.Option("--desk", metavar="N", min=1, help="To which desk.")] = 1,
    number: Annotated[
        int | None,
        typer.Option("--number", metavar="N", min=1, help="This number, out of its turn.", show_default=False),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Call the next number to a desk."""
    with _opened("call", station, as_json) as (answer, book):
        ticket = book.call(desk, number)
        answer.put(ticket=ticket_entry(ticket))
        why = [ticket.priority.value] if ticket.priority is not Priority.NONE else []
        why += [f"from {_day_text(ticket.booked)}"] if ticket.carried else []
        why += [f"call {ticket.calls}"] if ticket.calls > 1 else []
        why += ["has a recording that is not finished"] if ticket.resident else []
        said = f"Number {ticket.number}, to desk {desk}"
        answer.show(Text(said + (f" ({', '.join(why)})." if why else ".")))


@day.command("done", epilog=EXIT_CODES)
def done(
    station: Station,
    number: AtDesk = None,
    record: Annotated[
        str | None,
        typer.Option("--record", metavar="NAME", help="Random name of their record.", show_default=False),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Say that the number at a desk is finished."""
    with _opened("done", station, as_json) as (answer, book):
        ticket = book.done(number or _at_desk(book), record)
        answer.put(ticket=ticket_entry(ticket))
        answer.show(Text(f"Number {ticket.number} is done."))


@day.command("absent", epilog=EXIT_CODES)
def absent(station: Station, number: AtDesk = None, as_json: AsJson = False) -> None:
    """Say that the number that was called did not come; it is called again later."""
    with _opened("absent", station, as_json) as (answer, book):
        ticket = book.absent(number or _at_desk(book))
        answer.put(ticket=ticket_entry(ticket))
        missed = ticket.state is TicketState.MISSED
        then = f"when they come: biocore day back {ticket.number}" if missed else "is called again after some others"
        answer.show(Text(f"Number {ticket.number} did not come; {then}."))


@day.command("back", epilog=EXIT_CODES)
def back(station: Station, number: Number, as_json: AsJson = False) -> None:
    """Take back somebody who did not come when called, and is here now."""
    with _opened("back", station, as_json) as (answer, book):
        ticket = book.back(number)
        answer.put(ticket=ticket_entry(ticket))
        other = f"; the number is {ticket.number} now" if ticket.number != number else ""
        answer.show(Text(f"Number {number} waits again{other}."))


@day.command("cancel", epilog=EXIT_CODES)
def cancel(station: Station, number: Number, on: ForDay = None, as_json: AsJson = False) -> None:
    """Take back a number that is not wanted any more."""
    with _opened("cancel", station, as_json) as (answer, book):
        ticket = book.cancel(number, on)
        answer.put(ticket=ticket_entry(ticket))
        answer.show(Text(f"Number {ticket.number} is given back; its place is free."))


@day.command("carry", epilog=EXIT_CODES)
def carry(
    station: Station,
    to: Annotated[
        date | None,
        typer.Option(
            "--to",
            metavar="DATE",
            parser=_date,
            help="All to this day, whatever its quota. Without it: the next open days with room.",
            show_default=False,
        ),
    ] = None,
    source: Annotated[
        date | None,
        typer.Option("--from", metavar="DATE", parser=_date, help="Those of this day, not today.", show_default=False),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Carry over who still waits."""
    with _opened("carry", station, as_json) as (answer, book):
        _show_moved(answer, book.carry(to, source=source), "Nobody is left to be carried over.")


@day.command("open", epilog=EXIT_CODES)
def open_day(
    station: Station,
    on: Annotated[date, typer.Argument(metavar="DATE", parser=_date, help="The day it is, like 2026-11-21.")],
    at: Annotated[
        time | None,
        typer.Option("--time", metavar="HH:MM", parser=_time, help="The time now.", show_default=False),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Say which day it is, where the station's clock does not know."""
    with _opened("open", station, as_json) as (answer, book):
        _show_moved(answer, book.open(on, at), f"Today is {_day_text(on)}.")


@day.command("pause", epilog=EXIT_CODES)
def pause(
    station: Station,
    why: Annotated[str, typer.Argument(metavar="WHY", help="power, device, staff, or another word.")] = "paused",
    as_json: AsJson = False,
) -> None:
    """Say that recording pauses; `resume`, or the next call, ends it."""
    with _opened("pause", station, as_json) as (answer, book):
        book.pause(why)
        answer.put(paused=why)
        answer.show(Text("Recording pauses; the next call goes on."))


@day.command("resume", epilog=EXIT_CODES)
def resume(station: Station, as_json: AsJson = False) -> None:
    """Say that recording goes on."""
    with _opened("resume", station, as_json) as (answer, book):
        book.go_on()
        answer.put(paused=None)
        answer.show(Text("Recording goes on."))


@day.command("status", epilog=EXIT_CODES)
def status(
    station: Station,
    folder: Annotated[
        Path | None,
        typer.Option(
            "--publish",
            metavar="DIR",
            help="Write status.json and a notice in each language into this folder, for everybody to read.",
            show_default=False,
            file_okay=False,
        ),
    ] = None,
    language: Words = Language.EN,
    as_json: AsJson = False,
) -> None:
    """Show what the office tells everybody: recording, sending, backlog, wait, next day with a place."""
    _status("status", station, language, as_json, folder)


def _status(command: str, station: Path, language: Language, as_json: bool, folder: Path | None) -> None:
    with _opened(command, station, as_json) as (answer, book):
        place = StationPlace(station)
        view = book.view()
        now = status_now(place.overview(), book, sends=place.centre.exists())
        answer.put(**now.to_dict())
        if folder is not None:
            answer.put(published=[str(path) for path in publish(now, folder)])
        table = Table(box=None, show_header=False, pad_edge=False, title=None)
        table.add_column(style="dim")
        for label, value in now.rows(language.code):
            table.add_row(label, Text(value, style=_style(label, now, language)))
        answer.show(Text(shown(now.office), style="bold"), table)
        if any(ticket.state is TicketState.MISSED for ticket in view.tickets):
            missed = ", ".join(str(t.number) for t in view.tickets if t.state is TicketState.MISSED)
            answer.show(Text(f"Did not come: {missed}", style="dim"))


def status_now(seen: Overview, book: DayBook, *, sends: bool) -> OfficeStatus:
    """Return what the office tells everybody, from the journal and the day book."""
    view = book.view()
    recording = Stop.NONE
    if not seen.can_record:
        short = seen.space is not None and seen.space.message in seen.obstacles
        recording = Stop.KEY if seen.key.fault else Stop.SPACE if short else Stop.STATION
    sending = Stop.NONE
    if not sends:
        sending = Stop.NOT_SET_UP
    elif seen.waiting and (seen.oldest is None or datetime.now(UTC) - seen.oldest > HOLDS):
        sending = Stop.NO_CENTRE  # what was finished half an hour ago would be there
    return office_status(view, forecast_of(view), recording=recording, sending=sending, backlog=seen.waiting)


@day.command("forecast", epilog=EXIT_CODES)
def forecast(
    station: Station,
    everybody: Annotated[bool, typer.Option("--all", help="Show the whole line.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show how many will be served today, and when it is whose turn."""
    with _opened("forecast", station, as_json) as (answer, book):
        view = book.view()
        told = forecast_of(view)
        answer.put(**forecast_entry(told))
        answer.show(Text(f"At this pace {told.expected} of {told.of} today (between {told.low} and {told.high})."))
        for since, count in told.waiting_from.items():
            answer.show(Text(f"{count} {'is' if count == 1 else 'are'} waiting from {_day_text(since)}."))
        people = told.pace.people
        basis = ("today's one person" if people == 1 else f"{people} people of today") if people else "earlier days"
        answer.show(
            Text(f"A person takes {told.pace.mean_s / 60:.1f} minutes, from {basis}.", style="dim"),
        )
        if not told.sound:
            answer.show(Text("The station's clock is wrong: times are estimates.", style="yellow"))
        if told.waits:
            answer.show(_line_table(told.waits if everybody else told.waits[:FIRST]))
        if len(told.waits) > FIRST and not everybody:
            answer.show(Text(f"{len(told.waits) - FIRST} more wait; --all shows them.", style="dim"))


def _line_table(waits: tuple[Wait, ...]) -> Table:
    table = Table("Place", "Number", "Earliest", "Latest", box=None, pad_edge=False)
    for wait in waits:
        table.add_row(str(wait.place), Text(str(wait.number), style="bold"), _clock(wait.earliest), _clock(wait.latest))
    return table


def _clock(instant: datetime | None) -> Text:
    return Text(f"{instant:%H:%M}") if instant else Text("not today", style="yellow")


def _style(label: str, status: OfficeStatus, language: Language) -> str:
    labels = [name for name, _ in status.rows(language.code)]
    stops = {1: status.recording, 2: status.sending}
    stop = stops.get(labels.index(label))
    if stop is None:
        return ""
    if not stop:
        return "green"
    return "yellow" if stop in (Stop.CLOSED, Stop.NOT_SET_UP, Stop.NO_CENTRE) else "bold red"


def _show_moved(answer: Answer, moved: list[Moved], nothing: str) -> None:
    answer.put(moved=[ticket_entry(move.after) | {"number_before": move.before.number} for move in moved])
    answer.show(*([Text(nothing)] if not moved else []))
    for due in sorted({move.after.due for move in moved}):
        numbers = [move.after.number for move in moved if move.after.due == due]
        answer.show(Text(f"{len(numbers)} carried to {_day_text(due)}: {ranges(numbers)}"))
    for move in moved:
        if move.before.number != move.after.number:
            answer.show(Text(f"Number {move.before.number} is number {move.after.number} now.", style="yellow"))


def ranges(numbers: list[int]) -> str:
    """Return numbers as people write them: 24-100, 103."""
    runs: list[list[int]] = []
    for number in sorted(numbers):
        if runs and number == runs[-1][-1] + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    return ", ".join(f"{run[0]}-{run[-1]}" if len(run) > 1 else str(run[0]) for run in runs)


def _at_desk(book: DayBook) -> int:
    """Return the only number at a desk."""
    numbers = [ticket.number for ticket in book.view().tickets if ticket.state is TicketState.CALLED]
    if len(numbers) != 1:
        raise DayStateError(f"say which number: at the desks are {ranges(numbers) or 'none'}")
    return numbers[0]


def _day_text(value: date) -> str:
    return f"{DAY_NAMES['en'][value.weekday()]} {value.isoformat()}"


def ticket_entry(ticket: Ticket) -> dict[str, Any]:
    """Say what is known of a ticket."""
    return {
        "number": ticket.number,
        "due": ticket.due.isoformat(),
        "booked": ticket.booked.isoformat(),
        "state": ticket.state.value,
        "priority": ticket.priority.value,
        "village": ticket.village,
        "carried": ticket.carried,
        "calls": ticket.calls,
        "desk": ticket.desk,
        "resident": ticket.resident,
    }


def forecast_entry(told: Forecast) -> dict[str, Any]:
    """Say what becomes of the day."""

    def wait(one: Wait) -> dict[str, Any]:
        ends = {"earliest": one.earliest, "latest": one.latest}
        times = {name: end.isoformat(timespec="minutes") if end else None for name, end in ends.items()}
        return {"place": one.place, "number": one.number or None} | times

    return {
        "date": told.today.isoformat(),
        "done": told.done,
        "forecast": {"low": told.low, "expected": told.expected, "high": told.high, "of": told.of},
        "waiting": told.waiting,
        "waiting_from": {since.isoformat(): count for since, count in told.waiting_from.items()},
        "pace": {"mean_s": told.pace.mean_s, "sd_s": told.pace.sd_s, "people": told.pace.people},
        "seconds_left": told.seconds_left,
        "line": [wait(one) for one in told.waits],
        "next_wait": wait(told.next_wait),
        "clock_sound": told.sound,
    }
