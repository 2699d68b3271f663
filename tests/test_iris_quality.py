"""Iris quality: each component is what the standard says, stays where the eye only moves, falls where it gets worse."""

from __future__ import annotations

import itertools
import math
from dataclasses import replace

import cv2
import numpy as np
import pytest

import biocore
from biocore.errors import ModelError
from biocore.iris import score, zones
from biocore.iris.components import COMPONENTS, iris_pupil_contrast, iris_sclera_contrast, measures
from biocore.iris.physics import IrisPhysics, measure, roundness_loss
from biocore.iris.quality import report
from biocore.iris.segment import segment
from biocore.iris.segmentation import Contour, Ellipse
from biocore.report import QualityReport
from biocore.types import Frame, GreyImage, Modality, Sample
from iris_pictures import circle
from painted_eyes import Eye, paint

CLEAN = Eye()


def physics(eye: Eye) -> IrisPhysics:
    pixels = paint(eye)
    return measure(pixels, segment(pixels))


def assess(pixels: GreyImage) -> QualityReport:
    return biocore.assess(Sample(Frame(pixels), Modality.IRIS))


def native(found: QualityReport, name: str) -> float:
    value = found.measures[name].native
    assert value is not None
    return value


def test_the_report_holds_every_component_and_says_what_scored() -> None:
    found = assess(paint(CLEAN))
    assert list(found.measures) == list(COMPONENTS)
    assert found.algorithm == "biocore.iris/1"
    assert found.score is not None
    assert 50 <= found.score <= 100
    for measure_ in found.measures.values():
        assert measure_.score is not None
        assert 0 <= measure_.score <= 100


def test_greys_are_those_that_were_painted() -> None:
    p = physics(CLEAN.but(lamp=0.0, noise=0.5))
    assert p.pupil_grey == pytest.approx(CLEAN.pupil_grey, abs=2)
    assert p.iris_grey == pytest.approx(CLEAN.iris_grey, abs=4)
    assert p.sclera_grey == pytest.approx(CLEAN.sclera_grey - 12 * 1.15**2, abs=6)


def test_contrasts_follow_the_standards_formulas() -> None:
    p = replace(physics(CLEAN), pupil_grey=20.0, inner_grey=80.0, outer_grey=90.0, sclera_grey=170.0)
    assert iris_sclera_contrast(p) == pytest.approx(100 * 80 / (170 + 90 - 40))
    assert iris_pupil_contrast(p) == pytest.approx(100 * 1.5 / (0.75 + 1.5))
    assert iris_sclera_contrast(replace(p, pupil_grey=95.0)) == 0.0


def test_the_iris_pupil_contrast_does_not_look_at_the_sclera() -> None:
    bright, dark = (iris_pupil_contrast(physics(CLEAN.but(sclera_grey=grey))) for grey in (150.0, 220.0))
    assert bright == pytest.approx(dark, rel=0.03)


@pytest.mark.parametrize(
    ("centre", "adequate"), [((320.0, 240.0), 100), ((150.0, 240.0), 60), ((490.0, 240.0), 60), ((320.0, 120.0), 45)]
)
def test_all_four_margins_count(centre: tuple[float, float], adequate: float) -> None:
    share = measures(physics(CLEAN.but(centre=centre, lid=1.2, lower_lid=1.2)))["margin_adequacy"].native
    assert share == pytest.approx(adequate, abs=12)


def test_a_circle_is_round_and_an_ellipse_loses_what_its_harmonic_says() -> None:
    assert roundness_loss(circle(100.0, 80.0, 30.0)) == pytest.approx(0.0, abs=1e-6)
    turn = zones.TURN
    radii = 30.0 * (1.0 + 0.06 * np.cos(2 * turn))
    oval = Contour(100.0, 80.0, radii, Ellipse(100.0, 80.0, 30.0, 30.0), np.ones(len(turn), dtype=bool))
    assert roundness_loss(oval) == pytest.approx(2 * 3.0**2, rel=0.02)
    assert roundness_loss(circle(100.0, 80.0, 30.0), radii) == pytest.approx(2 * 3.0**2, rel=0.02)


def test_area_is_that_of_the_circle() -> None:
    assert zones.area(circle(50.0, 50.0, 20.0)) == pytest.approx(math.pi * 400, rel=1e-3)


RELATIVE = {
    "usable_iris_area": 6.0,
    "iris_sclera_contrast": 3.0,
    "iris_pupil_contrast": 2.0,
    "pupil_boundary_circularity": 2.0,
    "grey_scale_utilisation": 0.3,
    "pupil_iris_ratio": 3.0,
    "iris_pupil_concentricity": 3.0,
    "frontal_gaze": 10.0,
    "motion_blur": 0.12,
}


@pytest.mark.parametrize(
    "moved", [{"centre": (300.0, 236.0)}, {"roll": 20.0}, {"roll": -12.0}, {"radius": 140.0}], ids=str
)
def test_components_stay_where_the_eye_only_moves(moved: dict[str, object]) -> None:
    eye = CLEAN.but(lid=1.0)
    before, after = assess(paint(eye)), assess(paint(eye.but(**moved)))
    for name, tolerance in RELATIVE.items():
        assert native(after, name) == pytest.approx(native(before, name), abs=tolerance), name
    assert before.score is not None
    assert after.score is not None
    assert abs(after.score - before.score) <= 10


def test_twice_the_pixels_change_nothing_but_the_radius_and_sharpness() -> None:
    small = paint(CLEAN.but(width=480, height=360, radius=80.0, centre=(240.0, 188.0), lid=1.0))
    large = np.asarray(cv2.resize(small, None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC), np.uint8)
    before, after = assess(small), assess(large)
    for name, tolerance in RELATIVE.items():
        assert native(after, name) == pytest.approx(native(before, name), abs=tolerance), name
    assert native(after, "iris_radius") == pytest.approx(2 * native(before, "iris_radius"), rel=0.03)
    assert [cause.name for cause in after.causes] == [cause.name for cause in before.causes]


WORSE = {
    "blur": [{"blur": v} for v in (0.0, 0.02, 0.04, 0.07)],
    "motion": [{"motion": v} for v in (0.0, 0.12, 0.2, 0.3)],
    "occlusion": [{"lid": v} for v in (1.0, 0.6, 0.3, 0.1)],
    "contrast": [{"contrast": v} for v in (1.0, 0.6, 0.3, 0.15)],
    "noise": [{"noise": v} for v in (1.0, 16.0, 30.0)],
    "dilation": [{"dilation": v} for v in (0.45, 0.6, 0.7, 0.76)],
    "constriction": [{"dilation": v} for v in (0.35, 0.26, 0.21, 0.17)],
}


@pytest.mark.parametrize("defect", WORSE)
def test_the_score_falls_as_a_defect_grows(defect: str) -> None:
    found = [score.model().predict(physics(CLEAN.but(**step))) for step in WORSE[defect]]
    assert found[-1] < found[0] - 3.0, found
    assert all(later <= earlier + 2.0 for earlier, later in itertools.pairwise(found)), found


def test_sharpness_and_detail_fall_with_blur() -> None:
    seen = [physics(CLEAN.but(blur=v)) for v in (0.0, 0.02, 0.04, 0.07)]
    for name, sign in (("sharpness", -1), ("fine_detail", -1), ("edge_width", 1)):
        assert (np.diff([sign * getattr(p, name) for p in seen]) > 0).all(), name


def test_rows_torn_apart_are_interlace() -> None:
    pixels = paint(CLEAN)
    torn = pixels.copy()
    torn[1::2] = np.roll(torn[1::2], 5, axis=1)
    clean, apart = assess(pixels), assess(np.asarray(torn))
    assert abs(native(clean, "interlace")) < 1.0
    assert native(apart, "interlace") > 3.0


def test_no_term_lets_the_score_rise_as_its_quantity_gets_worse() -> None:
    assert set(score.model().weights) == set(score.TERMS)
    assert all(weight >= 0 for weight in score.model().weights.values())


@pytest.mark.parametrize("confidence", [0.0, 0.2, 0.3, 0.49])
def test_a_doubtful_segmentation_caps_the_score_and_says_so(confidence: float) -> None:
    pixels = paint(CLEAN)
    found = segment(pixels)
    doubtful = replace(found, confidence=replace(found.confidence, value=confidence))
    seen = report(Sample(Frame(pixels), Modality.IRIS), doubtful)
    if seen.score is None:
        assert f"{confidence:.2f}" in seen.reason
    else:
        sure = report(Sample(Frame(pixels), Modality.IRIS), found).score
        assert sure is not None
        assert seen.score < sure


BROKEN = ("", "format = 2\noffset = 0\n[weights]", "format = 1\noffset = 0\n[weights]\nsmell = 1.0",
          "format = 1\noffset = 0\n[weights]\nnoise = -1.0", "format = 1\noffset = 0\nweights = 3")  # fmt: skip


@pytest.mark.parametrize("text", BROKEN)
def test_a_broken_model_is_refused(text: str) -> None:
    with pytest.raises(ModelError):
        score.parse(text)
