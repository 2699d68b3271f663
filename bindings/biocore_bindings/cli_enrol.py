"""`biocore enrol`: one resident recorded at the desk, from who it is to a closed record."""

from __future__ import annotations

import json
import logging
import sys
from contextlib import closing
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.text import Text

from biocore.discovery import registry
from biocore.errors import SessionError
from biocore.report import Outcome
from biocore.station.devices import Devices
from biocore.station.entry import position_name
from biocore.station.exceptions import Absence
from biocore.station.journal import Journal
from biocore.station.ledger import JournalKeeper
from biocore.station.policy import profile_for
from biocore.station.profile_file import load_profile
from biocore.station.progress import Progress
from biocore.station.rungs import PlacementMode
from biocore.station.session import Session
from biocore.station.session_begin import Desk, Subject
from biocore.station.session_state import State
from biocore.station.telling import Teller
from biocore.types import Modality, Position
from biocore_bindings.cli_station import SHORT
from biocore_bindings.enrol_acts import Script, absence_of, option_name, position_named, read_script
from biocore_bindings.enrol_reception import Reception
from biocore_bindings.enrol_run import Manner, Sitting
from biocore_bindings.enrol_screen import Board
from biocore_bindings.options import AsJson, Effort, Language, Words
from biocore_bindings.station_place import Station, StationPlace
from biocore_bindings.terminal import Answer, ExitCode, answering, finite, shown

ANY_FINGER, ANY_EYE = "any:finger", "any:iris"


def enrol(
    folder: Station,
    finger: Annotated[str, typer.Option("--finger", metavar="URI", help="Scanner.")] = ANY_FINGER,
    iris: Annotated[str, typer.Option("--iris", metavar="URI", help="Iris camera.")] = ANY_EYE,
    profile: Annotated[
        str, typer.Option("--profile", metavar="NAME", help="A shipped profile, or a TOML file of your own.")
    ] = "ektp",
    identity: Annotated[
        Path | None,
        typer.Option(
            "--identity", metavar="FILE", help="Who it is, TOML or JSON; sealed as it is.", show_default=False
        ),
    ] = None,
    ticket: Annotated[
        int | None, typer.Option("--ticket", metavar="N", min=1, help="Number at the desk.", show_default=False)
    ] = None,
    age: Annotated[
        int | None, typer.Option("--age", metavar="YEARS", min=0, max=130, help="In years.", show_default=False)
    ] = None,
    occupation: Annotated[
        str | None, typer.Option("--occupation", metavar="WORD", help="As the profile lists it.", show_default=False)
    ] = None,
    missing: Annotated[
        list[str] | None,
        typer.Option(
            "--missing",
            metavar="POSITION:KIND[:DATE]",
            help="What cannot be recorded (left-ring:amputated); may be given again.",
            show_default=False,
        ),
    ] = None,
    single: Annotated[bool, typer.Option("--single", help="Fingers one by one from the beginning.")] = False,
    resume: Annotated[
        str | None,
        typer.Option(
            "--resume", metavar="RECORD", help="Go on with an unfinished record, or the `last`.", show_default=False
        ),
    ] = None,
    script: Annotated[
        Path | None,
        typer.Option("--script", metavar="FILE", help="What is said at which moment.", show_default=False),
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Ask nobody, and finish when everything has its outcome.")] = False,
    supervisor: Annotated[
        str, typer.Option("--supervisor", metavar="NAME", help="Who signs, with --yes.", show_default=False)
    ] = "",
    wait: Annotated[
        float,
        typer.Option("--wait", metavar="S", min=0, help="Without a screen: seconds to wait for a device or disk."),
    ] = 30.0,
    effort: Annotated[
        Effort, typer.Option("--effort", help="`fast` makes no templates by which attempts prove each other.")
    ] = Effort.ROBUST,
    language: Words = Language.EN,
    tell_events: Annotated[
        bool, typer.Option("--events", help="Write each event as a line of JSON to standard output, as it happens.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Record one resident, ten fingers and two eyes; whatever happens, what was recorded stays."""
    if tell_events and as_json:
        raise typer.BadParameter("--json and --events exclude each other")
    if resume is not None and (identity or missing or ticket):
        raise typer.BadParameter("--resume goes on with somebody who was begun: no --identity, --ticket, --missing")
    with answering("enrol", as_json or tell_events) as answer:
        place, acts = StationPlace(folder), read_script(script) if script else Script([])
        gone = [_missing(text) for text in missing or []]
        board = Board(language.code, ascii=not answer.err.encoding.lower().startswith("utf"))
        live = not (yes or as_json or tell_events) and sys.stdin.isatty() and answer.err.is_terminal
        if live:  # what the log says is on the screen, in the clerk's words; who wants the log sets up `logging`
            logging.getLogger("biocore").addHandler(logging.NullHandler())
        heard: list[dict[str, Any]] = []
        manner = Manner(live, yes, supervisor, wait, _write_event if tell_events else heard.append, tell_events)
        sitting = Sitting(answer, board, acts, manner)
        rules = load_profile(profile)
        devices = Devices({Modality.FINGER: finger, Modality.IRIS: iris}, registry().device)
        with (
            JournalKeeper(lambda: Journal(place.journal, place.key)) as keeper,
            closing(devices),
            Teller(sitting.hear) as teller,
        ):
            desk = Desk(keeper, devices, rules, teller, effort=effort.code)
            reception = Reception(answer, board, place, live)
            reception.warn(keeper.journal)
            reception.settle()
            chosen = reception.resumed(keeper.journal.unfinished(), resume, told=yes)
            subject = Subject(age, occupation)
            if chosen is not None:
                session = Session.resume(desk, chosen.resident, subject=subject)
                _know(board, chosen)
            else:
                who = reception.who(identity, subject, ticket)
                mode = PlacementMode.SINGLE if single else PlacementMode.SLAP
                words = json.dumps(who.identity).encode()
                session = Session.begin(desk, words, ticket=who.ticket, subject=who.subject, missing=gone, mode=mode)
            board.plan = session.situation.plan
            board.mode = session.situation.mode
            board.title = _title(board, session)
            reception.link(session)
            try:
                state = sitting.run(session)
            except KeyboardInterrupt:
                reception.left(session)
                raise
            _end(answer, board, reception, session, state)
            entry = _entry(session, state)
            answer.put(**entry, events=heard)
            if tell_events:
                _write_event({"event": "end", **entry})
                answer.as_json = False


def _missing(text: str) -> tuple[Position, Absence]:
    name, *words = text.split(":")
    try:
        position = position_named(name)
        return position, absence_of(position, words)
    except SessionError as error:
        raise typer.BadParameter(f"--missing {shown(text)}: {error}") from None


def _know(board: Board, progress: Progress) -> None:
    outcomes = {name: p.outcome for name, p in progress.positions.items() if p.done and p.outcome is not None}
    board.know(outcomes, {name: known.best_score for name, known in progress.positions.items()})


def _title(board: Board, session: Session) -> str:
    parts = [profile_for(session.situation).profile.name]
    if session.ticket is not None:
        parts.insert(0, board.say("number", number=session.ticket))
    return " - ".join(["biocore", *parts])


def _end(answer: Answer, board: Board, reception: Reception, session: Session, state: State) -> None:
    outcomes = [session.outcome(position) for position in session.situation.plan]
    accepted, excepted = outcomes.count(Outcome.ACCEPT), outcomes.count(Outcome.EXCEPTION)
    answer.show(Text(board.say("recorded", accepted=accepted, all=len(outcomes), excepted=excepted), style="bold"))
    if state is State.FINISHED:
        reception.done(session)
        answer.show(Text(board.say("closed", resident=session.resident[:SHORT]), style="bold green"))
    else:
        reception.left(session)
        answer.end(ExitCode.NO)


def _entry(session: Session, state: State) -> dict[str, Any]:
    """Return what is said of a session in JSON; no name is in it."""
    positions = {}
    for position in session.situation.plan:
        looks = session.situation.of(position)
        outcome = session.outcome(position)
        positions[position_name(position)] = {
            "name": option_name(position),
            "outcome": None if outcome is None else str(outcome),
            "attempts": len(looks),
            "scores": [look.score for look in looks],
        }
    return {
        "resident": session.resident,
        "ticket": session.ticket,
        "state": str(state),
        "unsigned": list(session.unsigned),
        "positions": positions,
    }


def _write_event(entry: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(finite(entry), allow_nan=False) + "\n")
    sys.stdout.flush()
