"""After a crash: the index is brought up to what the records hold, and what is torn is cut off.

The record is written and waited for before its index, and the index before the answer. So there are three sights:
a torn tail that nobody was told of (cut), whole entries that the index does not know yet (added), and a record
that is shorter than its index, which no crash explains (named, and left as it is).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from stat import S_ISREG

from biocore.station.disk import Disk, read_plain
from biocore.station.handover import Receipts
from biocore.station.index import Index
from biocore.station.record_file import SUFFIX, Stored, record_path, whole_batches


@dataclass(frozen=True, slots=True)
class Flaw:
    """Something that is not as it was written.

    Attributes
    ----------
    resident : str
        The record it concerns.
    sequence : int or None
        The entry, where it is known.
    what : str
        One line.
    """

    resident: str
    sequence: int | None
    what: str


@dataclass(frozen=True, slots=True)
class Recovery:
    """What opening a journal found.

    Attributes
    ----------
    added : int
        Entries that were on disk and not in the index.
    cut : int
        Bytes of entries that were never whole, and never acknowledged.
    flaws : tuple of Flaw
        What no crash explains.
    """

    added: int = 0
    cut: int = 0
    flaws: tuple[Flaw, ...] = ()

    @property
    def damaged(self) -> frozenset[str]:
        """Records that must not be added to."""
        return frozenset(flaw.resident for flaw in self.flaws)


@dataclass(slots=True)
class _Found:
    batches: list[list[Stored]] = field(default_factory=list)
    cut: int = 0
    flaws: list[Flaw] = field(default_factory=list)

    def add(self, stored: list[Stored]) -> None:
        """Take entries for the index, by their batches."""
        while stored:
            count = max(1, stored[0].head.batch[1])
            self.batches.append(stored[:count])
            stored = stored[count:]


def recover(index: Index, records: Path, disk: Disk, receipts: Receipts, *, anew: bool) -> Recovery:
    """Bring the index up to the records, and to what is kept of those that were handed over.

    Parameters
    ----------
    receipts : Receipts
        Of the records that were handed over.
    anew : bool
        The index was lost and is being made from nothing: then a torn tail may have been acknowledged, and is
        named instead of cut.
    """
    receipts.read(index)
    known = {row.resident: row.length for row in index.rows()}
    removed = {row.resident for row in index.handed_over()} | receipts.kept.keys()
    found = _Found()
    present: dict[str, int] = {}
    for path in sorted(records.glob(f"*{SUFFIX}")):
        resident, stat = path.name.removesuffix(SUFFIX), path.lstat()
        present[resident] = stat.st_size
        if not S_ISREG(stat.st_mode):
            found.flaws.append(Flaw(resident, None, "the record is no plain file; somebody put it there"))
    for resident in known.keys() - present.keys() - removed:
        found.flaws.append(Flaw(resident, None, "the record's file is missing"))
    for resident in receipts.kept.keys() - present.keys() - known.keys():
        found.add(receipts.kept[resident].entries)
    strange = {flaw.resident for flaw in found.flaws if flaw.resident in present}
    for resident, size in present.items():
        if resident in strange:
            continue  # a link leads to a file that is none of ours: neither read nor cut
        length = known.get(resident, 0)
        if size < length:
            sequence = next((e.sequence for e in index.entries(resident) if e.position + e.length > size), None)
            what = f"the record is {length - size} bytes shorter than it was; entry {sequence} is missing or torn"
            found.flaws.append(Flaw(resident, sequence, what))
        elif size > length or not length:
            _tail(records, resident, length, disk, anew, found)
    added = _add(index, found)
    receipts.finish(index)
    found.flaws += [Flaw(resident, None, fault) for resident, fault in receipts.faults.items()]
    return Recovery(added, found.cut, tuple(found.flaws))


def _tail(records: Path, resident: str, length: int, disk: Disk, anew: bool, found: _Found) -> None:
    path = record_path(records, resident)
    data = read_plain(path)
    stored, fault = whole_batches(data, length)
    stranger = next((entry for entry in stored if entry.head.resident != resident), None)
    if stranger is not None:
        found.flaws.append(Flaw(resident, stranger.head.sequence, "the entry belongs to another record"))
        return
    end = stored[-1].offset + stored[-1].length if stored else length
    if stored:
        # The same bytes once more: after a failed fsync the system may hold pages that the disk never got.
        disk.append(path, length, data[length:end])
    if fault and anew and end:
        found.flaws.append(Flaw(resident, None, f"{fault}; what follows is kept, and cannot be read"))
    elif len(data) > end:
        found.cut += len(data) - end
        disk.cut(path, end)
    if not end:
        path.unlink()  # a resident of whom not one entry was ever whole
        disk.sync_folder(records)
    found.add(stored)


def _add(index: Index, found: _Found) -> int:
    added = 0
    for batch in sorted(found.batches, key=lambda entries: entries[0].head.sequence):
        if fault := _misfit(index, batch):
            found.flaws.append(Flaw(batch[0].head.resident, batch[0].head.sequence, fault))
            continue
        index.add(batch)
        added += len(batch)
    return added


def _misfit(index: Index, batch: Sequence[Stored]) -> str:
    """Say why entries do not belong behind what the index has of their record; empty if they do."""
    first = batch[0].head
    if any(index.has(entry.head.sequence) for entry in batch):
        return f"there are two entries {first.sequence}; was a record put back from a copy?"
    before = list(index.entries(first.resident))
    if first.ordinal != len(before) or (before and first.prior != before[-1].link):
        return f"entry {first.sequence} does not follow the entries before it in the record"
    return ""
