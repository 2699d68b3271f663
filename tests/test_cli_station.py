"""`biocore station` and `biocore centre`: what an operator sees, and what the exit codes say."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from biocore.station import Journal
from biocore.station.record_file import record_path
from biocore_bindings.station_place import StationPlace
from biocore_bindings.terminal import ExitCode
from cli_support import COMMAND, Run, environment, run, run_process
from journal_support import PLAN, Centre, FakeClock, finger_items

LATER = datetime.now(UTC) + timedelta(days=400)


def made(folder: Path, expires: datetime = LATER, residents: int = 2, centre: Centre | None = None) -> Centre:
    """Make a station with residents, the last of them not finished."""
    centre = centre or Centre()
    folder.mkdir(exist_ok=True)
    (folder / "centre.key").write_bytes(centre.key(max(expires, LATER)).to_bytes())
    with Journal(folder / "journal", folder / "centre.key") as journal:
        for number in range(1, residents + 1):
            recording = journal.begin(b"Siti", ticket=number)
            recording.record(*finger_items(PLAN[0]), *finger_items(PLAN[1]))
            if number < residents:
                recording.close()
    (folder / "centre.key").write_bytes(centre.key(expires).to_bytes())
    return centre


def station(name: str, folder: Path, *more: object) -> Run:
    return run("station", *name.split(), "--station", folder, *more)


def test_a_station_in_order_says_that_it_can_record(tmp_path: Path) -> None:
    made(tmp_path)
    result = station("status", tmp_path)
    assert (result.code, result.err) == (ExitCode.OK, "")
    text = " ".join(result.out.split())
    assert "Recording possible" in text
    assert "Residents 2 today, 2 in all" in text
    assert "Unfinished number 2: 2 fingers and eyes done" in text
    assert "To be sent 1 (0.0 MB)" in text
    assert "(399 days left)" in text
    document = station("status", tmp_path, "--json").document
    assert document["can_record"] is True
    assert document["residents"]["unfinished"][0]["done"] == ["finger:1", "finger:2"]
    assert document["to_be_sent"]["records"] == 1
    assert document["space"]["days"] > 0


def test_looking_at_a_station_changes_nothing(tmp_path: Path) -> None:
    made(tmp_path)
    path = next((tmp_path / "journal" / "records").iterdir())
    with path.open("ab") as file:
        file.write(b"torn")
    before = {
        p: (p.stat().st_size, p.stat().st_mtime_ns) for p in tmp_path.rglob("*") if p.suffix in (".record", ".json")
    }
    result = station("status", tmp_path)
    assert "4 bytes after the last entry" in result.out
    assert "biocore station recover looks into it" in result.out
    station("verify", tmp_path)
    assert before == {p: (p.stat().st_size, p.stat().st_mtime_ns) for p in before}


@pytest.mark.parametrize(
    ("harm", "says"),
    [
        ("no key", "cannot be read: No such file"),
        ("expired", "expired on"),
        ("another centre", "another centre's"),
        ("no journal.json", "missing, though there are records"),
        ("damaged journal.json", "no journal's identity"),
        ("newer index", "install the newer biocore"),
    ],
)
def test_what_keeps_a_station_from_recording_is_the_exit_code_and_the_first_line(
    tmp_path: Path, harm: str, says: str
) -> None:
    centre = made(tmp_path)
    key, journal = tmp_path / "centre.key", tmp_path / "journal"
    if harm == "no key":
        key.unlink()
    elif harm == "expired":
        key.write_bytes(centre.key(datetime.now(UTC) - timedelta(days=2)).to_bytes())
    elif harm == "another centre":
        key.write_bytes(Centre().key(LATER).to_bytes())
    elif harm == "no journal.json":
        (journal / "journal.json").unlink()
    elif harm == "damaged journal.json":
        (journal / "journal.json").write_bytes(b"nonsense")
    else:
        db = sqlite3.connect(journal / "index.db")
        db.execute("PRAGMA user_version = 99")
        db.close()
    result = station("status", tmp_path)
    assert result.code == ExitCode.NO
    first = " ".join(result.out.split())
    assert first.startswith("Recording NOT POSSIBLE: ")
    assert says in first
    document = station("status", tmp_path, "--json").document
    assert document["can_record"] is False
    assert any(says in obstacle for obstacle in document["obstacles"])


def test_a_full_disk_is_an_obstacle_and_a_used_up_key_is_announced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made(tmp_path, datetime.now(UTC) + timedelta(days=9, hours=1))
    assert "9 days left); fetch a new one" in " ".join(station("status", tmp_path).out.split())
    real = os.statvfs(tmp_path)

    def little(path: object, share: float) -> os.statvfs_result:
        free = int(real.f_blocks * share)
        return os.statvfs_result((*real[:3], free, free, *real[5:]))

    for share, level in ((0.15, "low"), (0.05, "very_low")):
        monkeypatch.setattr(os, "statvfs", lambda path, share=share: little(path, share))
        result = station("status", tmp_path, "--json")
        assert (result.code, result.document["space"]["level"]) == (ExitCode.OK, level)
    monkeypatch.setattr(os, "statvfs", lambda path: little(path, 0.0))
    (tmp_path / "journal" / "reserve").write_bytes(b"")
    result = station("status", tmp_path, "--json")
    assert (result.code, result.document["space"]["level"]) == (ExitCode.NO, "reserve")
    assert "nobody can be begun" in result.document["obstacles"][0]


def test_a_place_without_a_station_is_told_and_none_is_made(tmp_path: Path) -> None:
    result = station("status", tmp_path / "new")
    assert result.code == ExitCode.NO
    assert "none yet in" in result.out
    for command in ("verify", "recover", "send", "export /tmp"):
        refused = station(command, tmp_path / "new")
        assert refused.code == ExitCode.STATION
        assert refused.err.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_a_station_can_be_looked_at_while_somebody_is_recorded(tmp_path: Path) -> None:
    centre = made(tmp_path)
    stop = threading.Event()
    with Journal(tmp_path / "journal", centre.key(LATER)) as journal:
        recording = journal.begin(b"Budi", ticket=3)

        def work() -> None:
            while not stop.is_set():
                recording.record(*finger_items(PLAN[2], size=20_000))

        thread = threading.Thread(target=work)
        thread.start()
        try:
            for _ in range(5):
                seen = station("status", tmp_path, "--json").document
                assert (seen["can_record"], seen["journal"]["in_use"], seen["findings"]) == (True, True, [])
                assert station("verify", tmp_path).code == ExitCode.OK
        finally:
            stop.set()
            thread.join()
        busy = station("recover", tmp_path)
        assert (busy.code, "another process uses the journal" in busy.err) == (ExitCode.STATION, True)


def test_an_altered_entry_is_named_by_verify(tmp_path: Path) -> None:
    made(tmp_path)
    path = next((tmp_path / "journal" / "records").iterdir())
    data = bytearray(path.read_bytes())
    data[1500] ^= 1
    path.write_bytes(data)
    result = station("verify", tmp_path)
    assert result.code == ExitCode.NO
    assert "entries are not as they were written" in result.out
    flaws = station("verify", tmp_path, "--json").document["flaws"]
    assert flaws[0]["resident"] == path.stem


def test_recovery_cuts_adds_and_closes_the_number_that_was_finished(tmp_path: Path) -> None:
    centre = made(tmp_path)
    place = StationPlace(tmp_path)
    with place.day_book() as book:
        book.issue()
        book.call()
        with Journal(place.journal, centre.key(LATER)) as journal:
            recording = journal.begin(b"Ani", ticket=1)
            book.link(1, recording.resident)
            recording.close()
            path = record_path(journal.records, recording.resident)
    name = station("status", tmp_path, "--json").document["residents"]["unfinished"][0]["resident"]
    with (path.parent / f"{name}.record").open("ab") as file:
        file.write(b"BJE1 torn")
    result = station("recover", tmp_path, "--json")
    document = result.document
    assert (result.code, document["settled"], document["flaws"]) == (ExitCode.OK, [1], [])
    assert document["cut_bytes"] == 9
    assert [entry["ticket"] for entry in document["unfinished"]] == [2]
    assert station("recover", tmp_path).out.count("Not finished: number 2") == 1


def test_a_damaged_index_is_no_obstacle_and_is_told_before_and_after_it_mended_itself(tmp_path: Path) -> None:
    made(tmp_path)
    index = tmp_path / "journal" / "index.db"
    before = index.read_bytes()
    index.write_bytes(b"nonsense" * 1000)
    seen = station("status", tmp_path, "--json")
    assert (seen.code, seen.document["can_record"]) == (ExitCode.OK, True)
    assert "opening the journal makes it anew" in seen.document["findings"][0]["what"]
    assert seen.document["index_made_anew"] == []
    result = station("recover", tmp_path, "--json")
    assert (result.code, result.document["flaws"]) == (ExitCode.OK, [])
    assert result.document["index_made_anew"] == "file is not a database"
    assert (Path(result.document["index_put_aside"]) / "index.db").read_bytes() == b"nonsense" * 1000
    after = station("status", tmp_path, "--json").document
    assert (after["residents"]["total"], after["findings"]) == (2, [])
    assert [each["why"] for each in after["index_made_anew"]] == ["file is not a database"]
    assert "made anew from the records 2" in " ".join(station("status", tmp_path).out.split())
    assert station("verify", tmp_path).code == ExitCode.OK
    index.write_bytes(before.replace(b'"ordinal":1', b'"ordinal":7'))  # a flipped bit after a good end
    told = station("verify", tmp_path)
    assert (told.code, "biocore station recover" in told.out) == (ExitCode.NO, True)
    mended = station("recover", tmp_path)
    assert (mended.code, "it was damaged" in mended.out) == (ExitCode.OK, True)
    assert station("verify", tmp_path).code == ExitCode.OK


def test_a_damaged_day_book_is_named_and_does_not_hide_what_became_of_the_journal(tmp_path: Path) -> None:
    made(tmp_path)
    (tmp_path / "day").mkdir(exist_ok=True)
    for file in (tmp_path / "day").iterdir():
        file.unlink()
    (tmp_path / "day" / "day.db").write_bytes(b"nonsense" * 1000)
    result = station("recover", tmp_path, "--json")
    assert result.code == ExitCode.STATION
    assert result.document["flaws"] == []
    assert len(result.document["unfinished"]) == 1
    assert "move it away" in result.document["day_book"]["message"]


def test_a_sound_index_is_made_anew_when_somebody_asks(tmp_path: Path) -> None:
    made(tmp_path)
    result = station("recover", tmp_path, "--rebuild")
    assert result.code == ExitCode.OK
    assert "as you asked" in result.out
    assert "The old one is kept in" in result.out
    assert station("status", tmp_path, "--json").document["residents"]["total"] == 2


def test_what_a_day_and_thirty_days_need_is_shown(tmp_path: Path) -> None:
    made(tmp_path)
    needs = station("status", tmp_path, "--json").document["space"]["needs"]
    assert needs == {"day": 345_600_000, "thirty_days": 10_368_000_000}
    assert "100 residents need 346 MB a day, 10.4 GB in thirty days: there is" in " ".join(
        station("status", tmp_path).out.split()
    )


def test_records_go_by_stick_and_receipts_come_back(tmp_path: Path) -> None:
    station_folder, centre_folder, stick = tmp_path / "station", tmp_path / "centre", tmp_path / "stick"
    stick.mkdir()
    keys = run("centre", "keys", "--centre", centre_folder, "--expires", f"{LATER:%Y-%m-%d}", "--json")
    assert keys.code == ExitCode.OK
    again = run("centre", "keys", "--centre", centre_folder, "--expires", f"{LATER:%Y-%m-%d}")
    assert (again.code, "--renew" in again.err) == (ExitCode.STATION, True)
    station_folder.mkdir()
    (station_folder / "centre.key").write_bytes(Path(keys.document["public"]).read_bytes())
    with Journal(station_folder / "journal", station_folder / "centre.key") as journal:
        for number in range(2):
            journal.begin(b"Siti", ticket=number).close()
    refused = station("export", station_folder, stick)
    assert (refused.code, "the stick is not mounted; put it in, and wait" in refused.err) == (ExitCode.STATION, True)
    told = station("export", station_folder, stick, "--json").document["error"]
    assert (told["code"], told["advice"]) == ("stick_not_mounted", "put it in, and wait until the system shows it")
    assert "2 written" in station("export", station_folder, stick, "--own-disk").out
    taken = run("centre", "import-stick", stick, "--centre", centre_folder, "--open", "--json")
    assert (taken.code, taken.document["taken"], taken.document["refused"]) == (ExitCode.OK, 2, [])
    assert "2 receipts taken" in station("import-receipts", station_folder, stick).out
    assert station("status", station_folder, "--json").document["to_be_sent"]["records"] == 0
    assert station("verify", station_folder).code == ExitCode.OK
    renewed = run("centre", "keys", "--centre", centre_folder, "--expires", f"{LATER:%Y-%m-%d}", "--renew", "--json")
    assert renewed.document["centre"] == keys.document["centre"]
    assert renewed.document["key"] != keys.document["key"]


def test_records_go_by_line_to_a_centre_of_our_own(tmp_path: Path) -> None:
    pytest.importorskip("uvicorn")
    pytest.importorskip("httpx")
    station_folder, centre_folder = tmp_path / "station", tmp_path / "centre"
    run("centre", "keys", "--centre", centre_folder, "--expires", f"{LATER:%Y-%m-%d}")
    token = run("centre", "token", "paliyan", "--centre", centre_folder).out.strip()
    station_folder.mkdir()
    (station_folder / "centre.key").write_bytes((centre_folder / "keys" / "centre.key").read_bytes())
    with Journal(station_folder / "journal", station_folder / "centre.key") as journal:
        journal.begin(b"Siti", ticket=1).close()
    told = station("send", station_folder)
    assert (told.code, "centre.toml: there is none" in told.err) == (ExitCode.INPUT, True)
    server = subprocess.Popen(
        [*COMMAND, "centre", "serve", "--centre", str(centre_folder), "--port", "0"],
        stderr=subprocess.PIPE,
        text=True,
        env=environment() | {"PYTHONWARNINGS": "ignore"},
    )
    try:
        assert server.stderr is not None
        url = server.stderr.readline().split()[2].rstrip(";")
        toml = station_folder / "centre.toml"
        toml.write_text(f"url = {json.dumps(url)}\ntoken = {json.dumps(token)}\n")
        toml.chmod(0o600)
        sent = station("send", station_folder, "--json")
        assert (sent.code, sent.document["waiting"], sent.document["sent_today"]) == (ExitCode.OK, 0, 1)
    finally:
        server.send_signal(signal.SIGINT)
        server.communicate(timeout=20)
    with Journal(station_folder / "journal", station_folder / "centre.key") as journal:
        journal.begin(b"Budi", ticket=2).close()
    away = station("send", station_folder)
    assert away.code == ExitCode.STATION
    assert "no connection" in away.err
    assert "1 wait" in away.out


def test_a_centre_for_others_must_speak_tls(tmp_path: Path) -> None:
    run("centre", "keys", "--centre", tmp_path, "--expires", f"{LATER:%Y-%m-%d}")
    result = run("centre", "serve", "--centre", tmp_path, "--host", "0.0.0.0")
    assert (result.code, "--certificate" in result.err) == (ExitCode.USAGE, True)
    half = run("centre", "serve", "--centre", tmp_path, "--certificate", tmp_path / "x.pem")
    assert half.code == ExitCode.USAGE
    gone = run("centre", "keys", "--centre", tmp_path / "b", "--expires", "2020-01-01")
    assert (gone.code, "is over" in gone.err) == (ExitCode.STATION, True)


@pytest.mark.parametrize("columns", ["80", "40"])
def test_a_narrow_terminal_without_colours_loses_nothing(
    tmp_path: Path, columns: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    made(tmp_path)
    result = subprocess.run(
        [*COMMAND, "station", "status", "--station", str(tmp_path)],
        capture_output=True,
        text=True,
        env=environment() | {"COLUMNS": columns},
        check=True,
    )
    assert max(map(len, result.stdout.splitlines())) <= int(columns)
    assert "\x1b" not in result.stdout
    link = station("status", tmp_path, "--json").document["journal"]["head"]["link"]
    assert link in "".join(line[12:].strip() for line in result.stdout.splitlines())


def test_the_environment_names_the_station(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made(tmp_path)
    monkeypatch.setenv("BIOCORE_STATION", str(tmp_path))
    assert run("station", "verify").code == ExitCode.OK
    assert run_process("station", "verify", "--json").document["flaws"] == []


def test_a_clock_that_was_put_back_is_told(tmp_path: Path) -> None:
    centre = made(tmp_path)
    clock = FakeClock(utc=datetime.now(UTC) + timedelta(days=3))
    with Journal(tmp_path / "journal", centre.key(LATER), clock=clock) as journal:
        journal.begin(b"Ani")
    seen = station("status", tmp_path, "--json").document
    assert seen["clock"].startswith("the clock is 3 days behind") or "2 days behind" in seen["clock"]
    assert seen["can_record"] is True
