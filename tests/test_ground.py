"""The print as the default score sees it: the same whatever lies around it, and no better than it is."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

import biocore
from biocore.errors import InvalidSampleError, NotAssessableError
from biocore.fingerprint import ground
from biocore.fingerprint.ground import print_measures, print_on_white, without_flat_edges
from biocore.fingerprint.nfiq2 import nfiq2_measures, uncropped_measures
from biocore.fingerprint.score import FAINT, default_score
from biocore.types import Frame, GreyImage, Modality, Sample


def whorl(noise: float = 6.0) -> GreyImage:
    """Draw rings 9 px apart in an ellipse on white: 400 × 320 px."""
    y, x = np.mgrid[-200.0:200.0, -160.0:160.0]
    radius = np.hypot(0.8 * y, x) + 4 * np.sin(2 * np.arctan2(y, x))
    ridges = 140 - 90 * np.sin(2 * np.pi * radius / 9) + np.random.default_rng(1).normal(0, noise, x.shape)
    inside = (y / 180) ** 2 + (x / 140) ** 2 < 1
    drawn: NDArray[np.float64] = np.where(inside, np.clip(ridges, 0, 255), 255)
    return drawn.astype(np.uint8)


def score_of(pixels: GreyImage) -> float:
    return default_score(print_measures(pixels))


def assessed(pixels: GreyImage) -> int:
    score = biocore.assess(Sample(Frame(pixels, 500.0), Modality.FINGER)).score
    assert score is not None
    return score


@settings(max_examples=40, deadline=None)
@given(
    st.tuples(*[st.integers(0, 90)] * 4),
    st.integers(0, 255),
    st.integers(0, 40),
    st.integers(0, 255),
)
def test_a_flat_frame_of_any_grey_leaves_the_print_as_it_is(
    sides: tuple[int, int, int, int], grey: int, second: int, other: int
) -> None:
    top, bottom, left, right = sides
    framed = np.pad(whorl(), ((top, bottom), (left, right)), constant_values=grey)
    framed = np.pad(framed, second, constant_values=other)
    assert np.array_equal(print_on_white(framed), print_on_white(whorl()))


def test_a_blank_window_and_a_dark_frame_do_not_move_the_score_of_a_report() -> None:
    alone = assessed(whorl())
    assert alone > 40
    for grey in (0, 20, 90, 255):
        for width in (3, 30, 100):
            assert abs(assessed(np.pad(whorl(), width, constant_values=grey)) - alone) <= 1


def test_noise_in_the_frame_moves_the_score_by_less_than_three_points() -> None:
    rng = np.random.default_rng(2)
    for grey in (20.0, 128.0, 250.0):
        frame = np.clip(rng.normal(grey, 1.5, (560, 460)), 0, 255).astype(np.uint8)
        frame[80:480, 70:390] = whorl()
        assert abs(score_of(frame) - score_of(whorl())) < 3


def test_a_grey_ground_and_less_contrast_move_the_score_by_less_than_three_points() -> None:
    grey = (30.0 + 0.45 * whorl()).astype(np.uint8)
    assert 140 <= int(grey.max()) <= 145
    assert default_score(nfiq2_measures(grey)) != pytest.approx(default_score(nfiq2_measures(whorl())), abs=0.5)
    assert abs(score_of(grey) - score_of(whorl())) < 3


def test_ground_becomes_white_ridges_black_and_a_full_contrast_changes_little() -> None:
    grey = (30.0 + 0.45 * whorl()).astype(np.uint8)
    lifted = print_on_white(grey)
    assert lifted.max() == ground.WHITE
    assert np.quantile(lifted, 0.02) <= ground.BLACK + 30
    dark = (255.0 - 1.2 * (255.0 - whorl(noise=0.0))).clip(0, 255).astype(np.uint8)
    rows, columns = (np.flatnonzero((255 - dark.astype(int)).sum(axis=axis) > ground.LEAST_INK) for axis in (1, 0))
    kept = dark[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    seen = print_on_white(dark)
    assert all(abs(ours - theirs) <= 4 for ours, theirs in zip(seen.shape, kept.shape, strict=True))
    assert abs(seen.mean() - kept.mean()) < 12


@pytest.mark.parametrize("contrast", [0.7, 0.4, 0.15])
def test_less_contrast_does_not_move_the_outline_and_lowers_the_score_of_faint_prints_alone(contrast: float) -> None:
    whole = print_on_white(whorl())
    for flat in (0.0, 128.0, 255.0):
        faint = (flat + contrast * (whorl() - flat) + 0.5).clip(0, 255).astype(np.uint8)
        seen = print_on_white(faint)
        assert max(abs(seen.shape[axis] - whole.shape[axis]) for axis in (0, 1)) <= 1
        share = min(1.0, print_measures(faint)[ground.CONTRAST] / FAINT)
        assert abs(score_of(faint) - share * score_of(whorl())) < 1.5
        assert share < 1.0 or contrast > 0.15 or flat == 0.0  # a darker exposure is no fainter print


def test_what_is_measured_begins_at_the_corner_even_where_that_is_white() -> None:
    alone = print_on_white(whorl())
    padded = np.pad(alone, ((32, 0), (32, 0)), constant_values=255)
    assert uncropped_measures(padded)["Mu"] > uncropped_measures(alone)["Mu"]
    cropped = nfiq2_measures(np.pad(whorl()[60:340, 60:260], 40, constant_values=255))
    assert {**cropped, **uncropped_measures(whorl()[60:340, 60:260])} == cropped


@pytest.mark.parametrize("shape", [(1, 1), (1, 40), (40, 1), (7, 9), (64, 64)])
def test_pictures_without_a_print_are_refused(shape: tuple[int, int]) -> None:
    for grey in (0, 128, 255):
        with pytest.raises(NotAssessableError):
            print_on_white(np.full(shape, grey, np.uint8))
    with pytest.raises(InvalidSampleError):
        print_on_white(np.zeros((*shape, 3), np.uint8))


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32), st.integers(1, 90), st.integers(1, 90))
def test_any_picture_is_shown_or_refused(seed: int, height: int, width: int) -> None:
    pixels = np.random.default_rng(seed).integers(0, 256, (height, width)).astype(np.uint8)
    before = pixels.copy()
    try:
        seen = print_on_white(pixels)
    except NotAssessableError:
        seen = pixels
    assert seen.dtype == np.uint8
    assert seen.shape[0] <= height
    assert seen.shape[1] <= width
    assert np.array_equal(pixels, before)


def test_flat_edges_are_cut_ring_by_ring() -> None:
    rings = np.pad(np.pad(whorl()[150:250, 100:220], 9, constant_values=255), 5, constant_values=10)
    assert np.array_equal(without_flat_edges(rings), whorl()[150:250, 100:220])
