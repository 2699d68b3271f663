"""Fields of a BioSDK request, read one by one: of the type they must be, absent, or named as wrong.

Java leaves fields out or writes `null`, which is the same. Dates come in the four spellings that MOSIP's own reader
takes: an object of `date` and `time`, an array, a text of ISO 8601, or milliseconds; and as Java's getters have them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from biocore_bindings.biosdk_codes import UnreadableError
from biocore_bindings.biosdk_json import from_base64, to_bytes

MAX_TEXT = 1000  # characters of a text that means something: a name, a version, an index
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DATE = ("year", "month", "day")
# As Jackson writes the getters of a `LocalDateTime` where nobody told it how.
_BEAN = ("year", "monthValue", "dayOfMonth")
_TIME = ("hour", "minute", "second", "nano")
_PARTS = (3, 7)  # of a date as an array: minutes, seconds and nanoseconds may be left away


@dataclass(frozen=True, slots=True)
class Moment:
    """A Java `LocalDateTime`, which is taken for UTC: to the microsecond, and the nanoseconds beside it."""

    when: datetime
    nano: int = 0

    def as_object(self) -> dict[str, dict[str, int]]:
        """Return it as MOSIP's client sends it."""
        when = self.when
        return {
            "date": {"year": when.year, "month": when.month, "day": when.day},
            "time": {"hour": when.hour, "minute": when.minute, "second": when.second, "nano": self.nano},
        }

    def as_text(self) -> str:
        """Return it as a text of ISO 8601."""
        return self.when.replace(tzinfo=None).isoformat(timespec="milliseconds")


def moment(when: datetime) -> Moment:
    """Return a time of ours as Java's."""
    when = when.astimezone(UTC)
    return Moment(when, when.microsecond * 1000)


class Fields:
    """An object of a request.

    Parameters
    ----------
    document : mapping
    where : str
        What it is called in messages.
    """

    def __init__(self, document: Mapping[str, object], where: str = "request") -> None:
        self._document = document
        self.where = where

    def __contains__(self, name: str) -> bool:
        return self._document.get(name) is not None

    def text(self, name: str) -> str | None:
        """Return a text."""
        value = self._document.get(name)
        if value is None:
            return None
        if not isinstance(value, str) or len(value) > MAX_TEXT:
            raise self._wrong(name, f"a text of at most {MAX_TEXT} characters")
        return value

    def flag(self, name: str) -> bool | None:
        """Return true or false."""
        value = self._document.get(name)
        if value is not None and not isinstance(value, bool):
            raise self._wrong(name, "true or false")
        return value

    def number(self, name: str) -> int | None:
        """Return a whole number; one with a fraction is cut."""
        value = self._document.get(name)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int | float) or abs(value) >= 1 << 63:
            raise self._wrong(name, "a number")
        return int(value)

    def child(self, name: str) -> Fields | None:
        """Return an object."""
        value = self._document.get(name)
        if value is None:
            return None
        if not isinstance(value, dict):
            raise self._wrong(name, "an object")
        return Fields(value, f"{self.where}.{name}")

    def children(self, name: str) -> tuple[Fields, ...] | None:
        """Return an array of objects."""
        return None if (found := self._array(name)) is None else tuple(self._inside(name, found))

    def texts(self, name: str) -> tuple[str, ...] | None:
        """Return an array of texts, or one text as such an array."""
        if isinstance(self._document.get(name), str):
            return (self.text(name) or "",)
        found = self._array(name)
        if found is None:
            return None
        if not all(isinstance(item, str) and len(item) <= MAX_TEXT for item in found):
            raise self._wrong(name, "an array of texts")
        return tuple(str(item) for item in found)

    def words(self, name: str) -> dict[str, str]:
        """Return an object of texts, and nothing where there is none; entries of null are left out.

        An array of `{"key": ..., "value": ...}`, as Java's own list of entries is written, is the same.
        """
        value = self._document.get(name)
        if isinstance(value, list):
            entries = [(each.text("key") or "", each.text("value")) for each in self._inside(name, value)]
            return {key: text for key, text in entries if text is not None}
        fields = self.child(name)
        if fields is None:
            return {}
        pairs = {key: fields._document[key] for key in fields._document}
        if any(not isinstance(item, str | bool | int | float | None) for item in pairs.values()):
            raise self._wrong(name, "an object of texts")
        return {key: str(item) for key, item in pairs.items() if item is not None}

    def data(self, name: str) -> bytes | None:
        """Return bytes: an array of integers, or base64."""
        value = self._document.get(name)
        if value is None or isinstance(value, bytes):
            return value
        if isinstance(value, str):
            return from_base64(value, f"{self.where}.{name}")
        if not isinstance(value, list):
            raise self._wrong(name, "an array of bytes")
        return to_bytes(value, f"{self.where}.{name}")

    def moment(self, name: str) -> Moment | None:
        """Return a date and time."""
        value = self._document.get(name)
        if value is None:
            return None
        try:
            return _moment(value)
        except (ValueError, OverflowError, TypeError):
            wanted = "a date: an object of `date` and `time`, an array, a text of ISO 8601, or milliseconds"
            raise self._wrong(name, wanted) from None

    def _array(self, name: str) -> list[object] | None:
        value = self._document.get(name)
        if value is not None and not isinstance(value, list):
            raise self._wrong(name, "an array")
        return value

    def _inside(self, name: str, items: list[object]) -> Iterator[Fields]:
        for k, item in enumerate(items):
            if not isinstance(item, dict):
                raise self._wrong(f"{name}[{k}]", "an object")
            yield Fields(item, f"{self.where}.{name}[{k}]")

    def _wrong(self, name: str, wanted: str) -> UnreadableError:
        return UnreadableError(f"{self.where}.{name} must be {wanted}")


def _moment(value: object) -> Moment:
    """Read a date.

    Raises
    ------
    ValueError, OverflowError, TypeError
        It is none.
    """
    if isinstance(value, str):
        text = value.strip()
        when = datetime.fromisoformat(text)
        return moment(when if when.tzinfo is not None else when.replace(tzinfo=UTC))
    if isinstance(value, bool):
        raise TypeError(value)
    if isinstance(value, int | float):
        return moment(_EPOCH + timedelta(milliseconds=value))
    if isinstance(value, list):
        if not _PARTS[0] <= len(value) <= _PARTS[1]:
            raise ValueError(value)
        return _at([_whole(part) for part in value])
    if isinstance(value, dict):
        date, time = value.get("date"), value.get("time")
        if isinstance(date, dict) and isinstance(time, dict):
            return _at([_whole(date.get(name)) for name in _DATE] + [_whole(time.get(name, 0)) for name in _TIME])
        if "monthValue" in value:
            return _at([_whole(value.get(name)) for name in _BEAN] + [_whole(value.get(name, 0)) for name in _TIME])
    raise TypeError(value)


def _whole(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(value)
    return value


def _at(parts: list[int]) -> Moment:
    year, month, day, hour, minute, second, nano = (*parts, 0, 0, 0, 0)[: _PARTS[1]]
    if not 0 <= nano < 1_000_000_000:
        raise ValueError(nano)
    return Moment(datetime(year, month, day, hour, minute, second, nano // 1000, UTC), nano)
