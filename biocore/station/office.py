"""An office: its time zone, its hours and holidays, how many a day, and the rules of its queue.

It is read from a TOML file (`office.toml` beside this module is the one that is used where there is none). All
arithmetic of opening hours is here; nothing here reads a clock.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from biocore.errors import OfficeFileError
from biocore.report import FixedDict
from biocore.station.settings import line_of, read_text, text_of

DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
MAX_FILE = 1 << 16  # bytes; an office with a year of holidays is 4 kB
MAX_QUOTA = 2000  # people a day: 200 were reported with one set of devices (Paliyan, 2011)
MAX_DESKS = 50
MAX_NAME = 60  # characters
MAX_VILLAGES = 500
LOOK_AHEAD = 400  # days in which an open one is looked for
USUAL = Path(__file__).with_name("office.toml")

Span = tuple[time, time]
Stretch = tuple[datetime, datetime]


@dataclass(frozen=True, slots=True)
class QueueRules:
    """How the queue is ordered; see `biocore.station.queue`.

    Attributes
    ----------
    recall_after : int
        A number that did not come is called again after so many others.
    recalls : int
        How often.
    priority_in_a_row : int
        The old and disabled go first, but after so many of them one of the others does.
    """

    recall_after: int = 5
    recalls: int = 2
    priority_in_a_row: int = 2


USUAL_RULES = QueueRules()


@dataclass(frozen=True, slots=True)
class Special:
    """A day that is not as its weekday: a holiday (no hours), or an open Saturday."""

    hours: tuple[Span, ...]
    name: str = ""


@dataclass(frozen=True, slots=True)
class Office:
    """An office and its calendar.

    Attributes
    ----------
    name : str
        Of the place; it is published.
    zone : ZoneInfo
    quota : int
        People a day.
    desks : int
        Sets of devices that share the queue.
    villages : tuple of str
        Names that a ticket may carry. A list, so that no name of a person gets in.
    hours : Mapping of int to tuple
        Opening hours by weekday, Monday is 0; a weekday that is not there is closed.
    specials : Mapping of date to Special
    rules : QueueRules
    """

    name: str
    zone: ZoneInfo
    quota: int = 100
    desks: int = 1
    villages: tuple[str, ...] = ()
    hours: Mapping[int, tuple[Span, ...]] = field(default_factory=dict)
    specials: Mapping[date, Special] = field(default_factory=dict)
    rules: QueueRules = USUAL_RULES

    def local(self, utc: datetime) -> datetime:
        """Return an instant in the office's own time."""
        return utc.astimezone(self.zone)

    def stretches(self, day: date) -> tuple[Stretch, ...]:
        """Return when the office is open on a day, in its own time, in order."""
        special = self.specials.get(day)
        spans = self.hours.get(day.weekday(), ()) if special is None else special.hours
        return tuple(
            (datetime.combine(day, first, self.zone), datetime.combine(day, last, self.zone)) for first, last in spans
        )

    def is_open_on(self, day: date) -> bool:
        """Say whether the office opens at all on a day."""
        return bool(self.stretches(day))

    def is_open_at(self, instant: datetime) -> bool:
        """Say whether the office is open at an instant."""
        return any(first <= instant < last for first, last in self.stretches(self.local(instant).date()))

    def next_open_days(self, after: date) -> Iterator[date]:
        """Walk over the days that the office is open, from the one after `after`; ends after `LOOK_AHEAD` days."""
        for ahead in range(1, LOOK_AHEAD + 1):
            day = after + timedelta(days=ahead)
            if self.is_open_on(day):
                yield day

    def breaks_between(self, start: datetime, end: datetime) -> float:
        """Return the seconds of breaks (between two stretches of one day) that lie between two instants."""
        total, day, last = 0.0, self.local(start).date(), self.local(end).date()
        while day <= last:
            stretches = self.stretches(day)
            for (_, closing), (opening, _) in pairwise(stretches):
                total += max(0.0, (min(end, opening) - max(start, closing)).total_seconds())
            day += timedelta(days=1)
        return total

    def seconds_left(self, now: datetime) -> float:
        """Return the opening time from now to the end of the day, in seconds."""
        stretches = self.stretches(self.local(now).date())
        return sum(max(0.0, (last - max(now, first)).total_seconds()) for first, last in stretches)

    def after_work(self, now: datetime, seconds: float) -> datetime | None:
        """Return when so much opening time will be over today; None: not before the office closes."""
        for first, last in self.stretches(self.local(now).date()):
            here = max(0.0, (last - max(now, first)).total_seconds())
            if here and seconds <= here:
                return self.local(max(now, first) + timedelta(seconds=seconds))
            seconds -= here
        return None


def read_office(source: Path | bytes = USUAL) -> Office:
    """Read an office's file.

    Raises
    ------
    OfficeFileError
        There is none, or something in it is not what it must be; named.
    """
    name, text = "office" if isinstance(source, bytes) else str(source), ""
    try:
        text = _text(source)
        return _office(tomllib.loads(text))
    except OSError as error:
        raise OfficeFileError(f"cannot be read: {error.strerror or error}", path=name) from None
    except (ValueError, TypeError, RecursionError) as error:
        line = line_of(text, error.key) if isinstance(error, _WrongError) else None
        where = f"line {line}: " if line else ""
        raise OfficeFileError(f"{where}{error}; correct it in the file", path=name) from None


def _text(source: Path | bytes) -> str:
    if isinstance(source, Path) and source != USUAL:
        return read_text(source, MAX_FILE)
    data = source if isinstance(source, bytes) else source.read_bytes()  # ours, wherever it was installed
    if len(data) > MAX_FILE:
        raise ValueError(f"larger than {MAX_FILE} bytes: this is no office")
    return text_of(data)


class _WrongError(ValueError):
    """A value that cannot be, and the dotted key that it stands under."""

    def __init__(self, message: str, key: str) -> None:
        super().__init__(message)
        self.key = key


def _office(values: dict[str, Any]) -> Office:
    _only(values, "the file", "office", "hours", "queue", "special")
    office = _table(values, "office", "name", "timezone", "quota", "desks", "villages")
    hours = _table(values, "hours", *DAYS)
    rules = _table(values, "queue", "recall_after", "recalls", "priority_in_a_row")
    villages = tuple(_word(village, "village", "office.villages") for village in _list(office, "villages"))
    if len(villages) > MAX_VILLAGES or len(set(villages)) < len(villages):
        raise _WrongError(f"[office] villages are up to {MAX_VILLAGES}, each once", "office.villages")
    return Office(
        _word(office.get("name"), "[office] name", "office.name"),
        _zone(office.get("timezone")),
        _number(office, "office.quota", 1, MAX_QUOTA, 100),
        _number(office, "office.desks", 1, MAX_DESKS, 1),
        villages,
        FixedDict({DAYS.index(day): _spans(hours[day], f"[hours] {day}", f"hours.{day}") for day in hours}),
        FixedDict(_specials(_list(values, "special"))),
        QueueRules(
            _number(rules, "queue.recall_after", 1, 100, USUAL_RULES.recall_after),
            _number(rules, "queue.recalls", 0, 20, USUAL_RULES.recalls),
            _number(rules, "queue.priority_in_a_row", 1, 100, USUAL_RULES.priority_in_a_row),
        ),
    )


def _only(values: Mapping[str, Any], where: str, *names: str) -> None:
    if unknown := sorted(set(values) - set(names)):
        strange = ", ".join(ascii(name)[:40] for name in unknown[:3])
        key = f"{where.strip('[]')}.{unknown[0]}" if where.startswith("[") else unknown[0]
        raise _WrongError(f"{where} has {strange}, which nobody knows: it has {', '.join(names)}", key)


def _table(values: Mapping[str, Any], name: str, *names: str) -> dict[str, Any]:
    table = values.get(name, {})
    if not isinstance(table, dict):
        raise ValueError(f"[{name}] is no table")
    _only(table, f"[{name}]", *names)
    return table


def _list(values: Mapping[str, Any], name: str) -> list[Any]:
    found = values.get(name, [])
    if not isinstance(found, list):
        raise ValueError(f"{name} is no list")
    return found


def _word(value: object, where: str, key: str) -> str:
    """Return a name; control characters would reach terminals and published pages."""
    if not isinstance(value, str) or not value.strip() or len(value) > MAX_NAME or not value.isprintable():
        what = f"{where} must be a name of up to {MAX_NAME} printable characters, not {ascii(value)[:80]}"
        raise _WrongError(what, key)
    return value.strip()


def _number(values: Mapping[str, Any], key: str, least: int, most: int, usual: int) -> int:
    name = key.partition(".")[2]
    value = values.get(name, usual)
    if type(value) is not int or not least <= value <= most:
        raise _WrongError(f"{name} must be {least} to {most}, not {ascii(value)[:40]}", key)
    return value


def _zone(value: object) -> ZoneInfo:
    try:
        return ZoneInfo(value)  # type: ignore[arg-type]
    except (ValueError, KeyError, TypeError, OSError):  # also a path that leaves the database
        zones = "Asia/Jakarta, Asia/Makassar, Asia/Jayapura or the like"
        raise _WrongError(f"[office] timezone must be {zones}, not {ascii(value)[:60]}", "office.timezone") from None


def _spans(value: object, where: str, key: str) -> tuple[Span, ...]:
    if not isinstance(value, list):
        raise _WrongError(f'{where} must be a list like ["07:30-12:00", "13:00-16:00"]', key)
    spans = tuple(_span(text, where, key) for text in value)
    edges = [edge for span in spans for edge in span]
    if edges != sorted(edges) or any(first == last for first, last in spans):
        raise _WrongError(f"{where}: hours must follow each other, and each must end after it begins", key)
    return spans


def _span(text: object, where: str, key: str) -> Span:
    try:
        first, last = (time.fromisoformat(part.strip()) for part in text.split("-"))  # type: ignore[attr-defined]
        if first.tzinfo or last.tzinfo:
            raise ValueError
    except (ValueError, AttributeError):
        raise _WrongError(f'{where}: hours are like "07:30-12:00", not {ascii(text)[:40]}', key) from None
    return first, last


def _specials(values: list[Any]) -> dict[date, Special]:
    specials: dict[date, Special] = {}
    for value in values:
        if not isinstance(value, dict):
            raise ValueError("[[special]] is no table")
        _only(value, "[[special]]", "date", "hours", "name")
        day = value.get("date")
        if type(day) is not date or day in specials:  # a datetime is a date too, and not meant
            raise ValueError(f"[[special]] needs a date like 2026-12-25, each once, not {ascii(day)[:40]}")
        name = _word(value["name"], f"name of {day}", "special.name") if "name" in value else ""
        specials[day] = Special(_spans(value.get("hours", []), f"hours of {day}", "special.hours"), name)
    return specials
