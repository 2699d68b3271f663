"""Whatever devices, fingers, eyes and people do: it ends within its bound, with a record of everything."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import combinations, pairwise
from random import Random

from hypothesis import given, note, settings
from hypothesis import strategies as st

from biocore.report import Cause, CauseName, Outcome
from biocore.station.conclusion import conclude
from biocore.station.entry import position_name
from biocore.station.exceptions import Absence, Permanence, declarable
from biocore.station.guidance import RUNG_OF
from biocore.station.ladder import RUNG_OF_PART, ladder_of
from biocore.station.looks import FULL_PLAN, Doubt, DoubtKind, Ended, Look, Situation, Veto, VetoKind, as_json
from biocore.station.policy import decide, most_captures, next_capture, profile_for
from biocore.station.profile_file import SHIPPED
from biocore.station.rungs import PlacementMode, Request, Rung, Step
from biocore.station.words import MESSAGES
from biocore.types import EyePosition, Position
from policy_support import blank, resident

STAGES = {*RUNG_OF_PART.values(), Rung.SINGLE}
FINGER_CAUSES = list(CauseName)[: list(CauseName).index(CauseName.CLOUDY)]
EYE_CAUSES = [cause for cause in CauseName if cause not in FINGER_CAUSES]
PLANS = st.one_of(
    st.just(FULL_PLAN), st.lists(st.sampled_from(FULL_PLAN), min_size=1, max_size=4, unique_by=position_name).map(tuple)
)


def look_at(chance: Random, request: Request, position: Position) -> Look:
    """Return any look at all; poor fingers are what the ladder is for, so most scores are below every threshold."""
    look = blank(request, position)
    if chance.random() < 0.2:
        return replace(look, ended=chance.choice([Ended.TIMEOUT, Ended.DEVICE_LOST]), score=None, reason="nothing came")
    known = EYE_CAUSES if isinstance(position, EyePosition) else FINGER_CAUSES
    score = chance.choice([None, chance.randint(0, 12), chance.randint(0, 100)])
    return replace(
        look,
        score=score,
        reason="" if score is not None else "too dark",
        has_template=chance.random() < 0.7,
        matches={k: chance.uniform(0, 90) for k in range(1, look.attempt) if chance.random() < 0.5},
        causes=tuple(Cause(name, chance.uniform(0.5, 1)) for name in chance.sample(known, chance.randint(0, 3))),
        doubts=(Doubt(chance.choice(list(DoubtKind))),) if chance.random() < 0.15 else (),
        fused=request.burst > 1,
    )


@st.composite
def veto_of(draw: st.DrawFn, situation: Situation) -> Veto:
    position = draw(st.sampled_from(situation.plan))
    kind = draw(st.sampled_from(VetoKind))
    whole = kind is VetoKind.RESTART and draw(st.booleans())
    return Veto(kind, "S. Rahayu", None if whole else position, draw(st.integers(1, 4)), len(situation.looks))


def begin(draw: st.DrawFn) -> Situation:
    plan = draw(PLANS)
    gone = draw(st.lists(st.sampled_from(plan), max_size=3))
    missing = {position_name(p): Absence(draw(st.sampled_from(sorted(declarable(p))))) for p in gone}
    return resident(
        draw(st.sampled_from(SHIPPED)),
        plan,
        missing=missing,
        mode=draw(st.sampled_from(PlacementMode)),
        eye_mode=draw(st.sampled_from(PlacementMode)),
        age_years=draw(st.one_of(st.none(), st.integers(17, 100))),
        occupation=draw(st.sampled_from([None, "farmer", "clerk"])),
    )


class Recording:
    """A whole resident: the last situation, all requests, and the step after each look.

    No dataclass: hypothesis would print the hundred looks of each; the seeds say it all.
    """

    def __init__(self, situation: Situation, asked: list[Request], steps: list[Step]) -> None:
        self.situation, self.asked, self.steps = situation, asked, steps


@st.composite
def recordings(draw: st.DrawFn, *, vetoes: bool = True) -> Recording:
    situation = begin(draw)
    most = most_captures(profile_for(situation).profile, situation.plan)
    asked, steps = [], []
    while (request := next_capture(situation)) is not None:
        assert next_capture(situation) == request, "the same situation asks for something else"
        asked.append(request)
        assert len(asked) <= most, f"more than {most} captures"
        # One number a capture: hypothesis draws slowly, and a resident is up to a hundred looks.
        chance = Random(draw(st.integers(0, 2**32 - 1)))
        looks = tuple(look_at(chance, request, position) for position in request.positions)
        situation = replace(situation, looks=situation.looks + looks)
        steps += [decide(situation, position) for position in request.wanted]
        if chance.random() < 0.1:
            situation = replace(situation, mode=draw(st.sampled_from(PlacementMode)))
        if vetoes and chance.random() < 0.1:
            situation = replace(situation, vetoes=(*situation.vetoes, draw(veto_of(situation))))
    note(f"{situation.profile.name}: {len(asked)} captures")
    return Recording(situation, asked, steps)


@settings(max_examples=25)
@given(recordings())
def test_every_finger_and_eye_of_the_plan_ends_accepted_or_as_an_exception_with_evidence(recording: Recording) -> None:
    situation = recording.situation
    record = conclude(situation)
    assert record.complete
    assert {position_name(p) for p in situation.plan} <= set(record.steps)
    for name, step in record.steps.items():
        assert (step.exception is not None) is (step.decision.outcome is Outcome.EXCEPTION)
        if step.exception is None:
            assert step.decision.outcome is Outcome.ACCEPT
            kept = next(look for look in situation.of(step.position) if look.attempt == step.best)
            assert kept.ended is Ended.CAPTURED
            continue
        looks = situation.of(step.position)
        assert [e.attempt for e in step.exception.evidence] == [look.attempt for look in looks]
        assert [e.score for e in step.exception.evidence] == [look.score for look in looks]
        assert step.exception.declared is (name in situation.missing)
        assert step.exception.declared or looks, "an exception that nobody said and nothing shows"
        temporary = step.exception.permanence is Permanence.TEMPORARY
        assert (step.exception.review_date is not None) is temporary
        assert not temporary or step.exception.review_date > situation.today  # type: ignore[operator]


@settings(max_examples=25)
@given(recordings(vetoes=False))
def test_what_is_accepted_was_sufficient_or_proven_or_says_that_it_was_lowered(recording: Recording) -> None:
    situation = recording.situation
    record = conclude(situation)
    for name, step in record.steps.items():
        if step.decision.outcome is not Outcome.ACCEPT:
            continue
        looks = {look.attempt: look for look in situation.of(step.position)}
        kept = looks[step.best or 0]
        assert kept.score is not None
        assert not kept.doubts
        asked = situation.profile.threshold(step.position)
        assert (name in record.lowered) is (kept.score < asked)
        assert step.lowered is step.message_key.endswith("_lowered")
        assert step.lowered is ("LOWERED" in step.decision.reason)
        if not step.fuse:
            assert kept.score >= step.threshold
            assert step.lowered is (kept.score < asked)
            continue
        assert len(step.fuse) > 1
        proofs = [looks[b].matches[a] for a, b in combinations(step.fuse, 2)]
        assert all(looks[attempt].has_template for attempt in step.fuse)
        ladder = ladder_of(profile_for(situation).profile, step.position)
        assert min(proofs) >= (ladder.fuse_match if step.rung is Rung.FUSE else ladder.lower_match)
        assert step.lowered is (min(proofs) < ladder_of(situation.profile, step.position).fuse_match)


@settings(max_examples=25)
@given(recordings(vetoes=False))
def test_a_threshold_falls_only_on_a_rung_that_says_so(recording: Recording) -> None:
    situation, asked = recording.situation, recording.asked
    inforce = profile_for(situation).profile
    record = conclude(situation)
    for request in asked:
        for position in request.wanted:
            name = position_name(position)
            if request.thresholds[name] < inforce.threshold(position):
                assert Rung.LOWER_PROFILE in record.steps[name].rungs
                assert request.profiles[name] != inforce.name
    for step in record.steps.values():
        assert step.threshold == inforce.threshold(step.position) or Rung.LOWER_PROFILE in step.rungs


@settings(max_examples=25)
@given(recordings(vetoes=False))
def test_every_rung_that_was_asked_for_is_in_the_record_in_order(recording: Recording) -> None:
    situation, asked = recording.situation, recording.asked
    record = conclude(situation)
    for name, step in record.steps.items():
        made = {look.attempt: look for look in situation.of(step.position) if look.ended is not Ended.DEVICE_LOST}
        wanted = [
            request.rungs[name]
            for request in asked
            if name in map(position_name, request.wanted) and request.attempts[name] in made
        ]
        trail = iter(step.rungs)
        assert all(rung in trail for rung in wanted), f"{wanted} are not in {step.rungs}"
        assert (step.rungs[-1] is Rung.EXCEPTION) is (step.exception is not None)


@settings(max_examples=25)
@given(recordings(vetoes=False))
def test_a_finger_is_never_treated_the_same_way_twice_in_a_row(recording: Recording) -> None:
    treatments = {rung for advice, rung in RUNG_OF.items() if list(RUNG_OF.values()).count(rung) == 1} - {Rung.BURST}
    for position in recording.situation.plan:
        if isinstance(position, EyePosition):
            continue
        attempts = [rung for rung in decide(recording.situation, position).rungs if rung not in STAGES]
        for before, after in pairwise(attempts):
            assert before is not after or before not in treatments, f"{before} twice: {attempts}"


@settings(max_examples=25)
@given(recordings(vetoes=False))
def test_what_was_accepted_stays_accepted_and_what_is_over_is_never_asked_for_again(recording: Recording) -> None:
    situation, steps = recording.situation, recording.steps
    last = {name: step.decision.outcome for name, step in conclude(situation).steps.items()}
    ended: dict[str, Outcome] = {}
    for step in steps:
        name = position_name(step.position)
        assert name not in ended, f"{name} was asked for after {ended.get(name)}"
        if step.decision.outcome in (Outcome.ACCEPT, Outcome.EXCEPTION):
            ended[name] = step.decision.outcome
    for name, outcome in ended.items():
        assert last[name] is outcome or outcome is Outcome.EXCEPTION


@settings(max_examples=25)
@given(recordings(vetoes=False))
def test_the_captures_stay_within_first_looks_and_extra_ones(recording: Recording) -> None:
    situation, asked = recording.situation, recording.asked
    record, limits = conclude(situation), profile_for(situation).profile.limits
    assert record.extra_captures <= limits.extra_captures + len(record.stand_ins)
    assert record.captures <= len(situation.plan) + record.extra_captures
    assert len(asked) == len({look.capture for look in situation.looks})


@settings(max_examples=25)
@given(recordings())
def test_decisions_hang_on_nothing_but_the_situation_and_go_into_json_without_a_pixel(recording: Recording) -> None:
    situation, asked, steps = recording.situation, recording.asked, recording.steps
    again = replace(situation, looks=tuple(replace(look) for look in situation.looks))
    assert conclude(again) == conclude(situation)
    for value in (conclude(situation), situation, asked, steps):
        assert json.loads(json.dumps(as_json(value))) is not None
    assert all(step.message_key in MESSAGES for step in steps)
    assert all(request.message_key in MESSAGES for request in asked)


@settings(max_examples=25)
@given(recordings())
def test_a_recording_cut_off_anywhere_goes_on_where_it_was(recording: Recording) -> None:
    situation, asked = recording.situation, recording.asked
    if situation.vetoes or len({situation.mode}) != 1:
        return
    counts = [len(request.positions) for request in asked]
    for k, request in enumerate(asked):
        cut = replace(situation, looks=situation.looks[: sum(counts[:k])], mode=situation.mode)
        resumed = next_capture(cut)
        assert resumed is not None
        if resumed.mode is request.mode:
            assert resumed == request
