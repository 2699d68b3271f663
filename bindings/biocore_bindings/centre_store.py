"""What a small centre has received: files, an index in SQLite, and a receipt for each.

A receipt is signed when the record is whole, checked, on disk under its name, and noted, each waited for. Whatever
is sent again gets the same receipt again.

::

    centre.db                             stations, records, receipts, links of the journals' chains
    incoming/DIGEST.part                  what is on its way
    records/JOURNAL/RESIDENT.record       what is signed for
"""

from __future__ import annotations

import hashlib
import os
import secrets
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, timedelta
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from biocore.errors import BiocoreError
from biocore.station import Opener, Receipt, issue_receipt, read_receipt
from biocore.station.clock import Clock, SystemClock
from biocore.station.disk import Disk, make_plain
from biocore_bindings.centre_check import LINKS, BadRecordError, check_and_link

MB = 1 << 20
_SCHEMA = f"""
CREATE TABLE IF NOT EXISTS stations (name TEXT PRIMARY KEY, token TEXT NOT NULL UNIQUE) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS journals (journal TEXT PRIMARY KEY, station TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS parts (
    digest TEXT PRIMARY KEY, station TEXT NOT NULL, journal TEXT NOT NULL, resident TEXT NOT NULL,
    size INTEGER NOT NULL, touched TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS records (
    number INTEGER PRIMARY KEY, digest TEXT NOT NULL UNIQUE, journal TEXT NOT NULL, resident TEXT NOT NULL,
    size INTEGER NOT NULL, station TEXT NOT NULL, utc TEXT NOT NULL, receipt TEXT NOT NULL, UNIQUE (journal, resident)
);
CREATE INDEX IF NOT EXISTS by_day ON records (station, utc);
CREATE TABLE IF NOT EXISTS conflicts (
    journal TEXT NOT NULL, resident TEXT NOT NULL, digest TEXT NOT NULL, utc TEXT NOT NULL,
    PRIMARY KEY (journal, resident, digest)
) WITHOUT ROWID;
{LINKS}
"""


@dataclass(frozen=True, slots=True)
class Limits:
    """What a centre takes.

    Attributes
    ----------
    record_bytes : int
        Of one record; a resident down the whole ladder is 35 MB.
    chunk_bytes : int
        Of one request's body.
    records_per_day : int or None
        Of one station by line, by the centre's UTC day.
    parts : int
        Records of one station that may be on their way at once; the one untouched for longest gives way.
    """

    record_bytes: int = 64 * MB
    chunk_bytes: int = MB
    records_per_day: int | None = None
    parts: int = 8


class RefusedError(BiocoreError):
    """What the centre answers instead of taking something.

    Parameters
    ----------
    status : int
        HTTP's.
    error : str
        One word for the station.
    detail : str
        For people.
    offset : int or None
        What the centre has of the record.
    after_s : float or None
        When to come back.
    """

    def __init__(
        self, status: int, error: str, detail: str = "", *, offset: int | None = None, after_s: float | None = None
    ) -> None:
        super().__init__(detail or error)
        self.status, self.error, self.detail = status, error, detail
        self.offset, self.after_s = offset, after_s


@dataclass(frozen=True, slots=True)
class Parcel:
    """A record that is announced.

    Attributes
    ----------
    digest, journal, resident : str
        Lower-case hexadecimal.
    size : int
        Bytes of the whole.
    """

    digest: str
    journal: str
    resident: str
    size: int


class CentreStore:
    """A centre's folder. Used from several threads; one thing is done at a time.

    Parameters
    ----------
    folder : Path
        Made where it is not there.
    signer : Ed25519PrivateKey
        Signs receipts; the stations' journals pin it.
    opener : Opener or None
        With it, every record is opened before it is signed for; without, structure and chain are checked.
    limits : Limits
    clock : Clock
    disk : Disk
    """

    def __init__(
        self,
        folder: Path,
        signer: Ed25519PrivateKey,
        *,
        opener: Opener | None = None,
        limits: Limits | None = None,
        clock: Clock | None = None,
        disk: Disk | None = None,
    ) -> None:
        self.folder, self.limits = folder, limits or Limits()
        self.clock = clock or SystemClock()
        self.public = signer.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        self.signer, self._opener, self._disk = signer, opener, disk or Disk()
        self._lock = threading.Lock()
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        for part in ("incoming", "records"):
            (folder / part).mkdir(exist_ok=True, mode=0o700)
        make_plain(folder / "centre.db")
        self._db = sqlite3.connect(folder / "centre.db", isolation_level=None, check_same_thread=False)
        for setting in ("journal_mode = WAL", "synchronous = FULL", "trusted_schema = OFF"):
            self._db.execute(f"PRAGMA {setting}").fetchall()
        self._db.executescript(_SCHEMA)
        self._disk.sync_folder(folder)

    def close(self) -> None:
        """Close the index."""
        with self._lock:
            self._db.close()

    def issue_token(self, station: str) -> str:
        """Return a new token for a station; the one before it ends. Only its hash is kept."""
        token = secrets.token_urlsafe(32)
        with self._lock:
            self._db.execute(
                "INSERT INTO stations VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET token = excluded.token",
                (station, _hashed(token)),
            )
        return token

    def station_of(self, token: str) -> str | None:
        """Return whose token it is."""
        with self._lock:
            row = self._db.execute("SELECT name FROM stations WHERE token = ?", (_hashed(token),)).fetchone()
        return row[0] if row else None

    def state(self, station: str, digest: str) -> int | Receipt:
        """Return how much of a record is here, or the receipt for all of it.

        Raises
        ------
        RefusedError
            Nothing is here.
        """
        with self._lock:
            if receipt := self._receipt(digest):
                return receipt
            found = self._db.execute(
                "SELECT digest, journal, resident, size FROM parts WHERE digest = ? AND station = ?", (digest, station)
            ).fetchone()
            if found is None:
                raise RefusedError(404, "unknown")
            parcel, here = Parcel(*found), self._here(digest)
            return self._finish(station, parcel) if here == parcel.size else here

    def put(self, station: str, parcel: Parcel, offset: int, data: bytes) -> int | Receipt:
        """Take a chunk; return how much is here now, or the receipt.

        Raises
        ------
        RefusedError
            Says why it is not taken.
        """
        with self._lock:
            if known := self._known(parcel):
                return known
            self._admit(station, parcel, by_line=True)
            here = self._here(parcel.digest)
            if here == parcel.size:  # the power went between the last byte and the receipt
                return self._finish(station, parcel)
            if offset != here:
                raise RefusedError(409, "offset", offset=here)
            if offset + len(data) > parcel.size:
                raise RefusedError(400, "request", "the chunk goes beyond the record's end")
            if offset + len(data) < parcel.size:
                self._note_part(station, parcel)
            self._write(parcel, offset, data)
            return self._finish(station, parcel) if offset + len(data) == parcel.size else offset + len(data)

    def take(self, parcel: Parcel, data: bytes, station: str = "stick") -> Receipt:
        """Take a whole record that came on a stick, and return the receipt.

        Raises
        ------
        RefusedError
            Says why it is not taken.
        """
        with self._lock:
            if known := self._known(parcel):
                return known
            self._admit(station, parcel, by_line=False)
            self._disk.cut(self._part(parcel.digest), 0)
            self._write(parcel, 0, data)
            return self._finish(station, parcel, by_line=False)

    def count(self, journal: str | None = None) -> int:
        """Return how many records are here, of one journal or of all."""
        where, values = ("WHERE journal = ?", (journal,)) if journal else ("", ())
        with self._lock:
            found: int = self._db.execute(f"SELECT count(*) FROM records {where}", values).fetchone()[0]
        return found

    def records(self, journal: str) -> list[tuple[str, str]]:
        """Return resident and digest of a journal's records, in the order in which they arrived."""
        with self._lock:
            return self._db.execute(
                "SELECT resident, digest FROM records WHERE journal = ? ORDER BY number", (journal,)
            ).fetchall()

    def conflicts(self) -> list[tuple[str, str, str]]:
        """Return journal, resident and digest of every record that came when another of its name was here."""
        with self._lock:
            return self._db.execute("SELECT journal, resident, digest FROM conflicts").fetchall()

    def path(self, journal: str, resident: str) -> Path:
        """Return where a record lies that is signed for."""
        return self.folder / "records" / journal / f"{resident}.record"

    def _known(self, parcel: Parcel) -> Receipt | None:
        """Return the receipt if the very record is here."""
        if receipt := self._receipt(parcel.digest):
            if (receipt.journal, receipt.resident, receipt.size) != (parcel.journal, parcel.resident, parcel.size):
                raise RefusedError(422, "record", "a record of this hash is here under another name")
            return receipt
        other = self._db.execute(
            "SELECT digest FROM records WHERE journal = ? AND resident = ?", (parcel.journal, parcel.resident)
        ).fetchone()
        if other is not None:
            self._db.execute(
                "INSERT OR IGNORE INTO conflicts VALUES (?, ?, ?, ?)",
                (parcel.journal, parcel.resident, parcel.digest, self._now()),
            )
            raise RefusedError(409, "conflict", f"{other[0][:16]} is here, and this is {parcel.digest[:16]}")
        return None

    def _admit(self, station: str, parcel: Parcel, *, by_line: bool) -> None:
        if not 0 < parcel.size <= self.limits.record_bytes:
            raise RefusedError(413, "size", f"up to {self.limits.record_bytes} bytes")
        if not by_line:
            return
        owner = self._db.execute("SELECT station FROM journals WHERE journal = ?", (parcel.journal,)).fetchone()
        if owner is not None and owner[0] != station:
            raise RefusedError(403, "station", "the journal is another station's")
        most = self.limits.records_per_day
        if most is not None:
            now = self.clock.read().utc.astimezone(UTC)
            midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
            today = self._db.execute(
                "SELECT count(*) FROM records WHERE station = ? AND utc >= ?", (station, midnight.isoformat())
            ).fetchone()[0]
            if today >= most:
                after = (midnight + timedelta(days=1) - now).total_seconds()
                raise RefusedError(429, "quota", f"{most} records a day", after_s=after)

    def _note_part(self, station: str, parcel: Parcel) -> None:
        with self._transaction():
            self._db.execute("INSERT OR IGNORE INTO journals VALUES (?, ?)", (parcel.journal, station))
            self._db.execute(
                "INSERT OR REPLACE INTO parts VALUES (?, ?, ?, ?, ?, ?)",
                (parcel.digest, station, parcel.journal, parcel.resident, parcel.size, self._now()),
            )
            old = self._db.execute(
                "SELECT digest FROM parts WHERE station = ? ORDER BY touched DESC, digest LIMIT -1 OFFSET ?",
                (station, self.limits.parts),
            ).fetchall()
            self._db.executemany("DELETE FROM parts WHERE digest = ?", old)
        for (digest,) in old:
            self._part(digest).unlink(missing_ok=True)

    def _write(self, parcel: Parcel, offset: int, data: bytes) -> None:
        path = self._part(parcel.digest)
        try:
            self._disk.append(path, offset, data)
        except OSError as error:
            self._disk.cut(path, offset)
            raise RefusedError(507, "room", os.strerror(error.errno or 0), after_s=600) from error

    def _finish(self, station: str, parcel: Parcel, *, by_line: bool = True) -> Receipt:
        """Check a record that is here whole, give it its name, note it, and sign for it; each waited for."""
        part = self._part(parcel.digest)
        if _digest(part) != parcel.digest:
            self._drop(parcel)
            raise RefusedError(409, "offset", "what arrived has another hash; send it again", offset=0)
        target = self.path(parcel.journal, parcel.resident)
        target.parent.mkdir(exist_ok=True, mode=0o700)
        now = self.clock.read().utc
        receipt = issue_receipt(self.signer, parcel.journal, parcel.resident, parcel.digest, parcel.size, now)
        try:
            with self._transaction():
                if by_line:
                    self._db.execute("INSERT OR IGNORE INTO journals VALUES (?, ?)", (parcel.journal, station))
                check_and_link(self._db, part, parcel.journal, parcel.resident, self._opener)
                self._db.execute("DELETE FROM parts WHERE digest = ?", (parcel.digest,))
                self._db.execute(
                    "INSERT INTO records (digest, journal, resident, size, station, utc, receipt) "
                    "VALUES (?, ?, ?, ?, ?, ?, ?)",
                    (
                        *(parcel.digest, parcel.journal, parcel.resident, parcel.size),
                        *(station, now.astimezone(UTC).isoformat(), receipt.to_bytes().decode()),
                    ),
                )
                part.replace(target)
                self._disk.sync_folder(target.parent)
                self._disk.sync_folder(target.parent.parent)
                self._disk.before_commit()
        except BadRecordError as error:
            self._drop(parcel)
            raise RefusedError(422, "record", str(error)) from error
        self._disk.after_commit()
        return receipt

    def _drop(self, parcel: Parcel) -> None:
        self._part(parcel.digest).unlink(missing_ok=True)
        self._db.execute("DELETE FROM parts WHERE digest = ?", (parcel.digest,))

    def _receipt(self, digest: str) -> Receipt | None:
        row = self._db.execute("SELECT receipt FROM records WHERE digest = ?", (digest,)).fetchone()
        return read_receipt(row[0].encode()) if row else None

    def _part(self, digest: str) -> Path:
        return self.folder / "incoming" / f"{digest}.part"

    def _here(self, digest: str) -> int:
        path = self._part(digest)
        return path.stat().st_size if path.exists() else 0

    def _now(self) -> str:
        return self.clock.read().utc.astimezone(UTC).isoformat()

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


def _hashed(token: str) -> str:
    return hashlib.sha256(b"biocore station token\0" + token.encode()).hexdigest()


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
