"""Where the commands put what they write: a folder or file that cannot be made is one named error."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from PIL import Image

from biocore.errors import FormatError
from biocore.trace import Picture


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Turn what the system says against this file or folder into an error that names it.

    Raises
    ------
    FormatError
    """
    try:
        yield
    except OSError as error:
        raise FormatError(f"cannot be written: {error.strerror or error}", file=str(path)) from error


def make_folder(folder: Path) -> Path:
    """Make a folder, and those it lies in, unless it is there.

    Raises
    ------
    FormatError
    """
    with writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
    return folder


def write_picture(path: Path, picture: Picture) -> None:
    """Write a drawn picture as PNG.

    Raises
    ------
    FormatError
    """
    with writing(path):
        Image.fromarray(picture).save(path, "PNG")
