"""A stick that carries records to the centre, and receipts back.

Layout (docs/outbox.md, "The stick")::

    biocore-carry/JOURNAL/manifest.json            what the station put there: random name, SHA-256 and size of each
    biocore-carry/JOURNAL/records/RESIDENT.record
    biocore-carry/JOURNAL/receipts/RESIDENT.receipt    from the centre

Each journal has its own folder, so several stations can share a stick. Putting a record on a stick removes nothing
on the station; only the centre's receipt does, when it has come back. The station says "exported" when the stick
has every byte and every name, and the bytes were read again.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from biocore.errors import JournalError, OutboxError, ReceiptError, StickError
from biocore.station.disk import Disk, read_plain
from biocore.station.handover import SUFFIX as RECEIPT
from biocore.station.handover import Way
from biocore.station.index import Row
from biocore.station.journal import Journal
from biocore.station.receipt import MAX_RECEIPT, read_receipt
from biocore.station.record_file import SUFFIX as RECORD
from biocore.station.record_file import record_path

FOLDER = "biocore-carry"
MANIFEST = "manifest.json"
RECORDS = "records"
RECEIPTS = "receipts"
KIND = "biocore carry 1"
MAX_MANIFEST = 16 << 20  # bytes; a line is 150, so 100,000 records
MARGIN = 1 << 20  # bytes left free on a stick for its own tables and the manifest
_NAME = re.compile(r"[0-9a-f]{32}")
_DIGEST = re.compile(r"[0-9a-f]{64}")
_GONE = {errno.ENOENT, errno.ENODEV, errno.ENXIO, errno.EIO, errno.ENOTDIR, errno.ESTALE}
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


@dataclass(frozen=True, slots=True)
class Listed:
    """A record as a manifest lists it."""

    resident: str
    sha256: str
    size: int


@dataclass(frozen=True, slots=True)
class Exported:
    """What was put on a stick, all of it safe there.

    Attributes
    ----------
    written, present : int
        Records put there now, and those that were there already.
    bytes : int
        Written now.
    left : int
        Records that wait and did not fit.
    damaged : tuple of str
        Random names of records that are damaged on the station and were not put there.
    """

    written: int
    present: int
    bytes: int
    left: int
    damaged: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Fetched:
    """What came back on a stick.

    Attributes
    ----------
    taken, known : int
        Receipts that removed a record now, and those that had done so before.
    missing : int
        Records on the stick that the centre has not signed for: they wait on.
    refused : tuple of OutboxError
        Receipts that are none, one each.
    """

    taken: int
    known: int
    missing: int
    refused: tuple[OutboxError, ...]


def export_records(
    journal: Journal, stick: Path, *, newest_first: bool = False, disk: Disk | None = None, own_disk: bool = False
) -> Exported:
    """Put what waits on a stick, as much as fits, oldest first; nothing is removed from the journal.

    Parameters
    ----------
    stick : Path
        Where it is mounted. The folder must be there.
    disk : Disk or None
        How is written; tests have one that fails.
    own_disk : bool
        Take a folder on the journal's own disk; by default that counts as a stick that is not mounted.

    Raises
    ------
    StickError
        Not mounted, full, pulled out, or it does not give back what was written. Nothing is called exported then,
        and the same call with a good stick completes it.
    """
    disk = disk or Disk()
    check_mounted(stick, journal.folder, own_disk)
    folder = stick / FOLDER / journal.journal_id
    with named_faults(stick):
        _make(folder / RECORDS, stick, disk)
        _tidy(journal, folder / RECORDS, disk)
        rows = journal.waiting(newest_first=newest_first)
        room = _room(stick)
        entries: list[Listed] = []
        written = present = size = left = 0
        damaged = []
        for row in rows:
            target = record_path(folder / RECORDS, row.resident)
            if _is(target, row):
                entries.append(Listed(row.resident, row.digest or "", row.length))
                present += 1
            elif room - row.length < MARGIN:
                left += 1
            elif (data := _sound(journal, row)) is None:
                damaged.append(row.resident)
            else:
                write_whole(target, data, disk)
                entries.append(Listed(row.resident, row.digest or "", row.length))
                room, size, written = room - row.length, size + row.length, written + 1
        write_whole(folder / MANIFEST, _manifest(journal, entries), disk)
    if left and not written and not present:
        raise StickError(
            f"{stick}: the stick is full: none of the {left} records that wait fits",
            code="stick_full",
            advice="take another stick; nothing was removed from the station",
        )
    return Exported(written, present, size, left, tuple(damaged))


def import_receipts(journal: Journal, stick: Path) -> Fetched:
    """Take down the receipts that the centre put on a stick, and remove the records they are for.

    Receipts that are forged, another centre's or of another record are refused one by one; the others count.
    Receipts of other journals are left alone.

    Raises
    ------
    StickError
        There is nothing of this journal on the stick, or it was pulled out.
    JournalError
        The station's disk failed.
    """
    folder = stick / FOLDER / journal.journal_id
    with named_faults(stick):
        if not folder.is_dir():
            raise StickError(
                f"{stick}: there is nothing of this station on the stick",
                code="stick_of_another_station",
                advice="is it the right stick? It is mounted, and carries other stations' records or none",
            )
        listed = read_manifest(folder)
        paths = sorted((folder / RECEIPTS).glob(f"*{RECEIPT}")) if (folder / RECEIPTS).is_dir() else []
    taken = known = 0
    refused: list[OutboxError] = []
    signed: set[str] = set()
    for path in paths:
        resident = path.name.removesuffix(RECEIPT)
        try:
            receipt = read_receipt(_plain(path))
            if receipt.resident != resident:
                raise ReceiptError(
                    f"the receipt is for {receipt.resident}", code="receipt_of_another_record", advice="tell the centre"
                )
            news = journal.hand_over(receipt, Way.STICK)
        except ReceiptError as error:
            refused.append(ReceiptError(f"{path.name}: {error}", code=error.code, advice=error.advice))
            continue
        signed.add(resident)
        taken, known = taken + news, known + (not news)
    return Fetched(taken, known, len({entry.resident for entry in listed} - signed), tuple(refused))


def _plain(path: Path) -> bytes:
    """Read a receipt's file; what is none is that receipt's fault, not the stick's."""
    try:
        return read_plain(path, MAX_RECEIPT + 1)
    except OSError as error:
        if error.errno not in (errno.ELOOP, errno.EINVAL):
            raise stick_error(error, path) from error
        raise ReceiptError("it is no plain file", code="receipt_malformed", advice="somebody put it there") from None


def read_manifest(folder: Path) -> list[Listed]:
    """Read what a station put into its folder of a stick.

    Raises
    ------
    StickError
        The manifest is missing, torn, altered, or of another journal than its folder says.
    """
    path = folder / MANIFEST
    try:
        data = read_plain(path, MAX_MANIFEST + 1)
    except FileNotFoundError:
        raise StickError(
            f"{folder.name}: the manifest is missing: the stick was pulled out before the station was done",
            code="stick_unfinished",
            advice="export once more with this stick; nothing is lost, for the station has removed nothing",
        ) from None
    except OSError as error:
        if error.errno not in (errno.ELOOP, errno.EINVAL):
            raise
        raise StickError(
            f"{path.name} of {folder.name} is no plain file: somebody put it there",
            code="stick_manifest",
            advice="nothing was taken; export once more with another stick",
        ) from None
    try:
        values = json.loads(data)
        if values["kind"] != KIND or values["journal"] != folder.name or len(data) > MAX_MANIFEST:
            raise ValueError
        if values["sha256"] != _digest_of(values["records"]):
            raise ValueError
        listed = [Listed(str(r), str(d), s) for r, d, s in values["records"] if type(s) is int]
        plain = all(_NAME.fullmatch(e.resident) and _DIGEST.fullmatch(e.sha256) for e in listed)
        if not plain or not _NAME.fullmatch(folder.name) or len({e.resident for e in listed}) != len(values["records"]):
            raise ValueError
    except (ValueError, TypeError, KeyError, RecursionError):
        raise StickError(
            f"{path.name} of {folder.name} is torn or altered",
            code="stick_manifest",
            advice="export once more with this stick; nothing is lost, for the station has removed nothing",
        ) from None
    return listed


def check_mounted(stick: Path, journal: Path, own_disk: bool) -> None:
    """Check that a stick is there, and is not an empty mount point on the station's own disk.

    Raises
    ------
    StickError
        It is not.
    """
    with named_faults(stick):
        same = stick.stat().st_dev == journal.stat().st_dev
    if same and not own_disk:
        raise StickError(
            f"{stick} lies on the disk that the journal is on: the stick is not mounted",
            code="stick_not_mounted",
            advice="put it in, and wait until the system shows it",
        )


@contextmanager
def named_faults(stick: Path) -> Iterator[None]:
    """Turn what the system raises about a stick into `StickError`."""
    try:
        yield
    except OSError as error:
        if isinstance(error, JournalError | OutboxError):
            raise
        raise stick_error(error, stick) from error


def stick_error(error: OSError, stick: Path) -> StickError:
    """Return the name for what the system reported about a stick."""
    if error.errno in _FULL:
        text, code, advice = "the stick is full", "stick_full", "take another one; nothing was removed"
    elif error.errno in _GONE:
        text = "the stick was pulled out, or fails"
        code, advice = "stick_gone", "put it in and do the same again, or take another; nothing was removed"
    elif error.errno in (errno.EROFS, errno.EACCES, errno.EPERM):
        text, code = "the stick cannot be written", "stick_read_only"
        advice = "look at its switch and who may write to it, or take another; nothing was removed"
    else:
        text, code = f"the stick: {error.strerror or type(error).__name__}", "stick"
        advice = "take another one; nothing was removed"
    return StickError(f"{stick}: {text}", code=code, advice=advice)


def write_whole(path: Path, data: bytes, disk: Disk) -> None:
    """Write a file so that under its name it is whole or not there, and read it again.

    Raises
    ------
    OSError
        As the system says.
    StickError
        The stick gave back something else.
    """
    fresh = path.with_name(f"{path.name}.part")
    fresh.unlink(missing_ok=True)
    disk.append(fresh, 0, data)
    fd = os.open(fresh, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_DONTNEED)  # from the stick, not from memory, where the system agrees
        found = hashlib.sha256()
        while piece := os.read(fd, 1 << 20):
            found.update(piece)
    finally:
        os.close(fd)
    if found.digest() != hashlib.sha256(data).digest():
        raise StickError(
            f"{path.name}: the stick gives back other bytes than were written",
            code="stick_damaged",
            advice="throw it away and take another one; nothing was removed",
        )
    fresh.replace(path)
    disk.sync_folder(path.parent)


def _make(folder: Path, upto: Path, disk: Disk) -> None:
    """Make a folder and those above it, up to the stick, and wait until the stick has their names."""
    folder.mkdir(parents=True, exist_ok=True)
    for parent in folder.parents:
        disk.sync_folder(parent)
        if parent == upto:
            break


def _tidy(journal: Journal, records: Path, disk: Disk) -> None:
    """Take off the stick what the centre has signed for since, and what an export that was cut short left behind."""
    for path in records.iterdir():
        row = journal.row(path.name.removesuffix(RECORD))
        if path.suffix == ".part" or (row is not None and row.receipt is not None):
            disk.remove(path)


def _room(stick: Path) -> int:
    found = os.statvfs(stick)
    return found.f_bavail * found.f_frsize


def _is(path: Path, row: Row) -> bool:
    """Say whether a file on the stick is the record already."""
    try:
        return path.stat().st_size == row.length and hashlib.sha256(path.read_bytes()).hexdigest() == row.digest
    except OSError:
        return False


def _sound(journal: Journal, row: Row) -> bytes | None:
    """Return a record of the journal, None if it is another than the one that was finished."""
    try:
        data = record_path(journal.records, row.resident).read_bytes()
    except OSError:
        return None
    return data if hashlib.sha256(data).hexdigest() == row.digest else None


def _manifest(journal: Journal, entries: list[Listed]) -> bytes:
    records = [[entry.resident, entry.sha256, entry.size] for entry in entries]
    values: dict[str, Any] = {
        "kind": KIND,
        "journal": journal.journal_id,
        "centre": journal.centre.hex(),
        "utc": journal.clock.read().utc.isoformat(timespec="seconds"),
        "records": records,
        "sha256": _digest_of(records),
    }
    return json.dumps(values, indent=1).encode("ascii")


def _digest_of(records: object) -> str:
    return hashlib.sha256(json.dumps(records, separators=(",", ":")).encode()).hexdigest()
