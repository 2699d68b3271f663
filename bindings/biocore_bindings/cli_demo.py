"""`biocore demo`: the story of `demo`, told in the terminal."""

from __future__ import annotations

import time
import webbrowser
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

import biocore
from biocore.advice import Language as Code
from biocore.advice import advice_text, cause_text
from biocore.errors import FormatError
from biocore.types import FingerPosition
from biocore_bindings import cli_demo_eyes, cli_demo_station, demo_eyes, report_page
from biocore_bindings import demo as story
from biocore_bindings.as_json import comparison_entry, report_entry, template_entry
from biocore_bindings.cli_assess import score_bar, score_text
from biocore_bindings.cli_compare import rate_text
from biocore_bindings.cli_extract import write_record
from biocore_bindings.demo import Attempt, Duplicate, Finger
from biocore_bindings.inputs import DEFAULT_PPI
from biocore_bindings.options import AsJson, Language, Ppi, Words
from biocore_bindings.outputs import make_folder
from biocore_bindings.report_page import Unread
from biocore_bindings.report_words import word
from biocore_bindings.terminal import Answer, answering, shown

DEFAULT_OUT = Path("demo-output")
MANY_FILES = 5  # files named one by one; of more, their folder


def demo(
    folder: Annotated[
        Path | None,
        typer.Argument(metavar="FOLDER", help="Real prints instead of the virtual resident.", show_default=False),
    ] = None,
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="Where everything is written.")] = DEFAULT_OUT,
    ppi: Ppi = DEFAULT_PPI,
    open_report: Annotated[bool, typer.Option("--open", help="Show the report in the browser when done.")] = False,
    language: Words = Language.EN,
    as_json: AsJson = False,
) -> None:
    """Record a virtual resident through a power cut and without a line, or see what becomes of a folder of prints."""
    with answering("demo", as_json) as answer:
        start = time.monotonic()
        make_folder(out)
        tell = _Teller(answer, language.code)
        unread: list[Unread] = []
        eyes: list[demo_eyes.Eye] = []
        prints: list[Path] = []
        if folder is None:
            fingers, eyes, prints = cli_demo_station.record(tell, out)
            _tell_pairs(tell, fingers)
            _tell_later(tell, fingers)
            cli_demo_eyes.tell_later(tell, eyes)
            answer.put(eyes=[cli_demo_eyes.entry(eye, language.code) for eye in eyes])
        else:
            fingers, unread = _read(tell, folder, ppi)
            _tell_groups(tell, fingers)
        _write(tell, fingers, eyes, unread, prints, out)
        answer.put(fingers=[_finger_entry(finger, language.code) for finger in fingers])
        answer.show(Text(f"\nDone in {time.monotonic() - start:.1f} s.", style="dim"))
        if open_report:
            webbrowser.open((out / "report.html").resolve().as_uri())


class _Teller:
    """Tells the story: chapters, paragraphs, and one line an attempt."""

    def __init__(self, answer: Answer, language: Code) -> None:
        self.answer = answer
        self.language = language
        self._chapter = 0

    def chapter(self, title: str, text: str) -> None:
        self._chapter += 1
        self.answer.show(
            Text(f"\n{self._chapter}  {title}", style="bold"),
            Padding(Text(text, style="dim"), (0, 0, 1, 3), expand=False),
        )

    def line(self, name: str, attempt: Attempt | demo_eyes.Attempt, number: int = 1) -> None:
        """Tell one attempt: score, bar, how much was found; for a poor one its causes and the advice."""
        report = attempt.report
        grid = Table.grid(padding=(0, 2))
        for width, justify in ((16, "left"), (3, "right"), (10, "left"), (0, "left")):
            grid.add_column(min_width=width, justify=justify)  # type: ignore[arg-type]
        if isinstance(attempt, demo_eyes.Attempt):
            found = f"{attempt.template.usable:.0%} usable" if attempt.template is not None else shown(attempt.fault)
        else:
            found = f"{len(attempt.template)} minutiae" if attempt.template is not None else shown(attempt.fault)
        label = Text(shown(name)) if number == 1 else Text(f"  attempt {number}", style="dim")
        grid.add_row(label, score_text(report.score), score_bar(report.score), Text(found, style="dim"))
        self.answer.show(Padding(grid, (0, 0, 0, 3), expand=False))
        if report.causes and (report.score is None or report.score < story.ENOUGH):
            why = " ".join(cause_text(cause.name, self.language) for cause in report.causes)
            self.answer.show(Padding(Text(f"↳ {why}", style="yellow"), (0, 0, 0, 5), expand=False))
            for advice in report.advice[:1]:
                self.answer.show(
                    Padding(
                        Text(f"  “{advice_text(advice, self.language)}”", style="italic"), (0, 0, 0, 5), expand=False
                    )
                )

    def say(self, text: str | Text) -> None:
        self.answer.show(Padding(text if isinstance(text, Text) else Text(text), (0, 0, 0, 3), expand=False))


def _read(tell: _Teller, folder: Path, ppi: float) -> tuple[list[Finger], list[Unread]]:
    tell.chapter("The prints", f"Every picture in {shown(folder)} is assessed, and its minutiae are extracted.")
    fingers: list[Finger] = []
    unread: list[Unread] = []
    for item in story.read_folder(folder, ppi):
        if isinstance(item, Unread):
            unread.append(item)
            tell.say(Text(f"{shown(item.name)}  {shown(item.message)}", style="red"))
            continue
        fingers.append(item)
        tell.line(item.name, item.best)
    if not fingers:
        raise FormatError("none of the pictures in it could be read", file=str(folder))
    return fingers, unread


def _tell_pairs(tell: _Teller, fingers: list[Finger]) -> None:
    tell.chapter(
        "Is every finger another one?",
        "What the station could no longer compare after the power cut, the centre compares: all with all.",
    )
    for pair in _find(tell, fingers):
        tell.say(Text(f"{_plain(pair.second)} shows the same finger as {_plain(pair.first)}", style="red"))
    if not story.duplicates(fingers):
        tell.say(f"All {len(fingers)} are different fingers.")


def _tell_groups(tell: _Teller, fingers: list[Finger]) -> None:
    tell.chapter("Which of them show one finger?", "Each template is compared with all others.")
    groups = story.groups(fingers, _find(tell, fingers))
    for group in groups:
        tell.say(f"{len(group)} of one finger: {', '.join(shown(finger.name) for finger in group)}")
    alone = len(fingers) - sum(map(len, groups))
    if alone:
        tell.say(f"{alone} of {len(fingers)} match no other.")


def _find(tell: _Teller, fingers: list[Finger]) -> list[Duplicate]:
    found = story.duplicates(fingers)
    tell.answer.put(
        duplicates=[
            {"first": d.first.name, "second": d.second.name, **comparison_entry(d.comparison, story.THRESHOLD)}
            for d in found
        ]
    )
    return found


def _tell_later(tell: _Teller, fingers: list[Finger]) -> None:
    asked = story.VERIFIED.name.lower().replace("_", " ")
    tell.chapter("A year later", f"At a bank counter somebody says who they are, and lays down the {asked} finger.")
    enrolled = next(finger for finger in fingers if finger.position is story.VERIFIED).template
    entries: dict[str, Any] = {}
    for who, attempt in zip(("resident", "stranger"), story.later(), strict=True):
        if enrolled is None or attempt.template is None:
            tell.say(f"The {who}: no template, nothing to compare.")
            continue
        result = biocore.compare(attempt.template, enrolled)
        entries[who] = comparison_entry(result, story.THRESHOLD)
        match = result.score >= story.THRESHOLD
        tell.say(
            Text.assemble(
                f"The {who}:  ",
                (f"score {result.score:.0f}  ", "bold"),
                ("recognised" if match else "refused", "green" if match else "red"),
                (f"  {len(result.pairs)} minutiae in common, false match {rate_text(result.fmr)}", "dim"),
            )
        )
    tell.answer.put(verification=entries)


def _write(
    tell: _Teller,
    fingers: list[Finger],
    eyes: list[demo_eyes.Eye],
    unread: list[Unread],
    prints: list[Path],
    out: Path,
) -> None:
    virtual = bool(prints)  # real prints are where they came from
    tell.chapter("What is left on the disk", "Nothing was sent beyond this machine.")
    written: list[tuple[Path, str]] = []
    if virtual:
        written.append((out / "station", "the station: its journal, now without bodies, and the receipt"))
        written.append((out / "centre", "the centre: its keys, and the record"))
        written.append((out / "prints", f"{len(prints)} pictures, PNG, out of the record"))
    records = _write_records(fingers, out)
    written += [
        (path, f"ISO/IEC 19794-2:2005, {views} finger{'s' if views > 1 else ''}, {size} bytes")
        for path, views, size in records
    ]
    paths = [path for path, *_ in records]
    if eyes:
        written.append(cli_demo_eyes.write_record(eyes, out))
        paths.append(written[-1][0])
    page = report_page.render(
        [*story.entries(fingers), *cli_demo_eyes.entries(eyes)],
        unread,
        language=tell.language,
        min_score=story.ENOUGH,
        title=word("title_demo", tell.language) if virtual else "",
        in_order=virtual,
    )
    report = out / "report.html"
    report_page.write(report, page)
    table = Table.grid(padding=(0, 3))
    for path, what in written if virtual else _few(written):
        table.add_row(Text(_below(path, out)), Text(what, style="dim"))
    table.add_row(Text(report.name, style="bold"), Text("every picture on one page, to read or print", style="dim"))
    # The folder in a line of its own, which a long path may fill: cut off, it would lead nowhere.
    tell.answer.show(Text(f"   {shown(out)}", overflow="fold"), Padding(table, (0, 0, 0, 5), expand=False))
    tell.answer.put(files={"report": str(report), "records": list(map(str, paths)), "prints": list(map(str, prints))})


def _below(path: Path, out: Path) -> str:
    """Return a path as it lies in the demo's folder."""
    return shown(path.relative_to(out)) if path != out and path.is_relative_to(out) else shown(path.name)


def _few(written: list[tuple[Path, str]]) -> list[tuple[Path, str]]:
    """Return what fits a screen: of many files the folder they are in."""
    if len(written) <= MANY_FILES:
        return written
    return [(written[0][0].parent, f"{len(written)} records, ISO/IEC 19794-2:2005")]


def _write_records(fingers: list[Finger], out: Path) -> list[tuple[Path, int, int]]:
    """Write one record of the person's fingers, or, where a finger is there twice or not named, one a picture."""
    usable = [(finger, template) for finger in fingers if (template := finger.template) is not None]
    named = {finger.position for finger, _ in usable} - {FingerPosition.UNKNOWN}
    if usable and len(named) == len(usable):
        path = out / "fingers.fmr"
        return [(path, len(usable), write_record(path, [template for _, template in usable]))]
    written = []
    for number, (finger, template) in enumerate(usable, 1):
        path = make_folder(out / "records") / f"{number:03d}-{Path(finger.name).stem}.fmr"
        written.append((path, 1, write_record(path, [template])))
    return written


def _plain(finger: Finger) -> str:
    """Return a finger's name as a sentence has it."""
    return finger.name if finger.position is FingerPosition.UNKNOWN else finger.position.name.lower().replace("_", " ")


def _finger_entry(finger: Finger, language: Code) -> dict[str, Any]:
    template = finger.template
    return {
        "name": finger.name,
        "attempts": [
            {key: value for key, value in report_entry(attempt.report, language).items() if key != "measures"}
            for attempt in finger.attempts
        ],
        "template": template_entry(template) if template is not None else None,
    }
