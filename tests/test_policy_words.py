"""Every message the policy can send has its words in both languages, and every finger and eye its name."""

from __future__ import annotations

import string

import pytest

from biocore.advice import LANGUAGES, Language
from biocore.station.entry import position_name
from biocore.station.exceptions import ExceptionKind
from biocore.station.looks import FULL_PLAN, DoubtKind
from biocore.station.words import MESSAGES, NAMES, message_text, position_text


def test_every_exception_and_every_doubt_has_words() -> None:
    keys = {f"exception_{kind}" for kind in ExceptionKind} | {f"doubt_{kind}" for kind in DoubtKind}
    assert keys <= set(MESSAGES)


@pytest.mark.parametrize("language", LANGUAGES)
def test_messages_are_sentences_with_known_gaps_and_none_is_said_twice(language: Language) -> None:
    texts = [message_text(key, language, finger="X", score=5, threshold=30) for key in MESSAGES]
    assert len(set(texts)) == len(texts)
    for text in texts:
        assert text.endswith(".")
        assert len(text) <= 100, f"too long for an operator's screen: {text}"


def test_both_languages_fill_the_same_gaps_and_differ() -> None:
    for english, indonesian in MESSAGES.values():
        gaps = [{name for _, name, _, _ in string.Formatter().parse(text) if name} for text in (english, indonesian)]
        assert gaps[0] == gaps[1]
        assert english != indonesian


def test_what_is_lowered_or_overruled_says_that_it_is_recorded() -> None:
    for key in ("accepted_lowered", "accepted_proof_lowered", "accepted_veto", "lower_profile", "profile_selected"):
        assert "recorded" in MESSAGES[key][0]
        assert "dicatat" in MESSAGES[key][1]


def test_a_thumb_and_an_eye_of_one_number_have_names_of_their_own() -> None:
    assert set(NAMES) == {position_name(position) for position in FULL_PLAN}
    for language in LANGUAGES:
        assert len({position_text(position, language) for position in FULL_PLAN}) == len(FULL_PLAN)


def test_a_score_that_is_not_there_is_shown_as_none() -> None:
    assert message_text("accepted", finger="left thumb") == "Done: left thumb, quality -."


def test_an_unknown_message_or_language_is_refused() -> None:
    with pytest.raises(KeyError):
        message_text("nonsense")
    with pytest.raises(KeyError):
        message_text("accepted", "fr")  # type: ignore[arg-type]
