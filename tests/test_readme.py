"""The documents are true: the first program runs, links lead somewhere, every page, command and switch is told."""

from __future__ import annotations

import doctest
import re
import tomllib
from pathlib import Path

import typer

from biocore_bindings.commands import app

ROOT = Path(__file__).resolve().parent.parent
README = ROOT / "README.md"


def links(page: Path) -> set[Path]:
    """Return the files of this repository that a page links to."""
    targets = re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", page.read_text())
    return {(page.parent / target).resolve() for target in targets if "://" not in target}


def test_the_program_of_the_readme_does_what_it_says() -> None:
    outcome = doctest.testfile(str(README), module_relative=False)
    assert outcome.attempted >= 6
    assert outcome.failed == 0


def test_the_program_of_the_records_page_does_what_it_says() -> None:
    outcome = doctest.testfile(str(ROOT / "docs" / "records.md"), module_relative=False)
    assert outcome.attempted >= 5
    assert outcome.failed == 0


def test_every_page_is_reached_from_the_readme_and_every_link_leads_somewhere() -> None:
    reached, ahead = set[Path](), {README}
    while ahead:
        page = ahead.pop()
        reached.add(page)
        named = links(page)
        missing = sorted(str(path.relative_to(ROOT)) for path in named if not path.exists())
        assert not missing, f"{page.name} links to {missing}"
        ahead |= {path for path in named if path.suffix == ".md"} - reached
    assert not set((ROOT / "docs").rglob("*.md")) - reached


def test_every_file_that_the_readme_names_is_there() -> None:
    named = re.findall(r"`((?:biocore|drivers|tests|docs|benchmarks)/[\w./-]+|setup\.py)`", README.read_text())
    assert named
    assert not [name for name in named if not (ROOT / name).exists()]


def test_every_command_extra_and_switch_is_in_the_readme() -> None:
    text = README.read_text()
    commands = getattr(typer.main.get_command(app), "commands")  # noqa: B009 - the group's own, untyped in typer
    assert not [name for name in commands if f"| `biocore {name}" not in text]
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    assert not [name for name in extras if f"| `{name}` |" not in text]
    sources = [ROOT / "setup.py", ROOT / "tests" / "conftest.py"]
    sources += [path for folder in ("biocore", "drivers", "bindings") for path in (ROOT / folder).rglob("*.py")]
    switches = {name for path in sources for name in re.findall(r'"(BIOCORE_[A-Z0-9_]+)"', path.read_text())}
    assert switches >= {"BIOCORE_MODELS", "BIOCORE_CACHE", "BIOCORE_DATA", "BIOCORE_ABI3"}
    assert not [name for name in switches if f"`{name}" not in text]
