"""Iris templates and their comparison: what is one eye stays one, what is not keeps to its false match rate."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from biocore.errors import InvalidSampleError, InvalidTemplateError, ModelError
from biocore.formats.images import read_image
from biocore.iris import calibration
from biocore.iris.compare import EXACT, REACH, _remembered, compare, remembered, search
from biocore.iris.encode import RECIPE, encode, filters, row_taps
from biocore.iris.extract import extract
from biocore.iris.gallery import Gallery
from biocore.types import IrisTemplate
from iris_pictures import eye, template

COLUMN = 2 * math.pi / 256
ALL = 0xFFFFFFFFFFFFFFFF


def extracted(seed: int, **painted: Any) -> IrisTemplate:
    return encode(*eye(seed, **painted))


def strangers(n: int, seed: int = 0) -> list[IrisTemplate]:
    """Return codes like those of eyes that nobody has: neighbouring columns and rows have bits in common."""
    rng = np.random.default_rng(seed)
    found = []
    for _ in range(n):
        lines = rng.integers(-700, 701, (16, 512)).astype(np.int16)
        lines[1:] = (2 * lines[1:].astype(np.int32) + lines[:-1]) // 3
        found.append(_coded(lines))
    return found


def _coded(lines: Any) -> IrisTemplate:
    from biocore.kernels import irisstrip

    code, mask = irisstrip.encode(lines, np.ones(lines.shape, np.uint8), filters(RECIPE), 0)
    return template(code, mask)


# -- encoding ----------------------------------------------------------------------------------------------


def test_the_same_picture_gives_the_same_bytes() -> None:
    one, other = extracted(1), extracted(1)
    assert one.code.tobytes() == other.code.tobytes()
    assert one.mask.tobytes() == other.mask.tobytes()
    assert one.algorithm == "biocore.iris.code/1"


def test_a_whole_iris_has_every_bit_and_half_of_them_set() -> None:
    found = extracted(2)
    assert found.usable > 0.95
    ones = sum(int(word).bit_count() for word in found.code) / (64 * 256 * found.usable)
    assert 0.45 < ones < 0.55
    assert found.dilation == pytest.approx(30 / 90)


def test_what_is_covered_is_masked() -> None:
    found = extracted(3, covered=0.5)
    upper, lower = found.mask[8:120], found.mask[136:248]
    assert not upper.any()
    assert (lower == ALL).mean() > 0.9


def test_brightness_and_contrast_make_no_difference() -> None:
    pixels, where = eye(4)
    dimmed = (pixels.astype(float) * 0.6 + 20).astype(np.uint8)
    assert compare(encode(pixels, where), encode(dimmed, where)).score > 200


def test_filters_do_not_see_an_even_surface() -> None:
    taps = filters(RECIPE)
    assert (taps.sum(axis=1) == 0).all()
    np.testing.assert_array_equal(taps[::2], taps[::2, ::-1])
    np.testing.assert_array_equal(taps[1::2], -taps[1::2, ::-1])


def test_rows_are_evenly_spaced_means() -> None:
    taps, first, _ = row_taps(RECIPE)
    centres = (taps * (first[:, None] + np.arange(taps.shape[1]))).sum(axis=1) / taps.sum(axis=1)
    np.testing.assert_allclose(np.diff(centres), RECIPE.rows * (RECIPE.outer - RECIPE.inner) / 16, atol=0.01)


def test_pixels_and_segmentation_of_two_pictures_are_refused() -> None:
    pixels, where = eye(5)
    with pytest.raises(InvalidSampleError, match="usable must have shape"):
        encode(pixels[:-1], where)


# -- templates ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"code": np.zeros(255, np.uint64)}, r"code must be uint64 \(256,\)"),
        ({"mask": np.zeros(256, np.int64)}, "mask must be uint64"),
        ({"mask": [0] * 256}, "mask must be a NumPy array"),
        ({"code": np.full(256, ALL, np.uint64), "mask": np.zeros(256, np.uint64)}, "must be 0 where its mask is"),
        ({"pupil_radius": 95.0}, "does not fit into an iris"),
        ({"pupil_radius": math.nan}, "does not fit into an iris"),
        ({"iris_radius": math.inf}, "does not fit into an iris"),
        ({"image_quality": 101}, "image quality is 0 to 100"),
        ({"width": 0}, "cannot be 0x240 px"),
    ],
)
def test_impossible_templates_are_refused(change: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidTemplateError, match=message):
        replace(extracted(1), **change)


def test_a_template_cannot_be_changed() -> None:
    found = extracted(1)
    with pytest.raises(ValueError, match="read-only"):
        found.code[0] = 0


# -- comparing ---------------------------------------------------------------------------------------------


def test_an_eye_is_itself() -> None:
    one = extracted(6)
    found = compare(one, one)
    assert found.score > 250
    assert found.rotation == 0.0
    assert found.algorithm == "biocore.iris.compare/2"
    assert len(found.pairs) == 0


@pytest.mark.parametrize("columns", [-REACH, -7, -1, 1, 6, REACH])
def test_a_turned_head_is_an_offset(columns: int) -> None:
    one = extracted(7)
    turned = template(np.roll(one.code, columns), np.roll(one.mask, columns))
    found = compare(turned, one)
    assert found.score == compare(one, one).score
    assert found.rotation == pytest.approx(columns * COLUMN)


@pytest.mark.parametrize("degrees", [-15.0, -4.0, 2.5, 17.0])
def test_a_picture_turned_is_the_same_eye(degrees: float) -> None:
    turned = extracted(8, turned=math.radians(degrees))
    found = compare(turned, extracted(8))
    assert found.score > 100
    assert found.rotation is not None
    assert math.degrees(found.rotation) == pytest.approx(degrees, abs=1.0)


def test_a_head_turned_too_far_is_nobody() -> None:
    assert compare(extracted(8, turned=math.radians(60)), extracted(8)).score < 30


@pytest.mark.parametrize("pupil", [20.0, 45.0])
def test_a_pupil_may_widen(pupil: float) -> None:
    assert compare(extracted(9, pupil=pupil), extracted(9)).score > 100


def test_a_half_covered_eye_is_recognised() -> None:
    found = compare(extracted(10, covered=0.5), extracted(10))
    assert found.score > 60
    assert found.score < compare(extracted(10, turned=0.01), extracted(10)).score


def test_what_two_lids_leave_must_be_a_sixth_of_the_iris() -> None:
    code = extracted(11).code
    mask = np.zeros(256, np.uint64)
    mask[:40] = ALL
    assert compare(template(code, mask), template(code)).score == 0.0
    mask[:48] = ALL
    assert compare(template(code, mask), template(code)).score > 60


def test_no_bit_at_all_is_no_likeness() -> None:
    nothing = template(np.zeros(256), np.zeros(256))
    assert compare(nothing, nothing).score == 0.0
    assert [found.score for found in search(nothing, [nothing, extracted(1)])] == [0.0, 0.0]


def test_other_eyes_are_other_eyes() -> None:
    eyes = [extracted(seed) for seed in range(20, 32)]
    scores = [compare(a, b).score for k, a in enumerate(eyes) for b in eyes[:k]]
    assert max(scores) < 40


@given(st.integers(0, 2**32 - 1))
@example(516061)  # 18.1 there, 5.0 back
def test_probe_and_reference_may_change_places(seed: int) -> None:
    one, other = strangers(2, seed)
    there, back = compare(one, other), compare(other, one)
    # the sectors are the reference's; where little speaks for an offset, that makes a difference: of 6000 pairs of
    # strangers 13.2 at most, in 1 of 3000 above 12, and none of either order came near a match
    assert abs(there.score - back.score) < 20
    assert max(there.score, back.score) < 40
    one, other = near(one, 0.6, seed, 0), near(one, 0.6, seed + 1, 5)
    there, back = compare(one, other), compare(other, one)
    assert there.score == pytest.approx(back.score, rel=0.1)
    assert there.rotation == pytest.approx(-5 * COLUMN, abs=1.1 * COLUMN)
    assert back.rotation == pytest.approx(5 * COLUMN, abs=1.1 * COLUMN)


def test_codes_of_nobody_are_less_alike_than_the_score_says() -> None:
    # random codes have more independent bits than eyes: the rate at a score must not exceed what the score claims
    eyes = strangers(120)
    scores = np.array([found.score for k, one in enumerate(eyes) for found in search(one, eyes[:k])])
    for score in (10.0, 20.0, 25.0):
        claimed = len(scores) * 10 ** (-score / 10)
        assert (scores >= score).sum() <= claimed + 3 * math.sqrt(claimed)


# -- searching ---------------------------------------------------------------------------------------------


def near(one: IrisTemplate, share: float, seed: int, turned: int) -> IrisTemplate:
    """Return a template with a share of its bits thrown anew, turned by some columns."""
    rng = np.random.default_rng(seed)
    noise = rng.integers(0, 1 << 64, 256, np.uint64)
    again = rng.random((256, 64)) < share
    where = (again.astype(np.uint64) << np.arange(64, dtype=np.uint64)).sum(axis=1, dtype=np.uint64)
    return template(np.roll((one.code & ~where) | (noise & where), turned))


def test_a_search_gives_the_scores_of_comparisons_wherever_it_matters() -> None:
    rng = np.random.default_rng(3)
    one = extracted(12)
    shares = rng.uniform(0.3, 0.95, 400)
    references = [near(one, s, k, int(rng.integers(-REACH, REACH + 1))) for k, s in enumerate(shares)]
    references += strangers(100)
    whole = [compare(one, reference) for reference in references]
    found = search(one, references)
    decided = [k for k, each in enumerate(whole) if each.score >= EXACT]
    assert len(decided) > 100
    assert min(whole[k].score for k in decided) < 40  # the hard ones are among them
    for k, (have, want) in enumerate(zip(found, whole, strict=True)):
        if k in decided:
            assert have.score == want.score
            assert have.rotation == want.rotation
        assert have.score <= want.score


def test_a_search_finds_what_a_comparison_finds_on_real_eyes(shared: Path) -> None:
    paths = sorted((shared / "data" / "iris" / "mmu1").glob("0*_?_[13].png"))[:80]
    eyes = [extract(read_image(path).pixels) for path in paths]
    limits = calibration.model().limits
    assert limits.likely > limits.promising > limits.doubtful > 0
    checked = 0
    for k in range(0, len(eyes), 2):
        others = eyes[k + 1 : k + 2] + eyes[k + 2 : k + 12]
        for have, other in zip(search(eyes[k], others), others, strict=True):
            want = compare(eyes[k], other)
            if want.score >= EXACT:
                assert (have.score, have.rotation) == (want.score, want.rotation)
                checked += 1
            assert have.score < EXACT or have.score == want.score
    assert checked > 30


def test_codes_without_detail_score_no_more_than_others() -> None:
    """Strangers whose bits are alike far along the circle: as many bits, of which fewer say something."""
    rng, soft = np.random.default_rng(5), []
    for _ in range(100):
        lines = np.cumsum(rng.integers(-700, 701, (16, 512)), axis=1)
        lines -= lines[:, ::-1]  # as much at the end as at the beginning
        soft.append(_coded((lines / abs(lines).max() * 700).astype(np.int16)))
    own = [remembered(each).redundancy for each in soft]
    assert min(own) > 1.1 * np.mean([remembered(each).redundancy for each in strangers(20)])
    scores = np.array([found.score for k, one in enumerate(soft) for found in search(one, soft[:k])])
    for score in (10.0, 20.0):
        claimed = len(scores) * 10 ** (-score / 10)
        assert (scores >= score).sum() <= claimed + 3 * math.sqrt(claimed)


def test_what_is_remembered_of_a_template_goes_with_it() -> None:
    before = len(_remembered)
    one = template(np.arange(256))
    assert remembered(one) is remembered(one)
    assert len(_remembered) == before + 1
    Gallery([template(np.arange(1, 257))])
    assert len(_remembered) == before + 1
    del one
    assert len(_remembered) == before


def test_the_number_of_threads_changes_nothing() -> None:
    references = strangers(300)
    alone = search(references[0], references)
    together = search(references[0], references, threads=3)
    assert [(a.score, a.rotation) for a in alone] == [(b.score, b.rotation) for b in together]
    with pytest.raises(ValueError, match="at least 1"):
        search(references[0], references, threads=0)


def test_a_search_among_nobody_finds_nobody() -> None:
    assert search(extracted(1), []) == []
    assert Gallery([]).identify(extracted(1)) == []


def test_a_gallery_finds_who_is_in_it_best_first() -> None:
    one = extracted(13)
    references = strangers(300)
    references[17], references[250] = near(one, 0.3, 1, 3), near(one, 0.5, 2, -2)
    found = Gallery(references).identify(one, threads=2)
    assert [candidate.index for candidate in found] == [17, 250]
    for candidate in found:
        want = compare(one, references[candidate.index])
        assert (candidate.comparison.score, candidate.comparison.rotation) == (want.score, want.rotation)
    assert len(Gallery(references)) == 300
    assert Gallery(references).identify(extracted(14)) == []


def test_a_gallery_refuses_thresholds_it_is_not_exact_at() -> None:
    gallery = Gallery(strangers(2))
    for least in (29.9, math.nan):
        with pytest.raises(ValueError, match="exact from a score of 30"):
            gallery.identify(extracted(1), least)
    with pytest.raises(ValueError, match="at least 1"):
        gallery.identify(extracted(1), threads=0)


@pytest.mark.parametrize("call", [compare, lambda a, b: compare(b, a), lambda a, b: search(a, [b])])
def test_what_is_no_iris_of_this_code_is_refused(call: Any) -> None:
    one = extracted(1)
    with pytest.raises(InvalidTemplateError, match=r"biocore\.iris\.code/9 cannot be compared"):
        call(one, replace(one, algorithm="biocore.iris.code/9"))
    with pytest.raises(InvalidTemplateError, match="compared by their codes"):
        call(one, "eye")


# -- the score ---------------------------------------------------------------------------------------------


def test_the_committed_model_rises_and_asks_for_a_sixth() -> None:
    model = calibration.model()
    assert model.statistic.least == round(64 * 256 / 6)
    assert (np.diff(model.curve.score) >= 0).all()
    assert model.curve.score[0] == 0.0
    assert model.curve.score[-1] >= 60


MODEL = """
format = 2
limits = { doubtful = 1.0, promising = 2.0, likely = 3.0 }
alike = { columns = 14, step = 2, rows = 3 }
statistic = { per_bit = 7.0, least = 2000 }
coarse = { per_bit = 3.0, least = 500 }
calibration = { slope = 20.0, knots = [[0.0, 0.0], [2.0, 10.0]] }
"""


def test_between_knots_the_score_is_straight_and_beyond_them_it_rises_by_the_slope() -> None:
    model = calibration.parse(MODEL)
    common = np.full(4, 8192, np.int32)
    different = np.round((0.5 - np.array([-1.0, 1.0, 2.0, 5.0]) * math.sqrt(7 / 8192)) * common).astype(np.int32)
    np.testing.assert_allclose(model.scores(different, common, np.ones(4)), [0.0, 5.0, 10.0, 70.0], atol=0.1)


def test_the_same_bits_of_redundant_codes_say_less() -> None:
    model = calibration.parse(MODEL)
    common, different = np.full(3, 8192, np.int32), np.full(3, 3800, np.int32)
    spread = calibration.spread(2.0, np.array([0.5, 2.0, 8.0]))
    np.testing.assert_allclose(spread, [1.0, math.sqrt(2.0), 2.0])
    values = model.values(different, common, spread)
    np.testing.assert_allclose(values, values[0] / spread)
    assert (np.diff(model.scores(different, common, spread)) < 0).all()


def test_bits_in_common_count_a_little_less_than_their_root() -> None:
    model = calibration.parse(MODEL)
    common = np.array([2048, 8192], np.int32)
    few, many = model.values(common * 2 // 5, common, np.ones(2))
    assert many / few == pytest.approx(2.0 / 4.0**0.125, rel=1e-3)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("format = 2", "format = 1", "of format 1"),
        ("slope = 20.0", "slope = -1.0", "must rise"),
        ("[2.0, 10.0]", "[2.0, -1.0]", "must rise"),
        ("[0.0, 0.0], ", "", "must rise"),
        ("per_bit = 7.0", "per_bit = 0.0", "cannot be read"),
        ("per_bit = 7.0, ", "", "cannot be read"),
        ("promising = 2.0, ", "", "cannot be read"),
        ("columns = 14", "columns = 33", "cannot be read"),
        ("format", "[[", "cannot be read"),
    ],
)
def test_damaged_models_are_refused(old: str, new: str, message: str) -> None:
    with pytest.raises(ModelError, match=message):
        calibration.parse(MODEL.replace(old, new, 1))
