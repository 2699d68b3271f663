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

from biocore.errors import JournalCorruptError
from biocore.station.disk import Disk, read_plain
from biocore.station.handover import Receipts
from biocore.station.identity import Identity
from biocore.station.index import Index
from biocore.station.record_file import SUFFIX, Stored, entries, record_path, whole_batches

_FIRST = 65_536  # bytes that hold a record's first entry, an envelope, whole


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
class Anew:
    """The index was lost or damaged, and was made anew from the records.

    Attributes
    ----------
    why : str
        What was wrong with it.
    aside : Path or None
        The folder where the damaged one was put; None where there was none left.
    """

    why: str
    aside: Path | None


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
    anew : Anew or None
        The index was made anew.
    """

    added: int = 0
    cut: int = 0
    flaws: tuple[Flaw, ...] = ()
    anew: Anew | None = None

    @property
    def damaged(self) -> frozenset[str]:
        """Records that must not be added to."""
        return frozenset(flaw.resident for flaw in self.flaws)


@dataclass(frozen=True, slots=True)
class Torn:
    """The end of a record that is no whole batch: from which byte on, and what is wrong there."""

    path: Path
    end: int
    fault: str

    @property
    def resident(self) -> str:
        """Random name."""
        return self.path.name.removesuffix(SUFFIX)


@dataclass(slots=True)
class _Found:
    index: Index
    added: int = 0
    cut: int = 0
    flaws: list[Flaw] = field(default_factory=list)
    torn: list[Torn] = field(default_factory=list)

    def add(self, stored: Sequence[Stored]) -> None:
        """Take entries of one record into the index; name the first batch that does not fit, and leave the rest."""
        fitting: list[Stored] = []
        seen: set[int] = set()
        before = self.index.tail(stored[0].head.resident) if stored else None
        while stored:
            count = max(1, stored[0].head.batch[1])
            batch, stored = stored[:count], stored[count:]
            if fault := _misfit(self.index, batch, before, seen):
                self.flaws.append(Flaw(batch[0].head.resident, batch[0].head.sequence, fault))
                break
            fitting += batch
            seen |= {entry.head.sequence for entry in batch}
            before = batch[-1].head.ordinal, batch[-1].link
        if fitting:
            self.index.add(fitting)  # in one go: an index of thirty days has 40,000 batches
            self.added += len(fitting)

    def told(self, receipts: Receipts) -> Recovery:
        """Return what was found, with what is wrong with receipts."""
        faults = [Flaw(resident, None, fault) for resident, fault in receipts.faults.items()]
        return Recovery(self.added, self.cut, (*self.flaws, *faults))


def recover(index: Index, records: Path, disk: Disk, receipts: Receipts, *, closely: bool = False) -> Recovery:
    """Bring the index up to the records, and to what is kept of those that were handed over.

    Parameters
    ----------
    receipts : Receipts
        Of the records that were handed over.
    closely : bool
        Read those too that the index knows, and write what is damaged once more.
    """
    found = _Found(index)
    _match(found, records, receipts, disk)
    for torn in found.torn:
        found.cut += cut(torn, disk)
    receipts.finish(index, closely=closely)
    return found.told(receipts)


def remake(index: Index, records: Path, disk: Disk, receipts: Receipts, last: int) -> tuple[Recovery, list[Torn]]:
    """Fill an empty index from the records, and from what is kept of those that were handed over.

    Returns what was found, and the torn end of the record that was being written, if there is one, to be cut by the
    caller. There can be one at most, and only behind all others: if numbers are missing, or are known to have been
    higher, what is torn may have been acknowledged, and is named and left as it is.

    Parameters
    ----------
    last : int
        Number of the last entry that there was for certain; 0 if that is not known.
    """
    found = _Found(index)
    _match(found, records, receipts, None)
    receipts.finish(index)
    _write_last_batch_again(index, records, disk)
    gaps, top = index.gaps(), index.last()[0]
    if last > top:
        gaps.append((top + 1, last))
    for first, until in gaps:
        which = f"entry {first} is" if first == until else f"entries {first} to {until} are"
        found.flaws.append(Flaw("", first, f"{which} in no record; a record was removed, or has lost its end"))
    torn, found.torn = found.torn, []
    if found.flaws or len([each for each in torn if each.fault]) > 1:
        found.flaws += [Flaw(t.resident, None, f"{t.fault}; what follows is kept, and cannot be read") for t in torn]
        torn = []
    return found.told(receipts), torn


def cut(torn: Torn, disk: Disk) -> int:
    """Cut off what is torn; return how many bytes that was."""
    size = torn.path.stat().st_size
    disk.cut(torn.path, torn.end)
    if not torn.end:
        torn.path.unlink()  # a resident of whom not one entry was ever whole
        disk.sync_folder(torn.path.parent)
    return size - torn.end


def _match(found: _Found, records: Path, receipts: Receipts, disk: Disk | None) -> None:
    """Add to the index what it does not know; with a disk, write that once more."""
    index = found.index
    receipts.read(index)
    known = {row.resident: row.length for row in index.rows()}
    removed = {row.resident for row in index.handed_over()} | receipts.kept.keys()
    present: dict[str, int] = {}
    strange = set()
    for path in sorted(records.glob(f"*{SUFFIX}")):
        resident, stat = path.name.removesuffix(SUFFIX), path.lstat()
        present[resident] = stat.st_size
        if not S_ISREG(stat.st_mode):
            # a link leads to a file that is none of ours: neither read nor cut
            strange.add(resident)
            found.flaws.append(Flaw(resident, None, "the record is no plain file; somebody put it there"))
    for resident in known.keys() - present.keys() - removed:
        found.flaws.append(Flaw(resident, None, "the record's file is missing"))
    for resident in sorted(receipts.kept.keys() - present.keys()):
        length = known.get(resident, 0)
        found.add([entry for entry in receipts.entries(resident) if entry.offset >= length])
    ahead = [name for name, size in present.items() if size > known.get(name, 0) or name not in known]
    for resident in sorted(set(ahead) - strange, key=lambda name: _first_sequence(record_path(records, name))):
        _tail(found, record_path(records, resident), known.get(resident, 0), receipts.identity, disk)
    for resident, size in present.items():
        length = known.get(resident, 0)
        if size < length and resident not in strange:
            sequence = next((e.sequence for e in index.entries(resident) if e.position + e.length > size), None)
            what = f"the record is {length - size} bytes shorter than it was; entry {sequence} is missing or torn"
            found.flaws.append(Flaw(resident, sequence, what))


def _first_sequence(path: Path) -> int:
    """Return the number of a record's first entry, 0 where it cannot be read: added in order, an index stays small."""
    try:
        return next(entries(read_plain(path, _FIRST), 0)).head.sequence
    except (JournalCorruptError, StopIteration):
        return 0


def _tail(found: _Found, path: Path, length: int, identity: Identity, disk: Disk | None) -> None:
    resident = path.name.removesuffix(SUFFIX)
    data = read_plain(path)
    stored, fault = whole_batches(data, length)
    for entry in stored:
        if (entry.head.resident, entry.head.journal) != (resident, identity.journal):
            found.flaws.append(Flaw(resident, entry.head.sequence, "the entry belongs to another record"))
            return
    end = stored[-1].offset + stored[-1].length if stored else length
    if stored and disk is not None:
        # The same bytes once more: after a failed fsync the system may hold pages that the disk never got.
        disk.append(path, length, data[length:end])
    if fault or not end:
        found.torn.append(Torn(path, end, fault))
    found.add(stored)


def _write_last_batch_again(index: Index, records: Path, disk: Disk) -> None:
    """Write the journal's last batch once more: before the index was lost, its wait may have failed."""
    _, _, head = index.last()
    path = record_path(records, head.resident) if head else None
    if head is None or path is None or not path.exists():
        return
    batch = list(index.entries(head.resident))[-head.batch[1] :]
    start, end = batch[0].position, batch[-1].position + batch[-1].length
    disk.append(path, start, read_plain(path)[start:end])


def _misfit(index: Index, batch: Sequence[Stored], before: tuple[int, str] | None, seen: set[int]) -> str:
    """Say why entries do not belong behind those before them in their record; empty if they do."""
    first = batch[0].head
    if any(entry.head.sequence in seen or index.has(entry.head.sequence) for entry in batch):
        return f"there are two entries {first.sequence}; was a record put back from a copy?"
    if first.ordinal != (before[0] + 1 if before else 0) or (before and first.prior != before[1]):
        return f"entry {first.sequence} does not follow the entries before it in the record"
    return ""
