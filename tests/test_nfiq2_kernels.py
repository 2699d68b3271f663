"""The NFIQ 2 kernels equal their plain NumPy twins, and their gates let nothing unsafe pass."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from numpy.typing import NDArray

import reference_nfiq2 as twin
from biocore.errors import InvalidSampleError
from biocore.fingerprint import nfiq2_blocks as blocks
from biocore.fingerprint.nfiq2_roi import GAUSS_41, GAUSS_91
from biocore.kernels import nfiq2 as kernels

Grey = NDArray[np.uint8]
EDGES = [(1, 1), (1, 40), (40, 1), (2, 2), (31, 33), (32, 32), (33, 65), (36, 36), (67, 68), (68, 99), (5, 300)]
SEVERAL = settings(max_examples=40, deadline=None)

greys = arrays.arrays(np.uint8, st.tuples(st.integers(1, 80), st.integers(1, 80)))
blobs = arrays.arrays(np.bool_, st.tuples(st.integers(1, 24), st.integers(1, 24)))


def pictures() -> list[Grey]:
    """Noise, ridges, flats, stripes and steps, of sizes that leave partial blocks."""
    y, x = np.mgrid[:101, :134]
    made = [twin.speckle(101, 134, 3), twin.ridges(150, 131, 1), twin.ridges(140, 170, 2, period=5.3)]
    made += [np.full((70, 70), grey, np.uint8) for grey in (0, 128, 255)]
    made += [np.asarray(((x + y) % 2) * 255, np.uint8), np.asarray((x % 12 < 6) * 255, np.uint8)]
    made += [np.asarray((y % 8 < 4) * 200, np.uint8), np.asarray((2 * x + y) // 2 % 256, np.uint8)]
    return made


def ridge_blocks(image: Grey, foreground: NDArray[np.bool_]) -> kernels.RidgeBlocks:
    return blocks.ridge_blocks(image, foreground)


def all_blocks(image: Grey) -> NDArray[np.bool_]:
    return np.ones([max((side - 4) // 32, 0) for side in image.shape], np.bool_)


@pytest.mark.parametrize("shape", EDGES)
def test_grid_sums_equal_the_twin_at_edge_sizes(shape: tuple[int, int]) -> None:
    image = twin.speckle(*shape, seed=7)
    np.testing.assert_array_equal(kernels.grid_sums(image), twin.grid_sums(image))


@SEVERAL
@given(greys)
def test_grid_and_margin_sums_equal_the_twin(image: Grey) -> None:
    np.testing.assert_array_equal(kernels.grid_sums(image), twin.grid_sums(image))
    rows, columns = kernels.margin_sums(image)
    np.testing.assert_array_equal(rows, image.sum(axis=1))
    np.testing.assert_array_equal(columns, image.sum(axis=0))


@SEVERAL
@given(st.integers(32, 90), st.integers(32, 90), st.integers(0, 30))
def test_minutia_sums_equal_the_twin(height: int, width: int, n: int) -> None:
    image = twin.speckle(height, width, n)
    points = np.vstack([twin.scattered((height, width), n, n), [[0, 0], [width - 1, height - 1]]]).astype(np.int32)
    np.testing.assert_array_equal(kernels.minutia_sums(image, points), twin.minutia_sums(image, points))


def assert_ridge_blocks_equal_the_twin(image: Grey) -> None:
    wanted = all_blocks(image)
    have = ridge_blocks(image, wanted)
    orientation, fda, lcs, ratios = twin.ridge_blocks(image, wanted)
    np.testing.assert_array_equal(have.orientation, orientation)
    np.testing.assert_allclose(have.fda, fda, rtol=1e-12)
    np.testing.assert_array_equal(have.lcs, lcs)
    assert have.ratios.tolist() == ratios


@pytest.mark.parametrize("number", range(len(pictures())))
def test_ridge_blocks_equal_the_twin(number: int) -> None:
    assert_ridge_blocks_equal_the_twin(pictures()[number])


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from([3.7, 6.1, 9.0, 12.9]), st.integers(36, 72), st.integers(36, 72))
def test_ridge_blocks_equal_the_twin_on_any_ridges(seed: int, period: float, height: int, width: int) -> None:
    image = np.ascontiguousarray(twin.ridges(220, 240, seed, period)[60 : 60 + height, 50 : 50 + width])
    assert_ridge_blocks_equal_the_twin(image)


def test_background_blocks_have_no_values() -> None:
    image = twin.speckle(100, 100)
    wanted = np.eye(3, dtype=np.bool_)
    have = ridge_blocks(image, wanted)
    for values in (have.orientation, have.fda, have.lcs):
        np.testing.assert_array_equal(np.isnan(values), ~wanted)


@SEVERAL
@given(arrays.arrays(np.float64, (6, 7), elements=st.floats(-np.pi / 2, np.pi / 2)), arrays.arrays(np.int8, (6, 7)))
def test_orientation_flow_equals_the_twin(angles: NDArray[np.float64], dice: NDArray[np.int8]) -> None:
    foreground = dice > -100
    have = kernels.orientation_flow(angles, foreground, least=blocks.FLOW_LEAST, span=blocks.FLOW_SPAN)
    np.testing.assert_allclose(have, twin.orientation_flow(angles, foreground), rtol=0, atol=1e-13)


@SEVERAL
@given(st.lists(st.floats(0, 40) | st.sampled_from([0.5, 0.667, 1.0, 1.25, 2.0, 30.0]), min_size=1, max_size=60))
def test_tally_equals_the_twin(values: list[float]) -> None:
    counts, mean, deviation = kernels.tally(np.array(values), blocks.RVUP_LIMITS)
    want = twin.histogram("x", values, blocks.RVUP_LIMITS)
    assert [*counts.tolist(), mean, deviation] == list(want.values())


@SEVERAL
@given(greys, st.integers(0, 4))
def test_erosion_equals_the_twin(image: Grey, reach: int) -> None:
    np.testing.assert_array_equal(kernels.erode(image, reach), twin.erode(image, reach))


@SEVERAL
@given(greys, st.sampled_from([GAUSS_41, GAUSS_91, (256,), (1, 254), (64, 0, 128), (20, 100, 16)]))
def test_blur_equals_the_twin(image: Grey, half: tuple[int, ...]) -> None:
    np.testing.assert_array_equal(kernels.blur(image, half), twin.blur(image, half))


@pytest.mark.parametrize("half", [GAUSS_41, GAUSS_91])
@pytest.mark.parametrize("grey", [0, 1, 254, 255])
def test_a_blurred_flat_stays_what_it_is(half: tuple[int, ...], grey: int) -> None:
    flat = np.full((130, 150), grey, np.uint8)
    np.testing.assert_array_equal(kernels.blur(flat, half), flat)


@SEVERAL
@given(greys)
def test_otsu_and_binarise_equal_the_twin(image: Grey) -> None:
    threshold = kernels.otsu(image)
    assert threshold == twin.otsu(image)
    np.testing.assert_array_equal(kernels.binarise(image, threshold), np.where(image > threshold, 255, 0))


@settings(max_examples=200, deadline=None)
@given(blobs)
def test_region_equals_the_twin(flags: NDArray[np.bool_]) -> None:
    mask = np.where(flags, 255, 0).astype(np.uint8)
    image = twin.speckle(*mask.shape)
    have = kernels.region(mask, image)
    want = twin.region(mask)
    np.testing.assert_array_equal(have.mask, want)
    assert have.pixels == np.count_nonzero(want)
    assert have.grey == image[want > 0].sum()
    assert have.blocks.tolist() == [[bool(want.any())]]


def test_region_marks_the_blocks_it_touches() -> None:
    mask = np.full((100, 140), 255, np.uint8)
    mask[31:33, 40:129] = 0
    have = kernels.region(mask, mask)
    want = np.zeros((4, 5), bool)
    want[:2, 1:] = True
    np.testing.assert_array_equal(have.blocks, want)


def test_region_fills_a_hole_but_not_a_bay() -> None:
    mask = np.full((20, 30), 255, np.uint8)
    mask[2:12, 2:12] = 0
    mask[5:8, 5:8] = 255  # a hole
    mask[9:10, 8:12] = 255  # a bay: reaches the outside
    have = kernels.region(mask, mask).mask > 0
    assert have[5:8, 5:8].all()
    assert not have[9, 8:12].any()


@pytest.mark.parametrize("row", range(1, 32))
def test_a_lone_speck_has_its_strongest_frequency_where_the_reference_has_it(row: int) -> None:
    # All frequencies of a lone speck are equally strong, and the last bit decides. OpenCV's transform finds the
    # lowest strongest (value 1) or another (1.6 / 15) by the row of the turned window that the speck lies in.
    image = np.full((40, 40), 254, np.uint8)
    image[10, 36 - row] = 253
    value = float(ridge_blocks(image, np.ones((1, 1), np.bool_)).fda[0, 0])
    assert value == pytest.approx(1.0 if row % 8 in (0, 1, 3) else 1.6 / 15, rel=1e-12)


# --- the gates ------------------------------------------------------------------------------------------------

ONE_PICTURE: dict[str, Callable[[Grey], object]] = {
    "margin_sums": kernels.margin_sums,
    "grid_sums": kernels.grid_sums,
    "minutia_sums": lambda image: kernels.minutia_sums(image, np.zeros((1, 2), np.int32)),
    "ridge_blocks": lambda image: ridge_blocks(image, np.ones((1, 1), np.bool_)),
    "erode": lambda image: kernels.erode(image, 2),
    "blur": lambda image: kernels.blur(image, GAUSS_91),
    "otsu": kernels.otsu,
    "binarise": lambda image: kernels.binarise(image, 7),
    "region": lambda image: kernels.region(image, image),
}
NO_PICTURES: dict[str, object] = {
    "empty": np.empty((0, 0), np.uint8),
    "no rows": np.empty((0, 50), np.uint8),
    "no columns": np.empty((50, 0), np.uint8),
    "three dimensions": np.zeros((50, 50, 3), np.uint8),
    "one dimension": np.zeros(50, np.uint8),
    "floats": np.zeros((50, 50)),
    "signed": np.zeros((50, 50), np.int8),
    "too wide": np.zeros((1, 8193), np.uint8),
    "a list": [[0, 1], [1, 0]],
    "nothing": None,
}


@pytest.mark.parametrize("what", NO_PICTURES)
@pytest.mark.parametrize("kernel", ONE_PICTURE)
def test_gates_refuse_what_is_no_picture(kernel: str, what: str) -> None:
    with pytest.raises(InvalidSampleError):
        ONE_PICTURE[kernel](NO_PICTURES[what])  # type: ignore[arg-type]


@pytest.mark.parametrize("kernel", ONE_PICTURE)
def test_gates_take_views_and_read_only_pictures(kernel: str) -> None:
    plain = twin.speckle(64, 72)
    wide = twin.speckle(128, 144)
    wide[::2, ::2] = plain
    frozen = plain.copy()
    frozen.flags.writeable = False
    want = repr(ONE_PICTURE[kernel](plain))
    assert repr(ONE_PICTURE[kernel](wide[::2, ::2])) == want
    assert repr(ONE_PICTURE[kernel](np.asfortranarray(plain))) == want
    assert repr(ONE_PICTURE[kernel](frozen)) == want


@pytest.mark.parametrize("shape", [(1, 1), (1, 8192), (8192, 1), (2, 2000)])
@pytest.mark.parametrize("kernel", ["margin_sums", "grid_sums", "erode", "blur", "otsu", "binarise", "region"])
def test_gates_take_extreme_shapes(kernel: str, shape: tuple[int, int]) -> None:
    assert ONE_PICTURE[kernel](twin.speckle(*shape)) is not None


def test_gates_refuse_grids_and_points_outside_the_picture() -> None:
    image = twin.speckle(100, 100)
    with pytest.raises(InvalidSampleError, match="does not lie inside"):
        ridge_blocks(image, np.ones((4, 3), np.bool_))
    for points in ([[100, 5]], [[5, 100]], [[-1, 5]], [[5, -1]]):
        with pytest.raises(InvalidSampleError, match="inside the picture"):
            kernels.minutia_sums(image, np.array(points, np.int32))
    with pytest.raises(InvalidSampleError, match="int32"):
        kernels.minutia_sums(image, np.zeros((1, 2), np.int64))
    with pytest.raises(InvalidSampleError, match="at least 32"):
        kernels.minutia_sums(image[:31], np.zeros((1, 2), np.int32))
    with pytest.raises(InvalidSampleError, match="shape"):
        kernels.region(image, image[:50])
    with pytest.raises(InvalidSampleError, match="shape"):
        kernels.orientation_flow(np.zeros((3, 3)), np.ones((3, 4), np.bool_), least=0.1, span=1.0)


def test_gates_take_no_blocks_and_no_points() -> None:
    image = twin.speckle(40, 40)
    assert ridge_blocks(image, np.ones((0, 0), np.bool_)).ratios.size == 0
    assert kernels.minutia_sums(image, np.empty((0, 2), np.int32)).shape == (0, 5)
    assert kernels.orientation_flow(np.empty((0, 0)), np.empty((0, 0), np.bool_), least=0.1, span=1.0).size == 0
    with pytest.raises(InvalidSampleError, match="empty"):
        kernels.tally(np.empty(0), blocks.LCS_LIMITS)


@pytest.mark.parametrize("half", [(), (-1, 258), (1, 2, 3), (256, 256)])
def test_blur_refuses_weights_that_would_overflow(half: tuple[int, ...]) -> None:
    with pytest.raises(InvalidSampleError, match="256"):
        kernels.blur(twin.speckle(40, 40), half)


def ticks_during_a_kernel() -> int:
    """Return how often this thread ran while another was in a kernel of some tens of ms."""
    image = twin.speckle(3000, 3000)
    running, done = threading.Event(), threading.Event()

    def work() -> None:
        running.set()
        kernels.blur(image, GAUSS_91)
        done.set()

    thread = threading.Thread(target=work)
    thread.start()
    running.wait()
    ticks = 0
    while not done.is_set():
        ticks += 1
        time.sleep(0.001)
    thread.join()
    return ticks


def test_the_interpreter_is_free_while_a_kernel_runs() -> None:
    # With the interpreter held there would be no tick but before and after; a busy machine may need several tries.
    assert any(ticks_during_a_kernel() >= 8 for _ in range(5))
