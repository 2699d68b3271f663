"""`biocore station`: can the next resident be recorded, is everything there, and how what waits gets to the centre."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table
from rich.text import Text

from biocore.errors import DayFileError
from biocore.station.journal import Journal
from biocore.station.outbox import Order, Outbox
from biocore.station.overview import KEY_WARNING, Overview, check, finished_residents
from biocore.station.progress import Progress
from biocore.station.queue import Ticket
from biocore.station.recovery import Flaw
from biocore.station.space import DAY, MB, MONTH, SpaceLevel, SpaceStatus
from biocore.station.stick import export_records, import_receipts
from biocore_bindings.options import AsJson
from biocore_bindings.station_place import Station, StationPlace
from biocore_bindings.terminal import EXIT_CODES, Answer, ExitCode, answering, complain, shown

NAMED = 10  # flaws that are listed; of more, their number
GB = 1_000_000_000
SHORT = 8  # digits of a random name that are shown

station = typer.Typer(
    help="A station: status, verify, recover; send what waits, or carry it on a stick.",
    no_args_is_help=True,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["--help", "-h"]},
)

Stick = Annotated[
    Path, typer.Argument(metavar="STICK", help="Where the stick is mounted.", show_default=False, file_okay=False)
]
OwnDisk = Annotated[
    bool, typer.Option("--own-disk", help="Take a folder on the station's own disk; else that is no stick.")
]


@station.command("status", epilog=EXIT_CODES)
def status(folder: Station, as_json: AsJson = False) -> None:
    """Show whether the next resident can be recorded, and what waits; exit with 1 where recording is not possible."""
    with answering("station status", as_json) as answer:
        seen = StationPlace(folder).overview()
        answer.put(**overview_entry(seen))
        answer.end(ExitCode.OK if seen.can_record else ExitCode.NO)
        table = Table(box=None, show_header=False, pad_edge=False)
        table.add_column(style="dim", no_wrap=True)
        table.add_column(overflow="fold")
        for label, text, style in _status_rows(seen):
            table.add_row(label, Text(text, style=style))
        answer.show(table)


def _status_rows(seen: Overview) -> Iterator[tuple[str, str, str]]:
    if seen.can_record:
        yield "Recording", "possible", "bold green"
    for number, obstacle in enumerate(seen.obstacles):
        yield "" if number else "Recording", f"NOT POSSIBLE: {shown(obstacle)}", "bold red"
    if not seen.journal:
        yield "Journal", f"none yet in {shown(seen.folder)}", ""
    else:
        used = ", in use" if seen.in_use else ""
        yield "Journal", f"{seen.journal[:SHORT]}, {seen.head[0]} entries{used}", ""
        yield "Last link", seen.head[1] or "-", "dim"
    key = seen.key
    if key.expires is not None and key.days is not None:
        soon = key.days < KEY_WARNING.days
        left = f"{key.days} days left" if key.days >= 0 else f"over for {-key.days} days"
        fetch = "; fetch a new one from the centre" if soon else ""
        style = "bold red" if key.fault else "yellow" if soon else ""
        yield "Key", f"{key.key_id}, until {key.expires:%Y-%m-%d} ({left}){fetch}", style
    yield "Residents", f"{seen.today} today, {seen.total} in all", ""
    if seen.unfinished:
        yield "Unfinished", "; ".join(_unfinished(progress) for progress in seen.unfinished[:NAMED]), "yellow"
    else:
        yield "Unfinished", "none", ""
    waits = f"{seen.waiting} ({seen.waiting_bytes / MB:.1f} MB)"
    since = f", the oldest since {seen.oldest.astimezone():%Y-%m-%d %H:%M}" if seen.oldest else ""
    yield "To be sent", f"{waits}{since}; {seen.handed_over_today} handed over today", ""
    if seen.space is not None:
        style = {SpaceLevel.OK: "", SpaceLevel.LOW: "yellow"}.get(seen.space.level, "bold red")
        yield "Space", seen.space.message, style
        yield "", needs(seen.space), "dim"
    yield "Clock", seen.clock or "nothing wrong is known", "yellow" if seen.clock else ""
    if seen.mended:
        last = seen.mended[-1]
        why = f" ({shown(last.why)})" if last.why else ""
        made = f"made anew from the records {shown(last.utc[:16].replace('T', ' '))} UTC{why}"
        yield "Index", f"{made}; the damaged one is in {shown(last.folder.name)}", "yellow"
    if not seen.findings:
        yield "Found", "nothing to repair", ""
    for number, flaw in enumerate(seen.findings[:NAMED]):
        yield "" if number else "Found", flaw_text(flaw), "yellow"
    if seen.findings:
        yield "", "biocore station recover looks into it", "dim"


def needs(space: SpaceStatus) -> str:
    """Say what a day and thirty days need, and whether there is room for the thirty."""
    enough = "there is room for both" if space.free >= MONTH.bytes else "there is room for the day"
    enough = enough if space.free >= DAY.bytes else "there is no room for the day"
    needed = f"{DAY.residents} residents need {DAY.bytes / MB:.0f} MB a day, {MONTH.bytes / GB:.1f} GB in thirty days"
    return f"{needed}: {enough}"


def _unfinished(progress: Progress) -> str:
    who = f"number {progress.ticket}" if progress.ticket is not None else progress.resident[:SHORT]
    return f"{who}: {len(progress.done)} fingers and eyes done"


@station.command("verify", epilog=EXIT_CODES)
def verify(folder: Station, as_json: AsJson = False) -> None:
    """Check every entry of the journal; exit with 1 where one is missing or altered. Nothing is changed."""
    with answering("station verify", as_json) as answer:
        place = StationPlace(folder)
        found = check(place.journal)
        answer.put(head={"sequence": found.head[0], "link": found.head[1]}, flaws=_flaws(found.flaws))
        if found.flaws:
            answer.end(ExitCode.NO)
            _show_flaws(answer, found.flaws)
            answer.show(Text(f"{len(found.flaws)} entries are not as they were written.", style="bold red"))
        else:
            answer.show(Text(f"{found.head[0]} entries of {found.residents} residents: all as they were written."))
            answer.show(Text(f"Last link, to be noted elsewhere: {found.head[1] or '-'}", style="dim"))


@station.command("recover", epilog=EXIT_CODES)
def recover(
    folder: Station,
    rebuild: Annotated[
        bool,
        typer.Option("--rebuild", help="Make the index anew even where it is sound; a damaged one is by itself."),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Bring the journal in order after a crash, and say who is not finished; exit with 1 where something is lost."""
    with answering("station recover", as_json) as answer:
        place = StationPlace(folder)
        aside = Journal.rebuild(place.journal) if rebuild else None
        with Journal(place.journal, None, closely=True) as journal:
            found, unfinished = journal.recovery, journal.unfinished()
        anew = found.anew
        aside = anew.aside if anew and anew.aside else aside
        settled: Sequence[Ticket] = ()
        try:
            with place.day_book() as book:
                settled = book.settle(finished_residents(place.journal))
        except DayFileError as error:  # what became of the journal is told all the same
            answer.put(day_book=answer.fault(error))
        answer.put(
            added=found.added,
            cut_bytes=found.cut,
            flaws=_flaws(found.flaws),
            unfinished=[progress_entry(progress) for progress in unfinished],
            settled=[ticket.number for ticket in settled],
            index_made_anew=anew.why if anew else None,
            index_put_aside=str(aside) if aside else None,
        )
        answer.end(ExitCode.NO if found.flaws else ExitCode.OK)
        if anew:
            asked = "as you asked" if rebuild else f"it was damaged: {shown(anew.why)}"
            answer.show(Text(f"The index was made anew from the records ({asked}).", style="yellow"))
        if aside:
            answer.show(Text(f"The old one is kept in {shown(aside)}."))
        answer.show(Text(f"Entries added to the index: {found.added}"))
        answer.show(Text(f"Bytes cut that nobody was told of: {found.cut}"))
        _show_flaws(answer, found.flaws)
        for progress in unfinished:
            answer.show(Text(f"Not finished: {_unfinished(progress)}; the recording goes on there.", style="yellow"))
        for ticket in settled:
            answer.show(Text(f"Number {ticket.number} was finished when the power went: done."))


@station.command("export", epilog=EXIT_CODES)
def export(
    folder: Station,
    stick: Stick,
    newest: Annotated[bool, typer.Option("--newest-first", help="The newest first, where not all fits.")] = False,
    own_disk: OwnDisk = False,
    as_json: AsJson = False,
) -> None:
    """Put what waits on a stick; nothing is removed before the centre's receipts are back."""
    with answering("station export", as_json) as answer, _journal(folder) as journal:
        done = export_records(journal, stick, newest_first=newest, own_disk=own_disk)
        answer.put(
            written=done.written, present=done.present, bytes=done.bytes, left=done.left, damaged=list(done.damaged)
        )
        answer.end(ExitCode.NO if done.left or done.damaged else ExitCode.OK)
        answer.show(Text(f"{done.written} written ({done.bytes / MB:.1f} MB), {done.present} were there already."))
        if done.left:
            answer.show(Text(f"{done.left} did not fit: take another stick for them.", style="yellow"))
        for resident in done.damaged:
            answer.show(Text(f"Record {resident[:SHORT]} is damaged here, and was left out.", style="bold red"))
        if not done.written + done.present + done.left:
            answer.show(Text("Nothing waits."))


@station.command("import-receipts", epilog=EXIT_CODES)
def receipts(folder: Station, stick: Stick, as_json: AsJson = False) -> None:
    """Take the centre's receipts from a stick, and remove the records they are for."""
    with answering("station import-receipts", as_json) as answer, _journal(folder) as journal:
        done = import_receipts(journal, stick)
        answer.put(
            taken=done.taken,
            known=done.known,
            missing=done.missing,
            refused=[{"type": type(error).__name__, "message": str(error)} for error in done.refused],
        )
        answer.show(Text(f"{done.taken} receipts taken, {done.known} were known; {done.missing} wait on."))
        for error in done.refused:
            answer.fault(error)


@station.command("send", epilog=EXIT_CODES)
def send(
    folder: Station,
    newest: Annotated[bool, typer.Option("--newest-first", help="The newest first, not the oldest.")] = False,
    most: Annotated[
        int | None,
        typer.Option("--bytes-per-second", metavar="N", min=1000, help="No more on average.", show_default=False),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Send what waits to the centre that `centre.toml` names; exit with 1 where something is left."""
    with answering("station send", as_json) as answer, _journal(folder) as journal:
        place = StationPlace(folder)
        order = Order.NEWEST if newest else Order.OLDEST
        with closing(place.link()) as link:
            told = Outbox(journal, link, order=order, bytes_per_s=most, zone=place.office().zone).drain()
        answer.put(**told.to_values())
        answer.show(Text(f"{told.sent_today} handed over today, {told.waiting} wait."))
        for problem in told.set_aside:
            answer.show(Text(f"Record {problem.resident[:SHORT]}: {shown(problem.cause)}", style="bold red"))
        if told.last_error is not None:
            answer.end(ExitCode.STATION)
            complain(f"{told.last_error.cause}; what waits is safe here: send again later, or carry it on a stick")
        elif told.waiting:
            answer.end(ExitCode.NO)


@contextmanager
def _journal(folder: Path) -> Iterator[Journal]:
    """Open the journal without a key: to hand over needs none, and works when it has expired."""
    with Journal(StationPlace(folder).journal, None) as journal:
        yield journal


def flaw_text(flaw: Flaw) -> str:
    """Say in one line what is not as it was written."""
    return f"{shown(flaw.resident[:SHORT])}: {shown(flaw.what)}" if flaw.resident else shown(flaw.what)


def _show_flaws(answer: Answer, flaws: tuple[Flaw, ...]) -> None:
    for flaw in flaws[:NAMED]:
        answer.show(Text(flaw_text(flaw), style="bold red"))
    if len(flaws) > NAMED:
        answer.show(Text(f"and {len(flaws) - NAMED} more; --json lists them.", style="dim"))


def _flaws(flaws: tuple[Flaw, ...]) -> list[dict[str, Any]]:
    return [{"resident": flaw.resident, "sequence": flaw.sequence, "what": flaw.what} for flaw in flaws]


def progress_entry(progress: Progress) -> dict[str, Any]:
    """Say how far a resident is."""
    return {
        "resident": progress.resident,
        "ticket": progress.ticket,
        "done": [name for name, known in progress.positions.items() if known.done],
        "events": list(progress.events),
    }


def overview_entry(seen: Overview) -> dict[str, Any]:
    """Say what is known of a station."""

    def instant(value: datetime | None) -> str | None:
        return value.isoformat(timespec="seconds") if value else None

    return {
        "can_record": seen.can_record,
        "obstacles": list(seen.obstacles),
        "journal": {
            "folder": str(seen.folder),
            "name": seen.journal or None,
            "centre": seen.centre or None,
            "in_use": seen.in_use,
            "head": {"sequence": seen.head[0], "link": seen.head[1]},
        },
        "key": {
            "name": seen.key.key_id or None,
            "expires": instant(seen.key.expires),
            "days": seen.key.days,
            "fault": seen.key.fault or None,
        },
        "residents": {
            "today": seen.today,
            "total": seen.total,
            "unfinished": [progress_entry(progress) for progress in seen.unfinished],
        },
        "to_be_sent": {
            "records": seen.waiting,
            "bytes": seen.waiting_bytes,
            "oldest": instant(seen.oldest),
            "handed_over_today": seen.handed_over_today,
        },
        "space": None
        if seen.space is None
        else {
            "level": seen.space.level.value,
            "free": seen.space.free,
            "total": seen.space.total,
            "days": seen.space.days,
            "needs": {"day": DAY.bytes, "thirty_days": MONTH.bytes},
            "message": seen.space.message,
        },
        "clock": seen.clock or None,
        "findings": _flaws(seen.findings),
        "index_made_anew": [{"utc": a.utc, "why": a.why, "folder": a.folder.name} for a in seen.mended],
    }
