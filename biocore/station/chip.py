"""Which fingers go into the card's chip, or verify: those the profile names, or the next best in their place.

Where all ten fingers are asked for anyway, an alternative finger is nothing more to capture: this duty moves.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum

from biocore.report import Outcome
from biocore.station.entry import position_name
from biocore.station.profile import ChipRules
from biocore.station.rungs import Rung, Step
from biocore.station.standings import alternatives
from biocore.types import FingerPosition


class Grade(IntEnum):
    """How well a finger was accepted; less is better."""

    SUFFICIENT = 0  # by its score, or proven by attempts that match each other
    LOWERED = 1
    OVERRULED = 2  # by a person


@dataclass(frozen=True, slots=True)
class ChipFinger:
    """One finger of the chip.

    Attributes
    ----------
    wanted : FingerPosition
        What the profile names.
    finger : FingerPosition or None
        What does its duty; None where no finger can.
    grade : Grade or None
    """

    wanted: FingerPosition
    finger: FingerPosition | None
    grade: Grade | None

    @property
    def moved(self) -> bool:
        """Whether another finger took the place."""
        return self.finger is not self.wanted


def chip_fingers(rules: ChipRules, steps: Mapping[str, Step]) -> tuple[ChipFinger, ...]:
    """Choose the fingers for the chip.

    Parameters
    ----------
    rules : ChipRules
    steps : Mapping of str to Step
        By `position_name`.

    Returns
    -------
    tuple of ChipFinger
        One for each that the profile names, in its order. The best grade wins, then the finger itself, then the
        alternatives in order, same hand first; no finger is taken twice.
    """
    grades = {name: grade for name, step in steps.items() if (grade := grade_of(step)) is not None}
    chosen: list[ChipFinger] = []
    # A finger that is good itself is not given away as another one's alternative.
    own = {f for f in rules.fingers if grades.get(position_name(f)) is Grade.SUFFICIENT}
    for wanted in rules.fingers:
        taken = {position_name(each.finger) for each in chosen} | {position_name(f) for f in own if f is not wanted}
        order = (wanted, *alternatives(wanted, rules.alternatives))
        left = [finger for finger in order if position_name(finger) in grades and position_name(finger) not in taken]
        finger = min(left, key=lambda f: (grades[position_name(f)], order.index(f)), default=None)
        chosen.append(ChipFinger(wanted, finger, grades[position_name(finger)] if finger else None))
    return tuple(chosen)


def grade_of(step: Step) -> Grade | None:
    """Return how well a finger was accepted; None where it was not."""
    if step.decision.outcome is not Outcome.ACCEPT:
        return None
    if step.rung is Rung.VETO:
        return Grade.OVERRULED
    return Grade.LOWERED if step.lowered else Grade.SUFFICIENT
