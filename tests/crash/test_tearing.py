"""The harness takes from SQLite's log what a power cut can take, and no more; and even that more loses nothing."""

from __future__ import annotations

import os
import random
import resource
import shutil
import signal
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from biocore.station import Journal
from crash.tearing import Committed, committed, tear_log, waited_for
from journal_support import PLAN, SMALL_RESERVE, Centre, FakeClock, finger_items

BEFORE, TOLD, UNTOLD = 30, 1, 6  # residents; of the last, commits were waited for, and the kill came before the answer
EACH = 2 + 4 * 3 + 1  # entries of a resident


def live(folder: Path, centre: Centre, told: Path) -> None:
    """Record, then let the writing back on closing fail in the middle, and be killed."""
    with Journal(folder, centre.key(), clock=FakeClock(), reserve=SMALL_RESERVE) as journal:
        enrol(journal, BEFORE)
    journal = Journal(folder, centre.key(), clock=FakeClock(), reserve=SMALL_RESERVE)
    enrol(journal, TOLD)
    log = committed(folder / "index.db-wal")
    told.write_text(f"{log.salts} {log.last} {log.before}")
    enrol(journal, UNTOLD)
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    size = (folder / "index.db").stat().st_size
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))  # it would grow, and does not
    journal.close()
    os.kill(os.getpid(), signal.SIGKILL)


def enrol(journal: Journal, count: int) -> None:
    for _ in range(count):
        recording = journal.begin()
        for position in PLAN[:3]:
            recording.record(*finger_items(position, size=200))
        recording.close()


@pytest.fixture(scope="module")
def torn(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Centre, Committed]:
    """Return a journal whose index was written back in part, and what was acknowledged of its log."""
    folder, centre = tmp_path_factory.mktemp("torn"), Centre()
    child = os.fork()
    if child == 0:
        try:
            live(folder / "journal", centre, folder / "told")
        finally:
            os._exit(70)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status)
    salts, last, before = (folder / "told").read_text().split()
    told = Committed(salts, int(last), int(before))
    log = folder / "journal" / "index.db-wal"
    assert committed(log).salts == told.salts
    assert committed(log).last > told.last
    return folder / "journal", centre, told


def copied(journal: Path, to: Path) -> Path:
    shutil.rmtree(to, ignore_errors=True)
    shutil.copytree(journal, to)
    return to / "index.db"


def is_sound(index: Path) -> bool:
    with closing(sqlite3.connect(index)) as db:
        try:
            return bool(db.execute("PRAGMA integrity_check").fetchone() == ("ok",))
        except sqlite3.DatabaseError:
            return False


def assert_all_there(folder: Path, centre: Centre) -> None:
    with Journal(folder, centre.key(), clock=FakeClock(), reserve=SMALL_RESERVE) as journal:
        assert journal.head[0] == EACH * (BEFORE + TOLD + UNTOLD)
        assert journal.recovery.flaws == ()
        assert journal.verify() == []
        assert journal.unfinished() == []


def test_a_log_cut_where_sqlite_had_waited_damages_the_index_and_the_station_mends_it(
    torn: tuple[Path, Centre, Committed], tmp_path: Path
) -> None:
    """So an index became malformed once: commits that nobody was told of were cut off though they were waited for."""
    journal, centre, told = torn
    rng, sound = random.Random(1), []
    for _ in range(12):
        index = copied(journal, tmp_path / "cut")
        log = index.with_name("index.db-wal")
        os.truncate(log, rng.randrange(told.last, waited_for(index, told)))
        sound.append(is_sound(copied(tmp_path / "cut", tmp_path / "seen")))
        assert_all_there(tmp_path / "cut", centre)
    assert not all(sound)


def test_what_a_power_cut_can_take_leaves_the_index_sound(torn: tuple[Path, Centre, Committed], tmp_path: Path) -> None:
    journal, centre, told = torn
    for number in range(12):
        index = copied(journal, tmp_path / "cut")
        with index.with_name("index.db-wal").open("ab") as log:
            log.write(random.Random(number).randbytes(3000))  # frames that never were whole
        tear_log(index, told, random.Random(number))
        assert index.with_name("index.db-wal").stat().st_size >= waited_for(index, told)
        assert is_sound(copied(tmp_path / "cut", tmp_path / "seen"))
        assert_all_there(tmp_path / "cut", centre)


def test_the_last_commit_can_go_while_nobody_was_told_and_nothing_was_written_back(tmp_path: Path) -> None:
    centre = Centre()
    journal = Journal(tmp_path / "live", centre.key(), clock=FakeClock(), reserve=SMALL_RESERVE)
    recording = journal.begin()
    recording.record(*finger_items(PLAN[0]))
    told = committed(tmp_path / "live" / "index.db-wal")
    recording.record(*finger_items(PLAN[1]))
    index = copied(tmp_path / "live", tmp_path / "pulled")
    journal.close()
    assert waited_for(index, told) == told.last < committed(index.with_name("index.db-wal")).last
    assert waited_for(index, committed(index.with_name("index.db-wal"))) > told.last
