"""A stick to the centre and back: what is wrong with it is named and refused, and nothing goes without a receipt."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from biocore.errors import ReceiptError, StickError
from biocore.station import Journal, export_records, import_receipts, read_receipt, read_record, stick
from biocore.station.disk import Disk
from biocore.station.record_file import record_path
from biocore.station.stick import FOLDER, MANIFEST
from biocore_bindings.centre_faults import Fault, FaultKind, spoil
from biocore_bindings.centre_stick import import_stick
from biocore_bindings.centre_store import Limits
from journal_support import FaultyDisk
from outbox_support import World, alter, enrol, record_bytes, world


@pytest.fixture
def w(tmp_path: Path) -> Iterator[World]:
    with world(tmp_path) as made:
        (tmp_path / "stick").mkdir()
        yield made


def put(journal: Journal, stick: Path, disk: Disk | None = None) -> stick.Exported:
    return export_records(journal, stick, disk=disk, own_disk=True)


def code_of(function: object, *arguments: object) -> str:
    with pytest.raises(StickError) as caught:
        function(*arguments)  # type: ignore[operator]
    assert caught.value.advice
    return caught.value.code


def test_there_and_back_and_only_then_is_anything_removed(w: World) -> None:
    journal, carried = w.journal(), w.folder / "stick"
    names = enrol(journal, 3)
    sent = {name: record_bytes(journal, name) for name in names}
    exported = put(journal, carried)
    assert (exported.written, exported.present, exported.left, exported.damaged) == (3, 0, 0, ())
    assert exported.bytes == sum(map(len, sent.values()))
    assert all(record_bytes(journal, name) == sent[name] for name in names)
    assert journal.backlog()[0] == 3
    assert import_receipts(journal, carried) == stick.Fetched(0, 0, 3, ())  # the centre has not seen it yet
    imported = import_stick(w.store, carried)
    assert (imported.taken, imported.known, imported.refused) == (3, 0, ())
    for name in names:
        assert read_record(w.store.path(journal.journal_id, name), w.centre.opener)
        assert record_bytes(journal, name) == sent[name]  # a stick that is still under way removes nothing
    fetched = import_receipts(journal, carried)
    assert fetched == stick.Fetched(3, 0, 0, ())
    assert journal.backlog() == (0, 0)
    assert journal.verify() == []
    assert list(journal.records.iterdir()) == []


def test_two_stations_share_one_stick(w: World) -> None:
    first, second, carried = w.journal("first"), w.journal("second"), w.folder / "stick"
    ours, theirs = enrol(first, 2), enrol(second, 3)
    put(first, carried)
    put(second, carried)
    assert import_stick(w.store, carried).taken == 5
    assert {name for name, _ in w.store.records(first.journal_id)} == set(ours)
    assert {name for name, _ in w.store.records(second.journal_id)} == set(theirs)
    assert import_receipts(first, carried) == stick.Fetched(2, 0, 0, ())
    assert second.backlog()[0] == 3  # the other's receipts are left alone
    assert import_receipts(second, carried) == stick.Fetched(3, 0, 0, ())
    assert first.verify() == second.verify() == []


def test_the_same_record_twice_by_stick_and_by_line_arrives_once(w: World) -> None:
    journal, carried = w.journal(), w.folder / "stick"
    names = enrol(journal, 2)
    put(journal, carried)
    again = put(journal, carried)
    assert (again.written, again.present) == (0, 2)
    assert import_stick(w.store, carried).taken == 2
    assert import_stick(w.store, carried) == import_stick(w.store, carried)
    twice = import_stick(w.store, carried)
    assert (twice.taken, twice.known, twice.refused) == (0, 2, ())
    assert w.outbox(journal).drain().waiting == 0  # by line as well: the centre answers with the same receipts
    assert w.store.count() == 2
    assert import_receipts(journal, carried) == stick.Fetched(0, 2, 0, ())
    assert {name for name, _ in w.store.records(journal.journal_id)} == set(names)


def test_what_the_line_refuses_can_go_by_stick_and_is_not_held_against_anybody(w: World) -> None:
    journal, carried = w.journal(), w.folder / "stick"
    enrol(journal, 2)
    w.faults.ask(Fault(FaultKind.TOO_LARGE))
    outbox = w.outbox(journal)
    assert [problem.code for problem in outbox.drain().set_aside] == ["record_size"]
    put(journal, carried)
    import_stick(w.store, carried)
    assert import_receipts(journal, carried).taken == 1
    status = outbox.status()
    assert (status.waiting, status.set_aside, status.next_try, status.sent_today) == (0, (), None, 2)


def test_a_second_export_brings_what_is_new_and_clears_what_was_signed_for(w: World) -> None:
    journal, carried = w.journal(), w.folder / "stick"
    first = enrol(journal, 2)
    put(journal, carried)
    import_stick(w.store, carried)
    import_receipts(journal, carried)
    second = enrol(journal, 1)
    assert put(journal, carried).written == 1
    records = carried / FOLDER / journal.journal_id / "records"
    assert [path.stem for path in records.iterdir()] == second
    assert import_stick(w.store, carried).refused == ()
    assert import_receipts(journal, carried).taken == 1
    assert {name for name, _ in w.store.records(journal.journal_id)} == {*first, *second}


@pytest.mark.parametrize(
    ("harm", "code"),
    [
        ("missing", "stick_file_missing"),
        ("shorter", "stick_file_torn"),
        ("one bit", "stick_file_altered"),
        ("leads elsewhere", "stick_file_altered"),
        ("unlisted", "stick_file_unlisted"),
    ],
)
def test_a_file_of_the_stick_that_is_not_as_it_was_written_is_named_and_the_others_are_taken(
    w: World, harm: str, code: str
) -> None:
    journal, carried = w.journal(), w.folder / "stick"
    names = enrol(journal, 3)
    put(journal, carried)
    path = record_path(carried / FOLDER / journal.journal_id / "records", names[1])
    if harm == "missing":
        path.unlink()
    elif harm == "shorter":
        path.write_bytes(path.read_bytes()[:-7])
    elif harm == "one bit":
        alter(path, 777)
    elif harm == "leads elsewhere":
        path.rename(w.folder / "elsewhere")
        path.symlink_to(w.folder / "elsewhere")
    else:
        path.with_name(f"{'0' * 32}.record").write_bytes(path.read_bytes())
    imported = import_stick(w.store, carried)
    assert [error.code for error in imported.refused] == [code]
    extra = harm == "unlisted"
    assert imported.taken == (3 if extra else 2)
    assert ("0" * 32 if extra else names[1]) in str(imported.refused[0])
    fetched = import_receipts(journal, carried)
    assert (fetched.taken, fetched.missing) == ((3, 0) if extra else (2, 1))
    if not extra:  # the station still has it, and the next export puts it right
        path.unlink(missing_ok=True)
        assert put(journal, carried).written == 1
        assert import_stick(w.store, carried).refused == ()
        assert import_receipts(journal, carried).taken == 1
    assert journal.backlog()[0] == 0


@pytest.mark.parametrize("harm", ["torn", "one line less", "gone", "other folder"])
def test_a_manifest_that_is_torn_altered_or_missing_is_named_and_exporting_again_mends_it(w: World, harm: str) -> None:
    journal, other, carried = w.journal(), w.journal("other"), w.folder / "stick"
    enrol(journal, 2)
    enrol(other, 1)
    put(journal, carried)
    put(other, carried)
    folder = carried / FOLDER / journal.journal_id
    manifest = folder / MANIFEST
    if harm == "torn":
        manifest.write_bytes(manifest.read_bytes()[:-50])
    elif harm == "one line less":
        values = json.loads(manifest.read_bytes())
        values["records"].pop()
        manifest.write_text(json.dumps(values))
    elif harm == "gone":
        manifest.unlink()
    else:
        shutil.copy(carried / FOLDER / other.journal_id / MANIFEST, manifest)
    imported = import_stick(w.store, carried)
    assert imported.taken == 1  # the other station's
    assert [error.code for error in imported.refused] == ["stick_unfinished" if harm == "gone" else "stick_manifest"]
    assert code_of(import_receipts, journal, carried) in ("stick_unfinished", "stick_manifest")
    assert put(journal, carried).present == 2
    assert import_stick(w.store, carried).taken == 2


@pytest.mark.parametrize("kind", ["forged", "other centre", "other record", "torn", "swapped"])
def test_a_receipt_on_a_stick_that_is_not_right_is_refused_and_the_others_count(w: World, kind: str) -> None:
    journal, carried = w.journal(), w.folder / "stick"
    names = sorted(enrol(journal, 3))
    put(journal, carried)
    import_stick(w.store, carried)
    receipts = carried / FOLDER / journal.journal_id / "receipts"
    path, good = receipts / f"{names[1]}.receipt", read_receipt((receipts / f"{names[1]}.receipt").read_bytes())
    spoiled = {
        "forged": FaultKind.FORGED_RECEIPT,
        "other centre": FaultKind.FOREIGN_RECEIPT,
        "other record": FaultKind.WRONG_RECEIPT,
    }
    if kind in spoiled:
        path.write_bytes(spoil(good, spoiled[kind], w.centre.signer).to_bytes())
    elif kind == "torn":
        path.write_bytes(path.read_bytes()[:100])
    else:
        path.write_bytes((receipts / f"{names[0]}.receipt").read_bytes())
    fetched = import_receipts(journal, carried)
    assert (fetched.taken, fetched.missing) == (2, 1)
    (error,) = fetched.refused
    assert isinstance(error, ReceiptError)
    assert error.code.startswith("receipt_")
    assert names[1] in str(error)
    assert [row.resident for row in journal.waiting()] == [names[1]]
    assert record_path(journal.records, names[1]).exists()


def test_another_journals_record_under_our_name_is_refused_by_the_centre(w: World) -> None:
    """Somebody with the stick exchanges one record, and makes a manifest that fits."""
    journal, other, carried = w.journal(), w.journal("other"), w.folder / "stick"
    (ours,), (theirs,) = enrol(journal), enrol(other)
    put(journal, carried)
    folder = carried / FOLDER / journal.journal_id
    data = record_bytes(other, theirs)
    record_path(folder / "records", ours).write_bytes(data)
    values = json.loads((folder / MANIFEST).read_bytes())
    values["records"] = [[ours, hashlib.sha256(data).hexdigest(), len(data)]]
    values["sha256"] = stick._digest_of(values["records"])
    (folder / MANIFEST).write_text(json.dumps(values))
    imported = import_stick(w.store, carried)
    assert [error.code for error in imported.refused] == ["record_record"]
    assert theirs in str(imported.refused[0])
    assert w.store.count() == 0


@pytest.mark.parametrize("point", ["write", "sync", "sync_folder"])
@pytest.mark.parametrize(
    ("fault", "code"),
    [("ENOSPC", "stick_full"), ("EIO", "stick_gone"), ("torn", "stick_gone"), ("EROFS", "stick_read_only")],
)
def test_it_is_called_exported_only_when_every_wait_has_succeeded(w: World, point: str, fault: str, code: str) -> None:
    """Each write and each wait of an export fails once; the next export with the same stick completes it."""
    journal, carried = w.journal(), w.folder / "stick"
    enrol(journal, 2)
    probe = FaultyDisk(point, 10**6, fault)
    put(journal, w.folder / "stick", probe)
    calls = probe.calls
    assert calls >= 3
    for at in range(calls):
        shutil.rmtree(carried)
        carried.mkdir()
        assert code_of(put, journal, carried, FaultyDisk(point, at, fault)) == code
        assert journal.backlog()[0] == 2
        exported = put(journal, carried)
        assert exported.written + exported.present == 2
        assert not list(carried.rglob("*.part"))
    assert import_stick(w.store, carried).taken == 2


@pytest.mark.parametrize("point", ["write", "sync", "sync_folder"])
def test_a_stick_pulled_out_at_the_centre_is_named_and_the_same_stick_goes_on(w: World, point: str) -> None:
    journal, carried = w.journal(), w.folder / "stick"
    enrol(journal, 2)
    put(journal, carried)
    for at in range(2):
        disk = FaultyDisk(point, at, "EIO")
        with pytest.raises(StickError, match="pulled out"):
            import_stick(w.store, carried, disk=disk)
    imported = import_stick(w.store, carried)
    assert imported.taken + imported.known == 2
    assert w.store.count() == 2
    assert import_receipts(journal, carried).taken == 2


class PulledOut(Disk):
    """A stick that is gone from a write on: its folder is not there any more."""

    def __init__(self, stick: Path, at: int) -> None:
        self.stick, self.left = stick, at

    def append(self, path: Path, offset: int, data: bytes) -> None:
        self.left -= 1
        if self.left < 0 and self.stick.exists():
            self.stick.rename(self.stick.with_name("pulled out"))
        super().append(path, offset, data)


@pytest.mark.parametrize("at", [0, 1, 2])
def test_a_stick_pulled_out_while_the_station_writes_is_named(w: World, at: int) -> None:
    journal, carried = w.journal(), w.folder / "stick"
    enrol(journal, 2)
    assert code_of(put, journal, carried, PulledOut(carried, at)) == "stick_gone"
    assert journal.backlog()[0] == 2
    assert code_of(put, journal, carried) == "stick_gone"  # not there at all
    (w.folder / "pulled out").rename(carried)
    imported = import_stick(w.store, carried)
    assert imported.taken == 0
    assert {error.code for error in imported.refused} == {"stick_unfinished"}
    assert put(journal, carried).written + put(journal, carried).present >= 2
    assert import_stick(w.store, carried).taken == 2


class Forgetful(Disk):
    """A stick that says it has written, and gives back something else."""

    def append(self, path: Path, offset: int, data: bytes) -> None:
        super().append(path, offset, data[:-1] + bytes([data[-1] ^ 1]))


def test_a_stick_that_gives_back_other_bytes_is_named(w: World) -> None:
    journal, carried = w.journal(), w.folder / "stick"
    enrol(journal)
    assert code_of(put, journal, carried, Forgetful()) == "stick_damaged"


def test_a_stick_that_is_not_mounted_is_not_the_stations_own_disk(w: World) -> None:
    journal = w.journal()
    enrol(journal)
    assert code_of(export_records, journal, w.folder / "stick") == "stick_not_mounted"
    assert list((w.folder / "stick").iterdir()) == []
    assert code_of(import_receipts, journal, w.folder / "stick") == "stick_of_another_station"
    assert code_of(import_stick, w.store, w.folder / "stick") == "stick_empty"


def test_a_damaged_record_is_not_exported_and_is_named(w: World) -> None:
    journal, carried = w.journal(), w.folder / "stick"
    names = enrol(journal, 2)
    alter(record_path(journal.records, names[0]), 500)
    exported = put(journal, carried)
    assert (exported.written, exported.damaged) == (1, (names[0],))


def test_a_record_too_large_for_the_centre_is_refused_before_it_is_read(tmp_path: Path) -> None:
    with world(tmp_path, limits=Limits(record_bytes=2000)) as w:
        (tmp_path / "stick").mkdir()
        journal = w.journal()
        enrol(journal, 1, size=5000)
        put(journal, tmp_path / "stick")
        assert [error.code for error in import_stick(w.store, tmp_path / "stick").refused] == ["record_size"]


@pytest.fixture
def small_stick(tmp_path: Path) -> Iterator[Path]:
    """Mount a file system of 2 MB, where the system lets us."""
    folder = tmp_path / "small"
    folder.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(folder)], capture_output=True)
    if mounted.returncode:
        pytest.skip("only root can mount a small disk; faults are injected in the tests above")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


def test_a_stick_that_is_really_too_small_takes_the_oldest_and_says_what_is_left(w: World, small_stick: Path) -> None:
    journal = w.journal()
    names = enrol(journal, 4, size=300_000)
    exported = export_records(journal, small_stick)  # a stick of its own: no word about the station's disk
    assert (exported.written, exported.left) == (3, 1)
    assert import_stick(w.store, small_stick).taken == 3
    assert {name for name, _ in w.store.records(journal.journal_id)} == set(names[:3])
    import_receipts(journal, small_stick)
    assert export_records(journal, small_stick).written == 1  # what was signed for has made room
    (small_stick / "somebody elses").write_bytes(bytes(300_000))
    shutil.rmtree(small_stick / FOLDER)
    (small_stick / "more").write_bytes(bytes(700_000))
    assert code_of(export_records, journal, small_stick) == "stick_full"


def test_every_error_number_of_a_stick_has_a_name(tmp_path: Path) -> None:
    for number in (errno.ENOSPC, errno.EIO, errno.ENODEV, errno.EROFS, errno.EACCES, errno.EINVAL):
        error = stick.stick_error(OSError(number, os.strerror(number)), tmp_path)
        assert error.code.startswith("stick")
        assert "nothing was removed" in error.advice


class Snapshots(Disk):
    """A stick that keeps in mind which names it had been told to keep."""

    def __init__(self) -> None:
        self.names: dict[str, set[str]] = {}

    def sync_folder(self, folder: Path) -> None:
        super().sync_folder(folder)
        self.names[folder.name] = {path.name for path in folder.iterdir()}


def test_when_it_says_exported_every_name_was_waited_for_and_so_with_receipts(w: World) -> None:
    journal, carried, disk = w.journal(), w.folder / "stick", Snapshots()
    names = enrol(journal, 2)
    put(journal, carried, disk)
    assert disk.names["records"] == {f"{name}.record" for name in names}
    assert disk.names[journal.journal_id] == {"records", MANIFEST}
    assert disk.names[FOLDER] == {journal.journal_id}
    assert FOLDER in disk.names["stick"]
    import_stick(w.store, carried, disk=disk)
    assert disk.names["receipts"] == {f"{name}.receipt" for name in names}
    assert disk.names[journal.journal_id] == {"records", "receipts", MANIFEST}
