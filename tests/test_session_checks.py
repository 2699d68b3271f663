"""Is it the finger, the hand, the eye that was asked for: each doubt, and that nothing else is doubted."""

from __future__ import annotations

from dataclasses import replace

import pytest

from biocore import assess, extract
from biocore.iris.side import Side
from biocore.station.checks import OTHER_FINGER, Checked, Known, Memory, alike, check, contradicts, side_of
from biocore.station.looks import Doubt, DoubtKind
from biocore.types import EyePosition, FingerPosition, Modality, Position, Sample
from scripted_devices import empty_frame, eye_frame, finger_frame

F = FingerPosition
E = EyePosition


def finger(position: F, attempt: int = 1, shown: F | None = None, impression: int = 1) -> Known:
    frame = finger_frame((shown or position).value, impression)
    sample = Sample(frame, Modality.FINGER, position)
    return Known(position, attempt, extract(sample), assess(sample).score)


def eye(position: E, attempt: int = 1, shown: E | None = None, side: Side | None = None, impression: int = 1) -> Known:
    frame = eye_frame(shown or position, impression)
    sample = Sample(frame, Modality.IRIS, position)
    return Known(position, attempt, extract(sample), 90, side=side)


def remembering(*known: Known) -> Memory:
    memory = Memory()
    for each in known:
        memory.keep(each)
    return memory


def test_different_fingers_and_eyes_are_not_doubted() -> None:
    accepted = [finger(F.RIGHT_INDEX), finger(F.RIGHT_MIDDLE), eye(E.RIGHT)]
    found = check(finger(F.RIGHT_RING), Memory(), accepted)
    assert found == Checked({}, {}, (), ("finger:2", "finger:3"), ())
    assert not check(eye(E.LEFT), Memory(), accepted).doubts


def test_a_finger_and_an_eye_of_the_same_number_are_not_compared() -> None:
    """The right thumb and the right eye are both 1."""
    assert check(eye(E.RIGHT), Memory(), [finger(F.RIGHT_THUMB)]).compared == ()


@pytest.mark.parametrize("where", ["accepted", "beside"])
def test_the_same_finger_under_another_name_is_doubted_whichever_was_first(where: str) -> None:
    one, other = finger(F.RIGHT_INDEX), finger(F.LEFT_INDEX, shown=F.RIGHT_INDEX, impression=2)
    for new, known in ((one, other), (other, one)):
        found = check(new, Memory(), [known]) if where == "accepted" else check(new, Memory(), [], [new, known])
        (doubt,) = found.doubts
        assert (doubt.kind, doubt.other) == (DoubtKind.DUPLICATE, known.position)


def test_comparisons_are_the_same_both_ways() -> None:
    one, other = eye(E.RIGHT).template, eye(E.RIGHT, impression=2).template
    assert alike(one, other) == alike(other, one)


def test_a_good_print_that_does_not_match_its_own_good_ones_is_doubted_and_a_poor_one_is_not() -> None:
    memory = remembering(finger(F.RIGHT_INDEX, 1))
    stranger = finger(F.RIGHT_INDEX, 2, shown=F.LEFT_RING)
    (doubt,) = check(stranger, memory, []).doubts
    assert (doubt.kind, doubt.other) == (DoubtKind.OTHER_FINGER, None)
    assert doubt.score is not None
    assert doubt.score < OTHER_FINGER
    assert not check(replace(stranger, score=30), memory, []).doubts
    same = check(finger(F.RIGHT_INDEX, 2, impression=2), memory, [])
    assert not same.doubts
    assert same.likeness[1] > 40


def test_what_was_forgotten_proves_nothing() -> None:
    memory = remembering(finger(F.RIGHT_INDEX, 1), finger(F.RIGHT_INDEX, 2, impression=2))
    memory.forget(F.RIGHT_INDEX, 1)
    assert [known.attempt for known in memory.of(F.RIGHT_INDEX)] == [2]
    memory.forget(F.RIGHT_INDEX)
    assert memory.of(F.RIGHT_INDEX) == ()
    assert not check(finger(F.RIGHT_INDEX, 3, shown=F.LEFT_RING), memory, []).doubts


def test_robust_templates_prove_what_fast_ones_only_suggest() -> None:
    first, second = finger(F.RIGHT_INDEX, 1), finger(F.RIGHT_INDEX, 2, impression=2)
    assert check(second, remembering(first), []).matches == {}
    both = replace(second, robust=second.template), replace(first, robust=first.template)
    assert check(both[0], remembering(both[1]), []).matches[1] > 40


def test_two_eyes_that_both_look_like_the_other_one_are_doubted_and_one_alone_is_not() -> None:
    left, right = Side(E.LEFT, 0.99, -0.04), Side(E.RIGHT, 0.99, 0.04)
    other = eye(E.RIGHT, side=left)
    (doubt,) = check(eye(E.LEFT, side=right), Memory(), [other]).doubts
    assert doubt == Doubt(DoubtKind.OTHER_EYE, E.RIGHT)
    for side in (left, Side(E.RIGHT, 0.7, 0.01), Side(E.UNKNOWN, 0.5, 0.0), None):
        assert not check(eye(E.LEFT, side=side), Memory(), [other]).doubts
    assert contradicts(other)


def test_a_picture_says_which_eye_it_shows_where_there_is_one() -> None:
    side = side_of(eye_frame(E.RIGHT).pixels)
    assert side is not None
    assert side.position is E.RIGHT
    assert type(side.shift) is float  # goes into JSON
    assert side_of(empty_frame().pixels) is None


def test_what_is_sealed_is_named_and_only_where_it_could_be_compared() -> None:
    memory = Memory({"finger:2", "finger:3", "eye:1"})
    positions: list[Position] = [F.RIGHT_INDEX, F.LEFT_INDEX]
    found = [check(finger(F(position)), memory, []).not_compared for position in positions]
    assert found == [("finger:3",), ("finger:2", "finger:3")]
    assert check(eye(E.LEFT), memory, []).not_compared == ("eye:1",)
