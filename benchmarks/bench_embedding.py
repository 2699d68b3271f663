"""What every call costs by each door: CPU time, the least of many, and the memory that one needs while it runs.

`tests/c/timing.c` and `tests/java/programs/Timing.java` do the same work as `calls` here. Each test prints a line of
the table in `docs/results.md`:

    OMP_NUM_THREADS=1 make bench ARGS="benchmarks/bench_embedding.py -s"
"""

from __future__ import annotations

import ctypes
import gc
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

import biocore
import record_samples
from biocore.fingerprint import synth
from biocore.formats.any_record import read_record
from biocore.formats.conversion import Target, convert
from biocore.formats.finger_image import write_fir
from biocore.formats.finger_templates import TemplateFormat, write_templates
from biocore.formats.images import write_png
from biocore.types import FingerPosition, FingerTemplate, Frame, Modality, Sample
from c_library import ROOT, built_once, compile_program, run
from java_library import BUILD, Java, java_once

CALLS = ["start", "nothing", "open", "pixels", "picture", "assess", "extract", "compare", "search"]
CALLS += ["write", "read", "record", "convert", "capture"]
MANY = 100  # references of a search
ROUNDS = {"nothing": 1, "compare": 500, "pixels": 200, "picture": 1, "write": 500, "read": 500, "record": 200}
ONLY_C = {"nothing", "picture"}  # what costs nothing in Python: there is no door to go through
Costs = dict[str, tuple[float, int]]  # s and kB, by the name of the call


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Return a print of 400x500 px and a record of fingers' pictures."""
    folder = tmp_path_factory.mktemp("files")
    write_png(folder / "print.png", synth.impression(5, 1, synth.Conditions()), 500.0)
    (folder / "fingers.fir").write_bytes(write_fir(record_samples.fingers()))
    return folder / "print.png", folder / "fingers.fir"


def costs(answer: subprocess.CompletedProcess[str]) -> Costs:
    assert answer.returncode == 0, answer.stderr
    return {name: (float(seconds), int(size)) for name, seconds, size in map(str.split, answer.stdout.splitlines())}


@pytest.fixture(scope="module")
def in_c(files: tuple[Path, Path], tmp_path_factory: pytest.TempPathFactory) -> Costs:
    library = built_once(tmp_path_factory)
    program = compile_program("cc", library, ROOT / "tests/c/timing.c", tmp_path_factory.mktemp("timing") / "timing")
    return costs(run(program, *files, timeout=300.0, OMP_NUM_THREADS="1"))


@pytest.fixture(scope="module")
def in_java(files: tuple[Path, Path], tmp_path_factory: pytest.TempPathFactory) -> Costs:
    java: Java = java_once(tmp_path_factory)
    heap = ["-Xms64m", "-Xmx64m", "-XX:+AlwaysPreTouch", "-XX:+UseSerialGC"]  # not to be seen in what the process takes
    command = ["java", *heap, f"-Dbiocore.library={java.library}", "-cp", f"{java.classes}:{java.path}", "Timing"]
    assert BUILD.JNA.is_file()
    return costs(run(*command, *files, timeout=300.0, OMP_NUM_THREADS="1"))


def calls(print_path: Path, record_path: Path) -> dict[str, Callable[[], object]]:
    sample = biocore.load(print_path, "finger", 500.0, FingerPosition.RIGHT_INDEX)
    finger = biocore.extract(sample)
    assert isinstance(finger, FingerTemplate)
    data, pixels = record_path.read_bytes(), sample.frame.pixels.copy()
    contents, minutiae = read_record(data), write_templates([finger], TemplateFormat.FMR_2011)
    references = [finger] * MANY

    def capture() -> object:
        with biocore.open_device(f"file:{print_path}?ppi=500") as device:
            return device.capture(60.0)

    return {
        "open": lambda: biocore.load(print_path, "finger", 500.0),
        "pixels": lambda: Sample(Frame(pixels, 500.0), Modality.FINGER),
        "assess": lambda: biocore.assess(sample),
        "extract": lambda: biocore.extract(sample),
        "compare": lambda: biocore.compare(finger, finger),
        "search": lambda: biocore.search(finger, references),
        "write": lambda: write_templates([finger], TemplateFormat.FMR_2011),
        "read": lambda: read_record(minutiae).templates,
        "record": lambda: read_record(data),
        "convert": lambda: convert(contents, Target.FIR_2005),
        "capture": capture,
    }


def status(name: str) -> int:
    found = re.search(rf"^{name}:\s+(\d+)", Path("/proc/self/status").read_text(), re.MULTILINE)
    assert found is not None
    return int(found[1])


def peak(call: Callable[[], object]) -> int:
    """Return how far the process's memory rises while a call runs, kB."""
    gc.collect()
    ctypes.CDLL("libc.so.6").malloc_trim(0)
    Path("/proc/self/clear_refs").write_text("5")  # the highest mark is set anew
    before = status("VmRSS")
    call()
    return status("VmHWM") - before


def starting() -> tuple[float, int]:
    """Return what `import biocore` costs in a process of its own."""
    code = (
        "import re, time; from pathlib import Path; "
        "rss = lambda: int(re.search(r'VmRSS:\\s+(\\d+)', Path('/proc/self/status').read_text())[1]); "
        "size, begun = rss(), time.thread_time(); import biocore; print(time.thread_time() - begun, rss() - size)"
    )
    seconds, size = run(sys.executable, "-c", code, OMP_NUM_THREADS="1").stdout.split()
    return float(seconds), int(size)


def cell(cost: tuple[float, int] | None) -> str:
    if cost is None:
        return "-"
    milliseconds, size = 1e3 * cost[0], cost[1] / 1024
    return f"{milliseconds:.3g} ms, {max(size, 0.0):.1f} MB"


@pytest.mark.benchmark(group="every call by every door", timer=time.process_time)
@pytest.mark.parametrize("call", CALLS)
def test_a_call_costs_by_every_door_what_its_work_costs(
    benchmark: BenchmarkFixture, files: tuple[Path, Path], in_c: Costs, in_java: Costs, call: str
) -> None:
    assert os.environ.get("OMP_NUM_THREADS", "1") == "1", "set OMP_NUM_THREADS=1: time of all threads is counted"
    in_python: tuple[float, int] | None = None
    if call == "start":
        in_python = benchmark.pedantic(starting, rounds=1)
    elif call in ONLY_C:
        benchmark.pedantic(lambda: None, rounds=1)
    else:
        work = calls(*files)[call]
        assert benchmark.pedantic(work, rounds=ROUNDS.get(call, 30), warmup_rounds=2) is not None
        in_python = (benchmark.stats.stats.min, peak(work))
    benchmark.extra_info |= {"C": in_c[call], "Java": in_java[call], "Python": in_python}
    print(f"\n| {call} | {cell(in_python)} | {cell(in_c[call])} | {cell(in_java[call])} |")
    assert set(in_c) == set(in_java)
