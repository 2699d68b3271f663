"""The right cause is named, on the project's own prints with one defect each, and a good print gets none."""

from __future__ import annotations

import math
from dataclasses import fields, replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from biocore.advice import advise
from biocore.errors import InvalidSampleError
from biocore.fingerprint import synth
from biocore.fingerprint.causes import EVIDENCE, PLACE, conclude, find_causes
from biocore.fingerprint.physics import measure_ridges
from biocore.fingerprint.quantities import RidgePhysics
from biocore.fingerprint.rules import RULES, logistic
from biocore.report import Advice, CauseName
from biocore.types import GreyImage

FINGERS = range(
    2000, 2006
)  # not among those the weights are fitted on; they were looked at when choosing their weighting
SIZE = (320, 400)


def print_with(finger: int, conditions: synth.Conditions, touch: int = 1) -> GreyImage:
    return synth.impression(finger, touch, conditions, SIZE)


def leads(cause: str, severity: float) -> list[str]:
    found = [find_causes(synth.impression(f, 1, synth.defect(cause, severity))) for f in FINGERS]
    return [str(c[0].name) if c else "none" for c in found]


def test_good_prints_have_no_causes() -> None:
    named = [find_causes(print_with(f, synth.Conditions())) for f in FINGERS]
    assert [c for c in named if c] == []


@pytest.mark.parametrize("cause", list(synth.Defect))
def test_the_right_cause_leads_on_prints_with_one_defect(cause: synth.Defect) -> None:
    """Severities 0.7 and 1: at least 10 of 12 prints; along the ridges of an arch a slide leaves nothing to see."""
    same = {synth.Defect.PARTIAL: {"PARTIAL", "OFF_CENTRE"}, synth.Defect.OFF_CENTRE: {"OFF_CENTRE", "PARTIAL"}}
    named = leads(cause, 0.7) + leads(cause, 1.0)
    right = sum(lead in same.get(cause, {cause}) for lead in named)
    assert right >= 10, named


def test_hard_pressure_is_told_from_good_pressure() -> None:
    def confidence(conditions: synth.Conditions) -> list[float]:
        return [RULES[CauseName.HARD].confidence(measure_ridges(print_with(f, conditions))) for f in FINGERS]

    pressed, good = confidence(synth.defect("HARD", 1.0)), confidence(synth.Conditions())
    assert min(pressed) > 0.5 > 0.25 > max(good)


def residue_beside(finger: int) -> GreyImage:
    """Put a good print in the left half of a wide window and what the last finger left in the right half."""
    good = synth.impression(finger, 1, synth.Conditions(), (300, 400))
    last = synth.impression(finger + 50, 1, synth.Conditions(), (300, 400))
    return np.hstack([good, (255 - (255 - last.astype(float)) * 0.3).astype(np.uint8)])


def test_an_old_print_beside_the_finger_is_residue() -> None:
    named = [{c.name for c in find_causes(residue_beside(f))} for f in FINGERS]
    assert sum(CauseName.RESIDUE in names for names in named) >= 0.8 * len(named), named


@pytest.mark.parametrize(
    ("dx", "dy", "advice"),
    [
        (95, 0, Advice.MOVE_LEFT),
        (-95, 0, Advice.MOVE_RIGHT),
        (0, -130, Advice.MOVE_DOWN),
        (0, 130, Advice.MOVE_UP),
    ],
)
def test_a_finger_off_the_centre_is_told_which_way_to_move(dx: int, dy: int, advice: Advice) -> None:
    image = print_with(2000, synth.Conditions(shift_px=(dx, dy), area=0.8))
    causes = find_causes(image)
    assert {c.name for c in causes} & {CauseName.OFF_CENTRE, CauseName.PARTIAL}
    assert advise(causes)[0] is advice


@pytest.mark.parametrize("grey", [0, 40, 128, 250, 255])
def test_a_blank_window_has_no_finger_and_nothing_else(grey: int) -> None:
    causes = find_causes(np.full((300, 300), grey, np.uint8))
    assert [c.name for c in causes] == [CauseName.NO_FINGER]
    assert advise(causes) == (Advice.PLACE_FINGER,)


def test_noise_is_no_finger() -> None:
    noise = np.random.default_rng(3).normal(200, 20, (300, 300)).clip(0, 255).astype(np.uint8)
    assert [c.name for c in find_causes(noise)] == [CauseName.NO_FINGER]


@pytest.mark.parametrize("shape", [(1, 1), (1, 300), (300, 1), (8, 8), (40, 40), (45, 500)])
def test_any_size_of_picture_is_answered(shape: tuple[int, int]) -> None:
    image = np.random.default_rng(1).integers(0, 256, shape, dtype=np.uint8)
    for cause in find_causes(image):
        assert 0.5 <= cause.confidence <= 1.0


def test_what_is_no_picture_is_refused() -> None:
    with pytest.raises(InvalidSampleError):
        find_causes(np.zeros((10, 10, 3), np.uint8))
    with pytest.raises(InvalidSampleError):
        find_causes(np.zeros((0, 10), np.uint8))


def test_confidences_fall_and_evidence_is_finite_and_carries_its_unit() -> None:
    units = ("_share", "_grey", "_mm2", "_period", "_ground")
    for severity in (0.5, 1.0):
        causes = find_causes(print_with(2003, synth.defect("WORN", severity)))
        assert causes
        assert [c.confidence for c in causes] == sorted((c.confidence for c in causes), reverse=True)
        for cause in causes:
            assert cause.evidence
            for name, value in cause.evidence.items():
                assert math.isfinite(value)
                assert name.endswith(units), name


def test_the_same_picture_gets_the_same_answer_and_is_not_written_to() -> None:
    image = print_with(2001, synth.defect("DRY", 0.9)).copy()
    before = image.copy()
    assert find_causes(image) == find_causes(image)
    np.testing.assert_array_equal(image, before)


def test_every_rule_names_quantities_that_are_measured() -> None:
    measured = {f.name for f in fields(RidgePhysics)}
    for rule in RULES.values():
        assert {t.quantity.removeprefix("log ") for t in rule.terms} <= measured
    for items in EVIDENCE.values():
        assert {name for name, _ in items} <= measured
    assert set(EVIDENCE) == {*RULES, *PLACE, CauseName.NO_FINGER}


def test_physics_of_known_ridges() -> None:
    physics = measure_ridges(print_with(2002, synth.Conditions()))
    assert 7.0 < physics.period_px < 11.0
    assert 0.4 < physics.ridge_share < 0.6
    assert physics.hole_share < 0.1
    assert physics.worn_share < 0.02
    assert abs(physics.offset_x) < 0.05
    assert 0.0 < physics.ink_grey < physics.ground_grey <= 255.0


def test_severity_moves_the_quantity_that_its_cause_is_made_of() -> None:
    def at(cause: str, severity: float) -> RidgePhysics:
        return measure_ridges(print_with(2004, synth.defect(cause, severity)))

    assert at("DRY", 1.0).hole_share > at("DRY", 0.3).hole_share
    assert at("WET", 1.0).valley_fill > at("WET", 0.1).valley_fill
    assert at("LIGHT", 1.0).ridge_contrast < at("LIGHT", 0.2).ridge_contrast
    assert at("WORN", 0.9).worn_share > at("WORN", 0.0).worn_share
    assert at("SMEAR", 1.0).contrast_anisotropy > at("SMEAR", 0.0).contrast_anisotropy
    assert at("TOO_SMALL", 1.0).contact_area_mm2 < at("TOO_SMALL", 0.0).contact_area_mm2


def test_a_finger_that_fills_a_small_window_is_neither_partial_nor_off_centre() -> None:
    good = measure_ridges(print_with(2000, synth.Conditions()))
    full = replace(good, window_share=0.9, contact_area_mm2=90.0, cut_top=1.0, cut_left=1.0, offset_x=0.25)
    assert {CauseName.PARTIAL, CauseName.OFF_CENTRE}.isdisjoint(c.name for c in conclude(full))


def test_logistic_does_not_overflow() -> None:
    assert logistic(-1e6) == 0.0
    assert logistic(1e6) == 1.0
    assert logistic(0.0) == 0.5


def fade(image: GreyImage, share: float) -> GreyImage:
    ground = float(np.percentile(image, 90))
    return (ground - (ground - image.astype(float)) * share).clip(0, 255).astype(np.uint8)


def speckle(image: GreyImage, seed: int) -> GreyImage:
    rng = np.random.default_rng(seed)
    holes = cv2.GaussianBlur(rng.normal(0, 1, image.shape).astype(np.float32), (0, 0), 1.8)
    out = image.astype(float)
    out[holes > 0.4 * holes.std()] = np.percentile(image, 90)
    return out.astype(np.uint8)


@pytest.mark.parametrize(("name", "dry_at_least"), [("fvc2002_db1b", 8), ("fvc2002_db3b", 8)])
def test_real_prints_painted_pale_and_broken_are_named_so(shared: Path, name: str, dry_at_least: int) -> None:
    prints = [cv2.imread(str(p), 0) for p in sorted((shared / "data/fp" / name).glob("*_2.tif"))]
    assert len(prints) == 10
    pale = [find_causes(fade(np.asarray(p, np.uint8), 0.2))[:1] for p in prints]
    broken = [find_causes(speckle(np.asarray(p, np.uint8), k))[:1] for k, p in enumerate(prints)]
    assert sum(bool(c) and c[0].name is CauseName.LIGHT for c in pale) >= 8
    assert sum(bool(c) and c[0].name is CauseName.DRY for c in broken) >= dry_at_least


def test_good_real_prints_have_no_causes(shared: Path) -> None:
    prints = [cv2.imread(str(p), 0) for p in sorted((shared / "data/fp/fvc2002_db1b").glob("*_1.tif"))]
    assert sum(not find_causes(np.asarray(p, np.uint8)) for p in prints) >= 8
