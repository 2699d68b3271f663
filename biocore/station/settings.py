"""Files of settings that people write: read with care, and what is wrong in them is named with its line."""

from __future__ import annotations

import re
from pathlib import Path

from biocore.station.disk import read_plain

_SECTION = re.compile(r"\s*\[+\s*([\w.\-\"']+)\s*\]+")
_KEY = re.compile(r"\s*([\w.\-\"']+)\s*=")


def read_text(path: Path, limit: int) -> str:
    """Read a file of settings; a link, a pipe or a device is not read, nor more than `limit` bytes.

    Raises
    ------
    OSError
        It cannot be read, or is no plain file.
    ValueError
        It is too large, or no UTF-8.
    """
    data = read_plain(path, limit + 1)
    if len(data) > limit:
        raise ValueError(f"larger than {limit} bytes: these are no settings")
    return text_of(data)


def text_of(data: bytes) -> str:
    """Return bytes as text.

    Raises
    ------
    ValueError
        They are no UTF-8; the line is named.
    """
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise ValueError(f"line {line}: a byte there is no UTF-8; save the file as UTF-8") from None


def line_of(text: str, key: str) -> int | None:
    """Return the line on which a dotted key stands; of a key that is missing, that of its section."""
    section, of_section, quotes = "", None, str.maketrans("", "", "\"'")
    for number, line in enumerate(text.splitlines(), 1):
        if (header := _SECTION.match(line)) is not None:
            section = header[1].translate(quotes) + "."
            of_section = number if key.startswith(section) else of_section
        elif (name := _KEY.match(line)) is not None and section + name[1].translate(quotes) == key:
            return number
    return of_section
