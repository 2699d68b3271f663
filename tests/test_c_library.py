"""The C library is what its header says: compiled, linked and called by programs in C, compared with Python's answers.

The programs are in `tests/c`; each ends with an error at the first line that does not hold. `BIOCORE_VALGRIND=1` runs
them under valgrind as well (`make test-c`).
"""

from __future__ import annotations

import os
import re
import shutil
import sys
from pathlib import Path
from types import SimpleNamespace

import cv2
import numpy as np
import pytest

import biocore
import record_samples
import said_by_python
from biocore import errors
from biocore.engine import EFFORTS
from biocore.formats.any_record import read_record
from biocore.formats.conversion import Target
from biocore.formats.finger_image import write_fir
from biocore.hal import DeviceInfo, EventKind, State
from biocore.report import Status
from biocore.types import IrisTemplate, Modality
from biocore_bindings.embedded import devices, door, quality, samples, templates
from biocore_bindings.embedded.start import ABI, FUNCTIONS, start
from c_library import BUILD, ROOT, SOURCES, WARNINGS, build, built_once, compile_program, run
from portrait import portrait

DOCUMENT = (ROOT / "docs" / "embedding.md").read_text()
HEADER = (SOURCES / "biocore.h").read_text()
VALGRIND = (
    "valgrind -q --leak-check=full --show-leak-kinds=definite --errors-for-leak-kinds=definite --error-exitcode=9"
)
LEAKED = 9  # what valgrind ends with; no program of ours does


@pytest.fixture(scope="session")
def compiler() -> str:
    found = shutil.which("cc") or shutil.which("gcc")
    if found is None:
        pytest.skip("no C compiler")
    return found


@pytest.fixture(scope="session")
def library(compiler: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build and install the library; return the folder."""
    return built_once(tmp_path_factory)


@pytest.fixture(scope="session")
def programs(compiler: str, library: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Compile the example and the test programs."""
    folder = tmp_path_factory.mktemp("programs")
    found = [SOURCES / "example.c", *sorted((ROOT / "tests" / "c").glob("*.c"))]
    return {source.stem: compile_program(compiler, library, source, folder / source.stem) for source in found}


@pytest.fixture(scope="session")
def fir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("records") / "two-fingers.fir"
    path.write_bytes(write_fir(record_samples.fingers()))
    return path


def called(declared: str) -> set[str]:
    return set(re.findall(r"\b(biocore_\w+)\(", declared))


FUNCTION_NAMES = called(re.sub(r"/\*.*?\*/", "", HEADER, flags=re.DOTALL))
CODES = {
    name: int(value) for name, value in re.findall(r"^    (BIOCORE_(?:OK|ERROR_\w+)) = (\d+)", HEADER, re.MULTILINE)
}


# -- the header --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", ["c -std=c99", "c -std=c17", "c++ -std=c++11"])
def test_the_header_compiles_by_itself_without_a_warning(compiler: str, language: str, tmp_path: Path) -> None:
    source = tmp_path / "only.c"
    source.write_text('#include "biocore.h"\nint main(void) { return sizeof(biocore_report) == 0; }\n')
    answer = run(compiler, "-x", *language.split(), *WARNINGS, f"-I{SOURCES}", "-fsyntax-only", source)
    if "cc1plus" in answer.stderr:
        pytest.skip("no C++ compiler")
    assert answer.returncode == 0, answer.stderr


def test_the_header_says_nothing_of_python() -> None:
    assert not re.search(r"Py[A-Z_]|python|cffi", HEADER, re.IGNORECASE)
    assert re.findall(r"#include <(.*?)>", HEADER) == ["stddef.h", "stdint.h"]


def test_every_structure_begins_with_its_size() -> None:
    structures = re.findall(r"typedef struct \{\s*(.*?);", HEADER)
    assert len(structures) > 10
    assert set(structures) == {"uint32_t struct_size"}


def test_no_array_holds_structures_that_may_grow() -> None:
    # a pointer to a constant structure that is followed by a count would be indexed with an older size
    for count, kind, stars in re.findall(r"uint32_t \w*?(\w+)_count;.*?\n    const (\w+) ([*const ]+)\w+;", HEADER):
        assert stars.count("*") == 2 or kind == "uint8_t", (count, kind)


def test_the_library_shows_what_the_header_declares_and_nothing_else(library: Path) -> None:
    found = run("nm", "-D", "--defined-only", library / "lib" / "libbiocore.so").stdout
    shown = {line.split()[2] for line in found.splitlines() if line.split()[1] != "A"}
    assert shown == {f"{name}@@BIOCORE_{ABI}" for name in FUNCTION_NAMES}
    dynamic = run("readelf", "-d", library / "lib" / "libbiocore.so").stdout
    assert f"soname: [libbiocore.so.{ABI}]" in dynamic
    assert "NODELETE" in dynamic


def test_engine_and_header_speak_of_the_same() -> None:
    assert BUILD.abi() == ABI
    _, declared = BUILD.declarations(HEADER)
    by_hand = set(BUILD.WRITTEN.findall((SOURCES / "runtime.c").read_text()))
    assert set(declared) == FUNCTION_NAMES
    assert by_hand < FUNCTION_NAMES
    bound = {BUILD.engine_name(name) for name in FUNCTION_NAMES - by_hand}
    assert set(FUNCTIONS) == bound | {"engine_cancel", "engine_stop"}


def test_numbers_mean_the_same_on_both_sides() -> None:
    numbers = dict(re.findall(r"(BIOCORE_\w+) = (\d+)", HEADER))
    for prefix, words in (
        ("BIOCORE_", [modality.name for modality in samples.MODALITIES]),
        ("BIOCORE_", [effort.upper() for effort in EFFORTS]),
        ("BIOCORE_STATUS_", [status.name for status in quality.STATUSES]),
        ("BIOCORE_", ["OWN", *(form.name for form in templates.FORMATS)]),
        ("BIOCORE_EVENT_", [kind.name for kind in EventKind]),
    ):
        assert [int(numbers[prefix + word]) for word in words] == list(range(len(words)))
    assert set(quality.STATUSES) == set(Status)
    assert all(f'"{target}"' in HEADER for target in Target)


# -- errors ------------------------------------------------------------------------------------------------


def tree() -> list[type[errors.BiocoreError]]:
    return [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, errors.BiocoreError)]


def family_of(kind: type[errors.BiocoreError]) -> str:
    """Return the code's name of the ancestor that descends from BiocoreError itself."""
    top = next(parent for parent in kind.__mro__ if errors.BiocoreError in parent.__bases__)
    return door.code_name(top.__name__)


def test_codes_mirror_the_tree_of_errors() -> None:
    kinds = {door.code_name(kind.__name__): kind for kind in tree() if kind is not errors.BiocoreError}
    mirrored = {name: code for name, code in CODES.items() if code >= 100}
    assert set(mirrored) <= set(kinds), "a code without its error"
    for name, kind in kinds.items():
        family = family_of(kind)
        if family in CODES:  # families that C has no function for yet answer BIOCORE_ERROR_OTHER, by name
            assert name in CODES, f"{kind.__name__} has no code in biocore.h, though its family has"
            assert CODES[name] // 100 * 100 == CODES[family]
    assert len(set(CODES.values())) == len(CODES)


def test_an_error_that_the_header_does_not_know_is_told_by_its_family_and_name() -> None:
    class DeviceOnFireError(errors.DeviceBusyError):
        pass

    class WeatherError(errors.BiocoreError):
        pass

    kept: list[tuple[object, ...]] = []
    lib = SimpleNamespace(**CODES, library_keep_error=lambda *told: kept.append(told))
    here = door.Door(SimpleNamespace(sizeof=lambda kind: 8), lib)
    assert here.code_of(DeviceOnFireError("hot")) == CODES["BIOCORE_ERROR_DEVICE_BUSY"]
    assert here.code_of(MemoryError()) == CODES["BIOCORE_ERROR_MEMORY"]
    assert here.code_of(ZeroDivisionError()) == CODES["BIOCORE_ERROR_INTERNAL"]
    assert here.keep(WeatherError("rain")) == CODES["BIOCORE_ERROR_OTHER"]
    assert kept[-1][:3] == (CODES["BIOCORE_ERROR_OTHER"], b"WeatherError", b"rain")
    here.keep(errors.FormatError("cut", file="a.fmr", offset=24))
    assert kept[-1][-2:] == (b"a.fmr", 24)
    here.keep(KeyError("x"))
    assert kept[-1][2] == b"KeyError: 'x'"


def test_a_library_of_another_abi_than_the_environment_is_refused() -> None:
    kept: list[tuple[object, ...]] = []
    lib = SimpleNamespace(**CODES, library_keep_error=lambda *told: kept.append(told))
    ffi = SimpleNamespace(sizeof=lambda kind: 8, NULL=None)
    assert start(ffi, lib, ABI + 1, "9.0") == CODES["BIOCORE_ERROR_ABI"]
    assert kept[0][:2] == (CODES["BIOCORE_ERROR_ABI"], b"AbiError")


# -- programs ----------------------------------------------------------------------------------------------


def test_c_says_what_python_says(programs: dict[str, Path], prints: Path, fir: Path) -> None:
    dry, other = prints / "a3_dry.png", prints / "a2_right_index.png"
    answer = run(programs["walk"], dry, other, fir)
    assert answer.returncode == 0, answer.stderr
    said = answer.stdout.splitlines()
    expected = said_by_python.of_report(dry)
    assert said[: len(expected)] == expected
    for line in (*said_by_python.of_templates(dry, other), *said_by_python.of_record(fir)):
        assert line in said
    assert [line for line in said if line.startswith(("absence", "lost"))] == [
        line for line in said_by_python.of_record(fir) if line.startswith(("absence", "lost"))
    ]
    assert "device virtual:finger virtual 0" in said
    assert said[-1] == "live 0"


def test_eight_threads_answer_as_one_does(programs: dict[str, Path], prints: Path) -> None:
    answer = run(programs["threads"], prints / "a1_right_index.png", prints / "a2_right_index.png")
    assert answer.returncode == 0, answer.stderr
    pair = [biocore.load(prints / f"{name}_right_index.png", "finger", 500.0) for name in ("a1", "a2")]
    first, second = (biocore.assess(sample).score for sample in pair)
    score = biocore.compare(*map(biocore.extract, pair)).score
    assert answer.stdout == f"scores {first} {second} comparison {score:.17g}\n"


def test_captures_hear_events_hold_deadlines_and_end_when_told(programs: dict[str, Path]) -> None:
    answer = run(programs["captures"])
    assert answer.returncode == 0, answer.stderr
    assert answer.stdout == "all as it should be\n"


def test_a_program_that_ends_during_a_capture_ends_the_capture_first(programs: dict[str, Path]) -> None:
    answer = run(programs["captures"], "leave")
    assert answer.returncode == 0, answer.stderr
    assert answer.stdout.split()[0] == "capturing"
    assert set(answer.stdout.split()[1:]) & {"ready", "closed"}, "nothing but the capture's begin was heard"


def test_the_end_closes_what_is_open() -> None:
    here = door.Door(SimpleNamespace(sizeof=lambda kind: 8), SimpleNamespace())
    with biocore.open_device("virtual:finger") as device:
        here.handles.add(device, 0)
        FUNCTIONS["engine_stop"](here)
        assert device.state is State.CLOSED
    assert len(here.handles) == 0


def test_eyes_go_through_the_same_doors(programs: dict[str, Path]) -> None:
    answer = run(programs["eyes"])
    assert answer.returncode == 0, answer.stderr
    with biocore.open_device("virtual:iris?seed=7&eye=right&sequence=GOOD") as camera:
        sample = biocore.Sample(camera.capture(), biocore.Modality.IRIS, biocore.EyePosition.RIGHT)
    report, code = biocore.assess(sample), biocore.extract(sample)
    assert isinstance(code, IrisTemplate)
    score = biocore.compare(code, code).score
    measures = len(report.measures)
    said = f"score {report.score} {report.algorithm} {measures}\nusable {code.usable:.17g}\ncompare {score:.17g}\n"
    assert answer.stdout == said


def test_faces_are_handed_on_in_colour_and_go_no_further(programs: dict[str, Path], tmp_path: Path) -> None:
    colours = portrait(3)
    cv2.imwrite(str(tmp_path / "face.png"), colours[..., ::-1])
    (tmp_path / "face.fac").write_bytes(record_samples.faces())
    answer = run(programs["faces"], tmp_path / "face.png", tmp_path / "face.fac")
    assert answer.returncode == 0, answer.stderr
    height, width, _ = colours.shape
    middle = " ".join(map(str, colours[height // 2, width // 2]))
    held = read_record(record_samples.faces()).images[0].colour
    assert held is not None
    first = " ".join(map(str, held[0, 0]))
    said = f"size {width} {height}\nmiddle {middle}\nheld {held.shape[1]} {held.shape[0]} {first}\n"
    assert answer.stdout == said


def test_a_camera_of_faces_is_listed_among_the_others() -> None:
    ffi = pytest.importorskip("cffi").FFI()
    ffi.cdef(BUILD.declarations(HEADER)[0])
    kept: list[object] = []

    def new_block(size: int) -> object:
        kept.append(ffi.new("char[]", size))
        return kept[-1]

    here = door.Door(ffi, SimpleNamespace(library_new_block=new_block))
    found = [DeviceInfo(f"x:{kind}", "x", "maker", "model", kind) for kind in Modality]
    listed = devices.device_list(here, found)
    numbers = dict(re.findall(r"(BIOCORE_\w+) = (\d+)", HEADER))
    told = {ffi.string(listed.devices[k].uri).decode(): listed.devices[k].modality for k in range(listed.count)}
    assert told == {f"x:{kind}": int(numbers[f"BIOCORE_{kind.name}"]) for kind in Modality}


def test_a_library_older_than_its_environment_is_told_what_it_knows() -> None:
    ffi = pytest.importorskip("cffi").FFI()
    types, _ = BUILD.declarations(HEADER)
    ffi.cdef(types.replace("const uint8_t *colour;", ""))
    here = door.Door(ffi, SimpleNamespace())
    sample = biocore.Sample(biocore.Frame(np.full((2, 3), 7, np.uint8), 500.0), Modality.FINGER)
    picture = ffi.new("biocore_picture *")
    picture.struct_size = ffi.sizeof("biocore_picture")
    samples.picture(here, ffi.cast("biocore_sample *", here.handles.add(sample, 0)), picture)
    assert (picture.width, picture.height, picture.pixels[5]) == (3, 2, 7)


def test_a_forgotten_handle_is_counted(programs: dict[str, Path], prints: Path, fir: Path) -> None:
    dry = prints / "a3_dry.png"
    answer = run(programs["walk"], dry, prints / "a2_right_index.png", fir, "--plant-template")
    assert answer.returncode == 3, answer.stderr
    assert answer.stdout.splitlines()[-1] == "live 1"


def test_the_example_compares_two_pictures(programs: dict[str, Path], prints: Path) -> None:
    pair = [prints / "a1_right_index.png", prints / "a2_right_index.png"]
    answer = run(programs["example"], *pair)
    assert answer.returncode == 0, answer.stderr
    score = biocore.compare(*(biocore.extract(biocore.load(path, "finger", 500.0)) for path in pair)).score
    assert f"comparison: {score:.6f}, one false match in" in answer.stdout
    assert answer.stderr == ""


def test_the_example_captures_with_live_frames(programs: dict[str, Path]) -> None:
    answer = run(programs["example"])
    assert answer.returncode == 0, answer.stderr
    assert answer.stdout.count("live frame") == 6
    assert answer.stdout.count("score") == 2


def test_the_example_says_what_is_wrong(programs: dict[str, Path], prints: Path) -> None:
    answer = run(programs["example"], prints / "a1_right_index.png", "/nowhere.png")
    assert answer.returncode == 1
    assert "BIOCORE_ERROR_FORMAT (FormatError): /nowhere.png" in answer.stderr


def test_a_program_may_load_it_late_and_keep_its_symbols_to_itself(
    programs: dict[str, Path], library: Path, prints: Path
) -> None:
    answer = run(programs["plugin"], library / "lib" / "libbiocore.so", prints / "a1_right_index.png")
    assert answer.returncode == 0, answer.stderr
    report = biocore.assess(biocore.load(prints / "a1_right_index.png", "finger", 500.0))
    assert answer.stdout == f"score {report.score}\n"


def test_a_program_of_python_may_load_it_too(library: Path) -> None:
    program = (
        "import ctypes, sys\n"
        "library = ctypes.CDLL(sys.argv[1])\n"
        "count = ctypes.c_uint64(9)\n"
        "print(library.biocore_init(1, None), library.biocore_live_handles(ctypes.byref(count)), count.value)\n"
    )
    answer = run(sys.executable, "-c", program, library / "lib" / "libbiocore.so")
    assert (answer.returncode, answer.stdout) == (0, "0 0 0\n"), answer.stderr


def test_an_environment_without_biocore_is_named(programs: dict[str, Path], tmp_path: Path) -> None:
    run(sys.executable, "-m", "venv", "--without-pip", tmp_path / "empty")
    answer = run(programs["example"], BIOCORE_ENVIRONMENT=str(tmp_path / "empty"))
    assert answer.returncode == 1
    assert f"cffi is not installed in {tmp_path}/empty: pip install 'biocore[embed]'" in answer.stderr
    (tmp_path / "other/bin").mkdir(parents=True)
    (tmp_path / "other/bin/python3").write_text("")
    answer = run(programs["example"], BIOCORE_ENVIRONMENT=str(tmp_path / "other"))
    assert "BIOCORE_ERROR_START" in answer.stderr
    assert "which this library was built for" in answer.stderr


# -- the document ------------------------------------------------------------------------------------------


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", DOCUMENT, re.MULTILINE | re.DOTALL)


def test_the_examples_of_the_document_say_the_same(compiler: str, library: Path, prints: Path, tmp_path: Path) -> None:
    (in_c,), (in_python, *_) = blocks("c"), blocks("python")
    (tmp_path / "program.c").write_text(in_c)
    program = compile_program(compiler, library, tmp_path / "program.c", tmp_path / "program")
    answer = run(program, prints / "a3_dry.png")
    assert answer.returncode == 0, answer.stderr
    assert "DRY" in answer.stdout
    assert answer.stdout == run(sys.executable, "-c", in_python, prints / "a3_dry.png").stdout
    assert run(program, "/nowhere.png").returncode == 1


def test_the_document_tells_of_every_function_and_error() -> None:
    assert [name for name in FUNCTION_NAMES if f"`{name}`" not in DOCUMENT] == []
    told = set(re.findall(r"`([A-Z_]+)`", DOCUMENT))
    missing = [name for name in CODES if name.removeprefix("BIOCORE_ERROR_") not in told]
    assert all(name.startswith(("BIOCORE_OK", "BIOCORE_ERROR_JOURNAL_")) for name in missing), missing


# -- building ----------------------------------------------------------------------------------------------


def test_cmake_finds_it(library: Path, tmp_path: Path) -> None:
    if shutil.which("cmake") is None:
        pytest.skip("no cmake")
    (tmp_path / "CMakeLists.txt").write_text(
        "cmake_minimum_required(VERSION 3.16)\nproject(example C)\n"
        f"find_package(biocore {biocore_version(library)} REQUIRED)\n"
        f"add_executable(example {SOURCES}/example.c)\ntarget_link_libraries(example PRIVATE biocore::biocore)\n"
    )
    answer = run("cmake", "-S", tmp_path, "-B", tmp_path / "out", f"-DCMAKE_PREFIX_PATH={library}")
    assert answer.returncode == 0, answer.stderr
    answer = run("cmake", "--build", tmp_path / "out")
    assert answer.returncode == 0, answer.stdout + answer.stderr
    linked = run("readelf", "-d", tmp_path / "out" / "example").stdout
    assert f"libbiocore.so.{ABI}" in linked
    (tmp_path / "CMakeLists.txt").write_text(
        "cmake_minimum_required(VERSION 3.16)\nproject(example C)\nfind_package(biocore 99 REQUIRED)\n"
    )
    assert run("cmake", "-S", tmp_path, "-B", tmp_path / "out", f"-DCMAKE_PREFIX_PATH={library}").returncode != 0


def biocore_version(library: Path) -> str:
    found = re.search(r"^Version: (.*)$", (library / "lib/pkgconfig/biocore.pc").read_text(), re.MULTILINE)
    assert found is not None
    return found[1]


def test_an_interpreter_without_a_shared_library_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    known = {"LIBDIR": "/usr/lib", "INSTSONAME": "libpython3.11.a", "MULTIARCH": "", "Py_ENABLE_SHARED": 0}
    monkeypatch.setattr(BUILD.sysconfig, "get_config_var", known.get)
    with pytest.raises(BUILD.BuildError, match=r"apt-get install python3-dev.*--enable-shared"):
        BUILD.shared_interpreter()


# -- memory ------------------------------------------------------------------------------------------------


@pytest.fixture
def valgrind() -> list[str]:
    if os.environ.get("BIOCORE_VALGRIND") != "1":
        pytest.skip("BIOCORE_VALGRIND=1 is not set: `make test-c` sets it")
    if shutil.which("valgrind") is None:
        pytest.skip("no valgrind: apt-get install valgrind")
    return [*VALGRIND.split(), f"--suppressions={SOURCES}/valgrind.supp"]


def test_nothing_of_ours_may_be_suppressed() -> None:
    text = (SOURCES / "valgrind.supp").read_text()
    entries = re.findall(r"^\{\n(.*?)^\}", text, re.MULTILINE | re.DOTALL)
    assert len(entries) > 3
    for entry in entries:
        lines = [line.strip() for line in entry.splitlines()[1:]]
        assert "..." not in lines, "frames in between could be ours"
        assert not any("biocore" in line for line in lines)
        if "Memcheck:Leak" in lines:  # the frame above the allocator is another library's
            assert re.fullmatch(r"obj:\*/(libpython3\.|numpy/|cv2/|cryptography/|ld-linux-)\*", lines[-1])


@pytest.mark.parametrize("program", ["walk", "example"])
def test_no_memory_is_lost_and_none_misused(
    program: str, valgrind: list[str], programs: dict[str, Path], prints: Path, fir: Path
) -> None:
    given = [prints / "a3_dry.png", prints / "a2_right_index.png", fir][: 3 if program == "walk" else 2]
    answer = run(*valgrind, programs[program], *given, timeout=600.0)
    assert answer.returncode == 0, answer.stderr


def test_a_block_that_a_program_forgets_is_found(
    valgrind: list[str], programs: dict[str, Path], prints: Path, fir: Path
) -> None:
    given: list[str | Path] = [prints / "a3_dry.png", prints / "a2_right_index.png", fir, "--plant-report"]
    answer = run(*valgrind, programs["walk"], *given, timeout=600.0)
    assert answer.returncode == LEAKED
    assert "library_new_block" in answer.stderr


def test_a_block_that_the_library_forgets_is_found(
    valgrind: list[str], compiler: str, prints: Path, tmp_path: Path
) -> None:
    sources = Path(shutil.copytree(SOURCES, tmp_path / "sources"))
    runtime = sources / "runtime.c"
    assert runtime.read_text().count("    free(block);") == 1
    runtime.write_text(runtime.read_text().replace("    free(block);", "    (void)block;"))
    library = build(tmp_path / "library", sources)
    program = compile_program(compiler, library, SOURCES / "example.c", tmp_path / "example")
    answer = run(*valgrind, program, prints / "a1_right_index.png", prints / "a2_right_index.png", timeout=600.0)
    assert answer.returncode == LEAKED
    assert "library_new_block" in answer.stderr
