"""`biocore demo`: the part of the story that happens at the station, on the line, and at the centre."""

from __future__ import annotations

import textwrap
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from biocore.errors import MissingDependencyError, SessionError
from biocore.report import Outcome
from biocore.station.entry import position_of
from biocore.station.words import position_text
from biocore_bindings import demo_station as story
from biocore_bindings.cli_assess import score_bar, score_text
from biocore_bindings.cli_demo_eyes import Teller
from biocore_bindings.demo import Finger
from biocore_bindings.demo_eyes import Eye
from biocore_bindings.enrol_words import say
from biocore_bindings.terminal import shown

INDENT = 3
WIDEST = 100  # columns of the station's own lines


def record(tell: Teller, out: Path) -> tuple[list[Finger], list[Eye], list[Path]]:
    """Record the resident, send the record, and read it as the centre does.

    Raises
    ------
    SessionError
        A recording did not end as it should.
    """
    place = story.prepare(out)
    cut = _before(tell, place)
    resident, again = _after(tell, place, cut)
    said: dict[str, Any] = {"resident": resident, "killed": cut.code, "asked": list(cut.asked)}
    resumed = again.resumed
    said |= {"resumed": resumed and {key: resumed[key] for key in ("done", "next")}}
    said |= _line(tell, place, resident)
    tell.chapter("centre")
    entries = story.opened(place, resident)
    summary = story.summary_of(entries)
    _tell_summary(tell, summary, story.decisions(entries))
    fingers, eyes, pictures = story.person(entries, out / "prints")
    tell.answer.put(station=said | {"entries": len(entries), "summary": summary})
    return fingers, eyes, pictures


def _before(tell: Teller, place: story.Place) -> story.Recorded:
    tell.chapter("desk", age=story.AGE, number=story.TICKET)
    cut = story.begin(place, tell.language, _teller(tell), _columns(tell), colour=tell.answer.out.is_terminal)
    if not cut.asked or cut.code >= 0:
        raise SessionError(f"the recording ended by itself (exit code {cut.code})")
    tell.say(Text(tell.tale("lights_out", signal=-cut.code), style="bold red"))
    return cut


def _after(tell: Teller, place: story.Place, cut: story.Recorded) -> tuple[str, story.Recorded]:
    tell.chapter("same", done=cut.done())
    again = story.go_on(place, tell.language, _teller(tell), _columns(tell), colour=tell.answer.out.is_terminal)
    resumed, end = again.resumed, again.events[-1] if again.events else {}
    if again.code != 0 or resumed is None or end.get("event") != "end":
        raise SessionError(f"the recording could not be gone on with (exit code {again.code})")
    if tuple(resumed["next"]) != cut.asked:
        raise SessionError(f"it went on with {resumed['next']}, and {cut.asked} was asked for when the power went")
    tell.say(Text(say("closed", tell.language, resident=end["resident"][:8]), style="bold green"))
    return end["resident"], again


# -- the line --------------------------------------------------------------------------------------


def _line(tell: Teller, place: story.Place, resident: str) -> dict[str, Any]:
    tell.chapter("line")
    try:
        with story.no_line(place):
            told = story.send(place)
        _fact(tell, "no_centre", tell.tale("waits", count=told.waiting, size=told.waiting_bytes / 1e6))
        refused = told.last_error.cause if told.last_error else None
        with story.centre(place) as url:
            _fact(tell, "a_centre", tell.tale("answers", url=url))
            told = story.send(place)
    except MissingDependencyError as error:
        tell.say(Text(tell.tale("left_out", why=shown(error)), style="yellow"))
        return {"sent": 0, "left_out": str(error), "receipt": None}
    if told.waiting or told.last_error is not None:
        cause = told.last_error.cause if told.last_error else "it waits on"
        raise SessionError(f"the record could not be sent: {cause}")
    receipt = story.receipt(place, resident)
    _fact(tell, "sent", tell.tale("sent_what", size=receipt.size / 1e6, digest=receipt.sha256[:16]))
    _fact(tell, "receipt", tell.tale("receipt_what", time=_time(receipt.time)))
    return {"sent": told.sent_today, "left_out": None, "refused": refused, "receipt": receipt.to_values()}


def _time(at: datetime) -> str:
    return f"{at.astimezone():%H:%M:%S}"


# -- the summary -----------------------------------------------------------------------------------


def _tell_summary(tell: Teller, summary: dict[str, Any], decisions: dict[str, dict[str, Any]]) -> None:
    table = Table.grid(padding=(0, 2))
    table.add_column(min_width=20)
    table.add_column(min_width=3, justify="right")
    for name in summary["plan"]:
        position, said = position_of(name), summary["positions"][name]
        assert position is not None
        accepted, score = (
            said["outcome"] == Outcome.ACCEPT,
            said["score"] if said["outcome"] == Outcome.ACCEPT else None,
        )
        mark = Text("✓ ", style="green") if accepted else Text("✗ ", style="yellow")
        mark.append(position_text(position, tell.language), style="default")
        table.add_row(
            mark,
            score_text(score) if accepted else "",
            score_bar(score),
            Text(_how(tell, said, decisions[name]), style="dim"),
        )
    tell.answer.show(Padding(table, (0, 0, 1, INDENT), expand=False))
    profile, checks = summary["profile"], summary["checks"]
    because = f": {tell.tale(profile['because'])}" if profile["because"] else ""
    _fact(tell, "profile", f"{profile['in_force']}{because}")
    _fact(tell, "resumptions", f"{summary['resumptions']}")
    names = [finger["finger"] for finger in summary["chip"] if finger["finger"] is not None]
    chip = ", ".join(position_text(p, tell.language) for name in names if (p := position_of(name)) is not None)
    _fact(tell, "for_the_chip", chip or tell.tale("no_finger"))
    left = len(checks["left_to_the_centre"])
    _fact(tell, "compared", tell.tale("compared_what", pairs=checks["pairs_compared"], left=left))


def _how(tell: Teller, said: dict[str, Any], decision: dict[str, Any]) -> str:
    """Say how a finger or an eye came to its outcome; of an exception the summary may not know it any more."""
    if said["outcome"] != Outcome.ACCEPT:
        return say(decision["exception"]["kind"], tell.language)
    attempts = len(said["attempts"])
    parts = [tell.tale("attempt_of", attempt=said["attempt"], all=attempts) if attempts > 1 else ""]
    if said["fuse"]:
        parts = [tell.tale("united", count=len(said["fuse"]))]
    if said["lowered"]:
        parts.append(tell.tale("less_proof" if said["fuse"] else "lowered"))
    return ", ".join(filter(None, parts))


# -- lines -----------------------------------------------------------------------------------------


def _fact(tell: Teller, key: str, text: str) -> None:
    line = Text(f"{tell.tale(key):<14}", style="dim")
    width = _columns(tell) - 14
    for number, part in enumerate(textwrap.wrap(text, width)):
        line.append(("\n" + " " * 14 if number else "") + part, style="not dim")
    tell.say(line)


def _teller(tell: Teller) -> Callable[[str], None]:
    def told(line: str) -> None:
        tell.say(Text.from_ansi(line))

    return told


def _columns(tell: Teller) -> int:
    return min(tell.answer.out.width, WIDEST) - INDENT
