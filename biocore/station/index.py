"""The index of the journal: SQLite, in WAL mode, each commit waited for.

It knows where every entry lies, and keeps heads and links of all of them, so that the chain can be checked without
the records. It holds nothing that the records do not hold as well: from those it can be made anew.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from biocore.errors import JournalBusyError, JournalCorruptError, JournalVersionError
from biocore.station.disk import index_damaged, make_plain, named_faults, read_plain
from biocore.station.entry import GENESIS, EntryKind, Head
from biocore.station.record_file import Stored, record_path

BUSY_S = 5.0  # how long a lock of another program (a backup, a look into the index) is waited for

_OF_A_ROW = "resident, opened, ticket, length, closed, digest, receipt, handed_over"
PROOF = f"row_proof({_OF_A_ROW})"

_VERSION_1 = """
CREATE TABLE residents (
    resident TEXT PRIMARY KEY, opened INTEGER NOT NULL, ticket INTEGER, length INTEGER NOT NULL, closed INTEGER
) WITHOUT ROWID;
CREATE TABLE entries (
    sequence INTEGER PRIMARY KEY, resident TEXT NOT NULL, ordinal INTEGER NOT NULL,
    position INTEGER NOT NULL, length INTEGER NOT NULL, head BLOB NOT NULL, body_digest BLOB NOT NULL,
    link TEXT NOT NULL, UNIQUE (resident, ordinal)
);
"""


def prove_rows(db: sqlite3.Connection) -> None:
    """Teach SQLite the function that makes and checks the digests of rows."""

    def row_proof(*values: str | int | None) -> bytes:
        return hashlib.sha256(repr(values).encode()).digest()

    db.create_function("row_proof", 8, row_proof, deterministic=True)


def _to_version_1(db: sqlite3.Connection, records: Path) -> None:
    for statement in _VERSION_1.split(";"):
        db.execute(statement)


def _to_version_2(db: sqlite3.Connection, records: Path) -> None:
    """Give finished records the digest of their content, by which a centre knows them again."""
    db.execute("ALTER TABLE residents ADD COLUMN digest TEXT")
    for (resident,) in db.execute("SELECT resident FROM residents WHERE closed IS NOT NULL").fetchall():
        digest = record_digest(records, resident)
        db.execute("UPDATE residents SET digest = ? WHERE resident = ?", (digest, resident))
    db.execute("CREATE INDEX unfinished ON residents (opened) WHERE closed IS NULL")


def _to_version_3(db: sqlite3.Connection, records: Path) -> None:
    """Make room for the centre's receipts, and find what waits for one."""
    db.execute("ALTER TABLE residents ADD COLUMN receipt TEXT")
    db.execute("ALTER TABLE residents ADD COLUMN handed_over TEXT")
    db.execute("CREATE INDEX waiting ON residents (closed) WHERE closed IS NOT NULL AND receipt IS NULL")
    db.execute("CREATE INDEX handed_over ON residents (handed_over) WHERE handed_over IS NOT NULL")


def _to_version_4(db: sqlite3.Connection, records: Path) -> None:
    """Give each resident a digest of the row, so that one flipped bit shows; entries have their links for that."""
    db.execute("ALTER TABLE residents ADD COLUMN proof BLOB")
    db.execute(f"UPDATE residents SET proof = {PROOF}")


# One step a version, in order; each runs in the transaction that also writes the version number.
MIGRATIONS: tuple[Callable[[sqlite3.Connection, Path], None], ...] = (
    _to_version_1,
    _to_version_2,
    _to_version_3,
    _to_version_4,
)
VERSION = len(MIGRATIONS)


def record_digest(records: Path, resident: str) -> str | None:
    """Return the SHA-256 of a record's file, None where it is gone."""
    path = record_path(records, resident)
    return hashlib.sha256(read_plain(path)).hexdigest() if path.exists() else None


@dataclass(frozen=True, slots=True)
class Row:
    """A resident as the index knows it."""

    resident: str
    opened: int  # sequence number of the first entry
    ticket: int | None
    length: int  # bytes of the record
    closed: int | None  # sequence number of the last entry, once it is the last
    digest: str | None  # SHA-256 of the finished record
    receipt: str | None = None  # the centre's, as it was taken down (`handover.HandedOver`)
    handed_over: str | None = None  # when, by the station's wall clock in UTC


@dataclass(frozen=True, slots=True)
class IndexedEntry:
    """An entry as the index knows it."""

    sequence: int
    resident: str
    ordinal: int
    position: int  # byte offset in the record
    length: int
    head: bytes
    body_digest: bytes
    link: str


class Index:
    """The SQLite file, and nothing but its rows."""

    def __init__(self, path: Path, records: Path, *, upto: int = VERSION, durable: bool = True) -> None:
        self.path = path
        self._records = records
        with named_faults(path):
            make_plain(path)
            self._db = sqlite3.connect(path, timeout=BUSY_S, isolation_level=None, check_same_thread=False)
        try:
            with named_faults(path):
                prove_rows(self._db)
                self._prepare(upto, durable=durable)
        except BaseException:
            self._db.close()
            raise

    def _prepare(self, upto: int, *, durable: bool) -> None:
        # DELETE mode would need two more waits a commit; NORMAL would lose the last commits in a power cut
        waits = "FULL" if durable else "OFF"
        for setting in ("journal_mode = WAL", f"synchronous = {waits}", "foreign_keys = ON", "trusted_schema = OFF"):
            self._db.execute(f"PRAGMA {setting}").fetchall()
        if (mode := self._db.execute("PRAGMA journal_mode").fetchone()[0]) != "wal":
            raise JournalCorruptError(f"SQLite cannot keep a write-ahead log here, but {mode}", path=str(self.path))
        version: int = self._db.execute("PRAGMA user_version").fetchone()[0]
        if version > VERSION:
            raise JournalVersionError(
                f"the index has version {version}, and this biocore knows up to {VERSION}: install the newer one",
                path=str(self.path),
            )
        try:
            for step in range(version, upto):
                with self._transaction():
                    MIGRATIONS[step](self._db, self._records)
                    self._db.execute(f"PRAGMA user_version = {step + 1}")
        except (sqlite3.OperationalError, sqlite3.IntegrityError) as error:
            if error.sqlite_errorcode not in (sqlite3.SQLITE_ERROR, sqlite3.SQLITE_CONSTRAINT):
                raise
            raise index_damaged(f"no index of version {version}: {error}", self.path) from error

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._db.execute("COMMIT")
        except BaseException:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
            raise

    def close(self) -> None:
        """Close the file; the log is written back where that is possible."""
        self._db.close()

    def add(self, stored: Sequence[Stored]) -> None:
        """Add entries of one record, all or none."""
        with self._transaction():
            for entry in stored:
                head = entry.head
                self._db.execute(
                    "INSERT INTO entries VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                    (head.sequence, head.resident, head.ordinal, *_place(entry), entry.body_digest, entry.link),
                )
                self._count(entry)
            for resident in {entry.head.resident for entry in stored}:
                self._prove(resident)

    def _count(self, entry: Stored) -> None:
        head, end = entry.head, entry.offset + entry.length
        if head.ordinal == 0:
            self._db.execute(
                "INSERT INTO residents (resident, opened, ticket, length) VALUES (?, ?, ?, ?)",
                (head.resident, head.sequence, head.ticket, end),
            )
            return
        self._db.execute("UPDATE residents SET length = ? WHERE resident = ?", (end, head.resident))
        if head.kind is EntryKind.CLOSE:
            digest = record_digest(self._records, head.resident)
            self._db.execute(
                "UPDATE residents SET closed = ?, digest = ? WHERE resident = ?",
                (head.sequence, digest, head.resident),
            )

    def _prove(self, resident: str) -> None:
        self._db.execute(f"UPDATE residents SET proof = {PROOF} WHERE resident = ?", (resident,))

    def last(self) -> tuple[int, str, Head | None]:
        """Return sequence number, link and head of the last entry; 0, `GENESIS` and None before the first."""
        row = self._db.execute("SELECT sequence, link, head FROM entries ORDER BY sequence DESC LIMIT 1").fetchone()
        return (row[0], row[1], self._head(row[2])) if row else (0, GENESIS, None)

    def row(self, resident: str) -> Row | None:
        """Return one resident."""
        return next(self._rows("WHERE resident = ?", resident), None)

    def unfinished(self) -> list[Row]:
        """Return the residents that were begun and not finished, oldest first."""
        return list(self._rows("WHERE closed IS NULL ORDER BY opened"))

    def rows(self) -> Iterator[Row]:
        """Walk over all residents, oldest first."""
        return self._rows("ORDER BY opened")

    def waiting(self, newest_first: bool, limit: int) -> list[Row]:
        """Return finished residents without a receipt, in the order in which they were finished, or against it."""
        order = "DESC" if newest_first else "ASC"
        return list(self._rows(f"WHERE closed IS NOT NULL AND receipt IS NULL ORDER BY closed {order} LIMIT ?", limit))

    def backlog(self) -> tuple[int, int]:
        """Return how many finished residents have no receipt, and the bytes of their records."""
        count, size = self._db.execute(
            "SELECT count(*), coalesce(sum(length), 0) FROM residents WHERE closed IS NOT NULL AND receipt IS NULL"
        ).fetchone()
        return count, size

    def handed_over(self) -> Iterator[Row]:
        """Walk over the residents that have a receipt."""
        return iter(list(self._rows("WHERE handed_over IS NOT NULL ORDER BY opened")))

    def handed_over_since(self, utc: str) -> int:
        """Return how many receipts were taken down since a time of the wall clock, in the spelling of `HandedOver`."""
        found: int = self._db.execute("SELECT count(*) FROM residents WHERE handed_over >= ?", (utc,)).fetchone()[0]
        return found

    def take_down(self, resident: str, receipt: str, digest: str, utc: str) -> None:
        """Note the centre's receipt for a record."""
        with self._transaction():
            self._db.execute(
                "UPDATE residents SET receipt = ?, handed_over = ?, digest = coalesce(digest, ?) WHERE resident = ?",
                (receipt, utc, digest, resident),
            )
            self._prove(resident)

    def _rows(self, where: str, *values: str | int) -> Iterator[Row]:
        for row in self._db.execute(f"SELECT {_OF_A_ROW} FROM residents {where}", values):
            yield Row(*row)

    def entries(self, resident: str | None = None) -> Iterator[IndexedEntry]:
        """Walk over the entries, in order; those of one resident, or all."""
        columns = "sequence, resident, ordinal, position, length, head, body_digest, link"
        where, values = ("WHERE resident = ?", (resident,)) if resident else ("", ())
        with closing(self._db.execute(f"SELECT {columns} FROM entries {where} ORDER BY sequence", values)) as cursor:
            for row in cursor:
                yield IndexedEntry(*row)

    def head(self, sequence: int) -> Head | None:
        """Return the head of an entry by its number."""
        row = self._db.execute("SELECT head FROM entries WHERE sequence = ?", (sequence,)).fetchone()
        return self._head(row[0]) if row else None

    def heads(self, resident: str) -> list[Head]:
        """Return the heads of one resident's entries, in order."""
        return [self._head(entry.head) for entry in self.entries(resident)]

    def tail(self, resident: str) -> tuple[int, str] | None:
        """Return ordinal and link of a resident's last entry."""
        query = "SELECT ordinal, link FROM entries WHERE resident = ? ORDER BY ordinal DESC LIMIT 1"
        row = self._db.execute(query, (resident,)).fetchone()
        return (row[0], row[1]) if row else None

    def gaps(self) -> list[tuple[int, int]]:
        """Return the first and last of each row of numbers below the highest that no entry has."""
        query = (
            "SELECT before + 1, sequence - 1 FROM"
            " (SELECT sequence, lag(sequence, 1, 0) OVER (ORDER BY sequence) AS before FROM entries)"
            " WHERE sequence > before + 1"
        )
        return self._db.execute(query).fetchall()

    def settle(self) -> None:
        """Write the log back into the file, all of it, and wait for it; for an index that was made beside another."""
        self._db.execute("PRAGMA synchronous = FULL")
        busy, _, _ = self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        if busy:
            raise JournalBusyError("the index stayed locked by another program; close that one", path=str(self.path))

    def ask(self, question: str, *values: str | int) -> sqlite3.Cursor:
        """Ask SQLite anything, `row_proof` too; for `index_check`."""
        prove_rows(self._db)
        return self._db.execute(question, values)

    def _head(self, data: bytes) -> Head:
        try:
            return Head.from_bytes(data)
        except JournalCorruptError as error:
            raise index_damaged(str(error), self.path) from None

    def has(self, sequence: int) -> bool:
        """Say whether an entry of this number is there."""
        return self._db.execute("SELECT 1 FROM entries WHERE sequence = ?", (sequence,)).fetchone() is not None


def _place(entry: Stored) -> tuple[int, int, bytes]:
    return entry.offset, entry.length, entry.head_bytes
