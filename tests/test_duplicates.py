"""The same finger shown twice is found, whatever it is called; ten different ones are not."""

from __future__ import annotations

from dataclasses import replace

import pytest

from biocore import iris
from biocore.errors import InvalidTemplateError
from biocore.fingerprint.compare import compare
from biocore.fingerprint.duplicates import find_duplicates
from biocore.types import FingerPosition, FingerTemplate
from finger_sets import finger, impression


def hand() -> list[FingerTemplate]:
    return [replace(finger(60 + k), position=FingerPosition(k + 1)) for k in range(10)]


def test_ten_different_fingers_are_no_duplicates() -> None:
    assert find_duplicates(hand()) == []


def test_a_finger_shown_twice_is_found_under_another_name() -> None:
    captures = hand()
    captures[7] = replace(impression(captures[2], 1), position=FingerPosition.LEFT_MIDDLE)
    found = find_duplicates(captures)
    assert [(d.first, d.second) for d in found] == [(2, 7)]
    assert found[0].comparison.score == compare(captures[2], captures[7]).score
    assert len(found[0].comparison.pairs) > 20


def test_all_pairs_of_three_captures_of_one_finger_the_surest_first() -> None:
    captures = [*hand()[:2], finger(60), impression(finger(60), 5)]
    found = find_duplicates(captures)
    assert {(d.first, d.second) for d in found} == {(0, 2), (0, 3), (2, 3)}
    assert (found[0].first, found[0].second) == (0, 2)
    scores = [d.comparison.score for d in found]
    assert scores == sorted(scores, reverse=True)


def test_the_threshold_is_the_callers() -> None:
    captures = hand()[:3]
    assert len(find_duplicates(captures, threshold=0.0)) == 3
    assert find_duplicates([finger(60), finger(60)], threshold=1e9) == []


def test_nothing_and_one_have_no_duplicates() -> None:
    assert find_duplicates([]) == []
    assert find_duplicates([finger(1)]) == []


def test_what_is_not_a_template_is_refused() -> None:
    with pytest.raises(InvalidTemplateError, match="NoneType"):
        find_duplicates([finger(1), None])  # type: ignore[list-item]


def test_a_threshold_that_is_no_number_is_refused_not_taken_for_no_duplicates() -> None:
    for find in (find_duplicates, iris.find_duplicates, iris.find_mixups):
        with pytest.raises(ValueError, match="no number"):
            find([], threshold=float("nan"))


def test_a_mixup_is_of_irises_even_of_a_single_one() -> None:
    little = replace(finger(1), position=FingerPosition.LEFT_LITTLE)
    with pytest.raises(InvalidTemplateError, match="expected iris templates, not FingerTemplate"):
        iris.find_mixups([little])  # type: ignore[list-item]
