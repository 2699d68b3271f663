"""Every cause and every piece of advice has its words, in both languages, and the advice fits the cause."""

from __future__ import annotations

import pytest

from biocore import advice as table
from biocore.advice import LANGUAGES, Language, advice_text, advise, cause_text, way
from biocore.report import Advice, Cause, CauseName


def test_every_advice_and_every_cause_is_in_the_table() -> None:
    assert set(table.ADVICE) == set(Advice)
    assert set(table.CAUSES) == set(CauseName)


def test_every_cause_has_steps_or_a_direction() -> None:
    assert set(table.STEPS) == set(CauseName)
    assert [c for c, steps in table.STEPS.items() if not steps] == [CauseName.OFF_CENTRE]


@pytest.mark.parametrize("language", LANGUAGES)
def test_texts_are_sentences_and_none_is_said_twice(language: Language) -> None:
    texts = [advice_text(a, language) for a in Advice] + [cause_text(c, language) for c in CauseName]
    for text in texts:
        assert text.endswith(".")
        assert text[0].isupper()
        assert text == text.strip()
        assert len(text) <= 80, f"too long for an operator's screen: {text}"
    assert len(set(texts)) == len(texts)


def test_the_languages_differ_in_every_text() -> None:
    for a in Advice:
        assert advice_text(a, "en") != advice_text(a, "id")
    for c in CauseName:
        assert cause_text(c, "en") != cause_text(c, "id")


def test_an_unknown_language_is_refused() -> None:
    with pytest.raises(KeyError):
        advice_text(Advice.MOISTEN, "fr")  # type: ignore[arg-type]


def test_dry_is_moistened_before_it_is_pressed_and_worn_is_rolled_before_it_is_changed() -> None:
    assert advise([Cause(CauseName.DRY, 0.9)]) == (Advice.MOISTEN, Advice.PRESS_HARDER)
    assert advise([Cause(CauseName.WORN, 0.9)]) == (Advice.ROLL_PAD, Advice.OTHER_FINGER)


def test_contradicting_advice_keeps_the_more_confident_side() -> None:
    both = advise([Cause(CauseName.HARD, 0.9), Cause(CauseName.LIGHT, 0.6)])
    assert Advice.PRESS_LIGHTER in both
    assert Advice.PRESS_HARDER not in both


def test_nothing_is_said_twice_and_nothing_without_a_cause() -> None:
    said = advise([Cause(CauseName.DRY, 0.9), Cause(CauseName.LIGHT, 0.8)])
    assert len(said) == len(set(said)) == 2
    assert advise([]) == ()


@pytest.mark.parametrize(
    ("right", "down", "expected"),
    [
        (0.3, 0.0, (Advice.MOVE_LEFT,)),
        (-0.3, 0.0, (Advice.MOVE_RIGHT,)),
        (0.0, 0.3, (Advice.MOVE_UP,)),
        (0.0, -0.3, (Advice.MOVE_DOWN,)),
        (0.2, -0.3, (Advice.MOVE_DOWN, Advice.MOVE_LEFT)),
        (0.05, 0.05, ()),
    ],
)
def test_the_finger_moves_against_its_offset_the_longer_way_first(
    right: float, down: float, expected: tuple[Advice, ...]
) -> None:
    cause = Cause(CauseName.OFF_CENTRE, 0.9, {"offset_right_share": right, "offset_down_share": down})
    assert way(cause) == expected
    assert advise([cause]) == expected


def test_only_causes_of_place_have_a_direction() -> None:
    assert way(Cause(CauseName.DRY, 0.9, {"ridge_hole_share": 0.4})) == ()
