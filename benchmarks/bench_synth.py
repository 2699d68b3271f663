"""What a synthetic finger and its impressions cost."""

from __future__ import annotations

import numpy as np
import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from biocore.fingerprint import synth
from biocore.fingerprint.synth_ridges import filters
from biocore.iris import synth as eyes
from biocore.iris import synth_texture


@pytest.mark.benchmark(group="synth")
def test_master(benchmark: BenchmarkFixture) -> None:
    filters()  # made once a process
    synth.master.cache_clear()
    finger = benchmark(lambda: (synth.master.cache_clear(), synth.master(7))[1])
    assert finger.relief.shape == (600, 456)
    assert 0.4 < float(np.mean(finger.ridges > 0)) < 0.6


@pytest.mark.benchmark(group="synth")
@pytest.mark.parametrize(("size", "ppi"), [((256, 360), 500.0), ((400, 500), 500.0), ((800, 1000), 1000.0)])
def test_impression(benchmark: BenchmarkFixture, size: tuple[int, int], ppi: float) -> None:
    synth.master(7)
    pixels = benchmark(lambda: synth.impression(7, 1, synth.Conditions(), size, ppi))
    assert pixels.shape == size[::-1]
    assert 0.1 < (pixels < 128).mean() < 0.7


@pytest.mark.benchmark(group="synth")
@pytest.mark.parametrize("cause", ["DRY", "WET", "WORN", "SMEAR", "RESIDUE"])
def test_defect(benchmark: BenchmarkFixture, cause: str) -> None:
    conditions = synth.defect(cause)
    synth.master(7)
    pixels = benchmark(lambda: synth.impression(7, 1, conditions))
    assert pixels.std() > 20


@pytest.mark.benchmark(group="synth-eye")
def test_iris_texture(benchmark: BenchmarkFixture) -> None:
    grown = benchmark(lambda: (synth_texture.planes.cache_clear(), synth_texture.planes(7, "left"))[1])
    assert grown[0].shape == (synth_texture.ROWS, synth_texture.COLUMNS + 2 * synth_texture.PAD)
    assert 0.8 < float(grown[0].std()) / synth_texture.UNIT < 1.2


@pytest.mark.benchmark(group="synth-eye")
@pytest.mark.parametrize("size", [(320, 240), (640, 480)])
def test_eye(benchmark: BenchmarkFixture, size: tuple[int, int]) -> None:
    conditions = eyes.Conditions()
    eyes.render(7, 1, conditions, size)
    shown = benchmark(lambda: eyes.render(7, 1, conditions, size))
    assert shown.pixels.shape == size[::-1]
    assert 0.05 < shown.visible.mean() < 0.2
