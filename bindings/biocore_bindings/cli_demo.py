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
from biocore.station.words import position_text
from biocore.types import FingerPosition, IrisTemplate
from biocore_bindings import cli_demo_eyes, cli_demo_station, demo_eyes, report_page
from biocore_bindings import demo as story
from biocore_bindings.as_json import comparison_entry, report_entry, template_entry
from biocore_bindings.cli_assess import score_bar, score_text
from biocore_bindings.cli_compare import rate_text
from biocore_bindings.cli_extract import write_record
from biocore_bindings.demo import Duplicate, Finger, FingerAttempt
from biocore_bindings.demo_words import tale
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
        answer.show(Text("\n" + tell.tale("done", seconds=time.monotonic() - start), style="dim"))
        if open_report:
            webbrowser.open((out / "report.html").resolve().as_uri())


class _Teller:
    """Tells the story: chapters, paragraphs, and one line an attempt."""

    def __init__(self, answer: Answer, language: Code) -> None:
        self.answer = answer
        self.language = language
        self._chapter = 0

    def tale(self, key: str, **values: object) -> str:
        return tale(key, self.language, **values)

    def chapter(self, key: str, **values: object) -> None:
        self._chapter += 1
        self.answer.show(
            Text(f"\n{self._chapter}  {self.tale(f'{key}_title')}", style="bold"),
            Padding(Text(self.tale(key, **values), style="dim"), (0, 0, 1, 3), expand=False),
        )

    def line(self, name: str, attempt: FingerAttempt | demo_eyes.EyeAttempt, number: int = 1) -> None:
        """Tell one attempt: score, bar, how much was found; for a poor one its causes and the advice."""
        report = attempt.report
        grid = Table.grid(padding=(0, 2))
        for width, justify in ((16, "left"), (3, "right"), (10, "left"), (0, "left")):
            grid.add_column(min_width=width, justify=justify)  # type: ignore[arg-type]
        if (template := attempt.template) is None:
            found = shown(attempt.fault)
        elif isinstance(template, IrisTemplate):
            found = self.tale("usable", share=template.usable)
        else:
            found = self.tale("minutiae", count=len(template))
        label = Text(shown(name)) if number == 1 else Text("  " + self.tale("attempt", number=number), style="dim")
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
    tell.chapter("prints", folder=shown(folder))
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
    tell.chapter("another")
    for pair in _find(tell, fingers):
        one, other = (_plain(finger, tell.language) for finger in (pair.second, pair.first))
        tell.say(Text(tell.tale("same_finger", one=one, other=other), style="red"))
    if not story.duplicates(fingers):
        tell.say(tell.tale("all_different", count=len(fingers)))


def _tell_groups(tell: _Teller, fingers: list[Finger]) -> None:
    tell.chapter("groups")
    groups = story.groups(fingers, _find(tell, fingers))
    for group in groups:
        tell.say(tell.tale("group", count=len(group), names=", ".join(shown(finger.name) for finger in group)))
    alone = len(fingers) - sum(map(len, groups))
    if alone:
        tell.say(tell.tale("alone", count=alone, all=len(fingers)))


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
    tell.chapter("later", finger=position_text(story.VERIFIED, tell.language))
    enrolled = next(finger for finger in fingers if finger.position is story.VERIFIED).template
    entries: dict[str, Any] = {}
    for who, attempt in zip(("resident", "stranger"), story.later(), strict=True):
        if enrolled is None or attempt.template is None:
            tell.say(tell.tale("nothing_to_compare", who=tell.tale(who)))
            continue
        result = biocore.compare(attempt.template, enrolled)
        entries[who] = comparison_entry(result, story.THRESHOLD)
        match, rate = result.score >= story.THRESHOLD, rate_text(result.fmr, tell.language)
        tell.say(
            Text.assemble(
                f"{tell.tale(who)}:  ",
                (tell.tale("score", score=result.score) + "  ", "bold"),
                (tell.tale("recognised" if match else "refused"), "green" if match else "red"),
                (
                    "  " + tell.tale("in_common", count=len(result.pairs), rate=rate),
                    "dim",
                ),
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
    tell.chapter("disk")
    written: list[tuple[Path, str]] = []
    if virtual:
        written.append((out / "station", tell.tale("file_station")))
        written.append((out / "centre", tell.tale("file_centre")))
        written.append((out / "prints", tell.tale("file_prints", count=len(prints))))
    records = _write_records(fingers, out)
    written += [(path, tell.tale("file_fingers", count=views, size=size)) for path, views, size in records]
    paths = [path for path, *_ in records]
    if eyes:
        written.append(cli_demo_eyes.write_record(tell, eyes, out))
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
    for path, what in written if virtual else _few(tell, written):
        table.add_row(Text(_below(path, out)), Text(what, style="dim"))
    table.add_row(Text(report.name, style="bold"), Text(tell.tale("file_report"), style="dim"))
    # The folder in a line of its own, which a long path may fill: cut off, it would lead nowhere.
    tell.answer.show(Text(f"   {shown(out)}", overflow="fold"), Padding(table, (0, 0, 0, 5), expand=False))
    tell.answer.put(files={"report": str(report), "records": list(map(str, paths)), "prints": list(map(str, prints))})


def _below(path: Path, out: Path) -> str:
    """Return a path as it lies in the demo's folder."""
    return shown(path.relative_to(out)) if path != out and path.is_relative_to(out) else shown(path.name)


def _few(tell: _Teller, written: list[tuple[Path, str]]) -> list[tuple[Path, str]]:
    """Return what fits a screen: of many files the folder they are in."""
    if len(written) <= MANY_FILES:
        return written
    return [(written[0][0].parent, tell.tale("file_records", count=len(written)))]


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


def _plain(finger: Finger, language: Code) -> str:
    """Return a finger's name as a sentence has it."""
    unknown = finger.position is FingerPosition.UNKNOWN
    return finger.name if unknown else position_text(finger.position, language)


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
