"""Packing, thinning and tracing equal their plain twins, keep what they must keep, and their gate holds."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray

import reference_minutiae as reference
from biocore.errors import InvalidSampleError
from biocore.kernels import minutiae, ridge

Lines = NDArray[np.uint8]


@st.composite
def blobs(draw: st.DrawFn) -> Lines:
    """Random blobs, 0 and 1, with an empty border; some wider than a word."""
    height, width = draw(st.integers(1, 40)), draw(st.integers(1, 150))
    seed, radius, share = draw(st.integers(0, 10**6)), draw(st.integers(0, 4)), draw(st.floats(0.2, 0.8))
    noise = np.random.default_rng(seed).random((height, width)).astype(np.float32)
    smooth = cv2.blur(noise, (2 * radius + 1, 2 * radius + 1)) if radius else noise
    return np.pad((smooth < np.quantile(smooth, share)).astype(np.uint8), 1)


def thinned(lines: Lines) -> Lines:
    return minutiae.unpack(minutiae.thin(reference.to_bits(lines), 100), lines.shape[1] - 2)


def picture_of(rows: list[str]) -> Lines:
    return np.pad(np.array([[c == "#" for c in row] for row in rows], np.uint8), 1)


@pytest.mark.parametrize(("rows", "columns"), [(1, 1), (2, 9), (3, 16)])
def test_pack_sets_ridges_and_valleys_inside_the_mask_only(rows: int, columns: int) -> None:
    rng = np.random.default_rng(rows)
    picture = rng.integers(-3, 4, ridge.blank_shape(rows, columns)).astype(np.float32)
    mask = rng.random((rows, columns)) < 0.6
    inside = np.kron(mask, np.ones((8, 8), np.bool_))
    positive = picture[16:-16, 16:-16] > 0
    for bits, want in zip(minutiae.pack(picture, mask), (positive & inside, ~positive & inside), strict=True):
        np.testing.assert_array_equal(reference.from_bits(bits, columns * 8)[1:-1, 1:-1], want)


@settings(max_examples=80, deadline=None)
@given(blobs(), st.integers(0, 6))
def test_thinning_64_pixels_at_a_time_equals_thinning_them_one_by_one(lines: Lines, rounds: int) -> None:
    got = minutiae.unpack(minutiae.thin(reference.to_bits(lines), rounds), lines.shape[1] - 2)
    np.testing.assert_array_equal(got, reference.thin(lines, rounds))


@settings(max_examples=60, deadline=None)
@given(blobs())
def test_thinning_keeps_every_part_in_one_piece(lines: Lines) -> None:
    got = thinned(lines)
    assert not (got & ~lines).any()
    assert cv2.connectedComponents(got, connectivity=8)[0] == cv2.connectedComponents(lines, connectivity=8)[0]


@settings(max_examples=60, deadline=None)
@given(blobs(), st.integers(1, 20), st.integers(1, 20))
def test_pruning_equals_its_twin(lines: Lines, spur: int, fragment: int) -> None:
    skeleton = thinned(lines)
    np.testing.assert_array_equal(minutiae.prune(skeleton, spur, fragment), reference.prune(skeleton, spur, fragment))


@settings(max_examples=60, deadline=None)
@given(blobs(), st.integers(1, 30))
def test_tracing_equals_its_twin(lines: Lines, reach: int) -> None:
    skeleton = thinned(lines)
    paths, lengths = minutiae.trace_ends(skeleton, reach)
    got = [[(int(x), int(y)) for x, y in path[:n]] for path, n in zip(paths, lengths, strict=True)]
    assert got == reference.trace_ends(skeleton, reach)


@settings(max_examples=40, deadline=None)
@given(hnp.arrays(np.uint8, st.tuples(st.integers(1, 30), st.integers(1, 30)), elements=st.integers(0, 1)))
def test_pictures_that_were_never_thinned_do_no_harm(raw: Lines) -> None:
    lines = np.pad(raw, 1)
    _, lengths = minutiae.trace_ends(minutiae.prune(lines, 10, 18), 24)
    assert (lengths >= 1).all()


def test_a_short_side_branch_goes_and_a_long_one_stays() -> None:
    line = picture_of(["....#...", "....#...", "....#...", "########", "........"])
    assert minutiae.prune(line, 5, 3)[1:4].sum() < line[1:4].sum()
    np.testing.assert_array_equal(minutiae.prune(line, 2, 3), line)


def test_facing_ends_of_one_broken_line_cancel_and_others_stay() -> None:
    lines = np.zeros((40, 80), np.uint8)
    lines[20, 5:30] = lines[20, 40:70] = 1
    facing = np.array([[29, 20, -1, 0], [40, 20, 1, 0]], np.float32)
    assert minutiae.cancel_facing(lines, facing, 7, 18, 0.7).tolist() == [True, True]
    assert not minutiae.cancel_facing(lines, facing, 7, 10, 0.7).any()  # too far apart
    assert not minutiae.cancel_facing(
        lines, facing * np.array([1, 1, -1, 1], np.float32), 7, 18, 0.7
    ).any()  # they look away
    lines[10:30, 34] = 1
    assert not minutiae.cancel_facing(lines, facing, 7, 18, 0.7).any()  # another line runs between


def test_the_shortest_gap_wins() -> None:
    lines = np.zeros((40, 80), np.uint8)
    ends = np.array([[30, 20, -1, 0], [36, 20, 1, 0], [42, 20.5, 1, 0]], np.float32)
    assert minutiae.cancel_facing(lines, ends, 7, 18, 0.7).tolist() == [True, True, False]


@given(st.floats(-1e3, 1e3, width=32), st.floats(-1e3, 1e3, width=32))
def test_angles_are_those_of_the_mathematical_library_in_float32(x: float, y: float) -> None:
    got = minutiae.angles(np.array([[x, y]], np.float32))[0]
    assert 0 <= got < 2 * np.pi
    if (abs(x), abs(y)) > (1e-30, 1e-30):
        assert abs(np.angle(np.exp(1j * (float(got) - np.arctan2(y, x))))) < 1e-6


def test_more_ends_than_are_looked_at_are_cut_off() -> None:
    lines = np.zeros((300, 300), np.uint8)
    lines[2:-2:3, 2:-4:5] = lines[2:-2:3, 3:-3:5] = 1
    assert len(minutiae.trace_ends(lines, 4)[1]) == minutiae.MOST_ENDS


def test_the_gate_refuses_what_would_leave_the_arrays() -> None:
    lines = np.zeros((9, 9), np.uint8)
    full = np.ones((9, 9), np.uint8)
    refused: list[NDArray[Any]] = [
        full,
        lines[:2],
        lines.astype(np.int64),
        lines * 0 + np.pad(np.full((7, 7), 2, np.uint8), 1),
    ]
    for wrong in refused:
        with pytest.raises(InvalidSampleError):
            minutiae.prune(wrong, 5, 5)
        with pytest.raises(InvalidSampleError):
            minutiae.trace_ends(wrong, 5)
    for spur, fragment in ((0, 5), (5, 0), (65, 5), (5, 65)):
        with pytest.raises(InvalidSampleError):
            minutiae.prune(lines, spur, fragment)
    for reach in (0, 65):
        with pytest.raises(InvalidSampleError):
            minutiae.trace_ends(lines, reach)
    for point in ((0.0, 5.0), (5.0, 8.5), (np.nan, 3.0)):
        with pytest.raises(InvalidSampleError):
            minutiae.cancel_facing(lines, np.array([[*point, 1, 0]], np.float32), 7, 18, 0.7)
    with pytest.raises(InvalidSampleError):
        minutiae.pack(ridge.blank(2, 2), np.ones((2, 3), np.bool_))
    words: list[NDArray[Any]] = [np.zeros((1, 3), np.uint64), np.zeros((5, 2), np.uint64), np.zeros((5, 5), np.int64)]
    for bits in words:
        with pytest.raises(InvalidSampleError):
            minutiae.thin(bits, 3)
    with pytest.raises(InvalidSampleError):
        minutiae.unpack(np.zeros((5, 3), np.uint64), 65)
    with pytest.raises(InvalidSampleError):
        minutiae.angles(np.zeros((3, 3), np.float32))
