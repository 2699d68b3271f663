"""Room on the disk: what a day needs, when the station warns, and what the reserve really holds."""

from __future__ import annotations

import os
from pathlib import Path
from types import SimpleNamespace

import pytest

from biocore.errors import JournalReserveError
from biocore.station import DAY, MONTH, Journal, Plan, SpaceLevel
from biocore.station.space import RESERVE_BYTES, Space, worst_resident
from biocore.types import FingerPosition
from journal_support import SMALL_RESERVE, Centre, FakeClock, finger_items

GB = 10**9


def disk_of(monkeypatch: pytest.MonkeyPatch, free: float, total: float = 100 * GB) -> None:
    found = SimpleNamespace(f_bavail=int(free) // 4096, f_blocks=int(total) // 4096, f_frsize=4096)
    monkeypatch.setattr(os, "statvfs", lambda _: found)


def test_a_day_fits_into_a_gigabyte_and_a_month_is_thirty_days() -> None:
    assert 12 * 100 * 100_000 < DAY.bytes < GB
    assert MONTH.bytes == 30 * DAY.bytes
    assert Plan(residents=1, samples=1, attempts=1, frame_bytes=88_000).bytes == 100_000


def test_the_reserve_is_enough_for_a_resident_all_of_whose_samples_need_all_attempts() -> None:
    assert worst_resident() < RESERVE_BYTES


@pytest.mark.parametrize(
    ("free", "level", "says"),
    [
        (50, SpaceLevel.OK, "50000 MB free (50%), enough for 144.7 days of 100 residents"),
        (20.01, SpaceLevel.OK, "20%"),
        (19.99, SpaceLevel.LOW, "send it to the centre soon"),
        (10.01, SpaceLevel.LOW, "soon"),
        (9.99, SpaceLevel.VERY_LOW, "today"),
    ],
)
def test_the_station_warns_at_20_and_at_10_per_cent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, free: float, level: SpaceLevel, says: str
) -> None:
    space = Space(tmp_path, 8192)
    assert space.hold()
    disk_of(monkeypatch, free * GB)
    status = space.status()
    assert status.level is level
    assert says in status.message
    assert status.days == pytest.approx(free * GB / DAY.bytes, rel=0.001)


def test_the_reserve_is_real_blocks_and_not_only_a_length(tmp_path: Path) -> None:
    space = Space(tmp_path, 1_000_000)
    with (tmp_path / "reserve").open("wb") as file:
        file.truncate(1_000_000)
    assert not space.held
    assert space.status().level is SpaceLevel.RESERVE
    assert space.hold()
    assert (tmp_path / "reserve").stat().st_blocks * 512 >= 1_000_000
    assert space.give_up()
    assert not space.held
    assert not space.give_up()


def test_without_room_for_the_reserve_the_next_resident_waits_and_the_present_one_does_not(tmp_path: Path) -> None:
    with Journal(tmp_path, Centre().key(), clock=FakeClock(), reserve=SMALL_RESERVE) as journal:
        recording = journal.begin()
        journal._space.give_up()
        journal._space.reserve = 1 << 60  # an exabyte: no disk has it
        recording.record(*finger_items(FingerPosition.RIGHT_THUMB))
        assert journal.space().level is SpaceLevel.RESERVE
        with pytest.raises(JournalReserveError, match="nobody can be begun"):
            journal.begin()
        recording.close()
        assert [row.closed is not None for row in journal._index.rows()] == [True]


def test_what_was_begun_is_resumed_though_the_reserve_cannot_be_held(tmp_path: Path) -> None:
    centre = Centre()
    with Journal(tmp_path, centre.key(), clock=FakeClock(), reserve=SMALL_RESERVE) as journal:
        resident = journal.begin().resident
    (tmp_path / "reserve").unlink()
    with Journal(tmp_path, centre.key(), clock=FakeClock(), reserve=1 << 60) as journal:
        journal.resume(resident).close()
        with pytest.raises(JournalReserveError):
            journal.begin()
