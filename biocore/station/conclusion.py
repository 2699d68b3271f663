"""What stands in the record at the end of a resident: every finger and eye, every rung, all that was overruled."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from biocore.report import FixedDict, Outcome
from biocore.station.best import SlapAverage, averages
from biocore.station.chip import ChipFinger, chip_fingers
from biocore.station.entry import position_name
from biocore.station.looks import Situation
from biocore.station.overruling import Judged
from biocore.station.policy import step_of
from biocore.station.rungs import Rung, Step
from biocore.station.standings import Resident, resident_of
from biocore.types import EyePosition, FingerPosition


@dataclass(frozen=True, slots=True)
class Conclusion:
    """A resident's record, without pictures.

    `looks.as_json` makes JSON of it. It holds names of operators and supervisors, and belongs in a sealed body.

    Attributes
    ----------
    profile, profile_digest : str
        In force.
    station_profile : str
        The one it was selected by, or the same.
    because : str
        `station`, `age` or `occupation`.
    steps : Mapping of str to Step
        Of every finger and eye of the plan, and of those that stood in, by `position_name`.
    stand_ins : tuple of str
    chip : tuple of ChipFinger
        Empty where the plan has no fingers.
    slaps : tuple of SlapAverage
    lowered : tuple of str
        What was accepted below the station's own threshold, for whatever reason.
    vetoes : tuple of Judged
        With those that did not count.
    captures, extra_captures : int
    complete : bool
        Every position has ended.
    exceptions_only : bool
        Nothing was accepted.
    unsigned : tuple of str
        Exceptions that still wait for a supervisor's name; empty when the record may be closed.
    """

    profile: str
    profile_digest: str
    station_profile: str
    because: str
    steps: Mapping[str, Step]
    stand_ins: tuple[str, ...]
    chip: tuple[ChipFinger, ...]
    slaps: tuple[SlapAverage, ...]
    lowered: tuple[str, ...]
    vetoes: tuple[Judged, ...]
    captures: int
    extra_captures: int
    complete: bool
    exceptions_only: bool
    unsigned: tuple[str, ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "steps", FixedDict(self.steps))


def conclude(situation: Situation) -> Conclusion:
    """Return the record of a resident, as far as it is.

    Where a finger ended as an exception and another does its duty, or the eyes do, those rungs are in its trail too.
    """
    resident = resident_of(situation)
    stand_ins = resident.stand_ins()
    steps = {position_name(p): step_of(resident, p) for p in (*situation.plan, *stand_ins)}
    chip = chip_fingers(resident.profile.chip, steps) if _has_fingers(steps) else ()
    nothing = not any(step.decision.outcome is Outcome.ACCEPT for step in steps.values())
    complete = all(step.decision.outcome in (Outcome.ACCEPT, Outcome.EXCEPTION) for step in steps.values())
    steps = {name: _finish(step, steps, chip, resident, nothing and complete) for name, step in steps.items()}
    accepted = {name: step for name, step in steps.items() if step.decision.outcome is Outcome.ACCEPT}
    return Conclusion(
        profile=resident.profile.name,
        profile_digest=resident.profile.digest,
        station_profile=situation.profile.name,
        because=resident.choice.because,
        steps=steps,
        stand_ins=tuple(position_name(position) for position in stand_ins),
        chip=chip,
        slaps=averages(situation.looks),
        lowered=tuple(name for name, step in accepted.items() if _below(situation, step)),
        vetoes=resident.judged,
        captures=resident.captures,
        extra_captures=resident.extra,
        complete=complete,
        exceptions_only=complete and nothing,
        unsigned=tuple(
            name
            for name, s in steps.items()
            if s.exception and s.exception.needs_supervisor and not situation.supervisor
        ),
    )


def _has_fingers(steps: Mapping[str, Step]) -> bool:
    return any(isinstance(step.position, FingerPosition) for step in steps.values())


def _below(situation: Situation, step: Step) -> bool:
    """Say whether the picture that is kept is below what the station's own profile asks."""
    kept = next((look for look in situation.of(step.position) if look.attempt == step.best), None)
    score = kept.score if kept else None
    return score is None or score < situation.profile.threshold(step.position)


def _finish(
    step: Step, steps: Mapping[str, Step], chip: tuple[ChipFinger, ...], resident: Resident, sign: bool
) -> Step:
    """Add to a failed finger what took its place, and ask for a signature where nothing at all was accepted."""
    if step.exception is None:
        return step
    rungs = list(step.rungs[:-1])
    if isinstance(step.position, FingerPosition):
        moved = {position_name(each.wanted) for each in chip if each.moved and each.finger is not None}
        if position_name(step.position) in moved or resident.stand_ins_of(step.position):
            rungs.append(Rung.ALTERNATIVE)
        eyes = [other for other in steps.values() if isinstance(other.position, EyePosition)]
        if any(other.decision.outcome is Outcome.ACCEPT for other in eyes):
            rungs.append(Rung.IRIS)
    exception = replace(step.exception, needs_supervisor=step.exception.needs_supervisor or sign)
    return replace(step, rungs=(*rungs, Rung.EXCEPTION), exception=exception)
