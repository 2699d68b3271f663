"""What somebody with the disk, with another key or with a forged record can do, and what stops it."""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from biocore.errors import BiocoreError, CentreKeyError, JournalCorruptError, UnsealError
from biocore.report import Outcome
from biocore.station import CentreKey, EntryKind, Item, Journal, Opener, issue_centre_key, read_centre_key, read_record
from biocore.station.entry import Head
from biocore.station.record_file import Stored, entries, pack, record_path, store, whole_batches
from biocore.types import FingerPosition
from journal_support import NOON, PLAN, SMALL_RESERVE, Centre, FakeClock, finger_items

THUMB = FingerPosition.RIGHT_THUMB


def opened(folder: Path, key: CentreKey | Path, clock: FakeClock | None = None) -> Journal:
    return Journal(folder, key, clock=clock or FakeClock(), reserve=SMALL_RESERVE)


def a_record(folder: Path, centre: Centre, fingers: int = 2) -> Path:
    """Record one resident and close."""
    with opened(folder, centre.key()) as journal:
        recording = journal.begin(b"Siti", ticket=1)
        for position in PLAN[:fingers]:
            recording.record(*finger_items(position, size=300))
        recording.close()
        return record_path(journal.records, recording.resident)


def rewritten(path: Path, change: Callable[[list[Stored]], list[Stored]]) -> bytes:
    """Change entries and make all links and places anew, as somebody who knows the format would."""
    prior, offset, out = "0" * 64, 0, []
    for ordinal, entry in enumerate(change(list(entries(path.read_bytes())))):
        head = replace(entry.head, prior=prior, ordinal=ordinal, previous=prior, sequence=ordinal + 1)
        out.append(store(head, entry.body, offset))
        prior, offset = out[-1].link, offset + out[-1].length
    return b"".join(pack(entry) for entry in out)


def test_another_private_key_opens_nothing(tmp_path: Path) -> None:
    path = a_record(tmp_path, Centre())
    with pytest.raises(UnsealError, match="sealed to the key"):
        read_record(path, Centre().opener)
    with pytest.raises(UnsealError, match="here are none"):
        read_record(path, Opener([]))


def test_the_station_keeps_no_key_that_opens_what_it_stored(tmp_path: Path) -> None:
    """All 32-byte strings on the disk, raw or as hexadecimal, are tried as private keys of every envelope."""
    centre = Centre()
    path = a_record(tmp_path, centre, fingers=1)
    stored = list(entries(path.read_bytes()))
    named = json.loads(stored[0].body)["key_id"]
    texts = b"\n".join(p.read_bytes() for p in tmp_path.rglob("*") if p.is_file() and p.name != "reserve")
    candidates = {bytes.fromhex(found.decode()) for found in re.findall(rb"[0-9a-f]{64}", texts)}
    candidates |= {texts[at : at + 32] for at in range(0, min(len(texts), 20_000), 4)}
    public = centre.key().public
    publics = {
        X25519PrivateKey.from_private_bytes(c).public_key().public_bytes_raw() for c in candidates if len(c) == 32
    }
    assert public not in publics
    assert named == centre.key().key_id
    assert bytes.fromhex(json.loads(stored[0].body)["ephemeral"]) not in publics


@settings(max_examples=60)
@given(at=st.integers(0, 10**9), bit=st.integers(0, 7))
def test_any_single_bit_of_a_record_is_noticed_by_the_centre(
    tmp_path_factory: pytest.TempPathFactory, at: int, bit: int
) -> None:
    data, centre = bit_flip_subject(tmp_path_factory)
    at %= len(data)
    flipped = data[:at] + bytes([data[at] ^ 1 << bit]) + data[at + 1 :]
    with pytest.raises((JournalCorruptError, UnsealError)):
        read_record(flipped, centre.opener)


_SUBJECT: list[tuple[bytes, Centre]] = []


def bit_flip_subject(factory: pytest.TempPathFactory) -> tuple[bytes, Centre]:
    if not _SUBJECT:
        centre = Centre()
        _SUBJECT.append((a_record(factory.mktemp("subject"), centre).read_bytes(), centre))
    return _SUBJECT[0]


@pytest.mark.parametrize("place", range(10))
def test_a_bit_altered_on_the_station_is_named_by_the_station(tmp_path: Path, place: int) -> None:
    path = a_record(tmp_path, centre := Centre())
    stored = list(entries(path.read_bytes()))
    data = bytearray(path.read_bytes())
    data[stored[place].offset + stored[place].length // 2] ^= 16
    path.write_bytes(data)
    with opened(tmp_path, centre.key()) as journal:
        flaws = journal.verify()
    assert flaws[0].sequence == place + 1
    assert f"entry {place + 1}" in flaws[0].what


def test_an_entry_taken_from_the_index_is_named(tmp_path: Path) -> None:
    a_record(tmp_path, centre := Centre())
    with opened(tmp_path, centre.key()) as journal:
        journal._index._db.execute("DELETE FROM entries WHERE sequence IN (4, 5)")
        flaws = journal.verify()
    assert flaws[0].sequence == 4
    assert "missing from the chain: 4 to 5" in flaws[0].what


def test_a_head_altered_in_the_index_is_named(tmp_path: Path) -> None:
    a_record(tmp_path, centre := Centre())
    with opened(tmp_path, centre.key()) as journal:
        row = next(e for e in journal._index.entries() if b'"score":61' in e.head)
        better = row.head.replace(b'"score":61', b'"score":99')
        journal._index._db.execute("UPDATE entries SET head = ? WHERE sequence = ?", (better, row.sequence))
        flaws = journal.verify()
    assert flaws[0].sequence == row.sequence
    assert "altered" in flaws[0].what


def test_a_record_that_vanished_is_named(tmp_path: Path) -> None:
    path = a_record(tmp_path, centre := Centre())
    path.unlink()
    with opened(tmp_path, centre.key()) as journal:
        assert journal.recovery.flaws[0].what == "the record's file is missing"
        assert "cannot be read" in journal.verify()[0].what


def better_score(stored: list[Stored]) -> list[Stored]:
    return [replace(e, head=replace(e.head, score=99)) if e.head.score is not None else e for e in stored]


def another_outcome(stored: list[Stored]) -> list[Stored]:
    return [replace(e, head=replace(e.head, outcome=Outcome.EXCEPTION)) if e.head.outcome else e for e in stored]


def without_a_finger(stored: list[Stored]) -> list[Stored]:
    return [*stored[:2], *stored[6:]]


def fingers_exchanged(stored: list[Stored]) -> list[Stored]:
    heads = [e.head for e in stored]
    return [
        replace(e, body=stored[6].body if n == 2 else stored[2].body if n == 6 else e.body, head=heads[n])
        for n, e in enumerate(stored)
    ]


@pytest.mark.parametrize("forgery", [better_score, another_outcome, without_a_finger, fingers_exchanged])
def test_a_forger_who_makes_all_links_anew_is_caught_by_the_seal(
    tmp_path: Path, forgery: Callable[[list[Stored]], list[Stored]]
) -> None:
    centre = Centre()
    path = a_record(tmp_path, centre)
    assert read_record(rewritten(path, lambda stored: stored), centre.opener)  # the means of forging do work
    forged = rewritten(path, forgery)
    with pytest.raises(UnsealError, match="does not open"):
        read_record(forged, centre.opener)


def test_a_body_moved_into_another_record_does_not_open(tmp_path: Path) -> None:
    centre = Centre()
    with opened(tmp_path, centre.key()) as journal:
        paths = []
        for _ in range(2):
            recording = journal.begin()
            recording.record(*finger_items(THUMB))
            recording.close()
            paths.append(record_path(journal.records, recording.resident))
    first, second = (list(entries(path.read_bytes())) for path in paths)
    moved = [replace(e, body=first[n].body) if n == 2 else e for n, e in enumerate(second)]
    with pytest.raises(UnsealError):
        read_record(rewritten(paths[1], lambda _: moved), centre.opener)


@pytest.mark.parametrize("left", [1, 2, 5, 9])
def test_a_record_without_its_end_or_its_beginning_is_not_taken_for_whole(tmp_path: Path, left: int) -> None:
    centre = Centre()
    path = a_record(tmp_path, centre)
    stored = list(entries(path.read_bytes()))
    with pytest.raises(JournalCorruptError, match="no end"):
        read_record(path.read_bytes()[: stored[left].offset], centre.opener)
    with pytest.raises(JournalCorruptError, match="missing"):
        read_record(path.read_bytes()[stored[left].offset :], centre.opener)
    gap = path.read_bytes()[: stored[left].offset] + path.read_bytes()[stored[left].offset + stored[left].length :]
    with pytest.raises(JournalCorruptError, match=f"entry {left}.* is missing|no end"):
        read_record(gap, centre.opener)


def test_a_tail_cut_off_the_whole_journal_shows_against_a_head_noted_elsewhere(tmp_path: Path) -> None:
    """Nothing on the station can tell: this is what the noted head is for."""
    centre = Centre()
    with opened(tmp_path, centre.key()) as journal:
        first = journal.begin()
        first.close()
        noted = journal.head
        last = journal.begin()
        last.close()
        later = journal.head
        journal._index._db.execute("DELETE FROM entries WHERE sequence > ?", (noted[0],))
        journal._index._db.execute("DELETE FROM residents WHERE resident = ?", (last.resident,))
        record_path(journal.records, last.resident).unlink()
    with opened(tmp_path, centre.key()) as journal:
        assert journal.verify() == []
        assert journal.head == noted != later


def test_nonces_and_data_keys_are_never_used_twice(tmp_path: Path) -> None:
    centre = Centre()
    with opened(tmp_path, centre.key()) as journal:
        for _ in range(3):
            recording = journal.begin(b"the same")
            recording.record(*finger_items(THUMB), *finger_items(THUMB))
        stored = [e for path in journal.records.iterdir() for e in entries(path.read_bytes())]
    nonces = [e.head.nonce for e in stored if e.head.nonce]
    assert len(nonces) == len(set(nonces)) == 27
    assert len({e.body for e in stored if e.head.kind is EntryKind.ENVELOPE}) == 3
    assert len({e.body for e in stored if e.head.kind is EntryKind.OPEN}) == 3


# -- the centre's key ------------------------------------------------------------------------------------------


def test_a_new_key_of_the_same_centre_takes_over_and_both_open(tmp_path: Path) -> None:
    old = Centre()
    new = Centre(signer=old.signer)
    with opened(tmp_path, old.key()) as journal:
        first = journal.begin()
        half = journal.begin()
        journal.use_key(new.key())
        second = journal.begin()
        first.close()
        second.close()
        paths = [record_path(journal.records, r.resident) for r in (first, second, half)]
    with opened(tmp_path, new.key()) as journal:
        resumed = journal.resume(half.resident)
        resumed.record(*finger_items(THUMB))
        resumed.close()
    assert read_record(paths[0], old.opener)
    assert read_record(paths[1], new.opener)
    with pytest.raises(UnsealError):
        read_record(paths[2], new.opener)
    assert len(read_record(paths[2], Opener([old.private, new.private]))) == 2 + 2 + 4 + 1


@pytest.mark.parametrize("then", ["open", "use_key"])
def test_another_centres_key_is_refused(tmp_path: Path, then: str) -> None:
    centre = Centre()
    with opened(tmp_path, centre.key()) as journal:
        if then == "use_key":
            with pytest.raises(CentreKeyError, match="another centre"):
                journal.use_key(Centre().key())
            journal.begin().close()
            return
    with pytest.raises(CentreKeyError, match="another centre"):
        opened(tmp_path, Centre().key())


def test_an_expired_key_is_refused_before_the_first_capture_and_leaves_no_journal(tmp_path: Path) -> None:
    with pytest.raises(CentreKeyError, match="expired on 2026-03-01"):
        opened(tmp_path / "new", Centre().key(NOON - timedelta(days=1)))
    assert not (tmp_path / "new").exists()


def test_a_key_that_expires_during_the_day_stops_the_next_resident_and_not_this_one(tmp_path: Path) -> None:
    clock = FakeClock()
    with opened(tmp_path, Centre().key(NOON + timedelta(hours=2)), clock) as journal:
        recording = journal.begin()
        clock.utc += timedelta(hours=3)
        recording.record(*finger_items(THUMB))
        recording.close()
        with pytest.raises(CentreKeyError, match="ask the centre"):
            journal.begin()


def test_a_clock_set_back_a_year_is_no_reason_to_refuse_a_key(tmp_path: Path) -> None:
    opened(tmp_path, Centre().key(), FakeClock(NOON - timedelta(days=365))).close()


def altered(name: str) -> bytes:
    values = json.loads(Centre().key().to_bytes())
    changes = {
        "public": X25519PrivateKey.generate().public_key().public_bytes_raw().hex(),
        "expires": "2999-01-01T00:00:00+00:00",
        "signature": "00" * 64,
        "kind": "another",
        "key_id": "0" * 16,
        "naive": "2999-01-01T00:00:00",
        "short": "00",
    }
    values[{"naive": "expires", "short": "signer"}.get(name, name)] = changes[name]
    if name == "public":  # named correctly, signed by nobody
        values["key_id"] = hashlib.sha256(bytes.fromhex(values["public"])).hexdigest()[:16]
    return json.dumps(values).encode()


@pytest.mark.parametrize("name", ["public", "expires", "signature", "kind", "key_id", "naive", "short"])
def test_an_altered_key_file_is_refused(tmp_path: Path, name: str) -> None:
    path = tmp_path / "centre.key"
    path.write_bytes(altered(name))
    with pytest.raises(CentreKeyError):
        opened(tmp_path / "journal", path)
    assert not (tmp_path / "journal").exists()


@pytest.mark.parametrize("data", [b"", b"[]", b"null", b"\xff", b"[" * 100_000, b"{}" + b" " * 10_000])
def test_a_file_that_is_no_key_is_refused(tmp_path: Path, data: bytes) -> None:
    with pytest.raises(CentreKeyError, match="no key"):
        read_centre_key(data)
    with pytest.raises(CentreKeyError, match="cannot be read"):
        read_centre_key(tmp_path / "absent.key")


def test_a_key_nothing_can_be_agreed_with_is_refused(tmp_path: Path) -> None:
    centre = Centre()
    good = issue_centre_key(centre.private, centre.signer, NOON + timedelta(days=1))
    from biocore.station import centre_key

    signature = centre.signer.sign(centre_key._signed(bytes(32), good.expires))
    with pytest.raises(CentreKeyError, match="nothing can be sealed"):
        opened(tmp_path, CentreKey(bytes(32), good.signer, good.expires, signature))


def test_a_key_comes_back_from_its_file_whatever_time_zone_it_was_made_in() -> None:
    centre = Centre()
    jakarta = timezone(timedelta(hours=7))
    key = centre.key(datetime(2027, 1, 1, tzinfo=jakarta))
    again = read_centre_key(key.to_bytes())
    assert again == key
    again.check(datetime(2026, 12, 31, 16, 59, tzinfo=UTC), key.signer)
    with pytest.raises(CentreKeyError, match="expired"):
        again.check(datetime(2026, 12, 31, 17, 0, tzinfo=UTC))


# -- parsers -------------------------------------------------------------------------------------------------


@given(st.binary(max_size=300))
def test_no_bytes_crash_the_reading_of_a_head(data: bytes) -> None:
    with pytest.raises(JournalCorruptError):
        Head.from_bytes(data)


@given(data=st.binary(max_size=200), at=st.integers(0, 5000), cut=st.integers(0, 400))
def test_no_bytes_crash_the_reading_of_a_record(
    tmp_path_factory: pytest.TempPathFactory, data: bytes, at: int, cut: int
) -> None:
    subject, centre = bit_flip_subject(tmp_path_factory)
    at %= len(subject)
    mixed = subject[:at] + data + subject[at + cut :]
    stored, fault = whole_batches(mixed)
    assert b"".join(pack(entry) for entry in stored) == mixed[: sum(entry.length for entry in stored)]
    assert bool(fault) == (sum(entry.length for entry in stored) < len(mixed))
    if mixed != subject:
        with pytest.raises(BiocoreError):
            read_record(mixed, centre.opener)


def test_a_record_that_announces_gigabytes_is_refused_at_once() -> None:
    with pytest.raises(JournalCorruptError, match="no entry begins"):
        list(entries(b"BJE1" + b"\xff" * 8 + os.urandom(64)))
    item = Item(EntryKind.EVENT, code="paused")
    assert item.payload == b""
