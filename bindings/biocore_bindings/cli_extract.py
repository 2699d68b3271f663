"""`biocore extract`: pictures of fingers to minutiae records."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table
from rich.text import Text

from biocore.errors import BiocoreError, FormatError
from biocore.fingerprint.scale import to_500
from biocore.formats.finger_templates import TemplateFormat, write_templates
from biocore.types import FingerTemplate, Modality
from biocore_bindings.as_json import template_entry
from biocore_bindings.drawing import minutiae_picture
from biocore_bindings.inputs import DEFAULT_PPI, PICTURES, collect, finger_template, load, parse_position, position_name
from biocore_bindings.options import AsJson, Effort, Finger, Pictures, Ppi, Recursive, Trace, Work, picture_option
from biocore_bindings.outputs import write_picture, writing
from biocore_bindings.terminal import answering, relative_names, shown
from biocore_bindings.tracing import traced


def extract(
    paths: Pictures,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            metavar="FILE.fmr",
            help="Write all templates into one record; without it nothing is written.",
            show_default=False,
        ),
    ] = None,
    record_format: Annotated[
        TemplateFormat, typer.Option("--format", help="Edition of ISO/IEC 19794-2.")
    ] = TemplateFormat.FMR_2005,
    recursive: Recursive = False,
    ppi: Ppi = DEFAULT_PPI,
    position: Finger = None,
    effort: Work = Effort.FAST,
    picture: Annotated[Path | None, picture_option("Draw the minutiae on the print (one picture only).")] = None,
    trace: Trace = None,
    as_json: AsJson = False,
) -> None:
    """Extract the minutiae of fingers and write them as one standard record."""
    where = parse_position(position, Modality.FINGER)
    with answering("extract", as_json) as answer:
        files = collect(paths, PICTURES, recursive)
        if picture is not None and len(files) > 1:
            raise FormatError(f"--picture draws one print, and {len(files)} were named", file=str(picture))
        templates: list[FingerTemplate] = []
        results: list[dict[str, Any]] = []
        table = Table("Picture", "Finger", "Minutiae", "Endings", "Bifurcations", "Quality", box=None, pad_edge=False)
        for column in table.columns[2:]:
            column.justify = "right"
        parent, names = relative_names(files)
        with answer.progress() as bar:
            for number, path in enumerate(bar.track(files, description="Extracting"), 1):
                folder = trace if trace is None or len(files) == 1 else trace / f"{number:03d}-{path.stem}"
                try:
                    with traced(folder):
                        sample = load(path, Modality.FINGER, ppi, where)
                        template = finger_template(sample, effort.code)
                except BiocoreError as error:
                    results.append({"file": str(path), "error": answer.fault(error, path)})
                    continue
                templates.append(template)
                entry = template_entry(template)
                results.append({"file": str(path), **entry})
                mean = entry["mean_minutia_quality"]
                table.add_row(
                    Text(names[number - 1], overflow="fold"),
                    position_name(template.position),
                    str(len(template)),
                    str(entry["endings"]),
                    str(entry["bifurcations"]),
                    "-" if mean is None else f"{mean:.0f}",
                )
                if picture is not None:
                    write_picture(picture, minutiae_picture(to_500(sample), template))
        answer.put(results=results)
        if templates and parent:
            answer.show(Text(f"{parent}:", style="dim"))
        if templates:
            answer.show(table)
        if out is not None and templates:
            size = write_record(out, templates, record_format)
            answer.put(record={"file": str(out), "format": record_format.value, "views": len(templates), "bytes": size})
            answer.show(Text(f"Record: {shown(out)} ({size} bytes, ISO/IEC 19794-2:{record_format[-4:]})", style="dim"))
        if picture is not None and templates:
            answer.show(Text(f"Picture: {shown(picture)}", style="dim"))


def write_record(path: Path, templates: list[FingerTemplate], layout: TemplateFormat = TemplateFormat.FMR_2005) -> int:
    """Write templates as one ISO/IEC 19794-2 record; return its size in bytes.

    Raises
    ------
    FormatError, InvalidTemplateError
    """
    data = write_templates(templates, layout)
    with writing(path):
        path.write_bytes(data)
    return len(data)
