"""Each rung of the ladder, by what leads there and what comes of it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from biocore.report import Advice, Cause, CauseName, Outcome
from biocore.station.conclusion import conclude
from biocore.station.exceptions import Absence, ExceptionKind, Permanence
from biocore.station.ladder import matching
from biocore.station.looks import FULL_PLAN, Doubt, DoubtKind, Ended, Look, Situation, Veto, VetoKind
from biocore.station.overruling import Refusal
from biocore.station.policy import decide, next_capture
from biocore.station.profile import SlapChoice
from biocore.station.rungs import PlacementMode, Request, Rung
from biocore.types import EyePosition, FingerPosition
from policy_support import INDEX, TODAY, answered, profile, resident, scored, script, walk

ONE = (INDEX,)
EYE = EyePosition.RIGHT


def causes(*names: CauseName) -> tuple[Cause, ...]:
    return tuple(Cause(name, 0.9 - 0.1 * k) for k, name in enumerate(names))


def poor(score: int = 5, *names: CauseName, **more: object) -> dict[str, object]:
    return {"score": score, "causes": causes(*names), **more}


# -- first look --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["ektp", "elderly", "bsi-enrolment", "mosip-registration"])
def test_a_good_resident_needs_no_extra_step(name: str) -> None:
    situation, asked = walk(resident(name), scored(85))
    assert [len(request.positions) for request in asked] == [4, 4, 2, 1, 1]
    assert all(request.rung is Rung.FIRST and request.advice == () and not request.robust for request in asked)
    record = conclude(situation)
    assert record.extra_captures == 0
    assert all(step.rungs == (Rung.FIRST,) for step in record.steps.values())


def test_each_finger_has_its_own_threshold_whatever_the_average_of_the_slap() -> None:
    request = next_capture(resident())
    assert request is not None
    scores = dict(zip(request.positions, (90, 90, 90, 5), strict=True))
    situation = answered(resident(), request, lambda _, __, look: replace(look, score=scores[look.position]))
    little = decide(situation, FingerPosition.RIGHT_LITTLE)
    assert (little.decision.outcome, little.rung) == (Outcome.FALL_BACK, Rung.SINGLE)
    assert little.slap_average == pytest.approx(68.75)
    assert decide(situation, INDEX).decision.outcome is Outcome.ACCEPT


# -- how the next one is placed ----------------------------------------------------------------------------


def test_one_open_finger_is_captured_by_itself_and_two_as_a_slap() -> None:
    first = next_capture(resident())
    assert first is not None
    weak = {INDEX: 3, FingerPosition.RIGHT_RING: 3}
    one = answered(resident(), first, lambda _, __, k: replace(k, score=3 if k.position is INDEX else 80))
    two = answered(resident(), first, lambda _, __, k: replace(k, score=weak.get(FingerPosition(k.position), 80)))
    after_one, after_two = next_capture(one), next_capture(two)
    assert after_one is not None
    assert after_two is not None
    assert (after_one.mode, after_one.positions) == (PlacementMode.SINGLE, ONE)
    assert (after_two.mode, len(after_two.positions), len(after_two.wanted)) == (PlacementMode.SLAP, 4, 2)


def test_the_operator_switches_to_single_fingers_at_any_moment() -> None:
    request = next_capture(resident(mode=PlacementMode.SINGLE))
    assert request is not None
    assert (request.positions, request.mode) == (ONE, PlacementMode.SINGLE)
    situation, asked = walk(resident(mode=PlacementMode.SINGLE), scored(85))
    assert len(asked) == len(FULL_PLAN)
    assert conclude(situation).complete


def test_missing_fingers_are_not_asked_for_and_one_that_is_left_of_a_slap_comes_singly() -> None:
    missing = {f"finger:{n}": Absence(ExceptionKind.AMPUTATED) for n in (2, 3, 4)}
    request = next_capture(resident(missing=missing))
    assert request is not None
    assert (request.positions, request.mode) == ((FingerPosition.RIGHT_LITTLE,), PlacementMode.SINGLE)


def test_after_slaps_that_fail_single_fingers_are_a_rung_of_their_own() -> None:
    situation, asked = walk(resident("bsi-enrolment"), scored(3, CauseName.LIGHT))
    of_index = [request for request in asked if "finger:2" in request.attempts]
    assert [request.mode for request in of_index] == [PlacementMode.SLAP] * 3 + [PlacementMode.SINGLE] * 3
    assert [request.message_key for request in of_index[2:5]] == ["recapture", "single", "recapture"]
    assert decide(situation, INDEX).rungs.count(Rung.SINGLE) == 1


# -- advice ------------------------------------------------------------------------------------------------

DRY_THEN = [
    ([(CauseName.DRY,)], [Rung.MOISTEN]),
    ([(CauseName.DRY,), (CauseName.DRY,)], [Rung.MOISTEN, Rung.PRESS_HARDER]),
    ([(CauseName.DRY,), (CauseName.WET,)], [Rung.MOISTEN, Rung.DRY_OFF]),
    ([(CauseName.WET,), (CauseName.DRY,), (CauseName.WET,)], [Rung.DRY_OFF, Rung.MOISTEN, Rung.PRESS_LIGHTER]),
    ([(CauseName.DRY,)] * 4, [Rung.MOISTEN, Rung.PRESS_HARDER, Rung.WARM, Rung.ROLL_PAD]),
    ([(CauseName.LIGHT,), (CauseName.HARD,)], [Rung.PRESS_HARDER, Rung.PRESS_LIGHTER]),
    ([(CauseName.WORN,), (CauseName.WORN,)], [Rung.ROLL_PAD, Rung.MOISTEN]),
    ([(CauseName.RESIDUE,)], [Rung.CLEAN_PLATEN]),
    ([()] * 6, [Rung.WASH, Rung.WARM, Rung.ROLL_PAD] * 2),
    ([(CauseName.PARTIAL,), (CauseName.PARTIAL,)], [Rung.RECAPTURE, Rung.RECAPTURE]),
]


@pytest.mark.parametrize(("seen", "rungs"), DRY_THEN)
def test_the_advice_follows_the_cause_and_goes_on_where_it_did_not_help(
    seen: list[tuple[CauseName, ...]], rungs: list[Rung]
) -> None:
    situation = resident("elderly", ONE, mode=PlacementMode.SINGLE)
    found = []
    for names in seen:
        request = next_capture(situation)
        assert request is not None
        situation = answered(situation, request, scored(5, *names))
        step = decide(situation, INDEX)
        found.append(step.rungs[-1] if step.exception else step.rung)
    assert found == rungs


def test_what_is_shown_never_contradicts_itself() -> None:
    first = next_capture(resident())
    assert first is not None
    wet = {FingerPosition.RIGHT_RING: CauseName.WET, INDEX: CauseName.DRY}
    situation = answered(
        resident(),
        first,
        lambda _, __, k: replace(k, score=2, causes=causes(wet.get(FingerPosition(k.position), CauseName.SMEAR))),
    )
    request = next_capture(situation)
    assert request is not None
    assert Advice.MOISTEN in request.advice
    assert Advice.DRY_FINGER not in request.advice
    assert len(request.advice) <= 2


# -- proof, lowering ---------------------------------------------------------------------------------------


def test_attempts_that_match_each_other_are_united_once_the_attempts_are_used_up() -> None:
    looks = [poor(9, matches={}), poor(14, matches={1: 12.0}), poor(11, matches={1: 55.0, 2: 20.0})]
    situation, asked = walk(resident(plan=ONE, mode=PlacementMode.SINGLE), script(looks))
    step = decide(situation, INDEX)
    assert (step.decision.outcome, step.rung, step.fuse, step.best) == (Outcome.ACCEPT, Rung.FUSE, (1, 3), 3)
    assert len(asked) == 3
    assert not step.lowered
    assert step.message_key == "accepted_fused"
    assert conclude(situation).lowered == ("finger:2",)  # its pictures are below the threshold all the same
    assert "asked 50" in step.decision.reason


def test_attempts_that_do_not_match_each_other_prove_nothing() -> None:
    looks = [poor(9), poor(14, matches={1: 49.9}), poor(11, matches={1: 10.0, 2: 39.9}), *[poor(9)] * 4]
    situation, _ = walk(resident("bsi-enrolment", ONE, mode=PlacementMode.SINGLE), script(looks))
    assert decide(situation, INDEX).decision.outcome is Outcome.EXCEPTION


def test_a_doubted_or_rejected_attempt_and_one_without_a_template_prove_nothing() -> None:
    base = resident(plan=ONE, mode=PlacementMode.SINGLE)
    for spoilt in ({"doubts": (Doubt(DoubtKind.DUPLICATE),)}, {"has_template": False}):
        looks = [poor(9), poor(9, matches={1: 90.0}, **spoilt), *[poor(9)] * 5]
        situation, _ = walk(base, script(looks))
        assert decide(situation, INDEX).decision.outcome is Outcome.EXCEPTION
    situation, _ = walk(base, script([poor(9), poor(9, matches={1: 90.0}), poor(9)]))
    assert decide(situation, INDEX).rung is Rung.FUSE
    veto = Veto(VetoKind.REJECT, "operator", INDEX, 2, 3)
    assert decide(replace(situation, vetoes=(veto,)), INDEX).decision.outcome is Outcome.FALL_BACK


def test_a_lower_profile_asks_for_less_proof_after_more_attempts_and_says_so() -> None:
    looks = [poor(9), poor(14, matches={1: 12.0}), poor(11, matches={1: 45.0, 2: 20.0})]
    base = resident(plan=ONE, mode=PlacementMode.SINGLE)
    situation, _ = walk(base, script(looks))
    step = decide(situation, INDEX)
    assert (step.rung, step.fuse, step.lowered) == (Rung.LOWER_PROFILE, (1, 3), True)
    assert step.profile == "elderly"
    assert step.message_key == "accepted_proof_lowered"
    assert "LOWERED from 50 (ektp)" in step.decision.reason
    assert conclude(situation).chip[0].grade == 1


def test_a_lower_threshold_is_in_the_reason_the_message_and_the_record() -> None:
    low = profile("ektp")
    assert low.lower is not None
    low = replace(low, lower=replace(low.lower, thresholds=dict.fromkeys(low.lower.thresholds, 5)))
    situation, asked = walk(
        replace(resident(plan=ONE, mode=PlacementMode.SINGLE), profile=low), script([poor(4)] * 3 + [poor(12)])
    )
    step = decide(situation, INDEX)
    assert (step.rung, step.threshold, step.lowered, step.best) == (Rung.LOWER_PROFILE, 5, True, 4)
    assert step.message_key == "accepted_lowered"
    assert "LOWERED from 30 (ektp)" in step.decision.reason
    assert conclude(situation).lowered == ("finger:2",)
    assert [request.thresholds["finger:2"] for request in asked] == [30, 30, 30, 5]
    assert asked[-1].message_key == "lower_profile"


def test_a_profile_selected_by_age_or_occupation_is_named_and_lowers_nothing_in_silence() -> None:
    for more, because in (({"age_years": 70}, "age"), ({"occupation": "farmer"}, "occupation"), ({}, "station")):
        situation, _ = walk(resident(plan=(EYE,), **more), scored(30))
        record = conclude(situation)
        assert record.because == because
        assert record.station_profile == "ektp"
        step = record.steps["eye:1"]
        if because == "station":
            assert (record.profile, step.rung) == ("ektp", Rung.LOWER_PROFILE)
        else:
            assert (record.profile, step.rung, step.rungs) == ("elderly", Rung.FIRST, (Rung.FIRST,))
        assert step.lowered
        assert record.lowered == ("eye:1",)
        assert step.message_key == "accepted_lowered"


def look(attempt: int, matches: dict[int, float], template: bool = True) -> Look:
    return Look(INDEX, attempt, 9, has_template=template, matches=matches)


def test_only_attempts_that_all_match_each_other_are_united() -> None:
    chain = [look(1, {}), look(2, {1: 60.0}), look(3, {2: 55.0, 1: 10.0})]
    assert matching(chain, 50.0) == ((1, 2), 60.0)
    clique = [look(1, {}), look(2, {1: 60.0}), look(3, {2: 55.0, 1: 52.0})]
    assert matching(clique, 50.0) == ((1, 2, 3), 52.0)
    assert matching([look(1, {}, template=False), look(2, {1: 60.0})], 50.0) == ((), 0.0)


# -- alternatives, irises ----------------------------------------------------------------------------------


def test_in_a_plan_of_ten_fingers_the_duty_of_the_chip_moves_to_the_next_best() -> None:
    situation, _ = walk(resident(), script([poor(3)] * 9))
    record = conclude(situation)
    assert record.stand_ins == ()
    assert [(each.wanted, each.finger) for each in record.chip] == [
        (INDEX, FingerPosition.RIGHT_MIDDLE),
        (FingerPosition.LEFT_INDEX, FingerPosition.LEFT_INDEX),
    ]
    assert record.steps["finger:2"].rungs[-3:] == (Rung.ALTERNATIVE, Rung.IRIS, Rung.EXCEPTION)


def test_the_chip_takes_a_sufficient_finger_before_one_that_was_lowered_or_overruled() -> None:
    situation, _ = walk(resident(), script([poor(3)] * 9))
    veto = Veto(VetoKind.ACCEPT, "operator", INDEX, 1, len(situation.looks))
    record = conclude(replace(situation, vetoes=(veto,)))
    assert record.steps["finger:2"].rung is Rung.VETO
    assert record.chip[0].finger is FingerPosition.RIGHT_MIDDLE


def test_in_a_plan_of_one_finger_alternatives_are_captured_and_then_the_eyes() -> None:
    situation, asked = walk(resident(plan=ONE, mode=PlacementMode.SINGLE), scored(3))
    order = list(dict.fromkeys(request.positions[0] for request in asked))
    assert [position.name for position in order[:3]] == ["RIGHT_INDEX", "RIGHT_MIDDLE", "RIGHT_THUMB"]
    assert next(r for r in asked if r.positions[0] is order[1]).message_key == "alternative"

    good_thumb = lambda _, __, k: replace(k, score=80 if k.position is FingerPosition.RIGHT_THUMB else 3)  # noqa: E731
    situation, asked = walk(resident(plan=ONE, mode=PlacementMode.SINGLE), good_thumb)
    record = conclude(situation)
    assert record.stand_ins == ("finger:3", "finger:1")
    assert Rung.ALTERNATIVE in record.steps["finger:2"].rungs
    assert record.chip[0].finger is FingerPosition.RIGHT_THUMB


def test_where_no_finger_of_a_hand_stays_the_eyes_take_their_place() -> None:
    missing = {f"finger:{n}": Absence(ExceptionKind.AMPUTATED) for n in range(1, 11)}
    situation, asked = walk(resident(plan=ONE, missing=missing), scored(80))
    assert [request.message_key for request in asked] == ["iris", "iris"]
    assert conclude(situation).steps["finger:2"].rungs == (Rung.IRIS, Rung.EXCEPTION)


# -- exceptions --------------------------------------------------------------------------------------------


def test_an_unreadable_finger_keeps_its_attempts_as_evidence_and_waits_for_a_supervisor() -> None:
    plan = (INDEX, EYE)
    looks = [poor(score, CauseName.WORN) for score in (4, 11, 7, 2, 3, 5, 6)]
    situation, _ = walk(resident("bsi-enrolment", plan, mode=PlacementMode.SINGLE), script(looks))
    step = decide(situation, INDEX)
    assert step.exception is not None
    assert step.exception.kind is ExceptionKind.UNREADABLE
    assert step.exception.best == step.best == 2
    assert [e.score for e in step.exception.evidence] == [4, 11, 7]
    assert step.exception.evidence[0].causes == ((CauseName.WORN, 0.9),)
    assert [e.threshold for e in step.exception.evidence] == [30, 30, 30]
    assert conclude(situation).unsigned == ("finger:2",)
    signed = replace(situation, supervisor="S. Rahayu")
    assert conclude(signed).unsigned == ()
    exception = decide(signed, INDEX).exception
    assert exception is not None
    assert exception.supervisor == "S. Rahayu"


@pytest.mark.parametrize(
    ("position", "kind", "permanence", "days"),
    [
        (INDEX, ExceptionKind.AMPUTATED, Permanence.PERMANENT, None),
        (INDEX, ExceptionKind.BANDAGED, Permanence.TEMPORARY, 30),
        (EYE, ExceptionKind.PROSTHETIC, Permanence.PERMANENT, None),
        (EYE, ExceptionKind.ABSENT, Permanence.PERMANENT, None),
        (EYE, ExceptionKind.CLOUDY, Permanence.TEMPORARY, 365),
        (EYE, ExceptionKind.DROOPING, Permanence.TEMPORARY, 365),
    ],
)
def test_what_a_person_says_is_recorded_with_its_review_date(
    position: FingerPosition | EyePosition, kind: ExceptionKind, permanence: Permanence, days: int | None
) -> None:
    name = "finger:2" if position is INDEX else "eye:1"
    situation = resident(plan=(position, FingerPosition.LEFT_THUMB), missing={name: Absence(kind)})
    record = decide(situation, position).exception
    assert record is not None
    assert (record.kind, record.permanence, record.declared) == (kind, permanence, True)
    assert (record.review_date - TODAY).days == days if record.review_date else days is None


def test_a_resident_of_exceptions_only_needs_a_supervisor_even_where_each_would_not() -> None:
    missing = {f"finger:{n}": Absence(ExceptionKind.AMPUTATED) for n in range(1, 11)}
    eyes = {f"eye:{n}": Absence(ExceptionKind.ABSENT) for n in (1, 2)}
    record = conclude(resident("mosip-registration", missing=missing | eyes))
    assert record.exceptions_only
    assert set(record.unsigned) == set(record.steps)
    assert next_capture(resident("mosip-registration", missing=missing | eyes)) is None
    assert conclude(resident("mosip-registration", missing=missing)).unsigned == ()


@pytest.mark.parametrize(
    ("cause", "kind"),
    [
        (CauseName.CLOUDY, ExceptionKind.CLOUDY),
        (CauseName.LID, ExceptionKind.DROOPING),
        (CauseName.CLOSED, ExceptionKind.CANNOT_OPEN),
        (CauseName.DEFOCUS, ExceptionKind.UNREADABLE),
    ],
)
def test_an_eye_goes_from_single_pictures_to_bursts_to_an_exception_that_names_the_cause(
    cause: CauseName, kind: ExceptionKind
) -> None:
    situation, asked = walk(resident(plan=(EYE,)), scored(2, cause))
    assert [request.burst for request in asked][-2:] == [4, 4]
    assert asked[0].burst == 1
    step = decide(situation, EYE)
    assert step.exception is not None
    assert step.exception.kind is kind
    assert {Rung.BURST, Rung.FUSE, Rung.LOWER_PROFILE, Rung.EXCEPTION} <= set(step.rungs)


def test_a_finger_that_never_came_and_a_device_that_never_worked_are_told_apart() -> None:
    for ended, kind in ((Ended.TIMEOUT, ExceptionKind.NOT_SHOWN), (Ended.DEVICE_LOST, ExceptionKind.DEVICE_FAILED)):
        situation, asked = walk(resident("bsi-enrolment", ONE), script([{"ended": ended}]))
        step = decide(situation, INDEX)
        assert step.exception is not None
        assert step.exception.kind is kind
        assert step.exception.permanence is Permanence.TEMPORARY
        assert asked[1].message_key == ended.value


def test_a_lost_device_costs_the_finger_no_attempt() -> None:
    lost: list[dict[str, object]] = [{"ended": Ended.DEVICE_LOST}] * 3
    situation, asked = walk(resident("bsi-enrolment", ONE), script([*lost, poor(1), poor(2), poor(80)]))
    step = decide(situation, INDEX)
    assert (step.decision.outcome, step.best, len(asked)) == (Outcome.ACCEPT, 6, 6)
    assert conclude(situation).extra_captures == 2


def test_a_doubted_picture_is_no_good_whatever_its_score_until_a_person_says_so() -> None:
    doubt = {"score": 95, "doubts": (Doubt(DoubtKind.DUPLICATE, FingerPosition.RIGHT_RING, 70.0),)}
    situation, asked = walk(resident("bsi-enrolment", ONE), script([doubt]))
    step = decide(situation, INDEX)
    assert asked[1].message_key == "doubt_duplicate"
    assert step.exception is not None
    assert step.exception.kind is ExceptionKind.DOUBTFUL
    veto = Veto(VetoKind.ACCEPT, "operator", INDEX, 1, len(situation.looks))
    assert decide(replace(situation, vetoes=(veto,)), INDEX).rung is Rung.VETO


def test_good_pictures_of_a_wrong_finger_are_asked_for_again_but_no_threshold_is_lowered() -> None:
    doubt = {"score": 78, "doubts": (Doubt(DoubtKind.DUPLICATE, FingerPosition.RIGHT_RING, 70.0),)}
    base = resident(plan=ONE, mode=PlacementMode.SINGLE)
    situation, asked = walk(base, script([doubt]))
    index = [request for request in asked if request.positions == ONE]
    assert len(index) == 5
    assert {request.thresholds["finger:2"] for request in index} == {30}
    assert {request.message_key for request in index[1:]} == {"doubt_duplicate"}
    step = decide(situation, INDEX)
    assert Rung.LOWER_PROFILE not in step.rungs
    assert (step.lowered, step.exception is not None) == (False, True)


def test_the_threshold_is_lowered_once_a_picture_of_the_right_finger_falls_short_of_it() -> None:
    low = profile("ektp")
    assert low.lower is not None
    low = replace(low, lower=replace(low.lower, thresholds=dict.fromkeys(low.lower.thresholds, 5)))
    base = replace(resident(plan=ONE, mode=PlacementMode.SINGLE), profile=low)
    doubt = {"score": 78, "doubts": (Doubt(DoubtKind.DUPLICATE, FingerPosition.RIGHT_RING, 70.0),)}
    situation, asked = walk(base, script([doubt] * 3 + [poor(12)]))
    step = decide(situation, INDEX)
    assert [request.thresholds["finger:2"] for request in asked] == [30] * 4
    assert (step.rung, step.best, step.lowered) == (Rung.LOWER_PROFILE, 4, True)
    assert "LOWERED from 30 (ektp)" in step.decision.reason


# -- vetoes ------------------------------------------------------------------------------------------------


def test_a_person_accepts_rejects_and_begins_anew_and_each_is_in_the_record() -> None:
    situation = resident(plan=ONE, mode=PlacementMode.SINGLE)
    request = next_capture(situation)
    assert request is not None
    insufficient = answered(situation, request, scored(5))
    accept = Veto(VetoKind.ACCEPT, "operator", INDEX, 1, 1)
    accepted = replace(insufficient, vetoes=(accept,))
    assert next_capture(accepted) is None
    assert decide(accepted, INDEX).message_key == "accepted_veto"
    assert [each.veto.kind for each in conclude(accepted).vetoes] == [VetoKind.ACCEPT]

    sufficient = answered(situation, request, scored(90))
    assert next_capture(sufficient) is None
    rejected = replace(sufficient, vetoes=(Veto(VetoKind.REJECT, "operator", INDEX, 1, 1),))
    again = next_capture(rejected)
    assert again is not None
    assert again.attempts["finger:2"] == 2

    anew = replace(insufficient, vetoes=(Veto(VetoKind.RESTART, "operator", INDEX, None, 1),))
    first = next_capture(anew)
    assert first is not None
    assert (first.rung, first.attempts["finger:2"]) == (Rung.FIRST, 2)


def test_a_veto_without_the_right_does_not_count_and_stays_in_the_record() -> None:
    strict = replace(profile("ektp"), veto=replace(profile("ektp").veto, accept_insufficient=False))
    situation, _ = walk(replace(resident(plan=ONE, mode=PlacementMode.SINGLE), profile=strict), scored(3))
    vetoes = (
        Veto(VetoKind.ACCEPT, "operator", INDEX, 1, 1),
        Veto(VetoKind.REJECT, "operator", INDEX, 99, 1),
        *[Veto(VetoKind.RESTART, "operator", None, None, 0)] * 2,
    )
    record = conclude(replace(situation, vetoes=vetoes))
    assert record.steps["finger:2"].decision.outcome is Outcome.EXCEPTION
    assert [each.refusal for each in record.vetoes] == [
        Refusal.NOT_PERMITTED,
        Refusal.NO_SUCH_ATTEMPT,
        None,
        Refusal.TOO_MANY_RESTARTS,
    ]


# -- which attempt is kept ---------------------------------------------------------------------------------


def three_slaps(choice: SlapChoice) -> Situation:
    """Return three slaps: the second has the best index finger, the third the best average."""
    scores = {1: (40, 30, 15, 3), 2: (60, 25, 12, 4), 3: (50, 70, 60, 20)}
    rules = replace(profile("bsi-enrolment"), finger=replace(profile("bsi-enrolment").finger, choice=choice))

    def answer(_: Situation, request: Request, look: Look) -> Look:
        if request.capture > 3:
            return replace(look, score=90)
        return replace(look, score=scores[request.capture][request.positions.index(look.position)])

    return walk(replace(resident("bsi-enrolment"), profile=rules), answer)[0]


@pytest.mark.parametrize(
    ("choice", "kept"),
    [
        (SlapChoice.LEXICOGRAPHIC, [2, 2, 2, 3]),  # the little finger of the second slap is not sufficient
        (SlapChoice.AVERAGE, [3, 3, 3, 3]),
        (SlapChoice.FINGER, [2, 3, 3, 3]),
    ],
)
def test_the_slap_that_is_kept_is_the_profiles_choice_and_never_an_insufficient_finger(
    choice: SlapChoice, kept: list[int]
) -> None:
    situation = three_slaps(choice)
    assert [decide(situation, FingerPosition(n)).best for n in (2, 3, 4, 5)] == kept
    averages = [slap.average for slap in conclude(situation).slaps]
    assert averages[:3] == [22.0, 25.25, 50.0]
