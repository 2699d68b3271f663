"""Options that several commands share, each declared once."""

from __future__ import annotations

import math
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from biocore.advice import Language as Code
from biocore.formats.finger_templates import TemplateFormat
from biocore.formats.iris_image import ImageKind
from biocore.types import Modality


class Language(StrEnum):
    """Languages that causes, advice and reports are written in."""

    EN = "en"
    ID = "id"

    @property
    def code(self) -> Code:
        """The code that the table of words is asked with."""
        return "en" if self is Language.EN else "id"


class Effort(StrEnum):
    """How much work a template is worth."""

    FAST = "fast"
    ROBUST = "robust"

    @property
    def code(self) -> Literal["fast", "robust"]:
        """The word that the engine is asked with."""
        return "fast" if self is Effort.FAST else "robust"


class RecordFormat(StrEnum):
    """Standard records that templates of fingers, and pictures of eyes, are written in."""

    FMR_2005 = "fmr-2005"
    FMR_2011 = "fmr-2011"
    ANSI_2004 = "ansi-2004"
    ANSI_2009 = "ansi-2009"
    ANSI_2009_AM1 = "ansi-2009am1"
    IIR_K1 = "iir-k1"
    IIR_K2 = "iir-k2"
    IIR_K3 = "iir-k3"
    IIR_K7 = "iir-k7"

    @property
    def modality(self) -> Modality:
        """What it holds."""
        return Modality.FINGER if self.value in set(TemplateFormat) else Modality.IRIS

    @property
    def minutiae(self) -> TemplateFormat:
        """The edition that fingers are written in."""
        return TemplateFormat(self.value)

    @property
    def kind(self) -> ImageKind:
        """What is left of an eye's picture."""
        return ImageKind(int(self.value[-1]))


USUAL_FORMAT = {Modality.FINGER: RecordFormat.FMR_2005, Modality.IRIS: RecordFormat.IIR_K3}


def record_format(chosen: RecordFormat | None, modality: Modality) -> RecordFormat:
    """Return the format that was chosen, or the usual one.

    Raises
    ------
    typer.BadParameter
        One of the other modality, or any of faces.
    """
    if modality is Modality.FACE:
        raise typer.BadParameter("no record of faces is written; the pictures are PNG in colour")
    if chosen is not None and chosen.modality is not modality:
        raise typer.BadParameter(f"--format {chosen.value} holds a {chosen.modality}, and what is read is a {modality}")
    return chosen or USUAL_FORMAT[modality]


AsJson = Annotated[bool, typer.Option("--json", help="Write one JSON document to standard output, nothing else.")]
# `readable=False`: what cannot be read is said by the command, one line and exit code 3, not as wrong usage
Pictures = Annotated[
    list[Path], typer.Argument(metavar="PATH", help="Pictures, or folders of them.", readable=False, show_default=False)
]
Recursive = Annotated[bool, typer.Option("--recursive", "-r", help="Look into the folders of a folder too.")]
Ppi = Annotated[
    float,
    typer.Option(
        "--ppi",
        metavar="PPI",
        help="Resolution of the pictures in pixels per inch. Tags inside files are not trusted.",
    ),
]
Kind = Annotated[
    Modality | None,
    typer.Option(
        "--modality",
        help="What the pictures show. Without it: eyes where --position or a record names one, else fingers.",
        show_default=False,
    ),
]
Format = Annotated[
    RecordFormat | None,
    typer.Option(
        "--format",
        help="Of the record: edition of ISO/IEC 19794-2 for fingers (fmr-2005), or what ISO/IEC 19794-6:2011 keeps of "
        "an eye (iir-k3): k1 all, k2 640x480, k3 the iris with margins, k7 that with lids and sclera painted over.",
        show_default=False,
    ),
]
Ratio = Annotated[
    float | None,
    typer.Option(
        "--ratio",
        metavar="N",
        min=1.1,
        max=999.0,
        help="Write eyes as JPEG 2000 N times smaller than their pixels; without it nothing is lost.",
        show_default=False,
    ),
]
Finger = Annotated[
    str | None,
    typer.Option(
        "--position",
        metavar="POSITION",
        help="Which finger or eye it is (right-index, left, ...). Otherwise the file's name is asked.",
        show_default=False,
    ),
]
Words = Annotated[Language, typer.Option("--language", help="Of causes, advice and reports: English or Indonesian.")]
MinScore = Annotated[
    int | None,
    typer.Option(
        "--min-score", metavar="0..100", min=0, max=100, help="Exit with 1 where a score is below.", show_default=False
    ),
]
Trace = Annotated[
    Path | None,
    typer.Option(
        "--trace",
        metavar="DIR",
        help="Write the picture of every stage into this folder, numbered in order.",
        show_default=False,
        file_okay=False,
    ),
]
Work = Annotated[
    Effort, typer.Option("--effort", help="`robust` takes longer, for faint, dry, worn and wet prints; eyes need none.")
]


def picture_option(what: str) -> Any:
    """Return the option `--picture`, which says what is drawn."""
    return typer.Option("--picture", metavar="FILE.png", help=what, show_default=False)


def _finite(value: float) -> float:
    if not math.isfinite(value):
        raise typer.BadParameter(f"{value} is no threshold")
    return value


Threshold = Annotated[
    float,
    typer.Option(
        "--threshold",
        callback=_finite,
        metavar="SCORE",
        help="Score from which two match: 40 is one false match in 10,000.",
    ),
]

DEFAULT_THRESHOLD = 40.0  # -10 log10 of a false match rate of 1 in 10,000
