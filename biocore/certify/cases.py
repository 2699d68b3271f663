"""What a case of the trial is, and what all of them use: a bench with the device, a listener, a thread, a watch.

A case is a function of the bench that raises `CheckFailedError` where the driver breaks the contract; whatever else
escapes from it is the driver's, and fails it too. What it returns is a remark for the report.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

from biocore.hal import Device, Event, EventKind

PATIENCE = 10.0  # s in which a device must have begun to wait for the finger
SETTLING = 1.0  # s in which what is open for a moment is closed again
_T = TypeVar("_T")


class CheckFailedError(AssertionError):
    """A driver broke the contract."""


class NotTriedError(Exception):
    """A case cannot be tried with this device; says why."""


def expect(holds: bool, otherwise: str) -> None:
    """Go on where something holds.

    Raises
    ------
    CheckFailedError
    """
    if not holds:
        raise CheckFailedError(otherwise)


@contextmanager
def expecting(*kinds: type[BaseException]) -> Iterator[list[BaseException]]:
    """Go on where the block raises one of the errors; the list then holds it.

    Raises
    ------
    CheckFailedError
        It raises another one, or none.
    """
    names = " or ".join(kind.__name__ for kind in kinds)
    caught: list[BaseException] = []
    try:
        yield caught
    except kinds as error:
        caught.append(error)
        return
    except Exception as error:
        raise CheckFailedError(f"raised {type(error).__name__} instead of {names}: {error}") from error
    raise CheckFailedError(f"raised nothing; {names} was due")


@dataclass(frozen=True)
class Bench:
    """What a case is given.

    Attributes
    ----------
    make : callable
        Makes the device under trial, not opened yet.
    driver : str
        Name that its `info` must carry; empty = any (a device in front of others).
    captures : int
        How many the case of growth takes.
    picture : str
        File of the picture that each capture must give, empty where none is known.
    """

    make: Callable[[], Device]
    driver: str = ""
    captures: int = 1000
    picture: str = ""


@dataclass(frozen=True)
class Case:
    """One thing that every driver must do.

    Attributes
    ----------
    name : str
        Short and stable: programs ask for it.
    proves : str
        What is proved, one sentence.
    run : callable
        Returns a remark; raises where the driver fails.
    limit : float
        s after which the driver hangs.
    """

    name: str
    proves: str
    run: Callable[[Bench], str]
    limit: float = 60.0


class Cases(list[Case]):
    """Cases in order; a decorator adds one."""

    def add(self, proves: str, *, limit: float = 60.0) -> Callable[[Callable[[Bench], str]], Callable[[Bench], str]]:
        """Add the decorated function as a case of its name."""

        def keep(function: Callable[[Bench], str]) -> Callable[[Bench], str]:
            self.append(Case(function.__name__.replace("_", "-"), proves, function, limit))
            return function

        return keep


class Heard:
    """Keeps the events of a device; holds the capture at WAITING while its gate is shut."""

    def __init__(self, device: Device, *, gate_open: bool = True) -> None:
        self.events: list[Event] = []
        self.waiting = threading.Event()
        self.gate = threading.Event()
        if gate_open:
            self.gate.set()
        device.listen(self)

    def __call__(self, event: Event) -> None:
        """Note an event."""
        self.events.append(event)
        if event.kind is EventKind.WAITING:
            self.waiting.set()
            self.gate.wait(PATIENCE)

    @property
    def kinds(self) -> list[EventKind]:
        """What has happened, in order."""
        return [event.kind for event in self.events]

    @property
    def states(self) -> list[str]:
        """Which states the device went through."""
        return [event.detail for event in self.events if event.kind is EventKind.STATE]

    def await_waiting(self) -> None:
        """Wait until the device says that it waits for the finger or eye."""
        expect(self.waiting.wait(PATIENCE), f"did not say within {PATIENCE:g} s that it waits for the finger or eye")


class Running(Generic[_T]):
    """A call in a thread of its own, which ends with the program whatever the call does."""

    def __init__(self, call: Callable[[], _T]) -> None:
        self._answer: list[_T] = []
        self._error: BaseException | None = None
        self._call = call
        self._thread = threading.Thread(target=self._run, name="biocore trial", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        try:
            self._answer.append(self._call())
        except BaseException as error:
            self._error = error

    def result(self, timeout: float = PATIENCE) -> _T:
        """Return what the call returned, or raise what it raised.

        Raises
        ------
        CheckFailedError
            It does not return.
        """
        self._thread.join(timeout)
        expect(not self._thread.is_alive(), f"a call did not return within {timeout:g} s")
        if self._error is not None:
            raise self._error
        return self._answer[0]


def belongings() -> dict[str, int]:
    """Count what a process holds: threads, open files, child processes (the last two on Linux)."""
    held = {"threads": threading.active_count()}
    try:
        held["open files"] = len(os.listdir("/proc/self/fd"))  # noqa: PTH208 - Path.iterdir holds one itself
        children = [path.read_text().split() for path in Path("/proc/self/task").glob("*/children")]
        held["child processes"] = sum(map(len, children))
    except OSError:
        pass
    return held


def expect_nothing_left(before: dict[str, int]) -> None:
    """Go on where no more is held than before; what is held for a moment only, by whatever else runs, is nobody's leak.

    Raises
    ------
    CheckFailedError
    """
    until = time.monotonic() + SETTLING
    while True:
        after = belongings()
        left = [f"{after[what] - count} {what}" for what, count in before.items() if after.get(what, 0) > count]
        if not left or time.monotonic() > until:
            break
        time.sleep(0.01)
    expect(not left, f"{' and '.join(left)} are left behind")


@contextmanager
def silent(name: str) -> Iterator[list[logging.LogRecord]]:
    """Keep what is logged under a name from everybody else; the list collects it."""
    log = logging.getLogger(name)
    kept: list[logging.LogRecord] = []

    class Keep(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            kept.append(record)

    handler, propagated = Keep(), log.propagate
    log.addHandler(handler)
    log.propagate = False
    try:
        yield kept
    finally:
        log.propagate = propagated
        log.removeHandler(handler)
