"""The journal in fair weather: what is recorded is there, in order, resumable, and says nothing personal."""

from __future__ import annotations

import subprocess
import sys
import threading
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from biocore.errors import JournalBusyError, JournalClosedError, JournalStateError
from biocore.report import Outcome
from biocore.station import EntryKind, Head, Item, Journal, read_record
from biocore.station.index import MIGRATIONS, VERSION, Index
from biocore.station.record_file import record_path
from biocore.types import EyePosition, FingerPosition
from journal_support import PLAN, SMALL_RESERVE, Centre, FakeClock, finger_items

THUMB, INDEX_FINGER = FingerPosition.RIGHT_THUMB, FingerPosition.RIGHT_INDEX


def opened(folder: Path, centre: Centre, clock: FakeClock | None = None) -> Journal:
    return Journal(folder, centre.key(), clock=clock or FakeClock(), reserve=SMALL_RESERVE)


def test_what_is_recorded_is_read_by_the_centre_in_order(tmp_path: Path) -> None:
    centre = Centre()
    with opened(tmp_path, centre) as journal:
        recording = journal.begin(b"Siti, 3404...", ticket=24)
        items = finger_items(THUMB)
        heads = recording.record(*items)
        recording.close(b"{}")
        entries = read_record(record_path(journal.records, recording.resident), centre.opener)
        assert journal.verify() == []
    assert [e.head.kind for e in entries] == ["envelope", "open", "frame", "report", "template", "decision", "close"]
    assert entries[1].payload == b"Siti, 3404..."
    assert [e.payload for e in entries[2:6]] == [item.payload for item in items]
    assert [e.head for e in entries[2:6]] == heads
    assert [e.head.sequence for e in entries] == list(range(1, 8))
    assert all(after.head.prior == before.link for before, after in pairwise(entries))


def test_the_station_goes_on_at_the_same_finger_after_a_power_cut(tmp_path: Path) -> None:
    centre = Centre()
    with opened(tmp_path, centre) as journal:
        recording = journal.begin(ticket=7)
        recording.record(*finger_items(THUMB))
        recording.record(
            Item(EntryKind.REPORT, b"{}", "application/json", INDEX_FINGER, 1, 12),
            Item(EntryKind.DECISION, b"dry", position=INDEX_FINGER, attempt=1, outcome=Outcome.RECAPTURE),
        )
    with opened(tmp_path, centre) as journal:
        (progress,) = journal.unfinished()
        assert progress.ticket == 7
        assert progress.done == (THUMB,)
        assert progress.next_of(PLAN) is INDEX_FINGER
        known = progress.of(INDEX_FINGER)
        assert (known.attempts, known.best_score, known.outcome) == (1, 12, Outcome.RECAPTURE)
        resumed = journal.resume(progress.resident)
        assert resumed.progress.events == ("resumed",)
        resumed.record(*finger_items(INDEX_FINGER, 2))
        resumed.close()
        assert journal.unfinished() == []
        entries = read_record(record_path(journal.records, progress.resident), centre.opener)
    assert [e.head.kind for e in entries].count(EntryKind.ENVELOPE) == 2
    assert {e.head.envelope for e in entries} == {0, entries[8].head.ordinal}


def test_the_right_thumb_and_the_right_eye_are_two_though_both_are_number_1(tmp_path: Path) -> None:
    with opened(tmp_path, Centre()) as journal:
        recording = journal.begin()
        recording.record(*finger_items(EyePosition.RIGHT))
        assert recording.progress.done == (EyePosition.RIGHT,)
        assert recording.progress.next_of([EyePosition.RIGHT, THUMB]) is THUMB


def test_an_exception_finishes_a_finger(tmp_path: Path) -> None:
    with opened(tmp_path, Centre()) as journal:
        recording = journal.begin()
        recording.record(Item(EntryKind.DECISION, b"amputated 1998", position=THUMB, outcome=Outcome.EXCEPTION))
        assert recording.progress.of(THUMB).done


def test_nothing_on_the_disk_says_who_it_is_or_why_a_finger_is_missing(tmp_path: Path) -> None:
    secrets = (b"SITI AMINAH", b"3404016512470001", b"amputated", b"PIXELS", b"TEMPLATE")
    with opened(tmp_path, Centre()) as journal:
        recording = journal.begin(secrets[0] + b" " + secrets[1], ticket=3)
        recording.record(
            Item(EntryKind.FRAME, secrets[3] * 50, "image/png", THUMB, 1),
            Item(EntryKind.TEMPLATE, secrets[4] * 50, position=THUMB),
            Item(EntryKind.DECISION, secrets[2], position=THUMB, outcome=Outcome.EXCEPTION),
        )
        recording.close(secrets[0])
        for path in tmp_path.rglob("*"):
            data = path.read_bytes() if path.is_file() else b""
            assert not [secret for secret in secrets if secret in data], path


@pytest.mark.parametrize(
    "wrong",
    [
        {"code": "Siti"},
        {"code": "3404016512470001"},
        {"code": "x" * 41},
        {"score": 101},
        {"attempt": 0},
        {"position": 3},
        {"media": "name of somebody"},
        {"payload": "text"},
        {"outcome": Outcome.ACCEPT},
    ],
)
def test_a_clear_field_takes_no_free_text(wrong: dict[str, object]) -> None:
    with pytest.raises(JournalStateError):
        Item(EntryKind.EVENT, **wrong)  # type: ignore[arg-type]


def test_order_survives_a_clock_that_jumps_back_a_year(tmp_path: Path) -> None:
    centre, clock = Centre(), FakeClock()
    with opened(tmp_path, centre, clock) as journal:
        journal.begin().close()
    clock.utc -= timedelta(days=365)
    clock.boot, clock.monotonic_ns = "second", 0
    with opened(tmp_path, centre, clock) as journal:
        journal.begin().close()
        first, second = (
            [Head.from_bytes(e.head) for e in journal._index.entries(r.resident)] for r in journal._index.rows()
        )
        assert journal.verify() == []
    assert [head.sequence for head in first + second] == [1, 2, 3, 4, 5, 6]
    assert [head.behind_s for head in first] == [0, 0, 0]
    assert all(365 * 86400 - 60 < head.behind_s < 365 * 86400 for head in second)
    assert all(head.utc < first[0].utc for head in second)
    assert {head.boot for head in second} == {"second"}
    assert second[-1].monotonic_ns < first[0].monotonic_ns


def test_two_stations_never_write_into_one_journal(tmp_path: Path) -> None:
    centre = Centre()
    with opened(tmp_path, centre), pytest.raises(JournalBusyError, match="another process"):
        opened(tmp_path, centre)
    opened(tmp_path, centre).close()


def test_a_closed_journal_and_a_closed_resident_take_nothing(tmp_path: Path) -> None:
    journal = opened(tmp_path, Centre())
    recording = journal.begin()
    with pytest.raises(JournalStateError, match="nothing to record"):
        recording.record()
    with pytest.raises(JournalStateError, match="own affair"):
        recording.record(Item(EntryKind.CLOSE))
    recording.close()
    with pytest.raises(JournalStateError, match="closed"):
        recording.close()
    with pytest.raises(JournalStateError, match="closed"):
        recording.record(Item(EntryKind.EVENT, code="paused"))
    with pytest.raises(JournalStateError, match="closed"):
        journal.resume(recording.resident)
    with pytest.raises(JournalStateError, match="no resident"):
        journal.resume("f" * 32)
    journal.close()
    journal.close()
    with pytest.raises(JournalClosedError):
        journal.begin()


def test_threads_share_a_journal_without_a_gap(tmp_path: Path) -> None:
    with opened(tmp_path, Centre()) as journal:

        def enrol() -> None:
            recording = journal.begin()
            for position in PLAN[:4]:
                recording.record(*finger_items(position, size=200))
            recording.close()

        threads = [threading.Thread(target=enrol) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert journal.verify() == []
        assert journal.head[0] == 4 * (2 + 16 + 1)


def test_a_journal_of_version_1_is_brought_to_the_present_with_all_it_holds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    centre = Centre()
    with opened(tmp_path, centre) as journal:
        done, half = journal.begin(ticket=1), journal.begin(ticket=2)
        done.record(*finger_items(THUMB))
        done.close()
        half.record(*finger_items(THUMB))
        before = [(e.sequence, e.link) for e in journal._index.entries()]
        digest = journal._index.row(done.resident)
        assert digest is not None
    downgrade_to_version_1(tmp_path)
    with opened(tmp_path, centre) as journal:
        assert journal._index._db.execute("PRAGMA user_version").fetchone()[0] == VERSION == len(MIGRATIONS) == 4
        assert [(e.sequence, e.link) for e in journal._index.entries()] == before
        assert journal._index.row(done.resident) == digest
        assert journal.verify() == []
        journal.resume(half.resident).close()


def downgrade_to_version_1(folder: Path) -> None:
    """Make the index as version 1 made it: its own tables, with the rows that it would have had."""
    present = Index(folder / "index.db", folder / "records")
    residents = [(r.resident, r.opened, r.ticket, r.length, r.closed) for r in present.rows()]
    entries = [
        (e.sequence, e.resident, e.ordinal, e.position, e.length, e.head, e.body_digest, e.link)
        for e in present.entries()
    ]
    present.close()
    (folder / "index.db").unlink()
    old = Index(folder / "index.db", folder / "records", upto=1)
    assert old._db.execute("PRAGMA user_version").fetchone()[0] == 1
    old._db.executemany("INSERT INTO residents VALUES (?, ?, ?, ?, ?)", residents)
    old._db.executemany("INSERT INTO entries VALUES (?, ?, ?, ?, ?, ?, ?, ?)", entries)
    old.close()


def test_the_numbers_of_positions_mean_the_same_in_the_heads(tmp_path: Path) -> None:
    with opened(tmp_path, Centre()) as journal:
        recording = journal.begin()
        (head,) = recording.record(Item(EntryKind.EVENT, position=EyePosition.LEFT, code="paused"))
    assert (head.position, head.code) == ("eye:2", "paused")


def test_importing_the_station_loads_no_driver_and_no_door() -> None:
    code = "import sys, biocore.station; print(*sorted({name.split('.')[0] for name in sys.modules}))"
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not set(answer.stdout.split()) & {
        *("biocore_drivers", "biocore_bindings", "typer", "usb", "onnxruntime", "httpx", "fastapi"),
    }
