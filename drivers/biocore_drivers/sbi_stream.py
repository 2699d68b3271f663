"""The live view of a biometric service: JPEGs one after another in one endless answer (multipart/x-mixed-replace).

Services differ in how they write the boundary, so it is not looked for where a part says how long it is; a part that
does not is taken from the JPEG's first bytes to its last. Only the latest picture is kept.
"""

from __future__ import annotations

import io
import threading
from collections.abc import Iterator
from io import BufferedIOBase
from typing import Protocol

import numpy as np
from PIL import Image

from biocore.types import MAX_SIDE, GreyImage

MAX_LINE = 8192  # bytes of a header
MAX_HEADERS = 50  # lines before a part
MAX_PICTURE = 8 << 20  # bytes; a live frame of a slap scanner is 25 kB
_CHUNK = 4096  # bytes
_JPEG_START, _JPEG_END = b"\xff\xd8", b"\xff\xd9"


class Source(Protocol):
    """What a stream is read from."""

    def readline(self, limit: int, /) -> bytes:
        """Return a line, or what there is of it up to a limit."""
        ...

    def read(self, size: int, /) -> bytes:
        """Return that many bytes, fewer at the end only."""
        ...


def pictures(stream: Source) -> Iterator[bytes]:
    """Yield the JPEGs of a stream until it ends, or is no such stream.

    Raises
    ------
    ValueError
        It is none.
    """
    while True:
        length = _headers(stream)
        if length is None:
            return
        data = stream.read(length) if length else _until_end(stream)
        if not data.startswith(_JPEG_START) or (length and len(data) < length):
            return  # cut off within a picture
        yield data


def _headers(stream: Source) -> int | None:
    """Skip to the next part; return its length, 0 where it does not say, None at the end."""
    length = 0
    begun = False
    for _ in range(MAX_HEADERS):
        line = stream.readline(MAX_LINE)
        if not line:
            return None
        text = line.strip()
        if not text:
            if begun:
                return length
            continue  # the empty line behind the last picture
        begun = True
        name, _, value = text.partition(b":")
        if name.lower() == b"content-length":
            if not value.strip().isdigit() or not 0 < int(value) <= MAX_PICTURE:
                raise ValueError(f"a part of {value.strip()[:20]!r} bytes")
            length = int(value)
    raise ValueError("headers without end")


def _until_end(stream: Source) -> bytes:
    """Read a JPEG whose length nobody said."""
    data = bytearray()
    while len(data) < MAX_PICTURE:
        line = stream.readline(_CHUNK)
        data += line
        end = data.rfind(_JPEG_END)
        if not line or (end >= 0 and data[end + 2 :].strip() == b"" and line.endswith(b"\n")):
            return bytes(data)
    raise ValueError(f"a picture of more than {MAX_PICTURE >> 20} MiB")


def decode(data: bytes) -> GreyImage | None:
    """Return a live frame as grey; None where it cannot be shown."""
    try:
        with Image.open(io.BytesIO(data), formats=("JPEG",)) as picture:
            if max(picture.size) > MAX_SIDE:
                return None
            return np.asarray(picture.convert("L"), np.uint8)
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError, Image.DecompressionBombWarning):
        return None


class Latest:
    """The newest live frame: one that nobody had time for gives way to the next."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._data: bytes | None = None

    def follow(self, stream: BufferedIOBase) -> None:
        """Keep up with a stream until it ends.

        Raises
        ------
        ValueError
            It is none of pictures.
        """
        for data in pictures(stream):
            with self._lock:
                self._data = data

    def take(self) -> GreyImage | None:
        """Return the frame that nobody has taken yet."""
        with self._lock:
            data, self._data = self._data, None
        return decode(data) if data is not None else None
