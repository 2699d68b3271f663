"""Building the C library and programs for it, as its document says."""

from __future__ import annotations

import fcntl
import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parent.parent
SOURCES = ROOT / "bindings" / "c"
WARNINGS = ["-Wall", "-Wextra", "-Wpedantic", "-Werror"]


def build_module() -> ModuleType:
    spec = importlib.util.spec_from_file_location("build_c_library", SOURCES / "build.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


BUILD = build_module()


def run(*command: str | Path, timeout: float = 120.0, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(part) for part in command],
        capture_output=True,
        text=True,
        check=False,
        timeout=timeout,
        env=os.environ | environment,
    )


def build(prefix: Path, sources: Path = SOURCES) -> Path:
    answer = run(sys.executable, sources / "build.py", "--prefix", prefix)
    assert answer.returncode == 0, answer.stderr
    return prefix


def once(folders: pytest.TempPathFactory, name: str, make: Callable[[Path], object]) -> Path:
    """Make a folder once for all processes that run the tests; return it."""
    base = folders.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / name
    with folder.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "made").exists():
            make(folder)
            (folder / "made").touch()
    return folder


def built_once(folders: pytest.TempPathFactory) -> Path:
    """Build the library for all tests, of every process that runs them; return the folder.

    A test that asks for it is left out where something is missing that it is built with.
    """
    if importlib.util.find_spec("cffi") is None:
        pytest.skip("cffi is not installed: pip install 'biocore[embed]'")
    if shutil.which("cc") is None and shutil.which("gcc") is None:
        pytest.skip("no C compiler")
    try:
        BUILD.shared_interpreter()
    except BUILD.BuildError as error:
        pytest.skip(str(error))
    return once(folders, "c-library", build)


def compile_program(compiler: str, library: Path, source: Path, target: Path) -> Path:
    """Compile a program as the documents say, by pkg-config where it is there."""
    flags = [f"-I{library}/include", f"-L{library}/lib", "-lbiocore"]
    if shutil.which("pkg-config") is not None:
        answer = run("pkg-config", "--cflags", "--libs", "biocore", PKG_CONFIG_PATH=f"{library}/lib/pkgconfig")
        assert answer.returncode == 0, answer.stderr
        flags = answer.stdout.split()
    options = ["-std=c11", "-g", "-pthread", *WARNINGS, f"-Wl,-rpath,{library}/lib"]
    answer = run(compiler, *options, source, *flags, "-ldl", "-o", target)
    assert answer.returncode == 0, answer.stderr
    return target
