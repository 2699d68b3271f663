"""The centre's side: open a record, check it whole, and read what the station could not."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from biocore.errors import JournalCorruptError, UnsealError
from biocore.station.entry import EntryKind, Head
from biocore.station.record_file import Stored, check_record, entries
from biocore.station.sealing import Opener, unseal


@dataclass(frozen=True, slots=True)
class Opened:
    """An entry as the centre sees it; of an envelope, the payload is empty."""

    head: Head
    payload: bytes
    link: str


def read_record(source: Path | bytes, opener: Opener, *, unfinished: bool = False) -> list[Opened]:
    """Open every entry of a record, in order.

    Parameters
    ----------
    source : Path or bytes
        The record's file.
    opener : Opener
        With the centre's private keys.
    unfinished : bool
        Take a record that does not end with its closing entry; by default its end counts as missing.

    Raises
    ------
    JournalCorruptError
        An entry is missing, torn, or in the wrong place; named.
    UnsealError
        An entry was altered, or is sealed to a key that is not here.
    """
    stored = list(entries(source if isinstance(source, bytes) else source.read_bytes()))
    check_record(stored)
    if not unfinished and stored[-1].head.kind is not EntryKind.CLOSE:
        raise JournalCorruptError(f"record {stored[0].head.resident} has no end: its last entries are missing")
    if any(entry.head.kind is EntryKind.CLOSE for entry in stored[:-1]):
        raise JournalCorruptError(f"record {stored[0].head.resident} goes on after its end")
    ciphers: dict[int, AESGCM] = {}
    return [_opened(entry, opener, ciphers) for entry in stored]


def _opened(entry: Stored, opener: Opener, ciphers: dict[int, AESGCM]) -> Opened:
    head = entry.head
    if head.kind is EntryKind.ENVELOPE:
        ciphers[head.ordinal] = opener.cipher(entry.body, head)
        return Opened(head, b"", entry.link)
    if head.envelope not in ciphers:
        raise UnsealError(f"entry {head.sequence} names an envelope that is not before it")
    return Opened(head, unseal(ciphers[head.envelope], head, entry.head_bytes, entry.body), entry.link)
