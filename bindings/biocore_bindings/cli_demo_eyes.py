"""`biocore demo`: the part of the story that is about eyes."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Protocol

from rich.text import Text

import biocore
from biocore.advice import Language as Code
from biocore.errors import ExtractionError
from biocore.eye_records import write_eyes
from biocore_bindings import demo_eyes as story
from biocore_bindings.as_json import comparison_entry, report_entry, template_entry
from biocore_bindings.cli_assess import entry_of
from biocore_bindings.cli_compare import rate_text
from biocore_bindings.demo import THRESHOLD
from biocore_bindings.demo_eyes import Attempt, Eye
from biocore_bindings.outputs import writing
from biocore_bindings.report_page import Entry
from biocore_bindings.report_words import word
from biocore_bindings.terminal import Answer


class Teller(Protocol):
    """Who tells the story."""

    answer: Answer
    language: Code
    notes: dict[str, str]

    def chapter(self, title: str, text: str) -> None:
        """Begin a chapter."""

    def line(self, name: str, attempt: Attempt, number: int = 1) -> None:
        """Tell one attempt."""

    def note(self, entry: str, key: str, *said: str) -> None:
        """Note for the report why something was captured again."""

    def say(self, text: str | Text) -> None:
        """Tell something."""


def enrol(tell: Teller) -> list[Eye]:
    """Capture both eyes: find the one that came twice, and take several pictures of the cloudy one."""
    tell.chapter(
        "Two eyes",
        "No camera is attached either; a virtual one's eyes are grown, as the prints are. The left one has a cataract.",
    )
    eyes = []
    for position in story.EYES:
        eye = story.capture_eye(position)
        tell.line(_plain(eye), eye.attempts[0])
        eyes.append(eye)
    found = story.mixups(eyes)
    entries = []
    for first, second, pair in found:
        entries.append({"first": first.name, "second": second.name, **comparison_entry(pair.comparison, THRESHOLD)})
        tell.say(
            Text.assemble(
                (f"{_plain(second)} shows the same eye as {_plain(first)}", "yellow"),
                (f"  score {pair.comparison.score:.0f}, false match {rate_text(pair.comparison.fmr)}", "dim"),
            )
        )
        tell.line(_plain(second), story.capture_again(second))
        tell.note(second.name, "again_swapped", word(first.name, tell.language))
    for eye in eyes:
        if story.needs_burst(eye):
            _burst(tell, eye)
    tell.answer.put(eye_mixups=entries, eyes=[_entry(eye, tell.language) for eye in eyes])
    return eyes


def _burst(tell: Teller, eye: Eye) -> None:
    try:
        story.capture_burst(eye)
    except ExtractionError as error:
        tell.say(Text(f"{_plain(eye)}: {story.BURST} more pictures, and no template: {error}", style="red"))
        return
    best = max(chosen.report.score or 0 for chosen in eye.kept)
    tell.say(
        f"{_plain(eye)}: several pictures are advised; of {story.BURST} more the best {len(eye.kept)} "
        f"(up to {best} of 100) are made into one template"
    )


def tell_later(tell: Teller, eyes: list[Eye]) -> None:
    """Tell who is recognised by an eye a year later."""
    eye = next(each for each in eyes if each.position is story.VERIFIED)
    entries: dict[str, Any] = {}
    for who, attempt in zip(("resident", "stranger"), story.later(), strict=True):
        if eye.template is None or attempt.template is None:
            tell.say(f"The {who}, by the {_plain(eye)}: no template, nothing to compare.")
            continue
        result = biocore.compare(attempt.template, eye.template)
        entries[who] = comparison_entry(result, THRESHOLD)
        match = result.score >= THRESHOLD
        told = Text.assemble(
            f"The {who}, by the {_plain(eye)}:  ",
            (f"score {result.score:.0f}  ", "bold"),
            ("recognised" if match else "refused", "green" if match else "red"),
            (f"  false match {rate_text(result.fmr)}", "dim"),
        )
        alone = eye.attempts[-1].template
        if who == "resident" and eye.fused is not None and alone is not None:
            single = biocore.compare(attempt.template, alone).score
            told.append(f"; with the first picture alone the score would be {single:.0f}", style="dim")
        tell.say(told)
    tell.answer.put(eye_verification=entries)


def write_record(eyes: list[Eye], out: Path) -> tuple[Path, str]:
    """Write the pictures that are kept as one record; return its path and what it is.

    Raises
    ------
    FormatError, ExtractionError
    """
    path = out / "eyes.iir"
    pictures = [sample for eye in eyes if eye.template is not None for sample in eye.pictures]
    data = write_eyes(pictures, story.RECORD_KIND)
    with writing(path):
        path.write_bytes(data)
    return path, f"ISO/IEC 19794-6:2011, K{int(story.RECORD_KIND)}, {len(pictures)} pictures, {len(data)} bytes"


def entries(tell: Teller, eyes: list[Eye]) -> list[Entry]:
    """Return what the report shows: every attempt, and the frames of a burst that were kept."""
    shown = []
    for eye in eyes:
        for attempt in eye.attempts:
            shown.append(entry_of(eye.name, attempt.sample, attempt.report, tell.notes.get(eye.name, "")))
        note = word("burst", tell.language).format(story.BURST, len(eye.kept))
        for chosen in eye.kept:
            shown.append(entry_of(f"{eye.name}, {chosen.index + 1}", chosen.sample, chosen.report, note))
    return shown


def _entry(eye: Eye, language: Code) -> dict[str, Any]:
    return {
        "name": eye.name,
        "attempts": [
            {key: value for key, value in report_entry(attempt.report, language).items() if key != "measures"}
            for attempt in eye.attempts
        ],
        "fused": len(eye.kept),
        "template": None if eye.template is None else template_entry(eye.template),
    }


def _plain(eye: Eye) -> str:
    return f"{eye.name} eye"
