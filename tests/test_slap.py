"""Slaps come apart into the right fingers, or the error says how many lie there."""

from __future__ import annotations

import io
import math
import struct
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

import biocore
from biocore import trace
from biocore.errors import BiocoreError, InvalidSampleError, SlapError
from biocore.fingerprint import slap_parts, synth
from biocore.fingerprint.slap import Hand, RotatedBox, Slap, SlapKind, segment_slap
from biocore.fingerprint.slap_hand import agreement
from biocore.fingerprint.slap_types import LEFT_TO_RIGHT
from biocore.fingerprint.synth_slap import PlacedFinger, SlapConditions, SyntheticSlap, compose
from biocore.types import FingerPosition, Frame, Modality, Sample

TOLERANCE_PX = 64.0  # left, right and top, at 500 ppi, as NIST's evaluation of slap segmentation allows
TOLERANCE_BOTTOM_PX = 128.0  # the crease is less sharp than the tip
R = SlapKind.RIGHT_FOUR
L = SlapKind.LEFT_FOUR
T = SlapKind.TWO_THUMBS
F = FingerPosition

LAYOUTS = {
    "plain right": (R, SlapConditions()),
    "plain left": (L, SlapConditions(fan_deg=14.0, gap_px=70.0)),
    "thumbs": (T, SlapConditions(fan_deg=20.0)),
    "turned left": (R, SlapConditions(rotation_deg=29.0, second_phalanx=0.7)),
    "turned right": (L, SlapConditions(rotation_deg=-29.0)),
    "turned far": (R, SlapConditions(rotation_deg=-42.0, gap_px=35.0)),
    "touching": (L, SlapConditions(gap_px=-12.0, second_phalanx=0.8, rotation_deg=8.0)),
    "crease hardly seen": (R, SlapConditions(second_phalanx=1.0, crease_px=9.0)),
    "halo and residue": (R, SlapConditions(halo=0.8, residue=0.4)),
    "dark ground": (L, SlapConditions(background=120.0, noise=4.0)),
    "one barely there": (R, SlapConditions(faint=F.RIGHT_LITTLE)),
    "missing": (L, SlapConditions(missing=(F.LEFT_MIDDLE,), second_phalanx=0.6)),
}


def sides(box: RotatedBox, truth: RotatedBox) -> tuple[float, float, float, float]:
    """How far left, right, top and bottom lie from the true ones, px, in the true finger's own directions."""
    cos, sin = math.cos(math.radians(truth.angle_deg)), math.sin(math.radians(truth.angle_deg))

    def own(point: tuple[float, float]) -> tuple[float, float]:
        x, y = point[0] - truth.centre[0], point[1] - truth.centre[1]
        return x * cos - y * sin, x * sin + y * cos

    (ax, ay), (bx, by), (cx, cy), (dx, dy) = (own(corner) for corner in box.corners)
    half_x, half_y = truth.size[0] / 2, truth.size[1] / 2
    return (ax + dx) / 2 + half_x, (bx + cx) / 2 - half_x, (ay + by) / 2 + half_y, (cy + dy) / 2 - half_y


def assert_right(slap: Slap, truth: tuple[PlacedFinger, ...]) -> None:
    assert [finger.position for finger in slap.fingers] == [placed.position for placed in truth]
    for finger, placed in zip(slap.fingers, truth, strict=True):
        left, right, top, bottom = sides(finger.box, placed.box)
        assert max(abs(left), abs(right), abs(top)) <= TOLERANCE_PX, (finger.position.name, left, right, top)
        assert abs(bottom) <= TOLERANCE_BOTTOM_PX, (finger.position.name, bottom)


@pytest.fixture(scope="module")
def plain() -> SyntheticSlap:
    return compose(2, 1, R)


@pytest.mark.parametrize("name", LAYOUTS)
def test_every_finger_is_found_where_it_lies(name: str) -> None:
    kind, conditions = LAYOUTS[name]
    scan = compose(2, 1, kind, conditions)
    slap = segment_slap(scan.pixels, kind, missing=conditions.missing, ppi=500)
    assert_right(slap, scan.fingers)
    angle = sum(placed.box.angle_deg for placed in scan.fingers) / len(scan.fingers)
    assert slap.rotation_deg == pytest.approx(angle, abs=8.0)
    assert slap.hand is {R: Hand.RIGHT, L: Hand.LEFT, T: Hand.BOTH}[kind]


def test_a_crop_is_upright_read_only_and_of_its_finger(plain: SyntheticSlap) -> None:
    slap = segment_slap(Sample(Frame(plain.pixels, 500.0, "desk.png"), Modality.FINGER), R)
    for finger in slap.fingers:
        assert finger.sample.ppi == 500.0
        assert finger.sample.position is finger.position
        assert finger.sample.source == f"desk.png#{finger.position.name}"
        assert not finger.sample.pixels.flags.writeable
        height, width = finger.sample.pixels.shape
        assert (width, height) == pytest.approx(np.add(finger.box.size, 32.0), abs=1.0)
        assert height > width
        assert 0.0 < finger.confidence <= 1.0


def test_a_crop_matches_its_finger_and_no_other() -> None:
    scan = compose(2, 1, R, SlapConditions(rotation_deg=20.0, second_phalanx=0.6))
    slap = segment_slap(scan.pixels, R, ppi=500)
    crops = [biocore.extract(finger.sample) for finger in slap.fingers]
    singles = [
        biocore.extract(Sample(Frame(synth.impression(placed.seed, 9), 500.0), Modality.FINGER))
        for placed in scan.fingers
    ]
    for n, crop in enumerate(crops):
        scores = [biocore.compare(crop, single).score for single in singles]
        assert int(np.argmax(scores)) == n, scores
        assert scores[n] >= 40.0, scores


def test_what_is_cut_out_of_a_touching_slap_holds_no_neighbour() -> None:
    scan = compose(2, 1, L, SlapConditions(gap_px=-12.0))
    for finger in segment_slap(scan.pixels, L, ppi=500).fingers:
        pixels = finger.sample.pixels
        corner = pixels[-24:, :24], pixels[-24:, -24:]
        assert all(float(part.mean()) > 150.0 for part in corner), finger.position.name


def test_1000_ppi_gives_the_boxes_of_500() -> None:
    scan = compose(2, 1, R, size=(3000, 2000), ppi=1000.0)
    slap = segment_slap(scan.pixels, R, ppi=1000)
    assert_right(slap, scan.fingers)
    assert {finger.sample.ppi for finger in slap.fingers} == {500.0}


@pytest.mark.parametrize(
    ("missing", "counts", "told"),
    [
        ((F.RIGHT_RING,), (3, 4), "3 fingers found where 4 were expected"),
        ((F.RIGHT_INDEX, F.RIGHT_LITTLE), (2, 4), "2 fingers found where 4 were expected"),
    ],
)
def test_too_few_fingers_are_counted(missing: tuple[F, ...], counts: tuple[int, int], told: str) -> None:
    scan = compose(2, 1, R, SlapConditions(missing=missing, second_phalanx=0.7, residue=0.3))
    with pytest.raises(SlapError, match=told) as caught:
        segment_slap(scan.pixels, R, ppi=500)
    assert (caught.value.found, caught.value.expected) == counts
    assert "place all four" in str(caught.value)


def test_too_many_fingers_are_counted(plain: SyntheticSlap) -> None:
    with pytest.raises(SlapError, match="4 fingers found where 3 were expected") as caught:
        segment_slap(plain.pixels, R, missing=[F.RIGHT_LITTLE], ppi=500)
    assert (caught.value.found, caught.value.expected) == (4, 3)
    assert "lift the others" in str(caught.value)


@pytest.mark.parametrize("level", [0, 245, 255])
def test_an_empty_platen_has_no_fingers(level: int) -> None:
    with pytest.raises(SlapError, match="no fingers found") as caught:
        segment_slap(np.full((1500, 1600), level, np.uint8), R, ppi=500)
    assert caught.value.found == 0


def test_noise_and_a_table_edge_are_no_fingers() -> None:
    pixels = np.random.default_rng(1).integers(235, 250, (1000, 1600), np.uint8)
    pixels[:, :120] = 30
    with pytest.raises(SlapError):
        segment_slap(pixels, R, ppi=500)


@pytest.mark.parametrize("kind", [R, L])
def test_the_hand_is_told_by_the_arc_where_nobody_says_it(kind: SlapKind) -> None:
    right = 0
    for person in range(4):
        slap = segment_slap(compose(person, 1, kind).pixels, None, ppi=500)
        right += slap.kind is kind
        assert slap.hand_confidence >= 0.5
    assert right == 4


def test_the_wrong_hand_is_a_warning_and_no_error() -> None:
    scan = compose(2, 1, R)
    slap = segment_slap(scan.pixels, L, ppi=500)
    assert slap.hand is Hand.LEFT
    assert slap.hand_confidence < 0.1
    assert any("other hand" in warning for warning in slap.warnings)
    assert not segment_slap(scan.pixels, R, ppi=500).warnings


def test_nothing_is_known_of_the_hand_of_one_finger_or_of_thumbs() -> None:
    box = RotatedBox((100.0, 100.0), (200.0, 300.0), 0.0)
    assert agreement([box], [F.RIGHT_INDEX], 0.0) == 0.5
    assert agreement([box, box], [F.LEFT_THUMB, F.RIGHT_THUMB], 0.0) == 0.5


@pytest.mark.parametrize(
    ("expected", "missing", "told"),
    [
        ([], (), "no fingers of one slap: none"),
        ([F.RIGHT_INDEX, F.LEFT_INDEX], (), "no fingers of one slap"),
        ([F.RIGHT_INDEX, F.RIGHT_INDEX], (), "no fingers of one slap"),
        (T, (F.LEFT_THUMB, F.RIGHT_THUMB), "nothing to capture"),
        (None, (F.RIGHT_RING,), "belong to a hand"),
    ],
)
def test_expectations_that_make_no_slap_are_refused(
    expected: SlapKind | list[F] | None, missing: tuple[F, ...], told: str
) -> None:
    with pytest.raises(InvalidSampleError, match=told):
        segment_slap(np.full((500, 500), 245, np.uint8), expected, missing=missing, ppi=500)


def test_pixels_without_a_resolution_are_refused() -> None:
    with pytest.raises(InvalidSampleError, match="resolution"):
        segment_slap(np.full((500, 500), 245, np.uint8), R)


@given(st.integers(1, 90), st.integers(1, 90), st.integers(0, 2**32 - 1))
@settings(max_examples=30)
def test_no_picture_does_worse_than_a_named_error(height: int, width: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    pixels = np.kron(rng.integers(0, 256, (height, width), np.uint8), np.ones((7, 9), np.uint8))
    try:
        slap = segment_slap(pixels, [F.RIGHT_INDEX], ppi=500)
    except BiocoreError:
        return
    assert len(slap.fingers) == 1


def test_the_same_picture_gives_the_same_boxes(plain: SyntheticSlap) -> None:
    first, again = (segment_slap(plain.pixels, R, ppi=500) for _ in range(2))
    assert [finger.box for finger in first.fingers] == [finger.box for finger in again.fingers]


def test_stages_can_be_watched(plain: SyntheticSlap) -> None:
    seen = []
    with trace.to(lambda stage, picture: seen.append(stage)):
        segment_slap(plain.pixels, R, ppi=500)
    assert set(seen) == {"slap.contrast", "slap.relief", "slap.labels"}


def test_a_composed_slap_repeats_and_tells_the_truth(plain: SyntheticSlap) -> None:
    again = compose(2, 1, R)
    assert np.array_equal(plain.pixels, again.pixels)
    assert plain.fingers == again.fingers
    assert [placed.position for placed in plain.fingers] == list(LEFT_TO_RIGHT[R])
    inside = [plain.pixels[round(p.box.centre[1]), round(p.box.centre[0]) - 60 :][:120].mean() for p in plain.fingers]
    assert max(inside) < 200.0 < float(plain.pixels[:100].mean())
    tops = [placed.box.to_picture(0.0, -placed.box.size[1] / 2)[1] for placed in plain.fingers]
    assert tops.index(min(tops)) == 1  # the middle finger reaches highest
    assert tops.index(max(tops)) == 3  # the little finger least


@pytest.mark.parametrize(("size", "ppi"), [((100, 1500), 500.0), ((1600, 5000), 500.0), ((1600, 1500), 300.0)])
def test_a_window_no_slap_fits_is_refused(size: tuple[int, int], ppi: float) -> None:
    with pytest.raises(InvalidSampleError):
        compose(1, 1, R, size=size, ppi=ppi)


def test_a_real_card_comes_apart(shared: Path) -> None:
    image = pytest.importorskip("PIL.Image")
    pytest.importorskip("wsq")
    record = (shared / "data/formats/an2k/type4-slaps.an2k").read_bytes()
    at, slaps = 191 + 57, {}
    while at < len(record):
        length, finger = struct.unpack_from(">I2xB", record, at)
        slaps[finger] = np.array(image.open(io.BytesIO(record[at + 18 : at + length])).convert("L"))
        at += length
    # An inked card: its printed words, frame and handwriting are painted over, punched holes are left.
    painted = {
        14: ((0, 0, 430, 610), (0, 0, 1608, 60)),
        13: ((0, 0, 115, 1000), (1154, 0, 1572, 370), (0, 0, 1572, 60)),
        12: ((0, 0, 412, 320), (390, 0, 412, 1000)),
        11: ((0, 0, 392, 310),),
    }
    for finger, areas in painted.items():
        for left, top, right, bottom in areas:
            slaps[finger][top:bottom, left:right] = 250
    # middles of the prints as a person sees them
    seen = {
        L: (slaps[14], None, ((295, 785), (590, 300), (925, 190), (1285, 360))),
        R: (slaps[13], None, ((245, 630), (560, 280), (950, 240), (1360, 580))),
        T: (slaps[12], (F.LEFT_THUMB,), ((190, 590),)),
    }
    for kind, (pixels, fingers, middles) in seen.items():
        slap = segment_slap(pixels, fingers or kind, ppi=500)
        for found, middle in zip(slap.fingers, middles, strict=True):
            assert math.dist(found.box.centre, middle) < TOLERANCE_PX, (kind, found.position)
        assert slap.hand_confidence >= 0.5


def _joined_by_table(labels: NDArray[np.int32], relief: NDArray[np.float32], count: int) -> NDArray[np.int32]:
    """Join as `slap_parts.split` does, by looking at every pair each time."""
    peak = np.array([relief[labels == name].max(initial=0.0) for name in range(count)], float)
    neck = np.zeros((count, count))
    rows, columns = labels.shape
    for y, x in np.ndindex(labels.shape):
        for dy, dx in ((0, 1), (1, 0), (1, 1), (1, -1)):
            if y + dy < rows and 0 <= x + dx < columns:
                a, b = int(labels[y, x]), int(labels[y + dy, x + dx])
                if a != b and a and b:
                    neck[a, b] = neck[b, a] = max(neck[a, b], min(relief[y, x], relief[y + dy, x + dx]))
    name: NDArray[np.intp] = np.arange(count)
    while True:
        ratio = neck / np.maximum(np.minimum(peak[:, None], peak[None, :]), 1e-6)
        a, b = (int(n) for n in np.unravel_index(int(np.argmax(ratio)), ratio.shape))
        if ratio[a, b] < slap_parts.SAME_PRINT:
            return np.concatenate([[0], np.unique(name[1:], return_inverse=True)[1] + 1])[labels].astype(np.int32)
        name[name == b] = a
        peak[a] = max(peak[a], peak[b])
        neck[a] = neck[:, a] = np.maximum(neck[a], neck[b])
        neck[a, a] = 0.0
        neck[b] = neck[:, b] = 0.0


@pytest.mark.parametrize("seed", range(20))
def test_prints_are_joined_as_if_every_pair_was_looked_at_each_time(seed: int) -> None:
    random = np.random.default_rng(seed)
    labels = random.integers(0, 12, (9, 14)).repeat(2, 0).repeat(2, 1).astype(np.int32)
    labels.ravel()[:12] = range(12)
    relief = np.round(random.random(labels.shape) * (4 if seed % 2 else 1000)).astype(np.float32)
    assert np.array_equal(slap_parts._joined(labels, relief, 12), _joined_by_table(labels, relief, 12))


def test_noise_as_large_as_a_picture_may_be_has_its_thousands_of_prints() -> None:
    noise = np.random.default_rng(1).random((170, 512), np.float32)
    labels = slap_parts.split(noise, np.ones(noise.shape, np.uint8))  # a table of all pairs took minutes
    assert labels.min() == 1
    assert np.array_equal(np.unique(labels), np.arange(1, labels.max() + 1))
