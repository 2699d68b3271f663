"""What a programme asks of fingers and eyes: thresholds, attempts, order of the ladder, rights.

A profile is a TOML file; `biocore.station.profile_file` reads one. Every number in it names its source.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from biocore.report import FixedDict
from biocore.station.exceptions import ExceptionKind
from biocore.types import FingerPosition, Position


class FingerKind(StrEnum):
    """Fingers without their hand: thresholds are the same for both."""

    THUMB = "thumb"
    INDEX = "index"
    MIDDLE = "middle"
    RING = "ring"
    LITTLE = "little"

    @classmethod
    def of(cls, position: FingerPosition) -> FingerKind:
        """Return the kind of a known finger."""
        return tuple(cls)[(position.value - 1) % 5]


class Stage(StrEnum):
    """The parts of a finger's ladder whose order a profile chooses, after the first look and its recaptures."""

    SINGLE = "single"
    FUSE = "fuse"
    LOWER = "lower"


class SlapChoice(StrEnum):
    """Which attempt is kept of several at one slap."""

    LEXICOGRAPHIC = "lexicographic"  # the best index finger; at a tie the best middle finger, ring, little
    AVERAGE = "average"  # the highest mean
    FINGER = "finger"  # each finger its own best


@dataclass(frozen=True, slots=True)
class FingerRules:
    """What is asked of fingers.

    Attributes
    ----------
    thresholds : Mapping of FingerKind to int
        Quality 0..100 of `biocore.finger/1`, from which on a finger is accepted.
    attempts : int
        At one finger before the ladder's stages begin, the first look included.
    slap_attempts : int
        How many of those may be slaps; the others are single fingers.
    slap_again_from : int
        Open fingers of a slap from which on the whole slap is captured again.
    single_attempts : int
        At the stage `SINGLE`.
    ladder : tuple of Stage
        Their order.
    choice : SlapChoice
    fuse_match : float
        -10 log10(FMR) at which two attempts of one finger prove that it can be matched.
    """

    thresholds: Mapping[FingerKind, int]
    attempts: int
    slap_attempts: int
    slap_again_from: int
    single_attempts: int
    ladder: tuple[Stage, ...]
    choice: SlapChoice
    fuse_match: float

    def __post_init__(self) -> None:
        object.__setattr__(self, "thresholds", FixedDict(self.thresholds))


@dataclass(frozen=True, slots=True)
class IrisRules:
    """What is asked of eyes.

    Attributes
    ----------
    threshold : int
        Quality 0..100 of `biocore.iris/1`.
    attempts : int
        Single looks, the first included.
    burst : int
        Pictures of a burst.
    burst_attempts : int
        Bursts after the single looks.
    fuse_match : float
        As for fingers.
    """

    threshold: int
    attempts: int
    burst: int
    burst_attempts: int
    fuse_match: float


@dataclass(frozen=True, slots=True)
class LowerRules:
    """What is asked where the profile's own thresholds are not reached.

    Attributes
    ----------
    profile : str
        Whose thresholds and proof.
    digest : str
        Of that profile.
    thresholds : Mapping of FingerKind to int
    iris_threshold : int
    fuse_match, iris_fuse_match : float
    attempts, iris_attempts : int
        How many more.
    """

    profile: str
    digest: str
    thresholds: Mapping[FingerKind, int]
    iris_threshold: int
    fuse_match: float
    iris_fuse_match: float
    attempts: int
    iris_attempts: int

    def __post_init__(self) -> None:
        object.__setattr__(self, "thresholds", FixedDict(self.thresholds))

    def threshold(self, position: Position) -> int:
        """Return the lowered quality asked of a finger or an eye."""
        return _threshold(self.thresholds, self.iris_threshold, position)


@dataclass(frozen=True, slots=True)
class Limits:
    """What one resident may cost.

    Attributes
    ----------
    extra_captures : int
        Beyond the first look at each finger and eye.
    device_losses : int
        At one finger or eye, on top.
    restarts : int
        Of a finger or of the resident.
    timeout_s : float
        Of one capture.
    handling_s : float
        Between two captures: placing, advice, wiping.
    """

    extra_captures: int
    device_losses: int
    restarts: int
    timeout_s: float
    handling_s: float


@dataclass(frozen=True, slots=True)
class VetoRights:
    """What a person may overrule."""

    accept_insufficient: bool
    reject_sufficient: bool
    restart: bool


@dataclass(frozen=True, slots=True)
class ChipRules:
    """Which fingers go into the chip, or verify.

    Attributes
    ----------
    fingers : tuple of FingerPosition
        Where all are good.
    alternatives : tuple of FingerKind
        In whose order others take their place, same hand first.
    """

    fingers: tuple[FingerPosition, ...]
    alternatives: tuple[FingerKind, ...]


@dataclass(frozen=True, slots=True)
class ExceptionRules:
    """What an exception needs.

    Attributes
    ----------
    supervisor_for : frozenset of ExceptionKind
        Kinds that a supervisor signs. A resident of exceptions only always needs one.
    review_days : int
        Until a wound is looked at again.
    review_days_unreadable : int
        Until what could not be read is tried again.
    iris_stands_in : bool
        A plan without eyes asks for both where fingers have failed and no other finger could take their place.
    """

    supervisor_for: frozenset[ExceptionKind]
    review_days: int
    review_days_unreadable: int
    iris_stands_in: bool


@dataclass(frozen=True, slots=True)
class Selection:
    """For whom another profile is taken.

    Attributes
    ----------
    profile : Profile
    age_from : int or None
        Years.
    occupations : frozenset of str
    """

    profile: Profile
    age_from: int | None
    occupations: frozenset[str]


@dataclass(frozen=True, slots=True)
class Profile:
    """A programme's rules.

    Attributes
    ----------
    name, title : str
    digest : str
        SHA-256 of all its values and of the profiles it refers to, for the record.
    finger, iris, limits, veto, chip, exceptions
        See their classes.
    sequence : tuple of tuple of FingerPosition or EyePosition
        Groups that are shown together, in order.
    lower : LowerRules or None
    select : tuple of Selection
        The first that fits is taken.
    sources : Mapping of str to str
        Source of each number, by its key.
    """

    name: str
    title: str
    digest: str
    finger: FingerRules
    iris: IrisRules
    limits: Limits
    veto: VetoRights
    chip: ChipRules
    exceptions: ExceptionRules
    sequence: tuple[tuple[Position, ...], ...]
    lower: LowerRules | None
    select: tuple[Selection, ...]
    sources: Mapping[str, str]

    def __post_init__(self) -> None:
        object.__setattr__(self, "sources", FixedDict(self.sources))

    def threshold(self, position: Position) -> int:
        """Return the quality asked of a finger or an eye."""
        return _threshold(self.finger.thresholds, self.iris.threshold, position)

    def longest_s(self, first_looks: int) -> float:
        """Return how long a resident's captures last at the worst, in seconds; by slaps there are 5 first looks."""
        each = self.limits.timeout_s + self.limits.handling_s
        return (first_looks + self.limits.extra_captures) * each


def _threshold(fingers: Mapping[FingerKind, int], iris: int, position: Position) -> int:
    return fingers[FingerKind.of(position)] if isinstance(position, FingerPosition) else iris
