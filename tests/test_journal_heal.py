"""A damaged index mends itself: the station opens, nothing that was acknowledged is missing, and it is said."""

from __future__ import annotations

import errno
import logging
import os
import random
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from biocore.errors import JournalBusyError, JournalClosedError, JournalDeviceError, JournalFullError, JournalIndexError
from biocore.station import Journal, disk, index, issue_receipt, recovery
from biocore.station.aside import KEPT, asides
from biocore.station.disk import Disk
from biocore.station.endings import CLOSED, OPEN
from biocore.station.index import Index
from biocore.station.index_check import check_index
from biocore.station.record_file import record_path
from index_harm import HARMS, flip
from journal_support import NOON, PLAN, SMALL_RESERVE, Centre, FakeClock, FaultyDisk, finger_items

IN_ALL = 3 * (2 + 4 * 3 + 1) + 2 + 4 * 2  # entries of `recorded`


def opened(folder: Path, centre: Centre, disk: Disk | None = None, *, closely: bool = False) -> Journal:
    return Journal(folder, centre.key(), clock=FakeClock(), disk=disk, reserve=SMALL_RESERVE, closely=closely)


def recorded(folder: Path, centre: Centre) -> Journal:
    """Record three residents, hand the second over, and begin a fourth; the journal is left open."""
    journal = opened(folder, centre)
    for number in range(3):
        recording = journal.begin(ticket=number)
        for position in PLAN[:3]:
            recording.record(*finger_items(position, size=300))
        recording.close()
        if number == 1:
            hand_over(journal, centre, recording.resident)
    recording = journal.begin(ticket=9)
    for position in PLAN[:2]:
        recording.record(*finger_items(position, size=300))
    return journal


def hand_over(journal: Journal, centre: Centre, resident: str) -> None:
    row = journal.row(resident)
    assert row is not None
    assert row.digest is not None
    assert journal.hand_over(issue_receipt(centre.signer, journal.journal_id, resident, row.digest, row.length, NOON))


def everything(journal: Journal) -> tuple[object, ...]:
    return list(journal._index.rows()), list(journal._index.entries()), journal.head


def pulled(journal: Journal, place: Path) -> tuple[object, ...]:
    """Copy a journal as a power cut would leave it; return what was in it."""
    shutil.copytree(journal.folder, place)
    before = everything(journal)
    journal.close()
    return before


@pytest.mark.parametrize("harm", HARMS)
def test_whatever_happens_to_the_index_the_station_opens_with_all_that_was_acknowledged(
    tmp_path: Path, harm: str
) -> None:
    centre, rng = Centre(), random.Random(harm)
    journal = recorded(tmp_path / "live", centre)
    Index(journal._index.path, journal.records).close()  # most of the log is written back, some of it is not
    before = pulled(journal, tmp_path / "pulled")
    for attempt in range(4):
        place = tmp_path / f"harmed{attempt}"
        shutil.copytree(tmp_path / "pulled", place)
        if attempt % 2 and "log" not in harm:
            with opened(place, centre):
                pass
            (place / CLOSED).unlink()  # all of it is in the file itself
        HARMS[harm](place / "index.db", rng)
        with opened(place, centre) as again:
            assert everything(again) == before
            assert again.recovery.flaws == ()
            assert again.verify() == []
            (progress,) = again.unfinished()
            assert progress.next_of(PLAN) is PLAN[2]
            again.resume(progress.resident).close()
        shutil.rmtree(place)


def test_any_flipped_bit_of_a_row_is_seen_and_mended(tmp_path: Path) -> None:
    centre = Centre()
    before = pulled(recorded(tmp_path / "live", centre), tmp_path / "pulled")
    with opened(tmp_path / "pulled", centre):
        pass
    data = (tmp_path / "pulled" / "index.db").read_bytes()
    rng, seen = random.Random(1), 0
    for _ in range(24):
        place = tmp_path / "harmed"
        shutil.copytree(tmp_path / "pulled", place)
        flip(place / "index.db", [rng.randrange(8 * len(data))])
        with opened(place, centre, closely=True) as again:
            assert everything(again) == before
            assert again.verify() == []
            seen += again.recovery.anew is not None
        shutil.rmtree(place)
    assert seen > 5  # the others hit what nothing was written to


@pytest.mark.parametrize("column", ["ticket", "length", "closed", "digest", "receipt", "handed_over", "opened"])
def test_a_resident_s_row_that_says_something_else_is_made_anew(tmp_path: Path, column: str) -> None:
    centre = Centre()
    with recorded(tmp_path, centre) as journal:
        before = everything(journal)
    with sqlite3.connect(tmp_path / "index.db") as db:
        changed = db.execute(f"UPDATE residents SET {column} = {column} || '1' WHERE {column} NOT NULL").rowcount
        assert changed > 0
    db.close()
    with opened(tmp_path, centre, closely=True) as again:
        assert everything(again) == before
        assert again.recovery.anew is not None
        assert "does not agree" in again.recovery.anew.why


def test_it_is_said_in_the_recovery_in_the_log_and_beside_the_index_that_was_put_aside(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    centre = Centre()
    recorded(tmp_path, centre).close()
    path = tmp_path / "index.db"
    path.write_bytes(b"x" * 9000)
    with caplog.at_level(logging.WARNING, "biocore.station"), opened(tmp_path, centre) as journal:
        anew = journal.recovery.anew
        assert journal.recovery.added == IN_ALL
    assert anew is not None
    assert anew.aside is not None
    assert anew.aside.name == "damaged-0001-20260302T120002Z"
    assert (anew.aside / "index.db").read_bytes() == b"x" * 9000
    (aside,) = asides(tmp_path)
    assert (aside.folder, aside.why) == (anew.aside, anew.why)
    assert aside.why == "file is not a database"
    (record,) = caplog.records
    assert f"file is not a database): {IN_ALL} entries; the damaged one is in damaged-0001" in record.getMessage()


def test_a_few_damaged_indexes_are_kept_and_the_oldest_go(tmp_path: Path) -> None:
    centre = Centre()
    recorded(tmp_path, centre).close()
    for number in range(KEPT + 2):
        (tmp_path / "index.db").write_bytes(b"%d" % number * 9000)
        with opened(tmp_path, centre) as journal:
            assert journal.recovery.anew is not None
    kept = [int((aside.folder / "index.db").read_bytes()[:1]) for aside in asides(tmp_path)]
    assert kept == list(range(2, KEPT + 2))


def test_after_a_good_end_the_index_is_taken_as_it_is_and_after_any_other_it_is_looked_at(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked: list[Path] = []

    def look(index: Index, identity: object) -> None:
        looked.append(index.path)
        check_index(index, identity)  # type: ignore[arg-type]

    monkeypatch.setattr("biocore.station.opening.check_index", look)
    centre = Centre()
    live = recorded(tmp_path / "live", centre)
    shutil.copytree(tmp_path / "live", tmp_path / "pulled")
    live.close()
    looked.clear()
    opened(tmp_path / "live", centre).close()
    assert looked == []
    opened(tmp_path / "pulled", centre).close()
    assert len(looked) == 1
    opened(tmp_path / "pulled", centre).close()
    assert len(looked) == 1
    opened(tmp_path / "pulled", centre, closely=True).close()
    assert len(looked) == 2
    (tmp_path / "pulled" / CLOSED).write_bytes(b"[" * 9000)
    opened(tmp_path / "pulled", centre).close()
    assert len(looked) == 3
    shutil.copy(tmp_path / "pulled" / "index.db", tmp_path / "old.db")
    with opened(tmp_path / "pulled", centre) as journal:
        journal.begin().close()
    shutil.copy(tmp_path / "old.db", tmp_path / "pulled" / "index.db")  # somebody put an old copy back
    with opened(tmp_path / "pulled", centre) as journal:
        assert journal.recovery.added == 3
        assert journal.verify() == []
    assert len(looked) == 4


def test_damage_that_shows_in_the_middle_stops_the_recording_and_the_next_opening_mends_it(tmp_path: Path) -> None:
    centre = Centre()
    journal = recorded(tmp_path, centre)
    (progress,) = journal.unfinished()
    recording = journal.resume(progress.resident)
    head = journal.head
    path = tmp_path / "index.db"
    journal._index._db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    journal._index._db.execute("PRAGMA cache_size = 0")
    size = path.stat().st_size
    with path.open("r+b") as file:
        file.seek(4096)
        file.write(b"\xff" * (size - 4096))
    journal._index._db.execute("PRAGMA shrink_memory")
    with pytest.raises(JournalIndexError, match="opening the journal makes it anew"):
        journal.progress(progress.resident)
    with pytest.raises(JournalClosedError, match="open it again"):
        recording.record(*finger_items(PLAN[2]))
    journal.close()
    assert (tmp_path / OPEN).exists() or not (tmp_path / CLOSED).exists()
    with opened(tmp_path, centre) as again:
        assert again.recovery.anew is not None
        assert again.head == head
        assert again.verify() == []
        assert again.unfinished()[0].next_of(PLAN) is PLAN[2]


@pytest.mark.parametrize("harm", [name for name in HARMS if "log" not in name])
def test_damage_after_a_good_end_is_mended_or_named_and_then_mended(tmp_path: Path, harm: str) -> None:
    centre = Centre()
    with recorded(tmp_path / "live", centre) as journal:
        before = everything(journal)
    for number in range(3):
        place = tmp_path / f"harmed{number}"
        shutil.copytree(tmp_path / "live", place)
        HARMS[harm](place / "index.db", random.Random(f"{harm} {number}"))
        again = opened(place, centre)
        named: list[str] = []
        try:
            named += [flaw.what for flaw in again.verify()]
        except JournalIndexError as error:
            named.append(error.why)
        sound = not named and everything(again) == before
        again.close()
        with opened(place, centre, closely=not sound) as again:  # as `biocore station recover` does
            assert everything(again) == before
            assert again.verify() == []


def test_locks_rights_and_a_failing_disk_are_no_damage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    centre = Centre()
    recorded(tmp_path, centre).close()
    (tmp_path / CLOSED).unlink()
    before = (tmp_path / "index.db").read_bytes()
    monkeypatch.setattr(index, "BUSY_S", 0.05)
    other = sqlite3.connect(tmp_path / "index.db", isolation_level=None)
    other.execute("PRAGMA locking_mode = EXCLUSIVE")
    other.execute("BEGIN EXCLUSIVE")
    with pytest.raises(JournalBusyError, match="locked"):
        opened(tmp_path, centre)
    other.close()

    def fails(*_: object) -> None:
        error = sqlite3.OperationalError("disk I/O error")
        error.sqlite_errorcode = sqlite3.SQLITE_IOERR
        raise error

    with monkeypatch.context() as patched:
        patched.setattr("biocore.station.index_check._fault", fails)
        with pytest.raises(JournalDeviceError, match="failed under the index"):
            opened(tmp_path, centre)
    assert asides(tmp_path) == []
    assert (tmp_path / "index.db").read_bytes() == before
    with opened(tmp_path, centre) as journal:
        assert journal.recovery.anew is None


@pytest.mark.parametrize(("point", "at"), [("write", 0), ("sync", 0), ("sync_folder", 0), ("sync_folder", 2)])
def test_a_disk_that_fails_while_the_index_is_made_anew_loses_nothing_and_the_next_opening_makes_it(
    tmp_path: Path, point: str, at: int
) -> None:
    centre = Centre()
    with recorded(tmp_path, centre) as journal:
        before = everything(journal)
    (tmp_path / "index.db").write_bytes(b"x" * 9000)
    with pytest.raises(JournalDeviceError):
        opened(tmp_path, centre, FaultyDisk(point, at, "EIO"))
    with opened(tmp_path, centre) as journal:
        assert everything(journal) == before
        assert journal.recovery.flaws == ()
        assert journal.verify() == []


def test_a_full_disk_gives_up_the_reserve_for_a_new_index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    centre = Centre()
    with recorded(tmp_path, centre) as journal:
        before = everything(journal)
    (tmp_path / "index.db").write_bytes(b"x" * 9000)
    made, full = Index.settle, [True]

    def settle(self: Index) -> None:
        if full:
            full.pop()
            raise OSError(errno.ENOSPC, "full")
        made(self)

    monkeypatch.setattr(Index, "settle", settle)
    with opened(tmp_path, centre) as journal:
        assert everything(journal) == before
    full.append(True)
    (tmp_path / "index.db").write_bytes(b"x" * 9000)
    os.truncate(tmp_path / "reserve", 0)
    with pytest.raises(JournalFullError, match="make room"):
        opened(tmp_path, centre)


def test_who_was_being_written_when_record_and_index_were_torn_together_goes_on(tmp_path: Path) -> None:
    """Without the old index nobody can prove that a torn end was never acknowledged; so a copy of it is kept."""
    centre = Centre()
    journal = recorded(tmp_path / "live", centre)
    resident = journal.unfinished()[0].resident
    before = pulled(journal, tmp_path / "pulled")
    (tmp_path / "pulled" / "index.db").unlink()
    path = record_path(tmp_path / "pulled" / "records", resident)
    whole = path.read_bytes()
    path.write_bytes(whole + b"BJE1 torn")
    with opened(tmp_path / "pulled", centre) as again:
        assert everything(again) == before
        assert (again.recovery.flaws, again.recovery.cut) == ((), 9)
        assert again.recovery.anew is not None
        assert again.recovery.anew.aside is not None
        assert (again.recovery.anew.aside / f"{resident}.torn").read_bytes() == b"BJE1 torn"
        assert path.read_bytes() == whole
        again.resume(resident).close()


def test_what_was_acknowledged_and_is_torn_is_named_when_the_index_is_lost_and_stays_as_it_is(tmp_path: Path) -> None:
    centre = Centre()
    with recorded(tmp_path, centre) as journal:
        resident = journal.unfinished()[0].resident
    (tmp_path / "index.db").unlink()
    path = record_path(tmp_path / "records", resident)
    os.truncate(path, path.stat().st_size - 1)
    size = path.stat().st_size
    with opened(tmp_path, centre) as again:
        texts = [flaw.what for flaw in again.recovery.flaws]
        assert texts[0].startswith(f"entries {IN_ALL - 3} to {IN_ALL} are in no record")  # where it ended is noted
        assert "what follows is kept" in texts[1]
        assert again.unfinished() == []
        assert path.stat().st_size == size
        again.begin().close()


def test_a_damaged_index_still_proves_what_there_was(tmp_path: Path) -> None:
    centre = Centre()
    journal = recorded(tmp_path / "live", centre)
    (progress,) = journal.unfinished()
    journal.resume(progress.resident)
    journal._index._db.execute("UPDATE residents SET ticket = 77")  # the newest entries can still be read
    pulled(journal, tmp_path / "pulled")
    path = record_path(tmp_path / "pulled" / "records", progress.resident)
    os.truncate(path, path.stat().st_size - 1)
    with opened(tmp_path / "pulled", centre) as again:
        assert again.recovery.anew is not None
        first = again.recovery.flaws[0]
        assert (first.sequence, f"to {IN_ALL + 2} are in no record" in first.what) == (IN_ALL + 1, True)


def test_a_record_that_went_with_the_index_is_missed(tmp_path: Path) -> None:
    centre = Centre()
    with recorded(tmp_path, centre) as journal:
        (gone,) = [row for row in journal._index.rows() if row.ticket == 2]
    (tmp_path / "index.db").unlink()
    record_path(tmp_path / "records", gone.resident).unlink()
    with opened(tmp_path, centre) as again:
        (flaw,) = again.recovery.flaws
        assert flaw.what.startswith(f"entries {gone.opened} to {gone.closed} are in no record")
        assert any("missing from the chain" in each.what for each in again.verify())
        assert again.unfinished() != []  # who is not concerned goes on
    shutil.rmtree(tmp_path / "records")
    shutil.rmtree(tmp_path / "receipts")
    (tmp_path / "index.db").unlink()
    with opened(tmp_path, centre) as again:
        assert again.recovery.flaws[0].what.startswith("entries 1 to ")


def test_an_index_that_fell_back_behind_a_handing_over_learns_of_it_from_the_receipt(tmp_path: Path) -> None:
    centre = Centre()
    with opened(tmp_path / "live", centre) as journal:
        resident = journal.begin().resident
        shutil.copy(tmp_path / "live" / "index.db", tmp_path / "half.db")
    with opened(tmp_path / "live", centre) as journal:
        recording = journal.resume(resident)
        recording.record(*finger_items(PLAN[0]))
        recording.close()
        shutil.copytree(tmp_path / "live", tmp_path / "old")
        hand_over(journal, centre, resident)
        before = everything(journal)
    (tmp_path / "live" / CLOSED).unlink()
    (tmp_path / "live" / "index.db").unlink()
    for name in ("index.db", "index.db-wal"):  # of before the handing over
        shutil.copy(tmp_path / "old" / name, tmp_path / "live" / name)
    (tmp_path / "live" / "index.db-wal").unlink()  # and of before the resumption
    with opened(tmp_path / "live", centre) as again:
        assert everything(again) == before
        assert again.recovery.flaws == ()
        assert again.verify() == []


def test_no_body_is_held_in_memory_while_an_index_is_made_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Thirty days of records are more than a station's memory: they are taken one by one."""
    centre = Centre()
    recorded(tmp_path, centre).close()
    (tmp_path / "index.db").unlink()
    held: list[int] = []
    read: Callable[..., bytes] = disk.read_plain

    def counted(path: Path, limit: int | None = None) -> bytes:
        held.append(1)
        return read(path, limit)

    added: list[int] = []

    def add(self: Index, stored: object) -> None:
        added.append(len(held))
        kept(self, stored)  # type: ignore[arg-type]

    kept = Index.add
    monkeypatch.setattr(recovery, "read_plain", counted)
    monkeypatch.setattr(Index, "add", add)
    opened(tmp_path, centre).close()
    assert len(set(added)) == 4  # the receipt's entries, then each of three records as soon as it was read


@pytest.mark.parametrize("mark", [b"", b"null", b"{}", b"\xff", b'{"kind": "biocore journal\'s end 1"}', b"[" * 99999])
def test_a_mark_of_the_end_that_is_none_is_a_reason_to_look_closely_and_no_more(tmp_path: Path, mark: bytes) -> None:
    centre = Centre()
    with recorded(tmp_path, centre) as journal:
        before = everything(journal)
    (tmp_path / CLOSED).write_bytes(mark)
    with opened(tmp_path, centre) as again:
        assert everything(again) == before
        assert (again.recovery.flaws, again.recovery.anew) == ((), None)
