"""Reading a record field after field, and knowing where it is when one is missing."""

from __future__ import annotations

import struct

from biocore.errors import FormatError


class Cursor:
    """A place in a record.

    Parameters
    ----------
    data : bytes
    file : str or None
        Its name, for messages.
    at : int
    added : int
        Bytes before `at` that its writer had left away and a reader put in.

    Attributes
    ----------
    at : int
        Byte offset of what is read next.
    """

    def __init__(self, data: bytes, file: str | None, at: int = 0, added: int = 0) -> None:
        self.data, self.file, self.at, self._added = data, file, at, added

    def take(self, layout: struct.Struct, what: str) -> tuple[int, ...]:
        """Read a structure of numbers.

        Raises
        ------
        FormatError
            The record ends before it.
        """
        values: tuple[int, ...] = layout.unpack(self.bytes(layout.size, what))
        return values

    def bytes(self, length: int, what: str) -> bytes:
        """Read so many bytes.

        Raises
        ------
        FormatError
            The record ends before them.
        """
        if self.at + length > len(self.data):
            raise self.error(f"{what} is cut off: {len(self.data) - self.at} of {length} bytes")
        taken = self.data[self.at : self.at + length]
        self.at += length
        return taken

    @property
    def left(self) -> int:
        """Bytes that were not read yet."""
        return len(self.data) - self.at

    @property
    def offset(self) -> int:
        """Byte offset of what is read next in the file as it is."""
        return self.at - self._added

    def error(self, message: str, back: int = 0) -> FormatError:
        """Return the error of a field that ended `back` bytes ago."""
        return FormatError(message, file=self.file, offset=self.offset - back)
