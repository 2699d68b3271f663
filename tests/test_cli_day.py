"""`biocore day`: the queue from a terminal, and what is published."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from biocore.station import Journal
from biocore.station.clock import Reading, SystemClock
from biocore_bindings.cli_day import ranges
from biocore_bindings.terminal import ExitCode
from cli_support import Run, run, run_process
from journal_support import Centre

ALWAYS = """
[office]
name = "Kantor Kecamatan Paliyan"
timezone = "Asia/Jakarta"
quota = 20
desks = 2
villages = ["Karangduwet"]
[hours]
""" + "\n".join(
    f'{day} = ["00:00-12:00", "12:00-23:59:59"]'
    for day in ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
)


@pytest.fixture
def station(tmp_path: Path) -> Path:
    """Make a station of an office that never closes, with a journal and a key."""
    folder = tmp_path / "station"
    folder.mkdir()
    (folder / "office.toml").write_text(ALWAYS)
    key = Centre().key(datetime.now(UTC) + timedelta(days=99))
    (folder / "centre.key").write_bytes(key.to_bytes())
    with Journal(folder / "journal", key):
        pass
    return folder


def day(name: str, station: Path, *more: object) -> Run:
    return run("day", *name.split(), "--station", station, *more)


def test_a_queue_from_the_first_number_to_the_evening(station: Path) -> None:
    assert day("issue --count 5", station).out == "Issued 1 to 5 for today.\n"
    assert day("issue --village Karangduwet --priority elderly", station).out == "Issued 6 for today.\n"
    assert day("call", station).out == "Number 6, to desk 1 (elderly).\n"
    assert day("call --desk 2", station).out == "Number 1, to desk 2.\n"
    many = day("done", station)
    assert (many.code, many.err) == (ExitCode.NO, "biocore: say which number: at the desks are 1, 6\n")
    assert day("done 6", station).out == "Number 6 is done.\n"
    assert "called again after some others" in day("absent", station).out
    assert day("call --number 3", station).out == "Number 3, to desk 1.\n"
    assert day("back 1", station).out == "Number 1 waits again.\n"
    assert day("cancel 5", station).out == "Number 5 is given back; its place is free.\n"
    carried = day("carry", station).out
    assert carried.startswith("4 carried to ")
    assert carried.endswith(": 1-4\n")
    assert day("carry", station).out == "Nobody is left to be carried over.\n"


def test_every_answer_has_its_document(station: Path) -> None:
    issued = day("issue --count 2", station, "--json").document["tickets"]
    assert [(t["number"], t["state"], t["priority"]) for t in issued] == [
        (1, "waiting", "none"),
        (2, "waiting", "none"),
    ]
    called = day("call", station, "--json").document["ticket"]
    assert (called["number"], called["state"], called["desk"], called["calls"]) == (1, "called", 1, 1)
    done = day("done", station, "--record", "ab" * 16, "--json").document["ticket"]
    assert (done["state"], done["resident"]) == ("done", "ab" * 16)
    told = day("forecast", station, "--json").document
    assert told["forecast"]["of"] == 2
    assert told["line"][0]["number"] == 2
    assert told["next_wait"]["place"] == 2
    assert day("pause power", station, "--json").document["paused"] == "power"
    assert day("status", station, "--json").document["recording"] == {"now": False, "why_not": "power"}
    assert day("resume", station, "--json").document["paused"] is None
    moved = day("carry", station, "--json").document["moved"]
    assert [(t["number"], t["number_before"], t["carried"]) for t in moved] == [(2, 2, 1)]


def test_a_full_day_names_the_next_and_keeps_what_was_issued(station: Path) -> None:
    result = day("issue --count 25", station, "--json")
    assert result.code == ExitCode.NO
    document = result.document
    assert len(document["tickets"]) == 20
    assert document["error"]["type"] == "QuotaError"
    free = date.fromisoformat(document["next_free_day"])
    assert day("issue", station, "--day", free).code == ExitCode.OK
    assert "20 places are taken; the next day with room is" in day("issue", station).err


def test_what_everybody_is_told(station: Path, tmp_path: Path) -> None:
    day("issue --count 3", station)
    day("call", station)
    text = " ".join(day("status --language id", station).out.split())
    assert text.startswith("Kantor Kecamatan Paliyan Keadaan ")
    assert "Perekaman ya" in text
    assert "Pengiriman ke pusat TIDAK: data rekaman diantar ke pusat" in text
    assert "Sedang dilayani: nomor 1" in text
    published = day("status", station, "--publish", tmp_path / "www", "--json")
    assert published.code == ExitCode.OK
    document = json.loads((tmp_path / "www" / "status.json").read_text())
    assert document == {name: published.document[name] for name in document}
    assert document["serving"] == [1]
    assert "Recording: yes" in (tmp_path / "www" / "status.en.txt").read_text()
    assert run("day", "--station", station).out == day("status", station).out


@pytest.mark.parametrize(("harm", "why"), [("key", "key"), ("journal", "station")])
def test_a_station_that_cannot_record_is_published_as_such(station: Path, harm: str, why: str) -> None:
    if harm == "key":
        (station / "centre.key").unlink()
    else:
        (station / "journal" / "journal.json").write_bytes(b"nonsense")
    document = day("status", station, "--json").document
    assert document["recording"] == {"now": False, "why_not": why}
    assert document["wait_minutes"] == {"low": None, "high": None}


def test_records_that_wait_for_a_centre_show_that_there_is_none(station: Path) -> None:
    (station / "centre.toml").touch(0o600)
    assert day("status", station, "--json").document["sending"] == {"now": True, "why_not": None}
    with Journal(station / "journal", station / "centre.key", clock=_AnHourAgo()) as journal:
        journal.begin(b"Siti").close()
    document = day("status", station, "--json").document
    assert document["sending"] == {"now": False, "why_not": "no_centre"}
    assert document["backlog"] == 1
    assert document["recording"]["now"] is True


class _AnHourAgo:
    def read(self) -> Reading:
        reading = SystemClock().read()
        return replace(reading, utc=reading.utc - timedelta(hours=1))


@pytest.mark.parametrize(
    "arguments",
    [
        ("issue", "--day", "tomorrow"),
        ("issue", "--count", "0"),
        ("issue", "--priority", "rich"),
        ("call", "--desk", "0"),
        ("done", "0"),
        ("back",),
        ("carry", "--to", "2026-02-30"),
        ("open", "2026-11-21", "--time", "25:00"),
        ("open", "2026-11-21", "--time", "08:00+07:00"),
    ],
    ids=" ".join,
)
def test_what_makes_no_sense_is_wrong_usage(station: Path, arguments: tuple[str, ...]) -> None:
    assert day(arguments[0], station, *arguments[1:]).code == ExitCode.USAGE


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("call",), "nobody is waiting"),
        (("done", "7"), "there is no number 7"),
        (("call", "--desk", "3"), "desks are 1 to 2"),
        (("issue", "--village", "Nowhere"), "not in the office's file"),
        (("pause", "Pak Budi"), "one word"),
        (("carry", "--to", "2020-01-01"), "no day that numbers"),
        (("done",), "at the desks are none"),
    ],
)
def test_what_cannot_be_done_now_is_one_line_and_exit_code_1(
    station: Path, arguments: tuple[str, ...], says: str
) -> None:
    result = day(arguments[0], station, *arguments[1:])
    assert result.code == ExitCode.NO
    assert says in result.err
    assert result.err.count("\n") == 1


def test_an_office_s_file_that_is_none_is_bad_input(station: Path) -> None:
    (station / "office.toml").write_text("[office]\nname = 3")
    result = day("call", station)
    assert (result.code, "office.toml: line 2: [office] name must be" in result.err) == (ExitCode.INPUT, True)


def test_a_book_that_cannot_be_used_is_the_station_s_fault(station: Path) -> None:
    (station / "day").write_text("in the way")
    result = day("issue", station)
    assert (result.code, result.err.count("\n")) == (ExitCode.STATION, 1)


def test_options_before_the_command_are_refused_not_forgotten(station: Path) -> None:
    assert run("day", "--station", station, "issue").code == ExitCode.USAGE
    assert run("day", "--json", "call").code == ExitCode.USAGE
    assert not (station / "day").exists()


def test_the_day_can_be_said(station: Path) -> None:
    result = day("open 2031-05-06 --time 09:30", station, "--json")
    assert result.code == ExitCode.OK
    told = day("status", station, "--json").document
    assert (told["date"], told["as_of"][:16], told["clock_sound"]) == ("2031-05-06", "2031-05-06T09:30", False)
    assert "the station's clock is wrong" in day("status", station).out


def test_the_line_is_cut_where_it_is_long(station: Path) -> None:
    day("issue --count 20", station)
    text = day("forecast", station).out
    assert "At this pace" in text
    assert "5 more wait; --all shows them." in text
    assert "more wait" not in day("forecast --all", station).out


def test_ranges_are_written_as_people_write_them() -> None:
    assert ranges([24, 25, 26, 30, 100, 99]) == "24-26, 30, 99-100"
    assert ranges([]) == ""


def test_as_a_program_of_its_own(station: Path) -> None:
    result = run_process("day", "issue", "--station", str(station))
    assert (result.code, result.out, result.err) == (0, "Issued 1 for today.\n", "")
