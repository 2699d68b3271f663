"""What a recording program hears while a resident is recorded. None of it holds a name; live views hold a picture.

Whatever is told as done is in the journal.
"""

from __future__ import annotations

from dataclasses import dataclass

from biocore.device_info import EventKind
from biocore.report import Advice, Outcome
from biocore.station.exceptions import ExceptionKind
from biocore.station.live import How, LiveView
from biocore.station.looks import Doubt, Look, VetoKind
from biocore.station.overruling import Refusal
from biocore.station.rungs import PlacementMode, Request, Rung
from biocore.station.session_state import State
from biocore.types import Modality, Position


@dataclass(frozen=True, slots=True)
class StateChanged:
    """The session is in another state."""

    state: State
    before: State


@dataclass(frozen=True, slots=True)
class Asked:
    """A capture begins: show what is to be laid down, and the advice."""

    request: Request


@dataclass(frozen=True, slots=True, eq=False)
class Viewed:
    """A live frame was looked at. May be missed."""

    positions: tuple[Position, ...]
    view: LiveView


@dataclass(frozen=True, slots=True)
class DeviceSaid:
    """A device waits, sees somebody, sees nobody any more, or another has taken over (`SWITCHED`)."""

    kind: EventKind
    device: str
    detail: str


@dataclass(frozen=True, slots=True)
class Looked:
    """An attempt was assessed, and is in the journal.

    Attributes
    ----------
    look : Look
        Score, causes, advice, doubts.
    how : How or None
        Who chose the picture; None where there is none.
    """

    look: Look
    how: How | None


@dataclass(frozen=True, slots=True)
class SlapWarned:
    """What the operator should know of a picture of several fingers, though it was taken apart."""

    warnings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Doubted:
    """A picture may be of another finger or eye: show both, and let the operator decide."""

    position: Position
    attempt: int
    doubts: tuple[Doubt, ...]


@dataclass(frozen=True, slots=True)
class Decided:
    """What is to be done about a finger or an eye was decided, and is in the journal; told when it changes."""

    position: Position
    outcome: Outcome
    rung: Rung
    message_key: str
    advice: tuple[Advice, ...]
    lowered: bool


@dataclass(frozen=True, slots=True)
class Accepted:
    """A finger or an eye is done: picture, report, template and decision are in the journal."""

    position: Position
    attempt: int
    rung: Rung


@dataclass(frozen=True, slots=True)
class Excepted:
    """A finger or an eye ends as an exception, which is in the journal."""

    position: Position
    kind: ExceptionKind
    needs_supervisor: bool


@dataclass(frozen=True, slots=True)
class Reopened:
    """What was done is open again: somebody overruled it."""

    position: Position


@dataclass(frozen=True, slots=True)
class DeviceTrouble:
    """A device failed; the session goes on with another, or waits.

    Attributes
    ----------
    modality : Modality
    device : str
    error : str
        Name of the error's class.
    message : str
        What the operator can do.
    """

    modality: Modality
    device: str
    error: str
    message: str


@dataclass(frozen=True, slots=True)
class DeviceReady:
    """A device is open: the first, another one, or the same again."""

    modality: Modality
    device: str
    model: str


@dataclass(frozen=True, slots=True)
class JournalTrouble:
    """The journal failed. `recovered`: it was opened anew, and nothing is lost."""

    error: str
    message: str
    recovered: bool


@dataclass(frozen=True, slots=True)
class ReserveInUse:
    """The disk is full: this resident is finished on the reserve, and the next one is not begun."""

    message: str


@dataclass(frozen=True, slots=True)
class ModeSwitched:
    """Several fingers at once, or one by one."""

    mode: PlacementMode


@dataclass(frozen=True, slots=True)
class Vetoed:
    """Somebody overruled a decision; `refusal` says why that does not count, None: it does."""

    kind: VetoKind
    position: Position | None
    attempt: int | None
    refusal: Refusal | None


@dataclass(frozen=True, slots=True)
class ChecksIncomplete:
    """These were recorded before the resumption: their templates are sealed, and nothing is compared with them here.

    The record says so, and the centre compares them.
    """

    positions: tuple[Position, ...]


@dataclass(frozen=True, slots=True)
class CaptureCancelled:
    """A capture ended because somebody wanted it to; it counts for nothing."""

    positions: tuple[Position, ...]


@dataclass(frozen=True, slots=True)
class Resumed:
    """The session goes on with a resident who was begun before."""

    resident: str
    done: tuple[Position, ...]
    next: tuple[Position, ...]


@dataclass(frozen=True, slots=True)
class Finished:
    """The record is closed and can go to the centre."""

    resident: str


@dataclass(frozen=True, slots=True)
class Abandoned:
    """The resident is left unfinished, and can be resumed."""

    resident: str


SessionEvent = (
    StateChanged
    | Asked
    | Viewed
    | DeviceSaid
    | Looked
    | SlapWarned
    | Doubted
    | Decided
    | Accepted
    | Excepted
    | Reopened
    | DeviceTrouble
    | DeviceReady
    | JournalTrouble
    | ReserveInUse
    | ModeSwitched
    | Vetoed
    | ChecksIncomplete
    | CaptureCancelled
    | Resumed
    | Finished
    | Abandoned
)
