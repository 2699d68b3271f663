"""Segmentation on painted eyes whose circles are known: right where an eye can be seen, and never sure where not."""

from __future__ import annotations

import csv
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from biocore import trace
from biocore.errors import ExtractionError, InvalidSampleError
from biocore.iris import ANGLES, Concern, Contour, Ellipse, Segmentation, refine
from biocore.iris.lids import Tone
from biocore.iris.pyramid import Pyramid
from biocore.iris.segment import segment
from biocore.iris.segmentation import angles
from biocore.types import GreyImage

Circle = tuple[float, float, float]


@dataclass(frozen=True)
class Eye:
    """A simple painted eye: grey levels, circles, and what is wrong with it."""

    width: int = 320
    height: int = 240
    limbus: Circle = (160.0, 120.0, 56.0)
    pupil: Circle = (162.0, 121.0, 22.0)
    dark: float = 25.0
    iris: float = 95.0
    sclera: float = 150.0
    skin: float = 180.0
    ring: float = 0.0  # height of a bright ring at 0.80..0.93 of the limbus
    upper: float = -0.75  # height of the upper lid above the limbus' centre, in its radii
    aspect: float = 1.0  # width of iris and pupil by their height
    seed: int = 1

    def scaled(self, f: float) -> Eye:
        return replace(
            self,
            width=round(self.width * f),
            height=round(self.height * f),
            limbus=(self.limbus[0] * f, self.limbus[1] * f, self.limbus[2] * f),
            pupil=(self.pupil[0] * f, self.pupil[1] * f, self.pupil[2] * f),
        )

    def paint(self) -> GreyImage:
        rng = np.random.default_rng(self.seed)
        y, x = np.mgrid[: self.height, : self.width].astype(np.float64)
        cx, cy, r = self.limbus
        px, py, pr = self.pupil
        far = np.hypot((x - cx) / self.aspect, y - cy) / r
        near = np.hypot((x - px) / self.aspect, y - py)
        noise = [cv2.GaussianBlur(rng.normal(0, 1, x.shape), (0, 0), s * r / 56) for s in (1.0, 2.0)]
        texture = sum(n / n.std() for n in noise)
        grey = np.full(x.shape, self.sclera) + 2 * texture
        grey = np.where(far < 1, self.iris + 5 * texture, grey)
        grey = np.where((far > 0.80) & (far < 0.93), grey + self.ring, grey)
        grey = np.where(near < pr, self.dark + texture, grey)
        across = (x - cx) / r
        lids = (y < cy + r * (self.upper + 0.25 * across**2)) | (y > cy + r * (0.95 - 0.15 * across**2))
        grey = np.where(lids, self.skin + 6 * texture, grey)
        grey = np.where(np.hypot(x - px + 0.3 * pr, y - py - 0.3 * pr) < 0.13 * pr, 255, grey)
        return np.clip(cv2.GaussianBlur(grey, (0, 0), 1.2 * r / 56), 0, 255).astype(np.uint8)


def error(contour: Contour, circle: Circle, unit: float, aspect: float = 1.0) -> float:
    """Mean distance of a contour from an upright ellipse, in limbus radii."""
    points = contour.points()
    reach = np.hypot((points[:, 0] - circle[0]) / aspect, points[:, 1] - circle[1])
    return float(np.abs(reach - circle[2]).mean() / unit)


def assert_found(eye: Eye, found: Segmentation, *, pupil: float = 0.02, limbus: float = 0.025) -> None:
    assert error(found.pupil, eye.pupil, eye.limbus[2], eye.aspect) < pupil
    assert error(found.limbus, eye.limbus, eye.limbus[2], eye.aspect) < limbus


EYES = {
    "plain": Eye(),
    "lighter iris": Eye(iris=120, sclera=150),
    "low contrast": Eye(dark=85, iris=105, sclera=123, skin=135),
    "small pupil": Eye(pupil=(160.0, 119.0, 11.0)),
    "wide pupil": Eye(pupil=(160.0, 119.0, 40.0)),
    "off-centre pupil": Eye(pupil=(166.0, 117.0, 20.0)),
    "cloudy pupil": Eye(dark=75),
    "white pupil": Eye(dark=145),
    "bright ring": Eye(ring=45),
    "near the left edge": Eye(limbus=(70.0, 130.0, 56.0), pupil=(71.0, 130.0, 22.0)),
    "in the lower right": Eye(limbus=(240.0, 165.0, 56.0), pupil=(241.0, 166.0, 22.0)),
    "looking aside": Eye(aspect=0.86),
    "drooping lid": Eye(upper=-0.15),
    "dark skin": Eye(skin=80),
}


@pytest.mark.parametrize("name", EYES)
def test_a_painted_eye_is_found_where_it_was_painted_and_believed(name: str) -> None:
    eye = EYES[name]
    found = segment(eye.paint())
    assert_found(eye, found, limbus=0.04 if name == "drooping lid" else 0.025)
    assert found.confidence.value > 0.5


@pytest.mark.parametrize("factor", [0.8, 1.5, 2.0, 3.7])
@pytest.mark.parametrize("name", ["plain", "white pupil", "bright ring"])
def test_an_eye_is_found_at_every_scale(name: str, factor: float) -> None:
    eye = EYES[name].scaled(factor)
    assert_found(eye, segment(eye.paint()))


def test_a_small_eye_in_a_large_picture_and_one_that_fills_it_are_found() -> None:
    small = Eye(width=640, height=480, limbus=(420.0, 300.0, 46.0), pupil=(421.0, 300.0, 17.0))
    filling = Eye(width=400, height=300, limbus=(200.0, 150.0, 125.0), pupil=(203.0, 148.0, 45.0))
    for eye in (small, filling):
        assert_found(eye, segment(eye.paint()))


@pytest.mark.parametrize(("gain", "offset"), [(0.5, 0), (0.5, 110), (1.0, -20), (1.2, 20)])
def test_brightness_and_contrast_do_not_move_the_contours(gain: float, offset: float) -> None:
    eye = Eye()
    changed = np.clip(eye.paint() * gain + offset, 0, 255).astype(np.uint8)
    assert_found(eye, segment(changed))


def test_a_mirrored_eye_gives_the_mirrored_contours() -> None:
    eye = Eye(pupil=(167.0, 121.0, 22.0))
    width = eye.width - 1
    turned = replace(eye, pupil=(width - 167.0, 121.0, 22.0), limbus=(width - 160.0, 120.0, 56.0))
    assert_found(turned, segment(np.ascontiguousarray(eye.paint()[:, ::-1])))


def test_the_same_picture_gives_the_same_bytes() -> None:
    image = EYES["cloudy pupil"].paint()
    first, second = segment(image), segment(image.copy())
    assert first.limbus.radii.tobytes() == second.limbus.radii.tobytes()
    assert first.pupil.radii.tobytes() == second.pupil.radii.tobytes()
    assert first.mask.tobytes() == second.mask.tobytes()
    assert first.confidence == second.confidence


def test_the_mask_lies_between_the_contours_and_leaves_out_what_covers_them() -> None:
    eye = EYES["drooping lid"]
    found = segment(eye.paint())
    y, x = np.nonzero(found.mask)
    assert np.hypot(x - eye.limbus[0], y - eye.limbus[1]).max() < 1.1 * eye.limbus[2]
    assert np.hypot(x - eye.pupil[0], y - eye.pupil[1]).min() > 0.85 * eye.pupil[2]
    lid = eye.limbus[1] + eye.limbus[2] * (eye.upper + 0.25 * ((x - eye.limbus[0]) / eye.limbus[2]) ** 2)
    assert np.mean(y < lid) < 0.01
    for cover in (found.lids, found.lashes, found.speculars):
        assert not (found.mask & cover).any()
    assert 0.25 < found.mask.sum() / (np.pi * (56.0**2 - 22.0**2)) < 0.65


def test_a_lid_is_a_curve_and_not_a_smaller_radius() -> None:
    eye = EYES["drooping lid"]
    found = segment(eye.paint())
    x = found.upper_lid[:, 0]
    truth = eye.limbus[1] + eye.limbus[2] * (eye.upper + 0.25 * ((x - eye.limbus[0]) / eye.limbus[2]) ** 2)
    assert len(x) > 60
    assert np.abs(found.upper_lid[:, 1] - truth).mean() < 3.0
    assert found.limbus.radius == pytest.approx(eye.limbus[2], rel=0.08)
    assert not found.limbus.seen[ANGLES // 4]
    assert Concern.COVERED in found.warnings


def test_reflections_are_masked_and_do_not_bend_the_pupil() -> None:
    eye = Eye()
    image = eye.paint()
    for angle in np.arange(6) * 1.05:  # a ring of lamps across the pupil's edge
        at = round(eye.pupil[0] + 22 * np.cos(angle)), round(eye.pupil[1] + 22 * np.sin(angle))
        cv2.circle(image, at, 2, 255, -1)
    found = segment(image)
    assert_found(eye, found)
    assert not found.mask[image == 255].any()


def test_the_user_is_told_of_clouds_rings_gaze_and_the_pictures_edge() -> None:
    assert Concern.INVERTED_PUPIL in segment(EYES["white pupil"].paint()).warnings
    assert Concern.CLOUDY_PUPIL in segment(EYES["cloudy pupil"].paint()).warnings
    assert Concern.BRIGHT_RING in segment(EYES["bright ring"].paint()).warnings
    assert Concern.OFF_AXIS in segment(EYES["looking aside"].paint()).warnings
    assert Concern.CUT in segment(np.ascontiguousarray(Eye().paint()[:, 120:])).warnings
    assert segment(Eye().paint()).warnings == ()


def test_a_contours_angles_do_not_depend_on_where_it_was_begun() -> None:
    turn = angles()
    aside = np.sqrt(900.0 - (6.0 * np.sin(turn)) ** 2) + 6.0 * np.cos(turn)  # a circle of 30 px seen from 6 px beside
    seen = np.abs(np.cos(turn)) > 0.5
    begun = Contour(94.0, 80.0, aside, Ellipse(100.0, 80.0, 30.0, 30.0), seen)
    found = refine.centred(begun)
    assert (found.cx, found.cy) == (100.0, 80.0)
    np.testing.assert_allclose(found.radii, 30.0, atol=0.02)
    assert found.seen[0]
    assert not found.seen[ANGLES // 4]
    whole, half = segment(Eye().paint()), segment(EYES["drooping lid"].paint())
    for before, after in ((whole.pupil, half.pupil), (whole.limbus, half.limbus)):
        assert (after.cx, after.cy) == (after.shape.cx, after.shape.cy)
        assert np.hypot(before.cx - after.cx, before.cy - after.cy) < 0.05 * whole.limbus.radius


@pytest.mark.parametrize("place", [(90.0, 80.0), (540.0, 380.0), (320.0, 120.0)])
@pytest.mark.parametrize("radius", [45.0, 60.0])
def test_a_small_iris_is_found_anywhere_in_a_wide_picture(place: tuple[float, float], radius: float) -> None:
    x, y = place
    eye = replace(Eye(), width=640, height=480, limbus=(x, y, radius), pupil=(x + 1.0, y, 0.4 * radius))
    assert_found(eye, segment(eye.paint()), pupil=0.03, limbus=0.04)


def test_crossing_contours_are_told_from_nested_ones() -> None:
    whole = np.ones(ANGLES, np.bool_)
    far = Contour(100.0, 80.0, np.full(ANGLES, 30.0), Ellipse(100.0, 80.0, 30.0, 30.0), whole)
    inner, beside = (
        Contour(x, 80.0, np.full(ANGLES, 20.0), Ellipse(x, 80.0, 20.0, 20.0), whole) for x in (105.0, 115.0)
    )
    assert not refine.crosses(inner, far)
    assert refine.crosses(beside, far)


def refused_or_doubted(image: GreyImage) -> bool:
    try:
        return segment(image).confidence.value < 0.5
    except ExtractionError as error_:
        return str(error_).startswith("no iris")


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("sigma", [0.0, 2.0, 6.0])
def test_noise_is_never_an_eye_one_may_believe(sigma: float, seed: int) -> None:
    noise = np.random.default_rng(seed).normal(0, 1, (240, 320))
    noise = np.asarray(cv2.GaussianBlur(noise, (0, 0), sigma)) if sigma else noise
    assert refused_or_doubted(np.clip(128 + 40 * noise / noise.std(), 0, 255).astype(np.uint8))


@pytest.mark.parametrize("level", [0, 128, 255])
def test_an_empty_picture_has_no_iris(level: int) -> None:
    with pytest.raises(ExtractionError, match="no iris"):
        segment(np.full((240, 320), level, np.uint8))


def test_a_disc_without_an_iris_is_doubted() -> None:
    image = np.full((240, 320), 180, np.uint8)
    cv2.circle(image, (160, 120), 40, 30, -1, cv2.LINE_AA)
    assert refused_or_doubted(image)


@pytest.mark.parametrize("shape", [(1, 1), (1, 400), (400, 1), (47, 320), (48, 48), (48, 1000), (60, 61), (121, 119)])
def test_pictures_of_any_size_give_an_answer_or_a_reason(shape: tuple[int, int]) -> None:
    rng = np.random.default_rng(5)
    assert refused_or_doubted(rng.integers(0, 256, shape).astype(np.uint8))


def test_what_is_no_grey_picture_is_refused_by_name() -> None:
    with pytest.raises(InvalidSampleError, match="two dimensions"):
        segment(np.zeros((240, 320, 3), np.uint8))
    with pytest.raises(InvalidSampleError, match="empty"):
        segment(np.zeros((0, 320), np.uint8))


def test_crops_that_cut_the_eye_never_crash() -> None:
    image = Eye().paint()
    for left in range(0, 240, 40):
        for top in range(0, 160, 40):
            part = np.ascontiguousarray(image[top : top + 100, left : left + 100])
            try:
                found = segment(part)
            except ExtractionError:
                continue
            assert found.mask.shape == part.shape


def test_the_stages_are_shown_to_whoever_listens() -> None:
    seen: dict[str, tuple[int, ...]] = {}
    with trace.to(lambda stage, picture: seen.update({stage: picture.shape})):
        segment(Eye().paint())
    assert seen == {
        "iris.filled": (240, 320),
        "iris.search": (240, 320, 3),
        "iris.outline": (240, 320, 3),
        "iris.mask": (240, 320),
    }


def test_a_contour_knows_its_points_and_refuses_what_is_none() -> None:
    ring = Contour(5.0, 6.0, np.full(ANGLES, 2.0), Ellipse(5.0, 6.0, 2.0, 2.0), np.ones(ANGLES, np.bool_))
    np.testing.assert_allclose(ring.points(4), [[7, 6], [5, 4], [3, 6], [5, 8]], atol=1e-12)
    np.testing.assert_allclose(ring.at_shape(), 2.0)
    with pytest.raises(InvalidSampleError, match="positive"):
        replace(ring, radii=np.zeros(ANGLES))
    with pytest.raises(InvalidSampleError, match="256"):
        replace(ring, seen=np.ones(5, np.bool_))


def test_real_eyes_are_segmented_as_the_reference_has_them(shared: Path) -> None:
    table = shared / "reference" / "mmu1_circles.csv"
    wrong = {"001_R_1.png", "006_L_1.png", "013_R_2.png", "020_R_1.png"}  # circles that lie visibly beside the eye
    rows = [row for row in csv.DictReader(table.read_text().splitlines()) if row["file"] not in wrong]
    off = []
    for row in rows[::3]:
        image = cv2.imread(str(shared / "data" / "iris" / "mmu1" / row["file"]), cv2.IMREAD_GRAYSCALE)
        v = {k: float(x) for k, x in row.items() if k != "file"}
        found = segment(np.asarray(image, np.uint8))
        r = v["limbus_r"]
        off.append(
            max(
                error(found.pupil, (v["pupil_x"], v["pupil_y"], v["pupil_r"]), r),
                error(found.limbus, (v["limbus_x"], v["limbus_y"], r), r),
            )
        )
    assert np.mean(np.array(off) > 0.10) <= 0.05
    assert np.median(off) < 0.05


@pytest.mark.parametrize("upper", [-0.75, -0.2])
def test_an_edge_with_iris_within_it_is_not_the_pupils(upper: float) -> None:
    eye = Eye(upper=upper, ring=45)
    pyramid, (x, y, r) = Pyramid(eye.paint()), eye.pupil
    iris, hole = Tone(eye.iris, 10.0), Tone(eye.dark, 8.0)

    def strays(radius: float) -> bool:
        circle = Contour(x, y, np.full(ANGLES, radius), Ellipse(x, y, radius, radius), np.ones(ANGLES, np.bool_))
        traced = refine.Traced(circle, 1.0, 1.0, 0.0, circle.radii[::2])
        return refine.strayed(pyramid, traced, eye.limbus[2], iris, hole)

    assert not strays(r)
    assert not strays(0.8 * r)
    assert strays(1.5 * r)
    assert strays(0.8 * eye.limbus[2])  # where a ring begins
