"""A resident's record: one file, only ever appended to, that can be read without anything else.

Each entry is::

    4 bytes   "BJE1"
    4 bytes   length of the head, big-endian
    4 bytes   length of the body, big-endian
    ...       head: JSON
    ...       body: AES-256-GCM ciphertext and tag; for an envelope, JSON
    32 bytes  link: SHA-256 over head and the body's SHA-256 (`entry.link`)

The link doubles as the checksum that tells a whole entry from a torn one.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from biocore.errors import JournalCorruptError
from biocore.station.entry import GENESIS, MAX_BODY, MAX_HEAD, Head, link

MAGIC = b"BJE1"
SUFFIX = ".record"
_LENGTHS = struct.Struct(">4sII")
_LINK = 32  # bytes


@dataclass(frozen=True, slots=True)
class Stored:
    """An entry as it lies in a record: where, what, and its link."""

    offset: int
    length: int
    head: Head
    head_bytes: bytes
    body: bytes
    body_digest: bytes
    link: str


def store(head: Head, body: bytes, offset: int) -> Stored:
    """Return an entry as it is going to lie at `offset`."""
    data, digest = head.to_bytes(), hashlib.sha256(body).digest()
    length = _LENGTHS.size + len(data) + len(body) + _LINK
    return Stored(offset, length, head, data, body, digest, link(data, digest))


def husk(head: bytes, length: int, body_digest: bytes, offset: int) -> Stored:
    """Return an entry whose body was handed over: all that the chain covers, with an empty body.

    Raises
    ------
    JournalCorruptError
        The head is none.
    """
    return Stored(offset, length, Head.from_bytes(head), head, b"", body_digest, link(head, body_digest))


def pack(stored: Stored) -> bytes:
    """Return the bytes of one entry."""
    lengths = _LENGTHS.pack(MAGIC, len(stored.head_bytes), len(stored.body))
    return lengths + stored.head_bytes + stored.body + bytes.fromhex(stored.link)


def entries(data: bytes, start: int = 0) -> Iterator[Stored]:
    """Walk over whole entries from a byte offset to the end.

    Raises
    ------
    JournalCorruptError
        At the first entry that is torn, altered or none; those before it have been given.
    """
    offset = start
    while offset < len(data):
        stored = _entry(data, offset)
        yield stored
        offset += stored.length


def whole_batches(data: bytes, start: int = 0) -> tuple[list[Stored], str]:
    """Return the entries from `start` on that are there with all of their batch, and what is wrong after them."""
    whole: list[Stored] = []
    batch: list[Stored] = []
    fault = ""
    try:
        for stored in entries(data, start):
            first, count = stored.head.batch
            if first != len(batch) or first >= count:
                raise JournalCorruptError(f"entry {stored.head.sequence} is out of its batch")
            batch.append(stored)
            if len(batch) == count:
                whole += batch
                batch = []
        if batch:
            fault = f"{len(batch)} of {batch[0].head.batch[1]} entries of a batch at byte {batch[0].offset}"
    except JournalCorruptError as error:
        fault = str(error)
    return whole, fault


def check_record(stored: Sequence[Stored]) -> None:
    """Check that entries are one record, whole from its beginning.

    Raises
    ------
    JournalCorruptError
        Names the first entry that is missing, of somebody else, or does not follow the one before.
    """
    if not stored:
        raise JournalCorruptError("the record is empty")
    first = stored[0].head
    if first.ordinal != 0 or first.prior != GENESIS:
        raise JournalCorruptError(f"the record begins with its entry {first.ordinal}; those before it are missing")
    for before, after in pairwise(stored):
        if (after.head.resident, after.head.journal) != (first.resident, first.journal):
            raise JournalCorruptError(f"entry {after.head.sequence} belongs to another record")
        if after.head.ordinal != before.head.ordinal + 1:
            raise JournalCorruptError(f"entry {before.head.ordinal + 1} of record {first.resident} is missing")
        if after.head.prior != before.link or after.head.sequence <= before.head.sequence:
            raise JournalCorruptError(f"entry {after.head.sequence} does not follow entry {before.head.sequence}")


def record_path(folder: Path, resident: str) -> Path:
    """Return where a resident's record lies."""
    return folder / f"{resident}{SUFFIX}"


def _entry(data: bytes, offset: int) -> Stored:
    if len(data) - offset < _LENGTHS.size:
        raise JournalCorruptError(f"{len(data) - offset} bytes of a torn entry at byte {offset}")
    magic, head_size, body_size = _LENGTHS.unpack_from(data, offset)
    if magic != MAGIC or not 0 < head_size <= MAX_HEAD or body_size > MAX_BODY + 16:
        raise JournalCorruptError(f"no entry begins at byte {offset}")
    length = _LENGTHS.size + head_size + body_size + _LINK
    if len(data) - offset < length:
        raise JournalCorruptError(f"a torn entry at byte {offset}: {len(data) - offset} of {length} bytes")
    at = offset + _LENGTHS.size
    head_bytes = data[at : at + head_size]
    body = data[at + head_size : at + head_size + body_size]
    digest = hashlib.sha256(body).digest()
    proof = link(head_bytes, digest)
    if data[offset + length - _LINK : offset + length].hex() != proof:
        raise JournalCorruptError(f"the entry at byte {offset} was altered: its link is another")
    return Stored(offset, length, Head.from_bytes(head_bytes), head_bytes, body, digest, proof)
