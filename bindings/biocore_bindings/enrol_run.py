"""One sitting: a session in a thread of its own, and everything that reaches it in one queue, taken in order here.

Events, keys, typed lines, a script's words and Ctrl-C come from several threads. Each is put into the queue, and what
it means is done by the one thread that runs `Sitting.run`; so nothing is ever interrupted half-way.
"""

from __future__ import annotations

import queue
import re
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from dataclasses import dataclass
from types import FrameType
from typing import Any

from rich.live import Live
from rich.text import Text

from biocore.device_info import EventKind
from biocore.errors import JournalError, SessionError
from biocore.station import session_events as events
from biocore.station.entry import position_name, position_of
from biocore.station.looks import as_json
from biocore.station.session import Session
from biocore.station.session_state import ENDED, State
from biocore.types import Position
from biocore_bindings.enrol_acts import Said, Script, option_name, perform
from biocore_bindings.enrol_keys import Keys, Menu
from biocore_bindings.enrol_screen import Board
from biocore_bindings.terminal import Answer, ExitCode, complain

TICK_S = 0.1  # s between two drawings
WAITING = frozenset({State.NO_DEVICE, State.BLOCKED, State.PAUSED})
_WORD = re.compile(r"(?<!^)(?=[A-Z])")


@dataclass(frozen=True, slots=True)
class Manner:
    """How a sitting is held.

    Attributes
    ----------
    live : bool
        On a screen, with keys; else plain lines, and lines from standard input.
    yes : bool
        Finished without anybody saying so.
    supervisor : str
        Who signs where a signature is needed and nobody is asked.
    wait_s : float
        How long a sitting without a screen waits for a device, a disk, or the end of a pause.
    heard : callable (entry) or None
        Takes every event, as JSON has it.
    aside : bool
        Plain lines go to standard error, because standard output belongs to the events.
    """

    live: bool
    yes: bool = False
    supervisor: str = ""
    wait_s: float = 30.0
    heard: Callable[[dict[str, Any]], None] | None = None
    aside: bool = False


class Sitting:
    """Drives one session; `hear` is the listener that its teller gets, before there is a session.

    Parameters
    ----------
    answer : Answer
    board : Board
    script : Script
    manner : Manner
    """

    def __init__(self, answer: Answer, board: Board, script: Script, manner: Manner) -> None:
        self._answer, self._board, self._script, self._manner = answer, board, script, manner
        self._queue: queue.SimpleQueue[tuple[str, Any]] = queue.SimpleQueue()
        self._view: events.Viewed | None = None
        self._worker: threading.Thread | None = None
        self._fault: BaseException | None = None
        self._live: Live | None = None
        self._menu: Menu | None = None
        self._said_complete = self._finishing = self._leaving = False
        self._no_more_lines = False
        self._waiting_since: float | None = None
        self._trouble: events.DeviceTrouble | None = None

    def hear(self, event: events.SessionEvent) -> None:
        """Take an event; called in the teller's thread."""
        if isinstance(event, events.Viewed):
            self._view = event
        self._queue.put(("event", event))

    def run(self, session: Session) -> State:
        """Hold the sitting until the session has ended.

        Raises
        ------
        KeyboardInterrupt
            Ctrl-C; the resident is left unfinished, and can be resumed.
        BiocoreError
            What could not be waited out.
        """
        self._menu = Menu(session, self._board.language)
        with ExitStack() as stack:
            stack.enter_context(self._interruptible())
            stack.enter_context(self._screen())
            self._moments(session, ["begin"])
            while session.state not in ENDED:
                self._drive(session)
                self._take(session)
                self._draw(session)
                self._check(session)
            self._join()
            self._empty(session)
        return session.state

    # -- what comes in -------------------------------------------------------------------------------

    @contextmanager
    def _interruptible(self) -> Iterator[None]:
        """Let the first Ctrl-C come in by the queue; a second one does what it always does."""

        def interrupt(number: int, frame: FrameType | None) -> None:
            signal.signal(signal.SIGINT, signal.default_int_handler)
            self._queue.put(("interrupt", None))

        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = signal.signal(signal.SIGINT, interrupt)
        try:
            yield
        finally:
            signal.signal(signal.SIGINT, before)

    def _screen(self) -> AbstractContextManager[object]:
        if not self._manner.live:
            if not self._manner.yes:
                threading.Thread(target=self._lines, name="biocore lines", daemon=True).start()
            return nullcontext()
        stack = ExitStack()
        stack.enter_context(Keys(lambda key: self._queue.put(("key", key))))
        self._live = stack.enter_context(
            Live(console=self._answer.err, transient=True, auto_refresh=False, vertical_overflow="crop")
        )
        return stack

    def _lines(self) -> None:
        for line in sys.stdin:
            self._queue.put(("line", line))
        self._queue.put(("no more", None))

    def _take(self, session: Session) -> None:
        """Take one thing out of the queue, and do what it means."""
        try:
            what, thing = self._queue.get(timeout=TICK_S)
        except queue.Empty:
            return
        if what == "event":
            self._heard(session, thing)
        elif what == "key":
            assert self._menu is not None
            self._do(session, self._menu.press(thing) or "")
        elif what == "line":
            self._do(session, thing)
        elif what == "no more":
            self._no_more_lines = True
        elif what == "interrupt":
            self._leave(session, "interrupted")
            raise KeyboardInterrupt

    def _empty(self, session: Session) -> None:
        """Hear what is still on its way."""
        session.desk.teller.drain(1.0)
        while not self._queue.empty():
            what, thing = self._queue.get()
            if what == "event":
                self._heard(session, thing)

    def _heard(self, session: Session, event: events.SessionEvent) -> None:
        if isinstance(event, events.Viewed) and event is not self._view:
            return  # another has come since
        if isinstance(event, events.DeviceTrouble):
            self._trouble = event
        if self._manner.heard is not None:
            self._manner.heard(event_entry(event))
        for line in self._board.hear(event):
            self._print(line)
        self._moments(session, moments_of(event))

    # -- what is done --------------------------------------------------------------------------------

    def _moments(self, session: Session, moments: list[str]) -> None:
        for line in self._script.at(moments):
            self._do(session, line)

    def _do(self, session: Session, line: str) -> None:
        """Do what a line says; what cannot be done is told, and changes nothing."""
        if not line.strip() or session.state in ENDED:
            return
        verb, _, rest = line.strip().partition(" ")
        try:
            if verb == "finish":
                self._finish(session)
            elif verb == "leave":
                self._leave(session, rest.strip() or "no reason was given")
            else:
                self._tell(perform(session, line))
        except SessionError as error:
            self._print(Text(f"  ! {error}", style="red"))

    def _tell(self, said: Said) -> None:
        self._print(Text(f"  {self._board.say(said.key, why=said.why)}", style="yellow" if said.why else "dim"))

    def _finish(self, session: Session) -> None:
        """Close the record; a disk that takes nothing is waited for.

        Raises
        ------
        SessionError
            Something is open, or unsigned.
        """
        if not self._finishing and session.state is not State.COMPLETE:
            following = session.next
            names = ", ".join(option_name(position) for position in following.wanted) if following else "nothing"
            raise SessionError(f"not finished yet: {names} next")
        try:
            session.finish()
        except JournalError as error:
            if not self._finishing:
                self._print(Text(f"  ! {error}", style="yellow"))
            self._finishing = True

    def _leave(self, session: Session, why: str) -> None:
        self._leaving = True
        if session.state not in ENDED:
            session.abandon(why)

    def _drive(self, session: Session) -> None:
        """Have the session capture, unless it does; tell when everything has its outcome."""
        if self._worker is not None and self._worker.is_alive():
            return
        if self._fault is not None:
            raise self._fault
        state = session.state
        if state in ENDED:
            return
        if state is not State.COMPLETE and not self._finishing:
            self._said_complete = False
            self._worker = threading.Thread(target=self._work, args=(session,), name="biocore session", daemon=True)
            self._worker.start()
        elif not self._said_complete:
            self._said_complete = True
            session.desk.teller.drain(1.0)
            self._queue.put(("event", _Complete()))

    def _work(self, session: Session) -> None:
        try:
            session.run()
        except SessionError as error:
            if not self._leaving:  # else: it met the one who ends the session
                self._fault = error
        except BaseException as error:
            self._fault = error

    def _join(self) -> None:
        if self._worker is not None:
            self._worker.join()

    def _check(self, session: Session) -> None:
        """See whether somebody must say something, and whether anybody is there who could."""
        state = session.state
        if self._finishing and state in (State.BLOCKED, State.COMPLETE):
            self._finish(session)
        if self._manner.live and not self._manner.yes:
            return
        idle = self._said_complete and self._queue.empty()
        if state is State.COMPLETE and idle and self._manner.yes:
            self._conclude(session)
        elif state is State.COMPLETE and idle and self._no_more_lines:
            self._leave(session, "nobody said that it is finished")
            complain("everything has its outcome, and nobody said `finish`; --yes finishes by itself")
            self._answer.end(ExitCode.NO)
        elif state not in WAITING:
            self._waiting_since = None
        elif self._waiting_since is None:
            self._waiting_since = time.monotonic()
        elif time.monotonic() - self._waiting_since > self._manner.wait_s:
            self._give_up(session)

    def _conclude(self, session: Session) -> None:
        if session.unsigned and self._manner.supervisor:
            session.sign(self._manner.supervisor)
            self._tell(Said("signed"))
        if session.unsigned:
            names = ", ".join(option_name(p) for name in session.unsigned if (p := position_of(name)) is not None)
            self._leave(session, "a signature is missing")
            complain(f"a supervisor must sign for {names}: --supervisor NAME, or `sign NAME`")
            self._answer.end(ExitCode.NO)
        else:
            self._finish(session)

    def _give_up(self, session: Session) -> None:
        state = session.state
        self._leave(session, f"{state} for too long")
        if state is State.NO_DEVICE:
            what = self._trouble.message if self._trouble else "there is no device"
            complain(what)
            self._answer.end(ExitCode.DEVICE)
        elif state is State.BLOCKED:
            complain("the journal takes nothing; free space, or see biocore station status")
            self._answer.end(ExitCode.STATION)
        else:
            complain("the session is paused, and nobody said `go`")
            self._answer.end(ExitCode.NO)

    # -- what is shown -------------------------------------------------------------------------------

    def _print(self, line: Text) -> None:
        if self._live is not None:
            self._live.console.print(line)
        elif self._manner.aside:
            self._answer.err.print(line)
        else:
            self._answer.show(line)
            if not self._answer.as_json:
                sys.stdout.flush()  # whoever reads along sees it now

    def _draw(self, session: Session) -> None:
        if self._live is None or self._menu is None:
            return
        self._board.unsigned = [p for name in session.unsigned if (p := position_of(name)) is not None]
        self._live.update(self._board.show(self._menu.lines()), refresh=True)


@dataclass(frozen=True, slots=True)
class _Complete:
    """Everything has its outcome; each time that it is so."""


def moments_of(event: object) -> list[str]:
    """Return the moments of a script that an event is."""

    def of(kind: str, *positions: Position) -> list[str]:
        return [f"{kind} {option_name(position)}" for position in positions]

    match event:
        case _Complete():
            return ["complete"]
        case events.Asked(request):
            return of("asked", *request.wanted)
        case events.Looked(look, _):
            return of("looked", look.position)
        case events.Accepted(position, _, _):
            return of("accepted", position)
        case events.Excepted(position, _, _):
            return of("excepted", position)
        case events.Doubted(position, _, _):
            return of("doubted", position)
        case events.StateChanged(State.PAUSED | State.NO_DEVICE as state, _):
            return [str(state)]
    return []


def event_entry(event: object) -> dict[str, Any]:
    """Return an event as JSON has it: `event`, and what it says, without pictures."""
    name = _WORD.sub("_", type(event).__name__.lstrip("_")).lower()
    if isinstance(event, events.Viewed):
        seen = event.view.glance
        said = {
            "positions": [position_name(position) for position in event.positions],
            **{"score": seen.score, "present": seen.present, "held": event.view.held},
            **{"cause": as_json(seen.cause), "advice": as_json(seen.advice)},
        }
    elif isinstance(event, events.DeviceSaid):
        said = {"kind": _kind(event.kind), "device": event.device, "detail": event.detail}
    else:
        said = as_json(event)
    return {"event": name, **said}


def _kind(kind: EventKind) -> str:
    return kind.name.lower()
