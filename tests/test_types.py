"""What flows through the library checks itself once, on construction, and cannot be changed afterwards."""

from __future__ import annotations

import dataclasses
import math
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from biocore.errors import BiocoreError, InvalidSampleError, InvalidTemplateError
from biocore.types import (
    MAX_MINUTIAE,
    MAX_SIDE,
    PPI_RANGE,
    Comparison,
    EyePosition,
    FacePosition,
    FingerPosition,
    FingerTemplate,
    Frame,
    Minutia,
    MinutiaKind,
    Modality,
    Sample,
    check_pixels,
    check_ppi,
    frozen_array,
)

GREY = np.arange(12, dtype=np.uint8).reshape(3, 4)


def template(n: int = 3, **changes: Any) -> FingerTemplate:
    fields: dict[str, Any] = {
        "algorithm": "test/1",
        "width": 100,
        "height": 120,
        "position": FingerPosition.LEFT_THUMB,
        "ppi": 500.0,
        "points": np.arange(2 * n, dtype=np.float32).reshape(n, 2),
        "directions": np.linspace(0, 6, n, dtype=np.float32),
        "kinds": np.full(n, MinutiaKind.ENDING, np.uint8),
        "qualities": np.full(n, 80, np.uint8),
    }
    return FingerTemplate(**(fields | changes))


# -- pixels and resolution ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("pixels", "says"),
    [
        ([[1, 2], [3, 4]], "must be a NumPy array, not list"),
        (None, "not NoneType"),
        (b"\0\1", "not bytes"),
        (np.zeros((4, 4, 3), np.uint8), "convert colour to grey first"),
        (np.zeros(4, np.uint8), r"not shape \(4,\)"),
        (np.zeros((), np.uint8), r"not shape \(\)"),
        (np.zeros((4, 4), np.float32), "not float32; scale to 0..255 first"),
        (np.zeros((4, 4), np.uint16), "not uint16"),
        (np.zeros((4, 4), np.bool_), "not bool"),
        (np.zeros((0, 0), np.uint8), r"are empty: shape \(0, 0\)"),
        (np.zeros((0, 7), np.uint8), "are empty"),
        (np.zeros((1, MAX_SIDE + 1), np.uint8), f"{MAX_SIDE + 1}x1 px; the limit is {MAX_SIDE} a side"),
    ],
)
def test_pixels_no_algorithm_can_take_are_refused_with_a_reason(pixels: object, says: str) -> None:
    with pytest.raises(InvalidSampleError, match=says):
        check_pixels(pixels)


@given(hnp.arrays(hnp.scalar_dtypes(), hnp.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=9)))
def test_any_array_is_taken_or_refused_by_name(pixels: np.ndarray[Any, Any]) -> None:
    fits = pixels.dtype == np.uint8 and pixels.ndim == 2 and pixels.size > 0
    if fits:
        assert Frame(pixels).pixels.tolist() == pixels.tolist()
    else:
        with pytest.raises(InvalidSampleError):
            Frame(pixels)


def test_a_frame_says_which_source_was_wrong() -> None:
    with pytest.raises(InvalidSampleError, match="pixels of usb:1:2 are empty"):
        Frame(np.zeros((0, 4), np.uint8), source="usb:1:2")
    with pytest.raises(InvalidSampleError, match=r"a\.png: resolution of 20"):
        Frame(GREY, 20, source="a.png")


@pytest.mark.parametrize("ppi", [0, -500, math.nan, math.inf, -math.inf, PPI_RANGE[0] - 1, PPI_RANGE[1] + 1])
def test_impossible_resolutions_are_refused(ppi: float) -> None:
    with pytest.raises(InvalidSampleError, match="is impossible; expected 50 to 4000 ppi"):
        check_ppi(ppi)


@pytest.mark.parametrize("ppi", ["500", b"500", [500], object()])
def test_a_resolution_that_is_no_number_is_refused_by_name(ppi: Any) -> None:
    with pytest.raises(InvalidSampleError, match="must be a number"):
        check_ppi(ppi)


@pytest.mark.parametrize("ppi", [*PPI_RANGE, 500, np.float32(500), np.int64(1000)])
def test_possible_resolutions_become_plain_floats(ppi: Any) -> None:
    assert type(check_ppi(ppi)) is float
    assert check_ppi(ppi) == float(ppi)


def test_an_unknown_resolution_stays_unknown() -> None:
    assert check_ppi(None) is None
    assert Frame(GREY).ppi is None


# -- frozen ------------------------------------------------------------------------------------------------


def test_a_frame_keeps_its_own_copy_of_the_pixels() -> None:
    pixels = GREY.copy()
    frame = Frame(pixels)
    pixels[0, 0] = 99
    assert frame.pixels[0, 0] == 0
    with pytest.raises(ValueError, match="read-only"):
        frame.pixels[0, 0] = 1


def test_a_read_only_view_is_copied_since_its_owner_could_still_write() -> None:
    owner = GREY.copy()
    view = owner[:]
    view.flags.writeable = False
    frozen = frozen_array(view)
    owner[0, 0] = 77
    assert frozen[0, 0] == 0


def test_an_array_frozen_once_is_not_copied_again() -> None:
    frozen = frozen_array(GREY)
    assert frozen_array(frozen) is frozen
    assert Frame(frozen).pixels is frozen


def test_frozen_arrays_are_contiguous_whatever_came() -> None:
    for array in (GREY[:, ::2], GREY.T, np.asfortranarray(GREY), GREY[::-1]):
        frozen = frozen_array(array)
        assert frozen.flags.c_contiguous
        assert frozen.tolist() == array.tolist()


@pytest.mark.parametrize(
    "thing",
    [
        Frame(GREY, 500),
        Sample(Frame(GREY, 500), Modality.FINGER),
        Minutia(1, 2, 3, MinutiaKind.ENDING, 50),
        template(),
        Comparison(40.0, "test/1"),
    ],
    ids=lambda thing: type(thing).__name__,
)
def test_nothing_can_be_set_afterwards(thing: Any) -> None:
    for field in dataclasses.fields(thing):
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(thing, field.name, None)
        value = getattr(thing, field.name)
        assert not (isinstance(value, np.ndarray) and value.flags.writeable), field.name


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(InvalidSampleError, match="must carry a time zone"):
        Frame(GREY, captured_at=datetime(2026, 1, 1))
    assert Frame(GREY).captured_at.tzinfo is UTC


# -- samples -----------------------------------------------------------------------------------------------


def test_a_finger_needs_its_resolution_and_an_iris_does_not() -> None:
    with pytest.raises(InvalidSampleError, match=r"a finger image needs its resolution; pass ppi="):
        Sample(Frame(GREY), Modality.FINGER)
    assert Sample(Frame(GREY), Modality.IRIS).ppi is None


@pytest.mark.parametrize(("modality", "kind"), [(Modality.FINGER, FingerPosition), (Modality.IRIS, EyePosition)])
def test_an_unsaid_position_is_the_unknown_one_of_its_modality(modality: Modality, kind: Any) -> None:
    assert Sample(Frame(GREY, 500), modality).position is kind.UNKNOWN


@pytest.mark.parametrize(
    ("modality", "position"), [("finger", EyePosition.LEFT), ("iris", FingerPosition.LEFT_INDEX), ("finger", 2)]
)
def test_a_position_of_the_other_modality_is_refused(modality: Any, position: Any) -> None:
    with pytest.raises(InvalidSampleError, match=f"is no {modality} position"):
        Sample(Frame(GREY, 500), modality, position)


def test_a_modality_may_be_its_plain_word_and_an_unknown_one_is_refused_by_name() -> None:
    word: Any = "finger"
    assert Sample(Frame(GREY, 500), word).modality is Modality.FINGER
    unknown: Any = "palm"
    with pytest.raises(InvalidSampleError, match="'palm' is no modality; use finger or iris or face"):
        Sample(Frame(GREY, 500), unknown)


def test_a_face_has_no_position_and_needs_no_resolution() -> None:
    sample = Sample(Frame(GREY), Modality.FACE)
    assert sample.position is FacePosition.UNKNOWN
    assert [each.unknown for each in Modality] == [FingerPosition.UNKNOWN, EyePosition.UNKNOWN, FacePosition.UNKNOWN]
    for modality, position in ((Modality.FACE, EyePosition.LEFT), (Modality.FACE, FingerPosition.LEFT_RING)):
        with pytest.raises(InvalidSampleError, match="is no face position"):
            Sample(Frame(GREY), modality, position)


def test_the_colours_of_a_frame_are_its_own_and_read_only() -> None:
    given = np.dstack([GREY] * 3)
    frame = Frame(GREY, colour=given)
    assert frame.colour is not None
    given[:] = 0
    assert np.array_equal(frame.colour[..., 1], GREY)
    with pytest.raises(ValueError, match="read-only"):
        frame.colour[0, 0] = 7
    assert Frame(GREY).colour is None


@pytest.mark.parametrize(
    ("colour", "said"),
    [
        (np.dstack([GREY] * 4), "height, width, 3"),
        (GREY, "height, width, 3"),
        ("red", "height, width, 3"),
        (np.dstack([GREY] * 3).astype(np.float32), "uint8"),
        (np.dstack([GREY] * 3)[:-1], "belongs to no"),
        (np.zeros((0, 4, 3), np.uint8), "empty"),
    ],
)
def test_colours_that_cannot_be_a_frame_s_are_refused(colour: Any, said: str) -> None:
    with pytest.raises(InvalidSampleError, match=said):
        Frame(GREY, colour=colour)


def test_a_sample_shows_what_its_frame_holds() -> None:
    frame = Frame(GREY, 500, "a.png")
    sample = Sample(frame, Modality.FINGER)
    assert sample.pixels is frame.pixels
    assert (sample.ppi, sample.source) == (500.0, "a.png")


# -- templates and comparisons -----------------------------------------------------------------------------


@pytest.mark.parametrize("size", [(0, 10), (10, 0), (-1, 10)])
def test_a_template_needs_a_picture_of_some_size(size: tuple[int, int]) -> None:
    with pytest.raises(InvalidTemplateError, match="a template's picture cannot be"):
        template(width=size[0], height=size[1])


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"points": np.zeros((3, 2), np.float64)}, "points must be float32"),
        ({"points": np.zeros((3, 3), np.float32)}, r"points must be float32 \(3, 2\)"),
        ({"points": np.array(1, np.float32)}, "points must be float32"),
        ({"points": np.float32(1)}, "points must be a NumPy array, not float32"),
        ({"points": [[1.0, 2.0]] * 3}, "points must be a NumPy array, not list"),
        ({"directions": np.zeros(2, np.float32)}, r"directions must be float32 \(3,\)"),
        ({"kinds": np.zeros(4, np.uint8)}, "kinds must be uint8"),
        ({"qualities": np.zeros(3, np.int64)}, "qualities must be uint8"),
        ({"points": np.full((3, 2), np.nan, np.float32)}, "must be finite"),
        ({"directions": np.full(3, np.inf, np.float32)}, "must be finite"),
        ({"kinds": np.full(3, 3, np.uint8)}, "kinds must be 0..2"),
        ({"qualities": np.full(3, 101, np.uint8)}, "qualities 0..100"),
        ({"ppi": math.nan}, "template resolution of nan ppi"),
        ({"ppi": None}, "needs its resolution"),
    ],
)
def test_malformed_minutiae_are_refused_with_a_reason(change: dict[str, Any], says: str) -> None:
    with pytest.raises(BiocoreError, match=says):
        template(**change)


def test_a_template_without_minutiae_is_one() -> None:
    assert len(template(0)) == 0
    assert list(template(0).minutiae) == []


def test_more_minutiae_than_one_byte_counts_are_still_a_template() -> None:
    assert len(template(MAX_MINUTIAE + 1)) == MAX_MINUTIAE + 1


def test_minutiae_read_one_by_one_are_the_columns() -> None:
    made = template(2, points=np.array([[1, 2], [3, 4]], np.float32), directions=np.array([0.5, 1.5], np.float32))
    assert list(made.minutiae) == [
        Minutia(1.0, 2.0, 0.5, MinutiaKind.ENDING, 80),
        Minutia(3.0, 4.0, 1.5, MinutiaKind.ENDING, 80),
    ]


@given(st.floats(0, 400))
def test_a_score_and_its_false_match_rate_say_the_same(score: float) -> None:
    assert math.isclose(-10 * math.log10(Comparison(score, "test/1").fmr), score, abs_tol=1e-9)


def test_the_false_match_rate_is_never_above_one() -> None:
    assert Comparison(40.0, "test/1").fmr == pytest.approx(1e-4)
    assert Comparison(-3.0, "test/1").fmr == 1.0
    assert Comparison(-1e9, "test/1").fmr == 1.0


def test_two_comparisons_do_not_share_their_pairs() -> None:
    first, second = Comparison(1.0, "test/1"), Comparison(1.0, "test/1")
    assert first.pairs is not second.pairs
    assert first.pairs.shape == (0, 2)


def test_a_masked_picture_is_refused_its_holes_are_no_pixels() -> None:
    holes = np.ma.masked_array(np.zeros((5, 5), np.uint8), np.eye(5, dtype=bool))
    with pytest.raises(InvalidSampleError, match="fill the masked array first"):
        Frame(holes, 500.0)


def test_a_resolution_beyond_every_number_is_refused() -> None:
    with pytest.raises(InvalidSampleError, match="is impossible"):
        Frame(np.zeros((5, 5), np.uint8), 10**400)
