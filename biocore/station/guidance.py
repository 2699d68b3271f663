"""What to do before the next attempt: it follows the cause, and goes on where a step did not help.

The order is that of an enrolment desk: first what takes a second, then what takes a minute. Moisture and pressure are
followed both ways: whoever moistened too much is told to dry, not to moisten again.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from biocore.advice import OPPOSITE, STEPS, way
from biocore.report import Advice, Cause, CauseName
from biocore.station.looks import DoubtKind, Ended, Look
from biocore.station.rungs import Rung
from biocore.types import FingerPosition

RUNG_OF: dict[Advice, Rung] = {
    Advice.PRESS_HARDER: Rung.PRESS_HARDER,
    Advice.PRESS_LIGHTER: Rung.PRESS_LIGHTER,
    Advice.MOISTEN: Rung.MOISTEN,
    Advice.DRY_FINGER: Rung.DRY_OFF,
    Advice.CLEAN_PLATEN: Rung.CLEAN_PLATEN,
    Advice.WASH_HANDS: Rung.WASH,
    Advice.WARM_HANDS: Rung.WARM,
    Advice.ROLL_PAD: Rung.ROLL_PAD,
    Advice.OPEN_EYE: Rung.LIFT_LID,
    Advice.LIFT_LID: Rung.LIFT_LID,
    Advice.TURN_FROM_LIGHT: Rung.LIGHT,
    Advice.BRIGHTEN_ROOM: Rung.LIGHT,
    Advice.DIM_ROOM: Rung.LIGHT,
    Advice.TAKE_OFF_SPECTACLES: Rung.SPECTACLES,
    Advice.SEVERAL_PICTURES: Rung.BURST,
}
# What the desk goes on to when the first steps against a cause (`biocore.advice.STEPS`) did not help: warm and rub,
# wash and dry, the side of the pad that is less worn (Purdue, Sickler and Elliott 2005: moisture; operators' practice).
FURTHER: dict[CauseName, tuple[Advice, ...]] = {
    CauseName.DRY: (Advice.WARM_HANDS, Advice.ROLL_PAD),
    CauseName.WET: (Advice.WASH_HANDS,),
    CauseName.LIGHT: (Advice.WARM_HANDS, Advice.ROLL_PAD),
    CauseName.HARD: (Advice.DRY_FINGER,),
    CauseName.WORN: (Advice.MOISTEN, Advice.PRESS_LIGHTER),
    CauseName.RESIDUE: (Advice.WASH_HANDS,),
}
UNEXPLAINED_FINGER = (Advice.WASH_HANDS, Advice.WARM_HANDS, Advice.ROLL_PAD)
UNEXPLAINED_EYE = (Advice.OPEN_EYE, Advice.KEEP_STILL, Advice.TURN_FROM_LIGHT)
# Another finger or eye is the ladder's affair, another scanner the station's.
NOT_NOW = frozenset({Advice.OTHER_FINGER, Advice.OTHER_EYE, Advice.USE_LARGER_WINDOW})
SAID = 2  # pieces of advice at once; a third is not heard


def next_advice(looks: Sequence[Look], shown: Sequence[tuple[Advice, ...]]) -> tuple[Advice, ...]:
    """Return what to do before the next attempt at one finger or eye.

    Parameters
    ----------
    looks : sequence of Look
        At least one, in order.
    shown : sequence of tuple of Advice
        What was shown after each look but the last.

    Returns
    -------
    tuple of Advice
        The most useful first, at most `SAID`. A step that treats the finger (a rung of its own) is never said twice in
        a row, and comes after those that were not tried; how to place it may be said as often as it is wrong.
    """
    last, finger = looks[-1], isinstance(looks[-1].position, FingerPosition)
    if last.ended is not Ended.CAPTURED or last.doubts:
        return (Advice.PLACE_FINGER,) if finger else (Advice.PLACE_EYE,)
    candidates = _candidates(last.causes, finger)
    leads = [step[0] for step in shown if step]
    fresh = [advice for advice in candidates if advice not in leads or advice not in RUNG_OF]
    latest = {advice: place for place, advice in enumerate(leads)}
    again = sorted((a for a in candidates if a not in fresh and a is not leads[-1]), key=latest.__getitem__)
    order = fresh + again
    if not order:
        return ()
    second = (a for a in order[1:] if OPPOSITE.get(a) is not order[0] and a not in RUNG_OF)
    return (order[0], *list(second)[: SAID - 1])


def rung_of(advice: Sequence[Advice]) -> Rung:
    """Return the rung that the leading piece of advice stands for."""
    return RUNG_OF.get(advice[0], Rung.RECAPTURE) if advice else Rung.RECAPTURE


def doubt_of(look: Look) -> DoubtKind | None:
    """Return the weightiest doubt of a look: another finger's picture before the other hand's."""
    order = (DoubtKind.DUPLICATE, DoubtKind.OTHER_FINGER, DoubtKind.OTHER_EYE, DoubtKind.WRONG_HAND)
    return next((kind for kind in order if any(doubt.kind is kind for doubt in look.doubts)), None)


def _candidates(causes: Iterable[Cause], finger: bool) -> list[Advice]:
    """List what might help: all of the leading cause first, then of the next; each once, nothing against a former."""
    found: list[Advice] = []
    ordered = [*causes]
    steps = [advice for cause in ordered for advice in (*way(cause), *STEPS[cause.name])]
    steps += [advice for cause in ordered for advice in FURTHER.get(cause.name, ())]
    steps += UNEXPLAINED_FINGER if finger else UNEXPLAINED_EYE
    for advice in steps:
        if advice not in found and advice not in NOT_NOW and OPPOSITE.get(advice) not in found:
            found.append(advice)
    return found
