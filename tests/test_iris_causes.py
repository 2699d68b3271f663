"""Why an iris' picture is poor: each painted defect leads the list of causes, and a clean eye has none."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import biocore
from biocore.advice import advise
from biocore.errors import InvalidTemplateError
from biocore.iris import synth
from biocore.iris.absence import why_no_iris
from biocore.iris.causes import RING
from biocore.iris.physics import ring_height
from biocore.iris.segment import segment
from biocore.iris.zones import ROWS
from biocore.report import Advice, CauseName, QualityReport, Status
from biocore.types import Frame, Modality, Sample
from painted_eyes import Eye, paint

DEFECTS = {
    CauseName.CLOUDY: (Eye(haze=0.8, mottle=0.15), Eye(haze=0.7), Eye(haze=1.5, mottle=0.1)),
    CauseName.ARCUS: (Eye(ring=0.8), Eye(ring=0.5)),
    CauseName.LID: (Eye(lid=0.1), Eye(lid=0.2, lower_lid=1.0)),
    CauseName.DEFOCUS: (Eye(blur=0.06), Eye(contrast=0.25, blur=0.02)),
    CauseName.MOTION: (Eye(motion=0.2),),
    CauseName.SMALL_PUPIL: (Eye(dilation=0.16),),
    CauseName.WIDE_PUPIL: (Eye(dilation=0.76),),
    CauseName.IRREGULAR_PUPIL: (Eye(oval=0.07),),
    CauseName.REFLECTION: (Eye(glare=0.3),),
    CauseName.GAZE: (Eye(tilt=38.0),),
    CauseName.FAR: (Eye(radius=50.0),),
}


def assess(eye: Eye) -> QualityReport:
    return biocore.assess(Sample(Frame(paint(eye)), Modality.IRIS))


@pytest.mark.parametrize("seed", [1, 9, 23])
@pytest.mark.parametrize("roll", [0.0, 15.0])
def test_a_clean_eye_has_no_causes(seed: int, roll: float) -> None:
    assert assess(Eye(seed=seed, roll=roll)).causes == ()


@pytest.mark.parametrize(
    ("name", "eye"),
    [(name, eye) for name, eyes in DEFECTS.items() for eye in eyes],
)
def test_a_painted_defect_leads_the_causes(name: CauseName, eye: Eye) -> None:
    causes = assess(eye).causes
    assert causes, name
    assert causes[0].name is name
    assert causes[0].confidence >= 0.5
    assert causes[0].evidence
    assert all(np.isfinite(value) for value in causes[0].evidence.values())


@pytest.mark.parametrize("defect", [{"haze": 0.8, "mottle": 0.15}, {"lid": 0.12}, {"blur": 0.06}])
def test_a_cause_stands_wherever_and_however_large_the_eye_is(defect: dict[str, float]) -> None:
    leads = {
        assess(Eye().but(**defect, **place)).causes[0].name
        for place in ({}, {"centre": (280.0, 225.0)}, {"radius": 95.0}, {"seed": 4})
    }
    assert len(leads) == 1


def test_a_small_iris_comes_after_what_else_is_wrong() -> None:
    names = [cause.name for cause in assess(Eye(radius=65.0, haze=0.8, mottle=0.15)).causes]
    assert names[0] is CauseName.CLOUDY
    assert CauseName.FAR in names


def test_a_ring_outside_the_limbus_is_no_arcus() -> None:
    half = ROWS // 2
    rise = np.concatenate([np.full(half, 90.0), np.full(3 * half // 2, 140.0)])
    inside, outside = rise.copy(), rise.copy()
    inside[half // 2 : half // 2 + 3] = 120.0
    outside[half + 6 : half + 9] = 151.0
    greys = {"iris_grey": 90.0, "sclera_grey": 140.0}
    none, ring, beyond = (ring_height(_unrolled(profile), greys) for profile in (rise, inside, outside))
    assert none == 0.0
    assert ring > RING
    assert beyond < RING


def _unrolled(profile: NDArray[np.float64]) -> Any:
    """Return an eye that has this profile from mid-iris outwards on every ray."""
    half = ROWS // 2
    grey = np.repeat(np.concatenate([np.full(half, 90.0), profile, np.full(half, 140.0)])[:, None], 256, axis=1)
    strips = [
        SimpleNamespace(grey=part, clear=np.ones_like(part, dtype=np.bool_)) for part in (grey[:ROWS], grey[ROWS:])
    ]
    every = np.ones(256, dtype=np.bool_)
    return SimpleNamespace(uncovered=strips[0], outside=strips[1], trusted=every, sides=every)


@pytest.mark.parametrize("seed", [5000, 5003])
def test_a_cloud_of_the_second_grade_is_named_and_lowers_the_score_as_it_grows(seed: int) -> None:
    reports = [
        biocore.assess(Sample(Frame(synth.impression(seed, 1, synth.defect("CLOUDY", grade))), Modality.IRIS))
        for grade in (0.5, 0.75, 1.0)
    ]
    assert [report.causes[0].name for report in reports] == [CauseName.CLOUDY] * 3
    scores = [report.score or 0 for report in reports]
    assert scores[2] < scores[0]
    assert scores == sorted(scores, reverse=True)


@pytest.mark.parametrize("seed", [5001, 5002, 5004])
def test_long_lashes_are_named_and_ordinary_ones_are_not(seed: int) -> None:
    hung = biocore.assess(Sample(Frame(synth.impression(seed, 1, synth.defect("LASHES", 0.8))), Modality.IRIS))
    clear = biocore.assess(Sample(Frame(synth.impression(seed, 1, synth.Conditions())), Modality.IRIS))
    assert hung.causes[0].name is CauseName.LASHES
    assert clear.causes == ()


def test_a_shadow_on_the_iris_is_no_lash() -> None:
    pixels = synth.impression(5001, 1, synth.Conditions()).astype(np.float64)
    y = np.arange(pixels.shape[0])[:, None]
    shade = 1.0 - 0.22 / (1.0 + np.exp((y - 205.0) / 10.0))  # as a lid's: dark above, ending softly
    shaded = np.asarray(pixels * shade, np.uint8)
    found = segment(shaded)
    assert np.count_nonzero(found.lashes) > 0.15 * np.count_nonzero(found.mask)  # it is masked all the same
    report = biocore.assess(Sample(Frame(shaded), Modality.IRIS))
    assert CauseName.LASHES not in [cause.name for cause in report.causes]


def test_advice_follows_the_causes() -> None:
    lid = assess(Eye(lid=0.1))
    assert lid.advice[0] is Advice.OPEN_EYE
    assert lid.advice == advise(lid.causes)
    assert Advice.COME_CLOSER in assess(Eye(radius=50.0)).advice


@pytest.mark.parametrize("grey", [0, 128, 255])
def test_a_blank_picture_is_refused_as_no_eye(grey: int) -> None:
    report = biocore.assess(Sample(Frame(np.full((240, 320), grey, np.uint8)), Modality.IRIS))
    assert report.score is None
    assert report.status is Status.FAILED
    assert report.reason
    assert [cause.name for cause in report.causes] == [CauseName.NO_EYE]
    assert report.advice == (Advice.PLACE_EYE,)
    assert {measure.status for measure in report.measures.values()} == {Status.FAILED}


@pytest.mark.parametrize("bow", [-0.0006, 0.0006])
def test_a_line_of_lashes_between_lids_is_a_closed_eye(bow: float) -> None:
    y, x = np.mgrid[:480, :640].astype(float)
    line = 260 + bow * (x - 320) ** 2
    lashes = np.exp(-(((y - line) / 9) ** 2)) * (abs(x - 320) < 220)
    skin = 180 + np.random.default_rng(1).normal(size=x.shape) * 4
    cause = why_no_iris(np.asarray(np.clip(skin - 130 * lashes, 0, 255), np.uint8))
    assert cause.name is CauseName.CLOSED
    assert cause.evidence["dark_line_length_share_of_width"] > 0.5


@pytest.mark.parametrize("shape", [(1, 1), (1, 200), (48, 48), (60, 3000)])
def test_odd_shapes_are_refused_and_not_stumbled_over(shape: tuple[int, int]) -> None:
    noise = np.random.default_rng(3).integers(0, 256, shape).astype(np.uint8)
    report = biocore.assess(Sample(Frame(noise), Modality.IRIS))
    assert report.score is None or 0 <= report.score <= 100


def test_the_two_modalities_do_not_mix() -> None:
    sample = Sample(Frame(paint(Eye())), Modality.IRIS)
    iris = biocore.extract(sample)
    assert biocore.compare(iris, iris).score > 100
    assert [found.score > 100 for found in biocore.search(iris, [iris, iris])] == [True, True]
    finger = biocore.FingerTemplate(
        "x/1",
        10,
        10,
        biocore.FingerPosition.UNKNOWN,
        500.0,
        np.zeros((0, 2), np.float32),
        np.zeros(0, np.float32),
        np.zeros(0, np.uint8),
        np.zeros(0, np.uint8),
    )
    for probe, reference in ((iris, finger), (finger, iris)):
        with pytest.raises(InvalidTemplateError):
            biocore.compare(probe, reference)
        with pytest.raises(InvalidTemplateError):
            biocore.search(probe, [reference])
    for mixed in ([iris, finger], [finger, iris]):
        with pytest.raises(InvalidTemplateError, match="never compared or fused with each other"):
            biocore.fuse(mixed)
    with pytest.raises(InvalidTemplateError):
        biocore.assess(sample, finger)
