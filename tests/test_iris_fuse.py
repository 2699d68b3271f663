"""Several captures of an eye, two eyes of a person, and what a record keeps of a picture."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from biocore.errors import InvalidTemplateError
from biocore.iris.compare import compare
from biocore.iris.crop import LID, SCLERA, crop
from biocore.iris.encode import encode
from biocore.iris.fuse import fuse
from biocore.iris.pairs import EyePair, compare_pairs
from biocore.types import EyePosition, IrisTemplate
from iris_pictures import eye, template

ALL = 0xFFFFFFFFFFFFFFFF


def capture(seed: int, turned: float = 0.0, noise: float = 30.0, covered: float = 0.0) -> IrisTemplate:
    return encode(*eye(seed, turned=turned, noise=noise, covered=covered))


# -- captures ----------------------------------------------------------------------------------------------


def test_a_fused_template_is_more_alike_than_any_capture() -> None:
    probe = capture(1, 0.111)
    captures = [capture(1, turned) for turned in (0.0, 0.02, -0.1, 0.15, 0.07)]
    single = [compare(probe, each).score for each in captures]
    assert compare(probe, fuse(captures)).score > max(single)


def test_one_capture_is_its_own_fusion() -> None:
    one = capture(2)
    found = fuse([one])
    assert (found.code == one.code).all()
    assert (found.mask == one.mask).all()


def test_the_majority_stands_and_of_a_tie_the_capture_that_is_most_alike() -> None:
    code = capture(3).code
    other, third = code.copy(), code.copy()
    other[0] ^= np.uint64(3)
    third[0] ^= np.uint64(1)
    three = fuse([template(code), template(other), template(third)])
    assert (three.mask == ALL).all()
    assert three.code[0] == code[0] ^ np.uint64(1)
    assert (three.code[1:] == code[1:]).all()
    two = fuse([template(code), template(other)])
    assert (two.mask == ALL).all()
    assert two.code[0] in (code[0], other[0])


def test_bits_that_captures_disagree_on_are_masked_where_that_is_asked_for() -> None:
    code = capture(3).code
    other = code.copy()
    other[0] ^= np.uint64(3)
    two = fuse([template(code), template(other)], agreement=0.75)
    assert two.mask[0] == ALL - 3
    assert (two.mask[1:] == ALL).all()
    assert not two.code[0] & np.uint64(3)
    four = fuse([template(code), template(code), template(code), template(other)], agreement=0.75)
    assert (four.mask == ALL).all()
    assert (four.code == code).all()


def test_what_one_capture_covers_another_shows() -> None:
    covered, whole = capture(4, covered=0.5, noise=3.0), capture(4, 0.0, noise=3.0)
    found = fuse([covered, whole])
    assert found.usable > covered.usable + 0.2


def test_what_most_captures_mask_stays_masked() -> None:
    code = capture(4).code
    lid = np.full(256, ALL, np.uint64)
    lid[:64] = 0  # a quarter of the circle
    missed, masked = template(code), template(code, lid)
    assert (fuse([missed, masked, masked]).mask == lid).all()
    assert (fuse([missed, missed, masked]).mask == ALL).all()
    assert (fuse([missed, masked]).mask == ALL).all()


def test_turned_captures_are_laid_on_one_another() -> None:
    one = capture(5).code
    found = fuse([template(np.roll(one, k)) for k in (0, 3, -4)])
    assert (found.mask == ALL).all()
    assert compare(found, template(one)).score == compare(template(one), template(one)).score


def test_captures_of_different_eyes_are_refused() -> None:
    with pytest.raises(InvalidTemplateError, match="capture 2 is not alike"):
        fuse([capture(6), capture(6, 0.05), capture(7)])
    with pytest.raises(InvalidTemplateError, match="left and of the right"):
        fuse([replace(capture(6), position=side) for side in (EyePosition.LEFT, EyePosition.RIGHT)])
    with pytest.raises(InvalidTemplateError, match="0 captures"):
        fuse([])
    with pytest.raises(ValueError, match="agreement"):
        fuse([capture(6)], agreement=0.49)


def test_a_fusion_knows_whose_eye_it_is() -> None:
    one = capture(8)
    assert fuse([one, replace(one, position=EyePosition.LEFT)]).position is EyePosition.LEFT


# -- pairs -------------------------------------------------------------------------------------------------

LEFT, RIGHT, LATER_LEFT, LATER_RIGHT = capture(10), capture(11), capture(10, 0.05), capture(11, -0.03)


def test_two_eyes_say_more_than_one() -> None:
    found = compare_pairs(EyePair(LATER_LEFT, LATER_RIGHT), EyePair(LEFT, RIGHT))
    assert found.left is not None
    assert found.right is not None
    assert found.best == pytest.approx(max(found.left.score, found.right.score) - 3.01, abs=0.01)
    assert found.best < found.fused < found.left.score + found.right.score
    assert not found.swapped


def test_one_eye_can_carry_the_identity() -> None:
    single = compare(LATER_LEFT, LEFT).score
    for probe in (EyePair(left=LATER_LEFT), EyePair(LATER_LEFT, template(np.zeros(256), np.zeros(256)))):
        assert compare_pairs(probe, EyePair(LEFT, RIGHT)).best >= single - 3.02
    alone = compare_pairs(EyePair(left=LATER_LEFT), EyePair(LEFT, RIGHT))
    assert alone.right is None
    assert alone.best == alone.fused == single


def test_mixed_up_eyes_are_noticed() -> None:
    found = compare_pairs(EyePair(LATER_RIGHT, LATER_LEFT), EyePair(LEFT, RIGHT))
    assert found.swapped
    assert found.best > 40
    assert compare_pairs(EyePair(left=LATER_RIGHT), EyePair(LEFT, RIGHT)).swapped
    assert compare_pairs(EyePair(left=LATER_RIGHT), EyePair(right=RIGHT)).swapped


def test_strangers_are_not_mixed_up() -> None:
    found = compare_pairs(EyePair(capture(12), capture(13)), EyePair(LEFT, RIGHT))
    assert not found.swapped
    assert found.best < 30
    nothing = compare_pairs(EyePair(left=capture(12)), EyePair(right=RIGHT))
    assert (nothing.best, nothing.fused, nothing.swapped) == (0.0, 0.0, False)


def test_fused_scores_of_strangers_keep_to_their_rate() -> None:
    from biocore.iris.pairs import _best, _fused

    scores = -10 * np.log10(np.random.default_rng(1).random((200_000, 2)))
    for combine in (_best, _fused):
        found = np.array([combine(list(pair)) for pair in scores.tolist()])
        for score in (10.0, 20.0, 30.0):
            assert (found >= score).mean() == pytest.approx(10 ** (-score / 10), rel=0.3)


def test_impossible_pairs_are_refused() -> None:
    with pytest.raises(InvalidTemplateError, match="at least one eye"):
        EyePair()
    with pytest.raises(InvalidTemplateError, match="says LEFT was given as the other eye"):
        EyePair(right=replace(LEFT, position=EyePosition.LEFT))


# -- crops -------------------------------------------------------------------------------------------------


def test_a_crop_has_the_margins_of_the_standard() -> None:
    pixels, where = eye(20)
    found = crop(pixels, where)
    assert found.pixels.shape == (2 * 108 + 1, 2 * 144 + 1)
    assert (found.left, found.top) == (160 - 144, 120 - 108)
    np.testing.assert_array_equal(found.pixels, pixels[12 : 12 + 217, 16 : 16 + 289])
    assert not found.pixels.flags.writeable


def test_an_eye_at_the_border_is_continued() -> None:
    pixels, where = eye(21, centre=(100.0, 110.0))
    found = crop(pixels, where)
    assert found.left == -44
    assert (found.pixels[:, :44] == found.pixels[:, 44:45]).all()


def test_lids_and_sclera_are_painted_over_and_the_iris_is_not() -> None:
    pixels, where = eye(22, covered=0.3)
    found = crop(pixels, where, masked=True)
    assert found.pixels[100, 5] == SCLERA
    assert found.pixels[5, 144] == LID
    plain = crop(pixels, where)
    inner = np.s_[90:150, 80:120]
    np.testing.assert_array_equal(found.pixels[inner], plain.pixels[inner])
    assert found.pixels[100:, :10].std() == 0 < plain.pixels[100:, :10].std()
