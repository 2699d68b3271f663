"""Is everything there, and as it was written? Names each entry that is missing or altered."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

from biocore.errors import JournalCorruptError
from biocore.station.disk import read_plain
from biocore.station.entry import GENESIS, Head, link
from biocore.station.handover import fault_of, is_kept
from biocore.station.identity import Identity
from biocore.station.index import Index, IndexedEntry, Row
from biocore.station.record_file import entries, record_path
from biocore.station.recovery import Flaw


def verify(index: Index, records: Path, receipts: Path, identity: Identity) -> list[Flaw]:
    """Check the chain of the whole journal, and each record against it; an empty list says that all is well.

    The station can do this without any secret. It finds accidents and clumsy hands. Whoever rewrites everything
    from some entry to the end, links included, is found by the centre, which alone can tell sealed from forged.
    A record that is gone is well only with the centre's receipt for it.
    """
    rows = index.rows()
    return [*_chain(index), *(flaw for row in rows for flaw in _record(index, records, receipts, identity, row))]


def _receipt(receipts: Path, row: Row, expected: list[IndexedEntry]) -> str:
    """Say what is wrong with the file of `receipts/`, without which the index could not be made anew."""
    try:
        kept = is_kept(receipts, row, expected)
    except OSError as error:
        return f"its receipt's file cannot be read: {error.strerror}"
    again = "the index has it: `biocore station recover` writes it again"
    return "" if kept else f"its receipt's file is missing or damaged; {again}"


def _chain(index: Index) -> Iterator[Flaw]:
    expected, previous = 1, GENESIS
    for entry in index.entries():
        if entry.sequence != expected:
            missing = f"{expected}" if entry.sequence == expected + 1 else f"{expected} to {entry.sequence - 1}"
            yield Flaw(entry.resident, expected, f"missing from the chain: {missing}")
        fault = _altered(entry, previous if entry.sequence == expected else None)
        if fault:
            yield Flaw(entry.resident, entry.sequence, fault)
        expected, previous = entry.sequence + 1, entry.link


def _altered(entry: IndexedEntry, previous: str | None) -> str:
    if link(entry.head, entry.body_digest) != entry.link:
        return f"entry {entry.sequence} was altered in the index: its link is another"
    try:
        head = Head.from_bytes(entry.head)
    except JournalCorruptError as error:
        return f"entry {entry.sequence}: {error}"
    if (head.sequence, head.resident, head.ordinal) != (entry.sequence, entry.resident, entry.ordinal):
        return f"entry {entry.sequence} was altered in the index: its row says something else than its head"
    if previous is not None and head.previous != previous:
        return f"entry {entry.sequence} does not follow the entry before it: one of them was altered"
    return ""


def _record(index: Index, records: Path, receipts: Path, identity: Identity, row: Row) -> Iterator[Flaw]:
    resident, path = row.resident, record_path(records, row.resident)
    expected = list(index.entries(resident))
    if row.receipt is not None and not path.exists():
        if fault := fault_of(row, identity):
            yield Flaw(resident, row.closed, fault)
        elif expected[-1].position + expected[-1].length != row.length:
            yield Flaw(resident, row.closed, "the entries of a record that was handed over are not all in the index")
        elif fault := _receipt(receipts, row, expected):
            yield Flaw(resident, row.closed, fault)
        return
    try:
        data = read_plain(path)
    except OSError as error:
        yield Flaw(resident, expected[0].sequence, f"the record cannot be read: {error.strerror}")
        return
    for entry in expected:
        piece = data[entry.position : entry.position + entry.length]
        if len(piece) < entry.length:
            yield Flaw(
                resident, entry.sequence, f"entry {entry.sequence} is missing or torn: the record ends before it"
            )
            continue
        try:
            stored = next(entries(piece), None)
        except JournalCorruptError as error:
            yield Flaw(resident, entry.sequence, f"entry {entry.sequence}: {error}")
            continue
        if stored is None or stored.link != entry.link:
            yield Flaw(resident, entry.sequence, f"entry {entry.sequence} is another than the one that was recorded")
    end = expected[-1].position + expected[-1].length
    if len(data) > end:
        yield Flaw(resident, None, f"{len(data) - end} bytes follow the last entry")
    if row.closed and row.digest != hashlib.sha256(data).hexdigest():
        yield Flaw(resident, row.closed, "the finished record is another than the one that was closed")
