"""What is installed is complete, says what it needs of the system, and is what these tests look at."""

from __future__ import annotations

import importlib
import os
import re
import shutil
import subprocess
import sys
import tomllib
from importlib.metadata import distribution
from pathlib import Path

import pytest

import biocore
from biocore import _opencv
from biocore.errors import MissingDependencyError

ROOT = Path(__file__).resolve().parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
PACKAGES = {"biocore": ROOT, "biocore_drivers": ROOT / "drivers", "biocore_bindings": ROOT / "bindings"}
KERNELS = sorted(
    ".".join(path.relative_to(root).with_suffix("").parts)
    for package, root in PACKAGES.items()
    for path in (root / package).rglob("*.pyx")
)
needs_make = pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")


def apt_line() -> str:
    match = re.search(r"^APT *:= *(apt-get install .*)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert match is not None
    return match[1]


# -- what is installed -------------------------------------------------------------------------------------


def test_the_tests_look_at_the_installation_they_are_meant_for() -> None:
    # `make dist` names the environment that holds the wheel; the checkout must not shadow it
    expected = os.environ.get("BIOCORE_EXPECT_PREFIX")
    for package, root in PACKAGES.items():
        found = Path(str(importlib.import_module(package).__file__)).resolve()
        if expected:
            assert found.is_relative_to(Path(expected).resolve())
        else:
            assert found.is_relative_to(root)


def test_the_version_is_said_once() -> None:
    assert distribution("biocore").version == PROJECT["version"]


@pytest.mark.parametrize("package", PACKAGES)
def test_type_checkers_find_every_package_typed(package: str) -> None:
    folder = Path(str(importlib.import_module(package).__file__)).parent
    assert (folder / "py.typed").is_file()


@pytest.mark.parametrize("module", KERNELS)
def test_every_kernel_is_compiled_and_has_its_stub(module: str) -> None:
    found = Path(str(importlib.import_module(module).__file__))
    assert found.suffix in (".so", ".pyd")
    stub = found.with_name(module.rsplit(".", 1)[1] + ".pyi")
    assert stub.is_file(), f"{stub.name} is missing: type checkers do not see {module}"


def test_the_entry_points_are_those_of_the_project_file() -> None:
    installed = {(point.group, point.name): point.value for point in distribution("biocore").entry_points}
    declared = {("console_scripts", name): value for name, value in PROJECT["scripts"].items()}
    for group, points in PROJECT["entry-points"].items():
        declared |= {(group, name): value for name, value in points.items()}
    assert installed == declared


def test_kernels_give_the_same_bytes_on_every_machine() -> None:
    flags = (ROOT / "setup.py").read_text()
    assert "-ffp-contract=off" in flags
    for machine_dependent in ("-march", "-mtune", "-ffast-math", "-Ofast", "-funsafe"):
        assert machine_dependent not in flags


# -- what the system must have -----------------------------------------------------------------------------


def test_the_one_line_is_the_same_wherever_it_is_told() -> None:
    assert apt_line() in (ROOT / "README.md").read_text()
    assert set(_opencv.SYSTEM_PACKAGES.split()) <= set(apt_line().split())


def import_biocore_with(cv2: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Import biocore in a process of its own, where `cv2` is a module of the given text."""
    (folder / "cv2.py").write_text(cv2)
    code = f"import sys; sys.path.insert(0, {str(folder)!r}); import biocore"
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)


def test_a_missing_system_library_is_named_with_its_cure(tmp_path: Path) -> None:
    text = "raise ImportError('libGL.so.1: cannot open shared object file: No such file or directory')"
    answer = import_biocore_with(text, tmp_path)
    assert answer.returncode == 1
    assert answer.stderr.splitlines()[-1] == (
        "biocore.errors.MissingDependencyError: OpenCV does not load: libGL.so.1: cannot open shared object file: "
        "No such file or directory. To cure it: apt-get install libgl1 libglib2.0-0"
    )
    assert "cv2.py" not in answer.stderr  # OpenCV's own start-up code is no help to anybody


def test_a_missing_opencv_is_named_with_its_cure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "cv2", None)
    with pytest.raises(MissingDependencyError, match=r"To cure it: pip install opencv-python$"):
        _opencv.require()


def test_a_working_opencv_is_no_news() -> None:
    _opencv.require()
    assert not hasattr(biocore, "cv2")


# -- the developer interface -------------------------------------------------------------------------------


def make(*arguments: str) -> subprocess.CompletedProcess[str]:
    clean = {key: value for key, value in os.environ.items() if not key.startswith("MAKE")}
    return subprocess.run(["make", *arguments], cwd=ROOT, env=clean, capture_output=True, text=True, check=False)


@needs_make
def test_make_help_tells_every_target() -> None:
    phony = re.search(r"^\.PHONY: (.*)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert phony is not None
    told = {line.split()[0] for line in make("help").stdout.splitlines()}
    assert told == set(phony[1].split())


@needs_make
@pytest.mark.parametrize(
    ("python", "says"),
    [
        ("", "biocore needs Python 3.11 or later"),
        ("no-such-python", "biocore needs Python 3.11 or later"),
        ("{old}", "biocore needs Python 3.11 or later"),
        ("{bare}", "Python lacks its venv module"),
    ],
)
def test_a_python_that_will_not_do_is_told_with_the_one_line(python: str, says: str, tmp_path: Path) -> None:
    # stand-ins: one that is too old, and one as Debian delivers it without python3-venv
    for name, fails in {"old": "version_info", "bare": "ensurepip"}.items():
        stand_in = tmp_path / name
        stand_in.write_text(f'#!/bin/sh\ncase "$*" in *{fails}*) exit 1;; esac\n')
        stand_in.chmod(0o755)
    chosen = python.format(old=tmp_path / "old", bare=tmp_path / "bare")
    answer = make(f"PYTHON={chosen}", f"VENV={tmp_path}/venv", "dev")
    assert answer.returncode != 0
    assert f"{says}. On Debian and Ubuntu: {apt_line()}" in answer.stderr
    assert not (tmp_path / "venv").exists()
