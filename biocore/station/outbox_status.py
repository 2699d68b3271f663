"""What an operator, and an office that publishes its state, must know of the outbox. Nothing in it is personal."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from biocore.errors import BiocoreError, OutboxError

_DAY_S = 86_400


class OutboxState(StrEnum):
    """What the outbox is doing."""

    EMPTY = "empty"  # nothing waits
    SENDING = "sending"
    WAITING = "waiting"  # for the next try
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that went wrong, and what to do.

    Attributes
    ----------
    code : str
        One word for programs: `no_connection`, `centre_quota`, `certificate_date`.
    cause, advice : str
        For the operator.
    at : datetime
        By this station's wall clock, UTC.
    resident : str
        Random name of the record it concerns; empty if it concerns all.
    failures : int
        How often in a row.
    """

    code: str
    cause: str
    advice: str
    at: datetime
    resident: str = ""
    failures: int = 1


@dataclass(frozen=True, slots=True)
class OutboxStatus:
    """The outbox at one instant.

    Attributes
    ----------
    state : OutboxState
    waiting, waiting_bytes : int
        Finished residents whose records the centre has not signed for. Unfinished ones are not among them.
    sent_today : int
        Receipts taken down since midnight, by line and by stick.
    oldest_age_s : float or None
        Since the oldest waiting record was finished; at least so long, if the clock was put back since.
    set_aside : tuple of Problem
        Records that the centre does not take, or that are damaged here. The others go on.
    last_error : Problem or None
        Of the line or the centre, since it last worked.
    next_try : datetime or None
        By this station's wall clock, UTC; None if there is nothing to wait for.
    clock : str
        What is wrong with this station's clock; empty if nothing is known to be.
    """

    state: OutboxState
    waiting: int
    waiting_bytes: int
    sent_today: int
    oldest_age_s: float | None
    set_aside: tuple[Problem, ...]
    last_error: Problem | None
    next_try: datetime | None
    clock: str

    @property
    def message(self) -> str:
        """One line for the operator."""
        parts = [f"{self.waiting} waiting", f"{self.sent_today} sent today"]
        if self.oldest_age_s is not None and self.oldest_age_s >= _DAY_S:
            parts.append(f"the oldest for {self.oldest_age_s / _DAY_S:.0f} days")
        if self.set_aside:
            parts.append(f"{len(self.set_aside)} set aside: {self.set_aside[0].cause}; {self.set_aside[0].advice}")
        if self.last_error is not None:
            parts.append(f"{self.last_error.cause}; {self.last_error.advice}")
        if self.next_try is not None and self.state is OutboxState.WAITING:
            parts.append(f"next try at {self.next_try:%Y-%m-%d %H:%M} UTC")
        if self.clock:
            parts.append(self.clock)
        return "; ".join(parts)

    def to_values(self) -> dict[str, Any]:
        """Return the status as values of JSON."""
        values: dict[str, Any] = _jsonable(asdict(self) | {"message": self.message})
        return values


def problem_of(error: BiocoreError, at: datetime, resident: str = "", failures: int = 1) -> Problem:
    """Return what an error means to the operator."""
    if isinstance(error, OutboxError):
        return Problem(error.code, str(error), error.advice, at, resident, failures)
    return Problem("station", str(error), "look at this station's disk", at, resident, failures)


def _jsonable(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _jsonable(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_jsonable(item) for item in value]
    return value.isoformat() if isinstance(value, datetime) else value
