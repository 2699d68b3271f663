"""Where the commands put what they write: whole or not at all, and what cannot be made is one named error."""

from __future__ import annotations

import errno
import io
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
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


def write_whole(path: Path, data: bytes) -> None:
    """Write a file whole or not at all: one that was there is replaced once the new one is complete.

    What is no file, or is `/dev/stdout`, which may be one that the shell holds open, is written to as it stands.

    Raises
    ------
    FormatError
    """
    with writing(path):
        there = path.exists()
        if there and (not path.is_file() or path.is_relative_to("/dev")):
            path.write_bytes(data)
            return
        target = path.resolve() if path.is_symlink() else path  # a link stays one
        if there and not os.access(target, os.W_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        fresh = target.with_name(f".{secrets.token_hex(8)}.new")
        try:
            with fresh.open("xb") as file:
                file.write(data)
            if there:
                shutil.copymode(target, fresh)
            fresh.replace(target)
        except BaseException:
            fresh.unlink(missing_ok=True)
            raise


def write_picture(path: Path, picture: Picture, ppi: float | None = None) -> None:
    """Write a picture as PNG, with its resolution where it is known.

    Raises
    ------
    FormatError
    """
    stream = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(picture)).save(stream, "PNG", **({} if ppi is None else {"dpi": (ppi, ppi)}))
    write_whole(path, stream.getvalue())
