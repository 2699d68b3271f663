"""The calibration that fingers and irises share: it rises, is straight beyond its knots, and says when it is none."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from biocore.calibration import Curve, curve

RAW = {"slope": 20.0, "knots": [[0.0, 0.0], [2.0, 10.0], [3.0, 30.0]]}


def test_between_knots_and_beyond_them_the_score_is_straight() -> None:
    have = curve(RAW).scores(np.array([-np.inf, -1.0, 0.5, 2.0, 2.5, 3.0, 5.0]))
    np.testing.assert_allclose(have, [0.0, 0.0, 2.5, 10.0, 20.0, 30.0, 70.0])


@given(st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=50))
def test_a_larger_statistic_never_scores_less(values: list[float]) -> None:
    assert (np.diff(curve(RAW).scores(np.sort(values))) >= 0).all()


def test_a_score_does_not_depend_on_what_is_scored_beside_it() -> None:
    values = np.random.default_rng(0).uniform(-1, 9, 1000)
    found = curve(RAW)
    np.testing.assert_array_equal(found.scores(values), [found.scores(values[k : k + 1])[0] for k in range(1000)])


@pytest.mark.parametrize(
    "change",
    [
        {"slope": 0.0},
        {"slope": float("nan")},
        {"knots": [[0.0, 0.0]]},
        {"knots": []},
        {"knots": [[0.0, 0.0], [0.0, 1.0]]},
        {"knots": [[0.0, 1.0], [1.0, 0.0]]},
        {"knots": [[0.0, 1.0], [float("nan"), 2.0]]},
    ],
)
def test_what_does_not_rise_is_no_calibration(change: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="must rise"):
        curve(RAW | change)


@pytest.mark.parametrize(("raw", "error"), [({}, KeyError), ({**RAW, "knots": [[1.0]]}, IndexError)])
def test_what_is_missing_is_left_to_the_reader_of_the_file(raw: dict[str, Any], error: type[Exception]) -> None:
    with pytest.raises(error):
        curve(raw)


def test_a_curve_of_knots_that_do_not_fit_is_refused() -> None:
    with pytest.raises(ValueError, match="must rise"):
        Curve(np.array([1.0, 0.0]), np.array([0.0, 1.0]), 1.0)
