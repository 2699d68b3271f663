"""Single keys, and the few questions behind them, made into the lines that `enrol_acts` understands."""

from __future__ import annotations

import codecs
import os
import select
import sys
import termios
import threading
import tty
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from types import TracebackType

from rich.cells import cell_len
from rich.text import Text

from biocore.advice import Language
from biocore.station.entry import position_name
from biocore.station.exceptions import PERMANENT_KINDS, declarable
from biocore.station.looks import Ended
from biocore.station.rungs import PlacementMode
from biocore.station.session import Session
from biocore.station.session_state import State
from biocore.station.words import position_text
from biocore.types import Position
from biocore_bindings.enrol_acts import option_name
from biocore_bindings.enrol_words import say

LABELS = "1234567890abcdefghijk"  # keys of a choice
ESCAPE, ENTERS, BACKSPACES = "\x1b", "\r\n", "\x7f\b"
ROW = 74  # columns of choices beside each other; the board of eighty has 76
LONGEST = 100  # characters of a typed answer
LOOK_S = 0.1  # s between two looks whether to stop


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked: one of several, or, where there are none, a text.

    Attributes
    ----------
    text : str
    choices : tuple of (str, str)
        What is answered, and what it is called.
    optional : bool
        An empty text is an answer.
    """

    text: str
    choices: tuple[tuple[str, str], ...] = ()
    optional: bool = False


def rows_of(choices: Sequence[tuple[str, str]]) -> list[Text]:
    """Return choices in rows, each beside its key; broken by rich, a key could end a row."""
    rows = [Text()]
    for label, (_, name) in zip(LABELS, choices, strict=False):
        if rows[-1].cell_len + 3 + len(label) + cell_len(name) > ROW:
            rows.append(Text())
        rows[-1].append("  " if rows[-1].cell_len else "").append(label, style="bold cyan").append(f" {name}")
    return rows


Asking = Generator[Question, str, str]


class Menu:
    """The keys of a session.

    Parameters
    ----------
    session : Session
    language : "en" or "id"
    """

    def __init__(self, session: Session, language: Language) -> None:
        self._session = session
        self._language = language
        self._asking: Asking | None = None
        self._question = Question("")
        self._typed = ""

    def press(self, key: str) -> str | None:
        """Take a key; return a line when one is complete."""
        if self._asking is None:
            return self._first(key)
        if key == ESCAPE:
            self._asking = None
        elif self._question.choices:
            labels = LABELS[: len(self._question.choices)]
            if key.lower() in labels:
                return self._answer(self._question.choices[labels.index(key.lower())][0])
        elif key in ENTERS:
            if self._typed.strip() or self._question.optional:
                return self._answer(self._typed.strip())
        elif key in BACKSPACES:
            self._typed = self._typed[:-1]
        elif key.isprintable() and len(self._typed) < LONGEST:
            self._typed += key
        return None

    def lines(self) -> list[Text]:
        """Return what is asked, or what each key does."""
        if self._asking is None:
            return [self._keys()]
        escape = Text(f"   {self._say('esc')}", style="dim")
        asked = Text(self._question.text, style="bold").append_text(escape)
        if not self._question.choices:
            return [asked, Text(f"> {self._typed}_")]
        return [asked, *rows_of(self._question.choices)]

    def _keys(self) -> Text:
        state, complete = self._session.state, self._session.state is State.COMPLETE
        slap = self._session.situation.mode is PlacementMode.SLAP
        keys = [
            ("r", "" if complete else "key_retry"),
            ("s", "" if complete else "key_single" if slap else "key_slap"),
            ("m", "key_missing"),
            ("v", "key_overrule"),
            ("p", "key_go" if state is State.PAUSED else "key_pause"),
            ("t", "key_sign" if self._session.unsigned or complete else ""),
            ("Enter", "key_finish" if complete else ""),
            ("q", "key_leave"),
        ]
        line = Text()
        for key, name in keys:
            if name:
                line.append(key, style="bold cyan").append(f"\u00a0{self._say(name)}".replace(" ", "\u00a0"))
                line.append("  ")
        line.rstrip()
        return line

    def _first(self, key: str) -> str | None:
        session, complete = self._session, self._session.state is State.COMPLETE
        lines: dict[str, Callable[[], str]] = {
            "r": lambda: "retry",
            "s": lambda: "single" if session.situation.mode is PlacementMode.SLAP else "slap",
            "p": lambda: "go" if session.state is State.PAUSED else "pause",
        }
        questions: dict[str, Callable[[], Asking]] = {
            "m": self._missing,
            "v": self._overrule,
            "t": self._sign,
            "q": self._leave,
        }
        if complete and key in ENTERS:
            return "finish"
        if key.lower() in lines:
            return lines[key.lower()]()
        if key.lower() in questions:
            self._asking = questions[key.lower()]()
            return self._go_on(None)
        return None

    def _answer(self, answer: str) -> str | None:
        return self._go_on(answer)

    def _go_on(self, answer: str | None) -> str | None:
        assert self._asking is not None
        self._typed = ""
        try:
            self._question = next(self._asking) if answer is None else self._asking.send(answer)
        except StopIteration as end:
            self._asking = None
            return str(end.value) or None
        return None

    # -- questions -----------------------------------------------------------------------------------

    def _missing(self) -> Asking:
        session = self._session
        position = yield from self._which(session.situation.plan, "ask_missing")
        if position is None:
            return ""
        gone = position_name(position) in session.situation.missing
        kinds = [(str(kind), self._say(str(kind))) for kind in sorted(declarable(position))]
        if gone:
            kinds.insert(0, ("", self._say("there_after_all")))
        kind = yield Question(f"{position_text(position, self._language)}: {self._say('ask_kind')}", tuple(kinds))
        if not kind:
            return f"present {option_name(position)}"
        if kind in PERMANENT_KINDS:
            return f"missing {option_name(position)} {kind}"
        review = yield Question(self._say("ask_review"), optional=True)
        return f"missing {option_name(position)} {kind} {review}".rstrip()

    def _overrule(self) -> Asking:
        kinds = (("accept", "accept_insufficient"), ("reject", "reject_sufficient"), ("restart", "restart"))
        verb = yield Question(self._say("ask_overrule"), tuple((verb, self._say(key)) for verb, key in kinds))
        where = ""
        if verb != "restart":
            looks = [look for look in self._session.situation.looks if look.ended is Ended.CAPTURED]
            seen = {position_name(look.position) for look in looks}
            shown = [p for p in self._session.situation.plan if position_name(p) in seen]
            position = yield from self._which(shown, "ask_which")
            if position is None:
                return ""
            where = f"{option_name(position)} "
        who = yield Question(self._say("ask_supervisor"))
        return f"{verb} {where}{who}"

    def _sign(self) -> Asking:
        return "sign " + (yield Question(self._say("ask_supervisor")))

    def _leave(self) -> Asking:
        return "leave " + (yield Question(self._say("ask_leave")))

    def _which(self, positions: Sequence[Position], key: str) -> Generator[Question, str, Position | None]:
        if not positions:
            return None
        choices = tuple((str(place), position_text(p, self._language)) for place, p in enumerate(positions))
        return positions[int((yield Question(self._say(key), choices)))]

    def _say(self, key: str) -> str:
        return say(key, self._language)


class Keys:
    """Hands over each key of a terminal as it is pressed, from a thread; the terminal is put right afterwards.

    Parameters
    ----------
    pressed : callable (key)
    """

    def __init__(self, pressed: Callable[[str], object]) -> None:
        self._pressed = pressed
        self._fd = sys.stdin.fileno()
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._read, name="biocore keys", daemon=True)

    def __enter__(self) -> Keys:
        self._before = termios.tcgetattr(self._fd)
        tty.setcbreak(self._fd)  # Ctrl-C stays a signal
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._stopped.set()
        termios.tcsetattr(self._fd, termios.TCSADRAIN, self._before)

    def _read(self) -> None:
        decoder = codecs.getincrementaldecoder("utf-8")("ignore")
        while not self._stopped.is_set():
            if not select.select([self._fd], [], [], LOOK_S)[0]:
                continue
            data = os.read(self._fd, 64)
            if not data:
                return
            if len(data) > 1 and data[:1] == b"\x1b":
                continue  # an arrow or a function key
            for key in decoder.decode(data):
                self._pressed(key)
