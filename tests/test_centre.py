"""The small centre: what it signs for is whole, checked and on its disk; what it does not take, it names."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from biocore.errors import CentreKeyError
from biocore.station import Journal, Receipt, read_centre_key, read_receipt
from biocore.station.disk import Disk
from biocore.station.entry import Head
from biocore.station.record_file import entries, pack, record_path, store
from biocore_bindings.centre_faults import FaultKind
from biocore_bindings.centre_keys import create_centre_keys, read_opener, read_signer, renew_sealing_key
from biocore_bindings.centre_store import CentreStore, Limits, Parcel, RefusedError
from journal_support import NOON, Centre, FaultyDisk
from outbox_support import DAY, SimClock, World, enrol, record_bytes, run, world

httpx = pytest.importorskip("httpx")


@pytest.fixture
def w(tmp_path: Path) -> Iterator[World]:
    with world(tmp_path) as made:
        yield made


def parcel(journal: Journal, resident: str) -> Parcel:
    data = record_bytes(journal, resident)
    return Parcel(hashlib.sha256(data).hexdigest(), journal.journal_id, resident, len(data))


def forged(journal: str, resident: str, data: bytes) -> Parcel:
    return Parcel(hashlib.sha256(data).hexdigest(), journal, resident, len(data))


def request(
    w: World, method: str, path: str, body: bytes = b"", token: str | None = None, **headers: str
) -> tuple[int, Any, dict[str, str]]:
    own = {"Authorization": f"Bearer {token}"} if token else {}
    answer = httpx.request(
        method, f"{w.server.url}{path}", content=body, headers=own | headers, trust_env=False, timeout=5
    )
    return answer.status_code, answer.json(), dict(answer.headers)


def headers_of(p: Parcel, offset: int, data: bytes) -> dict[str, str]:
    digest = base64.b64encode(hashlib.sha256(data).digest()).decode()
    return {
        "Content-Range": f"bytes {offset}-{offset + len(data) - 1}/{p.size}",
        "Content-Digest": f"sha-256=:{digest}:",
        "Biocore-Journal": p.journal,
        "Biocore-Resident": p.resident,
    }


def test_the_protocol_as_docs_outbox_writes_it_down(w: World) -> None:
    """Word for word, with nothing of the station's: what another implementation would send and get."""
    journal, token = w.journal(), w.store.issue_token("desk 3")
    (name,) = enrol(journal, 1, size=3000)
    p, data = parcel(journal, name), record_bytes(journal, name)
    status, values, _ = request(w, "GET", "v1/centre")
    assert (status, values["kind"], values["centre"]) == (200, "biocore centre 1", w.store.public.hex())
    path = f"v1/records/{p.digest}"
    assert request(w, "GET", path, token=token)[:2] == (404, {"error": "unknown", "detail": ""})
    first, rest = data[:2000], data[2000:]
    assert request(w, "PUT", path, first, token, **headers_of(p, 0, first))[:2] == (202, {"offset": 2000})
    assert request(w, "GET", path, token=token)[:2] == (200, {"offset": 2000})
    status, values, _ = request(w, "PUT", path, first, token, **headers_of(p, 0, first))
    assert (status, values["error"], values["offset"]) == (409, "offset", 2000)
    status, values, _ = request(w, "PUT", path, rest, token, **headers_of(p, 2000, rest))
    assert status == 201
    read_receipt(values["receipt"]).check(w.store.public, journal.journal_id, name, p.digest, p.size)
    again = request(w, "PUT", path, first, token, **headers_of(p, 0, first))
    assert again[1] == values
    assert request(w, "GET", path, token=token)[:2] == (200, values)
    assert w.store.path(p.journal, name).read_bytes() == data


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"Content-Digest": "sha-256=:AAAA:"}, 400),
        ({"Content-Range": "bytes 0-9/5"}, 400),
        ({"Content-Range": "bytes x"}, 400),
        ({"Content-Range": "bytes 0-99999999/99999999"}, 400),
        ({"Biocore-Journal": "../../etc/passwd"}, 400),
        ({"Biocore-Resident": "A" * 32}, 400),
        ({"Authorization": "Bearer no"}, 401),
        ({"Authorization": "Basic no"}, 401),
    ],
)
def test_a_request_that_is_none_is_refused_and_leaves_nothing(w: World, change: dict[str, str], status: int) -> None:
    journal, token = w.journal(), w.store.issue_token("desk")
    (name,) = enrol(journal)
    p, data = parcel(journal, name), record_bytes(journal, name)
    headers = headers_of(p, 0, data) | change
    answer = request(w, "PUT", f"v1/records/{p.digest}", data, None if "Authorization" in change else token, **headers)
    assert answer[0] == status
    assert answer[1]["error"] in ("request", "token")
    assert list((w.store.folder / "incoming").iterdir()) == []
    assert w.store.count() == 0


def test_a_body_without_end_is_cut_off_at_the_limit(tmp_path: Path) -> None:
    with world(tmp_path, limits=Limits(chunk_bytes=10_000)) as w:
        token = w.store.issue_token("desk")
        p = Parcel("a" * 64, "b" * 32, "c" * 32, 50_000_000)
        status, values, _ = request(
            w, "PUT", f"v1/records/{p.digest}", bytes(30_000), token, **headers_of(p, 0, bytes(30_000))
        )
        assert (status, values["error"]) == (413, "chunk")
        short = headers_of(p, 0, bytes(100))
        assert request(w, "PUT", f"v1/records/{p.digest}", bytes(40_000_000), token, **short)[0] in (400, 413)
        assert w.store.count() == 0


def test_an_unknown_token_an_old_token_and_another_stations_journal_are_refused(w: World) -> None:
    journal = w.journal()
    first, second = enrol(journal, 2)
    old = w.store.issue_token("desk")
    new = w.store.issue_token("desk")
    other = w.store.issue_token("other desk")
    p, data = parcel(journal, first), record_bytes(journal, first)
    for token, status in (("", 401), (old, 401), (new, 201)):
        answer = request(w, "PUT", f"v1/records/{p.digest}", data, token or "x", **headers_of(p, 0, data))
        assert answer[0] == status
    p, data = parcel(journal, second), record_bytes(journal, second)
    status, values, _ = request(w, "PUT", f"v1/records/{p.digest}", data, other, **headers_of(p, 0, data))
    assert (status, values["error"]) == (403, "station")
    assert new not in (w.store.folder / "centre.db").read_bytes().decode("latin-1")


def test_one_resident_with_two_records_is_a_conflict_that_is_kept_in_mind(w: World) -> None:
    journal, copy = w.journal(), w.folder / "copy"
    draft = journal.begin()
    journal.close()
    import shutil

    shutil.copytree(journal.folder, copy)
    with w.journal() as one:
        one.resume(draft.resident).close(b"one")
        w.store.put("desk", parcel(one, draft.resident), 0, record_bytes(one, draft.resident))
    with w.journal("copy") as other:
        other.resume(draft.resident).close(b"other")
        second = parcel(other, draft.resident)
        with pytest.raises(RefusedError) as caught:
            w.store.put("desk", second, 0, record_bytes(other, draft.resident))
        assert (caught.value.status, caught.value.error) == (409, "conflict")
        assert w.store.conflicts() == [(second.journal, second.resident, second.digest)]
        status = w.outbox(other, w.link("desk")).drain()
        assert [problem.code for problem in status.set_aside] == ["record_conflict"]
        assert record_path(other.records, draft.resident).exists()


def test_a_station_whose_past_was_rewritten_is_found_by_its_links(w: World) -> None:
    """A copy of the journal goes on by itself: every entry of it is well, and it contradicts what is here."""
    import shutil

    journal = w.journal()
    enrol(journal, 1)
    journal.close()
    shutil.copytree(journal.folder, w.folder / "copy")
    with w.journal() as one, w.journal("copy") as other:
        (first,), (second,) = enrol(one, 1), enrol(other, 1)
        w.store.put("desk", parcel(one, first), 0, record_bytes(one, first))
        with pytest.raises(RefusedError, match="here already, in another record") as caught:
            w.store.put("desk", parcel(other, second), 0, record_bytes(other, second))
        assert (caught.value.status, caught.value.error) == (422, "record")
        third = enrol(other, 1)[0]
        with pytest.raises(RefusedError, match="does not follow"):
            w.store.put("desk", parcel(other, third), 0, record_bytes(other, third))


@pytest.mark.parametrize("harm", ["bit", "torn", "no end", "beginning", "twice", "other name", "empty entry"])
def test_a_record_that_is_not_whole_is_refused_though_its_hash_is_right(w: World, harm: str) -> None:
    journal = w.journal()
    (name,) = enrol(journal, 1)
    data = record_bytes(journal, name)
    whole = list(entries(data))
    changed = {
        "bit": data[:900] + bytes([data[900] ^ 1]) + data[901:],
        "torn": data[:-5],
        "no end": data[: whole[-1].offset],
        "beginning": data[whole[0].length :],
        "twice": data + data,
        "other name": data,
        "empty entry": data[: whole[1].offset] + data[whole[2].offset :],
    }[harm]
    resident = "0" * 32 if harm == "other name" else name
    p = forged(journal.journal_id, resident, changed)
    with pytest.raises(RefusedError) as caught:
        w.store.put("desk", p, 0, changed)
    assert (caught.value.status, caught.value.error) == (422, "record")
    assert list((w.store.folder / "incoming").iterdir()) == []
    assert w.store.put("desk", parcel(journal, name), 0, data)  # the true one is still welcome


@pytest.mark.parametrize("opens", [False, True])
def test_heads_forged_with_all_links_made_anew_are_found_by_a_centre_that_opens(tmp_path: Path, opens: bool) -> None:
    with world(tmp_path, opener=opens) as w:
        journal = w.journal()
        (name,) = enrol(journal, 1)
        made, prior, previous = b"", "", ""
        for entry in entries(record_bytes(journal, name)):
            values = {field: getattr(entry.head, field) for field in entry.head.__dataclass_fields__}
            if made:
                values |= {"prior": prior, "previous": previous}
            again = store(Head(**(values | {"score": 99 if values["score"] else None})), entry.body, len(made))
            prior = previous = again.link
            made += pack(again)
        p = forged(journal.journal_id, name, made)
        if opens:
            with pytest.raises(RefusedError, match="does not open"):
                w.store.put("desk", p, 0, made)
        else:
            assert isinstance(w.store.put("desk", p, 0, made), Receipt)  # why a centre should open, docs/outbox.md


def test_what_arrives_with_another_hash_is_thrown_away_and_asked_for_again(w: World) -> None:
    journal = w.journal()
    (name,) = enrol(journal, 1)
    p, data = parcel(journal, name), record_bytes(journal, name)
    with pytest.raises(RefusedError) as caught:
        w.store.put("desk", p, 0, data[:-1] + bytes([data[-1] ^ 1]))
    assert (caught.value.status, caught.value.offset) == (409, 0)
    assert isinstance(w.store.put("desk", p, 0, data), Receipt)


def test_a_quota_holds_for_each_station_and_day_and_says_when_to_come_back(tmp_path: Path) -> None:
    with world(tmp_path, limits=Limits(records_per_day=2)) as w:
        journal, other = w.journal(), w.journal("other")
        names, theirs = enrol(journal, 5), enrol(other, 1)
        for day in range(3):  # from noon to noon
            for name in names[2 * day : 2 * day + 2]:
                w.store.put("desk", parcel(journal, name), 0, record_bytes(journal, name))
            for name in names[2 * day + 2 :]:
                with pytest.raises(RefusedError) as caught:
                    w.store.put("desk", parcel(journal, name), 0, record_bytes(journal, name))
                assert (caught.value.status, caught.value.error) == (429, "quota")
                assert caught.value.after_s == 12 * 3600
            assert isinstance(
                w.store.put("other", parcel(other, theirs[0]), 0, record_bytes(other, theirs[0])), Receipt
            )
            w.clock.advance(DAY)
        assert w.store.count(journal.journal_id) == 5


def test_what_is_on_its_way_is_bounded_and_the_oldest_gives_way(tmp_path: Path) -> None:
    with world(tmp_path, limits=Limits(parts=3)) as w:
        journal = w.journal()
        names = enrol(journal, 5, size=2000)
        for name in names:
            w.clock.advance(1)
            assert w.store.put("desk", parcel(journal, name), 0, record_bytes(journal, name)[:1000]) == 1000
        assert len(list((w.store.folder / "incoming").iterdir())) == 3
        with pytest.raises(RefusedError) as caught:
            w.store.put("desk", parcel(journal, names[0]), 1000, record_bytes(journal, names[0])[1000:])
        assert (caught.value.status, caught.value.offset) == (409, 0)  # it begins anew, and is not lost
        assert w.outbox(journal, w.link("desk")).drain().waiting == 0


class Ordered(Disk):
    """A disk that writes down what it was asked for."""

    def __init__(self) -> None:
        self.calls: list[str] = []

    def sync(self, fd: int) -> None:
        self.calls.append("bytes")
        super().sync(fd)

    def sync_folder(self, folder: Path) -> None:
        self.calls.append(folder.name)
        super().sync_folder(folder)

    def before_commit(self) -> None:
        self.calls.append("commit")


def test_a_receipt_comes_after_the_file_its_name_and_the_index_are_on_disk(tmp_path: Path) -> None:
    centre, disk = Centre(), Ordered()
    with world(tmp_path / "world") as w:
        journal = w.journal()
        (name,) = enrol(journal)
        made = CentreStore(tmp_path / "centre", centre.signer, disk=disk, clock=SimClock())
        disk.calls.clear()
        assert isinstance(made.put("desk", parcel(journal, name), 0, record_bytes(journal, name)), Receipt)
        assert disk.calls == ["bytes", "incoming", journal.journal_id, "records", "commit"]
        assert made._db.execute("PRAGMA synchronous").fetchone()[0] == 2  # FULL
        made.close()


@pytest.mark.parametrize("point", ["write", "sync", "sync_folder", "before_commit"])
def test_a_centre_whose_disk_fails_signs_for_nothing_and_takes_it_later(tmp_path: Path, point: str) -> None:
    with world(tmp_path) as w:
        journal = w.journal()
        (name,) = enrol(journal, 1)
        link = w.link()
        outbox = w.outbox(journal, link)
        outbox.step()
        w.store._disk = FaultyDisk(point, 0, "ENOSPC")
        outbox.step()
        status = outbox.status()
        assert status.last_error is not None
        assert status.last_error.code in ("centre_full", "centre_fault")
        assert status.waiting == 1
        run(outbox, w.clock, DAY)
        assert outbox.status().waiting == 0
        assert [n for n, _ in w.store.records(journal.journal_id)] == [name]


def test_a_centres_keys_are_for_their_owner_only_and_made_once(tmp_path: Path) -> None:
    folder = tmp_path / "keys"
    key = create_centre_keys(folder, NOON + timedelta(days=400))
    assert read_centre_key(folder / "centre.key") == key
    privates = [path for path in folder.iterdir() if path.suffix == ".pem"]
    assert len(privates) == 2
    assert all(path.stat().st_mode & 0o777 == 0o600 for path in privates)
    assert folder.stat().st_mode & 0o777 == 0o700
    with pytest.raises(CentreKeyError, match="already"):
        create_centre_keys(folder, NOON)
    second = renew_sealing_key(folder, NOON + timedelta(days=800))
    assert second.signer == key.signer
    assert second.key_id != key.key_id
    assert set(read_opener(folder)._privates) == {key.key_id, second.key_id}
    second.check(NOON, pinned=key.signer)
    (folder / "signer.pem").chmod(0o644)
    with pytest.raises(CentreKeyError, match="others may read"):
        read_signer(folder)
    (folder / "signer.pem").unlink()
    with pytest.raises(CentreKeyError, match="cannot be read"):
        read_signer(folder)


def test_faults_are_asked_for_on_this_machine_and_only_where_they_are_wanted(w: World) -> None:
    assert httpx.post(f"{w.server.url}v1/faults", json={"kind": "denied"}, trust_env=False).status_code == 200
    token = w.store.issue_token("desk")
    p = Parcel("a" * 64, "b" * 32, "c" * 32, 10)
    assert request(w, "PUT", f"v1/records/{p.digest}", b"x", token, **headers_of(p, 0, b"x"))[0] == 401
    assert w.faults.happened == [FaultKind.DENIED]
    from biocore_bindings.centre_server import CentreServer

    with CentreServer(w.store) as plain:
        assert httpx.post(f"{plain.url}v1/faults", json={"kind": "denied"}, trust_env=False).status_code == 404
        assert httpx.get(f"{plain.url}docs", trust_env=False).status_code == 404
