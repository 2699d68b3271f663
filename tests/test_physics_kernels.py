"""The physics kernels give what plain NumPy gives, and their gate lets nothing through that could hurt them."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

import reference_physics as reference
from biocore.errors import InvalidSampleError
from biocore.kernels import physics

SIZES = [(1, 1), (1, 40), (40, 1), (8, 8), (17, 23), (64, 48)]
LOOK: dict[str, Any] = {"across": 32, "along": 9, "along_step": 2.0, "hysteresis": 0.15}


def noise(shape: tuple[int, int], seed: int) -> NDArray[np.uint8]:
    return np.asarray(np.random.default_rng(seed).integers(0, 256, shape), np.uint8)


def waves(angle: float, period: float, size: int = 80) -> NDArray[np.uint8]:
    """Sine ridges running at `angle` (counter-clockwise as seen), with a little noise."""
    y, x = np.mgrid[0:size, 0:size].astype(float)
    across = x * math.sin(angle) + y * math.cos(angle)
    plane = 128 + 100 * np.cos(2 * math.pi * across / period)
    return np.asarray(plane + np.random.default_rng(1).normal(0, 5, plane.shape)).clip(0, 255).astype(np.uint8)


def frame(x: float, y: float, angle: float) -> NDArray[np.float64]:
    return np.array([[x, y, math.cos(angle), math.sin(angle)]])


@pytest.mark.parametrize("shape", SIZES)
@pytest.mark.parametrize("cell", [1, 3, 8, 64])
def test_cell_sums_are_exactly_those_of_numpy(shape: tuple[int, int], cell: int) -> None:
    image = noise(shape, 3)
    np.testing.assert_array_equal(physics.cell_sums(image, cell), reference.cell_sums(image, cell))


def test_cell_sums_of_the_largest_cell_do_not_overflow() -> None:
    image = np.zeros((128, 128), np.uint8)
    image[:, ::4] = image[:, 1::4] = 255
    np.testing.assert_array_equal(physics.cell_sums(image, 64), reference.cell_sums(image, 64))


@pytest.mark.parametrize("angle", [0.0, 0.4, 1.1, math.pi / 2, 2.0, 3.0])
@pytest.mark.parametrize("period", [7.0, 9.3, 13.0])
def test_profiles_are_those_of_numpy(angle: float, period: float) -> None:
    image = waves(angle, period)
    place = frame(40.3, 38.7, angle)
    got = dict(zip(physics.PROFILE_COLUMNS, physics.ridge_profiles(image, place, **LOOK)[0], strict=True))
    samples = reference.window(image, place[0], 32, 9, 2.0)
    for name, value in reference.ridge_profile(samples, 0.15).items():
        # Positions are kept to 1/65536 px and weights to 1/256: a sample may differ by a grey level, and a column at
        # the limit of a ridge's heart may fall on the other side, which moves the mean of the heart.
        limit = 6.0 if name in ("ink_level", "gap_level") else 1.5 if "level" in name else 0.03
        assert got[name] == pytest.approx(value, abs=limit), name


@pytest.mark.parametrize("angle", [0.0, 0.7, 1.6, 2.9])
def test_a_profile_reads_period_and_widths_off_the_ridges(angle: float) -> None:
    got = physics.ridge_profiles(waves(angle, 9.0), frame(40, 40, angle), **LOOK)[0]
    by = dict(zip(physics.PROFILE_COLUMNS, got, strict=True))
    assert by["period"] == pytest.approx(9.0, abs=0.2)
    assert by["ridge_share"] == pytest.approx(0.5, abs=0.04)
    assert by["clarity"] > 0.95
    assert by["hole_share"] < 0.01


def test_a_flat_window_has_no_ridges_and_no_nan() -> None:
    got = physics.ridge_profiles(np.full((60, 60), 77, np.uint8), frame(30, 30, 0.3), **LOOK)[0]
    assert np.isfinite(got).all()
    assert got[physics.PROFILE_COLUMNS.index("period")] == 0.0
    assert got[0] == got[1] == pytest.approx(77)


@settings(deadline=None, max_examples=60)
@given(
    height=st.integers(44, 90),
    width=st.integers(44, 90),
    across_the=st.floats(0, 1),
    down_the=st.floats(0, 1),
    angle=st.floats(0, math.pi),
    seed=st.integers(0, 1000),
)
def test_every_window_inside_the_margin_is_finite(
    height: int, width: int, across_the: float, down_the: float, angle: float, seed: int
) -> None:
    margin = physics.window_margin(32, 9, 2.0)
    x = margin + across_the * (width - 1 - 2 * margin)
    y = margin + down_the * (height - 1 - 2 * margin)
    image = noise((height, width), seed)
    got = physics.ridge_profiles(image, frame(x, y, angle), **LOOK)[0]
    assert np.isfinite(got).all()
    assert float(image.min()) - 1 <= got[0] <= got[1] <= float(image.max()) + 1


@pytest.mark.parametrize(
    "place",
    [frame(0, 30, 0), frame(30, 0, 0), frame(59, 30, 0), frame(30, 59, 0), frame(1e300, 30, 0), frame(-5, 3, 1)],
)
def test_a_window_that_leaves_the_picture_is_refused(place: NDArray[np.float64]) -> None:
    with pytest.raises(InvalidSampleError):
        physics.ridge_profiles(noise((60, 60), 1), place, **LOOK)


@pytest.mark.parametrize(
    "place",
    [
        np.array([[30.0, 30.0, 2.0, 0.0]]),
        np.array([[30.0, 30.0, math.nan, 0.0]]),
        np.array([[math.nan, 30.0, 1.0, 0.0]]),
        np.array([30.0, 30.0, 1.0, 0.0]),
        np.zeros((3, 5)),
        np.zeros((1, 4), np.float32),
    ],
)
def test_frames_that_are_none_are_refused(place: NDArray[np.float64]) -> None:
    with pytest.raises(InvalidSampleError):
        physics.ridge_profiles(noise((60, 60), 1), place, **LOOK)


@pytest.mark.parametrize(
    "change",
    [
        {"across": 7},
        {"across": 10**6},
        {"along": 0},
        {"along_step": 0.0},
        {"along_step": math.nan},
        {"hysteresis": 0.6},
    ],
)
def test_impossible_windows_are_refused(change: dict[str, float]) -> None:
    with pytest.raises(InvalidSampleError):
        physics.ridge_profiles(noise((60, 60), 1), frame(30, 30, 0), **{**LOOK, **change})


@pytest.mark.parametrize("shape", [(1, 1), (1, 200), (200, 1), (20, 20)])
def test_pictures_without_room_for_a_window_are_refused(shape: tuple[int, int]) -> None:
    with pytest.raises(InvalidSampleError):
        physics.ridge_profiles(noise(shape, 1), frame(shape[1] / 2, shape[0] / 2, 0), **LOOK)


@pytest.mark.parametrize("cell", [0, -1, 65])
def test_impossible_cells_are_refused(cell: int) -> None:
    with pytest.raises(InvalidSampleError):
        physics.cell_sums(noise((60, 60), 1), cell)


def test_read_only_and_strided_pictures_give_the_same() -> None:
    image = noise((120, 120), 5)
    view = image[::2, ::2]
    still = view.copy()
    still.flags.writeable = False
    place = frame(30, 30, 0.5)
    np.testing.assert_array_equal(
        physics.ridge_profiles(view, place, **LOOK), physics.ridge_profiles(still, place, **LOOK)
    )
    np.testing.assert_array_equal(physics.cell_sums(view, 8), physics.cell_sums(still, 8))


def test_no_frames_give_an_empty_table() -> None:
    assert physics.ridge_profiles(noise((60, 60), 1), np.empty((0, 4)), **LOOK).shape == (0, 13)
