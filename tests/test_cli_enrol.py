"""`biocore enrol`: a resident recorded by a script, by lines, by keys; killed and interrupted, and gone on with."""

from __future__ import annotations

import fcntl
import io
import json
import os
import pty
import select
import signal
import struct
import subprocess
import termios
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from biocore.advice import LANGUAGES, Language
from biocore.report import Outcome
from biocore.station import FULL_PLAN, Journal, read_record
from biocore.station import session_events as events
from biocore.station.entry import position_name
from biocore.station.exceptions import ExceptionKind
from biocore.station.record_file import record_path
from biocore.station.session_state import State
from biocore.station.space import SpaceLevel, SpaceStatus
from biocore.station.words import position_text
from biocore.types import EyePosition, FingerPosition, Position
from biocore_bindings.enrol_keys import LABELS, rows_of
from biocore_bindings.enrol_screen import Board
from biocore_bindings.enrol_words import WORDS, say
from biocore_bindings.station_place import StationPlace
from biocore_bindings.terminal import ExitCode
from cli_support import COMMAND, Run, environment, run
from journal_support import Centre

F = FingerPosition
PERSON = 100  # seed
SCANNER = f"virtual:finger?finger={PERSON}&slap=yes&sequence=GOOD&arrival=0.01&previews=0"
CAMERA = f"virtual:iris?seed={PERSON}&eye=both&sequence=GOOD&arrival=0.01&previews=0"
NEVER = "&fail=no_finger:2"  # at the second capture, of the left hand, nobody comes
# Few positions, so that a test is fast: the right hand, and nothing else, is there.
GONE = [p for p in FULL_PLAN if not isinstance(p, FingerPosition) or p not in FULL_PLAN[1:5]]
NAMES = [p.name.lower().replace("_", "-") + ("" if isinstance(p, FingerPosition) else "-eye") for p in GONE]
MISSING = [part for name in NAMES for part in ("--missing", f"{name}:absent")]
BUT_LEFT_RING = [part for name in NAMES if name != "left-ring" for part in ("--missing", f"{name}:absent")]
RIGHT = ["finger:2", "finger:3", "finger:4", "finger:5"]
SECONDS = 60.0  # of patience with a busy machine


@pytest.fixture
def centre(tmp_path: Path) -> Centre:
    """Make a station's folder with nothing but the key of a centre."""
    centre = Centre()
    (tmp_path / "centre.key").write_bytes(centre.key(datetime.now(UTC) + timedelta(days=400)).to_bytes())
    return centre


def arguments(folder: Path, *more: object, scanner: str = SCANNER) -> list[str]:
    usual = ["enrol", "--station", folder, "--finger", scanner, "--iris", CAMERA, "--effort", "fast"]
    return [str(each) for each in (*usual, *more)]


def enrol(folder: Path, *more: object, scanner: str = SCANNER, text: str | None = None) -> Run:
    return run(*arguments(folder, *more, scanner=scanner), input_text=text)


def script(folder: Path, *acts: tuple[str, str]) -> Path:
    path = folder / "acts.json"
    path.write_text(json.dumps({"act": [{"at": at, "do": do} for at, do in acts]}))
    return path


def summary(folder: Path, centre: Centre, resident: str) -> dict[str, Any]:
    entries = read_record(record_path(folder / "journal" / "records", resident), centre.opener)
    found = json.loads(entries[-1].payload)
    assert isinstance(found, dict)
    return found


def unfinished(folder: Path) -> list[str]:
    with Journal(folder / "journal", None) as journal:
        return [progress.resident for progress in journal.unfinished()]


def test_a_script_records_a_resident_and_the_day_book_knows(tmp_path: Path, centre: Centre) -> None:
    place = StationPlace(tmp_path)
    with place.day_book() as book:
        book.issue(day=book.today)
        book.call()
    who = tmp_path / "who.toml"
    who.write_text('name = "Siti Rahayu"\n')
    acts = script(tmp_path, ("begin", "missing left-thumb bandaged 2099-12-24"), ("complete", "finish"))
    result = enrol(tmp_path, "--ticket", 1, "--identity", who, "--age", 71, "--script", acts, *MISSING, "--json")
    assert (result.code, result.err) == (0, "")
    document = result.document
    assert (document["state"], document["ticket"]) == ("finished", 1)
    assert "Siti" not in result.out
    said = summary(tmp_path, centre, document["resident"])
    assert said["profile"]["in_force"] == "elderly"
    assert said["missing"]["finger:6"] == {"kind": "bandaged", "review_date": "2099-12-24", "note": ""}
    assert [name for name, each in said["positions"].items() if each["outcome"] == "accept"] == RIGHT
    happened = [event["event"] for event in document["events"]]
    assert happened.index("asked") < happened.index("accepted") < happened.index("finished")
    with place.day_book() as book:
        ticket = book.find(1)
    assert (str(ticket.state), ticket.resident) == ("done", document["resident"])
    opened = read_record(record_path(tmp_path / "journal" / "records", document["resident"]), centre.opener)
    assert any(entry.payload == b'{"name": "Siti Rahayu"}' for entry in opened)


def test_without_a_terminal_there_are_plain_lines_and_lines_are_understood(tmp_path: Path, centre: Centre) -> None:
    typed = "single\nmissing right-little amputated\nnonsense\naccept right-ring\nfinish\n"
    result = enrol(tmp_path, "--ticket", 7, *MISSING, text=typed)  # `finish` comes too early, and is told
    assert result.code == ExitCode.NO
    assert "\x1b" not in result.out
    assert "From now on one by one." in result.out
    assert "Recorded as amputated: right little finger." in result.out
    assert "'nonsense' is not known here; there are retry" in result.out
    assert "accept_insufficient) carries the name of whoever said it" in result.out
    assert "not finished yet: right-index next" in result.out
    assert "nobody said `finish`" in result.err
    (resident,) = unfinished(tmp_path)
    assert f"biocore enrol --resume {resident[:8]} --station {tmp_path}" in " ".join(result.err.split())
    assert enrol(tmp_path, "--resume", "last", "--yes").code == 0
    assert summary(tmp_path, centre, resident)["positions"]["finger:5"]["outcome"] == "exception"


@pytest.mark.parametrize(("language", "says"), [("en", "Please show the right hand"), ("id", "Silakan tunjukkan")])
def test_the_clerk_is_spoken_to_in_either_language(tmp_path: Path, centre: Centre, language: str, says: str) -> None:
    result = enrol(tmp_path, "--ticket", 7, "--yes", "--language", language, *MISSING)
    assert result.code == 0
    assert says in result.out
    assert {"en": "it waits to be sent", "id": "menunggu dikirim"}[language] in result.out


def test_a_damaged_day_book_is_told_once_and_stops_no_recording(tmp_path: Path, centre: Centre) -> None:
    (tmp_path / "day").mkdir()
    (tmp_path / "day" / "day.db").write_bytes(b"nonsense" * 1000)
    result = enrol(tmp_path, "--ticket", 7, "--yes", *MISSING)
    assert result.code == 0
    assert "is closed; it waits to be sent." in result.out
    assert " ".join(result.err.split()).count("is no day book; move it away") == 1


@pytest.mark.parametrize(
    ("language", "level", "says"),
    [
        (
            "en",
            SpaceLevel.LOW,
            "19% of the disk is free, enough for 3 days: send or carry the records to the centre soon",
        ),
        ("id", SpaceLevel.VERY_LOW, "RUANG CAKRAM TINGGAL 19%, cukup untuk 3 hari"),
    ],
)
def test_the_clerk_is_told_before_anybody_is_begun_that_room_is_short_and_the_index_was_made_anew(
    tmp_path: Path, centre: Centre, monkeypatch: pytest.MonkeyPatch, language: str, level: SpaceLevel, says: str
) -> None:
    with Journal(tmp_path / "journal", tmp_path / "centre.key") as journal:
        journal.begin().close()
    (tmp_path / "journal" / "index.db").write_bytes(b"nonsense" * 1000)
    monkeypatch.setattr(Journal, "space", lambda _: SpaceStatus(level, 19, 100, 3.9, ""))
    result = enrol(tmp_path, "--ticket", 7, "--yes", "--language", language, *MISSING)
    assert result.code == 0
    lines = " ".join(result.out.split())
    assert says in lines
    assert say("index_anew", "en" if language == "en" else "id") in lines
    assert lines.index(says[:10]) < lines.index({"en": "Please show", "id": "Silakan"}[language])


def test_both_languages_have_every_word_with_the_same_places() -> None:
    for key, texts in WORDS.items():
        assert len(texts) == len(LANGUAGES)
        assert all(texts), key
        fields = [{part.split("}")[0] for part in text.split("{")[1:]} for text in texts]
        assert fields[0] == fields[1], key


def test_killed_in_the_middle_it_goes_on_at_the_same_finger(tmp_path: Path, centre: Centre) -> None:
    command = [*COMMAND, *arguments(tmp_path, "--ticket", 3, "--yes", "--events", scanner=SCANNER + NEVER)]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=environment()
    ) as process:
        assert process.stdout is not None
        asked: list[str] = []
        for line in process.stdout:
            event = json.loads(line)
            if event["event"] == "asked":
                asked = event["request"]["wanted"]
            if len(asked) == 4 and asked[0] == "finger:7" and event["event"] == "device_said":
                process.kill()
                break
    assert process.returncode == -signal.SIGKILL
    (resident,) = unfinished(tmp_path)
    told = enrol(tmp_path, "--ticket", 4, text="")  # somebody else: who is not finished is said first
    assert f"number 3, record {resident[:8]}, 4 done" in told.out
    result = enrol(tmp_path, "--resume", resident[:6], "--yes", "--json")
    assert result.code == 0
    resumed = next(event for event in result.document["events"] if event["event"] == "resumed")
    assert resumed["next"] == ["finger:7", "finger:8", "finger:9", "finger:10"]
    said = summary(tmp_path, centre, resident)
    assert said["resumptions"] == 1
    assert {each["outcome"] for each in said["positions"].values()} == {"accept"}


def test_ctrl_c_leaves_a_resident_that_can_be_gone_on_with_and_says_how(tmp_path: Path, centre: Centre) -> None:
    command = [*COMMAND, *arguments(tmp_path, "--ticket", 3, "--yes", scanner=SCANNER + NEVER)]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment()
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if "left hand" in line:
                process.send_signal(signal.SIGINT)
                break
        _, err = process.communicate(timeout=SECONDS)
    (resident,) = unfinished(tmp_path)
    assert process.returncode == ExitCode.INTERRUPTED
    assert f"biocore enrol --resume {resident[:8]} --station {tmp_path}" in err
    assert err.splitlines()[-1] == "biocore: interrupted"
    assert "Traceback" not in err


def test_on_a_terminal_keys_do_what_they_say(tmp_path: Path, centre: Centre) -> None:
    slow = SCANNER.replace("arrival=0.01", "arrival=1.5")
    keys = [
        ("Name", "Siti\n"),
        ("Population", "\n"),
        ("Age", "\n"),
        ("Number", "24\n"),
        ("right hand", "m"),  # missing: which, why, when again
        ("Esc", "9"),
        ("Why", "2"),
        ("amputated: left ring", "m"),
        ("Esc", "\x1b"),
        ("Enter", "\n"),
    ]
    code, out, left = typed([*COMMAND, *arguments(tmp_path, *BUT_LEFT_RING, scanner=slow)], keys)
    assert (code, left) == (0, [])
    assert "Recorded as amputated: left ring finger." in out
    assert "is closed; it waits to be sent." in out
    assert out.count("Siti") == 1  # as the clerk typed it


def typed(command: list[str], keys: list[tuple[str, str]]) -> tuple[int, str, list[tuple[str, str]]]:
    """Run a command on a terminal of 80 columns; press each key once its text is on the screen."""
    pid, fd = pty.fork()
    if pid == 0:
        os.execve(command[0], command, {**os.environ, "TERM": "xterm-256color", "PYTHONWARNINGS": "ignore"})
    fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    out, seen, end, keys = b"", 0, time.monotonic() + SECONDS, list(keys)
    try:
        while time.monotonic() < end:
            if keys and keys[0][0].encode() in out[seen:]:
                seen = len(out)
                os.write(fd, keys.pop(0)[1].encode())
            if not select.select([fd], [], [], 0.05)[0]:
                continue
            try:
                data = os.read(fd, 1 << 16)
            except OSError:  # it has ended
                break
            out += data
        else:
            os.kill(pid, signal.SIGKILL)
    finally:
        _, status = os.waitpid(pid, 0)
        os.close(fd)
    return os.waitstatus_to_exitcode(status), out.decode(errors="replace"), keys


def test_an_exception_that_needs_a_signature_waits_for_one(tmp_path: Path, centre: Centre) -> None:
    gone = [part for name in NAMES if name != "right-thumb" for part in ("--missing", f"{name}:absent")]
    camera = [*gone, "--missing", "left-eye:cloudy"]
    result = enrol(tmp_path, "--ticket", 1, "--yes", *camera)
    assert result.code == ExitCode.NO
    assert "a supervisor must sign for left-eye" in result.err
    assert enrol(tmp_path, "--resume", "last", "--yes", "--supervisor", "Ibu Kartini").code == 0
    assert unfinished(tmp_path) == []


def test_without_a_device_it_says_so_and_the_resident_waits(tmp_path: Path, centre: Centre) -> None:
    result = enrol(tmp_path, "--ticket", 1, "--yes", "--wait", 0, scanner="virtual:toe")
    assert result.code == ExitCode.DEVICE
    assert "no such virtual device" in result.err
    assert len(unfinished(tmp_path)) == 1


@pytest.mark.parametrize(
    ("more", "code", "says"),
    [
        ((), ExitCode.STATION, "nobody said who it is"),
        (("--ticket", 1, "--resume", "last"), ExitCode.USAGE, "--resume goes on with somebody"),
        (("--resume", "last"), ExitCode.STATION, "no unfinished record begins with last; unfinished: nobody"),
        (("--ticket", 1, "--missing", "big-toe:absent"), ExitCode.USAGE, "big-toe"),
        (("--ticket", 1, "--missing", "left-eye:amputated"), ExitCode.STATION, "amputated cannot be said of eye:2"),
        (("--ticket", 1, "--profile", "nobodys"), ExitCode.INPUT, "nobodys"),
        (("--ticket", 1, "--script", "none.toml"), ExitCode.INPUT, "none.toml"),
        (("--ticket", 1, "--json", "--events"), ExitCode.USAGE, "exclude each other"),
    ],
)
def test_what_cannot_be_is_one_line_and_begins_nobody(
    tmp_path: Path, centre: Centre, more: tuple[object, ...], code: ExitCode, says: str
) -> None:
    result = enrol(tmp_path, "--yes", *more)
    assert result.code == code
    assert says in " ".join(result.err.split())
    assert not (tmp_path / "journal" / "records").exists() or unfinished(tmp_path) == []


def test_a_station_without_a_key_begins_nobody(tmp_path: Path) -> None:
    result = enrol(tmp_path, "--ticket", 1, "--yes")
    assert result.code == ExitCode.STATION
    assert "centre.key" in result.err


@pytest.mark.parametrize(
    "act",
    [
        {"at": "asked big-toe", "do": "retry"},
        {"at": "some time", "do": "retry"},
        {"at": "begin", "do": "dance"},
        {"at": "begin"},
        "retry",
    ],
)
def test_a_script_that_nobody_understands_is_refused_before_anybody_is_begun(
    tmp_path: Path, centre: Centre, act: object
) -> None:
    path = tmp_path / "acts.json"
    path.write_text(json.dumps({"act": [act]}))
    result = enrol(tmp_path, "--ticket", 1, "--yes", "--script", path)
    assert result.code == ExitCode.INPUT
    assert "act 1" in result.err
    assert not (tmp_path / "journal").exists()


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("state", State)
def test_the_board_fits_eighty_columns_in_every_state(language: Language, state: State) -> None:
    board = Board(language, FULL_PLAN, "biocore - 24 - elderly", ascii=True)
    board.hear(events.StateChanged(state, State.READY))
    gone: list[tuple[Position, ExceptionKind]] = [
        (F.RIGHT_THUMB, ExceptionKind.BANDAGED),
        (F.LEFT_LITTLE, ExceptionKind.UNREADABLE),
        (EyePosition.LEFT, ExceptionKind.PROSTHETIC),
    ]
    for position, kind in gone:
        board.hear(events.Excepted(position, kind, needs_supervisor=False))
        board.outcomes[position_name(position)] = Outcome.EXCEPTION
    console = Console(width=80, height=24, file=io.StringIO(), record=True)
    console.print(board.show())
    lines = console.export_text().splitlines()
    assert max(map(len, lines)) <= 80
    assert not [line for line in lines if "..." in line or "…" in line]
    for _, kind in gone:
        assert say(str(kind), language) in "".join(lines)
    if state in (State.PAUSED, State.NO_DEVICE, State.BLOCKED, State.COMPLETE):
        assert say(state, language).split(".")[0] in "".join(lines)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_choice_stands_beside_its_key_and_no_row_is_wider_than_the_board(language: Language) -> None:
    positions = {str(number): position_text(position, language) for number, position in enumerate(FULL_PLAN)}
    rows = [row.plain for row in rows_of(tuple(positions.items()))]
    assert all(len(row) <= 76 for row in rows)
    for label, name in zip(LABELS, positions.values(), strict=False):
        assert sum(f"{label} {name}" in row for row in rows) == 1
