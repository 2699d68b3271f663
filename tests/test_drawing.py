"""Overlays show what they are given, where it is."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from biocore.types import Comparison, FingerPosition, FingerTemplate
from biocore_bindings.drawing import (
    BIFURCATION,
    ENDING,
    GAP,
    GOOD,
    OTHER,
    POOR,
    RADIUS,
    RGB,
    SCALE,
    TAIL,
    Colour,
    minutiae_picture,
    pairing_picture,
    paled,
    quality_colour,
)
from biocore_bindings.tracing import as_grey_or_colour

WHITE = np.full((60, 80), 255, np.uint8)


def make_template(points: list[tuple[float, float]], kinds: list[int], directions: list[float]) -> FingerTemplate:
    return FingerTemplate(
        "test/1",
        80,
        60,
        FingerPosition.UNKNOWN,
        500.0,
        np.array(points, np.float32).reshape(-1, 2),
        np.array(directions, np.float32),
        np.array(kinds, np.uint8),
        np.full(len(points), 50, np.uint8),
    )


def near(canvas: RGB, x: float, y: float, colour: Colour) -> bool:
    """Say whether a colour lies within two drawn px of a point of the print."""
    column, row = round((x + 0.5) * SCALE - 0.5), round((y + 0.5) * SCALE - 0.5)
    patch = canvas[max(0, row - 2) : row + 3, max(0, column - 2) : column + 3].astype(int)
    return bool((np.abs(patch - colour).max(axis=2) < 40).any())


@pytest.mark.parametrize(("kind", "colour"), [(0, OTHER), (1, ENDING), (2, BIFURCATION)])
@pytest.mark.parametrize("direction", [0.0, np.pi / 2, np.pi, 4.0])
def test_a_minutia_is_a_ring_with_a_tail_in_its_direction(kind: int, colour: Colour, direction: float) -> None:
    canvas = minutiae_picture(WHITE, make_template([(40, 30)], [kind], [direction]))
    assert canvas.shape == (120, 160, 3)
    dx, dy = np.cos(direction), -np.sin(direction)
    assert near(canvas, 40 + RADIUS, 30, colour)
    assert near(canvas, 40 + (TAIL - 1) * dx, 30 + (TAIL - 1) * dy, colour)
    assert not near(canvas, 40 - TAIL * dx, 30 - TAIL * dy, colour)


def test_minutiae_at_and_beyond_the_edge_are_drawn_without_harm() -> None:
    canvas = minutiae_picture(WHITE, make_template([(0, 0), (79, 59), (500, -70)], [1, 2, 1], [1.0, 2.0, 3.0]))
    assert near(canvas, 2, 2, ENDING)
    assert near(canvas, 77, 57, BIFURCATION)


def test_a_print_without_minutiae_is_the_print_paled() -> None:
    canvas = minutiae_picture(np.zeros((60, 80), np.uint8), make_template([], [], []))
    assert len(np.unique(canvas)) == 1
    assert canvas[0, 0, 0] == paled(np.zeros((1, 1), np.uint8))[0, 0] > 100


def test_pairs_are_joined_by_lines_and_others_stay_grey() -> None:
    probe = make_template([(20, 20), (60, 45)], [1, 1], [0.0, 0.0])
    reference = make_template([(30, 40), (10, 10), (70, 20)], [1, 1, 1], [0.0, 0.0, 0.0])
    comparison = Comparison(50.0, "test/1", np.array([[0, 2]], np.int32))
    canvas = pairing_picture((WHITE, None), probe, reference, comparison)
    assert canvas.shape == (120, 160 + GAP + 160, 3)
    shift = (160 + GAP) / SCALE
    colour = tuple(canvas[round(20.5 * SCALE - 0.5), round((25 + 0.5) * SCALE)].tolist())
    assert colour != (255, 255, 255)
    middle = ((20 + 70 + shift) / 2, 20.0)
    column, row = round(middle[0] * SCALE), round(middle[1] * SCALE)
    assert (canvas[row - 2 : row + 3, column] < 250).any()  # the line crosses the gap
    assert near(canvas, 60 + RADIUS, 45, OTHER)
    assert near(canvas, 30 + shift + RADIUS, 40, OTHER)
    assert not near(canvas, 70 + shift + RADIUS, 20, OTHER)


def test_no_pairs_draw_no_line() -> None:
    template = make_template([(20, 20)], [1], [0.0])
    canvas = pairing_picture((WHITE, WHITE), template, template, Comparison(0.0, "test/1"))
    assert (canvas[:, 160 : 160 + GAP] == 255).all()


def test_prints_of_different_size_stand_side_by_side() -> None:
    template = make_template([(5, 5)], [1], [0.0])
    canvas = pairing_picture((WHITE[:30], WHITE[:, :40]), template, template, Comparison(0.0, "test/1"))
    assert canvas.shape == (120, 160 + GAP + 80, 3)


def test_quality_runs_from_rust_to_green_blue_and_no_further() -> None:
    assert quality_colour(0.0) == quality_colour(-3.0) == POOR
    assert quality_colour(1.0) == quality_colour(7.0) == GOOD
    greens = [quality_colour(value)[0] - quality_colour(value)[2] for value in np.linspace(0.3, 1.0, 20)]
    assert greens == sorted(greens, reverse=True)


def seen(array: object) -> Any:
    """Return what is shown of a stage."""
    shown = as_grey_or_colour(np.asarray(array))
    assert shown is not None
    assert shown.dtype == np.dtype(np.uint8)
    return shown.tolist()


def test_a_stage_of_any_type_becomes_something_to_look_at() -> None:
    assert seen([[-3.0, 5.0], [1.0, 3.0]]) == [[0, 255], [128, 191]]
    assert seen([[True, False]]) == [[255, 0]]
    assert seen(np.array([[7, 9]], np.uint8)) == [[7, 9]]
    assert seen([[np.nan, 1.0, np.inf, 2.0]]) == [[0, 128, 0, 255]]
    assert seen([[3.5, 3.5]]) == [[0, 0]]
    assert seen([[3j, 4.0]]) == [[0, 255]]
    assert seen(np.zeros((1, 1, 3), np.float32)) == [[[0, 0, 0]]]
    for no_picture in (np.zeros(4), np.zeros((2, 2, 7)), np.zeros((0, 4))):
        assert as_grey_or_colour(no_picture) is None
