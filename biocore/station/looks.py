"""What the policy looks at: every attempt at a resident's fingers and eyes so far, without a single pixel.

A `Situation` is all that decides: the profile, the plan, the looks in order, what is missing, what people overruled.
Two equal situations lead to equal decisions, on every machine.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from datetime import date
from enum import Enum, StrEnum
from typing import Any

from biocore.report import Advice, Cause, FixedDict
from biocore.station.entry import position_name
from biocore.station.exceptions import Absence
from biocore.station.profile import Profile
from biocore.station.rungs import PlacementMode, Rung
from biocore.types import EyePosition, FingerPosition, Position

TEN_FINGERS: tuple[Position, ...] = tuple(p for p in FingerPosition if p is not FingerPosition.UNKNOWN)
TWO_EYES: tuple[Position, ...] = (EyePosition.RIGHT, EyePosition.LEFT)
FULL_PLAN: tuple[Position, ...] = TEN_FINGERS + TWO_EYES  # Indonesia's ID card: ten fingers, two irises


class Ended(StrEnum):
    """How an attempt ended."""

    CAPTURED = "captured"  # there is a picture, good or bad
    TIMEOUT = "timeout"  # the device worked, the finger or eye did not come
    DEVICE_LOST = "device_lost"  # no fault of the person: does not count against the finger's attempts


class DoubtKind(StrEnum):
    """Why a picture may not be of the finger or eye that was asked for."""

    DUPLICATE = "duplicate"  # the same finger was accepted under another name
    WRONG_HAND = "wrong_hand"  # the slap's geometry is that of the other hand
    OTHER_FINGER = "other_finger"  # does not match the earlier attempts at this position
    OTHER_EYE = "other_eye"  # the picture shows the other eye


@dataclass(frozen=True, slots=True)
class Doubt:
    """A doubt about which finger or eye a picture shows. It warns; the operator decides (BSI TR-03121-3).

    Attributes
    ----------
    kind : DoubtKind
    other : FingerPosition, EyePosition or None
        The position it seems to be, where known.
    score : float or None
        Comparison score behind the doubt, -10 log10(FMR), where there is one.
    """

    kind: DoubtKind
    other: Position | None = None
    score: float | None = None


@dataclass(frozen=True, slots=True)
class Look:
    """One attempt at one finger or eye. A capture of several gives one look each.

    Attributes
    ----------
    position : FingerPosition or EyePosition
    attempt : int
        Of this position, from 1, device losses included; each number once.
    score : int or None
        Unified quality 0..100; None where there is none, and then `reason` says why.
    reason : str
        Why there is no score.
    causes, advice : tuple of Cause, tuple of Advice
        Of the report.
    mode : PlacementMode
    has_template : bool
        Whether a template could be extracted.
    profile : str
        Name of the profile in force when it was asked for.
    rung : Rung
        On which rung of the ladder it was made: `Request.rungs` of the position.
    fused : bool
        Several pictures of a burst are united in it.
    matches : Mapping of int to float
        Comparison score (-10 log10(FMR)) of this attempt's template against those of earlier attempts of the same
        position, by attempt. The finger must have left the glass in between, or it proves nothing. Where the robust
        extractor ran on both, its score alone: the fast one's templates also agree in their defects (docs/policy.md).
    doubts : tuple of Doubt
    device : str
        URI.
    ended : Ended
    capture : int
        Running number of the capture within the resident, from 1; looks of one slap share it. 0 = a capture of its own.
    """

    position: Position
    attempt: int
    score: int | None = None
    reason: str = ""
    causes: tuple[Cause, ...] = ()
    advice: tuple[Advice, ...] = ()
    mode: PlacementMode = PlacementMode.SINGLE
    has_template: bool = False
    profile: str = ""
    rung: Rung = Rung.FIRST
    fused: bool = False
    matches: Mapping[int, float] = field(default_factory=dict)
    doubts: tuple[Doubt, ...] = ()
    device: str = ""
    ended: Ended = Ended.CAPTURED
    capture: int = 0

    def __post_init__(self) -> None:
        where = f"attempt {self.attempt} at {position_name(self.position)}"
        if self.attempt < 1 or self.capture < 0:
            raise ValueError(f"{where}: attempts and captures count from 1")
        if self.score is not None and not 0 <= self.score <= 100:
            raise ValueError(f"{where}: a score is 0 to 100, not {self.score}")
        if self.ended is not Ended.CAPTURED and (self.score is not None or self.has_template):
            raise ValueError(f"{where}: {self.ended} has neither score nor template")
        if any(not 1 <= other < self.attempt for other in self.matches):
            raise ValueError(f"{where}: an attempt matches earlier ones only, not {sorted(self.matches)}")
        object.__setattr__(self, "matches", FixedDict(self.matches))


class VetoKind(StrEnum):
    """What a person may overrule (BSI TR-03121-3: each is logged with its kind)."""

    ACCEPT = "accept_insufficient"
    REJECT = "reject_sufficient"
    RESTART = "restart"


@dataclass(frozen=True, slots=True)
class Veto:
    """A decision of a person against that of the policy.

    Attributes
    ----------
    kind : VetoKind
    who : str
        Name of the operator or supervisor; sealed bodies only.
    position : FingerPosition, EyePosition or None
        None with `RESTART`: the whole resident.
    attempt : int or None
        The attempt that `ACCEPT` and `REJECT` are about.
    after : int
        Number of looks of the resident when it was said.
    reason : str
        In words; sealed bodies only.
    """

    kind: VetoKind
    who: str
    position: Position | None = None
    attempt: int | None = None
    after: int = 0
    reason: str = ""

    def __post_init__(self) -> None:
        if not self.who.strip():
            raise ValueError(f"a veto ({self.kind}) carries the name of whoever said it")
        if self.kind is not VetoKind.RESTART and (self.position is None or self.attempt is None):
            raise ValueError(f"{self.kind} needs the position and the attempt it is about")
        if self.after < 0:
            raise ValueError(f"{self.kind}: a veto comes after 0 looks or more, not {self.after}")


@dataclass(frozen=True, slots=True)
class Situation:
    """Everything a decision depends on.

    Attributes
    ----------
    profile : Profile
        The station's; age and occupation may select another (`policy.profile_for`).
    plan : tuple of FingerPosition and EyePosition
        What is to be recorded, in order.
    today : date
        From the station's clock; review dates count from it.
    looks : tuple of Look
        Of the whole resident, in order.
    missing : Mapping of str to Absence
        What cannot be captured, by `position_name`, said before or during the recording.
    vetoes : tuple of Veto
    mode, eye_mode : PlacementMode
        What device and operator can do now; switchable at any moment.
    age_years : int or None
    occupation : str or None
        As the profile's lists spell it (`farmer`).
    supervisor : str
        Name of whoever signs exceptions; empty as long as nobody has.
    """

    profile: Profile
    plan: tuple[Position, ...]
    today: date
    looks: tuple[Look, ...] = ()
    missing: Mapping[str, Absence] = field(default_factory=dict)
    vetoes: tuple[Veto, ...] = ()
    mode: PlacementMode = PlacementMode.SLAP
    eye_mode: PlacementMode = PlacementMode.SINGLE
    age_years: int | None = None
    occupation: str | None = None
    supervisor: str = ""

    def __post_init__(self) -> None:
        names = [position_name(position) for position in self.plan]
        if not names or len(set(names)) < len(names) or any(position.value == 0 for position in self.plan):
            raise ValueError(f"a plan names each finger and eye once, and at least one, not {names}")
        object.__setattr__(self, "missing", FixedDict(self.missing))

    def of(self, position: Position) -> tuple[Look, ...]:
        """Return the looks of one position, in order."""
        name = position_name(position)
        return tuple(look for look in self.looks if position_name(look.position) == name)


def as_json(value: Any) -> Any:
    """Return what is here as JSON has it: positions by name, dates in ISO 8601, dataclasses as objects."""
    if isinstance(value, FingerPosition | EyePosition):
        return position_name(value)
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Profile):
        return value.name
    if is_dataclass(value) and not isinstance(value, type):
        return {item.name: as_json(getattr(value, item.name)) for item in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): as_json(item) for key, item in value.items()}
    if isinstance(value, tuple | list):
        return [as_json(item) for item in value]
    return value
