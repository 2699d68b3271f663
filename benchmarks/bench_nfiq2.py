"""The 65 measures of NFIQ 2 that need no minutiae, and the stages that cost most; the plain twin beside each."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from pytest_benchmark.fixture import BenchmarkFixture

import reference_nfiq2 as twin
from biocore.fingerprint import nfiq2_blocks as blocks
from biocore.fingerprint.nfiq2 import crop_white_border, nfiq2_measures
from biocore.fingerprint.nfiq2_roi import GAUSS_91
from biocore.kernels import nfiq2 as kernels

SIZES = [(256, 360), (416, 560)]  # width, height in px


def name_of(size: tuple[int, int]) -> str:
    return f"{size[0]}x{size[1]}"


def picture(size: tuple[int, int]) -> twin.Grey:
    """Return ridges in an oval, without the white border (the twin does not crop)."""
    return crop_white_border(twin.ridges(size[1] + 40, size[0] + 30))[0]


@pytest.mark.parametrize("size", SIZES, ids=name_of)
@pytest.mark.parametrize("how", [nfiq2_measures, twin.measures], ids=["kernels", "numpy"])
def test_measures(benchmark: BenchmarkFixture, how: Callable[[twin.Grey], dict[str, float]], size: Any) -> None:
    image = picture(size)
    benchmark.group = f"nfiq2 65 measures {name_of(size)}"
    have = benchmark(how, image)
    assert have == pytest.approx(twin.measures(image), rel=1e-9, abs=1e-12)


@pytest.mark.parametrize("size", SIZES, ids=name_of)
@pytest.mark.parametrize("how", [kernels.blur, twin.blur], ids=["kernels", "numpy"])
def test_blur(benchmark: BenchmarkFixture, how: Callable[..., twin.Grey], size: Any) -> None:
    image = picture(size)
    benchmark.group = f"nfiq2 blur of 91 taps {name_of(size)}"
    np.testing.assert_array_equal(benchmark(how, image, GAUSS_91), twin.blur(image, GAUSS_91))


@pytest.mark.parametrize("size", SIZES, ids=name_of)
@pytest.mark.parametrize("how", [blocks.ridge_blocks, twin.ridge_blocks], ids=["kernels", "numpy"])
def test_ridge_blocks(benchmark: BenchmarkFixture, how: Callable[..., tuple[Any, ...]], size: Any) -> None:
    image = picture(size)
    foreground = twin.foreground_blocks(image)
    benchmark.group = f"nfiq2 ridge blocks {name_of(size)}"
    have = benchmark(how, image, foreground)
    want = twin.ridge_blocks(image, foreground)
    for have_values, want_values in zip(have, want, strict=True):
        np.testing.assert_allclose(have_values, want_values, rtol=1e-12)
