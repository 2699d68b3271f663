"""Extraction finds the minutiae that are there, where they are, and says so when there are none."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from typing import get_args

import numpy as np
import pytest
from numpy.typing import NDArray

from biocore import trace
from biocore.errors import ExtractionError, InvalidSampleError
from biocore.fingerprint.extract import Effort, extract
from biocore.types import FingerPosition, FingerTemplate, MinutiaKind
from ridge_fields import Dislocation, expected_direction, ridge_field

EFFORTS: tuple[Effort, ...] = get_args(Effort)
SIX = [
    Dislocation(90, 100, 1),
    Dislocation(180, 95, -1),
    Dislocation(140, 150, 1),
    Dislocation(85, 195, -1),
    Dislocation(195, 190, 1),
    Dislocation(140, 230, -1),
]
GREY = np.full((200, 200), 128, np.uint8)


def record(template: FingerTemplate) -> bytes:
    columns = (template.points, template.directions, template.kinds, template.qualities)
    return b"".join(column.tobytes() for column in columns)


def nearest(template: FingerTemplate, x: float, y: float) -> tuple[int, float]:
    gap = np.hypot(template.points[:, 0] - x, template.points[:, 1] - y)
    return int(gap.argmin()), float(gap.min())


def turned(a: float, b: float) -> float:
    return float(abs(np.angle(np.exp(1j * (a - b)))))


@pytest.mark.parametrize("effort", EFFORTS)
@pytest.mark.parametrize("degrees", range(0, 180, 30))
@pytest.mark.parametrize("noise", [0, 25])
def test_known_minutiae_are_found_where_they_are_and_no_others(effort: Effort, degrees: int, noise: float) -> None:
    angle = np.radians(degrees)
    template = extract(ridge_field(SIX, angle=angle, phase=degrees, noise=noise), effort)
    gaps = []
    for d in SIX:
        i, gap = nearest(template, d.x, d.y)
        gaps.append(gap)
        assert gap < 4  # a minutia is a third of a ridge period wide
        assert turned(float(template.directions[i]), expected_direction(d, angle)) < np.radians(10)
    assert np.mean(gaps) < 2
    assert len(template) == len(SIX)


@pytest.mark.parametrize("period", [6.5, 8.0, 10.0, 12.0])
def test_the_ridges_of_children_and_of_large_thumbs_are_followed(period: float) -> None:
    template = extract(ridge_field(SIX, period=period, angle=0.4))
    assert len(template) == len(SIX)
    assert all(nearest(template, d.x, d.y)[1] < 0.5 * period for d in SIX)


def test_half_a_period_turns_endings_into_bifurcations() -> None:
    ends = extract(ridge_field(SIX, phase=0.0))
    forks = extract(ridge_field(SIX, phase=np.pi))
    assert {int(k) for k in ends.kinds} <= {MinutiaKind.ENDING, MinutiaKind.BIFURCATION}
    for d in SIX:
        i, j = nearest(ends, d.x, d.y)[0], nearest(forks, d.x, d.y)[0]
        assert ends.kinds[i] + forks.kinds[j] == MinutiaKind.ENDING + MinutiaKind.BIFURCATION
        assert turned(float(ends.directions[i]), float(forks.directions[j])) < np.radians(10)


@pytest.mark.parametrize("effort", EFFORTS)
def test_a_quarter_turn_of_the_picture_turns_the_template(effort: Effort) -> None:
    pixels = ridge_field(SIX, shape=(320, 320), angle=0.5, noise=10)
    upright, lying = extract(pixels, effort), extract(np.rot90(pixels).copy(), effort)  # counter-clockwise
    assert len(upright) == len(lying)
    for m in upright.minutiae:
        i, gap = nearest(lying, m.y, pixels.shape[1] - 1 - m.x)
        assert gap < 2
        assert turned(float(lying.directions[i]), m.direction + np.pi / 2) < np.radians(5)
        assert lying.kinds[i] == m.kind


@pytest.mark.parametrize(("right", "down"), [(8, 16), (3, 5)])
def test_a_shift_of_the_picture_shifts_the_template(right: int, down: int) -> None:
    pixels = ridge_field(SIX, angle=1.1, noise=10)
    moved = extract(np.pad(pixels, ((down, 0), (right, 0)), constant_values=255))
    still = extract(pixels)
    assert len(still) == len(moved)
    for m in still.minutiae:
        i, gap = nearest(moved, m.x + right, m.y + down)
        assert gap < 2
        assert turned(float(moved.directions[i]), m.direction) < np.radians(5)


def test_minutiae_come_best_first_and_damage_lowers_confidence() -> None:
    clean = extract(ridge_field(SIX, noise=5))
    noisy = extract(ridge_field(SIX, noise=90))
    for template in (clean, noisy):
        assert (np.diff(template.qualities.astype(int)) <= 0).all()
        assert ((template.qualities >= 1) & (template.qualities <= 99)).all()
    assert clean.qualities.mean() > noisy.qualities.mean() + 5


def test_the_edge_of_the_print_gives_no_minutiae() -> None:
    with pytest.raises(ExtractionError, match="no minutia"):
        extract(ridge_field([]))


def test_gaps_and_bridges_shorter_than_two_periods_are_mended() -> None:
    pixels = ridge_field(SIX, angle=0.3)
    rng = np.random.default_rng(5)
    for x, y in rng.integers(70, 220, (40, 2)):
        pixels[y : y + 4, x : x + 4] = rng.choice([0, 255])
    template = extract(pixels)
    found = [nearest(template, d.x, d.y)[1] < 6 for d in SIX]
    assert all(found)
    assert len(template) <= len(SIX) + 2


@pytest.mark.parametrize("effort", EFFORTS)
@pytest.mark.parametrize(
    "pixels",
    [
        np.zeros((1, 1), np.uint8),
        np.zeros((1, 500), np.uint8),
        np.full((300, 3), 255, np.uint8),
        np.full((300, 300), 255, np.uint8),
        GREY,
        np.tile(np.linspace(0, 255, 300).astype(np.uint8), (300, 1)),
        ridge_field(SIX)[100:130, 100:130],
    ],
    ids=["pixel", "row", "column", "white", "grey", "ramp", "thumbnail"],
)
def test_pictures_without_a_finger_are_refused_with_a_reason(pixels: NDArray[np.uint8], effort: Effort) -> None:
    with pytest.raises(ExtractionError, match=r"region|minutia"):
        extract(pixels, effort)


@pytest.mark.parametrize("effort", EFFORTS)
@pytest.mark.parametrize("shape", [(300, 300), (500, 700)])
def test_noise_is_refused_or_trusted_little(effort: Effort, shape: tuple[int, int]) -> None:
    noise = np.random.default_rng(7).integers(0, 256, shape).astype(np.uint8)
    try:
        template = extract(noise, effort)
    except ExtractionError:
        return
    finger = extract(ridge_field(SIX))
    assert np.median(template.qualities) < finger.qualities.min() - 20


@pytest.mark.parametrize(
    "pixels", [np.zeros((9, 9), np.float32), np.zeros((9, 9, 3), np.uint8), np.zeros((0, 9), np.uint8), [[1]], None]
)
def test_what_is_no_picture_is_refused(pixels: object) -> None:
    with pytest.raises(InvalidSampleError):
        extract(pixels)  # type: ignore[arg-type]


def test_an_unknown_effort_is_refused_and_names_those_there_are() -> None:
    with pytest.raises(InvalidSampleError, match="fast or robust"):
        extract(GREY, "heroic")  # type: ignore[arg-type]


@pytest.mark.parametrize("effort", EFFORTS)
def test_the_template_says_where_it_comes_from(effort: Effort) -> None:
    template = extract(ridge_field(SIX), effort, FingerPosition.LEFT_THUMB)
    assert template.algorithm == f"biocore.finger.{effort}/1"
    assert (template.width, template.height, template.ppi) == (288, 320, 500.0)
    assert template.position is FingerPosition.LEFT_THUMB


def test_the_layout_of_the_pixels_in_memory_changes_nothing() -> None:
    pixels = ridge_field(SIX, angle=0.9, noise=15)
    frozen = pixels.copy()
    frozen.flags.writeable = False
    wide = np.zeros((pixels.shape[0], 2 * pixels.shape[1]), np.uint8)
    wide[:, ::2] = pixels
    assert record(extract(pixels)) == record(extract(frozen)) == record(extract(wide[:, ::2]))


def whole_numbers() -> NDArray[np.uint8]:
    """Draw ridges with seams, speckle and breaks in integers alone, so that it is the same on every machine."""
    y, x = np.mgrid[:320, :288]
    lines = 9 * y + np.where(x > 90, y, 0) - np.where(x > 190, 2 * y, 0) + (x - 144) * (x - 144) // 60
    speckle = (x * 7919 + y * 104729 + x * y * 31) % 61 - 30
    pixels = np.clip(np.abs(lines % 80 - 40) * 6 + speckle, 0, 255)
    pixels = np.where((x // 9 + 2 * (y // 11)) % 13 == 0, 180, pixels)
    inside = (x - 144) ** 2 * 5 + (y - 160) ** 2 * 4 < 90000
    return np.where(inside, pixels, 250).astype(np.uint8)


GOLDEN = {"fast": "0771c50de3f58056", "robust": "e1b6c04e58a974bb"}  # what changes them needs a new algorithm version


@pytest.mark.parametrize("effort", EFFORTS)
def test_the_same_pixels_give_the_same_bytes_in_every_release(effort: Effort) -> None:
    template = extract(whole_numbers(), effort)
    assert len(template) > 4
    assert hashlib.sha256(record(template)).hexdigest()[:16] == GOLDEN[effort]


def test_a_processor_without_wide_instructions_gives_the_same_bytes() -> None:
    program = (
        "import hashlib; from test_extract import EFFORTS, extract, record, whole_numbers;"
        "print(*(hashlib.sha256(record(extract(whole_numbers(), e))).hexdigest()[:16] for e in EFFORTS))"
    )
    narrow = {
        "NPY_DISABLE_CPU_FEATURES": "AVX512_SPR AVX512_ICL AVX512_CNL AVX512_CLX AVX512_SKX AVX512CD AVX512F AVX2 FMA3",
        "OPENCV_CPU_DISABLE": "SSE4_1,SSE4_2,AVX,FP16,FMA3,AVX2,AVX512-SKX",
        "PYTHONPATH": os.pathsep.join(p for p in sys.path if p),
        "PYTHONWARNINGS": "ignore",
    }
    done = subprocess.run(
        [sys.executable, "-c", program], env={**os.environ, **narrow}, capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == [GOLDEN[effort] for effort in EFFORTS]


@pytest.mark.parametrize("effort", EFFORTS)
def test_leaving_out_the_ground_around_the_finger_changes_nothing(
    effort: Effort, monkeypatch: pytest.MonkeyPatch
) -> None:
    y, x = np.mgrid[:440, :520]
    pixels = np.full((440, 520), 230, np.uint8)
    pixels[60:380, 130:450] = ridge_field(SIX, shape=(320, 320), noise=20)
    pixels[((y - 220) / 150) ** 2 + ((x - 290) / 120) ** 2 > 1] = 230  # corners a box would take for holes
    cropped = record(extract(pixels, effort))
    whole = np.zeros(2, np.float32)
    monkeypatch.setattr("biocore.fingerprint.extract.crop", lambda picture, mask: (picture, mask, whole))
    assert record(extract(pixels, effort)) == cropped


@pytest.mark.parametrize("effort", EFFORTS)
def test_every_stage_shows_its_picture(effort: Effort) -> None:
    seen: dict[str, trace.Picture] = {}
    with trace.to(seen.__setitem__):
        extract(ridge_field(SIX), effort)
    stages = ("normalised", "mask", "orientation", "enhanced", "ending_lines", "bifurcation_lines")
    assert set(seen) == {f"fingerprint.{stage}" for stage in stages}
    assert all(picture.dtype == np.uint8 and picture.any() for picture in seen.values())
