"""What live pictures cost: a loop of ten a second, each assessed for the operator, must leave most of a core free.

    pytest benchmarks/bench_cameras.py

The times are of the processor and of one picture; `share of a core` is ten of them a second. The last benchmark runs
the loop for real, with a camera on the network at ten pictures a second and everything that is done with them.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator
from typing import Any

import cv2
import numpy as np
import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from biocore import fingerprint, iris
from biocore.discovery import open_device
from biocore.errors import SubjectTimeoutError
from biocore.fingerprint import synth
from biocore.hal import Event, EventKind
from biocore.types import Frame, GreyImage
from biocore_drivers.camera_colours import coloured
from biocore_drivers.camera_pixels import jpeg
from biocore_drivers.fs81 import roughness
from biocore_drivers.shutter import Portrait, Sharpness
from camera_server import CameraServer, jpeg_of
from painted_eyes import Eye, paint
from portrait import portrait, yuyv

RATE = 10.0  # pictures/s
SECONDS = 6.0  # s the real loop runs
SIZE = (640, 480)  # px
PORTRAIT = (1920, 1080)  # px


def eyes(count: int = 8) -> list[GreyImage]:
    """Paint an eye that holds still, each time with another noise."""
    painted = cv2.resize(paint(Eye()), SIZE, interpolation=cv2.INTER_CUBIC).astype(np.float32)
    noise = np.random.default_rng(1)
    return [(painted + noise.normal(0, 2, painted.shape)).clip(0, 255).astype(np.uint8) for _ in range(count)]


def tell(benchmark: Any) -> None:
    """Note the share of a core that ten pictures a second take."""
    if benchmark.stats is not None:  # None where benchmarks are switched off
        benchmark.extra_info["share of a core"] = round(benchmark.stats.stats.median * RATE, 3)
        print(
            f"\n{benchmark.name}: {benchmark.extra_info['share of a core']:.1%} of a core at {RATE:g} pictures a second"
        )


@pytest.mark.benchmark(group="live", timer=time.process_time)
def test_time_of_a_live_eye(benchmark: BenchmarkFixture) -> None:
    cv2.setNumThreads(1)
    stream = itertools.cycle([jpeg_of(each) for each in eyes()])
    judge = Sharpness()
    seen: iris.Preview | None = None

    def one() -> float | None:
        nonlocal seen
        pixels = jpeg(next(stream))
        seen = iris.preview(pixels, seen)
        return judge(pixels)

    one()
    assert benchmark(one) is not None
    assert seen is not None
    assert seen.eye
    tell(benchmark)


@pytest.mark.benchmark(group="live", timer=time.process_time)
def test_time_of_the_drivers_part(benchmark: BenchmarkFixture) -> None:
    cv2.setNumThreads(1)
    stream = itertools.cycle([jpeg_of(each) for each in eyes()])
    judge = Sharpness()
    judge(jpeg(next(stream)))
    assert benchmark(lambda: judge(jpeg(next(stream)))) is not None
    tell(benchmark)


@pytest.mark.benchmark(group="live", timer=time.process_time)
@pytest.mark.parametrize("code", ["YUYV", "MJPG"])
def test_time_of_a_live_portrait(benchmark: BenchmarkFixture, code: str) -> None:
    cv2.setNumThreads(1)
    people = [portrait(number, *PORTRAIT) for number in range(2)]
    sent = [yuyv(each) if code == "YUYV" else cv2.imencode(".jpg", each[..., ::-1])[1] for each in people]
    stream = itertools.cycle(sent)
    judge = Portrait()

    def one() -> float | None:
        seen = coloured(next(stream), code)
        assert Frame(seen.pixels, colour=seen.colour).colour is not None
        return judge(seen.pixels)

    one()
    assert benchmark(one) is not None
    tell(benchmark)


@pytest.mark.benchmark(group="live", timer=time.process_time)
def test_time_of_a_live_finger(benchmark: BenchmarkFixture) -> None:
    cv2.setNumThreads(1)
    pixels = cv2.resize(synth.impression(3, 1, synth.Conditions()), (320, 480))
    shown: GreyImage = np.asarray(pixels, np.uint8)
    seen: fingerprint.Preview | None = None

    def one() -> float:
        nonlocal seen
        seen = fingerprint.preview(shown, seen)
        return roughness(shown)

    assert benchmark(one) > 0.0
    assert seen is not None
    assert seen.finger
    tell(benchmark)


@pytest.mark.benchmark(group="loop")
def test_share_of_a_core_of_the_whole_loop(benchmark: BenchmarkFixture) -> None:
    cv2.setNumThreads(1)
    stream = [jpeg_of(each) for each in eyes()]
    shares: list[float] = []
    live: list[bool] = []

    def pictures() -> Iterator[bytes]:
        return itertools.cycle(stream)

    def loop() -> None:
        seen: iris.Preview | None = None

        def look(event: Event) -> None:
            nonlocal seen
            if event.kind is EventKind.PREVIEW and event.frame is not None:
                seen = iris.preview(event.frame.pixels, seen)
                live.append(seen.eye)

        with CameraServer(pictures) as server:
            server.period = 1 / RATE
            device: Any = open_device(server.uri)
            device.judge = lambda pixels: Sharpness()(pixels)  # the first picture of its life: never one to take
            with device:
                device.listen(look)
                began, used = time.monotonic(), time.process_time()
                with pytest.raises(SubjectTimeoutError):
                    device.capture(SECONDS)
                shares.append((time.process_time() - used) / (time.monotonic() - began))

    benchmark.pedantic(loop, rounds=1)
    if shares:
        assert sum(live) > 0.6 * SECONDS * RATE * len(shares)
        benchmark.extra_info["share of a core"] = round(shares[0], 3)
        print(
            f"\nthe whole loop, server included: {shares[0]:.1%} of a core, {len(live) / SECONDS:.1f} pictures a second"
        )
