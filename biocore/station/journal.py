"""The station's journal: what it has acknowledged is on disk, whole, in order, and sealed to the centre.

>>> with Journal(folder, key) as journal:
...     recording = journal.begin(b"name and number of the resident", ticket=24)
...     recording.record(Item(EntryKind.FRAME, png, "image/png", position, attempt=1, score=61), ...)
...     recording.close()

An acknowledgement is `record` returning. Before that the entries were written to the resident's record and waited
for, and then to the index and waited for. All entries of one call are there together, or none is.
"""

from __future__ import annotations

import fcntl
import os
import secrets
import sqlite3
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import TracebackType

from biocore.errors import (
    CentreKeyError,
    JournalBusyError,
    JournalClosedError,
    JournalError,
    JournalFullError,
    JournalIndexError,
    JournalReserveError,
    JournalStateError,
    ReceiptError,
)
from biocore.station import endings, handover
from biocore.station.centre_key import CentreKey, check_usable, read_centre_key
from biocore.station.clock import Clock, SystemClock
from biocore.station.disk import Disk, make_plain, named, named_faults
from biocore.station.endings import Ending
from biocore.station.entry import MAX_TICKET, EntryKind, Head, Item
from biocore.station.handover import HandedOver, Way
from biocore.station.identity import FILE, create_identity, read_identity
from biocore.station.index import Row
from biocore.station.opening import Opening, set_aside
from biocore.station.progress import Progress, progress_of
from biocore.station.receipt import Receipt
from biocore.station.record_file import Stored, pack, record_path
from biocore.station.recording import Recording, make_entries
from biocore.station.recovery import Flaw
from biocore.station.sealing import Sealer
from biocore.station.space import RESERVE_BYTES, Space, SpaceStatus
from biocore.station.verify import verify

INDEX = "index.db"
RECORDS = "records"


class Journal:
    """One folder, one process at a time; may be used from several threads.

    Parameters
    ----------
    folder : Path
        Made where it is not there.
    key : CentreKey, Path or None
        The centre's public key, or its file. The first one pins the centre. With None nobody can be begun or
        resumed, but what waits can be handed over: for a station whose key has expired.
    clock : Clock
    disk : Disk
    reserve : int
        Bytes held back so that whoever has begun can be finished.
    closely : bool
        Check the index whole, as is done by itself after a kill, a power cut or a fault: a second for 200 MB.

    Attributes
    ----------
    recovery : Recovery
        What opening found to be repaired, or to be damaged. A damaged index was made anew from the records.

    Raises
    ------
    CentreKeyError
        The key is missing, altered, expired or another centre's. Nothing was captured yet.
    JournalError
        One of its kinds: held by another process, read-only, a failing or full disk, written by a newer version, an
        identity that is damaged.
    """

    def __init__(
        self,
        folder: Path,
        key: CentreKey | Path | None,
        *,
        clock: Clock | None = None,
        disk: Disk | None = None,
        reserve: int = RESERVE_BYTES,
        closely: bool = False,
    ) -> None:
        self.folder = folder
        self.records = folder / RECORDS
        self.receipts = folder / handover.FOLDER
        self.clock = clock or SystemClock()
        self._disk = disk or Disk()
        self._mutex = threading.RLock()
        self._handing_over = threading.Lock()  # taken before the one above, which is not held while a record goes
        self._stopped = ""
        self._space = Space(folder, reserve)
        key = read_centre_key(key) if isinstance(key, Path) else key
        if key is not None:
            key.check(self.clock.read().utc)
            check_usable(key)
        elif not (folder / FILE).exists():
            raise JournalStateError("there is no journal here; one is made with the centre's key", path=str(folder))
        with named_faults(folder):
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            self.records.mkdir(exist_ok=True, mode=0o700)
            self.receipts.mkdir(exist_ok=True, mode=0o700)
            self._lock = _lock(folder / "lock")
        try:
            with named_faults(folder):
                self._open(key, closely)
        except BaseException:
            os.close(self._lock)
            raise

    def _open(self, key: CentreKey | None, closely: bool) -> None:
        identity, utc = read_identity(self.folder), self.clock.read().utc
        if key is not None:
            identity = identity or create_identity(self.folder, key.signer, self._disk)
            key.check(utc, identity.centre)
        assert identity is not None  # without a key, __init__ has asked for one
        self._identity, self._key = identity, key
        places = self.folder / INDEX, self.records, self.receipts
        opening = Opening(*places, identity, self._disk, utc, self._space.give_up, closely)
        self._index, self.recovery = opening.run()
        try:
            self._disk.sync_folder(self.folder)
            sequence, link, head = self._index.last()
            self._last = sequence, link
            self._latest = _latest(head) if head else None
            self._space.hold()
        except BaseException:
            self._index.close()
            raise

    @staticmethod
    def rebuild(folder: Path, clock: Clock | None = None) -> Path:
        """Put the index aside, so that opening makes a new one from the records; return where it went.

        Nothing needs it: a damaged index is made anew by opening. It is for whoever wants a new one all the same.
        """
        with named_faults(folder):
            lock = _lock(folder / "lock")
            try:
                return set_aside(folder / INDEX, (clock or SystemClock()).read().utc, Disk())
            finally:
                os.close(lock)

    @property
    def head(self) -> tuple[int, str]:
        """Sequence number and link of the last entry: printed or sent elsewhere, it proves that nothing was cut off."""
        return self._last

    @property
    def journal_id(self) -> str:
        """Random name of the journal."""
        return self._identity.journal

    @property
    def centre(self) -> bytes:
        """The centre that the journal is pinned to: the Ed25519 public key under its keys and receipts."""
        return self._identity.centre

    @property
    def latest(self) -> datetime | None:
        """The latest time of the wall clock that an entry has; a clock that is behind it was put back."""
        return self._latest

    def use_key(self, key: CentreKey | Path) -> None:
        """Seal to another key of the same centre, from the next resident or resumption on.

        Raises
        ------
        CentreKeyError
            As on opening; the key before stays.
        """
        key = read_centre_key(key) if isinstance(key, Path) else key
        key.check(self.clock.read().utc, self._identity.centre)
        check_usable(key)
        self._key = key

    def _key_in_use(self) -> CentreKey:
        if self._key is None:
            raise CentreKeyError("the journal was opened without the centre's key, to hand over what waits, no more")
        return self._key

    def space(self) -> SpaceStatus:
        """Return how much room is left, and whether the next resident can be accepted."""
        with named_faults(self.folder):
            return self._space.status()

    def begin(self, identity: bytes = b"", *, ticket: int | None = None, media: str = "text/plain") -> Recording:
        """Begin a resident.

        Parameters
        ----------
        identity : bytes
            Who it is; sealed like everything else.
        ticket : int or None
            Number in the day's queue, readable on the station, to find the resident again after a power cut.

        Raises
        ------
        JournalReserveError
            There is too little room; nothing was begun.
        CentreKeyError
            The key has expired since the journal was opened.
        """
        if ticket is not None and not 0 <= ticket <= MAX_TICKET:
            raise JournalStateError(f"a ticket is 0 to {MAX_TICKET}, not {ticket}")
        with self._mutex:
            self._check_usable()
            self._key_in_use().check(self.clock.read().utc, self._identity.centre)
            with named_faults(self.folder):
                if not self._space.hold():
                    raise JournalReserveError(self._space.status().message, path=str(self.folder))
            recording = Recording(self, secrets.token_hex(16), ticket)
            recording.enter(Item(EntryKind.OPEN, identity, media))
            return recording

    def unfinished(self) -> list[Progress]:
        """Return how far each resident is who was begun and not closed, oldest first; damaged records are left out."""
        with self._mutex, self._index_faults():
            rows = self._index.unfinished()
            return [self.progress(row.resident) for row in rows if row.resident not in self.recovery.damaged]

    def progress(self, resident: str) -> Progress:
        """Return how far a resident is.

        Raises
        ------
        JournalStateError
            There is none of that name.
        """
        with self._mutex, self._index_faults():
            heads = self._index.heads(resident)
        if not heads:
            raise JournalStateError(
                "there is no resident of that name in this journal: names are 32 hexadecimal digits"
            )
        return progress_of(heads)

    def heads(self, resident: str) -> list[Head]:
        """Return the clear heads of a resident's entries, in order; empty where there is none of that name."""
        with self._mutex, self._index_faults():
            return self._index.heads(resident)

    def resume(self, resident: str) -> Recording:
        """Go on with a resident after a crash or a power cut, under a new envelope.

        Raises
        ------
        JournalStateError
            There is none of that name, or the resident is closed, or the record is damaged.
        """
        with self._mutex:
            self._check_usable()
            self._key_in_use()
            if self.progress(resident).closed:
                raise JournalStateError(f"resident {resident} is closed; nothing can be added")
            if resident in self.recovery.damaged:
                raise JournalStateError(f"the record of {resident} is damaged; begin the resident anew")
            with named_faults(self.folder):
                self._space.hold()  # in the middle of a resident: welcome, not demanded
            with self._index_faults():
                last = list(self._index.entries(resident))[-1]
            head = Head.from_bytes(last.head)
            recording = Recording(self, resident, head.ticket)
            recording.go_on(head.ordinal + 1, last.link, last.position + last.length)
            recording.enter(Item(EntryKind.EVENT, code="resumed"))
            return recording

    def verify(self) -> list[Flaw]:
        """Check every entry of the chain and of the records; see `biocore.station.verify`."""
        with self._mutex, self._index_faults():
            return verify(self._index, self.records, self.receipts, self._identity)

    def waiting(self, *, newest_first: bool = False, limit: int = -1) -> list[Row]:
        """Return the finished residents that the centre has not signed for, those finished first first."""
        with self._mutex, self._reading():
            return self._index.waiting(newest_first, limit)

    def backlog(self) -> tuple[int, int]:
        """Return how many finished residents wait for the centre's receipt, and the bytes of their records."""
        with self._mutex, self._reading():
            return self._index.backlog()

    def handed_over_since(self, since: datetime) -> int:
        """Return how many receipts were taken down since a time, by this station's wall clock."""
        with self._mutex, self._reading():
            return self._index.handed_over_since(since.astimezone(UTC).isoformat(timespec="microseconds"))

    def row(self, resident: str) -> Row | None:
        """Return what the index knows of a resident."""
        with self._mutex, self._reading():
            return self._index.row(resident)

    def entry(self, sequence: int) -> Head | None:
        """Return the head of an entry by its number in the journal."""
        with self._mutex, self._reading():
            return self._index.head(sequence)

    def hand_over(self, receipt: Receipt, way: Way = Way.LINE) -> bool:
        """Take down the centre's receipt for a record and remove the record; say whether it was news.

        The receipt and the entries without their bodies stay. Recording goes on meanwhile.

        Raises
        ------
        ReceiptError
            It is not the pinned centre's word for this record; nothing is removed.
        JournalError
            The disk failed, or the journal is closed. What was begun is finished at the next opening.
        """
        with self._handing_over:
            with self._mutex, self._reading():
                row = self._index.row(receipt.resident)
                if row is None or receipt.journal != self.journal_id:
                    raise ReceiptError(
                        f"the receipt is for {receipt.resident}, who is not in this journal",
                        code="receipt_of_another_record",
                        advice="nothing was removed; tell the centre",
                    )
                handover.check_receipt(receipt, row, self._identity)
                news = row.receipt is None
                kept = handover.husks(self._index.entries(row.resident)) if news else []
            if news:
                self._take_down(handover.handed_over(receipt, way, self.clock.read()), kept)
            record = record_path(self.records, row.resident)
            with named_faults(record):
                if record.exists():
                    self._disk.remove(record)
            return news

    def _take_down(self, handed: HandedOver, entries: list[Stored]) -> None:
        """Make a receipt last: its file first, then the index. Only the second keeps recording waiting."""
        kept, resident = handover.Kept(handed, entries), handed.receipt.resident

        def index() -> None:
            self._disk.before_commit()
            self._index.take_down(resident, handed.to_text(), handed.receipt.sha256, handed.utc)

        path = handover.receipt_path(self.receipts, resident)
        self._with_reserve(lambda: handover.write_kept(self.receipts, kept, self._disk), path, for_receipt=True)
        with self._mutex:
            self._check_usable()
            self._with_reserve(index, self.folder / INDEX, for_receipt=True)
        self._disk.after_commit()

    @contextmanager
    def _reading(self) -> Iterator[None]:
        self._check_open()
        with self._index_faults():
            yield

    @contextmanager
    def _index_faults(self) -> Iterator[None]:
        """Name what SQLite reports; after damage nothing is recorded before the next opening has mended it."""
        try:
            with named_faults(self.folder / INDEX):
                yield
        except JournalIndexError as error:
            self._stopped = self._stopped or f"stopped, because of: {error}"
            raise

    def close(self) -> None:
        """Close; a second time does nothing. Unfinished residents can be resumed."""
        with self._handing_over, self._mutex:
            if self._stopped != "closed":
                well, self._stopped = not self._stopped, "closed"
                try:
                    with named_faults(self.folder / INDEX):
                        self._index.close()
                    if well:
                        self._end()
                finally:
                    os.close(self._lock)

    def _end(self) -> None:
        """Take down that all is well, unless SQLite left its log; where that fails, the next opening looks closely."""
        index = self.folder / INDEX
        if not (self.folder / f"{INDEX}-wal").exists():
            with suppress(OSError):
                ending = Ending(*self._last, size=index.stat().st_size)
                endings.end(self.folder, ending, self._disk)

    def __enter__(self) -> Journal:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def _check_open(self) -> None:
        if self._stopped == "closed":
            raise JournalClosedError("the journal is closed; open it again", path=str(self.folder))

    def _check_usable(self) -> None:
        if self._stopped:
            raise JournalClosedError(f"the journal is {self._stopped}; open it again", path=str(self.folder))

    def sealer(self, resident: str, ordinal: int) -> Sealer:
        """Return a new sealer for a resident's record, with the key in use."""
        return Sealer(self._key_in_use(), self.journal_id, resident, ordinal)

    def append(self, recording: Recording, items: Sequence[Item]) -> list[Head]:
        """Write entries to a record and its index; `Recording` is the way here."""
        with self._mutex:
            self._check_usable()
            reading = self.clock.read()
            latest = max(self._latest or reading.utc, reading.utc)
            stored = make_entries(self.journal_id, recording, items, self._last, reading, latest)
            data = b"".join(pack(entry) for entry in stored)
            path = record_path(self.records, recording.resident)
            self._write(path, recording.length, data)
            self._commit(stored)
            self._last = stored[-1].head.sequence, stored[-1].link
            self._latest = latest
            recording.go_on(*_after(stored[-1]))
            self._disk.after_commit()
            return [entry.head for entry in stored]

    def _write(self, path: Path, offset: int, data: bytes) -> None:
        try:
            self._with_reserve(lambda: self._disk.append(path, offset, data), path)
        except JournalError as error:
            try:
                self._disk.cut(path, offset)
                if not isinstance(error, JournalFullError):
                    self._stopped = f"stopped, because of: {error}"  # nobody knows what a failing disk has kept
            except OSError:
                self._stopped = f"stopped with half an entry on disk, because of: {error}"
            raise

    def _commit(self, stored: Sequence[Stored]) -> None:
        path = self.folder / INDEX

        def write() -> None:
            self._disk.before_commit()
            self._index.add(stored)

        try:
            self._with_reserve(write, path)
        except JournalError as error:
            # The record has the entries. Opening again decides, by the records, what is there.
            self._stopped = f"stopped, because of: {error}"
            raise

    def _with_reserve(self, write: Callable[[], None], path: Path, *, for_receipt: bool = False) -> None:
        """Write; if the disk is full, give up the reserve and write once more."""
        try:
            write()
        except (OSError, sqlite3.Error) as error:
            if isinstance(error, JournalError):
                raise
            fault = named(error, path)
            if not isinstance(fault, JournalFullError) or not self._space.give_up(for_receipt=for_receipt):
                raise fault from error
            try:
                write()
            except (OSError, sqlite3.Error) as again:
                raise named(again, path) from again


def _latest(head: Head) -> datetime:
    return datetime.fromisoformat(head.utc) + timedelta(seconds=head.behind_s)


def _after(last: Stored) -> tuple[int, str, int]:
    return last.head.ordinal + 1, last.link, last.offset + last.length


def _lock(path: Path) -> int:
    make_plain(path)
    fd = os.open(path, os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(fd)
        raise JournalBusyError("another process uses the journal; close it first", path=str(path.parent)) from None
    except BaseException:
        os.close(fd)
        raise
    return fd
