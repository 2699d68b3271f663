"""`biocore assess`: how good pictures are, why not better, and what to do."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table
from rich.text import Text

import biocore
from biocore.advice import advice_text, cause_text
from biocore.errors import BiocoreError, ExtractionError, NotAssessableError
from biocore.fingerprint import block_maps
from biocore.fingerprint.scale import to_500
from biocore.report import QualityReport
from biocore.types import Modality, Sample
from biocore_bindings import report_page
from biocore_bindings.as_json import report_entry, sample_entry
from biocore_bindings.drawing import quality_colour
from biocore_bindings.eyes import look, trace_rest
from biocore_bindings.inputs import (
    DEFAULT_PPI,
    collect,
    finger_template,
    load_all,
    modality_of,
    parse_position,
    pictures_of,
)
from biocore_bindings.options import (
    AsJson,
    Finger,
    Kind,
    Language,
    MinScore,
    Pictures,
    Ppi,
    Recursive,
    Trace,
    Words,
)
from biocore_bindings.report_page import Entry, Unread
from biocore_bindings.terminal import Answer, ExitCode, answering, relative_names, shown, table
from biocore_bindings.tracing import traced

NAME_WIDTH = 24  # columns that a picture's name keeps beside causes and advice, before it is folded


@dataclass(slots=True)
class _Pile:
    """What was found, picture by picture; the pictures themselves are kept for a report only."""

    reports: list[tuple[Path, QualityReport]] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)
    unread: list[Unread] = field(default_factory=list)
    results: list[dict[str, Any]] = field(default_factory=list)


def assess(
    paths: Pictures,
    recursive: Recursive = False,
    ppi: Ppi = DEFAULT_PPI,
    modality: Kind = None,
    position: Finger = None,
    min_score: MinScore = None,
    measures: Annotated[bool, typer.Option("--measures", help="Print every measure of each picture.")] = False,
    report: Annotated[
        Path | None,
        typer.Option(
            "--report",
            metavar="FILE.html",
            help="Write a report that holds everything in one page.",
            show_default=False,
        ),
    ] = None,
    language: Words = Language.EN,
    trace: Trace = None,
    as_json: AsJson = False,
) -> None:
    """Assess the quality of pictures: score, causes, advice."""
    shows = modality_of(modality, position, paths)
    where = parse_position(position, shows)
    with answering("assess", as_json) as answer:
        files = collect(paths, pictures_of(shows), recursive)
        pile = _Pile()
        answer.put(min_score=min_score, results=pile.results)
        with answer.progress() as bar:
            for number, path in enumerate(bar.track(files, description="Assessing"), 1):
                folder = trace if trace is None or len(files) == 1 else trace / f"{number:03d}-{path.stem}"
                try:
                    samples = load_all(path, shows, ppi, where)
                    for sample in samples:
                        with traced(folder):
                            found = biocore.assess(sample)
                            if shows is Modality.IRIS:
                                trace_rest(sample)
                        name = path if len(samples) == 1 else Path(sample.source)  # a view of a record
                        if report is not None:
                            pile.entries.append(entry_of(name.name, sample, found))
                        _note(answer, pile, name, sample, found, min_score, language)
                except BiocoreError as error:
                    pile.unread.append(Unread.of(path, error))
                    pile.results.append({"file": str(path), "error": answer.fault(error, path)})
        _show(answer, pile.reports, min_score, language, measures)
        if report is not None:
            page = report_page.render(pile.entries, pile.unread, language=language.code, min_score=min_score)
            report_page.write(report, page)
            answer.put(report=str(report))
            answer.show(Text(f"Report: {shown(report)}", style="dim"))


def _note(
    answer: Answer,
    pile: _Pile,
    path: Path,
    sample: Sample,
    found: QualityReport,
    min_score: int | None,
    language: Language,
) -> None:
    """Keep what was found of one picture."""
    passed = passes(found, min_score)
    answer.end(ExitCode.NO if passed is False else ExitCode.OK)
    pile.reports.append((path, found))
    entry = {"file": str(path), **sample_entry(sample), **report_entry(found, language.code)}
    pile.results.append({**entry, "passed": passed})


def passes(report: QualityReport, min_score: int | None) -> bool | None:
    """Hold a score against the threshold; a picture that could not be assessed does not pass."""
    return None if min_score is None else report.score is not None and report.score >= min_score


def _show(
    answer: Answer,
    reports: list[tuple[Path, QualityReport]],
    min_score: int | None,
    language: Language,
    measures: bool,
) -> None:
    if not reports:
        return
    rows = table("Picture", "Score", "", "Causes", "Advice", right=(1,))
    folder, names = relative_names([path for path, _ in reports])
    rows.columns[0].min_width = min(NAME_WIDTH, max(map(len, names)))
    if folder:
        answer.show(Text(f"{folder}:", style="dim"))
    for name, (_, report) in zip(names, reports, strict=True):
        causes = " ".join(cause_text(cause.name, language.code) for cause in report.causes)
        rows.add_row(
            Text(name),
            score_text(report.score, min_score),
            score_bar(report.score),
            Text(causes or (report.reason if report.score is None else "") or "-"),
            Text(" ".join(advice_text(advice, language.code) for advice in report.advice) or "-"),
        )
    answer.show(rows)
    for name, (_, report) in zip(names, reports, strict=True):
        if report.reason and report.score is not None:  # how the score came about
            answer.show(Text(f"{name}: {shown(report.reason)}", style="dim"))
    if measures:
        for name, (_, report) in zip(names, reports, strict=True):
            answer.show(Text(f"\n{name}", style="bold"), measures_table(report))
    algorithms = ", ".join(sorted({report.algorithm for _, report in reports if report.algorithm}))
    answer.show(Text(f"Scored by {algorithms}" if algorithms else "Nothing could be scored", style="dim"))


def score_text(score: int | None, min_score: int | None = None) -> Text:
    """Return a score for the terminal, in the colour of its quality; below the threshold it says so."""
    if score is None:
        return Text("not assessed", style="yellow")
    text = Text(str(score), style=f"bold {_rgb(score)}")
    if min_score is not None and score < min_score:
        text.append(f" < {min_score}", style="red")
    return text


def score_bar(score: int | None, width: int = 10) -> Text:
    """Return a bar as long as the score."""
    if score is None:
        return Text("")
    filled = round(score / 100 * width)
    return Text("━" * filled, style=_rgb(score)).append("─" * (width - filled), style="grey50")


def measures_table(report: QualityReport) -> Table:
    """Return every measure of a report."""
    rows = table("Measure", "Value", "0..100", "Status", right=(1, 2))
    for name, measure in report.measures.items():
        rows.add_row(
            shown(name),
            "" if measure.native is None else f"{measure.native:.6g}",
            "" if measure.score is None else str(measure.score),
            measure.status.value,
        )
    return rows


def entry_of(name: str, sample: Sample, report: QualityReport, note: str = "") -> Entry:
    """Return what the report page shows of a picture; what cannot be drawn is left out."""
    if sample.modality is not Modality.FINGER:
        return Entry(name, sample.pixels, report, note=note, eye=look(sample))
    template = maps = None
    pixels = to_500(sample)
    with suppress(ExtractionError):  # no usable region: the report says so in its causes
        template = finger_template(sample)
    with suppress(NotAssessableError):  # blank, or too large for the block measures
        maps = block_maps(pixels)
    return Entry(name, pixels, report, template, maps, note)


def _rgb(score: int) -> str:
    return "rgb({},{},{})".format(*quality_colour(score / 100))
