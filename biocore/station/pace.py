"""When to try again, and how fast to send: two schedules without a loop or a sleep of their own."""

from __future__ import annotations

import random
from collections.abc import Callable

from biocore.station.clock import Clock

FIRST_S = 5.0  # about a router's reconnection; the first wait is at most this
LONGEST_S = 900.0  # of the waits between two tries: when the centre is back, a station notices within this
_DOUBLINGS = 32  # beyond this the longest wait is reached in any case


class Backoff:
    """Waits that double up to a longest one, spread so that stations cut off together do not come back together.

    Parameters
    ----------
    rng : random.Random
    first_s, longest_s : float
        Seconds.

    Notes
    -----
    Each wait is drawn between half and all of the doubled one ("equal jitter"; Brooker, "Exponential Backoff And
    Jitter", AWS Architecture Blog, 2015): never nearly nought, as it could be with "full jitter".
    """

    def __init__(self, rng: random.Random, first_s: float = FIRST_S, longest_s: float = LONGEST_S) -> None:
        self._rng = rng
        self.first_s, self.longest_s = first_s, longest_s

    def wait_s(self, failures: int) -> float:
        """Return how long to wait after so many failures in a row, from 1."""
        most = min(self.longest_s, self.first_s * 2.0 ** min(failures - 1, _DOUBLINGS))
        return most * (0.5 + 0.5 * self._rng.random())

    def spread_s(self, asked_s: float) -> float:
        """Return a wait that the centre asked for, never shorter, and a little longer by chance."""
        return asked_s + self._rng.random() * min(0.1 * asked_s + 1.0, self.longest_s)


class Pace:
    """A cap on bytes a second: after each piece, the line rests until the piece's time is over.

    Parameters
    ----------
    bytes_per_s : int or None
        None sends as fast as the line takes it.
    clock : Clock
    wait : callable
        Waits for seconds.
    """

    def __init__(self, bytes_per_s: int | None, clock: Clock, wait: Callable[[float], object]) -> None:
        self.bytes_per_s = bytes_per_s
        self._clock, self._wait = clock, wait
        self._free_at_ns = 0

    def before(self, size: int) -> None:
        """Wait until a piece of `size` bytes may be sent."""
        if self.bytes_per_s is None:
            return
        now = self._clock.read().monotonic_ns
        if now < self._free_at_ns:
            self._wait((self._free_at_ns - now) / 1e9)
        self._free_at_ns = max(now, self._free_at_ns) + round(size / self.bytes_per_s * 1e9)
