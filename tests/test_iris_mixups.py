"""An eye shown twice, or under the other eye's name, is found; the side that a picture shows is told or left open."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from biocore.errors import InvalidTemplateError
from biocore.formats.images import read_image
from biocore.iris import Concern, Side, find_duplicates, find_mixups, which_eye
from biocore.iris.encode import encode
from biocore.iris.segment import segment
from biocore.types import EyePosition, IrisTemplate
from iris_pictures import circle, eye

LEFT, RIGHT, UNKNOWN = EyePosition.LEFT, EyePosition.RIGHT, EyePosition.UNKNOWN


def capture(seed: int, position: EyePosition, turned: float = 0.0) -> IrisTemplate:
    return encode(*eye(seed, turned=turned, noise=25.0), position)


def test_captures_of_one_eye_are_found_whatever_they_are_called() -> None:
    captures = [capture(1, LEFT), capture(2, RIGHT), capture(1, RIGHT, 0.08), capture(3, UNKNOWN)]
    (found,) = find_duplicates(captures)
    assert (found.first, found.second) == (0, 2)
    assert found.comparison.score > 40
    assert find_duplicates(captures[1:]) == []
    assert find_duplicates([]) == []
    assert len(find_duplicates(captures, threshold=-1.0)) == 6


def test_the_surest_comes_first() -> None:
    captures = [capture(1, LEFT), capture(1, LEFT, 0.1), capture(1, LEFT)]
    scores = [pair.comparison.score for pair in find_duplicates(captures)]
    assert len(scores) == 3
    assert scores == sorted(scores, reverse=True)


def test_two_captures_of_each_eye_are_no_mixup() -> None:
    assert find_mixups([capture(1, LEFT), capture(2, RIGHT), capture(1, LEFT, 0.05), capture(2, RIGHT, 0.05)]) == []


def test_the_capture_that_the_others_speak_against_is_the_suspect() -> None:
    captures = [capture(1, LEFT), capture(1, LEFT, 0.05), capture(1, RIGHT, 0.1), capture(2, RIGHT)]
    found = find_mixups(captures)
    assert {(pair.first, pair.second) for pair in found} == {(0, 2), (1, 2)}
    assert {pair.suspect for pair in found} == {2}


def test_where_nothing_decides_nobody_is_suspected_unless_the_picture_speaks() -> None:
    captures = [capture(1, LEFT), capture(1, RIGHT, 0.05)]
    (found,) = find_mixups(captures)
    assert found.suspect is None
    seen = [Side(LEFT, 0.95, -0.03), Side(UNKNOWN, 0.5, 0.0)]
    assert find_mixups(captures, seen)[0].suspect == 1
    assert find_mixups(captures, [Side(RIGHT, 0.95, 0.03), seen[1]])[0].suspect == 0
    with pytest.raises(ValueError, match="1 sides for 2 templates"):
        find_mixups(captures, seen[:1])


def test_captures_that_nobody_named_are_passed_over() -> None:
    assert find_mixups([capture(1, UNKNOWN), capture(1, LEFT)]) == []


def test_what_is_no_iris_template_is_refused() -> None:
    with pytest.raises(InvalidTemplateError, match="NoneType"):
        find_duplicates([capture(1, LEFT), None])  # type: ignore[list-item]


@pytest.mark.parametrize(("shift", "expected"), [(4.0, RIGHT), (-4.0, LEFT), (1.0, UNKNOWN), (0.0, UNKNOWN)])
def test_the_pupil_lies_towards_the_nose(shift: float, expected: EyePosition) -> None:
    _, found = eye(1)
    seen = which_eye(replace(found, pupil=circle(160.0 + shift, 120.0, 30.0)))
    assert seen.position is expected
    assert seen.shift == pytest.approx(shift / 90.0)
    assert (seen.confidence > 0.9) if expected else (seen.confidence == 0.5)


def test_an_eye_that_looks_aside_or_a_torn_pupil_says_nothing() -> None:
    _, found = eye(1)
    shifted = replace(found, pupil=circle(166.0, 120.0, 30.0))
    for concern in (Concern.OFF_AXIS, Concern.IRREGULAR_PUPIL):
        assert which_eye(replace(shifted, warnings=(concern,))).position is UNKNOWN
    doubtful = replace(shifted, confidence=replace(found.confidence, value=0.3))
    assert which_eye(doubtful).position is UNKNOWN


# In MMU1 the left and right eyes of these three people are filed the wrong way round: the inner corners show it.
FILED_WRONG = ("008", "013", "043")


def test_real_eyes_are_called_by_their_side_or_not_at_all(shared: Path) -> None:
    right = wrong = silent = 0
    for path in sorted((shared / "data/iris/mmu1").glob("*_[LR]_1.png"))[::2]:
        person, letter, _ = path.stem.split("_")
        called = LEFT if (letter == "L") is not (person in FILED_WRONG) else RIGHT
        seen = which_eye(segment(read_image(path).pixels))
        silent += seen.position is UNKNOWN
        right += seen.position is called
        wrong += seen.position not in (UNKNOWN, called)
    total = right + wrong + silent
    assert total > 40
    assert wrong <= 0.05 * total
    assert right >= 0.6 * total
