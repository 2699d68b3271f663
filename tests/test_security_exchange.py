"""What docs/security.md promises of the way to the centre: hostile sticks, names that lead out, swelling pictures."""

from __future__ import annotations

import hashlib
import io
import json
import os
import struct
import tracemalloc
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("httpx", reason="the extra `station` is not installed")
pytest.importorskip("fastapi", reason="the extra `centre` is not installed")

import httpx
from PIL import Image

import biocore
from biocore.errors import BiocoreError, FormatError, StickError
from biocore.station import EntryKind, Item, Journal, export_records, import_receipts, read_record
from biocore.station.payloads import read_template
from biocore.station.record_file import record_path
from biocore_bindings.centre_stick import import_stick
from biocore_bindings.station_place import StationPlace
from journal_support import PLAN, SMALL_RESERVE, Centre, FakeClock
from outbox_support import World, enrol, world

OUTSIDE = ("../../evil", "/etc/passwd", "..", "a/b", "ab" * 15 + "\n0", "AB" * 16, "ab" * 16 + "\x1b[2J", "")


@pytest.fixture
def w(tmp_path: Path) -> Iterator[World]:
    with world(tmp_path) as made:
        yield made


def stick_of(w: World, tmp_path: Path) -> tuple[Path, Path]:
    """Export one record; return the stick and the station's folder on it."""
    stick = tmp_path / "stick"
    stick.mkdir()
    with w.journal() as journal:
        enrol(journal, 2)
        export_records(journal, stick, own_disk=True)
        return stick, stick / "biocore-carry" / journal.journal_id


def rewrite(manifest: Path, resident: str) -> None:
    """Put another name in the first place of a manifest, with a digest that fits, as somebody who knows it would."""
    values = json.loads(manifest.read_bytes())
    values["records"][0][0] = resident
    rows = json.dumps(values["records"], separators=(",", ":")).encode()
    values["sha256"] = hashlib.sha256(rows).hexdigest()
    manifest.write_text(json.dumps(values))


@pytest.mark.parametrize("name", OUTSIDE)
def test_a_name_on_a_stick_that_leads_elsewhere_is_refused_by_the_centre(w: World, tmp_path: Path, name: str) -> None:
    stick, folder = stick_of(w, tmp_path)
    before = {path for path in tmp_path.rglob("*") if "stick" not in path.parts}
    rewrite(folder / "manifest.json", name)
    done = import_stick(w.store, stick)
    assert done.refused
    assert all(isinstance(error, StickError) for error in done.refused)
    assert (
        not {path for path in tmp_path.rglob("*") if "stick" not in path.parts and "centre" not in path.parts} - before
    )
    assert not any("evil" in path.name or path.name == "passwd.receipt" for path in tmp_path.rglob("*"))


@pytest.mark.parametrize("kind", ["pipe", "link", "folder"])
@pytest.mark.parametrize("where", ["manifest.json", "receipts/x.receipt", "records"])
def test_a_stick_with_traps_hangs_nobody_and_gives_nothing_away(
    w: World, tmp_path: Path, where: str, kind: str
) -> None:
    stick, folder = stick_of(w, tmp_path)
    secret = tmp_path / "secret"
    secret.write_bytes(b"secret " * 100)
    (folder / "receipts").mkdir(exist_ok=True)
    target = folder / where
    if target.is_dir():
        target.rename(folder / "away")
    target.unlink(missing_ok=True)
    if kind == "pipe":
        os.mkfifo(target)
    elif kind == "link":
        target.symlink_to(secret)
    else:
        target.mkdir()
    told = []
    try:
        told += [str(error) for error in import_stick(w.store, stick).refused]
    except BiocoreError as error:
        told.append(str(error))
    with w.journal() as journal:
        try:
            told += [str(error) for error in import_receipts(journal, stick).refused]
        except BiocoreError as error:
            told.append(str(error))
        assert journal.backlog()[0] == 2 or where == "receipts/x.receipt"
    assert told
    assert secret.read_bytes() == b"secret " * 100
    assert not any("secret secret" in line for line in told)


@pytest.mark.parametrize("name", ["..%2F..%2Fevil", "AB" * 16, "ab" * 15, "%00" * 32])
def test_a_name_by_line_that_leads_elsewhere_is_refused_by_the_centre(w: World, tmp_path: Path, name: str) -> None:
    token = w.store.issue_token("paliyan")
    data = b"record"
    digest = hashlib.sha256(data).hexdigest()
    headers = {"Authorization": f"Bearer {token}", "Content-Range": f"bytes 0-5/{len(data)}"}
    for where in (f"records/{name}", f"records/{digest}"):
        named = {"Biocore-Journal": name, "Biocore-Resident": name}
        answer = httpx.put(w.server.url + where, content=data, headers=headers | named)
        assert answer.status_code in (400, 404, 405, 422)
    assert w.store.count() == 0
    assert not any("evil" in str(path) for path in tmp_path.rglob("*"))


# -- what is inside a record


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png_that_claims(width: int, height: int) -> bytes:
    """Return a picture of a few kB whose head asks for gigabytes."""
    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    body = zlib.compress(bytes(1 << 22), 9)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


def png_with_a_swelling_text() -> bytes:
    stream = io.BytesIO()
    Image.new("L", (64, 64)).save(stream, "PNG")
    data = stream.getvalue()
    text = chunk(b"zTXt", b"note\0\0" + zlib.compress(bytes(1 << 27), 9))
    return data[:33] + text + data[33:]


@pytest.mark.parametrize(
    "bomb",
    [
        png_that_claims(60_000, 60_000),
        png_that_claims(2**31 - 1, 1),
        png_that_claims(1, 2**31 - 1),
        png_with_a_swelling_text(),
    ],
    ids=["square", "wide", "tall", "text"],
)
def test_a_picture_that_swells_is_refused_before_it_does(tmp_path: Path, bomb: bytes) -> None:
    """A station that was taken over can seal whatever it likes; the centre opens it, and its pictures, and lives."""
    centre = Centre()
    with Journal(tmp_path, centre.key(), clock=FakeClock(), reserve=SMALL_RESERVE) as journal:
        recording = journal.begin(b"Siti")
        recording.record(Item(EntryKind.FRAME, bomb, "image/png", PLAN[0], 1))
        recording.close()
        opened = read_record(record_path(journal.records, recording.resident), centre.opener)
    (frame,) = (entry for entry in opened if entry.head.kind is EntryKind.FRAME)
    assert frame.payload == bomb
    tracemalloc.start()
    try:
        with pytest.raises(FormatError):
            biocore.load(frame.payload, modality="finger", ppi=500)
        assert tracemalloc.get_traced_memory()[1] < 64 << 20
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    "payload",
    [
        b'{"kind":"finger","position":"finger:1","x":{"dtype":"<f8","shape":[99999999,99999999],"base64":""}}',
        b'{"kind":"finger","position":"finger:1","x":{"dtype":"O","shape":[1],"base64":"AAAAAAAAAAA="}}',
        b'{"kind":"finger","position":"finger:99"}',
        b'{"kind":["finger"],"position":""}',
        b"[" * 100_000,
        b'{"a":' * 100_000,
    ],
)
def test_a_template_that_lies_is_refused(payload: bytes) -> None:
    with pytest.raises(FormatError, match="no stored template"):
        read_template(payload)


# -- the station's own word to the centre


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ('url = "http://centre.example/"\ntoken = "SECRET-TOKEN"', "could read this station's token"),
        ('url = "https://user:pw@centre.example/"\ntoken = "SECRET-TOKEN"', "centre"),
        ('url = "file:///etc/passwd"\ntoken = "SECRET-TOKEN"', "no address of a centre"),
        ('token = "SECRET-TOKEN"', "must be there"),
        ('url = "https://centre.example/"\ntoken = "SECRET\\nTOKEN"', "must be there"),
        ('url = "https://centre.example/"\ntoken = SECRET-TOKEN', "no TOML file"),
        ('url = "https://centre.example/"\ntoken = "SECRET-TOKEN"\ntrust = "nowhere.pem"', "certificates"),
        ('url = "https://centre.example/"\ntoken = "SECRET-TOKEN"\nshell = "rm"', "not known here"),
    ],
)
def test_a_hostile_centre_file_is_refused_and_the_token_is_told_to_nobody(
    tmp_path: Path, text: str, complaint: str
) -> None:
    path = tmp_path / "centre.toml"
    path.write_text(text)
    path.chmod(0o600)
    with pytest.raises(BiocoreError, match=complaint) as caught:
        StationPlace(tmp_path).link()
    assert "SECRET" not in str(caught.value)
    assert "pw" not in str(caught.value)


def test_a_token_that_others_can_read_is_not_used(tmp_path: Path) -> None:
    path = tmp_path / "centre.toml"
    path.write_text('url = "https://centre.example/"\ntoken = "SECRET-TOKEN"')
    path.chmod(0o644)
    with pytest.raises(FormatError, match="chmod 600"):
        StationPlace(tmp_path).link()
