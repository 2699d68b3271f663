"""What each call of the BioSDK costs over HTTP on this machine, client and server together, and the server's memory.

Time is of the processor: the client's part is to send bytes that are made before, and to read the answer unparsed.
"""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from biocore_bindings.biosdk_service import BioSdkService
from biosdk_asking import INDEX, Direct, finger, left_eye, left_index, post, record, segment, slap, wrapped
from cli_support import COMMAND, environment

USUAL = (400, 500)  # px of a finger, as scanners of one finger deliver it


def templates(*seeds: int, taken: int = 1) -> list[dict[str, Any]]:
    """Return records of one template each."""
    ask = Direct()
    return [ask.done("extract-template", sample=record(left_index(seed, taken))) for seed in seeds]


def gallery() -> list[dict[str, Any]]:
    """Return a hundred templates, of twenty fingers five times."""
    return [each for taken in range(1, 6) for each in templates(*range(6, 26), taken=taken)]


def one() -> dict[str, Any]:
    return record(segment("FINGER", INDEX, finger(5, 1, 7, "", USUAL)))


def again() -> dict[str, Any]:
    return record(segment("FINGER", INDEX, finger(5, 2, 7, "", USUAL)))


CALLS: dict[str, tuple[str, Callable[[], dict[str, Any]]]] = {
    "init": ("init", dict),
    "check-quality, a finger": ("check-quality", lambda: {"sample": one()}),
    "check-quality, an eye": ("check-quality", lambda: {"sample": record(left_eye())}),
    "match, a finger's picture with another": ("match", lambda: {"sample": one(), "gallery": [again()]}),
    "match, an eye's picture with another": (
        "match",
        lambda: {"sample": record(left_eye()), "gallery": [record(left_eye(7, 2))]},
    ),
    "match, a finger's template with another": (
        "match",
        lambda: dict(zip(("sample", "gallery"), (templates(5)[0], templates(6)), strict=True)),
    ),
    "match, a finger's template with 100": (
        "match",
        lambda: {"sample": templates(5)[0], "gallery": gallery()},
    ),
    "extract-template, a finger": ("extract-template", lambda: {"sample": one()}),
    "extract-template, an eye": ("extract-template", lambda: {"sample": record(left_eye())}),
    "segment, a slap of four": ("segment", lambda: {"sample": record(segment("FINGER", ["Left"], slap()))}),
    "convert-format, a finger to PNG": (
        "convert-format",
        lambda: {"sample": one(), "sourceFormat": "ISO19794_4_2011", "targetFormat": "IMAGE/PNG"},
    ),
}


@pytest.fixture(scope="module")
def service() -> Iterator[BioSdkService]:
    with BioSdkService() as running:
        yield running


@pytest.mark.benchmark(group="biosdk", timer=time.process_time, min_rounds=5, max_time=2.0)
@pytest.mark.parametrize("name", CALLS)
def test_time_of_a_call_over_http(benchmark: BenchmarkFixture, service: BioSdkService, name: str) -> None:
    method, inner = CALLS[name]
    body = wrapped(inner())
    status, _, answer = benchmark(post, service, f"/biosdk-service/{method}", body)
    assert status == 200
    response = json.loads(answer)["response"]
    assert method == "init" or response["statusCode"] == 200
    benchmark.extra_info["bytes"] = f"{len(body)} in, {len(answer)} out"


def test_memory_of_the_server(benchmark: BenchmarkFixture) -> None:
    """Resident memory, in MB, of a server that has begun, and after each fifty of five hundred calls with a picture."""
    with subprocess.Popen(
        [*COMMAND, "biosdk-serve", "--port", "0"], stderr=subprocess.PIPE, text=True, env=environment()
    ) as process:
        try:
            assert process.stderr is not None
            port = int(process.stderr.readline().split(":")[2].split("/")[0])
            remote = type("Remote", (), {"port": port})()
            begun = _resident(process.pid)
            bodies = [
                (method, wrapped(inner()))
                for method, inner in CALLS.values()
                if method in ("check-quality", "extract-template", "convert-format")
            ]
            figures = [begun]
            for _ in range(10):
                for _ in range(10):
                    for method, body in bodies:
                        assert post(remote, f"/{method}", body)[0] == 200
                figures.append(_resident(process.pid))
            benchmark.extra_info["MB"] = figures
            benchmark(lambda: _resident(process.pid))
            assert figures[-1] - figures[2] < 20
        finally:
            process.terminate()


def _resident(pid: int) -> int:
    text = Path(f"/proc/{pid}/status").read_text()
    return int(text.split("VmRSS:")[1].split()[0]) >> 10
