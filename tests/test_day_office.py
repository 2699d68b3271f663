"""Offices: what their file may say, and the arithmetic of their hours."""

from __future__ import annotations

import os
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from biocore.errors import OfficeFileError
from biocore.station.office import MAX_FILE, USUAL, Office, read_office
from day_support import FRIDAY, MONDAY, OFFICE, SATURDAY, TOML

SUNDAY = date(2026, 11, 22)


def jakarta(day: date, hour: int, minute: int = 0) -> datetime:
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=OFFICE.zone)


def hours_of(office: Office, day: date) -> float:
    return sum((last - first).total_seconds() for first, last in office.stretches(day)) / 3600


def test_the_usual_office_works_the_hours_of_the_law() -> None:
    office = read_office()
    week = [MONDAY + timedelta(days=ahead) for ahead in range(7)]
    assert sum(hours_of(office, day) for day in week) == 37.5
    assert [office.is_open_on(day) for day in week] == [True] * 5 + [False] * 2
    assert all(f"{office.stretches(day)[0][0]:%H:%M}" == "07:30" for day in week[:5])


def test_a_special_day_overrules_its_weekday() -> None:
    assert hours_of(OFFICE, SATURDAY) == 6
    assert not OFFICE.is_open_on(SATURDAY + timedelta(days=7))
    assert not OFFICE.is_open_on(date(2026, 12, 25))
    assert OFFICE.specials[date(2026, 12, 25)].name == "Hari Raya Natal"
    days = OFFICE.next_open_days(date(2026, 12, 24))
    assert next(days) == date(2026, 12, 28)


def test_opening_time_is_counted_without_the_break() -> None:
    assert OFFICE.seconds_left(jakarta(FRIDAY, 6)) == 6.5 * 3600
    assert OFFICE.seconds_left(jakarta(FRIDAY, 11)) == 3.5 * 3600
    assert OFFICE.seconds_left(jakarta(FRIDAY, 12)) == 3 * 3600
    assert OFFICE.seconds_left(jakarta(FRIDAY, 16)) == 0
    assert OFFICE.breaks_between(jakarta(FRIDAY, 11), jakarta(FRIDAY, 12)) == 1800
    assert OFFICE.breaks_between(jakarta(FRIDAY, 8), jakarta(SATURDAY, 9)) == 5400
    assert OFFICE.is_open_at(jakarta(FRIDAY, 11, 29))
    assert not OFFICE.is_open_at(jakarta(FRIDAY, 11, 30))


def test_work_ends_after_the_break_or_not_today() -> None:
    assert OFFICE.after_work(jakarta(FRIDAY, 11), 3600) == jakarta(FRIDAY, 13, 30)
    assert OFFICE.after_work(jakarta(FRIDAY, 7), 60) == jakarta(FRIDAY, 8, 1)
    assert OFFICE.after_work(jakarta(FRIDAY, 15), 3601) is None
    assert OFFICE.after_work(jakarta(SUNDAY, 9), 0) is None


@given(start=st.integers(0, 86_399), seconds=st.integers(1, 8 * 3600))
def test_the_end_of_work_leaves_just_so_much_opening_time_before_it(start: int, seconds: int) -> None:
    now = jakarta(FRIDAY, 0) + timedelta(seconds=start)
    end = OFFICE.after_work(now, seconds)
    left = OFFICE.seconds_left(now)
    if end is None:
        assert left < seconds
    else:
        assert left - OFFICE.seconds_left(end) == pytest.approx(seconds)


@pytest.mark.parametrize("zone", ["Asia/Jakarta", "Asia/Makassar", "Asia/Jayapura"])
def test_an_office_lives_in_its_own_time(zone: str) -> None:
    office = read_office(TOML.replace(b"Asia/Jakarta", zone.encode()))
    first, _ = office.stretches(FRIDAY)[0]
    assert first.astimezone(UTC).hour == {"Asia/Jakarta": 1, "Asia/Makassar": 0, "Asia/Jayapura": 23}[zone]
    assert office.local(first).date() == FRIDAY


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ((b'"Asia/Jakarta"', b'"../../etc/passwd"'), "timezone must be Asia/Jakarta"),
        ((b'"Asia/Jakarta"', b'"/etc/passwd"'), "timezone must be"),
        ((b'"Asia/Jakarta"', b"7"), "timezone must be"),
        ((b'"Karangduwet"', b'"Karangasem"'), "each once"),
        ((b'"Karangduwet"', b'"a\\u001b[2Jb"'), "printable"),
        ((b'"Kantor Kecamatan Paliyan"', b'"a\\u202eb"'), "printable"),
        ((b'"Kantor Kecamatan Paliyan"', b'""'), "name must be a name"),
        ((b"villages = [", b"quota = 100000\nvillages = ["), "quota must be 1 to 2000"),
        ((b"villages = [", b"quota = true\nvillages = ["), "quota must be"),
        ((b"villages = [", b"desks = 0\nvillages = ["), "desks must be"),
        ((b"villages = [", b"colour = 1\nvillages = ["), "which nobody knows"),
        ((b'"08:00-12:00", "13:00-16:00"', b'"13:00-16:00", "08:00-12:00"'), "must follow each other"),
        ((b'"08:00-12:00", "13:00-16:00"', b'"8 to 12"'), "hours are like"),
        ((b'"08:00-12:00", "13:00-16:00"', b'"08:00-08:00"'), "end after it begins"),
        ((b'"08:00-12:00", "13:00-16:00"', b'"08:00+01:00-09:00"'), "hours are like"),
        ((b"date = 2026-11-21", b'date = "2026-11-21"'), "needs a date"),
        ((b"date = 2026-11-21", b"date = 2026-11-21T08:00:00"), "needs a date"),
        ((b"date = 2026-12-25", b"date = 2026-11-21"), "each once"),
        ((b"[hours]", b"hours = 3\n[other]"), "nobody knows"),
        ((b"[office]", b"[[office]]"), "no table"),
        ((b"[office]", b"[office"), "correct it"),
    ],
    ids=lambda change: repr(change)[:50],
)
def test_what_an_office_cannot_be_is_refused_in_one_line(change: tuple[bytes, bytes], complaint: str) -> None:
    bad = TOML.replace(*change, 1)
    assert bad != TOML
    with pytest.raises(OfficeFileError, match=complaint) as caught:
        read_office(bad)
    assert str(caught.value).isprintable()


@given(st.binary(max_size=300))
def test_any_bytes_are_an_office_or_an_error_of_ours(data: bytes) -> None:
    with pytest.raises(OfficeFileError, match="correct it"):  # without a name and a time zone there is no office
        read_office(data)


@given(st.data())
def test_an_office_with_damage_is_an_office_or_an_error_of_ours(data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(TOML) - 1))
    text = TOML[:at] + data.draw(st.binary(max_size=4)) + TOML[at + data.draw(st.integers(0, 20)) :]
    try:
        office = read_office(text)
    except OfficeFileError:
        return
    assert 1 <= office.quota <= 2000
    assert office.name.isprintable()


def test_a_file_that_is_missing_or_endless_is_named(tmp_path: Path) -> None:
    with pytest.raises(OfficeFileError, match=r"nowhere\.toml: cannot be read: No such file"):
        read_office(tmp_path / "nowhere.toml")
    with pytest.raises(OfficeFileError, match="larger than"):
        read_office(b"#" * (MAX_FILE + 1))
    with pytest.raises(OfficeFileError, match="it is no plain file"):
        read_office(Path("/dev/zero"))
    large = tmp_path / "large.toml"
    large.write_bytes(b"#" * (MAX_FILE + 1))
    with pytest.raises(OfficeFileError, match="larger than"):
        read_office(large)
    assert read_office(USUAL).quota == 100


def test_a_trap_in_place_of_an_office_s_file_hangs_nobody_and_is_not_followed(tmp_path: Path) -> None:
    pipe, link, folder = (tmp_path / f"{name}.toml" for name in ("pipe", "link", "folder"))
    os.mkfifo(pipe)
    (tmp_path / "real").write_bytes(TOML)
    link.symlink_to(tmp_path / "real")
    folder.mkdir()
    for trap, complaint in ((pipe, "no plain file"), (link, "symbolic links"), (folder, "cannot be read")):
        with pytest.raises(OfficeFileError, match=rf"{trap.name}: cannot be read: .*|{complaint}"):
            read_office(trap)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ((b'timezone = "Asia/Jakarta"', b'timezone = "Asia/Jakarta'), "(at line {line}, "),
        ((b'timezone = "Asia/Jakarta"', b'timezone = "Asia/\xff"'), "line {line}: a byte there is no UTF-8"),
        ((b'timezone = "Asia/Jakarta"', b'timezone = "Mars"'), "line {line}: [office] timezone must be"),
        ((b'timezone = "Asia/Jakarta"', b'timezone = "Asia/Jakarta"\nquota = 0'), "line {next}: quota must be 1 to"),
        ((b'timezone = "Asia/Jakarta"', b'timezone = "Asia/Jakarta"\nx = 0'), "line {next}: [office] has 'x'"),
    ],
)
def test_what_is_wrong_in_an_office_s_file_is_named_with_file_and_line(
    tmp_path: Path, change: tuple[bytes, bytes], says: str
) -> None:
    path = tmp_path / "office.toml"
    path.write_bytes(TOML.replace(*change, 1))
    assert path.read_bytes() != TOML
    line = 1 + TOML[: TOML.index(change[0])].count(b"\n")
    with pytest.raises(OfficeFileError) as caught:
        read_office(path)
    assert str(caught.value).startswith(f"{path}: ")
    assert says.format(line=line, next=line + 1) in str(caught.value)
