"""The policy: what is decided about a finger or an eye, and what is captured next. Pure functions of a `Situation`.

No clock, no device, no memory: whoever asks again gets the same answer, also after a power cut.

>>> from datetime import date
>>> from biocore.station.looks import FULL_PLAN, Situation
>>> from biocore.station.profile_file import load_profile
>>> situation = Situation(load_profile("ektp"), FULL_PLAN, date(2026, 11, 22))
>>> request = next_capture(situation)
>>> request.mode, [position.name for position in request.positions]
(<PlacementMode.SLAP: 'slap'>, ['RIGHT_INDEX', 'RIGHT_MIDDLE', 'RIGHT_RING', 'RIGHT_LITTLE'])
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from biocore.advice import OPPOSITE
from biocore.report import Advice, Decision, Outcome
from biocore.station.best import best_of, latest_average
from biocore.station.entry import position_name
from biocore.station.evidence import best_picture, concluded, declared
from biocore.station.exceptions import ExceptionRecord
from biocore.station.guidance import SAID, doubt_of, rung_of
from biocore.station.ladder import Part, Standing, ladder_of, singled
from biocore.station.looks import FULL_PLAN, Ended, Look, Situation
from biocore.station.profile import Profile
from biocore.station.rungs import PlacementMode, Request, Rung, Step
from biocore.station.standings import Resident, profile_for, resident_of
from biocore.types import EyePosition, FingerPosition, Position

__all__ = ["decide", "most_captures", "next_capture", "profile_for", "step_of"]


def decide(situation: Situation, position: Position) -> Step:
    """Decide about one finger or eye, on all that was seen of the resident so far.

    Parameters
    ----------
    situation : Situation
    position : FingerPosition or EyePosition
        Of the plan, or one that stands in for another.

    Returns
    -------
    Step
        `ACCEPT` and `EXCEPTION` end it; they do not change with later looks, only with a veto or a missing-list.
    """
    return step_of(resident_of(situation), position)


def next_capture(situation: Situation) -> Request | None:
    """Return what is to be captured next; None: every finger and eye of the plan has ended.

    The order is that of the profile's groups; each is finished before the next. Where several fingers of a slap are
    open the slap is captured again, as long as the profile allows, then one finger at a time.
    """
    resident = resident_of(situation)
    for group in _groups(resident):
        wanted = tuple(position for position in group if resident.open(position))
        if wanted:
            return _request(resident, group, wanted)
    return None


def most_captures(profile: Profile, plan: Sequence[Position]) -> int:
    """Return how many captures a resident can cost at most, whatever devices and people do.

    Parameters
    ----------
    profile : Profile
        The one in force.
    plan : sequence of FingerPosition and EyePosition

    Returns
    -------
    int
        First looks and extra captures, the same again for each restart, and those lost with devices.
    """
    limits = profile.limits
    runs = 1 + limits.restarts
    shown = max(len(plan), len(FULL_PLAN)) + limits.extra_captures  # stand-ins may be begun with lost captures
    return runs * (shown + len(FULL_PLAN) * (limits.device_losses + 1))


def step_of(resident: Resident, position: Position) -> Step:
    """Return the decision about a position of a resident that was taken apart already."""
    standing = None if resident.missing(position) else resident.standing(position)
    mode = _mode(resident, position) if standing and standing.open else None
    verdict = _verdict(resident, position, standing, mode)
    taken = standing.rungs if standing else ()
    threshold = standing.threshold if standing else resident.profile.threshold(position)
    accepted = standing is not None and verdict.decision.outcome is Outcome.ACCEPT
    best = (
        best_of(resident, position, standing)
        if accepted and standing
        else best_picture(resident.situation.of(position))
    )
    return Step(
        position=position,
        decision=verdict.decision,
        rung=verdict.rung,
        rungs=(*taken, Rung.EXCEPTION) if verdict.exception else taken,
        profile=standing.profile if standing else resident.profile.name,
        threshold=threshold,
        lowered=_lowered(resident, position, standing),
        best=best,
        fuse=standing.fuse if standing else (),
        slap_average=latest_average(resident.situation.looks, position),
        message_key=verdict.key,
        exception=verdict.exception,
        next_mode=mode,
    )


@dataclass(frozen=True, slots=True)
class _Verdict:
    decision: Decision
    rung: Rung
    key: str
    exception: ExceptionRecord | None = None


def _verdict(resident: Resident, position: Position, standing: Standing | None, mode: PlacementMode | None) -> _Verdict:
    situation, rules = resident.situation, resident.profile.exceptions
    if standing is None:
        record = declared(situation, rules, position, situation.missing[position_name(position)])
        return _excepted(record, "said by a person")
    looks = resident.looks(position)
    if standing.accepted is not None:
        reason, key = _why_accepted(resident, position, standing)
        return _Verdict(Decision(Outcome.ACCEPT, reason), standing.accepted, key)
    if standing.over:
        held = dict(zip((look.attempt for look in looks), standing.thresholds, strict=False))
        return _excepted(concluded(situation, rules, position, held), _against(standing, looks))
    reason = _against(standing, looks) if looks else "not looked at yet"
    rung, key = _coming(standing, looks, mode)
    outcome = Outcome.FALL_BACK if rung in FALL_BACKS else Outcome.RECAPTURE
    return _Verdict(Decision(outcome, reason, standing.advice), rung, key)


def _excepted(record: ExceptionRecord, reason: str) -> _Verdict:
    decision = Decision(Outcome.EXCEPTION, f"{record.kind}: {reason}")
    return _Verdict(decision, Rung.EXCEPTION, f"exception_{record.kind}", record)


def _why_accepted(resident: Resident, position: Position, standing: Standing) -> tuple[str, str]:
    """Return the reason for the record, and the key of the message. What is lowered says so in both."""
    ladder, base = ladder_of(resident.profile, position), resident.situation.profile
    reached = _score(resident, position, standing.attempt)
    score = "no score" if reached is None else f"quality {reached}"
    against = f"{score} against {standing.threshold} ({standing.profile})"
    lowered = _lowered(resident, position, standing)
    if standing.accepted is Rung.VETO:
        return f"accepted by a person: {against}", "accepted_veto"
    if standing.fuse:
        asked = ladder.lower_match if standing.accepted is Rung.LOWER_PROFILE else ladder.fuse_match
        attempts = " and ".join(map(str, standing.fuse))
        proof = f"attempts {attempts} match at {standing.match:.0f} or more, asked {asked:g} ({standing.profile})"
        lower = f"; LOWERED from {ladder_of(base, position).fuse_match:g} ({base.name})" if lowered else ""
        return f"{proof}{lower}; {against}", "accepted_proof_lowered" if lowered else "accepted_fused"
    lower = f"; LOWERED from {base.threshold(position)} ({base.name})" if lowered else ""
    return against + lower, "accepted_lowered" if lowered else "accepted"


def _score(resident: Resident, position: Position, attempt: int | None) -> int | None:
    return next((look.score for look in resident.situation.of(position) if look.attempt == attempt), None)


def _lowered(resident: Resident, position: Position, standing: Standing | None) -> bool:
    """Say whether less is asked than the station's profile does, and what was accepted needed that."""
    if standing is None or standing.accepted is Rung.VETO:
        return False
    base = resident.situation.profile
    if standing.fuse:
        return standing.match < ladder_of(base, position).fuse_match
    reached = _score(resident, position, standing.attempt) if standing.accepted is not None else None
    asked = base.threshold(position)
    return standing.threshold < asked and (reached is None or reached < asked)


def _against(standing: Standing, looks: Sequence[Look]) -> str:
    scores = [look.score for look in looks if look.score is not None and not look.doubts]
    best = f"best quality {max(scores)}" if scores else "no picture that counts"
    return f"{best} of {len(looks)} attempts, against {standing.threshold} ({standing.profile})"


FALL_BACKS = (Rung.LOWER_PROFILE, Rung.SINGLE, Rung.BURST)  # weightiest first


def _coming(standing: Standing, looks: Sequence[Look], mode: PlacementMode | None) -> tuple[Rung, str]:
    """Return the rung of the next attempt, and the key of what is said with it."""
    if not looks:
        return Rung.FIRST, "first"
    last, advised = looks[-1], rung_of(standing.advice)
    tried = [look for look in looks if look.ended is not Ended.DEVICE_LOST]
    entering = (*standing.entering, *([Rung.SINGLE] if mode and singled(tried, mode) else []))
    for entered in FALL_BACKS:
        if entered in entering:
            return entered, entered.value
    if last.ended is Ended.DEVICE_LOST:
        return (advised if standing.rungs else Rung.FIRST), "device_lost"
    if last.ended is Ended.TIMEOUT:
        return advised, "timeout"
    doubt = doubt_of(last)
    if doubt is not None:
        return advised, f"doubt_{doubt}"
    return advised, "recapture" if last.score is not None else "unscored"


# -- what to capture next ----------------------------------------------------------------------------------


def _groups(resident: Resident) -> Iterator[tuple[Position, ...]]:
    """Yield what is shown together, in order: the profile's groups, what is in none of them, stand-ins."""
    plan = {position_name(position): position for position in resident.situation.plan}
    for group in resident.profile.sequence:
        here = tuple(plan.pop(name) for name in map(position_name, group) if name in plan)
        if here:
            yield here
    yield from ((position,) for position in plan.values())
    yield from ((position,) for position in resident.stand_ins())


def _group_of(resident: Resident, position: Position) -> tuple[Position, ...]:
    name = position_name(position)
    return next((g for g in _groups(resident) if name in map(position_name, g)), (position,))


def _mode(resident: Resident, position: Position) -> PlacementMode:
    group = _group_of(resident, position)
    return _placement(resident, group, tuple(each for each in group if resident.open(each)))


def _placement(resident: Resident, group: Sequence[Position], wanted: Sequence[Position]) -> PlacementMode:
    """Return whether the next capture shows the group together."""
    situation, rules = resident.situation, resident.profile.finger
    fingers = isinstance(group[0], FingerPosition)
    together = (situation.mode if fingers else situation.eye_mode) is PlacementMode.SLAP
    if not together or sum(not resident.missing(position) for position in group) < 2:
        return PlacementMode.SINGLE
    looks = [resident.looks(position) for position in wanted]
    begun = [each for each in looks if any(look.ended is not Ended.DEVICE_LOST for look in each)]
    if not begun:
        return PlacementMode.SLAP
    slaps = max(sum(look.mode is PlacementMode.SLAP for look in each) for each in looks)
    if not fingers:
        return PlacementMode.SLAP if len(wanted) > 1 else PlacementMode.SINGLE
    singly = any(resident.standing(position).part is Part.SINGLE for position in wanted)
    again = len(wanted) >= rules.slap_again_from and slaps < rules.slap_attempts and not singly
    return PlacementMode.SLAP if again else PlacementMode.SINGLE


def _request(resident: Resident, group: tuple[Position, ...], wanted: tuple[Position, ...]) -> Request:
    situation, profile = resident.situation, resident.profile
    mode = _placement(resident, group, wanted)
    if mode is PlacementMode.SINGLE:
        wanted = positions = wanted[:1]
    else:
        positions = tuple(position for position in group if not resident.missing(position))
    standings = {position_name(position): resident.standing(position) for position in positions}
    coming = {position_name(p): _coming(standings[position_name(p)], resident.looks(p), mode) for p in positions}
    order = tuple(Rung)
    lead = max(wanted, key=lambda p: order.index(coming[position_name(p)][0]))
    rungs = {name: rung for name, (rung, _) in coming.items()}
    return Request(
        positions=positions,
        wanted=wanted,
        mode=mode,
        capture=1 + max((look.capture for look in situation.looks), default=0),
        attempts={position_name(p): 1 + max((k.attempt for k in situation.of(p)), default=0) for p in positions},
        rungs=rungs,
        profiles={name: standing.profile for name, standing in standings.items()},
        thresholds={name: standing.threshold for name, standing in standings.items()},
        rung=rungs[position_name(lead)],
        advice=_together(wanted, standings),
        message_key=_key(resident, lead, coming[position_name(lead)][1]),
        timeout_s=profile.limits.timeout_s,
        burst=_burst(profile, lead, standings[position_name(lead)], rungs[position_name(lead)]),
        robust=any(resident.looks(position) for position in wanted),
    )


def _together(wanted: Sequence[Position], standings: Mapping[str, Standing]) -> tuple[Advice, ...]:
    """Return the advice for all wanted fingers, the first piece of each before the second ones; none contradicts."""
    each = [standings[position_name(position)].advice for position in wanted]
    said: list[Advice] = []
    for piece in [*(a[0] for a in each if a), *(piece for a in each for piece in a[1:])]:
        if piece not in said and OPPOSITE.get(piece) not in said:
            said.append(piece)
    return tuple(said[:SAID])


def _key(resident: Resident, position: Position, key: str) -> str:
    """Return the message of a capture; the first one of a stand-in says what it stands in for."""
    planned = {position_name(each) for each in resident.situation.plan}
    if key != "first" or position_name(position) in planned:
        return key
    return "alternative" if isinstance(position, FingerPosition) else "iris"


def _burst(profile: Profile, position: Position, standing: Standing, rung: Rung) -> int:
    """Return how many pictures to take: bursts of eyes begin when single pictures did not do, or cannot."""
    several = standing.part in (Part.BURST, Part.LOWER) or rung is Rung.BURST
    return profile.iris.burst if isinstance(position, EyePosition) and several else 1
