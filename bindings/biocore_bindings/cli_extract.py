"""`biocore extract`: pictures of fingers and eyes to templates and standard records."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.text import Text

from biocore.errors import BiocoreError, FormatError
from biocore.eye_records import write_eyes
from biocore.fingerprint.scale import to_500
from biocore.formats.finger_templates import TemplateFormat, write_templates
from biocore.formats.iris_image_pixels import ImageFormat
from biocore.trace import Picture
from biocore.types import FingerTemplate, IrisTemplate, Modality, Sample
from biocore_bindings.as_json import template_entry
from biocore_bindings.drawing import minutiae_picture
from biocore_bindings.drawing_iris import eye_picture
from biocore_bindings.eyes import iris_template, look, trace_rest
from biocore_bindings.inputs import (
    DEFAULT_PPI,
    collect,
    finger_template,
    load_all,
    modality_of,
    parse_position,
    pictures_of,
    position_name,
)
from biocore_bindings.options import (
    AsJson,
    Effort,
    Finger,
    Format,
    Kind,
    Pictures,
    Ppi,
    Ratio,
    RecordFormat,
    Recursive,
    Trace,
    Work,
    picture_option,
    record_format,
)
from biocore_bindings.outputs import write_picture, write_whole
from biocore_bindings.terminal import answering, relative_names, shown, table
from biocore_bindings.tracing import traced

WHAT = {Modality.FINGER: "print", Modality.IRIS: "eye"}
COLUMNS = {
    Modality.FINGER: ("Picture", "Finger", "Minutiae", "Endings", "Bifurcations", "Quality"),
    Modality.IRIS: ("Picture", "Eye", "Usable", "Pupil", "Iris"),
}


def extract(
    paths: Pictures,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            metavar="FILE",
            help="Write them all into one record; without it nothing is written.",
            show_default=False,
        ),
    ] = None,
    layout: Format = None,
    ratio: Ratio = None,
    recursive: Recursive = False,
    ppi: Ppi = DEFAULT_PPI,
    modality: Kind = None,
    position: Finger = None,
    effort: Work = Effort.FAST,
    picture: Annotated[
        Path | None,
        picture_option("Draw the minutiae on the print, or contours and mask on the eye (one picture only)."),
    ] = None,
    trace: Trace = None,
    as_json: AsJson = False,
) -> None:
    """Extract templates of fingers or eyes, and write one standard record: minutiae, or pictures of irises."""
    shows = modality_of(modality, position, paths)
    where = parse_position(position, shows)
    form = record_format(layout, shows)
    with answering("extract", as_json) as answer:
        files = collect(paths, pictures_of(shows), recursive)
        if picture is not None and len(files) > 1:
            raise FormatError(f"--picture draws one {WHAT[shows]}, and {len(files)} were named", file=str(picture))
        made: list[Made] = []
        results: list[dict[str, Any]] = []
        rows = table(*COLUMNS[shows], right=range(2, len(COLUMNS[shows])))
        parent, names = relative_names(files)
        with answer.progress() as bar:
            for number, path in enumerate(bar.track(files, description="Extracting"), 1):
                folder = trace if trace is None or len(files) == 1 else trace / f"{number:03d}-{path.stem}"
                try:
                    for view, sample in enumerate(load_all(path, shows, ppi, where)):
                        with traced(folder):
                            one = Made(sample, template_of(sample, effort))
                        made.append(one)
                        entry = template_entry(one.template)
                        results.append({"file": str(path), **entry})
                        name = Text(names[number - 1] + (f"#{view}" if view else ""))
                        rows.add_row(name, position_name(one.template.position), *_cells(entry))
                except BiocoreError as error:
                    results.append({"file": str(path), "error": answer.fault(error, path)})
        answer.put(results=results)
        if made and parent:
            answer.show(Text(f"{parent}:", style="dim"))
        if made:
            answer.show(rows)
        if out is not None and made:
            size = write_made(out, made, form, ratio)
            answer.put(record={"file": str(out), "format": form.value, "views": len(made), "bytes": size})
            answer.show(Text(f"Record: {shown(out)} ({size} bytes, {standard(form)})", style="dim"))
        if picture is not None and made:
            write_picture(picture, _drawn(made[0]))
            answer.show(Text(f"Picture: {shown(picture)}", style="dim"))


@dataclass(frozen=True, slots=True, eq=False)
class Made:
    """A sample and the template that was made of it."""

    sample: Sample
    template: FingerTemplate | IrisTemplate


def template_of(sample: Sample, effort: Effort) -> FingerTemplate | IrisTemplate:
    """Extract a template, with all its stages for whoever listens; errors as those of `biocore.extract`."""
    if sample.modality is Modality.FINGER:
        return finger_template(sample, effort.code)
    template = iris_template(sample)
    trace_rest(sample, template)
    return template


def _cells(entry: dict[str, Any]) -> list[str]:
    if "usable" in entry:
        return [f"{entry['usable']:.0%}", f"{entry['pupil_radius']:.0f} px", f"{entry['iris_radius']:.0f} px"]
    mean = entry["mean_minutia_quality"]
    counts = [str(entry[key]) for key in ("minutiae", "endings", "bifurcations")]
    return [*counts, "-" if mean is None else f"{mean:.0f}"]


def _drawn(made: Made) -> Picture:
    if isinstance(made.template, FingerTemplate):
        return minutiae_picture(to_500(made.sample), made.template)
    seen = look(made.sample)
    assert seen is not None  # it has a template
    return eye_picture(seen)


def standard(form: RecordFormat) -> str:
    """Return the standard that a format is of, for people."""
    if form.modality is Modality.FINGER:
        return f"ISO/IEC 19794-2:{form.value[-4:]}"
    return f"ISO/IEC 19794-6:2011, {form.value[-2:].upper()}"


def write_made(path: Path, made: Sequence[Made], form: RecordFormat, ratio: float | None = None) -> int:
    """Write what was made as one record: templates of fingers, pictures of eyes; return its size in bytes.

    Raises
    ------
    FormatError, InvalidTemplateError, InvalidSampleError
    """
    if form.modality is Modality.FINGER:
        return write_record(path, [m.template for m in made if isinstance(m.template, FingerTemplate)], form.minutiae)
    layout = ImageFormat.MONO_PNG if ratio is None else ImageFormat.MONO_JPEG2000
    data = write_eyes([m.sample for m in made], form.kind, layout, ratio)
    write_whole(path, data)
    return len(data)


def write_record(path: Path, templates: list[FingerTemplate], layout: TemplateFormat = TemplateFormat.FMR_2005) -> int:
    """Write templates as one ISO/IEC 19794-2 record; return its size in bytes.

    Raises
    ------
    FormatError, InvalidTemplateError
    """
    data = write_templates(templates, layout)
    write_whole(path, data)
    return len(data)
