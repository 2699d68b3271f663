"""The peak finder equals its twin, and its gate lets nothing through that the kernel could trip over."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray

from biocore.errors import InvalidSampleError
from biocore.kernels.peaks import peaks
from reference_peaks import peaks as peaks_twin

# Few distinct values, so that ties and plateaus are common; a NaN among them.
VALUES = st.sampled_from([0.0, 0.25, 0.5, 0.75, 1.0, float("nan")])


@given(
    score=hnp.arrays(np.float32, hnp.array_shapes(min_dims=2, max_dims=2, max_side=9), elements=VALUES),
    threshold=st.sampled_from([0.25, 0.5, 1.0]),
    radius=st.integers(0, 4),
)
def test_kernel_equals_its_twin(score: NDArray[np.float32], threshold: float, radius: int) -> None:
    np.testing.assert_array_equal(peaks(score, threshold, radius), peaks_twin(score, threshold, radius))


def test_more_peaks_than_the_limit_keeps_the_highest_in_raster_order() -> None:
    score = np.zeros((1, 50), np.float32)
    score[0, ::5] = np.arange(10) / 10 + 0.1
    np.testing.assert_array_equal(peaks(score, 0.05, 2, limit=3), [[35, 0], [40, 0], [45, 0]])


@pytest.mark.parametrize("shape", [(0, 0), (0, 5), (1, 1), (1, 300), (300, 1)])
def test_degenerate_maps_have_no_or_one_peak(shape: tuple[int, int]) -> None:
    score = np.ones(shape, np.float32)
    expected = [] if 0 in shape else [[0, 0]]
    assert peaks(score, 0.5, 64).tolist()[:1] == expected


def test_views_and_read_only_maps_are_taken() -> None:
    score = np.zeros((20, 20), np.float32)
    score[6, 8] = 1.0
    view = score[::2, ::2]
    view.flags.writeable = False
    assert peaks(view, 0.5, 3).tolist() == [[4, 3]]


@pytest.mark.parametrize(
    ("score", "radius", "limit"),
    [
        (np.zeros((3, 3), np.float64), 3, 10),
        (np.zeros(3, np.float32), 3, 10),
        (np.zeros((3, 3, 3), np.float32), 3, 10),
        (np.zeros((3, 3), np.float32), -1, 10),
        (np.zeros((3, 3), np.float32), 65, 10),
        (np.zeros((3, 3), np.float32), 3, 0),
    ],
)
def test_wrong_arguments_are_named(score: NDArray[np.float32], radius: int, limit: int) -> None:
    with pytest.raises(InvalidSampleError):
        peaks(score, 0.5, radius, limit)
