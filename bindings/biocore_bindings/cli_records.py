"""`biocore show` and `biocore convert`: what a standard record holds, and the same as another record."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import cv2
import numpy as np
import typer
from rich.text import Text

from biocore.errors import BiocoreError, FormatError
from biocore.formats.any_record import RecordContents, RecordImage, read_record
from biocore.formats.conversion import How, Pixels, Target, convert
from biocore.trace import Picture
from biocore.types import Modality
from biocore_bindings.drawing import INK, OTHER, minutiae_picture
from biocore_bindings.inputs import position_name, read_file
from biocore_bindings.options import AsJson, picture_option
from biocore_bindings.outputs import make_folder, write_picture, write_whole
from biocore_bindings.record_tree import as_values, tree_of
from biocore_bindings.terminal import Answer, answering, shown

TILE = 480  # px, the longer side of a picture or template on the drawing
GAP = 12  # px between them
COLUMNS = 4
BAND = 26  # px below each, for its name
PAPER = 255
_FONT, _SIZE = cv2.FONT_HERSHEY_SIMPLEX, 0.5

Record = Annotated[Path, typer.Argument(metavar="FILE", help="A standard record.", readable=False, show_default=False)]


def show(
    file: Record,
    picture: Annotated[Path | None, picture_option("Draw the pictures and the minutiae of the record.")] = None,
    pictures: Annotated[
        Path | None,
        typer.Option(
            "--pictures",
            metavar="DIR",
            help="Write each picture as a PNG of its own.",
            show_default=False,
            file_okay=False,
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Show any standard record as a tree: minutiae, pictures of fingers, eyes and faces, transactions, CBEFF."""
    with answering("show", as_json) as answer:
        contents = read_record(read_file(file), str(file))
        values = as_values(contents.record)
        answer.put(
            file=str(file),
            kind=contents.kind,
            record=values,
            missing=[[_place(position), reason] for position, reason in contents.missing],
            remarks=list(contents.remarks),
        )
        answer.show(tree_of(f"{file.name}: {contents.kind}", values))
        for position, reason in contents.missing:
            answer.show(Text(f"Missing: {_place(position)}, {reason}"))
        _note(answer, contents.remarks)
        if picture is not None:
            write_picture(picture, _drawing(contents, file))
            answer.put(picture=str(picture))
            answer.show(Text(f"Picture: {shown(picture)}", style="dim"))
        if pictures is not None:
            written = _write_pictures(contents, pictures, file.stem)
            answer.put(pictures=[str(path) for path in written])
            answer.show(Text(f"Pictures: {len(written)} in {shown(pictures)}", style="dim"))


def convert_record(
    source: Annotated[
        Path, typer.Argument(metavar="IN", help="A standard record.", readable=False, show_default=False)
    ],
    out: Annotated[Path, typer.Argument(metavar="OUT", help="The file to write.", show_default=False)],
    to: Annotated[Target, typer.Option("--to", help="Which record to write.", show_default=False)],
    pixels: Annotated[
        Pixels,
        typer.Option("--pixels", help="How pictures are compressed; keep: as they are, where the record has it."),
    ] = Pixels.KEEP,
    ratio: Annotated[
        float | None,
        typer.Option(
            "--ratio",
            metavar="N",
            min=1.1,
            max=999.0,
            help="With jp2-lossy: how many times smaller a picture is to be.",
            show_default=False,
        ),
    ] = None,
    destination: Annotated[
        str, typer.Option("--destination", metavar="AGENCY", help="Of an ANSI/NIST-ITL transaction: whom it goes to.")
    ] = "UNKNOWN",
    origin: Annotated[
        str, typer.Option("--origin", metavar="AGENCY", help="The same: whom it comes from.")
    ] = "BIOCORE",
    as_json: AsJson = False,
) -> None:
    """Write what a standard record holds as another one, or as a PNG; what that cannot hold is named."""
    if (pixels is Pixels.JPEG2000_LOSSY) is (ratio is None):
        raise typer.BadParameter("--ratio goes with --pixels jp2-lossy, and that needs it")
    with answering("convert", as_json) as answer:
        contents = read_record(read_file(source), str(source))
        try:
            found = convert(contents, to, How(pixels, ratio, (destination, origin)))
        except BiocoreError as error:
            answer.put(error=answer.fault(error, source))
            return
        write_whole(out, found.data)
        answer.put(
            file=str(source),
            kind=contents.kind,
            written=str(out),
            to=to,
            bytes=len(found.data),
            lost=list(found.lost),
            remarks=list(contents.remarks),
        )
        answer.show(Text(f"{shown(out)}: {to}, {len(found.data)} bytes"))
        for what in found.lost:
            answer.show(Text(f"Not in {to}: {what}", style="yellow"))
        _note(answer, contents.remarks)


def _note(answer: Answer, remarks: tuple[str, ...]) -> None:
    for remark in remarks:
        answer.show(Text(f"Note: {remark}", style="yellow"))


def _place(position: object) -> str:
    kind = "eye" if type(position).__name__ == "EyePosition" else "finger"
    return f"{position_name(position)} {kind}"  # type: ignore[arg-type]


def _drawing(contents: RecordContents, file: Path) -> Picture:
    """Return all pictures and templates of a record side by side, each framed and named."""
    tiles = [(_colour(image), _caption(image)) for image in contents.images]
    tiles += [
        (minutiae_picture(None, template), f"{_place(template.position)}, {len(template)} minutiae")
        for template in contents.templates
    ]
    if not tiles:
        raise FormatError("the record holds neither pictures nor minutiae to draw", file=str(file))
    shrunk = [_tile(tile, words) for tile, words in tiles]
    rows = [shrunk[start : start + COLUMNS] for start in range(0, len(shrunk), COLUMNS)]
    lines = []
    for row in rows:
        height = max(tile.shape[0] for tile in row)
        lines.append(np.hstack([_padded(tile, height, tile.shape[1] + GAP) for tile in row]))
    width = max(line.shape[1] for line in lines)
    return np.ascontiguousarray(np.vstack([_padded(line, line.shape[0] + GAP, width) for line in lines]))


def _colour(image: RecordImage) -> Picture:
    colour = image.colour
    return np.repeat(image.pixels[:, :, None], 3, axis=2) if colour is None else np.asarray(colour)


def _caption(image: RecordImage) -> str:
    ppi = "" if image.ppi is None else f", {image.ppi:.0f} ppi"
    what = _place(image.position) if image.position else _name(image)
    return f"{what}, {image.width}x{image.height}{ppi}"


def _tile(picture: Picture, words: str) -> Picture:
    """Return a picture at the size it is drawn in, framed, its name below it."""
    scale = min(1.0, TILE / max(picture.shape[:2]))
    size = (max(1, round(picture.shape[1] * scale)), max(1, round(picture.shape[0] * scale)))
    shrunk = np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.uint8)
    framed = cv2.copyMakeBorder(shrunk, 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=OTHER)
    (letters, _), _ = cv2.getTextSize(words, _FONT, _SIZE, 1)
    height, width = framed.shape[:2]
    tile = np.ascontiguousarray(_padded(np.asarray(framed, np.uint8), height + BAND, max(width, letters)))
    cv2.putText(tile, words, (0, height + BAND - 8), _FONT, _SIZE, INK, 1, cv2.LINE_AA)
    return tile


def _padded(picture: Picture, height: int, width: int) -> Picture:
    paper = np.full((height, width, 3), PAPER, np.uint8)
    paper[: picture.shape[0], : picture.shape[1]] = picture
    return paper


def _write_pictures(contents: RecordContents, folder: Path, stem: str) -> list[Path]:
    make_folder(folder)
    written = []
    for number, image in enumerate(contents.images, 1):
        path = folder / f"{stem}_{number:02}_{_name(image)}.png"
        colour = image.colour
        write_picture(path, image.pixels if colour is None else colour, image.ppi)
        written.append(path)
    return written


def _name(image: RecordImage) -> str:
    if image.modality is Modality.FACE:
        return "face"
    return position_name(image.position) if image.position else f"{image.modality}-{image.place}"
