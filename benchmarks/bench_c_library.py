"""What the C library adds to a call: the same work in Python and in C, CPU time, the least of many."""

from __future__ import annotations

import importlib.util
import os
import shutil
import time
from pathlib import Path

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

import biocore
from biocore.fingerprint import synth
from biocore.formats.images import write_png
from c_library import BUILD, ROOT, build, compile_program, run


@pytest.fixture(scope="module")
def in_c(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, float]]:
    """Build the library, time its calls; return the print that was used and the CPU seconds of each."""
    compiler = shutil.which("cc")
    if compiler is None or importlib.util.find_spec("cffi") is None:
        pytest.skip("no C compiler, or no cffi")
    try:
        BUILD.shared_interpreter()
    except BUILD.BuildError as error:
        pytest.skip(str(error))
    folder = tmp_path_factory.mktemp("c")
    picture = folder / "print.png"
    write_png(picture, synth.impression(5, 1, synth.Conditions()), 500.0)
    program = compile_program(compiler, build(folder / "library"), ROOT / "tests/c/timing.c", folder / "timing")
    answer = run(program, picture, timeout=300.0, OMP_NUM_THREADS="1")
    assert answer.returncode == 0, answer.stderr
    return picture, {name: float(seconds) for name, seconds in map(str.split, answer.stdout.splitlines())}


@pytest.mark.benchmark(group="C library", timer=time.process_time)
@pytest.mark.parametrize("call", ["assess", "extract", "compare"])
def test_a_call_costs_in_c_what_it_costs_in_python(
    benchmark: BenchmarkFixture, in_c: tuple[Path, dict[str, float]], call: str
) -> None:
    picture, seconds = in_c
    assert os.environ.get("OMP_NUM_THREADS", "1") == "1", "set OMP_NUM_THREADS=1: CPU time of all threads is counted"
    sample = biocore.load(picture, "finger", 500.0)
    template = biocore.extract(sample)
    work = {
        "assess": lambda: biocore.assess(sample),
        "extract": lambda: biocore.extract(sample),
        "compare": lambda: biocore.compare(template, template),
    }
    rounds = 20 if call != "compare" else 500
    found = benchmark.pedantic(work[call], rounds=rounds, warmup_rounds=2)
    benchmark.extra_info |= {"in C": seconds[call], "empty call": seconds["empty"], "init": seconds["init"]}
    print(f"\n{call}: C {seconds[call] * 1e6:.1f} us, Python {benchmark.stats.stats.min * 1e6:.1f} us")
    assert {"assess": "score", "extract": "minutiae", "compare": "pairs"}[call] in dir(found)
