"""`biocore slap`: four fingers or two thumbs on one picture, taken apart."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

import biocore
from biocore.errors import SlapError
from biocore.fingerprint.scale import to_500
from biocore.fingerprint.slap import Slap, SlapKind
from biocore.types import FingerPosition, Modality
from biocore_bindings.as_json import slap_entry
from biocore_bindings.drawing import slap_picture
from biocore_bindings.inputs import DEFAULT_PPI, kind_name, load, parse_position, position_name
from biocore_bindings.options import AsJson, Ppi, Trace, picture_option
from biocore_bindings.outputs import make_folder, write_picture
from biocore_bindings.terminal import Answer, answering, shown, table
from biocore_bindings.tracing import traced


class Kind(StrEnum):
    """Slaps that can be expected."""

    RIGHT_FOUR = "right-four"
    LEFT_FOUR = "left-four"
    TWO_THUMBS = "two-thumbs"

    @property
    def code(self) -> SlapKind:
        """What the engine is asked with."""
        return SlapKind[self.name]


def slap(
    image: Annotated[Path, typer.Argument(metavar="IMAGE", help="A picture of a slap.", readable=False)],
    kind: Annotated[
        Kind | None,
        typer.Option(
            "--kind", help="What should lie there. Without it: four fingers, of the hand that their tips tell."
        ),
    ] = None,
    missing: Annotated[
        list[str] | None,
        typer.Option(
            "--missing",
            metavar="POSITION",
            help="A finger the person does not have or cannot place (right-ring); once for each.",
            show_default=False,
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            metavar="DIR",
            help="Write each finger as a picture of its own; without it nothing is written.",
            show_default=False,
            file_okay=False,
        ),
    ] = None,
    ppi: Ppi = DEFAULT_PPI,
    picture: Annotated[Path | None, picture_option("Draw the box and the name of each finger on the slap.")] = None,
    trace: Trace = None,
    as_json: AsJson = False,
) -> None:
    """Take a slap apart: find its fingers, name them, cut them out upright."""
    absent = [_finger(text) for text in missing or ()]
    if absent and kind is None:
        raise typer.BadParameter("--missing needs --kind: a missing finger belongs to a hand")
    with answering("slap", as_json) as answer:
        answer.put(file=str(image))
        with traced(trace):
            sample = load(image, Modality.FINGER, ppi, FingerPosition.UNKNOWN)
            try:
                found = biocore.segment_slap(sample, kind.code if kind else None, missing=absent)
            except SlapError as error:
                answer.put(found=error.found, expected=error.expected)
                answer.put(error=answer.fault(error, image))
                return
        written = [] if out is None else _write(out, image.stem, found)
        answer.put(**slap_entry(found), written=[str(path) for path in written])
        _show(answer, found)
        if out is not None:
            answer.show(Text(f"Fingers: {shown(out)}", style="dim"))
        if picture is not None:
            write_picture(picture, slap_picture(to_500(sample), found))
            answer.put(picture=str(picture))
            answer.show(Text(f"Picture: {shown(picture)}", style="dim"))


def _finger(text: str) -> FingerPosition:
    position = parse_position(text, Modality.FINGER)
    if not isinstance(position, FingerPosition) or position is FingerPosition.UNKNOWN:
        raise typer.BadParameter(f"{text!r} names no finger")
    return position


def _write(folder: Path, stem: str, found: Slap) -> list[Path]:
    """Write each finger as PNG at 500 ppi, its position in its name, where the other commands look for it."""
    make_folder(folder)
    written = []
    for finger in found.fingers:
        path = folder / f"{stem}_{position_name(finger.position)}.png"
        write_picture(path, finger.sample.pixels, finger.sample.ppi)
        written.append(path)
    return written


def _show(answer: Answer, found: Slap) -> None:
    rows = table("Finger", "Sure", "Size", "Turn", right=(1, 2, 3))
    for finger in found.fingers:
        height, width = finger.sample.pixels.shape
        turn = f"{finger.box.angle_deg:+.0f}°"
        rows.add_row(position_name(finger.position), f"{finger.confidence:.0%}", f"{width}x{height} px", turn)
    answer.show(rows)
    for warning in found.warnings:
        answer.show(Text(f"Note: {warning}", style="yellow"))
    hand = f"{kind_name(found.kind)}, {found.hand} hand by the finger tips: {found.hand_confidence:.0%}"
    answer.show(Text(kind_name(found.kind) if found.kind is SlapKind.TWO_THUMBS else hand, style="dim"))
