"""Options that several commands share, each declared once."""

from __future__ import annotations

import math
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from biocore.advice import Language as Code
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


AsJson = Annotated[bool, typer.Option("--json", help="Write one JSON document to standard output, nothing else.")]
Pictures = Annotated[
    list[Path], typer.Argument(metavar="PATH", help="Pictures, or folders of them.", show_default=False)
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
Kind = Annotated[Modality, typer.Option("--modality", help="What the pictures show.")]
Finger = Annotated[
    str | None,
    typer.Option(
        "--position",
        metavar="POSITION",
        help="Which finger or eye it is (right-index, left-thumb, ...). Otherwise the file's name is asked.",
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
Work = Annotated[Effort, typer.Option("--effort", help="`robust` takes longer, for faint, dry, worn and wet prints.")]


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
        help="Score from which two prints match: 40 is one false match in 10,000.",
    ),
]

DEFAULT_THRESHOLD = 40.0  # -10 log10 of a false match rate of 1 in 10,000
