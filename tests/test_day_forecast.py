"""Forecasts: intervals that hold what they promise, pauses that do not count, and what an office publishes."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from biocore.errors import DayFileError
from biocore.station.day import DayBook
from biocore.station.forecast import CONFIDENCE, Pace, forecast
from biocore.station.office_status import HOLDS, OfficeStatus, Stop, office_status, publish
from biocore.station.office_words import WORDS
from biocore.station.queue import Priority
from day_support import FRIDAY, MONDAY, OFFICE, SATURDAY, SetClock, Simulated, a_book, serve


def served(book: DayBook, clock: SetClock, count: int, service: float = 240) -> None:
    """Serve people who take turns in taking a little longer and a little less."""
    for number in range(count):
        serve(book, clock, service + (-30, 0, 30)[number % 3])


def status_of(book: DayBook, recording: Stop = Stop.NONE, sending: Stop = Stop.NONE, backlog: int = 0) -> OfficeStatus:
    view = book.view()
    return office_status(view, forecast(view), recording=recording, sending=sending, backlog=backlog)


def test_the_interval_holds_as_often_as_it_says(tmp_path: Path) -> None:
    """On days of gamma-distributed people, at three paces, a third of them with a pause of ten minutes."""
    held = asked = 0
    for seed in range(18):
        day = Simulated(tmp_path / str(seed), seed, mean=(220.0, 300.0, 420.0)[seed % 3])
        day.run((5, 12, 25), cut_after=8 if seed % 2 else -1, cut_s=600)
        for low, expected, high in day.said.values():
            assert low <= expected <= high
            assert high - low < 55
            held += low <= day.served <= high
            asked += 1
    assert asked == 54
    assert held / asked >= CONFIDENCE - 0.1  # 54 askings of 18 days: the days are few


def test_an_interval_gets_narrower_as_the_day_goes_on(tmp_path: Path) -> None:
    day = Simulated(tmp_path, 1)
    day.run((5, 12, 25, 40))
    widths = [high - low for low, _, high in day.said.values()]
    assert widths == sorted(widths, reverse=True)
    assert widths[-1] < widths[0] / 3


@pytest.mark.parametrize("how", ["reboot", "pause", "standstill"])
def test_a_power_cut_costs_its_time_but_not_the_pace(tmp_path: Path, how: str) -> None:
    clock = SetClock()
    with a_book(tmp_path, clock) as book:
        for _ in range(100):
            book.issue()
        served(book, clock, 15)
        before = forecast(book.view())
        if how == "reboot":
            clock.power_cut(3600)
        elif how == "pause":
            book.pause("power")
            clock.go(3600)
            book.go_on()
        else:
            clock.go(3600)
        served(book, clock, 3)
        after = forecast(book.view())
    assert after.pace.mean_s == pytest.approx(before.pace.mean_s, rel=0.05)
    assert before.expected - after.expected == pytest.approx(3600 / before.pace.mean_s, abs=2)


def test_a_power_cut_in_the_middle_of_a_person_is_not_their_time(tmp_path: Path) -> None:
    clock = SetClock()
    with a_book(tmp_path, clock) as book:
        for _ in range(50):
            book.issue()
        served(book, clock, 10)
        before = forecast(book.view()).pace
        ticket = book.call()
        clock.power_cut(7200)
        book.done(ticket.number)
        assert forecast(book.view()).pace.people == before.people == 10


def test_a_slow_scanner_shows_within_the_hour(tmp_path: Path) -> None:
    clock = SetClock()
    with a_book(tmp_path, clock) as book:
        for _ in range(100):
            book.issue()
        served(book, clock, 15, 180)
        fast = forecast(book.view())
        served(book, clock, 8, 600)
        slow = forecast(book.view())
    assert slow.pace.mean_s > 1.5 * fast.pace.mean_s
    assert slow.high < fast.expected


def test_a_desk_that_had_nobody_to_call_was_not_slow(tmp_path: Path) -> None:
    clock = SetClock()
    with a_book(tmp_path, clock) as book:
        for _ in range(12):  # one at a time, a quarter of an hour apart
            book.issue()
            serve(book, clock, 200, gap=20)
            clock.go(900)
        assert forecast(book.view()).pace.mean_s == pytest.approx(230, abs=30)


def test_numbers_that_do_not_come_cost_time_once(tmp_path: Path) -> None:
    clock = SetClock()
    with a_book(tmp_path, clock) as book:
        for _ in range(60):
            book.issue()
        for _ in range(20):
            absent = book.call()
            clock.go(60)
            book.absent(absent.number)
            serve(book, clock, 200, gap=10)
        assert forecast(book.view()).pace.mean_s == pytest.approx(270, abs=25)


def test_two_desks_serve_twice_as_many(tmp_path: Path) -> None:
    clock, office = SetClock(), replace(OFFICE, desks=2)
    with a_book(tmp_path, clock, office) as book:
        for _ in range(100):
            book.issue()
        for _ in range(10):
            pair = book.call(1), book.call(2)
            clock.go(240)
            for ticket in pair:
                book.done(ticket.number)
            clock.go(20)
        pace = forecast(book.view()).pace
    assert pace.desks == 2
    assert pace.served_in(3600)[1] == pytest.approx(2 * replace(pace, desks=1).served_in(3600)[1], rel=0.05)
    assert pace.served_in(3600)[1] == pytest.approx(7200 / 260, rel=0.1)


def test_the_morning_begins_with_the_pace_of_the_days_before(tmp_path: Path) -> None:
    clock = SetClock()
    with a_book(tmp_path, clock) as book:
        for _ in range(100):
            book.issue()
        usual = forecast(book.view()).pace
        served(book, clock, 20, 600)
        book.carry()
        clock.to(SATURDAY, 8)
        morning = forecast(book.view()).pace
    assert (usual.people, morning.people) == (0, 0)
    assert morning.mean_s == pytest.approx(630, rel=0.1)
    assert usual.mean_s == pytest.approx(285)


def test_an_evening_has_no_more_to_come(tmp_path: Path) -> None:
    clock = SetClock()
    with a_book(tmp_path, clock) as book:
        for _ in range(30):
            book.issue()
        served(book, clock, 5)
        clock.to(FRIDAY, 17)
        told = forecast(book.view())
        status = status_of(book)
    assert (told.low, told.expected, told.high, told.of) == (5, 5, 5, 30)
    assert told.waits[0].earliest is None
    assert (status.recording, status.wait_minutes, status.next_free) == (Stop.CLOSED, None, SATURDAY)


def test_everybody_in_the_line_is_told_when(tmp_path: Path) -> None:
    clock = SetClock()
    with a_book(tmp_path, clock) as book:
        for number in range(1, 101):
            book.issue(priority=Priority.ELDERLY if number == 90 else Priority.NONE)
        served(book, clock, 20)
        told = forecast(book.view())
    assert [wait.place for wait in told.waits] == list(range(1, 81))
    assert told.waits[0].earliest == OFFICE.local(clock.true)
    ends = [wait.earliest for wait in told.waits if wait.earliest]
    assert ends == sorted(ends)
    assert told.waits[-1].latest is None
    assert not any(f"{end:%H:%M}" > "11:30" and f"{end:%H:%M}" < "13:00" for end in ends)
    beyond = sum(wait.earliest is None for wait in told.waits)
    assert told.done + len(told.waits) - beyond == pytest.approx(told.high, abs=2)


def test_those_from_friday_are_counted_on_saturday(tmp_path: Path) -> None:
    clock = SetClock()
    with a_book(tmp_path, clock) as book:
        for _ in range(20):
            book.issue()
        served(book, clock, 11)
        book.carry()
        clock.to(SATURDAY, 8)
        book.issue()
        told, status = forecast(book.view()), status_of(book)
    assert told.waiting_from == {FRIDAY: 9}
    assert (status.carried, status.waiting) == ({FRIDAY: 9}, 10)
    assert "Di antaranya sisa hari sebelumnya: 9 dari Jumat 20-11-2026" in status.text("id")
    assert status.to_dict()["carried_over"] == {"2026-11-20": 9}


@pytest.mark.parametrize("people", [1, 10, 80])
def test_the_time_for_people_and_the_people_in_a_time_agree(people: int) -> None:
    pace = Pace(300.0, 120.0, 20, 24.0)
    low, high = pace.time_for(people)
    assert low <= 300 * people <= high
    assert pace.served_in(high)[0] == pytest.approx(people, rel=0.25, abs=1)
    assert pace.served_in(0) == (0, 0, 0)


def test_the_half_width_is_student_s() -> None:
    for weight, t in ((6, 1.476), (11, 1.372), (31, 1.310)):  # 90th percentiles of t with 5, 10 and 30 degrees
        assert Pace(1, 1, 0, weight).reach == pytest.approx(t, rel=0.01)


# -- what is published


def test_a_full_day_names_the_next_one_with_room_behind_those_left_over(tmp_path: Path) -> None:
    clock = SetClock()
    with a_book(tmp_path, clock) as book:
        for _ in range(100):
            book.issue()
        assert status_of(book).next_free == SATURDAY
        for _ in range(60):
            book.issue(day=SATURDAY)
        served(book, clock, 5, 600)  # at ten minutes some 60 of today are left over
        status = status_of(book)
    assert (status.places, status.wait_minutes) == (100, None)
    assert status.next_free == MONDAY


@pytest.mark.parametrize("stop", [Stop.SPACE, Stop.KEY, Stop.STATION, Stop.DEVICE])
def test_nobody_is_called_to_a_station_that_cannot_record(tmp_path: Path, stop: Stop) -> None:
    with a_book(tmp_path) as book:
        book.issue()
        status = status_of(book, recording=stop)
    assert status.recording is stop
    assert status.wait_minutes is None
    assert status.next_free == SATURDAY
    assert "Perekaman: TIDAK" in status.text("id")
    assert WORDS["en"][stop] in status.text("en")
    assert "nobody knows how long, while nothing is recorded" in status.text("en")


def test_recording_goes_on_while_nothing_can_be_sent(tmp_path: Path) -> None:
    with a_book(tmp_path) as book:
        document = status_of(book, sending=Stop.NO_CENTRE, backlog=900).to_dict()
    assert document["recording"] == {"now": True, "why_not": None}
    assert document["sending"] == {"now": False, "why_not": "no_centre"}
    assert document["backlog"] == 900


def test_a_pause_is_published_until_the_next_call(tmp_path: Path) -> None:
    with a_book(tmp_path) as book:
        book.issue()
        for code, stop in (("power", Stop.POWER), ("prayer", Stop.PAUSED)):
            book.pause(code)
            assert status_of(book).recording is stop
        book.call()
        assert status_of(book).recording is Stop.NONE


def test_before_the_office_opens_the_wait_reaches_into_its_hours(tmp_path: Path) -> None:
    clock = SetClock()
    clock.to(FRIDAY, 7)
    with a_book(tmp_path, clock) as book:
        status = status_of(book)
    assert (status.recording, status.next_free) == (Stop.CLOSED, FRIDAY)
    assert status.wait_minutes == (60, 60)


def test_a_page_says_from_when_it_is_and_how_long_it_holds(tmp_path: Path) -> None:
    clock = SetClock()
    clock.skew = timedelta()
    with a_book(tmp_path, clock) as book:
        book.issue()
        clock.skew = -timedelta(days=400)
        status = status_of(book)
    assert status.until - status.as_of == HOLDS
    assert status.as_of.isoformat().startswith("2026-11-20T08:00")
    assert status.as_of.utcoffset() == timedelta(hours=7)
    assert not status.sound
    assert "jam alat perekam tidak tepat" in status.text("id")


def test_published_files_are_whole_and_readable_by_all(tmp_path: Path) -> None:
    folder = tmp_path / "www"
    with a_book(tmp_path / "day") as book:
        book.issue("Karangduwet", Priority.ELDERLY)
        status = status_of(book)
        publish(status, folder)
        written = publish(status, folder)
    assert sorted(path.name for path in folder.iterdir()) == ["status.en.txt", "status.id.txt", "status.json"]
    assert json.loads(written[0].read_text()) == status.to_dict()
    assert {path.stat().st_mode & 0o777 for path in written} == {0o644}
    text = "".join(path.read_text() for path in written)
    assert "Karangduwet" not in text
    assert "elderly" not in text
    with pytest.raises(DayFileError, match="cannot be published: File exists"):
        publish(status, Path("/dev/null"))


def test_both_languages_say_the_same_lines() -> None:
    assert WORDS["en"].keys() == WORDS["id"].keys()
    assert set(WORDS["en"]) >= {stop.value for stop in Stop if stop}


def test_an_office_without_open_days_promises_none(tmp_path: Path) -> None:
    office = replace(OFFICE, hours={}, specials={})
    with a_book(tmp_path, office=office) as book:
        book.issue()
        assert status_of(book).next_free is None
        assert "Hari berikutnya yang masih ada tempat: -" in status_of(book).text("id")
        assert book.today == date(2026, 11, 20)
