"""A glance at a live frame finds the eye, its size and its first fault, and says nothing where there is none."""

from __future__ import annotations

import numpy as np
import pytest

from biocore.errors import InvalidSampleError
from biocore.iris.preview import preview
from biocore.report import CauseName
from painted_eyes import Eye, paint

CLEAN = Eye(lid=0.95)


@pytest.mark.parametrize("radius", [85.0, 110.0, 150.0])
def test_a_good_eye_is_found_where_it_is_and_has_no_cause(radius: float) -> None:
    seen = preview(paint(CLEAN.but(radius=radius)))
    assert seen.eye
    assert seen.cause is None
    assert seen.iris_radius == pytest.approx(radius, rel=0.15)
    assert np.hypot(seen.centre[0] - 320, seen.centre[1] - 250) < 0.15 * radius


@pytest.mark.parametrize(
    ("eye", "name"),
    [
        (CLEAN.but(lid=0.4), CauseName.LID),
        (CLEAN.but(blur=0.06), CauseName.DEFOCUS),
        (CLEAN.but(radius=235.0), CauseName.NEAR),
        (CLEAN.but(width=320, height=240, centre=(160.0, 125.0), radius=55.0), CauseName.FAR),
    ],
)
def test_the_first_fault_is_named(eye: Eye, name: CauseName) -> None:
    seen = preview(paint(eye))
    assert seen.eye
    assert seen.cause is not None
    assert seen.cause.name is name


@pytest.mark.parametrize("shape", [(1, 1), (20, 500), (48, 48), (480, 640)])
def test_frames_without_an_eye_have_none(shape: tuple[int, int]) -> None:
    for pixels in (np.full(shape, 90, np.uint8), np.random.default_rng(1).integers(0, 256, shape).astype(np.uint8)):
        seen = preview(pixels)
        assert not seen.eye
        assert seen.cause is not None
        assert seen.cause.name is CauseName.NO_EYE


def test_an_eye_that_holds_still_is_steady_and_one_that_moves_is_not() -> None:
    first = preview(paint(CLEAN))
    assert not first.steady
    assert preview(paint(CLEAN), first).steady
    assert not preview(paint(CLEAN.but(centre=(345.0, 250.0))), first).steady


def test_colour_is_refused() -> None:
    with pytest.raises(InvalidSampleError):
        preview(np.zeros((480, 640, 3), np.uint8))
