"""Building and running programs in Java, as the documents say."""

from __future__ import annotations

import importlib.util
import re
import shutil
from pathlib import Path
from subprocess import CompletedProcess
from types import ModuleType

import pytest

from c_library import ROOT, built_once, once, run

SOURCES = ROOT / "bindings" / "java"
TESTS = ROOT / "tests" / "java"
DEBIAN = Path("/usr/share/java")
JUNIT = ["junit-jupiter-api", "junit-platform-commons", "opentest4j", "apiguardian-api"]  # to compile with
LAUNCHER = DEBIAN / "junit-platform-console-standalone.jar"
# A heap that is all there from the beginning, so that what a process grows by is not Java's; small, as eight may run.
HEAP = ["-Xms48m", "-Xmx48m", "-XX:+AlwaysPreTouch", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"]


def build_module() -> ModuleType:
    spec = importlib.util.spec_from_file_location("build_java_library", SOURCES / "build.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


BUILD = build_module()


class Java:
    """The jar, the C library that it calls, and the tests' programs, all built.

    Parameters
    ----------
    library : Path
        Folder that the C library was installed in.
    built : Path
        Folder with the jar and the programs' classes.
    """

    def __init__(self, library: Path, built: Path) -> None:
        self.library = library / "lib" / "libbiocore.so"
        self.jar = built / "biocore.jar"
        self.classes = built / "classes"
        self.path = f"{self.jar}:{BUILD.JNA}"
        # From Java 24 on it warns of JNA's loading its own part of C.
        self.options = [*HEAP, *(["--enable-native-access=ALL-UNNAMED"] if major() >= 22 else [])]

    def command(self, *arguments: str | Path, library: str | Path | None = None) -> list[str | Path]:
        """Return a call of `java` with the jar, the programs, and the library that was built, or another; "" = none."""
        named = self.library if library is None else library
        option = [f"-Dbiocore.library={named}"] if str(named) else []
        return ["java", *self.options, *option, "-cp", f"{self.classes}:{self.path}", *arguments]

    def run(
        self, *arguments: str | Path, library: str | Path | None = None, timeout: float = 180.0, **environment: str
    ) -> CompletedProcess[str]:
        """Run a program, as `command` says."""
        return run(*self.command(*arguments, library=library), timeout=timeout, **environment)

    def junit(self, name: str, prints: Path) -> CompletedProcess[str]:
        """Run one class of tests."""
        path = f"{self.classes}:{self.path}:{LAUNCHER}"
        options = [*self.options, f"-Dbiocore.library={self.library}", f"-Dbiocore.test.prints={prints}"]
        launch = ["-cp", path, "org.junit.platform.console.ConsoleLauncher", "--select-class", f"id.biocore.{name}"]
        shown = ["--disable-banner", "--disable-ansi-colors", "--details=tree", "--fail-if-no-tests"]
        return run("java", *options, *launch, *shown, timeout=300.0)


def major() -> int:
    """Return the version of the Java that runs programs."""
    found = re.search(r'version "(\d+)', run("java", "-version").stderr)
    assert found is not None
    return int(found[1])


def compile_java(target: Path, path: str, *sources: Path) -> None:
    """Compile without a warning."""
    options = ["--release", BUILD.RELEASE, "-encoding", "UTF-8", "-Xlint:all", "-Werror"]
    answer = run("javac", *options, "-cp", path, "-d", target, *sources)
    assert answer.returncode == 0, answer.stderr


def java_once(folders: pytest.TempPathFactory) -> Java:
    """Build everything for all tests, of every process that runs them.

    A test that asks for it is left out where there is no JDK, no JNA, or nothing to build the C library with.
    """
    for needed in ("javac", "java", "jar"):
        if shutil.which(needed) is None:
            pytest.skip(f"there is no {needed}: {BUILD.APT}")
    if not BUILD.JNA.is_file():
        pytest.skip(f"there is no {BUILD.JNA}: {BUILD.APT}")
    library = built_once(folders)

    def make(folder: Path) -> None:
        jar = BUILD.build(folder)
        path, sources = f"{jar}:{BUILD.JNA}", sorted((TESTS / "programs").rglob("*.java"))
        if LAUNCHER.is_file():
            path = ":".join((path, *(str(DEBIAN / f"{name}.jar") for name in JUNIT)))
            sources += sorted((TESTS / "junit").rglob("*.java"))
        compile_java(folder / "classes", path, *sources)

    return Java(library, once(folders, "java-library", make))
