"""Is the index what it was written as? Asked when the station did not end well, and whenever there is a doubt.

SQLite knows whether its pages hang together, and not whether a bit flipped in what they hold. So beside its own check
each row is held against its link or its digest, and the residents against their entries. Whatever an index that was
made from the records could never show is damage of the index; what could be missing from the records is none, and
is left to `verify`.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from functools import cache
from pathlib import Path

from biocore.errors import JournalError
from biocore.station.disk import index_damaged, named
from biocore.station.entry import link
from biocore.station.identity import Identity
from biocore.station.index import MIGRATIONS, PROOF, Index, prove_rows

# What SQLite reports of the disk, of rights and of other programs says nothing about the index: sqlite.org/rescode.html
_NO_DAMAGE = {
    *(sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_FULL, sqlite3.SQLITE_NOMEM),
    *(sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM, sqlite3.SQLITE_INTERRUPT),
}
_SCHEMA = "SELECT type, name, tbl_name, sql FROM sqlite_master ORDER BY type, name"
_UNPROVEN = f"SELECT resident FROM residents WHERE proof IS NOT {PROOF}"
_DISAGREE = """
SELECT r.resident FROM residents AS r LEFT JOIN (
    SELECT resident, count(*) AS count, max(ordinal) AS ordinal, min(sequence) AS first, max(sequence) AS last,
        sum(length) AS length FROM entries GROUP BY resident
) AS e USING (resident)
WHERE e.count IS NOT e.ordinal + 1 OR e.length IS NOT r.length OR e.first IS NOT r.opened
    OR (r.closed IS NOT NULL AND e.last IS NOT r.closed)
"""
_STRAYS = "SELECT resident FROM entries EXCEPT SELECT resident FROM residents"


def check_index(index: Index, identity: Identity) -> None:
    """Check an index by itself: 200 MB take a second, and five from a cold disk.

    Raises
    ------
    JournalIndexError
        It is damaged; what shows it is named.
    JournalError
        It cannot be read: the disk, rights, or another program.
    """
    try:
        fault = _fault(index, identity)
    except sqlite3.Error as error:
        if getattr(error, "sqlite_errorcode", 0) & 0xFF in _NO_DAMAGE:
            raise named(error, index.path) from error
        fault = f"it cannot be read: {type(error).__name__}"
    except (TypeError, ValueError, AttributeError, OverflowError):  # a number where a text was, and the like
        fault = "it holds what nobody wrote"
    if fault:
        raise index_damaged(fault, index.path)


def last_that_is_sure(index: Index, identity: Identity) -> int:
    """Return the number of the last entry that even a damaged index can prove to have held; 0 where there is none."""
    try:
        rows = index.ask("SELECT sequence, head, body_digest, link FROM entries ORDER BY sequence DESC LIMIT 1")
        for sequence, head, digest, proof in rows:
            if link(head, digest) == proof and _names(head, sequence, identity):
                return int(sequence)
    except (sqlite3.Error, JournalError, TypeError, ValueError, AttributeError, OverflowError):
        return 0
    return 0


def _fault(index: Index, identity: Identity) -> str:
    if index.ask(_SCHEMA).fetchall() != _schema():
        return "its tables are not those of an index"
    for (word,) in index.ask("PRAGMA integrity_check(1)"):
        if word != "ok":
            return str(word).splitlines()[-1][:80]
    for question in (_UNPROVEN, _DISAGREE, _STRAYS):
        if found := index.ask(question).fetchone():
            return f"the row of {str(found[0])[:8]!a} does not agree with itself, or with its entries"
    return _entry_fault(index, identity)


def _entry_fault(index: Index, identity: Identity) -> str:
    columns = "sequence, resident, ordinal, position, length, head, body_digest, link"
    ends: dict[str, int] = {}  # of residents whose entries lie among those of others, too
    for sequence, resident, ordinal, position, length, head, digest, proof in index.ask(
        f"SELECT {columns} FROM entries ORDER BY sequence"
    ):
        if link(head, digest) != proof:
            return f"entry {sequence} has another link than was written"
        if not _names(head, sequence, identity) or b'"ordinal":%d,' % ordinal not in head:
            return f"entry {sequence} is another by its head"
        if b'"resident":"%s"' % resident.encode("ascii") not in head or position != ends.get(resident, 0):
            return f"entry {sequence} is not where its head says"
        ends[resident] = position + length
    return ""


def _names(head: bytes, sequence: int, identity: Identity) -> bool:
    """Say whether a head is of this entry and this journal; read as text, for there are a quarter of a million."""
    return b'"sequence":%d,' % sequence in head and b'"journal":"%s"' % identity.journal.encode("ascii") in head


@cache
def _schema() -> list[tuple[str, str, str, str | None]]:
    with closing(sqlite3.connect(":memory:")) as fresh:
        prove_rows(fresh)
        for step in MIGRATIONS:
            step(fresh, Path())
        return fresh.execute(_SCHEMA).fetchall()
