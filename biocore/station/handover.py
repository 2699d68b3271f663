"""What stays on the station of a record that the centre has signed for.

One small file a resident: the receipt, when and how it came, and the record's entries without their bodies. With
those the chain of the whole journal can be checked, and the index made anew, though the pictures are gone.

The order is: this file, written and waited for; the index; then the record is removed. After a crash in between,
opening the journal finishes what was begun.
"""

from __future__ import annotations

import errno
import json
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from biocore.errors import JournalCorruptError, ReceiptError
from biocore.station.clock import Reading
from biocore.station.disk import Disk, read_plain
from biocore.station.entry import MAX_BODY, EntryKind
from biocore.station.identity import Identity
from biocore.station.index import Index, IndexedEntry, Row
from biocore.station.receipt import Receipt, read_receipt
from biocore.station.record_file import Stored, husk, record_path

FOLDER = "receipts"
SUFFIX = ".receipt"
_KIND = "biocore handed over 1"


class Way(StrEnum):
    """How a receipt came."""

    LINE = "line"
    STICK = "stick"


@dataclass(frozen=True, slots=True)
class HandedOver:
    """A receipt as the station took it down.

    Attributes
    ----------
    receipt : Receipt
    way : Way
    utc, monotonic_ns, boot : str, int, str
        Both of the station's clocks when it was taken down; the centre's is in the receipt.
    """

    receipt: Receipt
    way: Way
    utc: str
    monotonic_ns: int
    boot: str

    def to_text(self) -> str:
        """Return it as JSON, as the index keeps it."""
        return json.dumps(self._values(), sort_keys=True, separators=(",", ":"))

    def to_file(self, entries: Iterable[Stored]) -> bytes:
        """Return it with the record's entries, as a file."""
        rows = [[e.head_bytes.decode("ascii"), e.length, e.body_digest.hex()] for e in entries]
        return json.dumps(self._values() | {"entries": rows}, separators=(",", ":")).encode("ascii")

    def _values(self) -> dict[str, Any]:
        return {
            "kind": _KIND,
            "receipt": self.receipt.to_values(),
            "way": self.way,
            "utc": self.utc,
            "monotonic_ns": self.monotonic_ns,
            "boot": self.boot,
        }


@dataclass(frozen=True, slots=True)
class Kept:
    """What a file of `receipts/` holds: the receipt, and the entries without bodies."""

    handed: HandedOver
    entries: list[Stored]


def receipt_path(folder: Path, resident: str) -> Path:
    """Return where the receipt for a resident's record lies."""
    return folder / f"{resident}{SUFFIX}"


def handed_over(receipt: Receipt, way: Way, reading: Reading) -> HandedOver:
    """Return a receipt as it is taken down now."""
    utc = reading.utc.isoformat(timespec="microseconds")
    return HandedOver(receipt, way, utc, reading.monotonic_ns, reading.boot)


def husks(entries: Iterable[IndexedEntry]) -> list[Stored]:
    """Return entries without bodies, from what the index knows of them."""
    return [husk(entry.head, entry.length, entry.body_digest, entry.position) for entry in entries]


def read_handed_over(text: str | bytes) -> HandedOver:
    """Read what the index, or a file, says of a receipt.

    Raises
    ------
    ReceiptError
        It says none.
    """
    try:
        values = json.loads(text)
        if values["kind"] != _KIND:
            raise ValueError
        receipt = read_receipt(values["receipt"])
        return HandedOver(receipt, Way(values["way"]), values["utc"], values["monotonic_ns"], values["boot"])
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        raise ReceiptError("this is no receipt as a station takes it down", code="receipt_malformed") from None


def read_kept(path: Path) -> Kept:
    """Read a file of `receipts/`.

    Raises
    ------
    JournalCorruptError
        It is damaged.
    """
    data = read_plain(path)
    try:
        handed = read_handed_over(data)
        entries, offset = [], 0
        for head, length, digest in json.loads(data)["entries"]:
            if type(length) is not int or not 0 < length < 2 * MAX_BODY:
                raise ValueError
            entries.append(husk(head.encode("ascii"), length, bytes.fromhex(digest), offset))
            offset += length
        whole = entries and entries[0].head.ordinal == 0 and entries[-1].head.kind is EntryKind.CLOSE
        if not whole or offset != handed.receipt.size or path.name != f"{handed.receipt.resident}{SUFFIX}":
            raise ValueError
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError, ReceiptError, JournalCorruptError):
        raise JournalCorruptError("this is no receipt with the entries it is for", path=str(path)) from None
    return Kept(handed, entries)


def write_kept(folder: Path, kept: Kept, disk: Disk) -> None:
    """Write a file of `receipts/`: whole under another name, then renamed."""
    path = receipt_path(folder, kept.handed.receipt.resident)
    fresh = path.with_suffix(".new")
    fresh.unlink(missing_ok=True)
    disk.append(fresh, 0, kept.handed.to_file(kept.entries))
    fresh.replace(path)
    disk.sync_folder(folder)


def is_kept(folder: Path, row: Row, entries: Iterable[IndexedEntry]) -> bool:
    """Say whether `receipts/` has what the index has of a record that was handed over.

    Raises
    ------
    ReceiptError
        The index has no receipt.
    """
    expected = read_handed_over(row.receipt or "").to_file(husks(entries))
    try:
        return read_plain(receipt_path(folder, row.resident), len(expected) + 1) == expected
    except OSError as error:
        if error.errno not in (errno.ENOENT, errno.ELOOP, errno.EINVAL):
            raise
        return False


def check_receipt(receipt: Receipt, row: Row, identity: Identity) -> None:
    """Check a receipt against the record that the index knows.

    Raises
    ------
    ReceiptError
        It is not the pinned centre's word for this record, or the resident is not finished.
    """
    if row.closed is None:
        raise ReceiptError(
            f"the receipt is for {row.resident}, who is not finished",
            code="receipt_of_unfinished",
            advice="the record stays here; tell the centre",
        )
    receipt.check(identity.centre, identity.journal, row.resident, row.digest, row.length)


def fault_of(row: Row, identity: Identity) -> str:
    """Say why a record that is gone may not be gone; empty if the centre's receipt for it is good."""
    if row.receipt is None:
        return "the record's file is missing, and there is no receipt of the centre for it"
    try:
        check_receipt(read_handed_over(row.receipt).receipt, row, identity)
    except ReceiptError as error:
        return f"the record's file is gone, and its receipt is not valid: {error}"
    return ""


def _read_sound(path: Path) -> Kept:
    """Read a file of `receipts/`, or say that it is no file."""
    try:
        return read_kept(path)
    except OSError as error:
        if error.errno not in (errno.ELOOP, errno.EINVAL):
            raise
        raise JournalCorruptError("it is no plain file; somebody put it there", path=str(path)) from None


class Receipts:
    """The folder `receipts/` of a journal, while the journal is being opened.

    Attributes
    ----------
    identity : Identity
        The journal's.
    kept : dict
        Receipts that the index does not know, by resident. Entries are read when they are asked for: a year of them
        is more than a station's memory.
    faults : dict
        What is wrong with a receipt, by resident.
    """

    def __init__(self, folder: Path, records: Path, identity: Identity, disk: Disk) -> None:
        self._folder, self._records = folder, records
        self.identity, self._disk = identity, disk
        self.kept: dict[str, HandedOver] = {}
        self.faults: dict[str, str] = {}

    def read(self, index: Index) -> None:
        """Read the files that the index does not know; half-written ones are removed, for nobody was told of them."""
        for path in self._folder.glob("*.new"):
            path.unlink()
        for path in sorted(self._folder.glob(f"*{SUFFIX}")):
            resident = path.name.removesuffix(SUFFIX)
            row = index.row(resident)
            if row is not None and row.receipt is not None:
                continue
            try:
                handed = _read_sound(path).handed
                receipt, identity = handed.receipt, self.identity
                digest = row.digest if row else None
                receipt.check(identity.centre, identity.journal, resident, digest, receipt.size)
                self.kept[resident] = handed
            except (JournalCorruptError, ReceiptError) as error:
                self.faults[resident] = f"its receipt is not valid: {error}"

    def entries(self, resident: str) -> list[Stored]:
        """Return the entries without bodies of a record that was handed over."""
        return _read_sound(receipt_path(self._folder, resident)).entries

    def finish(self, index: Index, *, closely: bool = False) -> None:
        """Bring index, receipts and records to the same state; closely: read the receipts that the index knows, too."""
        for resident, handed in self.kept.items():
            self._take_down(index, resident, handed)
        for row in index.handed_over():
            record = record_path(self._records, row.resident)
            there = receipt_path(self._folder, row.resident).exists()
            if there and not record.exists() and not closely:
                continue
            if fault := fault_of(row, self.identity):
                self.faults[row.resident] = fault
                continue
            if not is_kept(self._folder, row, index.entries(row.resident)):
                handed = read_handed_over(row.receipt or "")
                write_kept(self._folder, Kept(handed, husks(index.entries(row.resident))), self._disk)
            if record.exists():
                self._disk.remove(record)

    def _take_down(self, index: Index, resident: str, handed: HandedOver) -> None:
        row = index.row(resident)
        try:
            if row is None:
                raise ReceiptError("its entries do not fit into the journal")
            check_receipt(handed.receipt, row, self.identity)
        except ReceiptError as error:
            self.faults[resident] = f"its receipt is not valid: {error}"
            return
        index.take_down(resident, handed.to_text(), handed.receipt.sha256, handed.utc)
