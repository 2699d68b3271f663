"""Build the sdist and the wheel, and test both as a stranger would meet them: away from the checkout.

    make dist                       every Python >= 3.11 of this machine
    make dist ARGS="python3.12"     these only

1. `python -m build`: the sdist, and from it (not from the checkout) one wheel for CPython 3.11 and later.
2. On every Python: a new environment outside the checkout, the wheel in it, the whole test suite against it.
3. On the first: mypy --strict on a small program that uses the public names, as a user's own checker sees them.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
OLDEST = (3, 11)
PROGRAM = '''\
"""A stranger's program: what it reveals must be a type, not Any."""

from typing import reveal_type

from biocore.errors import BiocoreError, FormatError
from biocore.report import QualityReport
from biocore.types import FingerPosition, Frame, Modality, Sample


def describe(frame: Frame, report: QualityReport) -> str:
    sample = Sample(frame, Modality.FINGER, FingerPosition.RIGHT_INDEX)
    reveal_type(sample.ppi)
    reveal_type(report.score)
    return f"{sample.source}: {report.score}"


try:
    raise FormatError("short", offset=4)
except BiocoreError as error:
    print(error)
'''
REVEALED = ('"float | None"', '"int | None"')


def say(text: str) -> None:
    """Print a heading."""
    sys.stdout.write(f"== {text}\n")
    sys.stdout.flush()


def run(*command: str | Path, cwd: Path, **environment: str) -> None:
    """Run a command; stop everything where it fails."""
    subprocess.run([str(part) for part in command], cwd=cwd, check=True, env=os.environ | environment)


def version(python: str | Path) -> tuple[int, int] | None:
    """Return (major, minor) of an interpreter, or None where it is none that builds environments."""
    code = "import sys, ensurepip; print(*sys.version_info[:2]) if not sys.flags.debug else None"
    try:
        answer = subprocess.run([str(python), "-c", code], capture_output=True, text=True, timeout=60, check=True)
        major, minor = map(int, answer.stdout.split())
    except (OSError, ValueError, subprocess.SubprocessError):
        return None
    return major, minor


def pythons() -> list[Path]:
    """Find one interpreter of each version from 3.11 on: on the path, and where pyenv keeps them."""
    folders = [Path(part) for part in os.environ.get("PATH", "").split(os.pathsep) if part]
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    folders += sorted(pyenv.glob("versions/*/bin"))
    found: dict[tuple[int, int], Path] = {}
    for folder in folders:
        if folder.is_relative_to(ROOT):
            continue  # the checkout's own environment
        for python in sorted(folder.glob("python3.[0-9]*")):
            which = version(python) if python.name.removeprefix("python3.").isdigit() else None
            if which is not None and which >= OLDEST:
                found.setdefault(which, python)
    return [python for _, python in sorted(found.items())]


def build(out: Path) -> tuple[Path, Path]:
    """Build the sdist, and from it the wheel; return both."""
    shutil.rmtree(out, ignore_errors=True)
    command = [sys.executable, "-m", "build", "--outdir", str(out), str(ROOT)]
    environment = os.environ | {"BIOCORE_ABI3": "1"}
    answer = subprocess.run(
        command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    if answer.returncode:
        raise SystemExit(f"{answer.stdout}\nthe build failed")
    (sdist,) = out.glob("*.tar.gz")
    (wheel,) = out.glob("*.whl")
    return sdist, wheel


def inspect(wheel: Path) -> None:
    """Refuse a wheel that is not for every Python, or carries what is not for users."""
    if "-cp311-abi3-" not in wheel.name:
        raise SystemExit(f"{wheel.name} is not for every CPython from 3.11 on")
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
    for package in ("biocore", "biocore_drivers", "biocore_bindings"):
        if f"{package}/py.typed" not in names:
            raise SystemExit(f"{wheel.name} lacks {package}/py.typed")
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False)
    parts = [re.sub("^(drivers|bindings)/", "", name) for name in tracked.stdout.splitlines()]
    data = {name for name in parts if name.startswith("biocore") and not name.endswith(".pyx")}
    if missing := data - set(names):
        raise SystemExit(f"{wheel.name} lacks {sorted(missing)}; see package-data in pyproject.toml")
    kernels = {path.stem for path in (ROOT / "biocore/kernels").glob("_*.pyx")}
    compiled = {Path(name).name.split(".")[0] for name in names if name.endswith(".so")}
    if missing := kernels - compiled:
        raise SystemExit(f"{wheel.name} lacks the kernels {sorted(missing)}")
    if strangers := [name for name in names if name.endswith((".c", ".pyx")) or name.startswith("tests/")]:
        raise SystemExit(f"{wheel.name} carries {strangers}")
    say(f"{wheel.name}: {len(names)} files, {len(compiled)} compiled modules, {wheel.stat().st_size // 1024} kB")


def try_wheel(wheel: Path, python: Path, *, types: bool) -> None:
    """Install the wheel in a new environment and run the tests, and the type checker, against it."""
    with tempfile.TemporaryDirectory(prefix="biocore-dist-") as name:
        away = Path(name)
        inside = away / "env/bin/python"
        say(f"{python}: {wheel.name}")
        run(python, "-m", "venv", away / "env", cwd=away)
        run(inside, "-m", "pip", "install", "--quiet", f"{wheel}[dev]", cwd=away)
        # -P and the folder: neither the tests nor pytest may see the checkout's own packages
        tests = (inside, "-P", "-m", "pytest", "-q", "-n", "auto", "-c", ROOT / "pyproject.toml", "--rootdir", ROOT)
        run(*tests, ROOT / "tests", cwd=away, PYTHONDONTWRITEBYTECODE="1", BIOCORE_EXPECT_PREFIX=str(away / "env"))
        if types:
            try_types(inside, away)


def try_types(inside: Path, away: Path) -> None:
    """Check a small program strictly against the installed wheel: py.typed is found, nothing is Any."""
    (away / "program.py").write_text(PROGRAM)
    command = [str(inside), "-P", "-m", "mypy", "--strict", "--no-color-output", "program.py"]
    answer = subprocess.run(command, cwd=away, capture_output=True, text=True, check=False)
    sys.stdout.write(answer.stdout + answer.stderr)
    if answer.returncode or not all(kind in answer.stdout for kind in REVEALED):
        raise SystemExit("the installed wheel does not type-check")
    run(inside, "-P", "program.py", cwd=away)


def main() -> None:
    """Build, inspect, try on every Python."""
    chosen = [Path(path) for name in sys.argv[1:] if (path := shutil.which(name))] or pythons()
    if not chosen:
        raise SystemExit("no Python from 3.11 on was found")
    sdist, wheel = build(ROOT / "dist")
    say(f"{sdist.name}: {sdist.stat().st_size // 1024} kB")
    inspect(wheel)
    for python in chosen:
        try_wheel(wheel, python, types=python == chosen[0])
    say(f"{wheel.name} works on " + ", ".join("{}.{}".format(*(version(python) or ())) for python in chosen))


if __name__ == "__main__":
    main()
