"""`biocore demo`: the part of the story that is about eyes."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Protocol

from rich.text import Text

import biocore
from biocore.advice import Language as Code
from biocore.eye_records import write_eyes
from biocore.station.words import position_text
from biocore_bindings import demo_eyes as story
from biocore_bindings.as_json import comparison_entry, report_entry, template_entry
from biocore_bindings.cli_assess import entry_of
from biocore_bindings.cli_compare import rate_text
from biocore_bindings.demo import THRESHOLD
from biocore_bindings.demo_eyes import Eye
from biocore_bindings.outputs import write_whole
from biocore_bindings.report_page import Entry
from biocore_bindings.terminal import Answer


class Teller(Protocol):
    """Who tells the story."""

    answer: Answer
    language: Code

    def tale(self, key: str, **values: object) -> str:
        """Return a sentence in the listener's language."""
        ...

    def chapter(self, key: str, **values: object) -> None:
        """Begin a chapter."""

    def say(self, text: str | Text) -> None:
        """Tell something."""


def tell_later(tell: Teller, eyes: list[Eye]) -> None:
    """Tell who is recognised by an eye a year later."""
    eye = next(each for each in eyes if each.position is story.VERIFIED)
    entries: dict[str, Any] = {}
    by = tell.tale("by", eye=position_text(eye.position, tell.language))
    for who, attempt in zip(("resident", "stranger"), story.later(), strict=True):
        if eye.template is None or attempt.template is None:
            tell.say(tell.tale("nothing_to_compare", who=tell.tale(who) + by))
            continue
        result = biocore.compare(attempt.template, eye.template)
        entries[who] = comparison_entry(result, THRESHOLD)
        match = result.score >= THRESHOLD
        told = Text.assemble(
            f"{tell.tale(who)}{by}:  ",
            (tell.tale("score", score=result.score) + "  ", "bold"),
            (tell.tale("recognised" if match else "refused"), "green" if match else "red"),
            ("  " + tell.tale("false_match", rate=rate_text(result.fmr, tell.language)), "dim"),
        )
        tell.say(told)
    tell.answer.put(eye_verification=entries)


def write_record(tell: Teller, eyes: list[Eye], out: Path) -> tuple[Path, str]:
    """Write the pictures that are kept as one record; return its path and what it is.

    Raises
    ------
    FormatError, ExtractionError
    """
    path = out / "eyes.iir"
    pictures = [sample for eye in eyes if eye.template is not None for sample in eye.pictures]
    data = write_eyes(pictures, story.RECORD_KIND)
    write_whole(path, data)
    return path, tell.tale("file_eyes", kind=int(story.RECORD_KIND), count=len(pictures), size=len(data))


def entries(eyes: list[Eye]) -> list[Entry]:
    """Return what the report shows: every attempt."""
    shown = []
    for eye in eyes:
        for number, attempt in enumerate(eye.attempts, 1):
            name = f"{eye.name} eye" if len(eye.attempts) == 1 else f"{eye.name} eye, {number}"
            shown.append(entry_of(name, attempt.sample, attempt.report))
    return shown


def entry(eye: Eye, language: Code) -> dict[str, Any]:
    """Return what is said of an eye in JSON."""
    return {
        "name": eye.name,
        "attempts": [
            {key: value for key, value in report_entry(attempt.report, language).items() if key != "measures"}
            for attempt in eye.attempts
        ],
        "template": None if eye.template is None else template_entry(eye.template),
    }
