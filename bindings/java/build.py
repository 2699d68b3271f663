"""Build the jar of biocore's interface for Java.

    python bindings/java/build.py --prefix build/java              # build/java/biocore.jar
    python bindings/java/build.py --prefix build/java --javadoc    # and its documentation, in build/java/javadoc

It needs a JDK (11 or later) and JNA 5; nothing is compiled but Java, and nothing downloaded. The jar calls
the C library, which `bindings/c/build.py` builds.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

HERE = Path(__file__).resolve().parent
SOURCES = HERE / "src"
PROJECT = HERE.parent.parent / "pyproject.toml"
JNA = Path("/usr/share/java/jna.jar")  # where Debian's libjna-java has it
POM = "META-INF/maven/id.biocore/biocore/pom.xml"  # where Maven looks for what a jar is called and needs
RELEASE = "11"  # the oldest Java that it runs on
APT = "apt-get install default-jdk-headless libjna-java"


class BuildError(Exception):
    """Something that the jar needs is not here, or does not compile; the message says what."""


def tool(name: str) -> str:
    """Return a tool of the JDK's: that of JAVA_HOME, else the one on the path.

    Raises
    ------
    BuildError
        There is none.
    """
    home = os.environ.get("JAVA_HOME")
    found = (shutil.which(name, path=str(Path(home) / "bin")) if home else None) or shutil.which(name)
    if found is None:
        raise BuildError(f"there is no {name}: a JDK is not installed. On Debian and Ubuntu: {APT}")
    return found


def project_version() -> str:
    """Return the version of biocore that these sources are of."""
    return str(tomllib.loads(PROJECT.read_text())["project"]["version"])


def sources(folder: Path = SOURCES) -> list[str]:
    """Return every file in Java below a folder."""
    return sorted(map(str, folder.rglob("*.java")))


def build(prefix: Path, jna: Path = JNA) -> Path:
    """Compile the sources, without a warning, into a jar; return it.

    Raises
    ------
    BuildError
    """
    if not jna.is_file():
        raise BuildError(f"{jna}: no JNA there. On Debian and Ubuntu: {APT}; or --jna .../jna-5.x.jar")
    version = project_version()
    prefix.mkdir(parents=True, exist_ok=True)
    target = prefix / "biocore.jar"
    with tempfile.TemporaryDirectory(prefix="biocore-java-") as name:
        classes, manifest = Path(name) / "classes", Path(name) / "manifest"
        options = ["--release", RELEASE, "-encoding", "UTF-8", "-Xlint:all", "-Werror", "--module-version", version]
        run(tool("javac"), *options, "--module-path", str(jna), "-d", str(classes), *sources())
        manifest.write_text(
            "Implementation-Title: biocore\n"
            f"Implementation-Version: {version}\n"
            "Specification-Title: biocore for Java\n"
            f"Specification-Version: {version}\n"
        )
        (classes / POM).parent.mkdir(parents=True)
        (classes / POM).write_text((HERE / "pom.xml").read_text().replace("@VERSION@", version))
        run(tool("jar"), "--create", "--file", str(target), "--manifest", str(manifest), "-C", str(classes), ".")
    return target


def document(prefix: Path, jna: Path = JNA) -> Path:
    """Write the documentation of everything that is public; return its folder.

    Raises
    ------
    BuildError
        Something is not documented, or wrongly.
    """
    folder = prefix / "javadoc"
    title = f"biocore {project_version()}"
    options = ["-Xdoclint:all", "-quiet", "-notimestamp", "-encoding", "UTF-8", "--release", RELEASE]
    options += ["-windowtitle", title, "-doctitle", title, "--module-path", str(jna), "-d", str(folder)]
    said = run(tool("javadoc"), *options, *sources())
    if "warning" in said:  # -Werror came with Java 15 only
        raise BuildError(said)
    return folder


def run(*command: str) -> str:
    """Run a tool; return what it says."""
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    if answer.returncode:
        raise BuildError(f"{' '.join(command[:8])} ...\n{answer.stdout}{answer.stderr}")
    return answer.stdout + answer.stderr


def main() -> None:
    """Read the command line; build."""
    parser = argparse.ArgumentParser(description="Build biocore's jar.")
    parser.add_argument("--prefix", type=Path, default=Path("build/java"), help="folder to build into")
    parser.add_argument("--jna", type=Path, default=JNA, help="JNA's jar")
    parser.add_argument("--javadoc", action="store_true", help="write the documentation too")
    given = parser.parse_args()
    try:
        made = [build(given.prefix.resolve(), given.jna)]
        if given.javadoc:
            made.append(document(given.prefix.resolve(), given.jna))
    except BuildError as error:
        sys.exit(f"build.py: {error}")
    sys.stdout.write("".join(f"{path}\n" for path in made))


if __name__ == "__main__":
    main()
