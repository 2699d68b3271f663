"""Why a finger or an eye is not recorded: said by a person, or concluded from attempts, which are the evidence.

These are records, not Python exceptions: a resident whose fingers cannot be read is no error.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from biocore.report import CauseName
from biocore.types import FingerPosition, Position


class ExceptionKind(StrEnum):
    """Why there is no sufficient picture."""

    AMPUTATED = "amputated"  # ANSI/NIST-ITL field 14.018 (AMP), code XX
    ABSENT = "absent"  # never there, or lost: finger or eye
    BANDAGED = "bandaged"  # AMP, code UP
    INJURED = "injured"  # AMP, code UP
    PROSTHETIC = "prosthetic"
    CLOUDY = "cloudy"  # cornea or lens
    DROOPING = "drooping"  # the lid covers the iris
    CANNOT_OPEN = "cannot_open"
    UNREADABLE = "unreadable"  # there, tried, and not sufficient; the attempts are the evidence
    DOUBTFUL = "doubtful"  # every picture seemed to be of another finger or eye
    NOT_SHOWN = "not_shown"  # the device waited, nothing came
    DEVICE_FAILED = "device_failed"  # no device worked long enough


class Permanence(StrEnum):
    """Whether it will stay so."""

    PERMANENT = "permanent"
    TEMPORARY = "temporary"  # carries the date at which to try again


FINGER_KINDS = frozenset({ExceptionKind.AMPUTATED, ExceptionKind.ABSENT, ExceptionKind.BANDAGED, ExceptionKind.INJURED})
EYE_KINDS = frozenset(
    {
        ExceptionKind.ABSENT,
        ExceptionKind.PROSTHETIC,
        ExceptionKind.BANDAGED,
        ExceptionKind.INJURED,
        ExceptionKind.CLOUDY,
        ExceptionKind.DROOPING,
        ExceptionKind.CANNOT_OPEN,
    }
)
# Nobody grows a finger again. Everything else is worth another visit: wounds heal, lenses are replaced, hands rest.
PERMANENT_KINDS = frozenset({ExceptionKind.AMPUTATED, ExceptionKind.ABSENT, ExceptionKind.PROSTHETIC})


def declarable(position: Position) -> frozenset[ExceptionKind]:
    """Return the kinds a person may say of this finger or eye; the others are concluded from attempts."""
    return FINGER_KINDS if isinstance(position, FingerPosition) else EYE_KINDS


@dataclass(frozen=True, slots=True)
class Absence:
    """What a person says of a finger or an eye that cannot be captured.

    Attributes
    ----------
    kind : ExceptionKind
        One of `declarable`.
    review_date : date or None
        When to try again; by default what the profile says for temporary ones.
    note : str
        In words; sealed bodies only.
    """

    kind: ExceptionKind
    review_date: date | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Evidence:
    """One attempt, as an exception names it. The picture is in the journal under the same attempt.

    Attributes
    ----------
    attempt : int
    score : int or None
    threshold : int
        What it was held against when it was made.
    reason : str
        Why there is no score.
    causes : tuple of (CauseName, float)
        With their confidences.
    rung, mode, ended : str
    doubts : tuple of str
    device : str
    """

    attempt: int
    score: int | None
    threshold: int
    reason: str
    causes: tuple[tuple[CauseName, float], ...]
    rung: str
    mode: str
    ended: str
    doubts: tuple[str, ...]
    device: str


@dataclass(frozen=True, slots=True)
class ExceptionRecord:
    """Why a finger or an eye is not recorded.

    Attributes
    ----------
    position : FingerPosition or EyePosition
    kind : ExceptionKind
    permanence : Permanence
    review_date : date or None
        Of temporary ones.
    declared : bool
        A person said so; otherwise it is concluded from the attempts.
    evidence : tuple of Evidence
        Every attempt, in order.
    best : int or None
        The attempt with the best picture, which is kept though it is not sufficient.
    needs_supervisor : bool
        The profile asks for a signature.
    supervisor : str
        Name of whoever signed, empty as long as nobody has; sealed bodies only.
    note : str
        In words; sealed bodies only.
    """

    position: Position
    kind: ExceptionKind
    permanence: Permanence
    review_date: date | None
    declared: bool
    evidence: tuple[Evidence, ...]
    best: int | None
    needs_supervisor: bool
    supervisor: str = ""
    note: str = ""
