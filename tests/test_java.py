"""The jar is what its document says: built without a warning, called by programs in Java, compared with Python.

The programs and the JUnit classes are in `tests/java`. Each class runs in a process of its own, as one test here; its
tree of tests is what a failure shows.
"""

from __future__ import annotations

import re
import shutil
import signal
import subprocess
import sys
import zipfile
from pathlib import Path
from xml.etree import ElementTree

import cv2
import pytest

import biocore
import record_samples
import said_by_python
from biocore import errors
from biocore.formats.conversion import Pixels, Target
from biocore.formats.finger_image import write_fir
from biocore.types import EyePosition, FingerPosition, IrisTemplate
from c_library import BUILD as C_BUILD
from c_library import ROOT, compile_program, run
from c_library import SOURCES as C_SOURCES
from java_library import BUILD, LAUNCHER, SOURCES, TESTS, Java, compile_java, java_once
from portrait import portrait

DOCUMENT = (ROOT / "docs" / "embedding.md").read_text()
HEADER = (C_SOURCES / "biocore.h").read_text()
PLAIN = re.sub(r"/\*.*?\*/", "", HEADER, flags=re.DOTALL)
NUMBER = re.compile(r"-?(\d+(\.\d*)?([eE][-+]?\d+)?|nan|NaN)")


@pytest.fixture(scope="session")
def java(tmp_path_factory: pytest.TempPathFactory) -> Java:
    return java_once(tmp_path_factory)


@pytest.fixture(scope="session")
def pictures(prints: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of everything that the JUnit classes read."""
    folder = tmp_path_factory.mktemp("java") / "pictures"
    shutil.copytree(prints, folder)
    (folder / "two-fingers.fir").write_bytes(write_fir(record_samples.fingers()))
    (folder / "face.fac").write_bytes(record_samples.faces())
    cv2.imwrite(str(folder / "face.png"), portrait(3)[..., ::-1])
    return folder


@pytest.fixture(scope="session")
def inside(java: Java) -> list[list[str]]:
    """Return what the jar believes of the header, a list of words a line."""
    answer = java.run("id.biocore.Inside")
    assert answer.returncode == 0, answer.stderr
    return [line.split() for line in answer.stdout.splitlines()]


def plain(line: str) -> str:
    """Return a line with its numbers written alike: Java's 1.0E-5 is C's 1.0000000000000001e-05."""
    return " ".join(repr(float(word)) if NUMBER.fullmatch(word) else word for word in line.split())


# -- the jar and the header --------------------------------------------------------------------------------


def test_the_jar_names_its_version_and_carries_nothing_of_others(java: Java) -> None:
    with zipfile.ZipFile(java.jar) as jar:
        names, manifest = jar.namelist(), jar.read("META-INF/MANIFEST.MF").decode()
        pom = ElementTree.fromstring(jar.read(BUILD.POM))
    assert f"Implementation-Version: {BUILD.project_version()}\r\n" in manifest
    said = {part.tag.split("}")[1]: part.text for part in pom.iter()}  # of the dependency, where both have it
    assert (said["groupId"], said["artifactId"]) == ("net.java.dev.jna", "jna")
    assert BUILD.project_version() in [part.text for part in pom]
    classes = [name for name in names if name.endswith(".class")]
    assert "module-info.class" in classes
    assert all(name.startswith("id/biocore/") for name in classes if name != "module-info.class")


def test_everything_public_is_documented(java: Java, tmp_path: Path) -> None:
    folder = BUILD.document(tmp_path)  # fails at the first thing that is not
    assert (folder / "id.biocore" / "id" / "biocore" / "Biocore.html").is_file()


def test_nothing_of_jna_is_in_what_programs_see(java: Java) -> None:
    with zipfile.ZipFile(java.jar) as jar:
        names = [name.removesuffix(".class").replace("/", ".") for name in jar.namelist() if name.endswith(".class")]
    shown = run("javap", "-protected", "-cp", java.path, *(name for name in names if name != "module-info")).stdout
    public = re.findall(r"^public [^{]*\{\n(.*?)^\}", shown, re.MULTILINE | re.DOTALL)
    assert len(public) > 40
    assert not [body for body in public if "com.sun.jna" in body]


def test_it_runs_as_a_module_too(java: Java) -> None:
    path = f"{java.jar}:{BUILD.JNA}"
    described = run("java", "--module-path", path, "--describe-module", "id.biocore").stdout
    assert f"id.biocore@{BUILD.project_version()}" in described
    assert re.findall(r"^exports (\S+)$", described, re.MULTILINE) == ["id.biocore"]
    option = f"-Dbiocore.library={java.library}"
    answer = run("java", option, "-p", path, "--add-modules", "id.biocore", "-cp", java.classes, "Start")
    assert (answer.returncode, answer.stdout.split()[:1]) == (0, ["biocore"]), answer.stderr


def test_every_function_of_the_header_is_called(inside: list[list[str]]) -> None:
    declared = set(re.findall(r"\b(biocore_\w+)\(", PLAIN))
    assert {words[1] for words in inside if words[0] == "function"} == declared
    sources = "\n".join(path.read_text() for path in (SOURCES / "src").rglob("*.java") if path.stem != "Natives")
    assert set(re.findall(r"Natives(?:\.|::)(biocore_\w+)", sources)) == declared


def test_structures_lie_where_c_has_them(java: Java, inside: list[list[str]], tmp_path: Path) -> None:
    compiler = shutil.which("cc") or shutil.which("gcc")
    assert compiler is not None
    members = [
        (name, member)
        for body, name in re.findall(r"typedef struct \{(.*?)\} (\w+);", PLAIN, re.DOTALL)
        for member in re.findall(r"(\w+)\s*[,;]", body)
    ]
    assert len(members) > 100
    lines = [f'printf("%s %zu\\n", "{name}.{member}", offsetof({name}, {member}));' for name, member in members]
    lines += [f'printf("%s %zu\\n", "{name}", sizeof({name}));' for name in dict(members)]
    body = "\n".join(lines)
    source = tmp_path / "offsets.c"
    source.write_text(f"#include <biocore.h>\n#include <stdio.h>\nint main(void)\n{{\n{body}\nreturn 0;\n}}\n")
    program = compile_program(compiler, java.library.parent.parent, source, tmp_path / "offsets")
    in_c = dict(line.split() for line in run(program).stdout.splitlines())
    assert {words[1]: words[2] for words in inside if words[0] == "layout"} == in_c


def test_numbers_and_words_mean_the_same(inside: list[list[str]]) -> None:
    numbers = dict(re.findall(r"(BIOCORE_\w+) = (\d+)", HEADER))
    for what, prefix in (("modality", ""), ("effort", ""), ("status", "STATUS_"), ("format", ""), ("event", "EVENT_")):
        said = {words[1]: words[2] for words in inside if words[0] == what}
        assert len(said) > 1
        assert {name: numbers[f"BIOCORE_{prefix}{name}"] for name in said if name != "OTHER"} == {
            name: number for name, number in said.items() if name != "OTHER"
        }
    assert ["abi", str(C_BUILD.abi())] in inside
    assert [words[1] for words in inside if words[0] == "target"] == list(Target)
    assert [words[1] for words in inside if words[0] == "pixels"] == list(Pixels)
    positions = {(words[1], int(words[2])) for words in inside if words[0] == "position"}
    fingers, eyes = (
        {(name, int(place)) for place in kind} for name, kind in (("FINGER", FingerPosition), ("IRIS", EyePosition))
    )
    assert positions == fingers | eyes | {("FACE", 0)}


def test_exceptions_mirror_the_tree_of_errors(inside: list[list[str]]) -> None:
    codes = dict(re.findall(r"BIOCORE_(\w+) = (\d+)", HEADER.split("} biocore_code;")[0]))
    told = {words[1]: words[2:] for words in inside if words[0] == "code"}
    assert {(name if name == "OK" else f"ERROR_{name}"): words[0] for name, words in told.items()} == codes
    for name, (code, kind, parent, c_name) in told.items():
        assert c_name == ("BIOCORE_OK" if name == "OK" else f"BIOCORE_ERROR_{name}")
        if int(code) < 100:
            continue
        wanted = "".join(word.title() for word in name.split("_")) + "Error"
        if int(code) // 100 in (10, 11):  # of the station, which no call reaches: their families tell
            wanted = {10: "JournalError", 11: "SealError"}[int(code) // 100]
        error = getattr(errors, wanted)
        assert kind == wanted.replace("Error", "Exception")
        assert parent == error.__bases__[0].__name__.replace("Error", "Exception")
    usual = {name: words[1] for name, words in told.items() if int(words[0]) < 100 and name != "OK"}
    assert usual == {
        **dict.fromkeys(("NOT_INITIALISED", "HANDLE", "RUNNING"), "IllegalStateException"),
        **dict.fromkeys(("ABI", "START"), "StartException"),
        **dict.fromkeys(("MEMORY", "INTERNAL", "OTHER"), "BiocoreException"),
        "ARGUMENT": "IllegalArgumentException",
    }
    newer = [words[1:] for words in inside if words[0] == "newer"]
    assert newer == [["1299", "DeviceException"], ["699", "FormatException"], ["9900", "BiocoreException"]]


# -- programs ----------------------------------------------------------------------------------------------


def test_java_says_what_python_says(java: Java, pictures: Path) -> None:
    dry, other, fir = (pictures / name for name in ("a3_dry.png", "a2_right_index.png", "two-fingers.fir"))
    answer = java.run("-Dstdout.encoding=UTF-8", "-Dfile.encoding=UTF-8", "Walk", dry, other, fir)
    assert answer.returncode == 0, answer.stderr
    said = [plain(line) for line in answer.stdout.splitlines()]
    expected = [plain(line) for line in said_by_python.of_report(dry)]
    assert said[: len(expected)] == expected
    for line in (*said_by_python.of_templates(dry, other), *said_by_python.of_record(fir)):
        assert plain(line) in said
    assert plain("device virtual:finger virtual 0") in said
    assert plain(eye()) in said
    assert said[-1] == plain("live 3")


def eye() -> str:
    with biocore.open_device("virtual:iris?seed=7&eye=right&sequence=GOOD") as camera:
        sample = biocore.Sample(camera.capture(), biocore.Modality.IRIS, EyePosition.RIGHT)
    report, code = biocore.assess(sample), biocore.extract(sample)
    assert isinstance(code, IrisTemplate)
    found = biocore.compare(code, code)
    said = f"eye {report.score} {report.algorithm} {len(report.measures)}"
    return f"{said} {code.usable!r} {found.score!r} {found.rotation!r}"


@pytest.mark.parametrize("name", sorted(path.stem for path in TESTS.glob("junit/**/*Test.java")))
def test_junit(java: Java, pictures: Path, name: str) -> None:
    if not LAUNCHER.is_file():
        pytest.skip(f"there is no {LAUNCHER}: apt-get install junit5")
    answer = java.junit(name, pictures)
    assert answer.returncode == 0, answer.stdout + answer.stderr
    written = next(TESTS.glob(f"junit/**/{name}.java")).read_text().count("    @Test\n")
    assert re.search(rf"\[ +{written} tests successful ", answer.stdout), answer.stdout


@pytest.mark.parametrize(("how", "code"), [("return", 0), ("exit", 7), ("stay", 128 + signal.SIGTERM)])
def test_a_program_that_ends_during_a_capture_ends_the_capture_first(java: Java, how: str, code: int) -> None:
    command = [str(part) for part in java.command("Leave", how)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as program:
        assert program.stdout is not None
        said = [program.stdout.readline().strip()]
        if how == "stay":
            program.terminate()
        said += [line.strip() for line in program.stdout]
        assert program.wait(60.0) == code
    assert said[0] == "STATE capturing"
    assert set(said[1:]) <= {"WAITING", "STATE ready", "STATE closed", "cancelled"}
    assert len(set(said[1:]) - {"WAITING"}) > 0, "nothing but the capture's begin was heard"


# -- where the library is looked for -----------------------------------------------------------------------


def test_a_library_that_is_nowhere_is_told_with_every_place(java: Java) -> None:
    answer = java.run("-Djava.library.path=/one:/two", "Load", library="")
    assert answer.returncode == 1
    said = answer.stdout
    assert said.startswith("3 StartError no libbiocore.so.1 was loaded. Tried:\n")
    for place in ("biocore.library: not set", "BIOCORE_LIBRARY: not set", "/one/lib", "/two/lib", "loader", "make c"):
        assert place in said


@pytest.mark.parametrize("way", ["property", "folder", "variable", "library path", "loader"])
def test_the_library_is_found_by_every_way_that_is_told(java: Java, way: str) -> None:
    lib = str(java.library.parent)
    answer = {
        "property": lambda: java.run("Load"),
        "folder": lambda: java.run("Load", library=lib),
        "variable": lambda: java.run("Load", library="", BIOCORE_LIBRARY=f"{lib}/libbiocore.so.1"),
        "library path": lambda: java.run(f"-Djava.library.path=/nowhere:{lib}", "Load", library=""),
        "loader": lambda: java.run("-Djava.library.path=", "Load", library="", LD_LIBRARY_PATH=lib),
    }[way]()
    assert answer.stdout == "loaded BIOCORE_ERROR_FORMAT\n", answer.stdout + answer.stderr


def test_a_library_that_is_named_is_the_one_or_none(java: Java) -> None:
    lib = str(java.library.parent)
    answer = java.run("Load", library="/nowhere/x.so", BIOCORE_LIBRARY=lib, LD_LIBRARY_PATH=lib)
    assert answer.returncode == 1
    assert "system property biocore.library: /nowhere/x.so: no such file" in answer.stdout
    assert lib not in answer.stdout


@pytest.mark.parametrize(
    ("source", "says"),
    [
        ("int other(void) { return 1; }", "is no library of biocore"),
        (
            'int biocore_abi_version(void) { return 99; } const char *biocore_version(void) { return "9.9"; }',
            "2 AbiError {library} (biocore 9.9) has ABI 99, this jar is written for 1",
        ),
        (
            'int biocore_abi_version(void) { return 1; } const char *biocore_version(void) { return "0.0"; }',
            "is older than this jar",
        ),
        (None, "system property biocore.library: {library}: file too short"),
    ],
)
def test_a_library_that_will_not_do_is_told(java: Java, tmp_path: Path, source: str | None, says: str) -> None:
    library = tmp_path / "libother.so"
    if source is None:
        library.touch()
    else:
        (tmp_path / "other.c").write_text(source)
        assert run("cc", "-shared", "-fPIC", "-o", library, tmp_path / "other.c").returncode == 0
    answer = java.run("Load", library=library)
    assert answer.returncode == 1
    assert says.format(library=library) in answer.stdout


def test_an_environment_without_biocore_is_named(java: Java, tmp_path: Path) -> None:
    answer = java.run("Start", "/nowhere")
    assert answer.returncode == 1
    assert answer.stdout.startswith("3 StartError /nowhere is no environment that biocore is installed in")
    run(sys.executable, "-m", "venv", "--without-pip", tmp_path / "empty")
    answer = java.run("Start", BIOCORE_ENVIRONMENT=str(tmp_path / "empty"))
    assert f"cffi is not installed in {tmp_path}/empty" in answer.stdout


# -- building ----------------------------------------------------------------------------------------------


def test_what_building_needs_is_named(tmp_path: Path) -> None:
    command: list[str | Path] = [sys.executable, SOURCES / "build.py", "--prefix", tmp_path]
    without = run(*command, PATH="/nowhere", JAVA_HOME="")
    assert without.returncode == 1
    if BUILD.JNA.is_file():
        assert f"there is no javac: a JDK is not installed. On Debian and Ubuntu: {BUILD.APT}" in without.stderr
    without = run(*command, "--jna", "/nowhere/jna.jar")
    assert without.returncode == 1
    assert f"/nowhere/jna.jar: no JNA there. On Debian and Ubuntu: {BUILD.APT}" in without.stderr


# -- the document and the example --------------------------------------------------------------------------


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", DOCUMENT, re.MULTILINE | re.DOTALL)


def test_the_example_of_the_document_says_what_python_says(java: Java, prints: Path, tmp_path: Path) -> None:
    (in_java,), (in_python, *_) = blocks("java"), blocks("python")
    program = tmp_path / "Assess.java"
    program.write_text(in_java)
    compile_java(tmp_path, java.path, program)  # and run as the document says, from its source
    answer = java.run(program, prints / "a3_dry.png")
    assert answer.returncode == 0, answer.stderr
    assert "DRY" in answer.stdout
    assert answer.stdout == run(sys.executable, "-c", in_python, prints / "a3_dry.png").stdout
    answer = java.run(program, "/nowhere.png")
    assert answer.returncode == 1
    assert answer.stderr.startswith("/nowhere.png: ")


def test_the_example_captures_until_the_print_is_good(java: Java, tmp_path: Path) -> None:
    example = SOURCES / "example" / "CaptureFinger.java"
    compile_java(tmp_path / "classes", java.path, example)
    record = tmp_path / "right-index.fmr"
    answer = java.run("-Dfile.encoding=UTF-8", example, record)
    assert answer.returncode == 0, answer.stderr
    assert answer.stderr == ""
    said = answer.stdout
    assert "DRY" in said
    for words in ("score", "causes", "comparison"):
        assert words in said
    held = biocore.formats.any_record.read_record(record.read_bytes())
    assert [int(template.position) for template in held.templates] == [2, 2]


def test_the_example_says_what_is_wrong(java: Java, tmp_path: Path) -> None:
    example = SOURCES / "example" / "CaptureFinger.java"
    answer = java.run(example, tmp_path / "x.fmr", "virtual:foot")
    assert answer.returncode == 1
    assert "virtual:foot: no such virtual device" in answer.stderr
