"""What it costs to watch a device: live frames looked at in a second, and the share of a core that takes.

    pytest --benchmark-only benchmarks/bench_live.py -s

The bar: 10 frames a second, on a machine that does other things too.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable

import numpy as np
import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from biocore.errors import SubjectTimeoutError
from biocore.fingerprint import synth
from biocore.hal import Attempt, Device, DeviceInfo, EventKind
from biocore.iris import synth as iris_synth
from biocore.station.glance import glance
from biocore.station.live import Live, LiveView
from biocore.types import Frame, GreyImage, Modality

BAR = 10  # frames a second
RATE = 30  # of the device
SECONDS = 4.0
NEVER = 100  # a target that nothing reaches while it moves: all frames are looked at, none is taken


class Camera(Device):
    """Shows pictures that move by a pixel or two, 30 times a second."""

    def __init__(self, pixels: GreyImage, modality: Modality) -> None:
        ppi = 500.0 if modality is Modality.FINGER else None
        super().__init__(DeviceInfo("bench:1", "bench", "", "", modality, ppi))
        self.shown = 0
        self._frames = [Frame(np.roll(pixels, (k % 3, k % 5), (0, 1)), ppi, "bench:1") for k in range(15)]

    def _open(self) -> None:
        pass

    def _close(self) -> None:
        pass

    def _capture(self, attempt: Attempt) -> Frame:
        due = time.monotonic()
        while True:
            attempt.emit(EventKind.PREVIEW, frame=self._frames[self.shown % len(self._frames)])
            self.shown += 1
            due += 1.0 / RATE
            attempt.sleep(max(0.0, due - time.monotonic()), subject=True)


def finger() -> GreyImage:
    return synth.impression(1, 1, synth.Conditions())


def eye() -> GreyImage:
    return iris_synth.render(1, 1, iris_synth.Conditions()).pixels


SCENES: dict[Modality, Callable[[], GreyImage]] = {Modality.FINGER: finger, Modality.IRIS: eye}


@pytest.mark.parametrize("modality", SCENES)
def test_a_device_of_thirty_frames_a_second_is_watched(benchmark: BenchmarkFixture, modality: Modality) -> None:
    views: list[LiveView] = []
    with Camera(SCENES[modality](), modality) as device:

        def watch() -> None:
            live = Live(device, NEVER, lambda news: views.append(news) if isinstance(news, LiveView) else None)
            with pytest.raises(SubjectTimeoutError):
                live.take(SECONDS)

        began = time.process_time()
        benchmark.pedantic(watch, rounds=1)
        cpu = time.process_time() - began
    rate = len(views) / SECONDS
    benchmark.extra_info |= {"shown": device.shown, "looked_at": len(views), "rate": rate, "core": cpu / SECONDS}
    size = "x".join(map(str, views[0].frame.pixels.shape[::-1]))
    print(
        f"\n{modality} {size}: {device.shown / SECONDS:.0f} shown, {rate:.0f} looked at a second, "
        f"{cpu / SECONDS:.0%} of a core; load {os.getloadavg()[0]:.1f}"
    )
    assert rate >= BAR
    assert len(views) + views[-1].dropped >= device.shown - 2  # each was looked at, or counted as dropped


@pytest.mark.parametrize("modality", SCENES)
def test_a_glance(benchmark: BenchmarkFixture, modality: Modality) -> None:
    pixels = SCENES[modality]()
    frame = Frame(pixels, 500.0 if modality is Modality.FINGER else None)
    before = glance(frame, modality)
    seen = benchmark(lambda: glance(frame, modality, before))
    assert seen.present
    assert seen.steady
