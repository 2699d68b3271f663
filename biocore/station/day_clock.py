"""What time it is at a station whose clock may lie.

A battery that is empty puts the clock back to 1970 at each power cut, and a hand may put it anywhere. So the day book
keeps an estimate beside both clocks: the wall clock where that is credible, else the latest time it knew, and the
monotonic clock on from there. The estimate never runs backwards by itself. Order does not depend on it, only what is
said about times.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from biocore.station.clock import Reading

SLACK = timedelta(minutes=2)  # a clock that is set right by the network moves by seconds
MOST_AWAY = timedelta(days=14)  # longest time an office is closed (Lebaran with collective leave is 10 to 12 days)


@dataclass(frozen=True, slots=True)
class Stamp:
    """An instant as the day book takes it.

    Attributes
    ----------
    at : datetime
        Best estimate, UTC.
    reading : Reading
        Both clocks.
    sound : bool
        The wall clock was credible.
    """

    at: datetime
    reading: Reading
    sound: bool = True

    def seconds_since(self, earlier: Stamp) -> float | None:
        """Return the time that really passed; None where the machine was off between the two."""
        if self.reading.boot != earlier.reading.boot:
            return None
        return (self.reading.monotonic_ns - earlier.reading.monotonic_ns) / 1e9


def stamp(reading: Reading, last: Stamp | None) -> Stamp:
    """Return an instant's best estimate, given the one before."""
    if last is None:
        return Stamp(reading.utc, reading)
    passed = Stamp(last.at, reading).seconds_since(last)
    expected = last.at + timedelta(seconds=max(0.0, passed or 0.0))
    ahead = reading.utc - expected
    if -SLACK <= ahead <= MOST_AWAY:
        return Stamp(max(reading.utc, last.at), reading)
    return Stamp(expected, reading, sound=False)
