"""The first program a newcomer meets runs as it is printed."""

from __future__ import annotations

import doctest
from pathlib import Path

import pytest

import biocore

README = Path(__file__).resolve().parent.parent / "README.md"
USED = {"open_device", "Sample", "Modality", "assess", "extract", "compare"}


@pytest.mark.skipif(not set(biocore.__all__) >= USED, reason="the engine is not public yet")
def test_the_program_of_the_readme_does_what_it_says() -> None:
    outcome = doctest.testfile(str(README), module_relative=False)
    assert outcome.attempted >= 6
    assert outcome.failed == 0


def test_every_document_the_readme_names_is_there() -> None:
    named = [part.split(")")[0] for part in README.read_text().split("](")[1:]]
    assert named
    missing = [name for name in named if not (README.parent / name).exists()]
    assert not missing
