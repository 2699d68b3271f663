"""The rungs of the ladder, and what stands on one: a step that was decided, a capture that is asked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from biocore.report import Advice, Decision, FixedDict
from biocore.station.exceptions import ExceptionRecord
from biocore.types import Position


class PlacementMode(StrEnum):
    """How fingers or eyes are shown to the device."""

    SLAP = "slap"  # several at once: four fingers, two thumbs, both eyes
    SINGLE = "single"


class Rung(StrEnum):
    """What was done for a finger or an eye, from the first look to the exception."""

    FIRST = "first"
    RECAPTURE = "recapture"  # place it anew: move, hold still, come closer
    PRESS_HARDER = "press_harder"
    PRESS_LIGHTER = "press_lighter"
    MOISTEN = "moisten"
    DRY_OFF = "dry_off"
    CLEAN_PLATEN = "clean_platen"
    WASH = "wash"
    WARM = "warm"
    ROLL_PAD = "roll_pad"  # to the side that is less worn
    LIFT_LID = "lift_lid"  # open wide, or lifted by a second person
    LIGHT = "light"  # brighter, darker, or turned from the window
    SPECTACLES = "spectacles"
    BURST = "burst"  # several pictures of an eye, united
    SINGLE = "single"  # one finger at a time, where four did not come out
    FUSE = "fuse"  # attempts that match each other, united
    LOWER_PROFILE = "lower_profile"  # lower thresholds, more attempts; never silent
    ALTERNATIVE = "alternative"  # another finger does this one's duty
    IRIS = "iris"  # the irises do what the fingers cannot
    VETO = "veto"  # a person overruled
    EXCEPTION = "exception"


@dataclass(frozen=True, slots=True)
class Step:
    """What is decided about one finger or eye.

    Attributes
    ----------
    position : FingerPosition or EyePosition
    decision : Decision
        `ACCEPT` and `EXCEPTION` end the position; `RECAPTURE` and `FALL_BACK` go on.
    rung : Rung
        With `ACCEPT`, the one it was accepted on; otherwise the one that comes next.
    rungs : tuple of Rung
        All that were taken, in order, repetitions included.
    profile : str
        Whose threshold counts.
    threshold : int
        Quality 0..100 that is asked of this finger or eye now.
    lowered : bool
        Less is asked than the station's profile does, of quality or of proof, and what was accepted needed it; the
        reason and the message say so too. What a person accepted is told by its rung.
    best : int or None
        Attempt that is kept.
    fuse : tuple of int
        Attempts whose templates are to be united: accepted because they match each other. Empty otherwise.
    slap_average : float or None
        Mean score of the latest capture of several that it was in; for the record, decides nothing.
    message_key : str
        What to say; texts are in `biocore.station.words`.
    exception : ExceptionRecord or None
    next_mode : PlacementMode or None
        How the next attempt is to be placed; None where there is none.
    """

    position: Position
    decision: Decision
    rung: Rung
    rungs: tuple[Rung, ...]
    profile: str
    threshold: int
    lowered: bool
    best: int | None
    fuse: tuple[int, ...]
    slap_average: float | None
    message_key: str
    exception: ExceptionRecord | None
    next_mode: PlacementMode | None

    @property
    def advice(self) -> tuple[Advice, ...]:
        """What to do before the next attempt, the most useful first."""
        return self.decision.advice


@dataclass(frozen=True, slots=True)
class Request:
    """The next capture. Whoever makes it hands back a `Look` for each position, whatever happened.

    Attributes
    ----------
    positions : tuple of FingerPosition or EyePosition
        Shown together; those that are missing are not among them.
    wanted : tuple of FingerPosition or EyePosition
        Those of them that are still open.
    mode : PlacementMode
    capture : int
        Running number within the resident, for `Look.capture`.
    attempts : Mapping of str to int
        Number of the attempt, by `position_name`, for `Look.attempt`.
    rungs : Mapping of str to Rung
        For `Look.rung`.
    profiles : Mapping of str to str
        For `Look.profile`.
    thresholds : Mapping of str to int
        Quality asked of each.
    rung : Rung
        The highest one of those wanted, to show.
    advice : tuple of Advice
        To show before it.
    message_key : str
    timeout_s : float
    burst : int
        Pictures to take and unite; 1 = one.
    robust : bool
        Templates are worth the robust extractor: the ladder compares attempts with each other.
    """

    positions: tuple[Position, ...]
    wanted: tuple[Position, ...]
    mode: PlacementMode
    capture: int
    attempts: Mapping[str, int]
    rungs: Mapping[str, Rung]
    profiles: Mapping[str, str]
    thresholds: Mapping[str, int]
    rung: Rung
    advice: tuple[Advice, ...] = ()
    message_key: str = "first"
    timeout_s: float = 10.0
    burst: int = 1
    robust: bool = False

    def __post_init__(self) -> None:
        for name in ("attempts", "rungs", "profiles", "thresholds"):
            object.__setattr__(self, name, FixedDict(getattr(self, name)))
