"""What an assessment says: measures, causes, advice, a report, and the decision made of it.

A measure has three things, kept apart as in OFIQ: the native value in its own unit, a score 0..100 and a
status. *Could not be assessed* is a status, never a zero. Contradictions (a score of 255, no score and no
reason) are mistakes of whoever computes, and raise ValueError where they are made.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NoReturn, TypeVar

from biocore.types import Modality, Position

_K = TypeVar("_K")
_V = TypeVar("_V")


class FixedDict(dict[_K, _V]):
    """A dictionary nobody can change; unlike a mapping proxy it goes into JSON and to other processes."""

    __slots__ = ()

    def _refuse(self, *args: object, **kwargs: object) -> NoReturn:
        raise TypeError(f"{type(self).__name__} does not support item assignment: it is part of a report")

    __setitem__ = __delitem__ = __ior__ = _refuse
    clear = pop = popitem = setdefault = update = _refuse

    def __reduce__(self) -> tuple[type[FixedDict[_K, _V]], tuple[dict[_K, _V]]]:
        return type(self), (dict(self),)


def _check_score(score: int | None, where: str) -> None:
    if score is not None and not 0 <= score <= 100:
        raise ValueError(f"{where}: a score is 0 to 100, not {score}")


class Status(StrEnum):
    """Whether a value was obtained."""

    OK = "ok"
    NOT_ASSESSED = "not_assessed"  # was not asked for, or needs something that is not there (minutiae)
    FAILED = "failed"  # was tried and has no value on this picture


@dataclass(frozen=True, slots=True)
class Measure:
    """One quality measure.

    Attributes
    ----------
    name : str
        The standard's or the reference implementation's name.
    native : float or None
        Value in the measure's own unit.
    score : int or None
        Quality block value 0..100 (ISO/IEC 29794-4), where the measure has one.
    status : Status
    """

    name: str
    native: float | None
    score: int | None = None
    status: Status = Status.OK

    def __post_init__(self) -> None:
        _check_score(self.score, self.name)


class CauseName(StrEnum):
    """Why a picture is poor. The order within a modality means nothing."""

    DRY = "DRY"
    WET = "WET"
    LIGHT = "LIGHT"
    HARD = "HARD"
    WORN = "WORN"
    PARTIAL = "PARTIAL"
    OFF_CENTRE = "OFF_CENTRE"
    SMEAR = "SMEAR"
    RESIDUE = "RESIDUE"
    TOO_SMALL = "TOO_SMALL"
    NO_FINGER = "NO_FINGER"
    CLOUDY = "CLOUDY"
    ARCUS = "ARCUS"
    LID = "LID"
    LASHES = "LASHES"
    SMALL_PUPIL = "SMALL_PUPIL"
    WIDE_PUPIL = "WIDE_PUPIL"
    IRREGULAR_PUPIL = "IRREGULAR_PUPIL"
    REFLECTION = "REFLECTION"
    GAZE = "GAZE"
    DEFOCUS = "DEFOCUS"
    MOTION = "MOTION"
    NEAR = "NEAR"
    FAR = "FAR"
    CLOSED = "CLOSED"
    NO_EYE = "NO_EYE"
    SPECTACLES = "SPECTACLES"


@dataclass(frozen=True, slots=True)
class Cause:
    """One reason why the picture is poor.

    Attributes
    ----------
    name : CauseName
    confidence : float
        0..1; causes are listed from 0.5 on.
    evidence : Mapping of str to float
        The measured quantities it was concluded from, by name with unit (`"ridge_contrast_grey"`).
    """

    name: CauseName
    confidence: float
    evidence: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not 0.0 <= self.confidence <= 1.0:
            raise ValueError(f"{self.name}: a confidence is 0 to 1, not {self.confidence}")
        object.__setattr__(self, "evidence", FixedDict(self.evidence))


class Advice(StrEnum):
    """What the person or the operator should do now; texts are in `biocore.advice`."""

    PRESS_HARDER = "press_harder"
    PRESS_LIGHTER = "press_lighter"
    MOISTEN = "moisten"
    DRY_FINGER = "dry_finger"
    CLEAN_PLATEN = "clean_platen"
    WASH_HANDS = "wash_hands"
    WARM_HANDS = "warm_hands"
    HOLD_STILL = "hold_still"
    PLACE_FINGER = "place_finger"
    PLACE_MORE = "place_more"
    MOVE_LEFT = "move_left"
    MOVE_RIGHT = "move_right"
    MOVE_UP = "move_up"
    MOVE_DOWN = "move_down"
    ROLL_PAD = "roll_pad"
    OTHER_FINGER = "other_finger"
    USE_LARGER_WINDOW = "use_larger_window"
    PLACE_EYE = "place_eye"
    OPEN_EYE = "open_eye"
    LIFT_LID = "lift_lid"
    LOOK_AHEAD = "look_ahead"
    KEEP_STILL = "keep_still"
    COME_CLOSER = "come_closer"
    MOVE_BACK = "move_back"
    FOCUS_CAMERA = "focus_camera"
    TAKE_OFF_SPECTACLES = "take_off_spectacles"
    TURN_FROM_LIGHT = "turn_from_light"
    BRIGHTEN_ROOM = "brighten_room"
    DIM_ROOM = "dim_room"
    SEVERAL_PICTURES = "several_pictures"
    OTHER_EYE = "other_eye"


@dataclass(frozen=True, slots=True)
class QualityReport:
    """Everything one assessment found.

    Attributes
    ----------
    modality, position : Modality, Position
        Of the sample.
    source : str
        Device or file the sample came from.
    score : int or None
        Unified quality 0..100; None where it could not be assessed (`reason` says why).
    algorithm : str
        What computed the score (`biocore.finger/1`, `nfiq2/2.3`).
    status : Status
    reason : str
        Why there is no score; empty otherwise.
    measures : Mapping of str to Measure
        In a fixed order.
    causes : tuple of Cause
        Most confident first; empty for a good picture.
    advice : tuple of Advice
        What to do, most useful first.
    """

    modality: Modality
    position: Position
    source: str
    score: int | None
    algorithm: str
    status: Status = Status.OK
    reason: str = ""
    measures: Mapping[str, Measure] = field(default_factory=dict)
    causes: tuple[Cause, ...] = ()
    advice: tuple[Advice, ...] = ()

    def __post_init__(self) -> None:
        _check_score(self.score, self.source)
        if self.score is None and not self.reason:
            raise ValueError(f"{self.source}: a report without a score needs a reason")
        object.__setattr__(self, "measures", FixedDict(self.measures))


class Outcome(StrEnum):
    """What happens with a capture."""

    ACCEPT = "accept"
    RECAPTURE = "recapture"
    FALL_BACK = "fall_back"
    EXCEPTION = "exception"


@dataclass(frozen=True, slots=True)
class Decision:
    """The outcome of one attempt, and what it is based on.

    Attributes
    ----------
    outcome : Outcome
    reason : str
        One line for the record: value, threshold and what was compared.
    advice : tuple of Advice
        For the next attempt.
    """

    outcome: Outcome
    reason: str
    advice: tuple[Advice, ...] = ()
