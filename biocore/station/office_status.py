"""What an office publishes, so that nobody travels in vain: recording or not, sending or not, how long it takes.

Numbers, dates and words of a fixed list; nothing that says who anybody is, and no number of a ticket but the one
that is being served. The page says from when it is and how long it holds: a page of yesterday must not send
anybody on the way.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any

from biocore.advice import Language
from biocore.errors import DayFileError
from biocore.station.day import DayView
from biocore.station.forecast import Forecast, Wait
from biocore.station.office_words import DAY_NAMES, WORDS
from biocore.station.queue import TicketState

HOLDS = timedelta(minutes=30)  # after that a published page says nothing any more
ROUND_TO = 5  # minutes; a wait of 37 minutes is a precision that nobody has
LAYOUT = 1


class Stop(StrEnum):
    """Why nothing is recorded, or nothing sent; empty where it is."""

    NONE = ""
    CLOSED = "closed"  # not within opening hours
    PAUSED = "paused"
    POWER = "power"
    DEVICE = "device"
    STAFF = "staff"
    SPACE = "space"  # the disk is full
    KEY = "key"  # the centre's key is missing or expired
    STATION = "station"  # the journal cannot be used
    NO_CENTRE = "no_centre"  # there is no line to the centre; recording goes on
    NOT_SET_UP = "not_set_up"  # the station carries its records to the centre, or was not told where it is


@dataclass(frozen=True, slots=True)
class OfficeStatus:
    """What an office tells everybody.

    Attributes
    ----------
    office : str
    today : date
    as_of, until : datetime
        From when it is, and how long it holds; in the office's time.
    recording, sending : Stop
        `Stop.NONE` where it is done, else why not.
    backlog : int
        Finished recordings that the centre does not have yet.
    serving : tuple of int
        Numbers at the desks.
    done, waiting : int
        Served today; waiting.
    carried : Mapping of date to int
        Of those who wait or are at a desk, how many were carried over, by the day they came on.
    places, quota : int
        Places of today that are taken, of how many.
    forecast : tuple of int
        Served by the evening: low, expected, high.
    wait_minutes : tuple of int or None
        Of somebody who comes now: low and high; None: not today.
    next_free : date or None
        The first day on which somebody who comes finds a place.
    sound : bool
        The station's clock is credible.
    """

    office: str
    today: date
    as_of: datetime
    until: datetime
    recording: Stop
    sending: Stop
    backlog: int
    serving: tuple[int, ...]
    done: int
    waiting: int
    carried: Mapping[date, int]
    places: int
    quota: int
    forecast: tuple[int, int, int]
    wait_minutes: tuple[int, int] | None
    next_free: date | None
    sound: bool

    def to_dict(self) -> dict[str, Any]:
        """Return it as the published document has it."""
        low, high = self.wait_minutes or (None, None)
        return {
            "layout": LAYOUT,
            "office": self.office,
            "date": self.today.isoformat(),
            "as_of": self.as_of.isoformat(timespec="minutes"),
            "valid_until": self.until.isoformat(timespec="minutes"),
            "recording": {"now": not self.recording, "why_not": self.recording.value or None},
            "sending": {"now": not self.sending, "why_not": self.sending.value or None},
            "backlog": self.backlog,
            "serving": list(self.serving),
            "done": self.done,
            "waiting": self.waiting,
            "carried_over": {day.isoformat(): count for day, count in self.carried.items()},
            "places_taken": self.places,
            "quota": self.quota,
            "forecast": dict(zip(("low", "expected", "high"), self.forecast, strict=True)),
            "wait_minutes": {"low": low, "high": high},
            "next_free_day": self.next_free.isoformat() if self.next_free else None,
            "clock_sound": self.sound,
        }

    def text(self, language: Language = "id") -> str:
        """Return it as a notice of a few lines."""
        lines = [f"{label}: {value}" for label, value in self.rows(language)]
        return "\n".join([self.office, *lines]) + "\n"

    def rows(self, language: Language = "id") -> list[tuple[str, str]]:
        """Return its lines as pairs of label and value."""
        return list(_rows(self, language))


def office_status(view: DayView, told: Forecast, *, recording: Stop, sending: Stop, backlog: int) -> OfficeStatus:
    """Return what an office tells everybody.

    Parameters
    ----------
    view : DayView
    told : Forecast
        Of the same view.
    recording : Stop
        Whether the station can record, opening hours and pauses apart.
    sending : Stop
        Whether it can send.
    backlog : int
        Finished recordings that the centre does not have.
    """
    now = view.office.local(view.now.at)
    if not recording and view.paused:
        recording = Stop(view.paused) if view.paused in list(Stop) else Stop.PAUSED
    if not recording and not view.office.is_open_at(now):
        recording = Stop.CLOSED
    works = recording in (Stop.NONE, Stop.CLOSED)  # it will open; when a device or the power is back, nobody knows
    places = _places(view)
    return OfficeStatus(
        view.office.name,
        view.today,
        now,
        now + HOLDS,
        recording,
        sending,
        backlog,
        tuple(ticket.number for ticket in view.tickets if ticket.state is TicketState.CALLED),
        told.done,
        len(view.line),
        told.waiting_from,
        places,
        view.office.quota,
        (told.low, told.expected, told.high),
        _minutes(told.next_wait, now) if places < view.office.quota and works else None,
        next_free_day(view, told, works=works),
        view.now.sound,
    )


def next_free_day(view: DayView, told: Forecast, *, works: bool = True) -> date | None:
    """Return the first day on which somebody who comes now finds a place and is served.

    Today, if the station works, places are left and the turn comes before the office closes even at the slower
    pace. Else the first day that has room after those who may be left over tonight have taken theirs.
    """
    if works and _places(view) < view.office.quota and told.next_wait.latest is not None:
        return view.today
    taken, left_over = dict(view.later), told.of - told.low
    for day in view.office.next_open_days(view.today):
        room = view.office.quota - taken.get(day, 0)
        if room > left_over:
            return day
        left_over -= max(0, room)
    return None


def publish(status: OfficeStatus, folder: Path) -> tuple[Path, ...]:
    """Write `status.json` and a notice in each language for everybody to read; each file is whole at any moment.

    Raises
    ------
    DayFileError
        The folder cannot be written.
    """
    texts = {"status.json": json.dumps(status.to_dict(), indent=1) + "\n"}
    texts |= {"status.id.txt": status.text("id"), "status.en.txt": status.text("en")}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        return tuple(_replace(folder / name, text) for name, text in texts.items())
    except OSError as error:
        raise DayFileError(f"cannot be published: {error.strerror or error}", path=str(folder)) from None


def _replace(path: Path, text: str) -> Path:
    fresh = path.with_name(f".{path.name}.new")
    fresh.unlink(missing_ok=True)
    fd = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW, 0o644)
    with os.fdopen(fd, "w", encoding="utf-8") as file:
        file.write(text)
    fresh.replace(path)
    return path


def _places(view: DayView) -> int:
    return sum(ticket.state is not TicketState.CANCELLED for ticket in view.tickets)


def _minutes(wait: Wait, now: datetime) -> tuple[int, int] | None:
    if wait.earliest is None or wait.latest is None:
        return None
    low, high = ((until - now).total_seconds() / 60 for until in (wait.earliest, wait.latest))
    return int(low // ROUND_TO) * ROUND_TO, -int(-high // ROUND_TO) * ROUND_TO


def _rows(status: OfficeStatus, language: Language) -> Iterator[tuple[str, str]]:
    words, names = WORDS[language], DAY_NAMES[language]

    def day(value: date) -> str:
        return f"{names[value.weekday()]} {value:%d-%m-%Y}"

    def answer(stop: Stop) -> str:
        return f"{words['no']}: {words[stop]}" if stop else words["yes"]

    until = words["until"].format(time=f"{status.until:%H.%M}")
    yield words["as_of"], f"{day(status.today)} {status.as_of:%H.%M}, {until}"
    yield words["recording"], answer(status.recording)
    yield words["sending"], answer(status.sending)
    yield words["backlog"], str(status.backlog)
    yield words["serving"], ", ".join(map(str, status.serving)) or "-"
    yield words["served"], str(status.done)
    yield words["waiting"], str(status.waiting)
    if status.carried:
        left = (words["from"].format(count=count, day=day(since)) for since, count in status.carried.items())
        yield words["carried"], ", ".join(left)
    low, expected, high = status.forecast
    if status.waiting or status.serving:
        of = status.done + status.waiting + len(status.serving)
        yield words["forecast"], words["of"].format(expected=expected, low=low, high=high, of=of)
    if status.wait_minutes is not None:
        low, high = status.wait_minutes
        yield words["wait"], words["minutes"].format(low=low, high=high)
    else:
        works = status.recording in (Stop.NONE, Stop.CLOSED)
        yield words["wait"], words["not_today" if works else "unknown"]
    yield words["next_free"], day(status.next_free) if status.next_free else "-"
    if not status.sound:
        yield words["clock"], words["clock_wrong"]
