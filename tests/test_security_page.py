"""The pages that name tests as their proof name tests that are there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
TESTS = {
    name
    for path in (ROOT / "tests").rglob("test_*.py")
    for name in re.findall(r"^def (test_\w+)", path.read_text(), re.MULTILINE)
}


@pytest.mark.parametrize("page", ["security.md", "day.md", "journal.md"])
def test_every_test_that_a_page_names_exists(page: str) -> None:
    named = set(re.findall(r"`(test_\w+)`", (ROOT / "docs" / page).read_text()))
    assert len(named) >= 5
    assert named - TESTS == set()


@pytest.mark.parametrize("page", ["security.md", "day.md"])
def test_every_test_file_that_a_page_names_exists(page: str) -> None:
    for name in re.findall(r"`(tests/\w+\.py)`", (ROOT / "docs" / page).read_text()):
        assert (ROOT / name).is_file(), name
