"""The station at a glance: can the next resident be recorded, what waits, what was found. Nothing is written.

It reads the index beside whoever is recording, without the journal's lock, so that it can be asked at any moment; and
it repairs nothing (`Journal` does, when it is opened).
"""

from __future__ import annotations

import math
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path
from stat import S_ISREG

from biocore.errors import (
    CentreKeyError,
    JournalCorruptError,
    JournalError,
    JournalIndexError,
    JournalStateError,
    JournalVersionError,
)
from biocore.station.aside import Aside, asides
from biocore.station.centre_key import CentreKey, check_usable, read_centre_key
from biocore.station.clock import Clock, SystemClock
from biocore.station.disk import named_faults
from biocore.station.entry import Head
from biocore.station.handover import FOLDER as RECEIPTS
from biocore.station.identity import Identity, read_identity
from biocore.station.index import BUSY_S, VERSION, Index
from biocore.station.index_check import check_index
from biocore.station.journal import INDEX, RECORDS
from biocore.station.progress import Progress, progress_of
from biocore.station.record_file import SUFFIX
from biocore.station.recovery import Flaw
from biocore.station.space import RESERVE_BYTES, Space, SpaceLevel, SpaceStatus
from biocore.station.verify import verify

KEY_WARNING = timedelta(days=30)  # a key must be fetched where there is no line
CLOCK_SLACK = timedelta(minutes=2)
_LOCKS = Path("/proc/locks")  # Linux, proc(5)


@dataclass(frozen=True, slots=True)
class KeyStatus:
    """The centre's key.

    Attributes
    ----------
    key_id : str
        Empty where there is none that can be read.
    expires : datetime or None
    days : int or None
        Whole days left, below 0 when it is over.
    fault : str
        Why nothing can be sealed with it; empty where all is well.
    """

    key_id: str
    expires: datetime | None
    days: int | None
    fault: str


@dataclass(frozen=True, slots=True)
class Overview:
    """A station at one instant.

    Attributes
    ----------
    folder : Path
        The journal's.
    journal, centre : str
        Random name, and the centre it is pinned to; empty before there is a journal.
    head : tuple of (int, str)
        Number and link of the last entry: noted elsewhere, it proves that nothing was cut off.
    in_use : bool
        A program has the journal open.
    today, total : int
        Residents begun today, and ever.
    unfinished : tuple of Progress
        Begun and not finished, oldest first.
    waiting, waiting_bytes : int
        Finished, and not at the centre.
    oldest : datetime or None
        When the oldest of those was finished.
    handed_over_today : int
    key : KeyStatus
    space : SpaceStatus or None
        None before there is a journal.
    clock : str
        What is wrong with the clock; empty where nothing is known to be.
    findings : tuple of Flaw
        What opening the journal will have to repair, or to name.
    mended : tuple of Aside
        Damaged indexes that were made anew and are kept, the oldest first.
    obstacles : tuple of str
        Why the next resident cannot be recorded; empty where he can.
    """

    folder: Path
    journal: str
    centre: str
    head: tuple[int, str]
    in_use: bool
    today: int
    total: int
    unfinished: tuple[Progress, ...]
    waiting: int
    waiting_bytes: int
    oldest: datetime | None
    handed_over_today: int
    key: KeyStatus
    space: SpaceStatus | None
    clock: str
    findings: tuple[Flaw, ...]
    mended: tuple[Aside, ...]
    obstacles: tuple[str, ...]

    @property
    def can_record(self) -> bool:
        """Whether the next resident can be recorded."""
        return not self.obstacles


class _OlderIndexError(JournalVersionError):
    """Written by an older version, which opening brings up to the present one."""


class IndexView(Index):
    """An index that is only read.

    Raises
    ------
    JournalVersionError
        Written by another version; opening the journal migrates an older one.
    JournalError
        It cannot be read.
    """

    def __init__(self, path: Path, records: Path) -> None:
        self.path = path
        self._records = records
        with named_faults(path):
            if not S_ISREG(path.lstat().st_mode):  # SQLite would wait for what comes out of a pipe
                raise JournalCorruptError("it is no plain file; somebody put it there", path=str(path))
            self._db = sqlite3.connect(
                f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=BUSY_S, isolation_level=None
            )
            try:
                version: int = self._db.execute("PRAGMA user_version").fetchone()[0]
                what = f"the index has version {version}, not {VERSION}"
                if version > VERSION:
                    raise JournalVersionError(f"{what}: install the newer biocore", path=str(path))
                if version < VERSION:
                    raise _OlderIndexError(f"{what}: opening the journal brings it up", path=str(path))
            except BaseException:
                self._db.close()
                raise

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """See one state of the index, whatever is written meanwhile."""
        self._db.execute("BEGIN")
        try:
            yield
        finally:
            self._db.execute("ROLLBACK")

    def opened(self) -> list[Head]:
        """Return the head of each resident's first entry, the latest first."""
        query = (
            "SELECT head FROM entries JOIN residents ON entries.sequence = residents.opened"
            " ORDER BY residents.opened DESC"
        )
        return [self._head(row[0]) for row in self._db.execute(query)]


def overview(
    folder: Path,
    key: CentreKey | Path,
    *,
    clock: Clock | None = None,
    zone: tzinfo | None = None,
    reserve: int = RESERVE_BYTES,
) -> Overview:
    """Look at a station.

    Parameters
    ----------
    folder : Path
        The journal's.
    key : CentreKey or Path
        The centre's key, or its file; faults of it are told, not raised.
    zone : tzinfo or None
        Whose midnight begins a day; by default this machine's.
    reserve : int
        As the journal is opened with.
    """
    now = (clock or SystemClock()).read().utc
    obstacles = []
    identity, fault = _identity(folder)
    obstacles += [fault] if fault else []
    key_status = _key(key, now, identity)
    obstacles += [key_status.fault] if key_status.fault else []
    space = None
    if identity is not None:
        space = Space(folder, reserve).status()
        if space.level is SpaceLevel.RESERVE and space.free < reserve:
            obstacles.append(space.message)
    if blocked := _blocked(folder):
        obstacles.append(blocked)
    seen = _Seen()
    in_use = _in_use(folder)
    if identity is not None and (folder / INDEX).exists():
        try:
            seen = _look(folder, now, zone, in_use=in_use)
        except (JournalIndexError, _OlderIndexError) as error:
            seen = _Seen(findings=(Flaw("", None, str(error)),))
        except (JournalError, sqlite3.Error) as error:
            obstacles.append(str(error))
    elif identity is not None and any((folder / RECORDS).glob(f"*{SUFFIX}")):
        seen = _Seen(
            findings=(Flaw("", None, "the index is missing; opening the journal makes it anew from the records"),)
        )
    return Overview(
        folder,
        identity.journal if identity else "",
        identity.centre.hex() if identity else "",
        seen.head,
        in_use,
        seen.today,
        seen.total,
        seen.unfinished,
        seen.waiting,
        seen.waiting_bytes,
        seen.oldest,
        seen.handed_over_today,
        key_status,
        space,
        seen.clock,
        seen.findings,
        tuple(asides(folder)),
        tuple(obstacles),
    )


@dataclass(frozen=True, slots=True)
class Checked:
    """What a check of a whole journal found.

    Attributes
    ----------
    head : tuple of (int, str)
        Number and link of the last entry.
    residents : int
    flaws : tuple of Flaw
    """

    head: tuple[int, str]
    residents: int
    flaws: tuple[Flaw, ...]


def check(folder: Path) -> Checked:
    """Check every entry of a journal without opening it for writing; see `biocore.station.verify`.

    What somebody records meanwhile is not looked at.

    Raises
    ------
    JournalStateError
        There is no journal here.
    JournalError
        It cannot be read.
    """
    with _viewed(folder) as (index, identity), index.snapshot():
        in_use = _in_use(folder)
        sequence, link, _ = index.last()
        rows = {row.resident: row for row in index.rows()}
        busy = {name for name, row in rows.items() if in_use and row.closed is None}
        flaws = [*_index_flaws(index, identity), *verify(index, folder / RECORDS, folder / RECEIPTS, identity)]
        # bytes behind the last entry of somebody who is being recorded now are the next entry
        kept = (flaw for flaw in flaws if flaw.sequence is not None or flaw.resident not in busy)
        return Checked((sequence, link), len(rows), tuple(kept))


def _index_flaws(index: Index, identity: Identity) -> list[Flaw]:
    try:
        check_index(index, identity)
    except JournalIndexError as error:
        return [Flaw("", None, f"the index: {error.why}; `biocore station recover` makes it anew, nothing is lost")]
    return []


def finished_residents(folder: Path) -> set[str]:
    """Return the random names of all who are finished."""
    with _viewed(folder) as (index, _):
        return {row.resident for row in index.rows() if row.closed is not None}


@contextmanager
def _viewed(folder: Path) -> Iterator[tuple[IndexView, Identity]]:
    with named_faults(folder):
        identity = read_identity(folder)
        if identity is None:
            raise JournalStateError("there is no journal here yet", path=str(folder))
        index = IndexView(folder / INDEX, folder / RECORDS)
        try:
            yield index, identity
        finally:
            index.close()


@dataclass(frozen=True, slots=True)
class _Seen:
    """What the index says."""

    head: tuple[int, str] = (0, "")
    today: int = 0
    total: int = 0
    unfinished: tuple[Progress, ...] = ()
    waiting: int = 0
    waiting_bytes: int = 0
    oldest: datetime | None = None
    handed_over_today: int = 0
    clock: str = ""
    findings: tuple[Flaw, ...] = ()


def _identity(folder: Path) -> tuple[Identity | None, str]:
    try:
        with named_faults(folder):
            return read_identity(folder), ""
    except JournalError as error:
        return None, str(error)


def _key(source: CentreKey | Path, now: datetime, identity: Identity | None) -> KeyStatus:
    try:
        key = read_centre_key(source) if isinstance(source, Path) else source
    except CentreKeyError as error:
        return KeyStatus("", None, None, str(error))
    days = math.floor((key.expires - now) / timedelta(days=1))
    try:
        key.check(now, identity.centre if identity else None)
        check_usable(key)
    except CentreKeyError as error:
        return KeyStatus(key.key_id, key.expires, days, str(error))
    return KeyStatus(key.key_id, key.expires, days, "")


def _blocked(folder: Path) -> str:
    """Say why nothing can be written where the journal is, or will be; empty where it can."""
    there = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    if not there.is_dir():
        return f"{there}: is no folder"
    if os.statvfs(there).f_flag & os.ST_RDONLY:
        return f"{there}: the disk is mounted read-only; a disk that turned read-only has failed: look at it"
    return "" if os.access(there, os.W_OK | os.X_OK) else f"{there}: may not be written; look at who owns it"


def _in_use(folder: Path) -> bool:
    """Say whether somebody holds the journal's lock. It is looked up, not tried: trying could refuse a recorder."""
    try:
        stat, table = (folder / "lock").stat(), _LOCKS.read_text()
    except OSError:
        return False
    where = f"{os.major(stat.st_dev):02x}:{os.minor(stat.st_dev):02x}:{stat.st_ino}"
    return any(where in line.split() for line in table.splitlines() if "FLOCK" in line)


def _look(folder: Path, now: datetime, zone: tzinfo | None, *, in_use: bool) -> _Seen:
    index = IndexView(folder / INDEX, folder / RECORDS)
    try:
        with named_faults(folder / INDEX):
            return _seen(index, folder, now, zone, in_use=in_use)
    finally:
        index.close()


def _seen(index: IndexView, folder: Path, now: datetime, zone: tzinfo | None, *, in_use: bool) -> _Seen:
    sequence, link, last = index.last()
    latest = _when(last) if last else now
    midnight = max(now, latest).astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0)
    opened = index.opened()
    waiting, size = index.backlog()
    first = next(iter(index.waiting(False, 1)), None)
    finished = index.head(first.closed or 0) if first else None
    return _Seen(
        (sequence, link),
        sum(_when(head) >= midnight for head in opened),
        len(opened),
        tuple(progress_of(index.heads(row.resident)) for row in index.unfinished()),
        waiting,
        size,
        _when(finished) if finished else None,
        index.handed_over_since(midnight.astimezone(UTC).isoformat(timespec="microseconds")),
        _clock_fault(now, latest),
        tuple(_findings(index, folder / RECORDS, in_use=in_use)),
    )


def _when(head: Head) -> datetime:
    return datetime.fromisoformat(head.utc) + timedelta(seconds=head.behind_s)


def _clock_fault(now: datetime, latest: datetime) -> str:
    behind = latest - now
    if behind <= CLOCK_SLACK:
        return ""
    far = f"{behind.days} days" if behind.days >= 2 else f"{behind.total_seconds() / 60:.0f} minutes"
    return f"the clock is {far} behind the latest entry: set it; order in the journal does not depend on it"


def _findings(index: IndexView, records: Path, *, in_use: bool) -> list[Flaw]:
    """Compare the sizes of records with the index; who is being recorded at this moment is a step ahead of it."""
    known = {row.resident: row for row in index.rows()}
    found, present = [], set()
    for path in sorted(records.glob(f"*{SUFFIX}")):
        resident = path.name.removesuffix(SUFFIX)
        present.add(resident)
        row, stat = known.get(resident), path.lstat()
        if not S_ISREG(stat.st_mode):
            found.append(Flaw(resident, None, "the record is no plain file; somebody put it there"))
        elif in_use and (row is None or row.closed is None):
            continue
        elif row is None:
            found.append(Flaw(resident, None, f"{stat.st_size} bytes that the index does not know"))
        elif stat.st_size < row.length:
            found.append(Flaw(resident, None, f"the record is {row.length - stat.st_size} bytes shorter than it was"))
        elif stat.st_size > row.length:
            found.append(Flaw(resident, None, f"{stat.st_size - row.length} bytes after the last entry of the index"))
    for resident, row in known.items():
        if resident not in present and row.receipt is None:
            found.append(Flaw(resident, None, "the record's file is missing"))
    return found
