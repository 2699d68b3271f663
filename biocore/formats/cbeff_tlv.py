"""CBEFF biometric information templates in BER-TLV (patron format of ISO/IEC 7816-11), as smart cards hold them.

A group (tag 7F61) says how many templates (7F60) follow; each describes one record of biometric data: which part of the
body, which format, whose. Tags are one or two bytes, lengths one to four (ISO/IEC 7816-4, 5.2).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from biocore.errors import FormatError, UnsupportedFormatError
from biocore.formats.cursor import Cursor

GROUP, TEMPLATE = 0x7F61, 0x7F60
MAX_DEPTH = 8
_CONSTRUCTED = 0x20  # of a tag's first byte: it holds other objects
_TWO_BYTES = 0x1F  # of a tag's first byte: another follows
_LONG = 0x80  # of a length's first byte: so many bytes of length follow

# ISO/IEC 7816-11 and 19785-3, as far as the published example goes.
NAMES = {
    GROUP: "group of templates",
    TEMPLATE: "biometric information template",
    0x02: "number of templates",
    0xA1: "biometric header",
    0x81: "biometric type",
    0x82: "biometric subtype",
    0x87: "format owner",
    0x88: "format type",
    0xB1: "parameters of the comparison on the card",
}
BIOMETRIC_TYPES = {0x02: "face", 0x08: "finger", 0x10: "iris"}


@dataclass(frozen=True, slots=True)
class TlvObject:
    """A data object: a tag, and a value or other objects.

    Attributes
    ----------
    tag : int
    value : bytes
        Of a primitive one; empty where it holds others.
    children : tuple of TlvObject
    """

    tag: int
    value: bytes = field(default=b"", repr=False)
    children: tuple[TlvObject, ...] = ()

    def find(self, tag: int) -> TlvObject | None:
        """Return the first object of a tag, at any depth."""
        for child in self.children:
            found = child if child.tag == tag else child.find(tag)
            if found is not None:
                return found
        return None


def read_tlv(data: bytes, file: str | None = None) -> TlvObject:
    """Read a group of biometric information templates, or one alone.

    Raises
    ------
    FormatError
        Damaged or cut off; carries the byte offset.
    UnsupportedFormatError
        Something else.
    """
    cursor = Cursor(bytes(data), file)
    if int.from_bytes(cursor.data[:2], "big") not in (GROUP, TEMPLATE):
        raise UnsupportedFormatError("no biometric information template in TLV", file=file, offset=0)
    whole = _object(cursor, len(cursor.data), 0)
    if cursor.left:
        raise cursor.error(f"{cursor.left} bytes too many after the last object")
    templates = sum(child.tag == TEMPLATE for child in whole.children)
    count = next((child for child in whole.children if child.tag == 0x02), None)
    if whole.tag == GROUP and (count is None or int.from_bytes(count.value, "big") != templates):
        raise FormatError(f"the group does not announce the {templates} templates in it", file=file, offset=0)
    return whole


def _object(cursor: Cursor, end: int, depth: int) -> TlvObject:
    if depth > MAX_DEPTH:
        raise cursor.error(f"objects in objects, deeper than {MAX_DEPTH}")
    first = cursor.bytes(1, "a tag")[0]
    tag = first << 8 | cursor.bytes(1, "a tag")[0] if first & _TWO_BYTES == _TWO_BYTES else first
    length = cursor.bytes(1, "a length")[0]
    if length & _LONG:
        size = length & ~_LONG
        if not 1 <= size <= 3:
            raise cursor.error(f"a length in {size} bytes", back=1)
        length = int.from_bytes(cursor.bytes(size, "a length"), "big")
    if cursor.at + length > end:
        raise cursor.error(f"object {tag:X} says {length} bytes, {end - cursor.at} are there")
    if not first & _CONSTRUCTED:
        return TlvObject(tag, cursor.bytes(length, "a value"))
    return TlvObject(tag, children=tuple(_children(cursor, cursor.at + length, depth + 1)))


def _children(cursor: Cursor, end: int, depth: int) -> Iterator[TlvObject]:
    while cursor.at < end:
        yield _object(cursor, end, depth)
