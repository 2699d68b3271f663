"""The journal in foul weather: each fault has a name, nothing is half there, and what was acknowledged stays."""

from __future__ import annotations

import os
import random
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from biocore.errors import (
    JournalBusyError,
    JournalClosedError,
    JournalCorruptError,
    JournalDeviceError,
    JournalError,
    JournalFullError,
    JournalReadOnlyError,
    JournalReserveError,
    JournalVersionError,
)
from biocore.station import Journal, SpaceLevel, index, read_record
from biocore.station.disk import Disk
from biocore.station.record_file import record_path
from biocore.types import FingerPosition
from journal_support import PLAN, SMALL_RESERVE, Centre, FakeClock, FaultyDisk, finger_items

THUMB, INDEX_FINGER = FingerPosition.RIGHT_THUMB, FingerPosition.RIGHT_INDEX


def opened(folder: Path, centre: Centre, disk: Disk | None = None, reserve: int = SMALL_RESERVE) -> Journal:
    return Journal(folder, centre.key(), clock=FakeClock(), disk=disk, reserve=reserve)


@pytest.mark.parametrize(
    ("point", "fault", "error"),
    [
        ("write", "EIO", JournalDeviceError),
        ("write", "torn", JournalDeviceError),
        ("write", "EROFS", JournalReadOnlyError),
        ("sync", "EIO", JournalDeviceError),
        ("before_commit", "EIO", JournalDeviceError),
    ],
)
def test_a_fault_of_the_disk_has_a_name_and_leaves_what_was_acknowledged(
    tmp_path: Path, point: str, fault: str, error: type[JournalError]
) -> None:
    centre = Centre()
    with opened(tmp_path, centre) as journal:
        recording = journal.begin()
        recording.record(*finger_items(THUMB))
        acknowledged = journal.head
    journal = opened(tmp_path, centre, FaultyDisk(point, 1, fault))
    recording = journal.resume(recording.resident)
    with pytest.raises(error):
        recording.record(*finger_items(INDEX_FINGER))
    with pytest.raises(JournalClosedError, match="open it again"):
        recording.record(*finger_items(INDEX_FINGER))
    journal.close()
    with opened(tmp_path, centre) as journal:
        assert journal.verify() == []
        assert journal.head[0] >= acknowledged[0] + 2  # the resumption was acknowledged too
        (progress,) = journal.unfinished()
        whole = point == "before_commit"  # the record had it, and only the index had not
        assert progress.next_of(PLAN) is (FingerPosition.RIGHT_MIDDLE if whole else INDEX_FINGER)
        read_record(record_path(journal.records, progress.resident), centre.opener, unfinished=True)


@pytest.mark.parametrize("point", ["write", "sync", "before_commit"])
def test_a_full_disk_in_the_middle_of_a_resident_is_met_from_the_reserve(tmp_path: Path, point: str) -> None:
    centre = Centre()
    with opened(tmp_path, centre, FaultyDisk(point, 2, "ENOSPC")) as journal:
        recording = journal.begin()
        for position in PLAN:
            recording.record(*finger_items(position))
        recording.close()
        assert journal.verify() == []
        assert journal.space().level is SpaceLevel.RESERVE  # it was given up, and is taken again with the next resident
        journal.begin()
        assert journal.space().level is not SpaceLevel.RESERVE
        assert len(read_record(record_path(journal.records, recording.resident), centre.opener)) == 2 + 4 * 12 + 1


@pytest.fixture
def little_disk(tmp_path: Path) -> Iterator[Path]:
    """Mount a file system of 3 MB, where the system lets us."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", str(folder)], capture_output=True)
    if mounted.returncode:
        pytest.skip("only root can mount a small disk; faults are injected in the tests above")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


def test_a_disk_that_really_fills_up_refuses_the_next_resident_and_finishes_this_one(little_disk: Path) -> None:
    centre = Centre()
    with opened(little_disk, centre, reserve=1_000_000) as journal:
        recording = journal.begin()
        recording.record(*finger_items(THUMB))
        filler = little_disk / "somebody elses file"
        fill(filler)
        for position in PLAN[1:]:
            recording.record(*finger_items(position, size=30_000))
        recording.close()
        with pytest.raises(JournalReserveError, match="nobody can be begun"):
            journal.begin()
        assert journal.unfinished() == []
        assert journal.verify() == []
        filler.unlink()
        journal.begin().close()
    assert opened_and_verified(little_disk, centre) == 2


def test_when_even_the_reserve_is_used_up_nothing_half_is_left_and_it_goes_on_later(little_disk: Path) -> None:
    centre = Centre()
    with opened(little_disk, centre, reserve=100_000) as journal:
        recording = journal.begin()
        recording.record(*finger_items(THUMB))
        before = journal.head
        with pytest.raises(JournalFullError, match="make room"):
            recording.record(*finger_items(INDEX_FINGER, size=4_000_000))
        assert journal.head == before
        assert journal.verify() == []
        recording.record(*finger_items(INDEX_FINGER))
        recording.close()
    assert opened_and_verified(little_disk, centre) == 1


def test_a_disk_remounted_read_only_is_named_and_loses_nothing(little_disk: Path) -> None:
    centre = Centre()
    with opened(little_disk, centre) as journal:
        journal.begin().record(*finger_items(THUMB))
        before = journal.head
    remount(little_disk, "ro")
    with pytest.raises(JournalReadOnlyError):
        opened(little_disk, centre)
    remount(little_disk, "rw")
    with opened(little_disk, centre) as journal:
        assert journal.head == before
        assert journal.verify() == []


def fill(path: Path) -> None:
    """Write until the disk is full."""
    fd = os.open(path, os.O_WRONLY | os.O_CREAT)
    with suppress(OSError):
        while os.write(fd, bytes(4096)):
            pass
    os.close(fd)
    disk = os.statvfs(path.parent)
    assert disk.f_bavail * disk.f_frsize < 4096


def remount(folder: Path, how: str) -> None:
    subprocess.run(["mount", "-o", f"remount,{how}", str(folder)], check=True)


def opened_and_verified(folder: Path, centre: Centre) -> int:
    """Open once more, read every record as the centre, and return how many there are."""
    with opened(folder, centre) as journal:
        assert journal.verify() == []
        return len([read_record(path, centre.opener) for path in journal.records.iterdir()])


def test_an_index_locked_by_another_program_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(index, "BUSY_S", 0.05)
    centre = Centre()
    with opened(tmp_path, centre) as journal:
        recording = journal.begin()
        other = sqlite3.connect(tmp_path / "index.db", isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(JournalBusyError, match="locked"):
            recording.record(*finger_items(THUMB))
        other.close()
    with opened(tmp_path, centre) as journal:
        assert journal.recovery.added == 4  # on disk, though not acknowledged
        assert journal.verify() == []


def test_a_log_torn_at_any_byte_loses_no_acknowledged_entry(tmp_path: Path) -> None:
    """Even with SQLite's log gone, which no power cut does after an acknowledgement, the records have everything."""
    centre, live = Centre(), tmp_path / "live"
    journal = opened(live, centre)
    recording = journal.begin()
    for position in PLAN[:3]:
        recording.record(*finger_items(position, size=100))
    copy = tmp_path / "copy"
    shutil.copytree(live, copy)
    journal.close()
    log = (copy / "index.db-wal").read_bytes()
    rng = random.Random(5)
    for at in [0, 1, 31, 32, len(log) - 1, *(rng.randrange(len(log)) for _ in range(12))]:
        place = tmp_path / f"torn{at}"
        shutil.copytree(copy, place)
        torn = log[:at] + (bytes(len(log) - at) if at % 2 else b"")
        (place / "index.db-wal").write_bytes(torn)
        with opened(place, centre) as again:
            assert again.head == (14, recording.prior)
            assert again.verify() == []
            assert again.unfinished()[0].next_of(PLAN) is PLAN[3]
        shutil.rmtree(place)


def test_a_record_torn_at_any_byte_behind_the_index_is_cut_to_whole_batches(tmp_path: Path) -> None:
    centre, live = Centre(), tmp_path / "live"
    with opened(live, centre) as journal:
        recording = journal.begin()
        length = recording.length
    copy = tmp_path / "copy"
    shutil.copytree(live, copy)
    with opened(live, centre) as journal:
        recording = journal.resume(recording.resident)
        between = recording.length
        recording.record(*finger_items(THUMB, size=100))
        data = record_path(journal.records, recording.resident).read_bytes()
    for at in range(length + 1, len(data), 61):
        place = tmp_path / f"torn{at}"
        shutil.copytree(copy, place)
        record_path(place / "records", recording.resident).write_bytes(data[:at])
        with opened(place, centre) as journal:
            whole = at >= between
            assert journal.recovery.added == (2 if whole else 0)
            assert journal.recovery.cut == at - (between if whole else length)
            assert journal.recovery.flaws == ()
            assert journal.verify() == []
        shutil.rmtree(place)


def test_a_journal_of_a_newer_version_is_left_alone(tmp_path: Path) -> None:
    centre = Centre()
    opened(tmp_path, centre).close()
    db = sqlite3.connect(tmp_path / "index.db")
    db.execute("PRAGMA user_version = 99")
    db.close()
    before = (tmp_path / "index.db").read_bytes()
    with pytest.raises(JournalVersionError, match="99"):
        opened(tmp_path, centre)
    assert (tmp_path / "index.db").read_bytes() == before


@pytest.mark.parametrize("text", [b"", b"{}", b"null", b'{"kind": "biocore journal 1", "journal": "x", "centre": ""}'])
def test_a_damaged_or_missing_identity_is_named(tmp_path: Path, text: bytes) -> None:
    centre = Centre()
    with opened(tmp_path, centre) as journal:
        journal.begin()
    (tmp_path / "journal.json").write_bytes(text)
    with pytest.raises(JournalCorruptError, match="put it back"):
        opened(tmp_path, centre)
    (tmp_path / "journal.json").unlink()
    with pytest.raises(JournalCorruptError, match="missing"):
        opened(tmp_path, centre)


def test_a_record_that_was_cut_below_its_index_is_named_and_does_not_stop_the_others(tmp_path: Path) -> None:
    centre = Centre()
    with opened(tmp_path, centre) as journal:
        hurt, well = journal.begin(), journal.begin()
        hurt.record(*finger_items(THUMB))
        well.record(*finger_items(THUMB))
    os.truncate(record_path(tmp_path / "records", hurt.resident), hurt.length - 1)
    with opened(tmp_path, centre) as journal:
        (flaw,) = journal.recovery.flaws
        assert (flaw.resident, flaw.sequence) == (hurt.resident, 8)
        assert "entry 8 is missing or torn" in flaw.what
        assert [progress.resident for progress in journal.unfinished()] == [well.resident]
        with pytest.raises(JournalError, match="damaged"):
            journal.resume(hurt.resident)
        journal.resume(well.resident).close()
