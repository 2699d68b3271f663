"""What docs/security.md promises of the station: nothing personal in clear, its files its own, no trap works."""

from __future__ import annotations

import base64
import logging
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import FrameType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from biocore.errors import BiocoreError, CentreKeyError, ProfileError
from biocore.station import Journal, read_centre_key
from biocore.station.day import DayBook
from biocore.station.overview import check, overview
from biocore.station.profile import FingerKind
from biocore.station.profile_file import MAX_FILE, load_profile
from biocore.station.record_file import record_path
from biocore.types import FingerPosition
from cli_support import environment, run
from journal_support import PLAN, SMALL_RESERVE, Centre, FakeClock, finger_items
from session_support import Office, finished

NAME, NIK, SUPERVISOR = "Siti Aminah Kartadinata", "3404016512470001", "Bambang Widjojanto"
LIKE_A_NIK = re.compile(rb"(?<![0-9a-fA-F.])[0-9]{16}(?![0-9a-fA-F])")  # no part of a digest: 1 in 100 has such a run
TESTS = Path(__file__).resolve().parent

WHOLE_DAY = """
import faulthandler, json, logging, sys, traceback
from pathlib import Path

sys.path.insert(0, {tests!r})
faulthandler.enable()
logging.basicConfig(level=logging.DEBUG, stream=sys.stderr)
from biocore.discovery import registry
from biocore.errors import BiocoreError
from biocore.station import EntryKind, Item, Journal
from biocore.station.day import DayBook
from biocore.station.devices import Devices
from biocore.station.disk import Disk
from biocore.station.exceptions import Absence, ExceptionKind
from biocore.station.ledger import JournalKeeper
from biocore.station.looks import VetoKind
from biocore.station.profile_file import load_profile
from biocore.station.session import Session
from biocore.station.session_begin import Desk, Subject
from biocore.station.session_state import State
from biocore.station.telling import Teller
from biocore.types import EyePosition, FingerPosition, Modality
from journal_support import SMALL_RESERVE, Centre, FaultyDisk

name, nik, supervisor, folder = {name!r}, {nik!r}, {supervisor!r}, Path({folder!r})
identity = json.dumps({{"name": name, "number": nik}}).encode()
quick = "sequence=GOOD&arrival=0&interval=0&previews=0"
uris = {{Modality.FINGER: f"virtual:finger?finger=500&slap=yes&{{quick}}",
         Modality.IRIS: f"virtual:iris?seed=500&eye=both&{{quick}}"}}
plan = (FingerPosition.RIGHT_INDEX, FingerPosition.RIGHT_MIDDLE, FingerPosition.LEFT_INDEX, FingerPosition.LEFT_THUMB,
        EyePosition.RIGHT)
gone = Absence(ExceptionKind.INJURED, note=f"{{name}} cut it, says {{supervisor}}")
centre = Centre()
(folder / "centre.key").write_bytes(centre.key().to_bytes())


def hear(event):
    print(event, file=sys.stderr)  # whatever a program does with what it is told
    if type(event).__name__ in ("Accepted", "Excepted"):
        raise RuntimeError(f"a listener that says {{name}}, {{nik}}")


def desk_with(disk):
    journal = lambda: Journal(folder / "journal", folder / "centre.key", disk=disk, reserve=SMALL_RESERVE)
    return Desk(JournalKeeper(journal), Devices(uris, registry().device), load_profile("ektp"), Teller(hear),
                effort="fast", inline=True)


def leave(desk):
    desk.teller.close()
    desk.keeper.close()
    desk.devices.close()


book = DayBook(folder / "day")
book.issue()
ticket = book.call()
desk = desk_with(Disk())
session = Session.begin(desk, identity, ticket=ticket.number, subject=Subject(67, f"wife of {{supervisor}}"),
                        plan=plan, missing=[(FingerPosition.LEFT_INDEX, gone)])
book.link(ticket.number, session.resident)
session.step()
session.declare_missing(FingerPosition.LEFT_THUMB, gone)
leave(desk)  # as a power cut leaves it
desk = desk_with(Disk())
session = Session.resume(desk, session.resident)
assert session.run() is State.COMPLETE
session.veto(VetoKind.REJECT, supervisor, EyePosition.RIGHT, reason=f"{{name}} blinked")
assert session.run() is State.COMPLETE
journal, other = desk.keeper.journal, desk.keeper.journal.begin(identity)
for attempt in (
    lambda: session.veto(VetoKind.ACCEPT, "", EyePosition.RIGHT, reason=name),
    lambda: session.declare_missing(EyePosition.LEFT, Absence(ExceptionKind.AMPUTATED, note=name)),
    lambda: Session.begin(desk, identity, missing=[(EyePosition.LEFT, Absence(ExceptionKind.AMPUTATED, note=name))]),
    lambda: Session.begin(desk, identity, ticket=-1),
    lambda: Session.resume(desk, name),
    lambda: journal.begin(name.encode(), ticket=-1),
    lambda: other.record(Item(EntryKind.EVENT, name.encode(), "text/plain", code=name)),
    lambda: other.record(Item(EntryKind.EVENT, name.encode(), nik)),
    lambda: other.record(Item(EntryKind.OPEN, nik.encode())),
    lambda: book.issue(name),
    lambda: book.pause(name),
    lambda: book.link(1, nik),
):
    try:
        attempt()
    except BiocoreError:
        traceback.print_exc()
other.close()
session.sign(supervisor)
session.finish()
leave(desk)
for point in ("write", "sync", "before_commit", "after_commit"):
    try:
        desk = desk_with(FaultyDisk(point, 2, "EIO", lasting=True))
        session = Session.begin(desk, identity, ticket=7, plan=plan[:2], missing=[(plan[1], gone)])
        session.step()
        session.abandon(f"{{name}} went home")
        session.finish()
    except (BiocoreError, OSError):
        traceback.print_exc()
    finally:
        desk.teller.close()
        desk.devices.close()
        try:
            desk.keeper.close()
        except BiocoreError:
            traceback.print_exc()
print("finished")
"""


def spellings(text: str) -> Iterator[bytes]:
    """Give a text as somebody might have stored it without thinking."""
    data = text.encode()
    yield from (data, data.upper(), data.lower(), text.encode("utf-16-le"), data.hex().encode(), data[::-1])
    for shift in range(3):  # base64 of it within something longer: the middle that does not depend on its neighbours
        yield base64.b64encode(b"\0" * shift + data)[(shift and 4) : -4]
    yield from (part.encode() for part in text.split() if len(part) > 6)


def test_a_whole_day_leaves_nothing_personal_outside_the_sealed_bodies(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Logs at DEBUG, tracebacks of refusals and of a failing disk, every file, every command's output."""
    station, home = tmp_path / "station", tmp_path / "home"
    station.mkdir()
    home.mkdir()
    script = WHOLE_DAY.format(tests=str(TESTS), name=NAME, nik=NIK, supervisor=SUPERVISOR, folder=str(station))
    env = environment() | {
        "HOME": str(home),
        "TMPDIR": str(home),
        "XDG_CACHE_HOME": str(home),
        "PYTHONWARNINGS": "ignore",
    }
    day = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, env=env, cwd=home, timeout=120, check=False
    )
    assert day.stdout == b"finished\n", day.stderr.decode()[-3000:]
    assert day.stderr.count(b"Traceback") >= 14  # twelve refusals, and faults of the disk
    for told in (b"Accepted(", b"Excepted(", b"Vetoed(", b"Resumed(", b"JournalTrouble(", b"a listener failed on"):
        assert told in day.stderr, told
    out = day.stdout + day.stderr
    commands = (
        "station status",
        "station verify",
        "station recover",
        "station send",
        "day",
        "day forecast",
        "day carry",
    )
    monkeypatch.setenv("BIOCORE_TRACEBACK", "1")
    with caplog.at_level(logging.DEBUG):
        for command in commands:
            for form in ((), ("--json",)):
                done = run(*command.split(), "--station", station, *form)
                assert done.code in (0, 1, 3), done.err
                out += (done.out + done.err).encode()
    out += caplog.text.encode()
    files = [path for path in tmp_path.rglob("*") if path.is_file() and path.name != "reserve"]
    assert {"day.db", "index.db", "journal.json"} <= {path.name for path in files}
    assert sum(path.suffix == ".record" for path in files) >= 2
    texts = [out, *(path.read_bytes() for path in files), *(str(path).encode() for path in files)]
    for needle in (NAME, NIK, SUPERVISOR):
        for spelling in spellings(needle):
            assert not any(spelling in text for text in texts), spelling
    assert not LIKE_A_NIK.search(out)


def test_the_needles_would_be_found() -> None:
    assert LIKE_A_NIK.search(f"resident {NIK}, left".encode())
    assert LIKE_A_NIK.search(f'"number":{NIK}}}'.encode())
    for text in (
        NAME.encode(),
        b'{"x": "' + base64.b64encode(b"ab" + NAME.encode() + b"c") + b'"}',
        NIK.encode().hex().encode(),
    ):
        assert any(spelling in text for needle in (NAME, NIK) for spelling in spellings(needle))


def test_no_process_of_the_command_line_leaves_a_core_file(tmp_path: Path) -> None:
    script = (
        "import ctypes, os, resource, sys\n"
        "sys.argv = ['biocore', '--version']\n"
        "from biocore_bindings.cli import main\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        "print(resource.getrlimit(resource.RLIMIT_CORE)[0], ctypes.CDLL(None).prctl(3, 0, 0, 0, 0), flush=True)\n"
        "os.abort()\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, cwd=tmp_path, check=False)
    assert done.returncode == -signal.SIGABRT
    assert done.stdout.splitlines()[-1] == "0 0"
    assert list(tmp_path.iterdir()) == []


# -- whose files


def a_station(folder: Path) -> tuple[Centre, str, str]:
    """Make a journal with one resident who is finished and one who is not; return the centre and their names."""
    centre = Centre()
    with Journal(folder, centre.key(), clock=FakeClock(), reserve=SMALL_RESERVE) as journal:
        names = []
        for number in range(2):
            recording = journal.begin(b"Siti", ticket=number)
            recording.record(*finger_items(PLAN[0]))
            names.append(recording.resident)
            if number == 0:
                recording.close()
    return centre, names[0], names[1]


def test_everything_is_the_owner_s_alone_whatever_the_mask(tmp_path: Path) -> None:
    mask = os.umask(0)
    try:
        folder = tmp_path / "station" / "journal"
        centre, _, _ = a_station(folder)
        with (
            Journal(folder, centre.key(), clock=FakeClock(), reserve=SMALL_RESERVE),
            DayBook(folder.parent / "day") as book,
        ):
            book.issue()
            made = list(folder.parent.rglob("*"))
            modes = {path.relative_to(folder.parent): path.stat().st_mode & 0o777 for path in made}
    finally:
        os.umask(mask)
    assert len(modes) >= 12
    assert {name: oct(mode) for name, mode in modes.items() if mode & 0o077} == {}


# -- traps: what somebody who can write into the folder plants


class HungError(Exception):
    pass


@pytest.fixture
def _in_ten_seconds() -> Iterator[None]:
    def strike(number: int, frame: FrameType | None) -> None:
        raise HungError

    before = signal.signal(signal.SIGALRM, strike)
    signal.alarm(10)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


def plant(path: Path, kind: str, victim: Path) -> None:
    path.unlink(missing_ok=True)
    if kind == "link":
        path.symlink_to(victim)
    elif kind == "endless":
        path.symlink_to("/dev/zero")
    elif kind == "pipe":
        os.mkfifo(path)
    else:
        path.mkdir()


@pytest.mark.usefixtures("_in_ten_seconds")
@pytest.mark.parametrize("kind", ["link", "endless", "pipe", "folder"])
@pytest.mark.parametrize(
    "where",
    [
        "records/finished",
        "records/unfinished",
        "records/unknown",
        "receipts/unknown",
        "index.db",
        "reserve",
        "lock",
        "journal.json",
    ],
)
def test_a_trap_in_the_journal_s_folder_harms_nothing_and_hangs_nobody(tmp_path: Path, kind: str, where: str) -> None:
    folder, victim = tmp_path / "journal", tmp_path / "victim"
    centre, finished, unfinished = a_station(folder)
    victim.write_bytes(b"precious " * 1000)
    names = {"finished": finished, "unfinished": unfinished, "unknown": "ab" * 16}
    part, _, who = where.partition("/")
    ending = {"records": ".record", "receipts": ".receipt"}.get(part, "")
    target = folder / part / f"{names[who]}{ending}" if who else folder / part
    plant(target, kind, victim)
    told = []
    try:
        seen = overview(folder, centre.key(), clock=FakeClock(), reserve=SMALL_RESERVE)
        told += [*seen.obstacles, *(flaw.what for flaw in seen.findings)]
        told += [flaw.what for flaw in check(folder).flaws]
    except BiocoreError as error:
        told.append(str(error))
    try:
        with Journal(folder, centre.key(), clock=FakeClock(), reserve=SMALL_RESERVE) as journal:
            told += [flaw.what for flaw in (*journal.recovery.flaws, *journal.verify())]
            journal.begin(b"Budi").record(*finger_items(PLAN[1]))
    except BiocoreError as error:
        told.append(str(error))
    assert victim.read_bytes() == b"precious " * 1000
    assert told, "nobody was told"
    assert not any("Traceback" in line for line in told)


@pytest.mark.usefixtures("_in_ten_seconds")
def test_a_link_that_appears_while_the_journal_is_open_is_not_written_through(tmp_path: Path) -> None:
    centre, victim = Centre(), tmp_path / "victim"
    victim.write_bytes(b"precious")
    with Journal(tmp_path / "j", centre.key(), clock=FakeClock(), reserve=SMALL_RESERVE) as journal:
        recording = journal.begin(b"Siti")
        path = record_path(journal.records, recording.resident)
        path.unlink()
        path.symlink_to(victim)
        with pytest.raises(BiocoreError):
            recording.record(*finger_items(PLAN[0]))
    assert victim.read_bytes() == b"precious"


# -- files that are not what they should be

KEY = Centre().key().to_bytes()


@given(st.data())
def test_a_key_file_with_any_damage_is_the_same_key_or_refused(data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(KEY)))
    text = KEY[:at] + data.draw(st.binary(max_size=6)) + KEY[at + data.draw(st.integers(0, 6)) :]
    try:
        key = read_centre_key(text)
        key.check(FakeClock().utc)
    except CentreKeyError:
        return
    assert key.to_bytes() == KEY


@pytest.mark.usefixtures("_in_ten_seconds")
@pytest.mark.parametrize(
    "hostile", [b"[" * 4000, b'{"kind":' * 400, b"\x00" * 5000, "\u202e".encode() * 50, b'{"kind": 1e999}']
)
def test_a_hostile_key_file_is_one_line(tmp_path: Path, hostile: bytes) -> None:
    path = tmp_path / "centre.key"
    path.write_bytes(hostile)
    with pytest.raises(CentreKeyError, match="no key of a centre") as caught:
        read_centre_key(path)
    assert str(caught.value).isprintable()
    with pytest.raises(CentreKeyError):
        read_centre_key(Path("/dev/zero"))


OWN = b'layout = 1\nbased_on = "ektp"\ntitle = "ours"\n'
HOSTILE_PROFILES = {
    "not utf-8": b"\xff" * 100,
    "brackets": OWN + b"x = " + b"[" * 15_000,
    "dots": OWN + b"a." * 8_000 + b"b = 1",
    "digits": OWN + b"[finger]\nattempts = " + b"9" * 15_000,
    "hexadecimal digits": OWN + b"[finger]\nattempts = 0x" + b"f" * 15_000,
    "a long text": OWN + b'[finger]\nattempts = "' + b"x" * 15_000 + b'"',
    "control characters": OWN + b'[finger]\n"\\u001b[2J\\u202e" = 1',
    "a title with control characters": OWN.replace(b"ours", b"\\u001b[2J"),
    "blanks": OWN + b" " * 15_000 + b"[" * 1000,
    "many others": OWN + b'[[select]]\nprofile = "elderly"\n' * 500,
    "many tables": OWN + b"[[select]]\n" * 1000,
    "too large": OWN + b"#" * MAX_FILE,
    "nothing": b"",
}


@pytest.mark.usefixtures("_in_ten_seconds")
@pytest.mark.parametrize("name", HOSTILE_PROFILES)
def test_a_hostile_profile_is_one_line(tmp_path: Path, name: str) -> None:
    path = tmp_path / "ours.toml"
    path.write_bytes(HOSTILE_PROFILES[name])
    with pytest.raises(ProfileError) as caught:
        load_profile(path)
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 1200
    path.write_bytes(OWN)
    assert load_profile(path).title == "ours"  # what these were made from is a profile


@pytest.mark.usefixtures("_in_ten_seconds")
@pytest.mark.parametrize("kind", ["link", "endless", "pipe", "folder"])
@pytest.mark.parametrize("named", ["by hand", "as lower", "as selected"])
def test_a_trap_in_place_of_a_profile_hangs_nobody(tmp_path: Path, kind: str, named: str) -> None:
    victim, trap, path = tmp_path / "victim", tmp_path / "trap.toml", tmp_path / "ours.toml"
    victim.write_bytes(OWN.replace(b"ours", b"secret"))
    plant(trap, kind, victim)
    lower = b'[lower]\nprofile = "trap.toml"\n[sources]\n"lower.attempts" = "ours"\n'
    selected = b'[[select]]\nprofile = "trap.toml"\nage_from = 60\nsource = "ours"\n'
    path.write_bytes(OWN + {"by hand": b"", "as lower": lower, "as selected": selected}[named])
    with pytest.raises(ProfileError, match="cannot be read") as caught:
        load_profile(trap if named == "by hand" else path)
    assert "trap.toml" in str(caught.value)
    assert "secret" not in str(caught.value)


@given(st.binary(max_size=400))
def test_any_bytes_are_a_profile_or_an_error_of_ours(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "bytes.toml"
    path.write_bytes(OWN + data)
    try:
        said = load_profile(path).title
    except ProfileError as error:
        said = str(error)
    assert said.isprintable()


def test_the_record_says_by_which_profile_it_was_decided(tmp_path: Path) -> None:
    (tmp_path / "easy.toml").write_bytes(
        OWN + b'[iris]\nburst_attempts = 0\n[sources]\n"iris.burst_attempts" = "nobody"\n'
    )
    profile = load_profile(tmp_path / "easy.toml")
    office = Office(tmp_path / "journal", profile=str(tmp_path / "easy.toml"))
    _, summary = finished(office, plan=(FingerPosition.RIGHT_INDEX,))
    assert summary["profile"]["digest"] == profile.digest != load_profile("ektp").digest
    assert summary["positions"]["finger:2"]["threshold"] == profile.finger.thresholds[FingerKind.INDEX]
