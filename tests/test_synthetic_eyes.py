"""The generator of eyes: the same bytes for the same seeds, exact truth, and defects that do what they say."""

from __future__ import annotations

import functools
import hashlib
import math

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

import biocore
from biocore.errors import InvalidSampleError
from biocore.iris import synth
from biocore.iris.segmentation import Contour, Ellipse, angles
from biocore.types import Frame, GreyImage, IrisTemplate, Modality, Sample

SMALL = (320, 240)
STILL = synth.Conditions(noise=0.0)

# SHA-256 of pixels. They change only when the generator is meant to give other eyes: then say so in the change log.
FINGERPRINTS_OF_EYES = {
    (7, 1, "", "left"): "e280d9491878afaf442903f57b054855b1a4008352556905d8429b6134e38c31",
    (7, 1, "", "right"): "c4dbd4756acbda24714eaadc75c809018c3b5f3f6c763966ed54ba6b57e2a992",
    (2, 9, "CLOUDY", "left"): "5e71fa553dc6e5fff7423c0cf16e25055b4563d55a7f48fa80bb0f0d2ce99f77",
    (2, 9, "SPECTACLES", "right"): "67b1d2dbc53c5908b7b8349165d93fd6c1df14b522c602ce5ea34355eed7be64",
    (4, 3, "MOTION", "left"): "ae8fef9d79b2e9504bc21bf23dfcd93b216e08057de7fc7c12eccfa0abb89f5d",
}


@functools.cache
def eye(
    seed: int, touch: int, cause: str = "", severity: float = 0.7, side: str = "left", size: tuple[int, int] = SMALL
) -> synth.SyntheticEye:
    conditions = synth.defect(cause, severity) if cause else None
    return synth.render(seed, touch, conditions, size, side)


def edge_offsets(pixels: GreyImage, contour: Contour, reach: float) -> NDArray[np.float64]:
    """Return how far the steepest step of grey levels lies outside the contour along its rays, px, where it is seen."""
    steps = np.arange(-reach, reach + 0.01, 0.1)
    turn = np.arange(len(contour.radii)) * (2.0 * math.pi / len(contour.radii))
    radii = contour.radii[:, None] + steps[None, :]
    x = contour.cx + radii * np.cos(turn)[:, None]
    y = contour.cy - radii * np.sin(turn)[:, None]
    grey = cv2.remap(pixels.astype(np.float32), x.astype(np.float32), y.astype(np.float32), cv2.INTER_CUBIC)
    grey = cv2.GaussianBlur(grey, (0, 0), 8.0, sigmaY=2.0, borderType=cv2.BORDER_REPLICATE)
    slope = np.gradient(grey, axis=1)
    inside = (steps > -0.8 * reach) & (steps < 0.8 * reach)
    found: NDArray[np.float64] = steps[inside][slope[:, inside].argmax(axis=1)]
    return found[contour.seen]


@pytest.mark.parametrize(("seed", "touch", "cause", "side"), FINGERPRINTS_OF_EYES)
def test_the_same_seeds_give_the_bytes_they_always_gave(seed: int, touch: int, cause: str, side: str) -> None:
    found = hashlib.sha256(eye(seed, touch, cause, side=side).pixels.tobytes()).hexdigest()
    assert found == FINGERPRINTS_OF_EYES[seed, touch, cause, side]


def test_an_eye_rendered_again_is_the_same_and_other_seeds_and_sides_are_not() -> None:
    first = eye(3, 1)
    again = synth.render(3, 1, None, SMALL)
    assert np.array_equal(first.pixels, again.pixels)
    assert np.array_equal(first.visible, again.visible)
    for other in (eye(4, 1), eye(3, 2), eye(3, 1, side="right")):
        assert not np.array_equal(first.pixels, other.pixels)


@pytest.mark.parametrize("size", [(640, 480), SMALL])
@pytest.mark.parametrize(
    "conditions", [STILL, synth.Conditions(noise=0.0, roll_deg=6.0, gaze_deg=18.0, gaze_to_deg=200)]
)
def test_the_contours_lie_where_the_grey_levels_step(size: tuple[int, int], conditions: synth.Conditions) -> None:
    for seed in (1, 5, 8):
        shown = synth.render(seed, 1, conditions, size)
        assert shown.pupil is not None
        assert shown.limbus is not None
        pupil = edge_offsets(shown.pixels, shown.pupil, 0.06 * shown.limbus.radius)
        limbus = edge_offsets(shown.pixels, shown.limbus, 0.12 * shown.limbus.radius)
        assert abs(float(np.median(pupil))) < 0.5
        assert abs(float(np.median(limbus))) < 0.5
        assert float(np.percentile(np.abs(pupil), 80)) < 1.0


def test_masks_and_contours_say_the_same() -> None:
    shown = eye(6, 1, size=(640, 480))
    assert shown.limbus is not None
    assert shown.pupil is not None
    y, x = np.mgrid[: shown.pixels.shape[0], : shown.pixels.shape[1]]
    outside = []  # by how many px each px lies outside a contour
    for contour in (shown.limbus, shown.pupil):
        turn = np.arctan2(contour.cy - y, x - contour.cx) % (2.0 * math.pi)
        edge = np.interp(turn, np.append(angles(), 2.0 * math.pi), np.append(contour.radii, contour.radii[0]))
        outside.append(np.hypot(x - contour.cx, y - contour.cy) - edge)
    certain = np.abs(np.array(outside)).min(axis=0) > 0.1
    assert np.array_equal(shown.ring[certain], ((outside[0] < 0) & (outside[1] > 0))[certain])
    assert np.mean(certain) > 0.99
    area = math.pi * (shown.limbus.radius**2 - shown.pupil.radius**2)
    assert shown.ring.sum() == pytest.approx(area, rel=0.01)
    assert not (shown.visible & (shown.lids | shown.lashes | shown.lamps | ~shown.ring)).any()
    # Inside the visible iris no px is as black as a pupil or as white as a lamp.
    iris = shown.pixels[shown.visible]
    assert np.percentile(iris, 2) > 2.0 * np.median(shown.pixels[~shown.ring & (shown.pixels < 45)])
    assert np.percentile(iris, 99.5) < 220


def test_the_gaze_flattens_the_limbus_by_its_cosine_across_the_way_it_looks() -> None:
    shown = synth.render(2, 1, synth.Conditions(gaze_deg=30.0, gaze_to_deg=40.0), SMALL)
    assert shown.limbus is not None
    shape: Ellipse = shown.limbus.shape
    assert shape.ratio == pytest.approx(math.cos(math.radians(30.0)), abs=1e-6)
    assert math.degrees(shape.angle) == pytest.approx(130.0, abs=1e-6)
    assert shape.a == pytest.approx(0.5 * 0.46 * 240.0)


def test_roll_and_shift_move_the_eye_as_they_say() -> None:
    calm = synth.render(2, 1, synth.Conditions(noise=0.0), SMALL)
    moved = synth.render(2, 1, synth.Conditions(noise=0.0, shift=(0.5, -0.25), roll_deg=20.0), SMALL)
    assert calm.limbus is not None
    assert moved.limbus is not None
    r = calm.limbus.radius
    assert (moved.limbus.cx - calm.limbus.cx, moved.limbus.cy - calm.limbus.cy) == pytest.approx((0.5 * r, -0.25 * r))
    # A head turned counter-clockwise as seen lifts the right end of its lids.
    rise = [e.upper_lid[-1, 1] - e.upper_lid[0, 1] for e in (calm, moved)]
    assert rise[1] < rise[0] - 50.0


def test_the_nose_is_on_the_other_side_of_the_other_eye() -> None:
    for seed in range(4):
        left, right = (synth.render(seed, 1, STILL, SMALL, side) for side in ("left", "right"))
        # The canthus by the nose lies lower and farther from the iris' middle than it would mirrored.
        assert left.plan.nasal == -right.plan.nasal
        assert left.upper_lid[0, 1] > left.upper_lid[-1, 1]
        assert right.upper_lid[-1, 1] > right.upper_lid[0, 1]


@functools.cache
def template(seed: int, touch: int, side: str = "left") -> IrisTemplate:
    found = biocore.extract(Sample(Frame(eye(seed, touch, side=side, size=(640, 480)).pixels), Modality.IRIS))
    assert isinstance(found, IrisTemplate)
    return found


def test_pictures_of_one_eye_match_and_of_different_eyes_do_not() -> None:
    seeds = (1, 2, 3)
    mated = [biocore.compare(template(s, 1), template(s, 2)).score for s in seeds]
    other = [biocore.compare(template(a, 1), template(b, 2)).score for a in seeds for b in seeds if a != b]
    other += [biocore.compare(template(s, 1), template(s, 1, "right")).score for s in seeds]
    assert min(mated) > 100.0
    assert max(other) < 40.0


def test_a_pupil_that_opens_stretches_the_same_texture() -> None:
    narrow, wide = (
        biocore.extract(
            Sample(Frame(synth.impression(3, t, synth.Conditions(pupil=p))), Modality.IRIS),
        )
        for t, p in ((1, 0.32), (2, 0.50))
    )
    assert isinstance(narrow, IrisTemplate)
    assert isinstance(wide, IrisTemplate)
    assert wide.dilation - narrow.dilation == pytest.approx(0.18, abs=0.02)
    assert biocore.compare(narrow, wide).score > 60.0


def measures(shown: synth.SyntheticEye) -> dict[str, float]:
    """Return what a ruler and a photometer would say, by the truth alone."""
    grey = shown.pixels.astype(np.float32)
    ring = float(max(1, shown.ring.sum()))
    found = {
        "visible": float(shown.visible.sum()) / ring,
        "lashes": float((shown.lashes & shown.ring).sum()) / ring,
        "lamps": float((shown.lamps & shown.ring).sum()) / ring,
        "flesh": float((shown.flesh & shown.ring).sum()) / ring,
        "glasses": float(shown.glasses.mean()),
    }
    if shown.limbus is None or shown.pupil is None:
        return found
    y, x = np.mgrid[: grey.shape[0], : grey.shape[1]]
    far = np.hypot(x - shown.limbus.cx, y - shown.limbus.cy) / shown.limbus.radius
    near = (np.hypot(x - shown.pupil.cx, y - shown.pupil.cy) < 0.7 * shown.pupil.radius) & ~shown.lamps & ~shown.lids
    clear = shown.visible & (far < 0.9)
    radii = shown.pupil.radii / shown.pupil.radii.mean()
    fine = cv2.Laplacian(cv2.GaussianBlur(grey, (0, 0), 0.8), cv2.CV_32F)
    iris = float(np.median(grey[clear])) if clear.any() else 0.0
    # The steeper direction of the picture's slopes by the flatter one tells along which way it is smeared.
    gy, gx = np.gradient(cv2.GaussianBlur(grey, (0, 0), 1.0))
    tensor = np.array([[np.mean(gx * gx), np.mean(gx * gy)], [np.mean(gx * gy), np.mean(gy * gy)]])
    low, high = np.linalg.eigvalsh(tensor)
    ring_at = shown.visible & (far > 0.83) & (far < 0.91)
    return found | {
        "pupil": float(np.mean(grey[near])) / max(iris, 1.0) if near.any() else 0.0,
        "arcus": float(np.mean(grey[ring_at])) / max(iris, 1.0) if ring_at.any() else 0.0,
        "sharp": float(np.std(fine[clear])) if clear.any() else 0.0,
        "directed": float(high / low),
        "dilation": shown.pupil.radius / shown.limbus.radius,
        "ragged": float(np.std(radii)),
        "flat": 1.0 - shown.limbus.shape.ratio,
        "size": shown.limbus.radius,
    }


@pytest.mark.parametrize("seed", [11, 12])
@pytest.mark.parametrize(
    ("cause", "measure", "sign"),
    [
        ("CLOUDY", "pupil", 1),
        ("ARCUS", "arcus", 1),
        ("LID", "visible", -1),
        ("LASHES", "lashes", 1),
        ("SMALL_PUPIL", "dilation", -1),
        ("WIDE_PUPIL", "dilation", 1),
        ("IRREGULAR_PUPIL", "ragged", 1),
        ("COLOBOMA", "ragged", 1),
        ("PTERYGIUM", "flesh", 1),
        ("SPECTACLES", "glasses", 1),
        ("REFLECTION", "lamps", 1),
        ("GAZE", "flat", 1),
        ("DEFOCUS", "sharp", -1),
        ("MOTION", "sharp", -1),
        ("NEAR", "size", 1),
        ("FAR", "size", -1),
        ("CLOSED", "visible", -1),
    ],
)
def test_each_defect_does_what_it_says_and_more_when_it_is_worse(
    cause: str, measure: str, sign: int, seed: int
) -> None:
    good = measures(synth.render(seed, 1, synth.Conditions(), SMALL))[measure] * sign
    mild, bad = (measures(eye(seed, 1, cause, s))[measure] * sign for s in (0.25, 1.0))
    assert bad > good
    assert bad >= mild
    assert mild > good


def test_blur_takes_more_and_more_of_what_the_engine_calls_sharpness() -> None:
    values = []
    for sigma in (0.0, 0.01, 0.025, 0.05, 0.09):
        pixels = synth.impression(4, 1, synth.Conditions(defocus=sigma))
        values.append(biocore.assess(Sample(Frame(pixels), Modality.IRIS)).measures["sharpness"].native or 0.0)
    assert values == sorted(values, reverse=True)
    assert values[-1] < 0.2 * values[0]


def test_without_an_eye_there_is_only_skin() -> None:
    shown = eye(1, 1, "no_eye", 0.0)
    assert shown.pupil is None
    assert shown.limbus is None
    assert not (shown.ring | shown.lids | shown.visible).any()
    assert shown.pixels.min() > 80
    with pytest.raises(biocore.BiocoreError):
        biocore.extract(Sample(Frame(shown.pixels), Modality.IRIS))


def test_what_is_returned_cannot_be_changed() -> None:
    shown = eye(1, 1)
    for array in (shown.pixels, shown.visible, shown.ring, shown.lids, shown.lashes, shown.lamps, shown.upper_lid):
        assert not array.flags.writeable


@pytest.mark.parametrize(
    ("call", "word"),
    [
        (lambda: synth.impression(-1, 0), "eye seed"),
        (lambda: synth.impression(2**63, 0), "eye seed"),
        (lambda: synth.impression(True, 0), "eye seed"),
        (lambda: synth.impression(1, 1.5), "impression seed"),  # type: ignore[arg-type]
        (lambda: synth.impression(1, 1, size=(8, 100)), "size"),
        (lambda: synth.impression(1, 1, size=(100, 5000)), "size"),
        (lambda: synth.impression(1, 1, side="middle"), "left or right"),
        (lambda: synth.Conditions(cataract=1.5), "cataract"),
        (lambda: synth.Conditions(noise=float("nan")), "noise"),
        (lambda: synth.Conditions(shift=3.0), "shift"),  # type: ignore[arg-type]
        (lambda: synth.Conditions(lamps=1.5), "lamps"),  # type: ignore[arg-type]
        (lambda: synth.defect("CROOKED"), "no defect"),
        (lambda: synth.defect("LID", 1.1), "severity"),
    ],
)
def test_wrong_calls_are_named(call: object, word: str) -> None:
    assert callable(call)
    with pytest.raises(InvalidSampleError, match=word):
        call()


@pytest.mark.parametrize("size", [(48, 48), (48, 300), (333, 49)])
@pytest.mark.parametrize("cause", ["", "NEAR", "GAZE", "SPECTACLES", "CLOSED"])
def test_any_size_can_be_asked_for_and_an_eye_may_lie_outside(size: tuple[int, int], cause: str) -> None:
    shown = eye(1, 1, cause, size=size)
    assert shown.pixels.shape == shown.visible.shape == size[::-1]
    away = synth.render(1, 1, synth.Conditions(shift=(15.0, -15.0)), size)
    assert not away.ring.any()
    assert away.limbus is not None
    assert not away.limbus.seen.any()
