"""Synthetic prints: the same on every machine, like real prints, and each defect what it says."""

from __future__ import annotations

import hashlib
import math

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from skimage.measure import label
from skimage.morphology import skeletonize

from biocore.chance import Draw, blur, ramp, smooth_field
from biocore.errors import InvalidSampleError
from biocore.fingerprint import synth
from biocore.fingerprint.synth_field import FREQUENCIES
from biocore.types import GreyImage

CALM = synth.Conditions(distortion=0.0, noise=0.0, pores=0.0, vignetting=0.0)

# SHA-256 of pixels. They change only when the generator is meant to give other prints: then say so in the change log.
FINGERPRINTS_OF_PRINTS = {
    (7, 1, "ordinary"): "0bf39ccfed3b3782548f90398dfda2cb67c65cc8cf9feb1055c47485ce47dfa5",
    (7, 1, "1000 ppi"): "76fc90d43c9ca2fe99131dd49a6c658274b9495d320d366c23a688426b8941ea",
    (2, 9, "DRY"): "be6f63ef85958cda9ee95f993469f9eaacf33e855a77747682c556956e444896",
    (2, 9, "RESIDUE"): "9d62bb708115d9bbb4e58903c3402bc5727cd49cd4e05bbdcfeeed923244a855",
}


def ridges(pixels: GreyImage) -> NDArray[np.bool_]:
    """Pixels darker than their surroundings."""
    grey = pixels.astype(np.float32)
    return np.asarray(cv2.GaussianBlur(grey, (0, 0), 0.8) < cv2.GaussianBlur(grey, (0, 0), 8.0) - 2.0, np.bool_)


def minutiae(binary: NDArray[np.bool_], where: NDArray[np.bool_]) -> tuple[int, int]:
    """Count endings and bifurcations of the skeleton by its crossing number."""
    bone = skeletonize(binary)  # type: ignore[no-untyped-call]
    ring = [
        np.roll(bone, step, (0, 1)) for step in [(-1, 0), (-1, 1), (0, 1), (1, 1), (1, 0), (1, -1), (0, -1), (-1, -1)]
    ]
    changes = sum((ring[k] != ring[(k + 1) % 8]).astype(int) for k in range(8)) // 2
    return int((bone & where & (changes == 1)).sum()), int((bone & where & (changes == 3)).sum())


def inner(print_: synth.SyntheticPrint, margin: int = 12) -> NDArray[np.bool_]:
    return np.asarray(
        cv2.erode(np.pad(print_.mask, 1).astype(np.uint8), np.ones((margin * 2 + 1,) * 2))[1:-1, 1:-1] > 0
    )


def measures(print_: synth.SyntheticPrint) -> dict[str, float]:
    """Return what a ruler and a photometer would say."""
    grey = print_.pixels.astype(np.float32)
    white = float(print_.conditions.background)
    where = inner(print_) if print_.mask.any() else print_.mask
    mean = cv2.GaussianBlur(grey, (0, 0), 6.0)
    contrast = np.sqrt(np.maximum(0.0, cv2.GaussianBlur(grey * grey, (0, 0), 6.0) - mean * mean))
    dark = (grey < 0.75 * white) & where
    shape = print_.mask.shape
    rows, columns = np.nonzero(print_.mask)
    middle = (columns.mean() - shape[1] / 2, rows.mean() - shape[0] / 2) if rows.size else (0.0, 0.0)
    covered = max(1, int(where.sum()))
    outside = ~cv2.dilate(print_.mask.astype(np.uint8), np.ones((61, 61))).astype(bool)
    return {
        "coverage": float(print_.mask.mean()),
        "ink": float(dark.sum()) / covered,
        "contrast": float(contrast[where].mean()) if where.any() else 0.0,
        "flat": float((contrast[where] < 0.4 * np.percentile(contrast[where], 90)).mean()) if where.any() else 1.0,
        "pieces": 1e3 * float(label(dark).max()) / covered,  # type: ignore[no-untyped-call]
        "valley": float(np.percentile(grey[where], 85)) / white if where.any() else 1.0,
        "dirt": float((white - grey[outside]).mean()) if outside.any() else 0.0,
        "off": math.hypot(*middle),
    }


def rendered(name: str, finger: int, touch: int) -> GreyImage:
    if name == "ordinary":
        return synth.impression(finger, touch, size=(160, 200))
    if name == "1000 ppi":
        return synth.impression(finger, touch, size=(160, 200), ppi=1000.0)
    return synth.impression(finger, touch, synth.defect(name), size=(160, 200))


@pytest.mark.parametrize(("finger", "touch", "name"), FINGERPRINTS_OF_PRINTS)
def test_the_same_seeds_give_the_bytes_they_always_gave(finger: int, touch: int, name: str) -> None:
    found = hashlib.sha256(rendered(name, finger, touch).tobytes()).hexdigest()
    assert found == FINGERPRINTS_OF_PRINTS[finger, touch, name]


def test_a_finger_forgotten_and_grown_again_is_the_same() -> None:
    before = synth.master(5).relief
    synth.master.cache_clear()
    assert np.array_equal(before, synth.master(5).relief)


def test_other_fingers_have_other_ridges_and_other_impressions_other_pixels() -> None:
    reliefs = np.stack([synth.master(seed).relief.astype(np.float64).ravel() for seed in range(4)])
    agreement = np.asarray(np.corrcoef(reliefs))
    assert np.abs(agreement[~np.eye(4, dtype=bool)]).max() < 0.2
    assert not np.array_equal(synth.impression(1, 1), synth.impression(1, 2))


@pytest.mark.parametrize("ppi", [500.0, 1000.0])
def test_two_impressions_are_the_same_ridges_once_the_transform_is_undone(ppi: float) -> None:
    size = (round(0.8 * ppi), round(0.8 * ppi))
    turned = synth.Conditions(rotation_deg=25.0, shift_px=(14.0, -9.0))
    for conditions in (synth.Conditions(), turned):
        print_ = synth.render(3, 4, conditions, size, ppi)
        where = inner(print_, 20)
        x, y = np.rint(print_.finger_x).astype(int), np.rint(print_.finger_y).astype(int)
        relief = print_.finger.relief[y[where], x[where]]
        agreement = np.corrcoef(relief, 255.0 - print_.pixels[where])[0, 1]
        assert agreement > 0.75
        other = synth.master(8).relief[y[where], x[where]]
        assert abs(np.corrcoef(other, 255.0 - print_.pixels[where])[0, 1]) < 0.2


def test_the_transform_turns_and_shifts_as_it_says() -> None:
    calm = synth.render(3, 1, CALM)
    moved = synth.render(3, 1, synth.Conditions(rotation_deg=90.0, shift_px=(10.0, 20.0), distortion=0.0, noise=0.0))
    height, width = calm.pixels.shape
    row, column = height // 2, width // 2 + 50  # 50 px to the right of the middle ...
    up = (row + 20 - 50, width // 2 + 10)  # ... lie 50 px above it after a quarter turn counter-clockwise
    assert calm.finger_x[row, column] == pytest.approx(moved.finger_x[up], abs=1.0)
    assert calm.finger_y[row, column] == pytest.approx(moved.finger_y[up], abs=1.0)


@pytest.mark.parametrize("rotation", [0.0, 40.0, -75.0])
def test_the_true_orientation_is_the_one_the_pixels_have(rotation: float) -> None:
    print_ = synth.render(3, 2, synth.Conditions(rotation_deg=rotation, distortion=1.5))
    grey = cv2.GaussianBlur(print_.pixels.astype(np.float32), (0, 0), 1.2)
    gy, gx = np.gradient(grey)
    # Twice the angle of the gradient, averaged; the ridge runs across the gradient, and y points down.
    double = np.arctan2(cv2.GaussianBlur(-2 * gx * gy, (0, 0), 6.0), cv2.GaussianBlur(gx * gx - gy * gy, (0, 0), 6.0))
    found = (double / 2 + math.pi / 2) % math.pi
    error = np.abs((found - print_.orientation + math.pi / 2) % math.pi - math.pi / 2)[inner(print_)]
    assert math.degrees(float(np.median(error))) < 3.0
    assert print_.orientation.min() >= 0.0
    assert print_.orientation.max() < math.pi


@pytest.mark.parametrize("seed", [1, 10, 29, 34])
def test_minutiae_arise_in_a_plausible_number_and_of_both_kinds(seed: int) -> None:
    finger = synth.master(seed)
    where = np.zeros(finger.ridges.shape, np.bool_)
    where[80:480, 100:356] = True  # 264 mm², a whole print
    endings, bifurcations = minutiae(finger.ridges > 0, where)
    assert 25 <= endings + bifurcations <= 110
    assert min(endings, bifurcations) >= 5


def test_an_ordinary_print_has_the_period_of_its_plan() -> None:
    print_ = synth.render(6, 1, CALM)
    where = inner(print_, 30)
    spectrum_periods = []
    for row in range(0, print_.pixels.shape[0] - 48, 24):
        for column in range(0, print_.pixels.shape[1] - 48, 24):
            block = slice(row, row + 48), slice(column, column + 48)
            if not where[block].all():
                continue
            grey = print_.pixels[block].astype(np.float64)
            power = np.abs(np.fft.rfft2((grey - grey.mean()) * np.outer(np.hanning(48), np.hanning(48)), (256, 256)))
            frequency = np.hypot(np.fft.fftfreq(256)[:, None], np.fft.rfftfreq(256)[None, :])
            power[(frequency < 1 / 15) | (frequency > 1 / 5)] = 0
            found = 1 / frequency.ravel()[power.argmax()]
            spectrum_periods.append(found / float(print_.period[row + 24, column + 24]))
    assert len(spectrum_periods) >= 10
    assert 0.93 < float(np.median(spectrum_periods)) < 1.07


def test_pictures_look_like_a_scanner_s() -> None:
    for seed in range(6):
        print_ = synth.render(seed, 1)
        found = measures(print_)
        assert 0.15 < found["coverage"] < 0.75
        assert 0.15 < found["ink"] < 0.85
        assert found["contrast"] > 25.0
        assert not print_.pixels.flags.writeable


def test_classes_come_in_their_natural_shares() -> None:
    kinds = [synth.plan_of(seed).kind for seed in range(2000)]
    for kind, share in FREQUENCIES.items():
        assert kinds.count(kind) / 2000 == pytest.approx(share, abs=4 * math.sqrt(share * (1 - share) / 2000))


@pytest.mark.parametrize("touch", [1, 2])
@pytest.mark.parametrize(
    ("cause", "measure", "sign"),
    [
        ("DRY", "pieces", 1),
        ("DRY", "ink", -1),
        ("WET", "valley", -1),
        ("LIGHT", "ink", -1),
        ("LIGHT", "contrast", -1),
        ("HARD", "ink", 1),
        ("WORN", "flat", 1),
        ("PARTIAL", "coverage", -1),
        ("TOO_SMALL", "coverage", -1),
        ("OFF_CENTRE", "off", 1),
        ("SMEAR", "contrast", -1),
        ("RESIDUE", "dirt", 1),
        ("NO_FINGER", "coverage", -1),
    ],
)
def test_each_defect_does_what_it_says_and_more_when_it_is_worse(
    cause: str, measure: str, sign: int, touch: int
) -> None:
    good = measures(synth.render(6, touch, synth.Conditions()))[measure] * sign
    mild, bad = (measures(synth.render(6, touch, synth.defect(cause, s)))[measure] * sign for s in (0.2, 1.0))
    assert bad > good
    assert bad >= mild
    if cause != "NO_FINGER":
        assert bad > mild > good - 0.02 * abs(good)


def test_without_a_finger_there_is_only_the_platen() -> None:
    print_ = synth.render(1, 1, synth.defect("no_finger", 0.0))
    assert not print_.mask.any()
    assert print_.pixels.std() < 6.0
    assert print_.pixels.mean() > 230.0


def test_scratches_are_white_lines_through_the_ridges() -> None:
    whole, cut = (synth.render(2, 5, synth.Conditions(scratches=n)) for n in (0, 20))
    brighter = (cut.pixels.astype(int) - whole.pixels > 60) & whole.mask
    assert 0.005 < brighter.sum() / whole.mask.sum() < 0.2


@pytest.mark.parametrize(
    ("call", "word"),
    [
        (lambda: synth.impression(-1, 0), "finger seed"),
        (lambda: synth.impression(2**63, 0), "finger seed"),
        (lambda: synth.impression(True, 0), "finger seed"),
        (lambda: synth.impression(1, 1.5), "impression seed"),  # type: ignore[arg-type]
        (lambda: synth.impression(1, 1, size=(8, 100)), "size"),
        (lambda: synth.impression(1, 1, size=(100, 5000)), "size"),
        (lambda: synth.impression(1, 1, ppi=100.0), "ppi"),
        (lambda: synth.impression(1, 1, ppi=float("nan")), "nan"),
        (lambda: synth.Conditions(pressure=1.5), "pressure"),
        (lambda: synth.Conditions(noise=float("nan")), "noise"),
        (lambda: synth.Conditions(shift_px=3.0), "shift_px"),  # type: ignore[arg-type]
        (lambda: synth.Conditions(scratches=1.5), "scratches"),  # type: ignore[arg-type]
        (lambda: synth.defect("CROOKED"), "no defect"),
        (lambda: synth.defect("DRY", 1.1), "severity"),
    ],
)
def test_wrong_calls_are_named(call: object, word: str) -> None:
    assert callable(call)
    with pytest.raises(InvalidSampleError, match=word):
        call()


@pytest.mark.parametrize("size", [(16, 16), (16, 300), (333, 17)])
def test_any_window_can_be_asked_for(size: tuple[int, int]) -> None:
    print_ = synth.render(1, 1, size=size)
    assert print_.pixels.shape == print_.mask.shape == print_.orientation.shape == size[::-1]


@pytest.mark.parametrize(("shape", "cell"), [((200, 300), 5.0), ((300, 200), 1.6), ((400, 400), 12.3)])
def test_fields_have_mean_zero_deviation_one_and_their_own_grain(shape: tuple[int, int], cell: float) -> None:
    field = smooth_field(Draw(3), shape, cell)
    assert field.shape == shape
    assert abs(float(field.mean())) < 0.15
    assert float(field.std()) == pytest.approx(1.0, abs=0.1)
    step = max(1, round(cell / 4))
    near = np.corrcoef(field[:, :-step].ravel(), field[:, step:].ravel())[0, 1]
    far = np.corrcoef(field[:, : -round(6 * cell)].ravel(), field[:, round(6 * cell) :].ravel())[0, 1]
    assert near > 0.7
    assert abs(far) < 0.25


def test_chance_is_even_named_and_repeatable() -> None:
    assert np.array_equal(Draw(1, 2).units(3, 4), Draw(1, 2).units(3, 4))
    assert not np.array_equal(Draw(1, 2).units(9), Draw(2, 1).units(9))
    units = Draw(4).units(20_000)
    assert units.min() >= 0.0
    assert units.max() < 1.0
    assert float(units.mean()) == pytest.approx(0.5, abs=0.01)
    draw = Draw(5)
    bells = np.array([draw.bell(3.0, 2.0) for _ in range(4000)])
    assert bells.mean() == pytest.approx(3.0, abs=0.15)
    assert bells.std() == pytest.approx(2.0, abs=0.1)
    assert {draw.whole(3) for _ in range(100)} == {0, 1, 2}
    assert {draw.pick((0.0, 1.0, 0.0)) for _ in range(20)} == {1}


def test_blur_keeps_the_sum_and_ramp_its_ends() -> None:
    dot = np.zeros((21, 21), np.float32)
    dot[10, 10] = 1.0
    soft = blur(dot, 4)
    assert float(soft.sum()) == pytest.approx(1.0, abs=1e-6)
    spread = float((soft * (np.arange(21) - 10.0)[None, :] ** 2).sum())
    assert spread == pytest.approx(2.0, abs=1e-5)  # variance passes / 2 in each direction
    assert ramp(np.array([[-1.0, 0.5, 2.0]], np.float32), 0.0, 1.0).tolist() == [[0.0, 0.5, 1.0]]
