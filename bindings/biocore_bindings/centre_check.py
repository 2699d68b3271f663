"""What a centre can know of a record without opening it: its structure, its chain, and its place in the journal's.

The links of every journal's entries are kept. A record is taken only if no entry of it contradicts one that is
here: so a station whose past was rewritten, or two of one name, are found by whichever record comes second.
"""

from __future__ import annotations

import mmap
import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import cast

from biocore.errors import BiocoreError, JournalCorruptError, SealError
from biocore.station import EntryKind, Opener, read_record
from biocore.station.entry import GENESIS
from biocore.station.record_file import Stored, check_record, entries

LINKS = """
CREATE TABLE IF NOT EXISTS links (
    journal TEXT NOT NULL, sequence INTEGER NOT NULL, previous TEXT NOT NULL, link TEXT NOT NULL,
    PRIMARY KEY (journal, sequence)
) WITHOUT ROWID;
"""


class BadRecordError(BiocoreError):
    """A record that is not taken; the message says which entry is at fault."""


def check_and_link(db: sqlite3.Connection, path: Path, journal: str, resident: str, opener: Opener | None) -> None:
    """Check a record's file, and note its links, within the transaction that is open.

    Raises
    ------
    BadRecordError
        An entry is missing, altered, of somebody else, or contradicts what is here of the journal.
    """
    try:
        stored = list(_husks(path))
        check_record(stored)
        if opener is not None:
            read_record(path, opener)
    except (JournalCorruptError, SealError) as error:
        raise BadRecordError(str(error)) from error
    if stored[-1].head.kind is not EntryKind.CLOSE:
        raise BadRecordError(f"record {resident} has no end: its last entries are missing")
    if any(entry.head.kind is EntryKind.CLOSE for entry in stored[:-1]):
        raise BadRecordError(f"record {resident} goes on after its end")
    if (stored[0].head.journal, stored[0].head.resident) != (journal, resident):
        raise BadRecordError(f"the record is {stored[0].head.resident}'s, and came as {resident}'s")
    for entry in stored:
        _link(db, journal, entry)


def _husks(path: Path) -> Iterator[Stored]:
    """Walk over a record's entries without keeping their bodies: memory for one at a time."""
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        for entry in entries(cast(bytes, data)):  # read by slices, like bytes
            yield replace(entry, body=b"")


def _link(db: sqlite3.Connection, journal: str, entry: Stored) -> None:
    head = entry.head
    around = {
        sequence: (previous, link)
        for sequence, previous, link in db.execute(
            "SELECT sequence, previous, link FROM links WHERE journal = ? AND sequence BETWEEN ? AND ?",
            (journal, head.sequence - 1, head.sequence + 1),
        )
    }
    before, same, after = (around.get(head.sequence + step) for step in (-1, 0, 1))
    if same is not None:
        raise BadRecordError(f"entry {head.sequence} of the journal is here already, in another record")
    if before is not None and head.previous != before[1]:
        raise BadRecordError(f"entry {head.sequence} does not follow entry {head.sequence - 1}, which is here")
    if after is not None and after[0] != entry.link:
        raise BadRecordError(f"entry {head.sequence + 1}, which is here, does not follow entry {head.sequence}")
    if (head.sequence == 1) is not (head.previous == GENESIS):
        raise BadRecordError(f"entry {head.sequence} is not where the journal begins")
    db.execute("INSERT INTO links VALUES (?, ?, ?, ?)", (journal, head.sequence, head.previous, entry.link))
