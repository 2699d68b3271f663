"""How a session begins, and how it begins again from what stands in the clear heads of the journal."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from biocore.engine import Effort
from biocore.report import Outcome
from biocore.station import policy
from biocore.station.clock import Clock, SystemClock
from biocore.station.devices import Devices
from biocore.station.entry import Item, position_name, position_of
from biocore.station.exceptions import Absence, ExceptionKind
from biocore.station.ledger import JournalKeeper, Ledger
from biocore.station.looks import FULL_PLAN, Look, Situation, Veto, VetoKind, as_json
from biocore.station.policy import profile_for
from biocore.station.profile import Profile
from biocore.station.rungs import PlacementMode
from biocore.station.session_core import DONE, Core
from biocore.station.session_heads import PLANNED, SEALED, Rebuilt, mode_code, profile_code, rebuild
from biocore.station.session_items import event_item
from biocore.station.telling import Teller
from biocore.types import Position

POLL_S = 1.0  # s between two looks for a device that is gone


@dataclass(slots=True)
class Desk:
    """What a station has, from resident to resident.

    Attributes
    ----------
    keeper : JournalKeeper
    devices : Devices
    profile : Profile
        The station's.
    teller : Teller
        Who hears what happens.
    clock : Clock
    effort : "fast" or "robust"
        "robust" makes templates for the record in the background, beside the fast ones that every check uses, and
        where the ladder compares attempts at a finger with each other. With "fast", attempts prove nothing of each
        other, and are not united (docs/policy.md).
    inline : bool
        Look at every live frame in the device's thread: the same frames lead to the same pictures on every machine.
    poll_s : float
        Seconds between two looks for what a session waits for.
    sleep : callable or None
        Waits so many seconds; None = until something happens, at most so long.
    """

    keeper: JournalKeeper
    devices: Devices
    profile: Profile
    teller: Teller = field(default_factory=lambda: Teller(None))
    clock: Clock = field(default_factory=SystemClock)
    effort: Effort = "robust"
    inline: bool = False
    poll_s: float = POLL_S
    sleep: Callable[[float], None] | None = None


@dataclass(frozen=True, slots=True)
class Subject:
    """What of a resident may select a profile; sealed.

    Attributes
    ----------
    age_years : int or None
    occupation : str or None
        As the profile's lists spell it.
    """

    age_years: int | None = None
    occupation: str | None = None


def plan_items(desk: Desk, situation: Situation) -> list[Item]:
    """Return what is written down before the first capture: the profile in force and why, the plan, the mode."""
    choice = profile_for(situation)
    about = {
        "station_profile": situation.profile.name,
        "station_profile_digest": situation.profile.digest,
        "profile": choice.profile.name,
        "profile_digest": choice.profile.digest,
        "because": choice.because,
        "age_years": situation.age_years,
        "occupation": situation.occupation,
        "plan": as_json(situation.plan),
        "effort": desk.effort,
    }
    planned = [event_item(PLANNED, {}, position) for position in situation.plan]
    return [event_item(profile_code(choice.profile.name), about), *planned, event_item(mode_code(situation.mode), {})]


def resumed_core(desk: Desk, ledger: Ledger, subject: Subject, today: date) -> tuple[Core, Rebuilt]:
    """Return the heart of a session that goes on, and what the heads said.

    What was decided stands: where the heads alone do not lead to the same decision, because comparison scores or the
    kind of an exception are sealed, the decision is put in as one that a person made, signed `SEALED`.
    """
    found = rebuild(ledger.heads())
    subject = subject if subject != Subject() else _least_subject(desk.profile, found.profile)
    situation = _situation(desk.profile, found, subject, today)
    for name, outcome in found.outcomes.items():
        if outcome in DONE:
            situation = _standing(situation, found, name, outcome)
    core = Core(ledger, situation, desk.teller, found.mode or PlacementMode.SLAP)
    core.sealed = {name for name, outcome in found.outcomes.items() if outcome in DONE}
    core.memory.unseen = {name for name, outcome in found.outcomes.items() if outcome is Outcome.ACCEPT}
    decided = core.decide_all()
    core.steps = {name: step for name, step in decided.items() if step.decision.outcome is found.outcomes.get(name)}
    return core, found


def _least_subject(profile: Profile, code: str) -> Subject:
    """Return the least that must be true of somebody for whom the profile of this code was selected."""
    for selection in profile.select:
        if profile_code(selection.profile.name) == code != profile_code(profile.name):
            if selection.age_from is not None:
                return Subject(age_years=selection.age_from)
            return Subject(occupation=min(selection.occupations, default=None))
    return Subject()


def _situation(profile: Profile, found: Rebuilt, subject: Subject, today: date) -> Situation:
    situation = Situation(
        profile,
        tuple(found.plan) or FULL_PLAN,
        today,
        missing={name: Absence(ExceptionKind.ABSENT, note=SEALED) for name in sorted(found.missing)},
        vetoes=tuple(found.vetoes),
        mode=found.shown or PlacementMode.SLAP,
        age_years=subject.age_years,
        occupation=subject.occupation,
        supervisor=SEALED if found.signed else "",
    )
    name = profile_for(situation).profile.name
    return replace(situation, looks=_named(found.looks, name))


def _named(looks: Sequence[Look], profile: str) -> tuple[Look, ...]:
    return tuple(replace(look, profile=profile) for look in looks)


def _standing(situation: Situation, found: Rebuilt, name: str, outcome: Outcome) -> Situation:
    """Return a situation in which the policy decides about a position as it did before the power cut."""
    position, kept = position_of(name), found.kept.get(name)
    assert position is not None  # a decision's head names one
    if _decides(situation, position, outcome, kept):
        return situation
    if outcome is Outcome.EXCEPTION:
        missing = {**situation.missing, name: Absence(ExceptionKind.ABSENT, note=SEALED)}
        other = replace(situation, missing=missing)
    else:
        veto = Veto(VetoKind.ACCEPT, SEALED, position, kept, len(situation.looks))
        other = replace(situation, vetoes=(*situation.vetoes, veto))
    if _decides(other, position, outcome, kept):
        return other
    plan = tuple(each for each in situation.plan if position_name(each) != name)
    return replace(situation, plan=plan) if plan else situation


def _decides(situation: Situation, position: Position, outcome: Outcome, kept: int | None) -> bool:
    step = policy.decide(situation, position)
    same = step.decision.outcome is outcome
    return same and (outcome is not Outcome.ACCEPT or kept is None or step.best == kept)
