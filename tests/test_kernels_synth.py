"""The generator's kernels against their plain twins, and their gate against whatever may come."""

from __future__ import annotations

import threading

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

import reference_synth
from biocore.errors import InvalidSampleError
from biocore.fingerprint.synth_ridges import filters
from biocore.kernels import synth as gate

BANK = filters()


def planes(seed: int, height: int, width: int) -> tuple[NDArray[np.int16], ...]:
    rng = np.random.default_rng(seed)
    return (
        rng.integers(-32768, 32768, (height, width), np.int16),
        rng.integers(0, BANK.shape[0], (height, width), np.uint8),
        rng.integers(0, BANK.shape[1], (height, width), np.uint8),
        rng.integers(0, 2, (height, width), np.uint8),
    )


@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 1000),
    height=st.integers(1, 20),
    width=st.integers(1, 20),
    passes=st.integers(1, 3),
    shift=st.integers(8, 20),
    limit=st.integers(1, 32767),
)
def test_grow_equals_its_twin(seed: int, height: int, width: int, passes: int, shift: int, limit: int) -> None:
    seeds, theta, period, mask = planes(seed, height, width)
    args = (seeds, theta.astype(np.uint8), period.astype(np.uint8), mask.astype(np.uint8), BANK)
    fast = gate.grow(*args, shift=shift, limit=limit, passes=passes)
    assert np.array_equal(fast, reference_synth.grow(*args, shift, limit, passes))


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 1000), height=st.integers(1, 9), width=st.integers(1, 9), reach=st.sampled_from([600, 2**31])
)
def test_sample_equals_its_twin_inside_and_far_outside(seed: int, height: int, width: int, reach: int) -> None:
    rng = np.random.default_rng(seed)
    plane = rng.integers(-32768, 32768, (height, width), np.int16)
    x, y = (rng.integers(-reach, reach, (5, 7)).astype(np.int32) for _ in range(2))
    assert np.array_equal(gate.sample(plane, x, y), reference_synth.sample(plane, x, y))


def test_sample_on_the_pixels_gives_the_pixels() -> None:
    plane = np.random.default_rng(0).integers(-32768, 32768, (9, 11), np.int16)
    y, x = (np.ascontiguousarray(v.astype(np.int32) * 256) for v in np.mgrid[0:9, 0:11])
    assert np.array_equal(gate.sample(plane, x, y), plane)
    plane.flags.writeable = False
    assert np.array_equal(gate.sample(plane[:, ::2], x[:, :6].copy(), y[:, :6].copy()), plane[:, ::2])


def test_the_bank_sums_to_zero_and_stays_inside_32_bits() -> None:
    assert not BANK.astype(np.int64).sum((2, 3)).any()
    assert np.abs(BANK.astype(np.int64)).sum((2, 3)).max() <= gate.TAP_SUM


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"seeds": np.zeros((0, 4), np.int16)}, "seeds"),
        ({"seeds": np.zeros((4, 4), np.int32)}, "int16"),
        ({"orientation": np.zeros((4, 5), np.uint8)}, "orientation"),
        ({"orientation": np.full((4, 4), 64, np.uint8)}, "outside the bank"),
        ({"period": np.full((4, 4), 16, np.uint8)}, "outside the bank"),
        ({"mask": np.zeros((4, 4), np.bool_)}, "uint8"),
        ({"bank": np.zeros((64, 16, 15, 15), np.int16)}, "bank"),
        ({"bank": np.full((64, 16, 15, 16), 900, np.int16)}, "sum to more"),
        ({"shift": 32}, "shift"),
        ({"limit": 0}, "limit"),
        ({"passes": 0}, "passes"),
    ],
)
def test_grow_refuses(change: dict[str, object], word: str) -> None:
    args: dict[str, object] = {
        "seeds": np.zeros((4, 4), np.int16),
        "orientation": np.zeros((4, 4), np.uint8),
        "period": np.zeros((4, 4), np.uint8),
        "mask": np.ones((4, 4), np.uint8),
        "bank": BANK,
        "shift": 13,
        "limit": 1000,
        "passes": 1,
    }
    with pytest.raises(InvalidSampleError, match=word):
        gate.grow(**(args | change))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("plane", "x", "y"),
    [
        (np.zeros((0, 0), np.int16), np.zeros((1, 1), np.int32), np.zeros((1, 1), np.int32)),
        (np.zeros((1, 9000), np.int16), np.zeros((1, 1), np.int32), np.zeros((1, 1), np.int32)),
        (np.zeros((2, 2), np.int16), np.zeros((1, 1), np.int64), np.zeros((1, 1), np.int32)),
        (np.zeros((2, 2), np.int16), np.zeros((1, 2), np.int32), np.zeros((2, 1), np.int32)),
    ],
)
def test_sample_refuses(plane: NDArray[np.int16], x: NDArray[np.int32], y: NDArray[np.int32]) -> None:
    with pytest.raises(InvalidSampleError):
        gate.sample(plane, x, y)


def test_two_threads_grow_the_same() -> None:
    seeds, theta, period, mask = planes(3, 60, 60)
    args = (seeds, theta.astype(np.uint8), period.astype(np.uint8), mask.astype(np.uint8), BANK)
    answers: list[NDArray[np.int16]] = []
    work = [
        threading.Thread(target=lambda: answers.append(gate.grow(*args, shift=13, limit=1000, passes=8)))
        for _ in range(2)
    ]
    for thread in work:
        thread.start()
    for thread in work:
        thread.join()
    assert len(answers) == 2
    assert np.array_equal(answers[0], answers[1])
