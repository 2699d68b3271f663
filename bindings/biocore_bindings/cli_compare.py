"""`biocore compare`: whether two prints are of one finger, or two pictures of one eye."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.text import Text

import biocore
from biocore.advice import Language as Code
from biocore.errors import BiocoreError, FormatError, InvalidTemplateError
from biocore.fingerprint.scale import to_500
from biocore.trace import Picture
from biocore.types import Comparison, FingerTemplate, GreyImage, IrisTemplate, Modality, Position
from biocore_bindings.as_json import comparison_entry
from biocore_bindings.drawing import pairing_picture
from biocore_bindings.drawing_iris import iris_pairing_picture
from biocore_bindings.eyes import Look, iris_template, look
from biocore_bindings.inputs import (
    DEFAULT_PPI,
    EYE_RECORDS,
    PICTURES,
    RECORDS,
    collect,
    finger_template,
    is_record,
    load,
    load_all,
    modality_of,
    parse_position,
    position_name,
    read_templates,
)
from biocore_bindings.options import (
    DEFAULT_THRESHOLD,
    AsJson,
    Effort,
    Finger,
    Kind,
    Ppi,
    Recursive,
    Threshold,
    Work,
    picture_option,
)
from biocore_bindings.outputs import write_picture
from biocore_bindings.terminal import Answer, ExitCode, answering, shown, table

FINEST_RATE = 1e-6  # false match rates below are an extrapolation: nobody has so many pairs to count


@dataclass(frozen=True, slots=True, eq=False)
class Print:
    """One print or eye to compare: of a picture, or a view of a record."""

    name: str
    template: FingerTemplate | IrisTemplate
    pixels: GreyImage | None = None
    eye: Look | None = None

    @property
    def size(self) -> str:
        """How much there is to compare, for people."""
        if isinstance(self.template, IrisTemplate):
            return f"{self.template.usable:.0%} usable"
        return f"{len(self.template)} minutiae"


@dataclass(frozen=True, slots=True)
class Reading:
    """How files are read."""

    modality: Modality
    position: Position | None
    ppi: float
    effort: Effort


def compare(
    probe: Annotated[
        Path, typer.Argument(metavar="PROBE", help="A picture, or a record of minutiae or eyes.", readable=False)
    ],
    references: Annotated[
        list[Path],
        typer.Argument(metavar="REFERENCE", help="The same, or folders of them.", readable=False, show_default=False),
    ],
    threshold: Threshold = DEFAULT_THRESHOLD,
    modality: Kind = None,
    position: Finger = None,
    ppi: Ppi = DEFAULT_PPI,
    effort: Work = Effort.FAST,
    picture: Annotated[
        Path | None, picture_option("Draw both prints or irises and what they share (one reference only).")
    ] = None,
    recursive: Recursive = False,
    as_json: AsJson = False,
) -> None:
    """Compare a print or an eye with another, or search for it among many.

    The score is -10 log10 of the false match rate: 40 means one false match in 10,000 comparisons of different
    persons. With a record of several fingers or eyes, --position says which one is meant.
    """
    shows = modality_of(modality, position, (probe, *references))
    how = Reading(shows, parse_position(position, shows), ppi, effort)
    with answering("compare", as_json) as answer:
        results: list[dict[str, Any]] = []
        answer.put(probe=str(probe), threshold=threshold, match=False, results=results)
        mine = _the_probe(probe, how)
        theirs = _the_references(answer, results, collect(references, _endings(shows), recursive), how)
        if picture is not None and len(theirs) > 1:
            raise FormatError(f"--picture draws one pair, and there are {len(theirs)} references", file=str(picture))
        if len(theirs) == 1:
            _one(answer, results, mine, theirs[0], threshold, picture)
        elif theirs:
            _many(answer, results, mine, theirs, threshold)


def _endings(shows: Modality) -> frozenset[str]:
    return PICTURES | (RECORDS if shows is Modality.FINGER else EYE_RECORDS)


def _the_probe(path: Path, how: Reading) -> Print:
    found = _prints(path, how)
    fitting = [item for item in found if _fits(item, how.position)]
    if len(fitting) != 1:
        held = ", ".join(position_name(item.template.position) for item in found)
        what = "finger" if how.modality is Modality.FINGER else "eye"
        raise InvalidTemplateError(f"{path}: the probe must be one {what}; it holds {held}. Choose with --position")
    return fitting[0]


def _the_references(answer: Answer, results: list[dict[str, Any]], paths: list[Path], how: Reading) -> list[Print]:
    """Return everything to compare with; a file that gives nothing is told, and passed over."""
    found: list[Print] = []
    for path in paths:
        try:
            found.extend(_prints(path, how))
        except BiocoreError as error:
            results.append({"reference": str(path), "error": answer.fault(error, path)})
    fitting = [item for item in found if _fits(item, how.position)]
    if found and not fitting and how.position is not None:
        what = "finger" if how.modality is Modality.FINGER else "eye"
        raise InvalidTemplateError(f"no reference shows the {position_name(how.position)} {what}; leave --position out")
    return fitting


def _fits(item: Print, position: Position | None) -> bool:
    return position is None or item.template.position.value in (position.value, 0)


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
    more: dict[str, float]
    if result.rotation is None:
        shared, more = f"{len(result.pairs)} pairs", {"pairs": len(result.pairs)}
    else:
        turned = math.degrees(result.rotation)
        shared, more = f"turned by {turned:+.1f}°", {"rotation": turned}
    results.append({"reference": reference.name, **entry, **more})
    answer.put(match=entry["match"])
    answer.end(ExitCode.OK if entry["match"] else ExitCode.NO)
    rows = table("", "", "", show_header=False)
    rows.add_row("Probe", Text(shown(probe.name)), probe.size)
    rows.add_row("Reference", Text(shown(reference.name)), reference.size)
    rows.add_row("Score", _score(result, threshold), shared)
    rows.add_row("FMR", rate_text(result.fmr), Text(f"at a threshold of {result.score:.1f}", style="dim"))
    rows.add_row("Decision", _decision(result, threshold), Text(f"threshold {threshold:g}", style="dim"))
    answer.show(rows)
    if picture is not None:
        write_picture(picture, _drawn(probe, reference, result))
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
    rows = table("Reference", "Which", "Score", "FMR", "Decision", right=(2,))
    for item, result in ranked:
        rows.add_row(
            Text(shown(item.name)),
            position_name(item.template.position),
            _score(result, threshold),
            rate_text(result.fmr),
            _decision(result, threshold),
        )
    answer.show(rows, Text(f"{matches} of {len(found)} match at {threshold:g}", style="dim"))


def rate_text(rate: float, language: Code = "en") -> str:
    """Return a false match rate in words: `1 in 25,000`, and no finer than anybody has measured."""
    below, one_in = ("below ", "1 in ") if language == "en" else ("di bawah ", "1 dari ")
    number = f"{1.0 / max(rate, FINEST_RATE):,.0f}"
    number = number if language == "en" else number.replace(",", ".")
    return f"{one_in}{number}" if rate >= FINEST_RATE else f"{below}{one_in}{number}"


def _score(result: Comparison, threshold: float) -> Text:
    return Text(f"{result.score:.1f}", style="bold green" if result.score >= threshold else "bold red")


def _decision(result: Comparison, threshold: float) -> Text:
    return Text("match", style="green") if result.score >= threshold else Text("no match", style="red")


def _drawn(probe: Print, reference: Print, result: Comparison) -> Picture:
    if isinstance(probe.template, FingerTemplate) and isinstance(reference.template, FingerTemplate):
        return pairing_picture((probe.pixels, reference.pixels), probe.template, reference.template, result)
    assert isinstance(probe.template, IrisTemplate)  # they have been compared
    assert isinstance(reference.template, IrisTemplate)
    return iris_pairing_picture((probe.eye, reference.eye), probe.template, reference.template, result)


def _prints(path: Path, how: Reading) -> list[Print]:
    """Return what a file shows: one of a picture, one a view of a record."""
    if is_record(path):
        templates = read_templates(path)
        names = [f"{path}" if len(templates) == 1 else f"{path}#{n}" for n in range(len(templates))]
        return [Print(name, template) for name, template in zip(names, templates, strict=True)]
    if how.modality is Modality.IRIS:
        return [Print(each.source, iris_template(each), eye=look(each)) for each in load_all(path, Modality.IRIS, None)]
    sample = load(path, Modality.FINGER, how.ppi)
    return [Print(str(path), finger_template(sample, how.effort.code), to_500(sample))]
