"""How far a resident is, read from the clear heads: enough to go on at the same finger after a power cut."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from biocore.report import FixedDict, Outcome
from biocore.station.entry import EntryKind, Head, position_name, position_of
from biocore.types import Position

_DONE = (Outcome.ACCEPT, Outcome.EXCEPTION)


@dataclass(frozen=True, slots=True)
class PositionProgress:
    """What is known of one finger or eye.

    Attributes
    ----------
    attempts : int
        The highest attempt that has a frame, a report or a decision.
    best_score : int or None
        Of its reports and frames.
    outcome : Outcome or None
        Of the latest decision.
    """

    attempts: int = 0
    best_score: int | None = None
    outcome: Outcome | None = None

    @property
    def done(self) -> bool:
        """Accepted, or an exception: nothing more is to be captured."""
        return self.outcome in _DONE


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a resident is.

    Attributes
    ----------
    resident : str
        Random name.
    ticket : int or None
        Number in the day's queue.
    positions : Mapping of str to PositionProgress
        By name (`finger:1`), in the order they were begun; not by position, because the right thumb and the right
        eye are both 1, and equal as numbers.
    events : tuple of str
        Codes, in order.
    closed : bool
    sequence : int
        Of the latest entry.
    """

    resident: str
    ticket: int | None
    positions: Mapping[str, PositionProgress]
    events: tuple[str, ...]
    closed: bool
    sequence: int

    @property
    def done(self) -> tuple[Position, ...]:
        """The fingers and eyes that are finished."""
        names = (name for name, known in self.positions.items() if known.done)
        return tuple(position for name in names if (position := position_of(name)) is not None)

    def of(self, position: Position) -> PositionProgress:
        """Return what is known of one finger or eye."""
        return self.positions.get(position_name(position), PositionProgress())

    def next_of(self, plan: Sequence[Position]) -> Position | None:
        """Return the first position of a plan that is not finished; None when all are."""
        return next((position for position in plan if not self.of(position).done), None)


def progress_of(heads: Iterable[Head]) -> Progress:
    """Read a resident's progress from the heads of the record, in order."""
    positions: dict[str, PositionProgress] = {}
    events: list[str] = []
    head = None
    for head in heads:
        if head.kind is EntryKind.EVENT:
            events.append(head.code)
        elif head.position:
            positions[head.position] = _after(positions.get(head.position, PositionProgress()), head)
    if head is None:
        raise ValueError("a record has at least one entry")
    closed = head.kind is EntryKind.CLOSE
    return Progress(head.resident, head.ticket, FixedDict(positions), tuple(events), closed, head.sequence)


def _after(known: PositionProgress, head: Head) -> PositionProgress:
    scores = [score for score in (known.best_score, head.score) if score is not None]
    return PositionProgress(
        max(known.attempts, head.attempt or 0), max(scores, default=None), head.outcome or known.outcome
    )
