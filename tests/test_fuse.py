"""Fusing attempts: what they share gains, what one alone saw fades, and strangers are not mixed."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from biocore.errors import InvalidTemplateError
from biocore.fingerprint.compare import compare, search
from biocore.fingerprint.fuse import ALGORITHM, fuse
from biocore.fingerprint.packing import views
from biocore.types import FingerPosition, FingerTemplate
from finger_sets import chosen, finger, impression, template, turned


def attempts(seed: int, n: int = 3) -> list[FingerTemplate]:
    return [impression(finger(seed), 10 * seed + k, missing=14, spurious=8) for k in range(n)]


def test_one_attempt_comes_back_as_it_is() -> None:
    one = finger(1)
    assert fuse([one]) is one


@pytest.mark.parametrize("seed", range(4))
def test_three_attempts_match_a_fourth_better_than_each_alone(seed: int) -> None:
    tries = attempts(seed)
    other = impression(finger(seed), 999 + seed, missing=14, spurious=8)
    fused = fuse(tries)
    assert fused.algorithm == ALGORITHM
    assert compare(fused, other).score > np.mean([compare(t, other).score for t in tries])


def test_what_all_saw_ranks_before_what_one_saw() -> None:
    fused = fuse(attempts(2))
    real = compare(fused, finger(2)).pairs[:, 0]
    made_up = np.setdiff1d(np.arange(len(fused)), real)
    assert len(real) >= 40  # each attempt lacks 14 of 45
    assert np.median(fused.qualities[real]) > 2 * np.median(fused.qualities[made_up])


def test_positions_are_averaged() -> None:
    still = finger(3)
    rng = np.random.default_rng(0)
    shaken = [
        template(still.points + rng.normal(0, 3, still.points.shape), still.directions, still.kinds) for _ in range(5)
    ]
    fused = fuse(shaken)
    pairs = compare(fused, still).pairs
    assert len(pairs) == 45

    def error(t: FingerTemplate, rows: np.ndarray, to: np.ndarray) -> float:
        apart = t.points[rows] - to
        return float(np.sqrt(((apart - apart.mean(axis=0)) ** 2).sum(axis=1).mean()))

    one = error(shaken[0], np.arange(45), still.points)
    assert error(fused, pairs[:, 0], still.points[pairs[:, 1]]) < 0.7 * one


def test_halves_that_overlap_unite_to_the_whole() -> None:
    whole = finger(4, 60)
    upper = chosen(whole, whole.points[:, 1] < 300)
    lower = chosen(turned(whole, 0.4, (12.0, 5.0)), whole.points[:, 1] > 200)
    fused = fuse([upper, lower])
    assert len(fused) == 60
    assert len(compare(fused, whole).pairs) == 60


def test_a_picture_is_widened_for_what_lies_beyond_its_edge() -> None:
    whole = finger(4, 60)
    upper = chosen(turned(whole, 0.0, (0.0, -250.0)), whole.points[:, 1] > 200)
    fused = fuse([upper, whole, whole])
    assert (fused.points >= 0).all()
    assert (fused.points[:, 0] < fused.width).all()
    assert (fused.points[:, 1] < fused.height).all()


def test_an_attempt_that_does_not_match_is_laid_beside_and_still_found() -> None:
    same, stranger = attempts(5, 2), finger(6)
    fused = fuse([same[0], stranger, same[1]])
    alone = fuse(same)
    assert len(fused) == len(alone) + len(stranger)
    assert fused.width > alone.width
    assert compare(fused, finger(5)).score > 60
    assert compare(fused, finger(6)).score > 60
    pairs = compare(fused, finger(5)).pairs
    assert (fused.points[pairs[:, 0], 0] < alone.width).all()  # nothing of the stranger's among them


@pytest.mark.parametrize("n", [2, 3])
def test_attempts_that_do_not_match_at_all_are_each_found(n: int) -> None:
    alone = [finger(5), finger(6), finger(7)][:n]
    fused = fuse(alone)
    assert len(views(fused)) == n
    price = 10 * np.log10(n)  # of having tried several
    for one in alone:
        other = impression(one, 3)
        assert compare(fused, other).score == pytest.approx(compare(one, other).score - price, rel=0.02)
        assert search(fused, [other])[0].score == compare(fused, other).score == compare(other, fused).score
    assert compare(fused, finger(8)).score < 30


def test_two_templates_of_several_views_are_compared_view_by_view() -> None:
    one, other = fuse([finger(5), finger(6)]), fuse([impression(finger(7), 1), impression(finger(6), 2)])
    there, back = compare(one, other), compare(other, one)
    assert there.score == back.score == search(one, [other])[0].score
    assert {tuple(pair) for pair in there.pairs.tolist()} == {tuple(pair[::-1]) for pair in back.pairs.tolist()}
    expected = compare(finger(6), impression(finger(6), 2)).score - 10 * np.log10(4)
    assert there.score == pytest.approx(expected, rel=0.02)
    mixed = search(finger(6), [other, finger(6), one, finger(9)])  # references of one view and of two
    assert [c.score for c in mixed] == [compare(finger(6), r).score for r in (other, finger(6), one, finger(9))]


def test_a_template_is_parted_only_at_a_band_without_minutiae_and_into_parts_large_enough() -> None:
    whole = finger(5)
    assert len(views(whole)) == 1
    spurious = template(np.append(whole.points, [[900.0, 100.0]], axis=0), np.append(whole.directions, 0.0))
    assert len(views(spurious)) == 1
    points = np.concatenate([whole.points + np.array([600.0 * k, 0.0]) for k in range(6)])
    assert len(views(template(points, np.tile(whole.directions, 6)))) == 4
    narrow = np.concatenate([whole.points, whole.points + np.array([np.ptp(whole.points[:, 0]) + 120.0, 0.0])])
    assert len(views(template(narrow, np.tile(whole.directions, 2)))) == 1
    rows = np.sort(np.concatenate([view.order for view in views(fuse([finger(5), finger(6)]))]))
    assert np.array_equal(rows, np.arange(90))


def test_a_fused_stranger_is_still_a_stranger() -> None:
    fused = [fuse([*attempts(k, 2), finger(20 + k)]) for k in range(5)]
    scores = [compare(f, finger(40 + k)).score for f in fused for k in range(5)]
    assert max(scores) < 30


def test_never_more_than_255_minutiae() -> None:
    many = [finger(50 + k, 200) for k in range(3)]
    fused = fuse(many)
    assert len(fused) == 255
    assert (np.diff(fused.qualities.astype(int)) <= 0).all()


def test_the_order_of_the_attempts_changes_little() -> None:
    tries = attempts(7)
    one, two = fuse(tries), fuse(tries[::-1])
    assert abs(len(one) - len(two)) <= 2
    assert compare(one, two).score > 150


def test_resolutions_may_differ() -> None:
    a, b = attempts(8, 2)
    fine = template(b.points * 2, b.directions, b.kinds, b.qualities, ppi=1000.0)
    expected, found = fuse([a, b]), fuse([a, fine])
    assert found.ppi in (500.0, 1000.0)
    assert abs(len(found) - len(expected)) <= 1
    assert compare(found, expected).score > 150


@pytest.mark.parametrize("n", [0, 1, 2])
def test_attempts_without_minutiae_do_no_harm(n: int) -> None:
    few = chosen(finger(9), np.arange(n))
    assert compare(fuse([few, finger(9), few]), finger(9)).score > 100
    assert len(fuse([few, few])) <= 2 * n


def test_nothing_and_two_fingers_are_refused() -> None:
    with pytest.raises(InvalidTemplateError, match="nothing to fuse"):
        fuse([])
    left = replace(finger(1), position=FingerPosition.LEFT_INDEX)
    right = replace(finger(1), position=FingerPosition.RIGHT_INDEX)
    with pytest.raises(InvalidTemplateError, match="different finger positions"):
        fuse([left, right])
    assert fuse([finger(1), left]).position is FingerPosition.LEFT_INDEX
