"""The iris code's kernels: each does what its plain twin does, and no input reaches memory that is not its own."""

from __future__ import annotations

import threading
import time
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import reference_iriscode as twin
from biocore.errors import InvalidSampleError
from biocore.kernels import iriscode, irisstrip

RNG = np.random.default_rng
STATISTIC = iriscode.Statistic(7.0, 2000)
COARSE = iriscode.Statistic(3.0, 400)
ALIKE = iriscode.Alike(14, 2, 3)
EVERYTHING = iriscode.Limits(-np.inf, -np.inf, -np.inf)


def random_words(rng: np.random.Generator, *shape: int) -> Any:
    return rng.integers(0, 1 << 64, shape, np.uint64)


def eyes(rng: np.random.Generator, n: int) -> tuple[Any, Any]:
    """Return codes and masks: some whole, some nearly or altogether covered."""
    masks = random_words(rng, n, 256) | random_words(rng, n, 256)
    masks[0] = np.uint64(0xFFFFFFFFFFFFFFFF)
    if n > 1:
        masks[1, 10:] = 0
    if n > 2:
        masks[2] = 0
    return random_words(rng, n, 256) & masks, masks


def packed(codes: Any, masks: Any) -> iriscode.Packed:
    return iriscode.pack(codes, masks, ALIKE)


# -- comparing ---------------------------------------------------------------------------------------------


@settings(max_examples=15)
@given(st.integers(0, 2**32 - 1), st.integers(0, 20), st.integers(1, 4), st.booleans())
def test_bits_are_counted_as_by_hand_at_every_offset_in_every_way(seed: int, reach: int, n: int, rigid: bool) -> None:
    rng = RNG(seed)
    codes, masks = eyes(rng, n)
    (code,), (mask,) = eyes(rng, 1)
    freedom: dict[str, Any] = {"slack": 0, "rows": (0,)} if rigid else {}
    want = twin.profile(code, mask, codes, masks, reach, **freedom)
    probe = iriscode.prepare(code, mask, reach)
    for way in range(iriscode.ways()):
        have = iriscode.profile(probe, packed(codes, masks), rigid=rigid, way=way)
        np.testing.assert_array_equal(have[0], want[0])
        np.testing.assert_array_equal(have[1], want[1])


@settings(max_examples=15)
@given(st.integers(0, 2**32 - 1), st.integers(0, 20))
def test_the_coarse_pass_finds_the_best_of_every_second_offset(seed: int, reach: int) -> None:
    rng = RNG(seed)
    codes, masks = eyes(rng, 4)
    probe, probe_mask = codes[0], masks[3]
    found = iriscode.sift(iriscode.prepare(probe, probe_mask, reach), packed(codes, masks), COARSE)
    different, common = twin.sift(probe, probe_mask, codes, masks, reach)
    value = COARSE.of(different, common)
    for k in range(4):
        assert found[k, 0] % 2 == 0
        assert value[k, found[k, 0] // 2] == value[k].max()
        assert found[k, 1] == different[k, found[k, 0] // 2]
        assert found[k, 2] == common[k, found[k, 0] // 2]


def test_words_are_thinned_to_the_long_wavelength_of_every_second_column() -> None:
    codes, masks = random_words(RNG(1), 3, 256), random_words(RNG(2), 3, 256)
    rows = packed(codes, masks).rows
    np.testing.assert_array_equal(rows, np.concatenate([codes, masks, twin.thin(codes), twin.thin(masks)], axis=1))


@settings(max_examples=15)
@given(st.integers(0, 2**32 - 1), st.integers(0, 32), st.integers(1, 5), st.integers(0, 15))
def test_redundancy_is_that_of_the_twin_in_every_way(seed: int, columns: int, step: int, rows: int) -> None:
    rng = RNG(seed)
    codes, masks = eyes(rng, 3)
    codes[0] = np.repeat(codes[0, ::4], 4)  # neighbours that say the same
    alike = iriscode.Alike(columns, step, rows)
    want = [twin.redundancy(code, mask, columns, step, rows) for code, mask in zip(codes, masks, strict=True)]
    for way in range(iriscode.ways()):
        have = iriscode.pack(codes, masks, alike, way).redundancy
        np.testing.assert_allclose(have, want, rtol=1e-12)
        np.testing.assert_array_equal(have, packed_redundancy(codes, masks, alike))


def packed_redundancy(codes: Any, masks: Any, alike: iriscode.Alike) -> Any:
    return iriscode.pack(codes, masks, alike).redundancy


def test_redundancy_counts_the_bits_that_say_one_thing() -> None:
    rng = RNG(4)
    full = np.full((3, 256), -1, np.int64).view(np.uint64)
    codes = np.stack([random_words(rng, 256), np.repeat(random_words(rng, 64), 4), np.zeros(256, np.uint64)])
    alike = iriscode.Alike(3, 1, 0)
    independent, fours, one = packed_redundancy(codes, full, alike)
    assert independent == pytest.approx(1.0, abs=0.02)
    assert fours == pytest.approx(1 + 2 * (0.75**2 + 0.5**2 + 0.25**2), rel=0.05)
    assert one == 7.0
    assert packed_redundancy(codes[:1], full[:1] * np.uint64(0), alike)[0] == 1.0


@pytest.mark.parametrize("reach", [0, 1, 2, 13, 64])
def test_a_search_that_trusts_nothing_finds_the_best_of_all_offsets(reach: int) -> None:
    rng = RNG(reach)
    codes, masks = eyes(rng, 20)
    probe = iriscode.prepare(codes[7], masks[7], reach)
    found = iriscode.search(probe, packed(codes, masks), np.ones(20), STATISTIC, COARSE, EVERYTHING)
    different, common = iriscode.profile(probe, packed(codes, masks))
    best = STATISTIC.of(different, common)
    chosen = np.take_along_axis(best, found[:, :1].astype(np.int64), axis=1)[:, 0]
    np.testing.assert_array_equal(chosen, best.max(axis=1))
    np.testing.assert_array_equal(found[:, 1], np.take_along_axis(different, found[:, :1], axis=1)[:, 0])
    np.testing.assert_array_equal(found[:, 2], np.take_along_axis(common, found[:, :1], axis=1)[:, 0])


@pytest.mark.parametrize(
    "limits", [(1e5, 1e5, 1e5), (-1e5, 1e5, 1e5), (-1e5, -1e5, 1e5), (-1e5, 1e5, -1e5), (1.0, 2.0, 3.0)]
)
def test_a_search_in_a_hurry_never_claims_more_than_there_is(limits: tuple[float, float, float]) -> None:
    rng = RNG(5)
    codes, masks = eyes(rng, 50)
    probe = iriscode.prepare(codes[0], masks[0], 13)
    spread = rng.uniform(0.5, 2.0, 50)
    hurried = iriscode.search(probe, packed(codes, masks), spread, STATISTIC, COARSE, iriscode.Limits(*limits))
    best = STATISTIC.of(*iriscode.profile(probe, packed(codes, masks))).max(axis=1)
    assert (STATISTIC.of(hurried[:, 1], hurried[:, 2]) <= best).all()


def test_too_few_common_bits_are_no_statistic() -> None:
    value = STATISTIC.of(np.array([0, 0, 1000], np.int32), np.array([0, 1999, 2000], np.int32))
    assert value[0] == value[1] == -np.inf
    assert value[2] == pytest.approx(0.0)


def test_a_sector_may_lie_beside_the_whole() -> None:
    rng = RNG(6)
    code, full = random_words(rng, 256), np.full(256, -1, np.int64).view(np.uint64)
    bent = code.copy()
    bent[32:64] = code[34:66]  # one sector two columns on
    bent[96:128] = twin.moved(code, 1)[96:128]  # another a row further out
    different, _ = iriscode.profile(iriscode.prepare(code, full, 0), packed(bent[None], full[None]))
    rigid, _ = iriscode.profile(iriscode.prepare(code, full, 0), packed(bent[None], full[None]), rigid=True)
    assert rigid[0, 0] > 1500
    assert different[0, 0] < 100  # the innermost row, which nothing moved into, and what the moves cost


NOTHING = np.zeros(256, np.uint64)


@pytest.mark.parametrize(
    "bad",
    [
        lambda: iriscode.prepare(np.zeros(255, np.uint64), NOTHING, 3),
        lambda: iriscode.prepare(np.zeros((1, 256), np.uint64), NOTHING, 3),
        lambda: iriscode.prepare(NOTHING, np.zeros(256, np.int64), 3),
        lambda: iriscode.prepare(NOTHING, np.zeros(256, "M8[s]"), 3),
        lambda: iriscode.prepare(NOTHING, NOTHING, -1),
        lambda: iriscode.prepare(NOTHING, NOTHING, 65),
        lambda: replace(iriscode.prepare(NOTHING, NOTHING, 3), reach=4),
        lambda: replace(iriscode.prepare(NOTHING, NOTHING, 3), turned=np.zeros((6, 63), np.uint64)),
        lambda: packed(np.zeros((2, 255), np.uint64), np.zeros((2, 255), np.uint64)),
        lambda: packed(np.zeros((2, 256), np.uint64), np.zeros((3, 256), np.uint64)),
        lambda: packed(np.zeros((2, 256), np.int64), np.zeros((2, 256), np.uint64)),
        lambda: iriscode.Packed(np.zeros((2, 639), np.uint64), np.ones(2)),
        lambda: iriscode.Packed(np.zeros((2, 640), np.uint64), np.ones(3)),
        lambda: iriscode.Packed(np.zeros((2, 640), np.uint64), np.array([1.0, np.nan])),
        lambda: iriscode.joined([bytes(5120), bytes(5119)], [1.0, 1.0]),
        lambda: iriscode.joined([bytes(5120)], [1.0, 1.0]),
        lambda: iriscode.joined([bytes(5119)], [1.0]),
    ],
    ids=range(17),
)
def test_what_does_not_fit_is_refused(bad: Any) -> None:
    with pytest.raises(InvalidSampleError):
        bad()


def test_limits_and_ways_that_there_are_not_are_refused() -> None:
    probe, three = iriscode.prepare(NOTHING, NOTHING, 3), packed(np.zeros((3, 256), np.uint64), full_masks(3))
    wrong: list[Any] = [np.ones(2), np.ones(3, np.float32), np.array([1.0, np.inf, 1.0])]
    for spread in wrong:
        with pytest.raises(InvalidSampleError):
            iriscode.search(probe, three, spread, STATISTIC, COARSE, EVERYTHING)
    for way in (-1, 99):
        with pytest.raises(InvalidSampleError, match="ways of counting"):
            iriscode.profile(probe, three, way=way)
        with pytest.raises(InvalidSampleError, match="ways of counting"):
            iriscode.pack(three.rows[:, :256], three.rows[:, 256:512], ALIKE, way)


def full_masks(n: int) -> Any:
    return np.full((n, 256), -1, np.int64).view(np.uint64)


@pytest.mark.parametrize("wrong", [(-1, 1, 0), (33, 1, 0), (4, 0, 0), (4, 1, -1), (4, 1, 16)])
def test_impossible_surroundings_are_refused(wrong: tuple[int, int, int]) -> None:
    with pytest.raises(ValueError, match="impossible surroundings"):
        iriscode.Alike(*wrong)


def test_packed_eyes_can_be_taken_apart_and_joined_and_cannot_be_changed() -> None:
    codes, masks = eyes(RNG(8), 5)
    whole = packed(codes, masks)
    rows = [whole.part(slice(k, k + 1)) for k in range(5)]
    again = iriscode.joined([row.rows.tobytes() for row in rows], [float(row.redundancy[0]) for row in rows])
    np.testing.assert_array_equal(again.rows, whole.rows)
    np.testing.assert_array_equal(again.redundancy, whole.redundancy)
    assert len(again) == 5
    for array in (whole.rows, whole.redundancy, again.rows):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 0


def test_nothing_to_compare_with_is_no_error() -> None:
    probe = iriscode.prepare(NOTHING, NOTHING, 13)
    for none in (iriscode.joined([], []), packed(np.zeros((0, 256), np.uint64), np.zeros((0, 256), np.uint64))):
        assert iriscode.search(probe, none, np.ones(0), STATISTIC, COARSE, EVERYTHING).shape == (0, 3)
        assert iriscode.sift(probe, none, COARSE).shape == (0, 3)
        assert iriscode.profile(probe, none)[0].shape == (0, 27)


def test_odd_views_are_counted_like_plain_arrays() -> None:
    rng = RNG(2)
    wide = random_words(rng, 6, 512)
    full, code = full_masks(3), random_words(rng, 512)[::2]
    have = iriscode.profile(iriscode.prepare(code, full[0], 2), packed(wide[::2, ::2], full))
    want = twin.profile(code, full[0], wide[::2, ::2], full, 2)
    np.testing.assert_array_equal(have[0], want[0])


@pytest.mark.parametrize("wrong", [(0.0, 1), (-1.0, 1), (7.0, 0), (np.nan, 1), (np.inf, 1)])
def test_impossible_statistics_are_refused(wrong: tuple[float, int]) -> None:
    with pytest.raises(ValueError, match="impossible statistic"):
        iriscode.Statistic(*wrong)


def test_counting_releases_the_lock() -> None:
    codes = random_words(RNG(3), 1000, 256)
    references, probe = packed(codes, codes), iriscode.prepare(codes[0], codes[0], 64)
    steps = []
    done = threading.Event()

    def count_along() -> None:
        while not done.is_set():
            steps.append(time.perf_counter())
            time.sleep(0.001)

    watcher = threading.Thread(target=count_along)
    watcher.start()
    began = time.perf_counter()
    iriscode.profile(probe, references, way=0)
    ended = time.perf_counter()
    done.set()
    watcher.join()
    assert any(began < step < ended for step in steps)


# -- from picture to bits ----------------------------------------------------------------------------------


def rings(columns: int, rng: np.random.Generator, height: int, width: int) -> tuple[Any, Any]:
    turn = np.arange(columns) * 2 * np.pi / columns
    unit = np.stack([np.cos(turn), -np.sin(turn)], axis=1)
    centre = np.array([width, height]) * rng.uniform(0.3, 0.7, 2)
    return centre + unit * rng.uniform(1, 10), centre + unit * rng.uniform(10, 50)


@settings(max_examples=20)
@given(st.integers(0, 2**32 - 1), st.integers(1, 40), st.integers(1, 40))
def test_unwrapping_is_bilinear_and_stays_within_the_picture(seed: int, height: int, width: int) -> None:
    rng = RNG(seed)
    pixels = rng.integers(0, 256, (height, width)).astype(np.uint8)
    usable = rng.random((height, width)) < 0.9
    inner, outer = rings(256, rng, height, width)
    have = irisstrip.unwrap(pixels, usable, inner, outer, 16)
    want = twin.unwrap(pixels, usable, inner, outer, 16)
    np.testing.assert_allclose(have[0], want[0], atol=1e-9)
    np.testing.assert_array_equal(have[1], want[1])


@settings(max_examples=20)
@given(st.integers(0, 2**32 - 1), st.integers(0, 15), st.integers(0, 40), st.integers(1, 3))
def test_flattening_takes_mean_and_spread_of_the_valid_surroundings_away(
    seed: int, half_rows: int, half_columns: int, passes: int
) -> None:
    rng = RNG(seed)
    strip = rng.uniform(0, 255, (16, 256))
    valid = (rng.random((16, 256)) < rng.uniform(0, 1)).astype(np.uint8)
    have = irisstrip.flatten(strip, valid, half_rows, half_columns, passes, 2.0, 3.0, 256.0)
    want = twin.flatten(strip, valid, half_rows, half_columns, passes, 2.0, 3.0, 256.0)
    assert abs(have - want).max() <= 0.501
    assert (have[valid == 0] == 0).all()


@settings(max_examples=20)
@given(st.integers(0, 2**32 - 1))
def test_rows_and_bits_are_those_of_the_twin(seed: int) -> None:
    rng = RNG(seed)
    flat = rng.integers(-768, 769, (20, 256)).astype(np.int16)
    valid = (rng.random((20, 256)) < 0.8).astype(np.uint8)
    taps = rng.integers(0, 500, (16, 5)).astype(np.int32)
    first = rng.integers(-4, 20, 16).astype(np.int32)
    lines, known = irisstrip.rows(flat, valid, taps, first, 600)
    want_lines, want_known = twin.rows(flat, valid, taps, first, 600)
    np.testing.assert_array_equal(lines, want_lines)
    np.testing.assert_array_equal(known, want_known)
    filters = rng.integers(-99, 100, (4, 2 * int(rng.integers(0, 60)) + 1)).astype(np.int16)
    have = irisstrip.encode(lines, known, filters, 20000)
    want = twin.encode(lines, known, filters, 20000)
    np.testing.assert_array_equal(have[0], want[0])
    np.testing.assert_array_equal(have[1], want[1])


def test_strips_of_several_columns_a_word_are_sampled_at_the_words() -> None:
    rng = RNG(9)
    lines = rng.integers(-768, 769, (16, 1024)).astype(np.int16)
    known = (rng.random((16, 1024)) < 0.8).astype(np.uint8)
    filters = rng.integers(-99, 100, (4, 31)).astype(np.int16)
    for have, want in zip(
        irisstrip.encode(lines, known, filters, 0), twin.encode(lines, known, filters, 0), strict=True
    ):
        np.testing.assert_array_equal(have, want)


STRIP = np.zeros((16, 256))
VALID = np.zeros((16, 256), np.uint8)
LINES = np.zeros((16, 256), np.int16)
CURVE = np.zeros((256, 2))


@pytest.mark.parametrize(
    "call",
    [
        lambda: irisstrip.unwrap(np.zeros((9, 9), np.uint8), np.ones((9, 8), bool), CURVE, CURVE, 16),
        lambda: irisstrip.unwrap(np.zeros((0, 0), np.uint8), np.ones((0, 0), bool), CURVE, CURVE, 16),
        lambda: irisstrip.unwrap(np.zeros((9, 9), np.uint8), np.ones((9, 9), bool), CURVE, CURVE[:255], 16),
        lambda: irisstrip.unwrap(np.zeros((9, 9), np.uint8), np.ones((9, 9), bool), CURVE[:9], CURVE[:9], 16),
        lambda: irisstrip.unwrap(np.zeros((9, 9), np.uint8), np.ones((9, 9), bool), CURVE, CURVE, 10**6),
        lambda: irisstrip.unwrap(np.zeros((9, 9), np.uint8), np.ones((9, 9), bool), CURVE * np.nan, CURVE, 16),
        lambda: irisstrip.flatten(STRIP, VALID, 16, 1, 1, 1.0, 3.0, 9.0),
        lambda: irisstrip.flatten(STRIP, VALID, 1, 128, 1, 1.0, 3.0, 9.0),
        lambda: irisstrip.flatten(STRIP, VALID, -1, 1, 1, 1.0, 3.0, 9.0),
        lambda: irisstrip.flatten(STRIP, VALID, 1, 1, 0, 1.0, 3.0, 9.0),
        lambda: irisstrip.flatten(STRIP, VALID, 1, 1, 1, 0.0, 3.0, 9.0),
        lambda: irisstrip.flatten(STRIP, VALID, 1, 1, 1, 1.0, 3.0, 1e5),
        lambda: irisstrip.flatten(STRIP[:, ::-1].copy()[:, :9], VALID[:, :9], 1, 1, 1, 1.0, 3.0, 9.0),
        lambda: irisstrip.rows(LINES, VALID, np.full((16, 2), -1, np.int32), np.zeros(16, np.int32), 1),
        lambda: irisstrip.rows(LINES, VALID, np.full((16, 2), 1 << 30, np.int32), np.zeros(16, np.int32), 1),
        lambda: irisstrip.rows(LINES, VALID, np.ones((16, 2), np.int32), np.full(16, 1 << 30, np.int32), 1),
        lambda: irisstrip.rows(LINES, VALID, np.ones((15, 2), np.int32), np.zeros(15, np.int32), 1),
        lambda: irisstrip.encode(LINES, VALID, np.ones((4, 4), np.int16), 0),
        lambda: irisstrip.encode(LINES, VALID, np.ones((4, 257), np.int16), 0),
        lambda: irisstrip.encode(LINES, VALID, np.ones((3, 3), np.int16), 0),
        lambda: irisstrip.encode(LINES[:, :255], VALID[:, :255], np.ones((4, 3), np.int16), 0),
        lambda: irisstrip.encode(LINES + np.int16(32767), VALID, np.full((4, 9), 32767, np.int16), 0),
    ],
    ids=range(22),
)
def test_what_no_kernel_may_see_is_refused(call: Any) -> None:
    with pytest.raises(InvalidSampleError):
        call()
