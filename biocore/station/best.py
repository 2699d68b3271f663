"""Which attempt is kept of several, and the averages of slaps, which are reported and decide nothing by themselves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from biocore.station.entry import position_name
from biocore.station.ladder import Standing
from biocore.station.looks import Look
from biocore.station.overruling import overruled_of
from biocore.station.profile import FingerKind, SlapChoice
from biocore.station.rungs import PlacementMode, Rung
from biocore.station.standings import Resident
from biocore.types import FingerPosition, Position

# BSI TR-03121-3: a slap whose index finger is better is the better slap; the middle finger breaks a tie, and so on.
WEIGHT = (FingerKind.INDEX, FingerKind.MIDDLE, FingerKind.RING, FingerKind.LITTLE, FingerKind.THUMB)
NO_PICTURE = -1  # below every score


@dataclass(frozen=True, slots=True)
class SlapAverage:
    """One capture of several fingers or eyes.

    Attributes
    ----------
    capture : int
    positions : tuple of FingerPosition and EyePosition
    average : float or None
        Mean score of those that have one.
    """

    capture: int
    positions: tuple[Position, ...]
    average: float | None


def best_of(resident: Resident, position: Position, standing: Standing) -> int | None:
    """Return the attempt that is kept of an accepted finger or eye.

    The profile's choice among slaps counts where its picture of this finger is sufficient; a sufficient picture is
    never given up for an insufficient one of a better slap.
    """
    if standing.accepted in (Rung.VETO, Rung.FUSE):
        return standing.attempt
    rejected = overruled_of(resident.judged, position).rejected
    usable = [k for k in resident.looks(position) if score_of(k) > NO_PICTURE and k.attempt not in rejected]
    if resident.profile.finger.choice is not SlapChoice.FINGER and isinstance(position, FingerPosition):
        chosen = best_slap(resident, position)
        kept = [k for k in usable if k.capture == chosen and score_of(k) >= standing.threshold]
        if chosen is not None and kept:
            return kept[0].attempt
    best = max(usable, key=lambda k: (score_of(k), -k.attempt), default=None)
    return best.attempt if best else standing.attempt


def best_slap(resident: Resident, position: FingerPosition) -> int | None:
    """Return the number of the best slap that shows a finger, by the profile's choice; None where there is none."""
    slaps = [look.capture for look in resident.looks(position) if look.mode is PlacementMode.SLAP and look.capture]
    parts = {slap: [look for look in resident.situation.looks if look.capture == slap] for slap in slaps}
    if resident.profile.finger.choice is SlapChoice.AVERAGE:
        return max(slaps, key=lambda slap: (_mean(parts[slap]), -slap), default=None)
    return max(slaps, key=lambda slap: (_by_weight(parts[slap]), -slap), default=None)


def averages(looks: Sequence[Look]) -> tuple[SlapAverage, ...]:
    """Return the average of each capture of several, in order."""
    captures: dict[int, list[Look]] = {}
    for look in looks:
        if look.capture and look.mode is PlacementMode.SLAP:
            captures.setdefault(look.capture, []).append(look)
    return tuple(
        SlapAverage(capture, tuple(look.position for look in parts), _average(parts))
        for capture, parts in captures.items()
        if len(parts) > 1
    )


def latest_average(looks: Sequence[Look], position: Position) -> float | None:
    """Return the average of the latest capture of several that a finger or eye was in."""
    name = position_name(position)
    with_it = [a for a in averages(looks) if name in {position_name(p) for p in a.positions}]
    return with_it[-1].average if with_it else None


def score_of(look: Look) -> int:
    """Return the score of a picture that is surely of this finger or eye; `NO_PICTURE` of any other."""
    return NO_PICTURE if look.score is None or look.doubts else look.score


def _average(looks: Sequence[Look]) -> float | None:
    scores = [look.score for look in looks if look.score is not None]
    return sum(scores) / len(scores) if scores else None


def _mean(looks: Sequence[Look]) -> float:
    return sum(map(score_of, looks)) / len(looks)


def _by_weight(looks: Sequence[Look]) -> tuple[int, ...]:
    """Return the scores by weight; of two thumbs the right one first."""
    fingers = [look for look in looks if isinstance(look.position, FingerPosition)]
    order = sorted(fingers, key=lambda k: (WEIGHT.index(FingerKind.of(FingerPosition(k.position))), k.position.value))
    return tuple(map(score_of, order))
