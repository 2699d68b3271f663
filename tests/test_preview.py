"""A glance at a live frame agrees with the full assessment, sees motion, and is never the wrong kind of answer."""

from __future__ import annotations

import numpy as np
import pytest

from biocore.errors import InvalidSampleError
from biocore.fingerprint import synth
from biocore.fingerprint.causes import find_causes
from biocore.fingerprint.preview import preview
from biocore.report import CauseName
from biocore.types import GreyImage

SIZE = (320, 400)


def noisy(image: GreyImage, seed: int, amount: float = 3.0) -> GreyImage:
    plane = image + np.random.default_rng(seed).normal(0, amount, image.shape)
    return plane.clip(0, 255).astype(np.uint8)


@pytest.fixture(scope="module")
def good() -> GreyImage:
    return synth.impression(2100, 1, synth.Conditions(), SIZE)


def test_a_good_finger_is_seen_and_has_no_cause(good: GreyImage) -> None:
    seen = preview(good)
    assert seen.finger
    assert seen.cause is None
    assert 0.2 < seen.foreground_share < 0.9
    assert 0.2 < seen.contrast < 0.8
    assert seen.score >= 50


def test_the_first_frame_has_no_motion_and_is_not_steady(good: GreyImage) -> None:
    seen = preview(good)
    assert seen.motion is None
    assert not seen.steady


def test_a_still_finger_is_steady_despite_noise_and_a_sliding_one_is_not(good: GreyImage) -> None:
    first = preview(noisy(good, 1))
    still = preview(noisy(good, 2), first)
    slid = preview(noisy(np.roll(good, 2, axis=1), 3), first)
    assert still.steady
    assert still.motion is not None
    assert slid.motion is not None
    assert slid.motion > 3 * still.motion
    assert not slid.steady


def test_a_finger_that_just_arrived_is_not_steady(good: GreyImage) -> None:
    bare = preview(np.full_like(good, 245))
    assert not preview(good, bare).steady


def test_a_bare_window_is_no_finger_and_never_steady() -> None:
    bare = np.full((400, 320), 245, np.uint8)
    seen = preview(noisy(bare, 2), preview(noisy(bare, 1)))
    assert not seen.finger
    assert not seen.steady
    assert seen.score == 0
    assert seen.foreground_share == 0.0
    assert seen.cause is not None
    assert seen.cause.name is CauseName.NO_FINGER


def test_frames_of_another_size_have_no_motion(good: GreyImage) -> None:
    assert preview(good, preview(good[:200])).motion is None


@pytest.mark.parametrize("cause", ["LIGHT", "WORN", "SMEAR", "TOO_SMALL", "DRY"])
def test_the_score_falls_with_the_severity_of_a_defect(cause: str) -> None:
    scores = [preview(synth.impression(2101, 1, synth.defect(cause, s), SIZE)).score for s in (0.2, 1.0)]
    clean = preview(synth.impression(2101, 1, synth.Conditions(), SIZE)).score
    assert clean >= scores[0] > scores[1]


def test_preview_and_assessment_name_the_same_lead() -> None:
    agree = []
    for number, cause in enumerate(("LIGHT", "WET", "WORN", "SMEAR", "TOO_SMALL", "OFF_CENTRE", "DRY")):
        image = synth.impression(2110 + number, 1, synth.defect(cause, 0.9), SIZE)
        glance, full = preview(image).cause, find_causes(image)
        agree.append(glance is not None and bool(full) and glance.name is full[0].name)
    assert sum(agree) >= 6


def test_the_thumbnail_is_read_only_and_small(good: GreyImage) -> None:
    thumbnail = preview(good).thumbnail
    assert thumbnail.shape == (good.shape[0] // 4, good.shape[1] // 4)
    with pytest.raises(ValueError, match="read-only"):
        thumbnail[0, 0] = 1


@pytest.mark.parametrize("shape", [(1, 1), (1, 200), (3, 3), (50, 50)])
def test_any_size_of_frame_is_answered(shape: tuple[int, int]) -> None:
    frame = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
    seen = preview(frame, preview(frame))
    assert 0 <= seen.score <= 100


def test_what_is_no_frame_is_refused() -> None:
    with pytest.raises(InvalidSampleError):
        preview(np.zeros((5, 5), np.float32))
