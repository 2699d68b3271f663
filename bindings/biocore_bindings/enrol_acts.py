"""What an operator can say while a resident is recorded: typed as a line, chosen with keys, or read from a script.

::

    retry                                  what is being captured ends, and is asked for again
    single | slap                          one by one, or together
    missing left-ring bandaged 2026-12-24  cannot be recorded, why, and when to show it again
    present left-ring                      can be recorded after all
    accept right-index Ibu Kartini         take what is not sufficient, on this supervisor's word
    reject right-index Ibu Kartini         do not take what is sufficient
    restart Ibu Kartini                    begin the resident anew
    sign Ibu Kartini                       sign the exceptions
    pause | go | finish | leave WHY

A script is a file, TOML or JSON, that says them at certain moments, each once::

    [[act]]
    at = "asked left-index"                # begin, asked, looked, accepted, excepted, doubted, paused, complete
    do = "missing left-index bandaged"
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from biocore.errors import FormatError, SessionError
from biocore.station.exceptions import Absence, ExceptionKind
from biocore.station.looks import FULL_PLAN, VetoKind
from biocore.station.rungs import PlacementMode
from biocore.station.session import Session
from biocore.types import EyePosition, FingerPosition, Position
from biocore_bindings.terminal import shown

MAX_SCRIPT = 1 << 20  # bytes
VERBS = (
    *("retry", "single", "slap", "missing", "present", "accept", "reject", "restart"),
    *("sign", "pause", "go", "finish", "leave"),
)
# Moments of a script; those of a finger or an eye name which.
MOMENTS = ("begin", "asked", "looked", "accepted", "excepted", "doubted", "paused", "no_device", "complete")
_OF_ONE = frozenset({"asked", "looked", "accepted", "excepted", "doubted"})


@dataclass(frozen=True, slots=True)
class Said:
    """What became of it.

    Attributes
    ----------
    key : str
        Of `enrol_words`.
    why : str
        Of a refusal.
    """

    key: str
    why: str = ""


def option_name(position: Position) -> str:
    """Return a finger or eye as it is typed: `right-index`, `left-eye`."""
    name = position.name.lower().replace("_", "-")
    return name if isinstance(position, FingerPosition) else f"{name}-eye"


POSITIONS = {option_name(position): position for position in FULL_PLAN}


def position_named(text: str) -> Position:
    """Return the finger or eye of a typed name.

    Raises
    ------
    SessionError
        There is none of that name.
    """
    name = text.lower().replace("_", "-")
    if name not in POSITIONS:
        raise SessionError(f"there is no {shown(text)!r}; there are {', '.join(POSITIONS)}")
    return POSITIONS[name]


def absence_of(position: Position, words: list[str]) -> Absence:
    """Read why something is missing, and when to try again.

    Raises
    ------
    SessionError
    """
    if not words:
        raise SessionError(f"why is {option_name(position)} missing? {', '.join(sorted(ExceptionKind))}")
    try:
        kind = ExceptionKind(words[0].lower())
    except ValueError:
        raise SessionError(f"{shown(words[0])!r} is no reason; there are {', '.join(sorted(ExceptionKind))}") from None
    try:
        review = date.fromisoformat(words[1]) if len(words) > 1 else None
    except ValueError:
        raise SessionError(f"a day is like 2026-12-24, not {shown(words[1])}") from None
    return Absence(kind, review)


def perform(session: Session, line: str) -> Said:
    """Do what a line says, `finish` and `leave` apart, which end the session and are whoever drives it's to do.

    Raises
    ------
    SessionError
        It cannot be understood, or done now; nothing was changed.
    """
    verb, _, rest = line.strip().partition(" ")
    words = rest.split()
    match verb.lower():
        case "retry":
            session.cancel_capture()
        case "single":
            session.switch(PlacementMode.SINGLE)
        case "slap":
            session.switch(PlacementMode.SLAP)
        case "pause":
            session.pause()
        case "go":
            session.go_on()
        case "missing":
            position = position_named(words[0] if words else "")
            session.declare_missing(position, absence_of(position, words[1:]))
        case "present":
            session.withdraw_missing(position_named(words[0] if words else ""))
        case "accept" | "reject":
            kind = VetoKind.ACCEPT if verb.lower() == "accept" else VetoKind.REJECT
            position = position_named(words[0] if words else "")
            return _veto(session, kind, " ".join(words[1:]), position)
        case "restart":
            return _veto(session, VetoKind.RESTART, rest, None)
        case "sign":
            session.sign(rest.strip())
            return Said("signed")
        case _:
            raise SessionError(f"{shown(verb)!r} is not known here; there are {', '.join(VERBS)}")
    return Said("noted")


def _veto(session: Session, kind: VetoKind, who: str, position: Position | None) -> Said:
    refusal = session.veto(kind, who.strip(), position)
    return Said("noted") if refusal is None else Said("refused", str(refusal).replace("_", " "))


@dataclass(slots=True)
class Script:
    """What is said at which moment; each once."""

    acts: list[tuple[str, str]]

    def at(self, moments: Iterable[str]) -> Iterator[str]:
        """Take what is to be said at one of these moments."""
        for moment in moments:
            for act in [act for act in self.acts if act[0] == moment]:
                self.acts.remove(act)
                yield act[1]


def read_script(path: Path) -> Script:
    """Read a script, TOML or, where it ends in `.json`, JSON.

    Raises
    ------
    FormatError
        It cannot be read, or says what nobody understands.
    """
    values = read_table(path)
    acts = values.get("act", [])
    if set(values) - {"act"} or not isinstance(acts, list):
        raise FormatError("a script is a list of [[act]], each with `at` and `do`", file=str(path))
    return Script([_act(path, number, act) for number, act in enumerate(acts, 1)])


def read_table(path: Path) -> dict[str, Any]:
    """Read a small file, TOML or, where it ends in `.json`, JSON; its words are not repeated in errors.

    Raises
    ------
    FormatError
    """
    try:
        with path.open("rb") as file:
            data = file.read(MAX_SCRIPT)
        values = json.loads(data) if path.suffix == ".json" else tomllib.loads(data.decode())
    except OSError as error:
        raise FormatError(f"cannot be read: {error.strerror}", file=str(path)) from None
    except (ValueError, RecursionError):
        kind = "JSON" if path.suffix == ".json" else "TOML"
        raise FormatError(f"this is no {kind} file", file=str(path)) from None
    if not isinstance(values, dict):
        raise FormatError("this is no table of names and values", file=str(path))
    return values


def _act(path: Path, number: int, act: object) -> tuple[str, str]:
    values = act if isinstance(act, dict) and set(act) == {"at", "do"} else {}
    moment, line = values.get("at"), values.get("do")
    if not isinstance(moment, str) or not isinstance(line, str):
        raise FormatError(f"act {number} needs `at` and `do`, each a text", file=str(path))
    name, _, where = moment.strip().partition(" ")
    if name not in MOMENTS or (name in _OF_ONE and where not in POSITIONS) or (where and name not in _OF_ONE):
        raise FormatError(
            f"act {number}: {shown(moment)!r} is no moment; there are {', '.join(MOMENTS)}, of them "
            f"{', '.join(sorted(_OF_ONE))} with a finger or eye (asked left-index)",
            file=str(path),
        )
    if line.split(" ")[0] not in VERBS:
        raise FormatError(f"act {number}: {shown(line)!r} does not begin with {', '.join(VERBS)}", file=str(path))
    return moment.strip(), line


def eye_or_finger(position: Position) -> str:
    """Return the kind of a position, for words: `eye`, or the finger's own name."""
    return "eye" if isinstance(position, EyePosition) else position.name.lower().partition("_")[2]
