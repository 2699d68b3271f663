"""What this library and a process of its own say to each other: frames, each a line of JSON with bytes behind it.

    magic (4 bytes) | length of the text, length of the bytes (little-endian, 32 bits each) | text | bytes

Both ends use this file; one of them may be another Python's, so it needs the standard library alone. Whatever comes is
taken for a frame only where it is one: another magic, a length that cannot be, a text that is no object of JSON with a
`said` or a `do`, and nothing after it is believed (`FrameError`).
"""

from __future__ import annotations

import json
import struct
from typing import Any

MAGIC = b"bcf1"
HEADER = struct.Struct("<4sII")
MAX_TEXT = 1 << 16  # bytes
MAX_BYTES = 1 << 26  # no picture is as long
MISSING = 3  # exit status of a process that lacks what it is there for: bindings, a library
VERBS = ("said", "do")  # from the process, to the process


class FrameError(Exception):
    """What came is no frame; nothing that follows can be read."""


def pack(content: dict[str, Any], raw: bytes = b"") -> bytes:
    """Make a frame.

    Raises
    ------
    FrameError
        It would be too long.
    """
    text = json.dumps(content).encode()
    if len(text) > MAX_TEXT or len(raw) > MAX_BYTES:
        raise FrameError(f"{len(text)} bytes of text and {len(raw)} others are too many for a frame")
    return HEADER.pack(MAGIC, len(text), len(raw)) + text + raw


class Frames:
    """Frames out of what comes in pieces of any size."""

    def __init__(self) -> None:
        self._waiting = bytearray()

    def add(self, piece: bytes) -> None:
        """Take what came."""
        self._waiting += piece

    def next(self) -> tuple[dict[str, Any], bytes] | None:
        """Return the next whole frame, its text and its bytes; None where it has not come yet.

        Raises
        ------
        FrameError
        """
        if not MAGIC.startswith(self._waiting[: len(MAGIC)]):  # said before the rest of a header has come
            raise FrameError(f"{bytes(self._waiting[:40])!r} is no frame")
        if len(self._waiting) < HEADER.size:
            return None
        _, text, raw = HEADER.unpack_from(self._waiting)
        if text > MAX_TEXT or raw > MAX_BYTES:
            raise FrameError(f"a frame of {text} bytes of text and {raw} others is too long")
        start, end = HEADER.size + text, HEADER.size + text + raw
        if len(self._waiting) < end:
            return None
        content = _object(bytes(self._waiting[HEADER.size : start]))
        came = bytes(self._waiting[start:end])
        del self._waiting[:end]
        return content, came


def _object(text: bytes) -> dict[str, Any]:
    try:
        content = json.loads(text)
    except (ValueError, RecursionError):
        content = None
    if not isinstance(content, dict) or not any(isinstance(content.get(verb), str) for verb in VERBS):
        raise FrameError(f"{text[:80]!r} is no message")
    return content
