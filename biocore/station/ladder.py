"""The ladder of one finger or eye: its looks are gone through in order, and where that ends is where it stands.

Stages follow one another when their attempts are used up. `FUSE` and the lowering of the threshold cost no attempt
by themselves: on entering them, what is there already is looked at once more. A person who does well is accepted at the
first look and never sees a second rung.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from biocore.report import Advice
from biocore.station.guidance import next_advice, rung_of
from biocore.station.looks import Ended, Look
from biocore.station.profile import Profile, Stage
from biocore.station.rungs import PlacementMode, Rung
from biocore.types import FingerPosition, Position


class Part(StrEnum):
    """The stages of any ladder, fingers' and eyes'."""

    TRY = "try"
    SINGLE = "single"
    BURST = "burst"
    FUSE = "fuse"
    LOWER = "lower"


# What entering a stage is called in the record. `SINGLE` is not among them: it is a rung whenever a finger is shown
# singly after a slap, whichever stage that is in.
RUNG_OF_PART = {
    Part.BURST: Rung.BURST,
    Part.FUSE: Rung.FUSE,
    Part.LOWER: Rung.LOWER_PROFILE,
}
_PART_OF_STAGE = {Stage.SINGLE: Part.SINGLE, Stage.FUSE: Part.FUSE, Stage.LOWER: Part.LOWER}


@dataclass(frozen=True, slots=True)
class Ladder:
    """What the ladder of one finger or eye consists of.

    Attributes
    ----------
    parts : tuple of (Part, int)
        Stages in order, with the attempts each allows.
    threshold : int
    profile : str
    lower_threshold : int
    lower_profile : str
        Empty where nothing is lowered.
    fuse_match, lower_match : float
        -10 log10(FMR) at which attempts prove each other, and that after lowering.
    device_losses : int
        Captures lost with a device before the position is given up.
    """

    parts: tuple[tuple[Part, int], ...]
    threshold: int
    profile: str
    lower_threshold: int
    lower_profile: str
    fuse_match: float
    lower_match: float
    device_losses: int

    @property
    def attempts(self) -> int:
        """The most attempts it can take, lost captures aside."""
        return sum(allowed for _, allowed in self.parts)


def ladder_of(profile: Profile, position: Position) -> Ladder:
    """Return the ladder that a profile sets up for a finger or an eye."""
    lower = profile.lower
    name = lower.profile if lower else ""
    if isinstance(position, FingerPosition):
        rules = profile.finger
        allowed = {
            Stage.SINGLE: rules.single_attempts,
            Stage.FUSE: 0,
            Stage.LOWER: lower.attempts if lower else 0,
        }
        stages = [(_PART_OF_STAGE[stage], allowed[stage]) for stage in rules.ladder]
        parts = ((Part.TRY, rules.attempts), *stages)
        match, lower_match = rules.fuse_match, lower.fuse_match if lower else rules.fuse_match
    else:
        eyes = profile.iris
        lowering = ((Part.LOWER, lower.iris_attempts),) if lower else ()
        parts = ((Part.TRY, eyes.attempts), (Part.BURST, eyes.burst_attempts), (Part.FUSE, 0), *lowering)
        match, lower_match = eyes.fuse_match, lower.iris_fuse_match if lower else eyes.fuse_match
    least = lower.threshold(position) if lower else profile.threshold(position)
    return Ladder(
        parts=parts,
        threshold=profile.threshold(position),
        profile=profile.name,
        lower_threshold=least,
        lower_profile=name,
        fuse_match=match,
        lower_match=lower_match,
        device_losses=profile.limits.device_losses,
    )


@dataclass(frozen=True, slots=True)
class Overruled:
    """What people said of single attempts.

    Attributes
    ----------
    accepted : int or None
        Attempt that is taken though the policy would not.
    rejected : frozenset of int
    """

    accepted: int | None = None
    rejected: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a finger or an eye stands after its looks.

    Attributes
    ----------
    rungs : tuple of Rung
        Taken so far, in order.
    accepted : Rung or None
        On which rung it was accepted; None while it is not.
    over : bool
        Nothing is left to try.
    attempt : int or None
        The accepted one; of several that were united, the best.
    fuse : tuple of int
        Attempts to unite.
    match : float
        Least score among those.
    threshold : int
        In force at the end.
    profile : str
        Whose threshold that is.
    part : Part
        Stage that the next attempt belongs to.
    entering : tuple of Rung
        Stages entered since the last attempt: said once, with the next step.
    advice : tuple of Advice
        For the next attempt.
    thresholds : tuple of int
        In force at each look, for the evidence.
    """

    rungs: tuple[Rung, ...]
    accepted: Rung | None
    over: bool
    attempt: int | None
    fuse: tuple[int, ...]
    match: float
    threshold: int
    profile: str
    part: Part
    entering: tuple[Rung, ...]
    advice: tuple[Advice, ...]
    thresholds: tuple[int, ...]

    @property
    def open(self) -> bool:
        """Whether another attempt is to be made."""
        return self.accepted is None and not self.over


@dataclass(slots=True)
class _Climb:
    """The state while the looks are gone through."""

    ladder: Ladder
    overruled: Overruled
    rungs: list[Rung] = field(default_factory=list)
    usable: list[Look] = field(default_factory=list)
    shown: list[tuple[Advice, ...]] = field(default_factory=list)
    entering: list[Rung] = field(default_factory=list)
    thresholds: list[int] = field(default_factory=list)
    tried: list[Look] = field(default_factory=list)
    place: int = 0
    left: int = 0
    lost: int = 0
    lowered: bool = False
    fusing: bool = False
    accepted: Rung | None = None
    fuse: tuple[int, ...] = ()
    match: float = 0.0

    @property
    def threshold(self) -> int:
        return self.ladder.lower_threshold if self.lowered else self.ladder.threshold

    @property
    def over(self) -> bool:
        return self.place >= len(self.ladder.parts)

    def take(self, look: Look) -> None:
        """Take in one look."""
        self.thresholds.append(self.threshold)
        if look.ended is Ended.DEVICE_LOST:
            self.lost += 1
            return
        if singled(self.tried, look.mode):
            self.rungs.append(Rung.SINGLE)
        self.rungs.append(self._rung_before(look))
        self.entering = []
        self.tried.append(look)
        self.left -= 1
        if look.score is not None and not look.doubts and look.attempt not in self.overruled.rejected:
            self.usable.append(look)
        self._judge(self.rungs[-1])
        if self.accepted is None and self.ladder.parts[self.place][0] is Part.LOWER and not self.lowered:
            self._step(Part.LOWER, no_more=False)

    def go_on(self, no_more: bool) -> None:
        """Enter stages until one has attempts left; with `no_more`, none has."""
        while self.accepted is None and not self.over and (no_more or self.left <= 0):
            self.place += 1
            if self.place < len(self.ladder.parts):
                self._enter(*self.ladder.parts[self.place], no_more)

    def _enter(self, part: Part, allowed: int, no_more: bool) -> None:
        self.left = allowed
        if part is Part.SINGLE:
            single = sum(look.mode is PlacementMode.SINGLE for look in self.tried)
            self.left = max(0, allowed - single)
        self.fusing |= part is Part.FUSE
        self._step(part, no_more)

    def _step(self, part: Part, no_more: bool) -> None:
        """Stand on the rung that a stage is, where it is one, and see whether that is enough."""
        if part in RUNG_OF_PART and self._is_a_step(part, no_more):
            self.lowered |= part is Part.LOWER
            self.rungs.append(RUNG_OF_PART[part])
            self.entering.append(RUNG_OF_PART[part])
        self._judge(None)

    def _is_a_step(self, part: Part, no_more: bool) -> bool:
        """Say whether entering a stage does anything: a rung that could not be stood on is not in the record."""
        if part is Part.FUSE:
            return sum(look.has_template for look in self.usable) > 1
        if part is Part.LOWER and all((look.score or 0) >= self.ladder.threshold for look in self.tried):
            return False  # the pictures are good, and doubted for another reason: a lower threshold mends nothing
        return (self.left > 0 and not no_more) or (part is Part.LOWER and bool(self.usable))

    def _judge(self, rung: Rung | None) -> None:
        """Accept where the best picture, or two that match each other, are enough; the better reason first."""
        best = self.best
        if best is None or best.score is None or self.accepted is not None:
            return
        if best.score >= self.ladder.threshold:
            self.accepted = rung or self.rungs[-1]
            return
        if self.fusing:
            self.fuse, self.match = matching(self.usable, self.ladder.fuse_match)
        if self.fuse:
            self.accepted = Rung.FUSE
            return
        if self.lowered and self.fusing:
            self.fuse, self.match = matching(self.usable, self.ladder.lower_match)
        if self.lowered and (self.fuse or best.score >= self.ladder.lower_threshold):
            self.accepted = Rung.LOWER_PROFILE

    @property
    def best(self) -> Look | None:
        """The best usable look: of the fused ones where they were accepted; the earliest at a tie."""
        among = [look for look in self.usable if not self.fuse or look.attempt in self.fuse]
        return max(among, key=lambda look: (look.score or 0, -look.attempt), default=None)

    @property
    def advice(self) -> tuple[Advice, ...]:
        """What to show before the next attempt."""
        return next_advice(self.tried, self.shown) if self.tried else ()

    def _rung_before(self, look: Look) -> Rung:
        """Return the rung on which an attempt was made: what was advised before it."""
        if not self.tried:
            return Rung.FIRST
        advice = self.advice
        self.shown.append(advice)
        return rung_of(advice)


def climb(ladder: Ladder, looks: Sequence[Look], overruled: Overruled, no_more: bool = False) -> Standing:
    """Go through the looks of one finger or eye.

    Parameters
    ----------
    ladder : Ladder
    looks : sequence of Look
        Of this position, in order.
    overruled : Overruled
    no_more : bool
        The resident's captures are used up: only what costs none is still done.

    Returns
    -------
    Standing
    """
    state = _Climb(ladder, overruled, left=ladder.parts[0][1])
    for look in looks:
        if state.accepted is not None or state.over:
            break
        state.take(look)
        state.go_on(no_more=state.lost > ladder.device_losses)
    if no_more and state.tried:
        state.go_on(no_more=True)
    if overruled.accepted is not None:
        state.accepted, state.fuse = Rung.VETO, ()
        state.rungs.append(Rung.VETO)
    best = state.best
    by_lower = state.lowered and state.accepted in (None, Rung.LOWER_PROFILE)
    return Standing(
        rungs=tuple(state.rungs),
        accepted=state.accepted,
        over=state.over and state.accepted is None,
        attempt=overruled.accepted or (best.attempt if best else None),
        fuse=state.fuse,
        match=state.match,
        threshold=ladder.lower_threshold if by_lower else ladder.threshold,
        profile=ladder.lower_profile if by_lower else ladder.profile,
        part=ladder.parts[min(state.place, len(ladder.parts) - 1)][0],
        entering=tuple(state.entering),
        advice=state.advice if state.accepted is None and not state.over else (),
        thresholds=tuple(state.thresholds),
    )


def singled(looks: Sequence[Look], mode: PlacementMode) -> bool:
    """Say whether an attempt in this mode is the first single one after a slap."""
    return bool(looks) and looks[-1].mode is PlacementMode.SLAP and mode is PlacementMode.SINGLE


def matching(looks: Sequence[Look], threshold: float) -> tuple[tuple[int, ...], float]:
    """Return the attempts that all match each other, and the least score among them.

    Parameters
    ----------
    looks : sequence of Look
        Those without a template are passed over.
    threshold : float
        -10 log10(FMR).

    Returns
    -------
    attempts : tuple of int
        Two or more, in order; empty where no two match.
    score : float
        0 where none do.
    """
    scores = {
        (earlier, look.attempt): score
        for look in looks
        if look.has_template
        for earlier, score in look.matches.items()
        if score >= threshold
    }
    known = {look.attempt for look in looks if look.has_template}
    pairs = sorted((-score, pair) for pair, score in scores.items() if pair[0] in known)
    if not pairs:
        return (), 0.0
    group = list(pairs[0][1])
    for attempt in sorted(known - set(group)):
        if all((min(attempt, other), max(attempt, other)) in scores for other in group):
            group.append(attempt)
    group.sort()
    return tuple(group), min(scores[a, b] for k, a in enumerate(group) for b in group[k + 1 :])
