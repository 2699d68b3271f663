"""The iris kernels: each gives what its plain twin gives, and its gate lets nothing unsafe through."""

from __future__ import annotations

import math
from typing import Any, cast

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

import reference_iris as twin
from biocore.errors import InvalidSampleError
from biocore.kernels import iris as kernel

SIDES = st.integers(1, 12)
SEEDS = st.integers(0, 2**32 - 1)
FINITE = st.floats(-1e12, 1e12)


@given(SIDES, SIDES, st.floats(0, 1), SEEDS)
def test_spots_are_bridged_as_the_twin_does(height: int, width: int, share: float, seed: int) -> None:
    rng = np.random.default_rng(seed)
    image = rng.integers(0, 256, (height, width)).astype(np.uint8)
    spots = rng.random((height, width)) < share
    got = kernel.bridge(image, spots)
    assert np.abs(got.astype(int) - twin.bridge(image, spots)).max() <= 1  # single precision may round the other way
    assert (got[~spots] == image[~spots]).all()


def test_a_spot_on_a_straight_edge_leaves_the_edge_where_it_was() -> None:
    image = np.zeros((40, 40), np.uint8)
    image[20:] = 200
    spots = np.zeros((40, 40), bool)
    spots[17:23, 17:23] = True
    spots[10:30, 5] = True
    lit = image.copy()
    lit[spots] = 255
    bridged = kernel.bridge(lit, spots)
    assert np.abs(bridged[:, 5].astype(int) - image[:, 5]).max() < 20
    assert abs(int(np.argmax(bridged[:, 20] > 100)) - 20) <= 1


@given(SIDES, SIDES, st.integers(1, 9), st.integers(2, 9), FINITE, FINITE, SEEDS)
def test_rays_are_those_of_the_twin_and_minus_one_outside(
    height: int, width: int, count: int, samples: int, cx: float, cy: float, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    image = rng.integers(0, 256, (height, width)).astype(np.uint8)
    inner, outer = rng.uniform(0, 3, count), rng.uniform(3, 15, count)
    for centre in ((cx, cy), (width / 2.0, height / 2.0)):
        got = kernel.rays(image, centre, inner, outer, samples)
        np.testing.assert_allclose(got, twin.rays(image, centre, inner, outer, samples), atol=1e-4)


@given(SIDES, SIDES, st.integers(0, 5), st.integers(2, 20), st.lists(st.integers(1, 12), min_size=1, max_size=3), SEEDS)
def test_rays_unrolled_are_those_sampled_and_their_steps_those_of_the_twin(
    height: int, width: int, count: int, samples: int, widths: list[int], seed: int
) -> None:
    rng = np.random.default_rng(seed)
    image = rng.integers(0, 256, (height, width)).astype(np.uint8)
    (x, y), inner, outer = rng.uniform(0, 12, 2), rng.uniform(0, 9, count), rng.uniform(0, 9, count)
    grey, steps = kernel.unroll(image, (x, y), inner, outer, samples, tuple(widths))
    sampled = kernel.rays(image, (x, y), inner, outer, samples)
    assert grey.tobytes() == sampled.tobytes()
    np.testing.assert_allclose(steps, twin.steps(grey, tuple(widths)), atol=1e-3)


def test_rays_turn_counter_clockwise_as_seen() -> None:
    image = np.zeros((21, 21), np.uint8)
    image[0:5, 10] = 200  # straight above the centre
    grey = kernel.rays(image, (10.0, 10.0), np.full(4, 6.0), np.full(4, 10.0), 5)
    assert (grey.max(axis=1) == [0, 200, 0, 0]).all()


@given(st.integers(1, 7), st.integers(1, 6), st.integers(0, 3), SEEDS)
def test_an_open_path_is_the_best_there_is(columns: int, rows: int, reach: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    reward = rng.integers(-8, 9, (columns, rows)).astype(np.float32)
    bend = rng.integers(0, 4, reach + 1).astype(np.float32)
    path = kernel.best_path(reward, bend, closed=False)
    assert twin.path_value(reward, bend, path, closed=False) == twin.best_value(reward, bend, closed=False)


@given(st.integers(1, 9), st.integers(1, 6), st.integers(0, 3), SEEDS)
def test_a_closed_path_closes_and_is_at_most_the_best(columns: int, rows: int, reach: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    reward = rng.integers(-8, 9, (columns, rows)).astype(np.float32)
    bend = rng.integers(0, 4, reach + 1).astype(np.float32)
    path = kernel.best_path(reward, bend, closed=True)
    value = twin.path_value(reward, bend, path, closed=True)
    assert math.isfinite(value)
    assert value <= twin.best_value(reward, bend, closed=True)


def test_a_closed_path_finds_the_ring_across_the_first_column() -> None:
    turn = np.arange(64) * (2 * math.pi / 64)
    truth = np.round(15 + 6 * np.cos(turn)).astype(int)
    reward = np.zeros((64, 32), np.float32)
    reward[np.arange(64), truth] = 1.0
    path = kernel.best_path(reward, np.array([0, 0.01], np.float32), closed=True)
    assert (path == truth).all()


@given(st.integers(1, 9), st.integers(1, 6), st.integers(0, 2), st.booleans(), st.sampled_from([-3.0, 3.0]), SEEDS)
def test_a_path_along_edges_is_the_best_over_what_its_twin_says_edges_are_worth(
    columns: int, rows: int, reach: int, relative: bool, full: float, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    steps = rng.normal(0, 3, (columns, rows)).astype(np.float32)
    trust, bend = rng.uniform(0, 1, columns), (rng.integers(0, 4, reach + 1) / 8).astype(np.float32)
    bounds: dict[str, Any] = {"after": rng.uniform(-3, 3, columns), "until": rng.uniform(0, rows + 2, columns)}
    given_: dict[str, Any] = {"full": full, "floor": -0.2, "relative": relative, **bounds}
    curve = rng.normal(0, 1, (columns, 2)), rng.normal(0, 1, 2), rng.uniform(0.1, 2, 2)
    radii, strength, fit = kernel.follow(
        steps, np.arange(5.0, 5.0 + rows), trust, bend, *curve, least_spread=0.5, **given_
    )
    path = radii.astype(int) - 5
    worth, strengths = twin.edge_reward(steps, trust, **given_)
    np.testing.assert_array_equal(
        twin.path_value(worth, bend, path, closed=True),
        twin.path_value(worth, bend, kernel.best_path(worth, bend, closed=True), closed=True),
    )
    np.testing.assert_allclose(strength, strengths[np.arange(columns), path], atol=1e-6)
    alone = kernel.fit_curve(radii, trust * strength, *curve, least_spread=0.5)
    for name in kernel.Fit.__slots__:
        np.testing.assert_array_equal(getattr(fit, name), getattr(alone, name))


def test_a_path_along_edges_follows_the_sign_asked_for_and_the_bounds_given() -> None:
    steps = np.zeros((32, 20), np.float32)
    steps[:, 5], steps[:, 9], steps[:, 14] = 6.0, -6.0, 3.0

    def follow(full: float, after: float = -1.0) -> tuple[NDArray[np.float64], NDArray[np.float64], kernel.Fit]:
        return kernel.follow(
            steps, np.arange(20.0), np.ones(32), np.array([0.0, 0.1], np.float32), np.ones((32, 1)), np.zeros(1),
            np.full(1, 1e-9), full=full, floor=-0.2, least_spread=0.1, after=np.full(32, after),
        )  # fmt: skip

    rising, falling, beyond = follow(6.0), follow(-6.0), follow(6.0, after=7.0)
    assert (rising[0] == 5).all()
    assert (falling[0] == 9).all()
    assert (falling[1] == 1.0).all()
    assert (beyond[0] == 14).all()
    assert (beyond[1] == 0.5).all()
    np.testing.assert_allclose(rising[2].curve, 5.0, atol=1e-6)


@given(st.integers(1, 40), st.integers(1, 9), st.booleans(), SEEDS)
def test_curves_are_those_of_the_twin(count: int, functions: int, started: bool, seed: int) -> None:
    rng = np.random.default_rng(seed)
    values, weights = rng.normal(10, 3, count), rng.uniform(0.1, 1, count)
    basis = rng.normal(0, 1, (count, functions))
    prior, tightness = rng.normal(0, 1, functions), rng.uniform(0.1, 2, functions)
    start = rng.normal(10, 3, count) if started else np.full(count, np.median(values))
    got = kernel.fit_curve(values, weights, basis, prior, tightness, least_spread=0.5, start=start if started else None)
    coefficients, curve, keeps, spread = twin.fit_curve(
        values, weights, basis, prior, tightness, least_spread=0.5, start=start
    )
    np.testing.assert_allclose(got.coefficients, coefficients, rtol=1e-6, atol=1e-6)
    np.testing.assert_allclose(got.curve, curve, rtol=1e-6, atol=1e-6)
    np.testing.assert_allclose(got.keeps, keeps, atol=1e-6)
    assert got.spread == pytest.approx(spread, rel=1e-6)


def test_a_curve_ignores_a_quarter_of_outliers_and_keeps_to_its_prior_where_nothing_is_seen() -> None:
    turn = np.arange(90) * (2 * math.pi / 90)
    basis = np.stack([np.ones(90), np.cos(turn), np.sin(turn)], axis=1)
    values = basis @ np.array([50.0, 3.0, -2.0])
    values[::4] = 80.0
    fitted = kernel.fit_curve(values, np.ones(90), basis, np.zeros(3), np.full(3, 1e-9), least_spread=0.5)
    np.testing.assert_allclose(fitted.coefficients, [50.0, 3.0, -2.0], atol=1e-3)
    blind = kernel.fit_curve(values, np.zeros(90), basis, np.array([40.0, 1, 1]), np.ones(3), least_spread=0.5)
    np.testing.assert_allclose(blind.coefficients, [40.0, 1.0, 1.0])


GREY = np.zeros((4, 5), np.uint8)
STEPS, BEND = np.ones((2, 5), np.float32), np.zeros(2, np.float32)
TWO, THREE = np.ones(2), np.ones(3)


def unroll(image: NDArray[np.uint8] = GREY, **changed: Any) -> Any:
    good: dict[str, Any] = {"centre": (2.0, 2.0), "inner": TWO, "outer": TWO, "count": 4, "widths": (1,)}
    return kernel.unroll(image, **(good | changed))


def follow(**changed: Any) -> Any:
    good: dict[str, Any] = {
        "steps": STEPS, "radii": np.arange(5.0), "trust": TWO, "bend": BEND, "basis": np.ones((2, 2)), "prior": TWO,
        "tightness": TWO, "full": 1.0, "floor": 0.0, "least_spread": 1.0,
    }  # fmt: skip
    return kernel.follow(**(good | changed))


@pytest.mark.parametrize(
    "call",
    [
        lambda: kernel.bridge(GREY[:0], np.zeros((0, 5), bool)),
        lambda: kernel.bridge(GREY, np.zeros((4, 4), bool)),
        lambda: kernel.bridge(GREY, cast("Any", GREY)),
        lambda: kernel.rays(GREY[:0], (0.0, 0.0), TWO, TWO, 4),
        lambda: kernel.rays(GREY, (math.nan, 0.0), TWO, TWO, 4),
        lambda: kernel.rays(GREY, (0.0, 0.0), TWO, THREE, 4),
        lambda: kernel.rays(GREY, (0.0, 0.0), TWO * math.inf, TWO, 4),
        lambda: kernel.rays(GREY, (0.0, 0.0), TWO, TWO, 1),
        lambda: kernel.rays(GREY, (0.0, 0.0), TWO, TWO, 10**9),
        lambda: kernel.best_path(np.empty((0, 3), np.float32), np.zeros(1, np.float32), closed=True),
        lambda: kernel.best_path(np.empty((3, 0), np.float32), np.zeros(1, np.float32), closed=True),
        lambda: kernel.best_path(np.full((2, 2), np.nan, np.float32), np.zeros(1, np.float32), closed=True),
        lambda: kernel.best_path(np.full((2, 2), 1e20, np.float32), np.zeros(1, np.float32), closed=True),
        lambda: kernel.best_path(np.zeros((2, 2), np.float32), np.zeros(200, np.float32), closed=True),
        lambda: kernel.best_path(np.zeros((2, 2), np.float32), np.full(2, -1, np.float32), closed=False),
        lambda: unroll(GREY[:0]),
        lambda: unroll(centre=(0.0, math.nan)),
        lambda: unroll(inner=THREE),
        lambda: unroll(outer=TWO * math.inf),
        lambda: unroll(count=1),
        lambda: unroll(count=10**9),
        lambda: unroll(widths=()),
        lambda: unroll(widths=(0,)),
        lambda: follow(steps=STEPS[:0], trust=TWO[:0], basis=np.ones((0, 2))),
        lambda: follow(steps=STEPS[:, :0], radii=TWO[:0]),
        lambda: follow(steps=STEPS * np.float32(1e20)),
        lambda: follow(steps=STEPS * np.float32(np.nan)),
        lambda: follow(radii=TWO),
        lambda: follow(radii=np.full(5, np.inf)),
        lambda: follow(trust=THREE),
        lambda: follow(trust=TWO * 2),
        lambda: follow(trust=TWO * np.nan),
        lambda: follow(bend=BEND[:0]),
        lambda: follow(bend=BEND - 1),
        lambda: follow(bend=np.zeros(200, np.float32)),
        lambda: follow(basis=np.ones((3, 2))),
        lambda: follow(basis=np.ones((2, 0)), prior=TWO[:0], tightness=TWO[:0]),
        lambda: follow(basis=np.full((2, 2), np.nan)),
        lambda: follow(prior=TWO * np.inf),
        lambda: follow(tightness=TWO * 0),
        lambda: follow(full=0.0),
        lambda: follow(full=math.nan),
        lambda: follow(floor=1.0),
        lambda: follow(least_spread=0.0),
        lambda: follow(after=THREE),
        lambda: follow(after=TWO * math.nan),
        lambda: follow(until=TWO * math.inf),
        lambda: kernel.fit_curve(TWO, TWO, np.ones((2, 0)), np.ones(0), np.ones(0), least_spread=1.0),
        lambda: kernel.fit_curve(TWO, TWO, np.ones((2, 2)), TWO, TWO * 0, least_spread=1.0),
        lambda: kernel.fit_curve(TWO, -TWO, np.ones((2, 2)), TWO, TWO, least_spread=1.0),
        lambda: kernel.fit_curve(TWO, TWO, np.ones((3, 2)), TWO, TWO, least_spread=1.0),
        lambda: kernel.fit_curve(TWO, TWO, np.ones((2, 2)), TWO, TWO, least_spread=1.0, start=THREE),
        lambda: kernel.fit_curve(TWO[:0], TWO[:0], np.ones((0, 2)), TWO, TWO, least_spread=1.0),
    ],
)
def test_gates_refuse_what_no_kernel_may_see(call: Any) -> None:
    with pytest.raises(InvalidSampleError):
        call()


def test_gates_take_read_only_and_strided_input() -> None:
    wide = np.zeros((8, 10), np.uint8)
    wide[::2, ::2] = 7
    wide.flags.writeable = False
    assert kernel.rays(wide[::2, ::2], (2.0, 2.0), np.zeros(3), np.ones(3), 4).max() == 7
    reward = np.zeros((6, 8), np.float32)[::2, ::2]
    assert kernel.best_path(reward, np.zeros(1, np.float32), closed=True).shape == (3,)
