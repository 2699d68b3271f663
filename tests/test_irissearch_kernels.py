"""Kernels that search for an eye: each gives what its plain twin gives, its gate lets nothing unsafe through."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

import reference_irissearch as twin
from biocore.errors import InvalidSampleError
from biocore.kernels import irissearch as kernel

SIDES = st.integers(1, 12)
SEEDS = st.integers(0, 2**32 - 1)
NO_WIDER = np.zeros(1, np.int32)
WEIGHTS = kernel.Weights(1.0, 0.25, 0.5)


def gradient(rng: np.random.Generator, height: int, width: int) -> NDArray[np.int16]:
    return rng.integers(-1000, 1000, (height, width)).astype(np.int16)


def some_planes(rng: np.random.Generator, count: int) -> kernel.Planes:
    """Planes of one radius or more, from 1 px on."""
    many = rng.integers(1, 4, count)
    n = int(many.sum())
    return kernel.Planes(
        np.sort(rng.uniform(1, 20, n)).astype(np.float32),
        rng.uniform(0.1, 1.0, n).astype(np.float32),
        np.concatenate([[0], np.cumsum(many)]).astype(np.int32),
        rng.integers(1, 9, count).astype(np.int32),
        rng.uniform(0.5, 2.0, count).astype(np.float32),
        rng.integers(1, 9, count).astype(np.int32),
    )


@given(SIDES, SIDES, SEEDS)
def test_grey_levels_are_all_counted(height: int, width: int, seed: int) -> None:
    image = np.random.default_rng(seed).integers(0, 256, (height, width)).astype(np.uint8)
    assert kernel.histogram(image).tolist() == np.bincount(image.ravel(), minlength=256).tolist()


@given(SIDES, SIDES, st.floats(0, 1), SEEDS)
def test_areas_are_those_of_the_twin(height: int, width: int, share: float, seed: int) -> None:
    mask = np.random.default_rng(seed).random((height, width)) < share
    got, want = kernel.areas(mask), twin.areas(mask)
    assert [(a.left, a.top, a.width, a.height, a.pixels) for a in got] == [
        (a.left, a.top, a.width, a.height, a.pixels) for a in want
    ]
    np.testing.assert_allclose([(a.x, a.y) for a in got], [(a.x, a.y) for a in want], rtol=1e-12)


@given(SIDES, SIDES, st.integers(0, 12), st.integers(0, 3), st.floats(0, 1), SEEDS)
def test_compact_areas_are_those_of_the_twin(
    height: int, width: int, widest: int, half: int, share: float, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    mask, around = rng.random((height, width)) < share, rng.integers(0, 5, 2 * half + 1).astype(np.int32)
    assert kernel.compact(mask, widest, around).tolist() == twin.compact(mask, widest, around).tolist()


@given(SIDES, SIDES, st.floats(0, 1), st.floats(0, 0.3), SEEDS)
def test_areas_apart_are_those_of_the_twin(height: int, width: int, share: float, marked: float, seed: int) -> None:
    rng = np.random.default_rng(seed)
    mask, mark = rng.random((height, width)) < share, rng.random((height, width)) < marked
    assert kernel.apart(mask, mark).tolist() == twin.apart(mask, mark).tolist()


def test_a_spiral_is_one_area_and_corners_join_only_compact_ones() -> None:
    spiral = np.array(
        [list(row) for row in ("#######", "......#", "#####.#", "#...#.#", "#.###.#", "#.....#", "#######")]
    )
    (whole,) = kernel.areas(spiral == "#")
    assert (whole.left, whole.top, whole.width, whole.height, whole.pixels) == (0, 0, 7, 7, 31)
    steps = np.eye(5, dtype=np.bool_)
    assert len(kernel.areas(steps)) == 5
    assert not kernel.compact(steps, 4, NO_WIDER).any()
    assert kernel.compact(steps, 5, NO_WIDER).tolist() == steps.tolist()


@given(SIDES, SIDES, SEEDS)
def test_ridges_are_those_of_the_twin(height: int, width: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    gx, gy = gradient(rng, height, width), gradient(rng, height, width)
    np.testing.assert_array_equal(kernel.ridges(gx, gy, 20.0).edges, twin.ridges(gx, gy, 20.0))


@given(SIDES, SIDES, st.integers(1, 8), st.booleans(), SEEDS)
def test_votes_are_those_of_the_twin(height: int, width: int, count: int, dark_inside: bool, seed: int) -> None:
    rng = np.random.default_rng(seed)
    found = kernel.ridges(gradient(rng, height, width), gradient(rng, height, width), 20.0)
    planes = some_planes(rng, count)
    (top, bottom), (left, right) = (sorted(rng.choice(side + 1, 2, replace=False)) for side in (height, width))
    window = int(top), int(bottom), int(left), int(right)
    asked = rng.integers(-3, 15, (5, 4)).astype(np.int32)
    before = found.edges.copy()
    got = kernel.vote(found, planes, dark_inside=dark_inside, cap=700.0, weights=WEIGHTS, window=window, asked=asked)
    assert found.edges.tobytes() == before.tobytes()  # edges may vote again
    summed = twin.votes((height, width), found.edges, planes, 1.0 if dark_inside else -1.0, 700.0, WEIGHTS)
    raised = summed * planes.rises[:, None, None]
    np.testing.assert_allclose(got.level, raised.max(axis=0)[top:bottom, left:right], rtol=1e-6, atol=1e-6)
    y, x = np.mgrid[top:bottom, left:right]
    np.testing.assert_allclose(raised[got.plane, y, x], got.level, rtol=1e-6, atol=1e-6)
    np.testing.assert_allclose(summed[got.plane, y, x] * (got.level > 0), got.share, rtol=1e-6, atol=1e-6)
    want = [twin.answer(summed, planes, window, place) for place in asked]
    np.testing.assert_allclose(got.values, want, rtol=1e-6, atol=1e-6)
    for value, (plane, column, row) in zip(got.values, got.answers, strict=True):
        assert not value or abs(summed[plane, row, column] - value) <= 1e-6 * max(1.0, float(value))


def test_votes_of_a_dark_disc_meet_in_its_centre() -> None:
    y, x = np.mgrid[:61, :61]
    disc = np.clip((np.hypot(x - 30, y - 30) - 17) * 40, 0, 200)
    gy, gx = (g.astype(np.int16) for g in np.gradient(disc))
    ones = np.ones(20, np.int32)
    planes = kernel.Planes(
        np.arange(8, 28, dtype=np.float32), ones.astype(np.float32), np.arange(21, dtype=np.int32), ones,
        ones.astype(np.float32), 4 * ones,
    )  # fmt: skip
    asked = np.array([[32, 28, 0, 20], [5, 5, 0, 20]], np.int32)
    votes = kernel.vote(
        kernel.ridges(gx, gy, 5.0), planes, dark_inside=True, cap=20.0, weights=kernel.Weights(), asked=asked
    )
    row, column = np.unravel_index(votes.level.argmax(), votes.level.shape)
    assert max(abs(int(row) - 30), abs(int(column) - 30)) <= 1
    assert abs(8 + votes.plane[row, column] - 19) <= 2
    assert votes.values[0] == votes.share[row, column] > 2.0 * votes.values[1]


MASK = np.zeros((4, 5), np.bool_)
SHORT = np.zeros((4, 5), np.int16)
FLOATS, INTS = np.ones(3, np.float32), np.ones(3, np.int32)
FOUR = np.arange(4, dtype=np.int32)
GOOD = kernel.Planes(FLOATS, FLOATS, FOUR, INTS, FLOATS, INTS)
RIDGES = kernel.Ridges((4, 5), np.ones((5, 2), np.float32))


def cast(found: kernel.Ridges = RIDGES, cap: float = 2.0, **given_: Any) -> kernel.Votes:
    return kernel.vote(found, GOOD, dark_inside=True, cap=cap, weights=WEIGHTS, **given_)


@pytest.mark.parametrize(
    "call",
    [
        lambda: kernel.histogram(np.zeros((0, 5), np.uint8)),
        lambda: kernel.areas(MASK[:0]),
        lambda: kernel.areas(MASK.astype(np.uint8)),
        lambda: kernel.areas(np.zeros((1, 9000), np.bool_)),
        lambda: kernel.compact(MASK[:, :0], 3, NO_WIDER),
        lambda: kernel.compact(MASK, 3, np.zeros(2, np.int32)),
        lambda: kernel.compact(MASK, 3, NO_WIDER - 1),
        lambda: kernel.compact(MASK, 3, NO_WIDER + 2**30),
        lambda: kernel.apart(MASK[:0], MASK[:0]),
        lambda: kernel.apart(MASK, MASK[:3]),
        lambda: kernel.apart(MASK, MASK.view(np.uint8)),
        lambda: kernel.ridges(SHORT, SHORT[:3], 1.0),
        lambda: kernel.ridges(SHORT.astype(np.int32), SHORT, 1.0),
        lambda: kernel.ridges(SHORT, SHORT, 0.0),
        lambda: kernel.ridges(SHORT, SHORT, math.nan),
        lambda: kernel.Planes(FLOATS - 1, FLOATS, FOUR, INTS, FLOATS, INTS),
        lambda: kernel.Planes(FLOATS * np.float32(1e4), FLOATS, FOUR, INTS, FLOATS, INTS),
        lambda: kernel.Planes(np.array([3, 2, 1], np.float32), FLOATS, FOUR, INTS, FLOATS, INTS),
        lambda: kernel.Planes(FLOATS[:0], FLOATS[:0], FOUR[:1], INTS[:0], FLOATS[:0], INTS[:0]),
        lambda: kernel.Planes(FLOATS, FLOATS[:2], FOUR, INTS, FLOATS, INTS),
        lambda: kernel.Planes(FLOATS, FLOATS, FOUR + 1, INTS, FLOATS, INTS),
        lambda: kernel.Planes(FLOATS, FLOATS, np.array([0, 9, 1, 3], np.int32), INTS, FLOATS, INTS),
        lambda: kernel.Planes(FLOATS, FLOATS, FOUR, INTS - 1, FLOATS, INTS),
        lambda: kernel.Planes(FLOATS, FLOATS, FOUR, INTS, -FLOATS, INTS),
        lambda: kernel.Planes(FLOATS, FLOATS, FOUR, INTS, FLOATS, INTS * 5000),
        lambda: cast(kernel.Ridges((4, 5), np.ones((4, 2), np.float32))),
        lambda: cast(kernel.Ridges((4, 0), RIDGES.edges)),
        lambda: cast(cap=0.0),
        lambda: cast(cap=math.inf),
        lambda: cast(window=(0, 5, 0, 5)),
        lambda: cast(window=(2, 2, 0, 5)),
        lambda: cast(window=(0, 4, -1, 5)),
        lambda: cast(asked=np.zeros((2, 3), np.int32)),
        lambda: cast(asked=np.full((1, 4), 2**31 - 1, np.int32)),
    ],
)
def test_gates_refuse_what_no_kernel_may_see(call: Any) -> None:
    with pytest.raises(InvalidSampleError):
        call()


def test_votes_from_anywhere_stay_within_the_picture() -> None:
    wild = np.array([[math.nan, 1e30, 3, -5, 2], [1, 2, math.inf, 2, 2], [1, 1, 1, 1, math.nan], *[[1.0] * 5] * 2])
    votes = cast(kernel.Ridges((4, 5), wild.astype(np.float32)))
    assert not votes.level.any()
    assert not cast(kernel.Ridges((4, 5), np.empty((5, 0), np.float32))).level.any()


def test_planes_keep_to_themselves() -> None:
    radii = np.array([1, 2, 3], np.float32)
    planes = kernel.Planes(radii, FLOATS, FOUR, INTS, FLOATS, INTS)
    radii[:] = 1e9
    assert planes.radii.tolist() == [1, 2, 3]
    assert not planes.radii.flags.writeable
