"""How much a service computes at once, how long, and for whom: nobody waits in vain, and nobody computes for nobody."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from biocore_bindings.biosdk_codes import GoneError, RefusedError, Status

LOOK = 0.2  # s between two looks whether the client still waits
QUEUE_S = 30.0  # s that a request waits for its turn
WORK_S = 120.0  # s that a request may compute: 1,000 fingers to extract


class BusyError(Exception):
    """There is no room for another request now."""


class Pace:
    """Told between two pieces of work, it ends what nobody waits for, or what takes too long.

    Parameters
    ----------
    has_left : callable
        Says whether nobody waits any more.
    seconds : float
    """

    def __init__(self, has_left: Callable[[], bool], seconds: float = WORK_S) -> None:
        self._has_left = has_left
        self._ends = time.monotonic() + seconds

    def step(self) -> None:
        """Go on.

        Raises
        ------
        GoneError
        RefusedError
            It has taken too long.
        """
        if time.monotonic() > self._ends:
            raise RefusedError(Status.UNKNOWN_ERROR, "too much work for one request: send fewer segments")
        if self._has_left():
            raise GoneError


class Turns:
    """So many compute at once, so many more wait for it, and the rest is told to come back.

    Parameters
    ----------
    running, waiting : int
    """

    def __init__(self, running: int, waiting: int) -> None:
        self._free = threading.Semaphore(running)
        self._most = running + waiting
        self._inside = 0
        self._lock = threading.Lock()

    @property
    def inside(self) -> int:
        """How many compute or wait."""
        return self._inside

    @contextmanager
    def turn(self, has_left: Callable[[], bool]) -> Iterator[None]:
        """Wait for a turn, and have it.

        Raises
        ------
        BusyError
            Too many wait already, or none came in `QUEUE_S`.
        GoneError
            The client left while it waited.
        """
        with self._lock:
            if self._inside >= self._most:
                raise BusyError
            self._inside += 1
        try:
            ends = time.monotonic() + QUEUE_S
            while not self._free.acquire(timeout=LOOK):
                if has_left():
                    raise GoneError
                if time.monotonic() > ends:
                    raise BusyError
            try:
                yield
            finally:
                self._free.release()
        finally:
            with self._lock:
                self._inside -= 1


class Budget:
    """Bytes of all requests that are on their way, together.

    Parameters
    ----------
    most : int
    """

    def __init__(self, most: int) -> None:
        self._left = most
        self._lock = threading.Lock()

    def take(self, size: int) -> bool:
        """Take some; False where there are not so many left."""
        with self._lock:
            if size > self._left:
                return False
            self._left -= size
            return True

    def give(self, size: int) -> None:
        """Give back."""
        with self._lock:
            self._left += size
