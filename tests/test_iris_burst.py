"""Of a burst the open, sharp and different frames are kept, whatever the order of the others; the rest is left."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import biocore
from biocore.errors import ExtractionError, InvalidSampleError
from biocore.iris import Chosen, from_burst, select_frames
from biocore.iris.burst import _alike, _best
from biocore.iris.compare import compare
from biocore.report import QualityReport
from biocore.types import EyePosition, FingerPosition, Frame, IrisTemplate, Modality, Sample
from iris_pictures import template
from painted_eyes import Eye, paint

PERSON = Eye(width=400, height=300, radius=85.0, centre=(200.0, 155.0), lid=0.95)


def frame(eye: Eye = PERSON, shot: int = 0, position: EyePosition = EyePosition.UNKNOWN) -> Sample:
    """Paint an eye as frame number `shot` shows it: the camera's noise is another each time."""
    pixels = paint(eye.but(noise=0.0)).astype(np.float64)
    noisy = pixels + np.random.default_rng([eye.seed, shot]).normal(size=pixels.shape) * eye.noise
    return Sample(Frame(np.clip(np.round(noisy), 0, 255).astype(np.uint8)), Modality.IRIS, position)


def moved(shot: int, **changed: Any) -> Sample:
    dx, dy = 3.0 * (shot % 3), 2.0 * (shot % 2)
    return frame(PERSON.but(centre=(200.0 + dx, 155.0 + dy), roll=0.7 * (shot % 7), **changed), shot)


BLINK = {"lid": 0.1}
BLURRED = {"blur": 0.06}


def test_blinks_and_blurred_frames_are_left_out() -> None:
    burst = [
        moved(0, **BLINK),
        moved(1, **BLURRED),
        moved(2),
        moved(3, lid=-1.2),
        moved(4, **BLURRED),
        moved(5),
        moved(6, **BLINK),
        moved(7),
    ]
    chosen = select_frames(burst, keep=3)
    assert sorted(each.index for each in chosen) == [2, 5, 7]
    scores = [each.report.score or 0 for each in chosen]
    assert scores[0] == max(scores)
    assert chosen[0].sample is burst[chosen[0].index]


def test_a_picture_that_was_sent_twice_counts_once() -> None:
    one, other = moved(0), moved(4)
    pixels = np.minimum(one.pixels, 254) + (np.arange(one.pixels.shape[1]) % 9 == 0)  # what a codec does to it
    again = Sample(Frame(pixels.astype(np.uint8)), Modality.IRIS)
    chosen = select_frames([one, one, again, other, one], keep=4)
    assert sorted(each.index for each in chosen) == [0, 3]


def scored(index: int, score: int) -> Chosen:
    return Chosen(index, moved(0), QualityReport(Modality.IRIS, EyePosition.UNKNOWN, "memory", score, "test/1"))


def test_a_neighbour_must_be_clearly_better_than_a_frame_far_away() -> None:
    burst = [scored(4, 80), scored(5, 78), scored(9, 75)]
    assert [each.index for each in _best(burst, 2)] == [4, 9]
    assert [each.index for each in _best([*burst[:2], scored(9, 70)], 2)] == [4, 5]
    assert [each.index for each in _best([scored(7, 60), scored(3, 60)], 1)] == [3]


def test_a_poor_burst_gives_what_it_has() -> None:
    burst = [moved(0, lid=-1.2), moved(1, **BLURRED), moved(2, lid=-1.2)]
    (only,) = select_frames(burst)
    assert only.index == 1


def test_the_template_of_a_burst_is_better_than_its_frames_one_by_one() -> None:
    probe = biocore.extract(moved(40, noise=6.0))
    burst = [moved(k, noise=6.0) for k in range(6)]
    assert isinstance(probe, IrisTemplate)
    singles = [compare(probe, made).score for each in burst if isinstance(made := biocore.extract(each), IrisTemplate)]
    fused = from_burst(burst)
    assert compare(probe, fused).score > np.median(singles)
    assert fused.image_quality == max(each.report.score or 0 for each in select_frames(burst))


def test_the_same_burst_gives_the_same_bytes() -> None:
    burst = [moved(k) for k in range(4)]
    one, other = from_burst(burst), from_burst([moved(k) for k in range(4)])
    assert one.code.tobytes() == other.code.tobytes()
    assert one.mask.tobytes() == other.mask.tobytes()


def test_a_frame_of_somebody_else_does_not_get_into_the_template() -> None:
    mine, later = [moved(0), moved(5)], biocore.extract(moved(9))
    stranger = frame(PERSON.but(seed=77), 3)
    fused = from_burst([mine[0], stranger, mine[1]])
    assert isinstance(later, IrisTemplate)
    assert compare(later, fused).score > 100
    strange = biocore.extract(stranger)
    assert isinstance(strange, IrisTemplate)
    assert compare(strange, fused).score < 30


def test_of_templates_that_are_not_alike_the_better_one_stands() -> None:
    codes = np.random.default_rng(3).integers(0, 2**64, (3, 256), np.uint64)
    one, other, third = (template(code) for code in codes)
    assert _alike([one, other, third]) == [one]
    assert _alike([one, other, template(codes[1])])[0] is other


def test_a_burst_keeps_its_eye() -> None:
    burst = [frame(PERSON, 0, EyePosition.LEFT), frame(PERSON, 1)]
    assert from_burst(burst).position is EyePosition.LEFT


def test_what_is_no_burst_of_one_eye_is_refused() -> None:
    eye = frame()
    finger = Sample(Frame(eye.pixels, 500.0), Modality.FINGER, FingerPosition.RIGHT_INDEX)
    with pytest.raises(InvalidSampleError, match="at least one frame"):
        select_frames([])
    with pytest.raises(InvalidSampleError, match="frame 1 of the burst"):
        select_frames([eye, finger])
    with pytest.raises(InvalidSampleError, match="left and the right"):
        select_frames([replace(eye, position=side) for side in (EyePosition.LEFT, EyePosition.RIGHT)])
    for keep in (0, 65):
        with pytest.raises(ValueError, match="1 to 64"):
            select_frames([eye], keep)
    blank = Sample(Frame(np.full((240, 320), 128, np.uint8)), Modality.IRIS)
    for choose in (select_frames, from_burst):
        with pytest.raises(ExtractionError, match="none of 1 frames shows an iris"):
            choose([blank])
