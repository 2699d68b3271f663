"""The public names are those of `public_names.txt`: whoever adds, renames or drops one says so there.

`python tests/test_public_api.py > tests/public_names.txt` writes the list anew.
"""

from __future__ import annotations

import inspect
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import biocore

NAMES = Path(__file__).with_name("public_names.txt")


def entry(name: str) -> str:
    """Return a public name as the list holds it: functions with the names of their parameters."""
    member: Any = getattr(biocore, name)
    if inspect.isfunction(member):
        return f"biocore.{name}({', '.join(inspect.signature(member).parameters)})"
    return f"biocore.{name}"


def visible() -> set[str]:
    """Return what somebody sees who asks biocore for its names; modules below it come with their import."""
    return {
        name
        for name, member in vars(biocore).items()
        if not (name.startswith("_") or name == "annotations" or isinstance(member, ModuleType))
    }


def test_the_public_names_are_the_committed_ones() -> None:
    assert [entry(name) for name in sorted(biocore.__all__)] == NAMES.read_text().splitlines()


def test_what_is_visible_is_what_is_public() -> None:
    modules = {name for name in biocore.__all__ if isinstance(getattr(biocore, name), ModuleType)}
    assert visible() == set(biocore.__all__) - modules


def test_no_public_name_is_listed_twice() -> None:
    assert len(biocore.__all__) == len(set(biocore.__all__))


@pytest.mark.parametrize("name", sorted(biocore.__all__))
def test_a_public_name_is_documented_and_typed(name: str) -> None:
    member = getattr(biocore, name)
    if isinstance(member, str):
        return  # __version__ and the like
    assert inspect.getdoc(member), f"biocore.{name} has no documentation"
    if inspect.isfunction(member):
        signature = inspect.signature(member)
        bare = [p.name for p in signature.parameters.values() if p.annotation is inspect.Parameter.empty]
        assert not bare, f"biocore.{name}: {bare} have no type"
        assert signature.return_annotation is not inspect.Signature.empty, f"biocore.{name} has no return type"


def test_importing_biocore_imports_no_driver_no_door_and_nothing_slow() -> None:
    code = "import sys, biocore; print(*sorted({name.split('.')[0] for name in sys.modules}))"
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert answer.stderr == ""
    loaded = set(answer.stdout.split())
    assert "biocore" in loaded
    unwanted = {
        "biocore_drivers",
        "biocore_bindings",
        "usb",
        "typer",
        "rich",
        "jinja2",
        "sklearn",
        "onnxruntime",
        "cryptography",
    }
    assert not loaded & unwanted


if __name__ == "__main__":
    sys.stdout.write("".join(f"{entry(name)}\n" for name in sorted(biocore.__all__)))
