"""What the commands are given: pictures, folders of them, records of fingers and eyes, and which of them it is."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import NoReturn

import typer

import biocore
from biocore.engine import Effort
from biocore.errors import FormatError, InvalidSampleError
from biocore.eye_records import read_eyes
from biocore.fingerprint.slap import SlapKind
from biocore.formats import finger_templates, iris_image
from biocore.formats.finger_minutiae import MAGIC
from biocore.formats.images import MAX_BYTES
from biocore.types import EyePosition, FingerPosition, FingerTemplate, Modality, Position, Sample

PICTURES = frozenset(
    (".png", ".tif", ".tiff", ".bmp", ".pgm", ".ppm", ".pbm", ".pnm", ".jpg", ".jpeg", ".jp2", ".j2k", ".j2c", ".wsq")
)
RECORDS = frozenset((".fmr", ".iso-fmr", ".fmd"))
EYE_RECORDS = frozenset((".iir", ".iso-iir"))
DEFAULT_PPI = 500.0  # px/inch; tags inside files are not trusted, and nearly every scanner has 500

_FINGER_IN_NAME = re.compile(r"(?<![a-z])(right|left)[^a-z0-9]?(thumb|index|middle|ring|little)")
_EYE_IN_NAME = re.compile(r"(?<![a-z])(right|left)(?![a-z])")


def collect(paths: Iterable[Path], endings: frozenset[str], recursive: bool = False) -> list[Path]:
    """Return the files that are meant: each file named, and of each folder those with a known ending.

    Parameters
    ----------
    paths : iterable of Path
    endings : frozenset of str
        In lower case, with the dot; for folders only, a file that is named is meant whatever it is called.
    recursive : bool
        Folders in folders too.

    Raises
    ------
    FormatError
        A folder with no such file in it, or one that cannot be read: what it holds would be missed unnoticed.
    """
    found: list[Path] = []
    for path in paths:
        if not os.path.isdir(path):  # noqa: PTH112 -- Path.is_dir raises where a name is too long or a folder closed
            found.append(path)
            continue
        inside = sorted(item for item in _inside(path, recursive) if item.suffix.lower() in endings)
        if not inside:
            raise FormatError(
                f"holds no file that ends in {', '.join(sorted(endings))}"
                + ("" if recursive else "; add --recursive to look into its folders"),
                file=str(path),
            )
        found.extend(inside)
    return found


def _inside(folder: Path, recursive: bool) -> Iterator[Path]:
    """Yield the regular files in a folder; links to folders are not followed, so there is no going round."""

    def refuse(error: OSError) -> NoReturn:
        raise FormatError(f"cannot be read: {error.strerror or error}", file=str(error.filename)) from None

    for place, folders, names in os.walk(folder, onerror=refuse):
        for name in names:
            item = Path(place, name)
            if os.path.isfile(item):  # noqa: PTH113 -- as above
                yield item
        if not recursive:
            folders.clear()


def read_file(path: Path) -> bytes:
    """Return what a file holds.

    Raises
    ------
    FormatError
        It cannot be read, is none (a pipe could be read for ever), or is larger than any picture.
    """
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise FormatError("cannot be read: it is no regular file", file=str(path))
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise FormatError(f"cannot be read: {error.strerror or error}", file=str(path)) from None
    if len(data) > MAX_BYTES:
        raise FormatError(f"is larger than {MAX_BYTES >> 20} MiB", file=str(path))
    return data


def modality_of(chosen: Modality | None, position: str | None, paths: Iterable[Path] = ()) -> Modality:
    """Return what the pictures show: as was said, else eyes where the position or a record is of one, else fingers.

    Raises
    ------
    typer.BadParameter
        Faces: there is nothing that looks at them.
    """
    if chosen is Modality.FACE:
        raise typer.BadParameter("faces are captured and stored, not assessed, extracted or compared")
    if chosen is not None:
        return chosen
    names_an_eye = position is not None and position.upper() in (EyePosition.LEFT.name, EyePosition.RIGHT.name)
    return Modality.IRIS if names_an_eye or any(map(is_eye_record, paths)) else Modality.FINGER


def pictures_of(modality: Modality) -> frozenset[str]:
    """Return the endings of files in a folder that pictures are looked for in."""
    return PICTURES if modality is Modality.FINGER else PICTURES | EYE_RECORDS


def parse_position(text: str | None, modality: Modality) -> Position | None:
    """Return the finger or eye an option names (`right-index`, `left`).

    Raises
    ------
    typer.BadParameter
    """
    if text is None:
        return None
    if modality is Modality.FACE:
        raise typer.BadParameter("a person has one face: leave --position away")
    kind = modality.positions
    name = text.upper().replace("-", "_").replace(" ", "_")
    if name not in kind.__members__:
        raise typer.BadParameter(f"{text!r} is no {modality} position; there are {', '.join(map(position_name, kind))}")
    return kind[name]


def position_of(path: Path, modality: Modality = Modality.FINGER) -> Position:
    """Return the finger or eye that a file's name speaks of (`0001_Right_Index.png`), or UNKNOWN."""
    stem = path.stem.lower()
    if modality is Modality.FINGER:
        finger = _FINGER_IN_NAME.search(stem)
        return FingerPosition[f"{finger[1]}_{finger[2]}".upper()] if finger else FingerPosition.UNKNOWN
    eye = _EYE_IN_NAME.search(stem)
    return EyePosition[eye[1].upper()] if eye else EyePosition.UNKNOWN


def position_name(position: Position) -> str:
    """Return a position as options write it: `right-index`."""
    return position.name.lower().replace("_", "-")


def kind_name(kind: SlapKind) -> str:
    """Return a kind of slap as options write it: `right-four`."""
    return kind.name.lower().replace("_", "-")


def load(path: Path, modality: Modality, ppi: float | None, position: Position | None = None) -> Sample:
    """Load one picture; its position is the one given, else the one its name speaks of."""
    return biocore.load(
        path,
        modality,
        ppi=ppi if modality is Modality.FINGER else None,
        position=position_of(path, modality) if position is None else position,
    )


def load_all(path: Path, modality: Modality, ppi: float | None, position: Position | None = None) -> list[Sample]:
    """Load what a file shows: one sample of a picture, one a view of an iris image record.

    Raises
    ------
    FormatError, InvalidSampleError
    """
    if modality is Modality.FINGER or not is_eye_record(path):
        return [load(path, modality, ppi, position)]
    eyes = read_eyes(read_file(path), str(path))
    if not eyes:
        raise FormatError("the record holds no eye", file=str(path), offset=12)
    return [eye if position is None else replace(eye, position=position) for eye in eyes]


def is_eye_record(path: Path) -> bool:
    """Say whether a file is an iris image record, by its first bytes."""
    return _begins_with(path, iris_image.MAGIC)


def finger_template(sample: Sample, effort: Effort = "fast") -> FingerTemplate:
    """Extract a finger's template; errors as those of `biocore.extract`.

    Raises
    ------
    InvalidSampleError
        The sample shows an eye.
    """
    template = biocore.extract(sample, effort=effort)
    if not isinstance(template, FingerTemplate):
        raise InvalidSampleError(f"{sample.source}: minutiae are of fingers, and this is an {sample.modality}")
    return template


def is_record(path: Path) -> bool:
    """Say whether a file is a minutiae record, by its first bytes."""
    return _begins_with(path, MAGIC)


def _begins_with(path: Path, magic: bytes) -> bool:
    try:
        if not path.is_file():
            return False
        with path.open("rb") as file:
            return file.read(len(magic)) == magic
    except OSError:
        return False  # whoever reads it as a picture says why it cannot be read


def read_templates(path: Path) -> tuple[FingerTemplate, ...]:
    """Return the templates of a minutiae record.

    Raises
    ------
    FormatError, InvalidTemplateError
    """
    templates = finger_templates.read_templates(read_file(path), str(path))
    if not templates:
        raise FormatError("the record holds no finger view", file=str(path), offset=22)
    return templates
