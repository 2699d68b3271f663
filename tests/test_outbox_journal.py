"""A record goes only on the centre's signed receipt; afterwards the chain is as whole as before, and as provable."""

from __future__ import annotations

import json
import os
import shutil
import signal
import sqlite3
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from biocore.errors import JournalClosedError, ReceiptError
from biocore.station import Journal, Receipt, Way, issue_receipt, read_receipt
from biocore.station.disk import Disk
from biocore.station.handover import read_handed_over, receipt_path
from biocore.station.index import MIGRATIONS, VERSION, Index
from biocore.station.record_file import record_path
from biocore.types import FingerPosition
from journal_support import NOON, SMALL_RESERVE, Centre, FakeClock, FaultyDisk, finger_items

THUMB = FingerPosition.RIGHT_THUMB
SIGNER = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
RECEIPT = issue_receipt(SIGNER, "a" * 32, "b" * 32, "c" * 64, 5, NOON)


def opened(folder: Path, centre: Centre, disk: Disk | None = None) -> Journal:
    return Journal(folder, centre.key(), clock=FakeClock(), disk=disk, reserve=SMALL_RESERVE)


def residents(journal: Journal, count: int) -> list[str]:
    names = []
    for number in range(count):
        recording = journal.begin(ticket=number)
        recording.record(*finger_items(THUMB, seed=number))
        recording.close()
        names.append(recording.resident)
    return names


def signed(centre: Centre, journal: Journal, resident: str) -> Receipt:
    row = journal.row(resident)
    assert row is not None
    assert row.digest is not None
    return issue_receipt(centre.signer, journal.journal_id, resident, row.digest, row.length, NOON)


def chain(journal: Journal) -> list[tuple[object, ...]]:
    return [(e.sequence, e.link, e.position, e.length, e.head, e.body_digest) for e in journal._index.entries()]


def test_a_record_that_was_signed_for_is_removed_and_the_chain_stays_provable(tmp_path: Path) -> None:
    centre = Centre()
    with opened(tmp_path, centre) as journal:
        names = residents(journal, 3)
        before, head = chain(journal), journal.head
        assert journal.hand_over(signed(centre, journal, names[1]), Way.STICK)
        assert not journal.hand_over(signed(centre, journal, names[1]), Way.LINE)  # the same once more is no news
        assert not record_path(journal.records, names[1]).exists()
        assert (chain(journal), journal.head) == (before, head)
        assert journal.verify() == []
        assert [row.resident for row in journal.waiting()] == [names[0], names[2]]
    with opened(tmp_path, centre) as journal:
        assert journal.recovery.flaws == ()
        assert journal.verify() == []
        assert (chain(journal), journal.head) == (before, head)
        row = journal.row(names[1])
        assert row is not None
        assert read_handed_over(row.receipt or "").way is Way.STICK


@pytest.mark.parametrize("harm", ["gone", "not SQLite"])
def test_an_index_made_anew_knows_the_receipts_and_has_the_same_chain(tmp_path: Path, harm: str) -> None:
    centre = Centre()
    with opened(tmp_path, centre) as journal:
        draft = journal.begin()
        names = residents(journal, 4)
        draft.record(*finger_items(THUMB))
        for name in names[:3]:
            journal.hand_over(signed(centre, journal, name))
        before, rows = chain(journal), list(journal._index.rows())
    if harm == "gone":
        (tmp_path / "index.db").unlink()
    else:
        (tmp_path / "index.db").write_bytes(b"x" * 9000)
    with opened(tmp_path, centre) as journal:
        assert journal.recovery.flaws == ()
        assert chain(journal) == before
        assert list(journal._index.rows()) == rows
        assert journal.verify() == []
        assert [row.resident for row in journal.waiting()] == names[3:]
        journal.resume(draft.resident).close()


def test_an_index_made_anew_when_every_record_was_handed_over(tmp_path: Path) -> None:
    centre = Centre()
    with opened(tmp_path, centre) as journal:
        for name in residents(journal, 2):
            journal.hand_over(signed(centre, journal, name))
        before = chain(journal)
    (tmp_path / "index.db").unlink()
    with opened(tmp_path, centre) as journal:
        assert chain(journal) == before
        assert journal.begin().ordinal == 2
        assert journal.verify() == []


def test_a_receipt_file_that_was_lost_is_made_anew_from_the_index(tmp_path: Path) -> None:
    centre = Centre()
    with opened(tmp_path, centre) as journal:
        (name,) = residents(journal, 1)
        journal.hand_over(signed(centre, journal, name))
        path = receipt_path(journal.receipts, name)
        before = path.read_bytes()
        path.unlink()
    with opened(tmp_path, centre) as journal:
        assert path.read_bytes() == before
        assert journal.verify() == []


@pytest.mark.parametrize("harm", ["bit", "cut", "gone", "link"])
def test_a_receipt_file_that_is_damaged_is_named_and_written_again_from_the_index(tmp_path: Path, harm: str) -> None:
    """The index could not be made anew without it, so it must not rot unseen."""
    centre = Centre()
    with opened(tmp_path, centre) as journal:
        (name,) = residents(journal, 1)
        journal.hand_over(signed(centre, journal, name))
        path = receipt_path(journal.receipts, name)
        before = path.read_bytes()
        assert journal.verify() == []
        path.unlink()
        if harm in ("bit", "cut"):
            path.write_bytes(before[:-1] + (b"~" if harm == "bit" else b""))
        elif harm == "link":
            path.symlink_to("/dev/zero")
        (flaw,) = journal.verify()
        assert (flaw.resident, "receipt's file is missing or damaged" in flaw.what) == (name, True)
    with Journal(tmp_path, centre.key(), clock=FakeClock(), reserve=SMALL_RESERVE, closely=True) as journal:
        assert (path.read_bytes(), path.is_symlink()) == (before, False)
        assert journal.verify() == []


@pytest.mark.parametrize("what", ["forged", "other centre", "digest", "size", "journal", "resident", "unfinished"])
def test_a_receipt_that_is_not_the_centres_word_for_this_record_removes_nothing(tmp_path: Path, what: str) -> None:
    centre, other = Centre(), Centre()
    with opened(tmp_path, centre) as journal:
        (name,) = residents(journal, 1)
        draft = journal.begin()
        draft.record(*finger_items(THUMB))
        good = signed(centre, journal, name)
        values: dict[str, object] = {
            "journal": good.journal,
            "resident": name,
            "sha256": good.sha256,
            "size": good.size,
        }
        changes: dict[str, dict[str, object]] = {
            "digest": {"sha256": "0" * 64},
            "size": {"size": good.size + 1},
            "journal": {"journal": "0" * 32},
            "resident": {"resident": "0" * 32},
            "unfinished": {"resident": draft.resident, "size": draft.length},
        }
        signer = other.signer if what == "other centre" else centre.signer
        receipt = issue_receipt(signer, time=NOON, **(values | changes.get(what, {})))  # type: ignore[arg-type]
        if what == "forged":
            receipt = replace(receipt, time=NOON + timedelta(days=1))
        with pytest.raises(ReceiptError) as caught:
            journal.hand_over(receipt)
        assert caught.value.code.startswith("receipt_")
        assert record_path(journal.records, name).exists()
        assert list(journal.receipts.iterdir()) == []
        assert journal.verify() == []
        assert [row.resident for row in journal.waiting()] == [name]


@pytest.mark.parametrize("harm", ["no receipt", "altered", "other centre", "other hash", "no JSON"])
def test_a_record_that_is_gone_without_a_valid_receipt_is_named(tmp_path: Path, harm: str) -> None:
    centre = Centre()
    with opened(tmp_path, centre) as journal:
        names = residents(journal, 2)
        journal.hand_over(signed(centre, journal, names[0]))
        row = journal.row(names[0])
        assert row is not None
        values = json.loads(row.receipt or "")
        values["receipt"] = {
            "no receipt": None,
            "altered": values["receipt"] | {"time": NOON.replace(year=2020).isoformat()},
            "other centre": read_receipt(values["receipt"]).to_values() | {"centre": "00" * 32, "signature": "00" * 64},
            "other hash": values["receipt"] | {"sha256": "0" * 64},
            "no JSON": {},
        }[harm]
        text = None if harm == "no receipt" else json.dumps(values)
        journal._index._db.execute("UPDATE residents SET receipt = ? WHERE resident = ?", (text, names[0]))
        (flaw,) = journal.verify()
        assert flaw.resident == names[0]
        assert "receipt" in flaw.what or "cannot be read" in flaw.what


def test_a_forged_receipt_put_on_the_disk_hides_no_missing_record(tmp_path: Path) -> None:
    """Somebody with the disk removes a record and writes a receipt for it, signed by himself."""
    centre, forger = Centre(), Centre()
    with opened(tmp_path, centre) as journal:
        (name,) = residents(journal, 1)
        good = signed(centre, journal, name)
        shutil.copytree(tmp_path, tmp_path.with_name("copy"))
        journal.hand_over(good)
        kept = json.loads(receipt_path(journal.receipts, name).read_bytes())
    folder = tmp_path.with_name("copy")
    record_path(folder / "records", name).unlink()
    forged = issue_receipt(forger.signer, good.journal, name, good.sha256, good.size, NOON)
    kept["receipt"] = forged.to_values() | {"centre": good.centre.hex()}
    receipt_path(folder / "receipts", name).write_text(json.dumps(kept))
    with opened(folder, centre) as journal:
        assert any("receipt is not valid" in flaw.what for flaw in journal.recovery.flaws)
        assert [flaw.resident for flaw in journal.verify()] == [name]


@pytest.mark.parametrize(
    ("point", "at"),
    [*[(p, 0) for p in ("write", "sync", "before_commit", "after_commit")], *[("sync_folder", n) for n in range(3)]],
)
@pytest.mark.parametrize("fault", ["kill", "torn kill", "EIO", "ENOSPC"])
def test_a_hand_over_cut_off_at_any_write_point_is_finished_or_undone_at_the_next_opening(
    tmp_path: Path, point: str, at: int, fault: str
) -> None:
    centre = Centre()
    with opened(tmp_path, centre) as journal:
        names = residents(journal, 2)
        receipt = signed(centre, journal, names[0])
        before = chain(journal)
    killed = "kill" in fault
    child = os.fork() if killed else 0
    if child == 0:
        disk = FaultyDisk("nothing", at, fault)
        journal = opened(tmp_path, centre, disk)
        disk.point = point
        try:
            journal.hand_over(receipt)
        except Exception:
            assert not killed
        finally:
            if killed:
                os._exit(1)
        journal.close()
    else:
        _, status = os.waitpid(child, 0)
        assert os.WIFSIGNALED(status)
        assert os.WTERMSIG(status) == signal.SIGKILL
    with opened(tmp_path, centre) as journal:
        assert journal.recovery.flaws == ()
        assert journal.verify() == []
        assert chain(journal) == before
        gone = not record_path(journal.records, names[0]).exists()
        assert gone is (journal.row(names[0]).receipt is not None)  # type: ignore[union-attr]
        assert gone is receipt_path(journal.receipts, names[0]).exists()
        assert not list(journal.receipts.glob("*.new"))
        journal.hand_over(receipt)
        assert not record_path(journal.records, names[0]).exists()
        assert journal.verify() == []


def test_a_hand_over_that_fails_does_not_stop_the_recording(tmp_path: Path) -> None:
    centre = Centre()
    disk = FaultyDisk("nothing", 0, "EIO")
    with opened(tmp_path, centre, disk) as journal:
        (name,) = residents(journal, 1)
        disk.point = "before_commit"
        with pytest.raises(Exception, match="failed"):
            journal.hand_over(signed(centre, journal, name))
        disk.point = "nothing"
        (second,) = residents(journal, 1)
        assert journal.hand_over(signed(centre, journal, name))
        assert [row.resident for row in journal.waiting()] == [second]
        assert journal.verify() == []


def test_a_full_disk_does_not_stop_what_makes_room(tmp_path: Path) -> None:
    """The reserve was given up for a resident, and the disk is full: the last piece of it is for the receipt."""
    centre = Centre()
    with Journal(tmp_path, centre.key(), clock=FakeClock(), reserve=1 << 20) as journal:
        (name,) = residents(journal, 1)
        assert journal._space.give_up()
        assert not journal._space.give_up()  # nothing more of it for residents
        assert (tmp_path / "reserve").stat().st_size == 1 << 17
        full = FaultyDisk("write", 0, "ENOSPC")
        journal._disk = full
        assert journal.hand_over(signed(centre, journal, name))
        assert full.calls == 2  # once more, after the last piece was given up
        assert (tmp_path / "reserve").stat().st_size == 0


@pytest.mark.parametrize("version", [1, 2])
def test_a_journal_of_an_older_version_can_hand_over(tmp_path: Path, version: int) -> None:
    centre = Centre()
    with opened(tmp_path, centre) as journal:
        names = residents(journal, 2)
        draft = journal.begin()
        before, rows = chain(journal), list(journal._index.rows())
    downgrade(tmp_path, version)
    with opened(tmp_path, centre) as journal:
        assert journal._index._db.execute("PRAGMA user_version").fetchone()[0] == VERSION == len(MIGRATIONS)
        assert chain(journal) == before
        assert list(journal._index.rows()) == rows
        assert [row.resident for row in journal.waiting()] == names
        journal.hand_over(signed(centre, journal, names[0]))
        journal.resume(draft.resident).close()
        assert journal.verify() == []


def downgrade(folder: Path, version: int) -> None:
    """Make the index, and the folder, as an older version made them, with the rows that it would have had."""
    present = Index(folder / "index.db", folder / "records")
    columns = "resident, opened, ticket, length, closed" + (", digest" if version == 2 else "")
    rows = present._db.execute(f"SELECT {columns} FROM residents").fetchall()
    entries = present._db.execute("SELECT * FROM entries").fetchall()
    present.close()
    (folder / "index.db").unlink()
    (folder / "receipts").rmdir()
    old = Index(folder / "index.db", folder / "records", upto=version)
    old._db.executemany(f"INSERT INTO residents VALUES ({', '.join('?' * len(rows[0]))})", rows)
    old._db.executemany("INSERT INTO entries VALUES (?, ?, ?, ?, ?, ?, ?, ?)", entries)
    old.close()
    db = sqlite3.connect(folder / "index.db")
    assert db.execute("PRAGMA user_version").fetchone()[0] == version
    db.close()


def test_a_closed_journal_hands_nothing_over(tmp_path: Path) -> None:
    centre = Centre()
    journal = opened(tmp_path, centre)
    (name,) = residents(journal, 1)
    receipt = signed(centre, journal, name)
    journal.close()
    with pytest.raises(JournalClosedError):
        journal.hand_over(receipt)
    with pytest.raises(JournalClosedError):
        journal.waiting()


def test_a_receipt_says_what_it_says_and_nothing_else() -> None:
    assert read_receipt(RECEIPT.to_bytes()) == RECEIPT
    public = RECEIPT.centre
    RECEIPT.check(public, "a" * 32, "b" * 32, "c" * 64, 5)
    for number, changed in enumerate(
        [
            replace(RECEIPT, journal="d" * 32),
            replace(RECEIPT, resident="d" * 32),
            replace(RECEIPT, sha256="d" * 64),
            replace(RECEIPT, size=6),
            replace(RECEIPT, time=NOON + timedelta(microseconds=1)),
        ]
    ):
        with pytest.raises(ReceiptError, match="forged or damaged"):
            changed.check(public, changed.journal, changed.resident, changed.sha256, changed.size)
        assert number < 5


@given(st.binary(max_size=600))
def test_no_bytes_make_a_receipt_by_accident(data: bytes) -> None:
    with pytest.raises(ReceiptError, match="no receipt"):
        read_receipt(data)


@given(st.integers(0, 10_000), st.integers(1, 255))
def test_a_receipt_with_any_byte_changed_is_refused(at: int, change: int) -> None:
    data = bytearray(RECEIPT.to_bytes())
    data[at % len(data)] ^= change
    with pytest.raises(ReceiptError):
        read_receipt(bytes(data)).check(RECEIPT.centre, "a" * 32, "b" * 32, "c" * 64, 5)


@pytest.mark.parametrize("spelling", ["2026-03-02T12:00:00Z", "2026-03-02T19:00:00+07:00", "2026-03-02T12:00:00"])
def test_what_is_signed_has_one_spelling(spelling: str) -> None:
    values = RECEIPT.to_values()
    assert values["time"] == "2026-03-02T12:00:00+00:00"
    for changed in ({"time": spelling}, {"signature": values["signature"].upper()}, {"size": True}):
        with pytest.raises(ReceiptError):
            read_receipt(values | changed)


@given(st.dictionaries(st.sampled_from(sorted(RECEIPT.to_values())), st.one_of(st.none(), st.integers(), st.text())))
def test_wrong_values_in_a_receipt_are_named(changes: dict[str, object]) -> None:
    values = RECEIPT.to_values() | changes
    if values == RECEIPT.to_values():
        return
    with pytest.raises(ReceiptError):
        read_receipt(json.dumps(values).encode()).check(RECEIPT.centre, "a" * 32, "b" * 32, "c" * 64, 5)
