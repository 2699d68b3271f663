"""How long a look at a print takes: causes of a capture, and a preview of a live frame, at 416 x 560 px."""

from __future__ import annotations

import time

import cv2
import numpy as np
import pytest
from pytest_benchmark.fixture import BenchmarkFixture

import reference_physics as reference
from biocore.fingerprint import synth
from biocore.fingerprint.causes import find_causes
from biocore.fingerprint.preview import preview
from biocore.kernels import physics
from biocore.report import CauseName
from biocore.types import GreyImage

SIZE = (416, 560)


@pytest.fixture(autouse=True)
def one_thread() -> None:
    cv2.setNumThreads(1)


@pytest.fixture(scope="module")
def worn() -> GreyImage:
    return synth.impression(1, 1, synth.defect("WORN", 0.6), SIZE)


@pytest.mark.benchmark(group="causes", timer=time.process_time)
def test_time_of_causes(benchmark: BenchmarkFixture, worn: GreyImage) -> None:
    causes = benchmark(find_causes, worn)
    assert causes[0].name is CauseName.WORN


@pytest.mark.benchmark(group="causes", timer=time.process_time)
def test_time_of_preview(benchmark: BenchmarkFixture, worn: GreyImage) -> None:
    first = preview(worn)
    seen = benchmark(preview, worn, first)
    assert seen.steady
    assert seen.motion == 0.0


@pytest.mark.benchmark(group="cell sums", timer=time.process_time)
@pytest.mark.parametrize("implementation", [physics.cell_sums, reference.cell_sums], ids=["kernel", "numpy"])
def test_time_of_cell_sums(benchmark: BenchmarkFixture, worn: GreyImage, implementation: object) -> None:
    assert callable(implementation)
    sums = benchmark(implementation, worn, 8)
    np.testing.assert_array_equal(sums, reference.cell_sums(worn, 8))
