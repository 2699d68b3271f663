"""The index when a journal is opened: taken as it is, looked at closely where there is a doubt, or made anew.

Nobody at a station can mend a database. So an index that is missing or damaged is no reason to stay closed: it is made
from the records, which are the truth, beside the damaged one; that is put aside only when the new one is whole. What
is no damage (a lock, rights, a disk that fails or is full, a newer version) is raised, and nothing is touched.
"""

from __future__ import annotations

import logging
import os
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from stat import S_ISREG

from biocore.errors import JournalCorruptError, JournalFullError, JournalIndexError
from biocore.station import endings
from biocore.station.aside import put_aside
from biocore.station.disk import Disk, named, named_faults, read_plain
from biocore.station.endings import Ending
from biocore.station.handover import Receipts
from biocore.station.identity import Identity
from biocore.station.index import Index
from biocore.station.index_check import check_index, last_that_is_sure
from biocore.station.record_file import SUFFIX
from biocore.station.recovery import Anew, Recovery, Torn, cut, recover, remake

NEW = "index.new"
_BESIDE = ("-wal", "-shm", "-journal")  # of SQLite, sqlite.org/tempfiles.html
_NO_MATTER_OF_THE_INDEX = (OSError, JournalFullError)
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Opening:
    """What opening an index needs.

    Attributes
    ----------
    index, records, receipts : Path
        Of the journal.
    identity : Identity
    disk : Disk
    utc : datetime
        What the station's wall clock says.
    make_room : callable
        Gives up the reserve; says whether there was any.
    closely : bool
        Look at the index closely, however the journal was left.
    """

    index: Path
    records: Path
    receipts: Path
    identity: Identity
    disk: Disk
    utc: datetime
    make_room: Callable[[], bool]
    closely: bool = False

    def run(self) -> tuple[Index, Recovery]:
        """Open the index, and bring it and the records to the same state.

        Raises
        ------
        JournalError
            For what is no damage of the index.
        """
        ending, clean = endings.begin(self.index.parent)
        last = ending.sequence if ending else 0
        size = self._size()
        if not size and (last or any(self.records.glob(f"*{SUFFIX}")) or any(self.receipts.iterdir())):
            return self._anew("it is missing" if size is None else "it is empty", last)
        doubtful = self.closely or not clean or self._log_is_left()
        try:
            index = Index(self.index, self.records)
        except JournalIndexError as error:
            return self._anew(error.why, last)
        try:
            if doubtful or not self._ends_as(index, ending):
                check_index(index, self.identity)
            return index, self._recovered(index)
        except JournalIndexError as error:
            last = max(last, last_that_is_sure(index, self.identity))
            index.close()
            return self._anew(error.why, last)
        except BaseException:
            index.close()
            raise

    def _size(self) -> int | None:
        """Return the bytes of the index, None where it is missing; what is no file is `Index`'s to refuse."""
        if not os.path.lexists(self.index):
            return None
        stat = self.index.lstat()
        return stat.st_size if S_ISREG(stat.st_mode) else -1

    def _log_is_left(self) -> bool:
        log = self.index.with_name(f"{self.index.name}-wal")
        return log.exists() and log.stat().st_size > 0

    def _ends_as(self, index: Index, ending: Ending | None) -> bool:
        """Say whether the index is as long as it was when the journal was closed, and ends with the same entry."""
        if ending is None or ending.size != self._size():
            return False
        with named_faults(self.index):
            return index.last()[:2] == (ending.sequence, ending.link)

    def _recovered(self, index: Index) -> Recovery:
        try:
            return recover(index, self.records, self.disk, self._receipts(), closely=self.closely)
        except (JournalIndexError, *_NO_MATTER_OF_THE_INDEX):
            raise
        except (sqlite3.Error, JournalCorruptError, ValueError, TypeError, AttributeError) as error:
            check_index(index, self.identity)  # damage that no check was made for, because all seemed well
            if isinstance(error, sqlite3.Error):
                raise named(error, self.index) from error
            raise

    def _receipts(self) -> Receipts:
        return Receipts(self.receipts, self.records, self.identity, self.disk)

    def _anew(self, why: str, last: int) -> tuple[Index, Recovery]:
        """Make an index from the records, put the damaged one aside, and the new one in its place."""
        with named_faults(self.index):
            try:
                found, torn = self._made(last)
            except JournalFullError:
                if not self.make_room():
                    raise
                found, torn = self._made(last)
            folder, aside = self.index.parent, None
            old = [self._beside(self.index, end) for end in (*_BESIDE, "")]
            if torn or any(file.exists() for file in old):
                aside = put_aside(folder, old, self.utc, why, self.disk)
            (folder / NEW).replace(self.index)
            self.disk.sync_folder(folder)
            for each in torn:
                found = replace(found, cut=found.cut + self._cut(each, aside))
        where = f"; the damaged one is in {aside.name}" if aside else ""
        _log.warning("the index was made anew from the records (%s): %d entries%s", why, found.added, where)
        return Index(self.index, self.records), replace(found, anew=Anew(why, aside))

    def _made(self, last: int) -> tuple[Recovery, list[Torn]]:
        path = self.index.with_name(NEW)
        for end in (*_BESIDE, ""):
            self._beside(path, end).unlink(missing_ok=True)
        index = Index(path, self.records, durable=False)
        try:
            with named_faults(path):
                made = remake(index, self.records, self.disk, self._receipts(), last)
                index.settle()
        finally:
            index.close()
        return made

    def _cut(self, torn: Torn, aside: Path | None) -> int:
        """Cut off what is torn; a copy is kept, for without the old index nobody can prove that it was never whole."""
        rest = read_plain(torn.path)[torn.end :]
        if rest and aside is not None:
            self.disk.append(aside / f"{torn.resident}.torn", 0, rest)
        return cut(torn, self.disk)

    @staticmethod
    def _beside(path: Path, end: str) -> Path:
        return path.with_name(path.name + end)


def set_aside(index: Path, utc: datetime, disk: Disk) -> Path:
    """Put an index aside because somebody asks for it; the next opening makes a new one."""
    old = [index.with_name(index.name + end) for end in (*_BESIDE, "")]
    return put_aside(index.parent, old, utc, "somebody asked for a new one", disk)
