"""The ridge kernels equal their plain twins, and their gate lets nothing else in."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray

import reference_ridge as reference
from biocore.errors import InvalidSampleError
from biocore.kernels import ridge

sizes = st.tuples(st.integers(1, 60), st.integers(1, 60))
pictures = hnp.arrays(np.uint8, sizes)


def ridge_picture(rows: int, columns: int, seed: int) -> ridge.RidgePicture:
    values = np.random.default_rng(seed).integers(-127, 128, ridge.blank(rows, columns).shape)
    return values.astype(np.float32)


@settings(max_examples=60, deadline=None)
@given(pictures, st.integers(1, 64), st.sampled_from([0.5, 4.0, 20.0]), st.sampled_from([10.0, 40.0]))
def test_normalise_equals_its_twin(pixels: NDArray[np.uint8], radius: int, floor: float, gain: float) -> None:
    got, deviation = ridge.normalise(pixels, radius, floor, gain)
    want, spread = reference.normalise(pixels, radius, floor, gain)
    np.testing.assert_array_equal(got, want)
    np.testing.assert_array_equal(deviation, spread)


@pytest.mark.parametrize("shape", [(1, 1), (1, 3), (3, 1), (5, 7)])
def test_cell_tensors_equal_their_twin(shape: tuple[int, int]) -> None:
    picture = ridge_picture(*shape, seed=sum(shape))
    want = reference.cell_tensors(picture)
    np.testing.assert_allclose(ridge.cell_tensors(picture), want, rtol=1e-4, atol=1e-4 * np.abs(want).max())


@pytest.mark.parametrize("degrees", range(0, 180, 15))
def test_the_tensor_points_along_the_doubled_ridge_angle_and_knows_the_period(degrees: int) -> None:
    angle, period = np.radians(degrees), 9.0
    y, x = np.mgrid[: 10 * 8 + 32, : 10 * 8 + 32]
    picture = np.round(100 * np.cos(2 * np.pi * (x * np.sin(angle) + y * np.cos(angle)) / period)).astype(np.float32)
    total = ridge.cell_tensors(picture).sum(axis=(0, 1))
    assert np.exp(1j * (np.angle(total[0] + 1j * total[1]) - 2 * angle)).real > 0.999
    assert 2 * np.pi / np.arcsin(np.sqrt(total[2] / total[3] / 4)) == pytest.approx(period, rel=0.06)


@settings(max_examples=20, deadline=None)
@given(st.integers(1, 3), st.integers(1, 3), st.sampled_from([1, 3, 9, 33]), st.integers(0, 99))
def test_filter_cells_equals_its_twin_exactly(rows: int, columns: int, side: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    bank = rng.integers(-20, 21, (4, side, side)).astype(np.float32)
    bank[:, :1] = bank[:, :, : side // 3] = 0  # rows and columns without taps are left out, not misread
    scale = rng.uniform(1e-3, 1e-1, 4).astype(np.float32)
    choice = rng.integers(-1, 4, (rows, columns)).astype(np.int16)
    picture = ridge_picture(rows, columns, seed)
    got, strength = ridge.filter_cells(picture, ridge.FilterBank(bank, scale), choice)
    want, level = reference.filter_cells(picture, bank, scale, choice)
    np.testing.assert_array_equal(got, want)
    np.testing.assert_allclose(strength, level, rtol=1e-6)


@pytest.mark.parametrize("shape", [(1, 1), (1, 300), (300, 1), (7, 9)])
def test_odd_shapes_go_through_the_whole_family(shape: tuple[int, int]) -> None:
    picture, deviation = ridge.normalise(np.full(shape, 90, np.uint8), 12, 4.0, 40.0)
    cells = ridge.cells_of(*shape)
    assert picture.shape == ridge.blank_shape(*cells)
    assert deviation.shape == shape
    assert not picture.any()
    assert ridge.cell_tensors(picture).shape == (*cells, 4)


def test_views_and_read_only_pixels_give_the_same_as_copies() -> None:
    pixels = np.random.default_rng(3).integers(0, 256, (80, 90)).astype(np.uint8)
    view = pixels[::2, ::3]
    frozen = view.copy()
    frozen.flags.writeable = False
    np.testing.assert_array_equal(ridge.normalise(view, 5, 4.0, 40.0)[0], ridge.normalise(frozen, 5, 4.0, 40.0)[0])


def test_the_gate_refuses_what_would_leave_the_arrays() -> None:
    pixels, picture = np.zeros((16, 16), np.uint8), ridge.blank(2, 2)
    bank, scale, choice = np.ones((1, 3, 3), np.float32), np.ones(1, np.float32), np.zeros((2, 2), np.int16)
    for radius, floor, gain in ((0, 4.0, 40.0), (65, 4.0, 40.0), (5, 0.0, 40.0), (5, float("nan"), 40.0)):
        with pytest.raises(InvalidSampleError):
            ridge.normalise(pixels, radius, floor, gain)
    rasters: list[NDArray[Any]] = [np.zeros((0, 5), np.uint8), np.zeros((5, 5), np.float32), np.zeros(5, np.uint8)]
    for wrong in rasters:
        with pytest.raises(InvalidSampleError):
            ridge.normalise(wrong, 5, 4.0, 40.0)
    padded: list[NDArray[Any]] = [
        np.zeros((3, 3), np.float32),
        np.zeros((49, 48), np.float32),
        picture.astype(np.float64),
    ]
    for wrong in padded:
        with pytest.raises(InvalidSampleError):
            ridge.cell_tensors(wrong)
    refused = [
        (np.ones((1, 4, 4), np.float32), scale, choice),  # even
        (np.ones((1, 35, 35), np.float32), scale, choice),  # wider than the margin
        (np.full((1, 33, 33), 200, np.float32), scale, choice),  # sums beyond 2^24
        (np.full((1, 3, 3), np.nan, np.float32), scale, choice),
        (np.full((1, 1, 1), 40000, np.float32), scale, choice),  # beyond 16 bits
        (np.full((1, 3, 3), 0.5, np.float32), scale, choice),  # not whole
        (bank[:0], scale[:0], choice),
        (bank, np.ones(2, np.float32), choice),
        (bank, scale, np.ones((2, 2), np.int16)),  # beyond the bank
        (bank, scale, np.zeros((2, 3), np.int16)),
    ]
    for filters, factors, chosen in refused:
        with pytest.raises(InvalidSampleError):
            ridge.filter_cells(picture, ridge.FilterBank(filters, factors), chosen)


def test_a_filter_passes_over_what_is_no_level_of_a_ridge_picture() -> None:
    random = np.random.default_rng(0)
    picture = ridge.blank(3, 4)
    picture[:] = random.integers(-127, 128, picture.shape)
    bank = ridge.FilterBank(random.integers(-9, 10, (1, 9, 9)).astype(np.float32), np.array([0.01], np.float32))
    choice = np.zeros((3, 4), np.int16)
    odd, empty = picture.copy(), picture.copy()
    places = random.choice(picture.size, 60, replace=False)
    odd.ravel()[places] = np.resize(np.array([np.nan, np.inf, -np.inf, 1e30, -128.0, 40000.0], np.float32), 60)
    empty.ravel()[places] = 0.0
    for got, want in zip(ridge.filter_cells(odd, bank, choice), ridge.filter_cells(empty, bank, choice), strict=True):
        assert np.array_equal(got, want)
