"""`biocore compare`: whether two prints are of one finger."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table
from rich.text import Text

import biocore
from biocore.errors import BiocoreError, FormatError, InvalidTemplateError
from biocore.fingerprint.scale import to_500
from biocore.types import Comparison, FingerPosition, FingerTemplate, GreyImage, Modality, Position
from biocore_bindings.as_json import comparison_entry
from biocore_bindings.drawing import pairing_picture
from biocore_bindings.inputs import (
    DEFAULT_PPI,
    PICTURES,
    RECORDS,
    collect,
    finger_template,
    is_record,
    load,
    parse_position,
    position_name,
    read_templates,
)
from biocore_bindings.options import (
    DEFAULT_THRESHOLD,
    AsJson,
    Effort,
    Finger,
    Ppi,
    Recursive,
    Threshold,
    Work,
    picture_option,
)
from biocore_bindings.outputs import write_picture
from biocore_bindings.terminal import Answer, ExitCode, answering, shown

FINEST_RATE = 1e-6  # false match rates below are an extrapolation: nobody has so many pairs to count


@dataclass(frozen=True, slots=True, eq=False)
class Print:
    """One print to compare: of a picture, or a view of a record."""

    name: str
    template: FingerTemplate
    pixels: GreyImage | None


def compare(
    probe: Annotated[Path, typer.Argument(metavar="PROBE", help="A picture, or a minutiae record.")],
    references: Annotated[
        list[Path], typer.Argument(metavar="REFERENCE", help="The same, or folders of them.", show_default=False)
    ],
    threshold: Threshold = DEFAULT_THRESHOLD,
    position: Finger = None,
    ppi: Ppi = DEFAULT_PPI,
    effort: Work = Effort.FAST,
    picture: Annotated[
        Path | None, picture_option("Draw both prints and what they share (one reference only).")
    ] = None,
    recursive: Recursive = False,
    as_json: AsJson = False,
) -> None:
    """Compare a print with another, or search for it among many.

    The score is -10 log10 of the false match rate: 40 means one false match in 10,000 comparisons of different
    persons. With a record of several fingers, --position says which one is meant.
    """
    finger = parse_position(position, Modality.FINGER)
    with answering("compare", as_json) as answer:
        results: list[dict[str, Any]] = []
        answer.put(probe=str(probe), threshold=threshold, match=False, results=results)
        mine = _the_probe(probe, finger, ppi, effort)
        theirs = _the_references(
            answer, results, collect(references, PICTURES | RECORDS, recursive), finger, ppi, effort
        )
        if picture is not None and len(theirs) > 1:
            raise FormatError(f"--picture draws one pair, and there are {len(theirs)} references", file=str(picture))
        if len(theirs) == 1:
            _one(answer, results, mine, theirs[0], threshold, picture)
        elif theirs:
            _many(answer, results, mine, theirs, threshold)


def _the_probe(path: Path, finger: Position | None, ppi: float, effort: Effort) -> Print:
    found = _prints(path, ppi, effort)
    fitting = [item for item in found if _fits(item, finger)]
    if len(fitting) != 1:
        held = ", ".join(position_name(item.template.position) for item in found)
        raise InvalidTemplateError(f"{path}: the probe must be one finger; it holds {held}. Choose with --position")
    return fitting[0]


def _the_references(
    answer: Answer,
    results: list[dict[str, Any]],
    paths: list[Path],
    finger: Position | None,
    ppi: float,
    effort: Effort,
) -> list[Print]:
    """Return every print to compare with; a file that gives none is told, and passed over."""
    found: list[Print] = []
    for path in paths:
        try:
            found.extend(_prints(path, ppi, effort))
        except BiocoreError as error:
            results.append({"reference": str(path), "error": answer.fault(error, path)})
    fitting = [item for item in found if _fits(item, finger)]
    if found and not fitting and finger is not None:
        raise InvalidTemplateError(f"no reference shows the {position_name(finger)} finger; leave --position out")
    return fitting


def _fits(item: Print, finger: Position | None) -> bool:
    return finger is None or item.template.position in (finger, FingerPosition.UNKNOWN)


def _one(
    answer: Answer,
    results: list[dict[str, Any]],
    probe: Print,
    reference: Print,
    threshold: float,
    picture: Path | None,
) -> None:
    result = biocore.compare(probe.template, reference.template)
    entry = comparison_entry(result, threshold)
    results.append({"reference": reference.name, **entry, "pairs": len(result.pairs)})
    answer.put(match=entry["match"])
    answer.end(ExitCode.OK if entry["match"] else ExitCode.NO)
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_row("Probe", Text(shown(probe.name)), f"{len(probe.template)} minutiae")
    table.add_row("Reference", Text(shown(reference.name)), f"{len(reference.template)} minutiae")
    table.add_row("Score", _score(result, threshold), f"{len(result.pairs)} pairs")
    table.add_row("FMR", rate_text(result.fmr), Text(f"at a threshold of {result.score:.1f}", style="dim"))
    table.add_row("Decision", _decision(result, threshold), Text(f"threshold {threshold:g}", style="dim"))
    answer.show(table)
    if picture is not None:
        drawn = pairing_picture((probe.pixels, reference.pixels), probe.template, reference.template, result)
        write_picture(picture, drawn)
        answer.put(picture=str(picture))
        answer.show(Text(f"Picture: {shown(picture)}", style="dim"))


def _many(
    answer: Answer, results: list[dict[str, Any]], probe: Print, references: list[Print], threshold: float
) -> None:
    found = biocore.search(probe.template, [reference.template for reference in references])
    ranked = sorted(zip(references, found, strict=True), key=lambda pair: -pair[1].score)
    matches = sum(result.score >= threshold for result in found)
    results.extend({"reference": item.name, **comparison_entry(result, threshold)} for item, result in ranked)
    answer.put(match=matches > 0)
    answer.end(ExitCode.OK if matches else ExitCode.NO)
    table = Table("Reference", "Finger", "Score", "FMR", "Decision", box=None, pad_edge=False)
    table.columns[2].justify = "right"
    for item, result in ranked:
        table.add_row(
            Text(shown(item.name), overflow="fold"),
            position_name(item.template.position),
            _score(result, threshold),
            rate_text(result.fmr),
            _decision(result, threshold),
        )
    answer.show(table, Text(f"{matches} of {len(found)} match at {threshold:g}", style="dim"))


def rate_text(rate: float) -> str:
    """Return a false match rate in words: `1 in 25,000`, and no finer than anybody has measured."""
    return f"1 in {1.0 / rate:,.0f}" if rate >= FINEST_RATE else f"below 1 in {1.0 / FINEST_RATE:,.0f}"


def _score(result: Comparison, threshold: float) -> Text:
    return Text(f"{result.score:.1f}", style="bold green" if result.score >= threshold else "bold red")


def _decision(result: Comparison, threshold: float) -> Text:
    return Text("match", style="green") if result.score >= threshold else Text("no match", style="red")


def _prints(path: Path, ppi: float, effort: Effort) -> list[Print]:
    """Return the prints of a file: one of a picture, one a view of a record."""
    if is_record(path):
        templates = read_templates(path)
        names = [f"{path}" if len(templates) == 1 else f"{path}#{n}" for n in range(len(templates))]
        return [Print(name, template, None) for name, template in zip(names, templates, strict=True)]
    sample = load(path, Modality.FINGER, ppi)
    return [Print(str(path), finger_template(sample, effort.code), to_500(sample))]
