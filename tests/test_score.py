"""The unified score: fixed values, bounds, refusals, and that a worse print does not get more."""

from __future__ import annotations

import hashlib
import math
import random
import runpy
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

import biocore
from biocore.errors import BiocoreError, ModelError, NotAssessableError
from biocore.fingerprint import synth
from biocore.fingerprint.ground import print_measures
from biocore.fingerprint.nfiq2 import nfiq2_measures
from biocore.fingerprint.regression import INPUTS, NEEDED, default_model, model_inputs, read_regression
from biocore.fingerprint.score import FEW_BLOCKS, FOREST_ORDER, Score, default_score, unified_score
from biocore.models import KNOWN_MODELS, NFIQ2_FOREST, KnownModel, ModelStore
from biocore.types import Frame, GreyImage, Modality, Sample
from forest_text import Leaf, Split, forest_text, grow, walk

SMALL = 3.0  # points: what a step down a ladder may rise
NOTICEABLE = 6.0  # points; the model's own mean error on unseen prints is 5.3
EMPTY = ModelStore(Path("/nonexistent/biocore-models"))


def vector(**families: str) -> dict[str, float]:
    """Build measures from one line a histogram: ten counts, mean, standard deviation."""
    measures: dict[str, float] = {}
    for family in ("FDA", "LCS", "OCL", "OF", "RVUP"):
        values = [float(word) for word in families[family].split()]
        keys = (*range(10), "Mean", "StdDev")
        measures |= {f"{family}_Bin10_{key}": value for key, value in zip(keys, values, strict=True)}
    grey, mean, rel, total = (float(word) for word in families["rest"].split())
    measures |= {"ImgProcROIArea_Mean": grey, "MMB": mean, "Mu": mean}
    return measures | {
        "OrientationMap_ROIFilter_CoherenceRel": rel,
        "OrientationMap_ROIFilter_CoherenceSum": total,
    }


# Made up, near what a clear, a middling and a poor print give.
CLEAR = vector(
    FDA="1 3 4 6 9 14 16 22 18 5 .45 .13",
    LCS="0 8 2 3 4 6 9 15 20 28 .80 .15",
    OCL="1 2 4 6 8 11 14 18 27 40 .80 .14",
    OF="4 5 5 6 9 8 7 6 6 4 .22 .24",
    RVUP="8 35 30 50 140 60 40 20 0 0 1.10 .60",
    rest="145 165 .70 95",
)
MIDDLING = vector(
    FDA="7 10 9 10 9 8 6 6 3 9 .44 .21",
    LCS="0 18 8 9 8 8 7 6 5 5 .70 .23",
    OCL="6 9 11 11 10 10 9 8 6 3 .65 .17",
    OF="1 2 2 3 4 6 6 6 6 5 .30 .29",
    RVUP="22 50 22 24 76 38 36 36 0 0 1.19 .82",
    rest="159 180 .50 50",
)
POOR = vector(
    FDA="18 14 7 5 3 2 1 1 1 18 .50 .28",
    LCS="0 30 14 9 5 3 2 1 1 0 .60 .26",
    OCL="16 18 16 11 7 4 2 1 0 0 .52 .16",
    OF="0 0 1 1 2 3 4 5 6 6 .40 .33",
    RVUP="35 45 12 9 40 20 30 55 0 0 1.35 1.10",
    rest="185 205 .37 26",
)


def test_scores_of_fixed_measures_never_change() -> None:
    golden = [(CLEAR, 85), (MIDDLING, 54), (POOR, 7)]
    for measures, value in golden:
        assert unified_score(measures, EMPTY) == Score(value, "biocore.finger/1")
    exact = [default_score(measures) for measures, _ in golden]
    assert exact == pytest.approx([84.585225, 53.785308, 6.874868], abs=2e-6)


def test_better_measures_score_higher() -> None:
    assert default_score(POOR) + 20 < default_score(MIDDLING) < default_score(CLEAR) - 20


def test_the_answer_is_that_of_its_own_plain_formula() -> None:
    m = default_model()
    for measures in (CLEAR, MIDDLING, POOR):
        x = model_inputs(measures)
        kernel, lines = m.intercept, m.offset
        for weight, prototype in zip(m.weights, m.prototypes, strict=True):
            z = [(min(max(v, a), b) - c) / s for v, a, b, c, s in zip(x, m.low, m.high, m.centre, m.scale, strict=True)]
            kernel += weight * math.exp(-m.gamma * sum((p - q) ** 2 for p, q in zip(prototype, z, strict=True)))
        for i, value in enumerate(x):
            v = min(max(value, m.low[i]), m.high[i])
            lines += m.below[i] * (min(v, m.middle[i]) - m.low[i]) + m.above[i] * max(v - m.middle[i], 0)
        answer = m.predict(x)
        assert answer.kernel == pytest.approx(min(max(kernel, 0), 100), abs=1e-9)
        assert answer.lines == pytest.approx(min(max(lines, 0), 100), abs=1e-9)
        assert answer.value == pytest.approx(min(max(m.share * kernel + (1 - m.share) * lines, 0), 100))


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 2**32), st.sampled_from([0.1, 1.0, 10.0, 1e6, 1e150]))
def test_any_finite_measures_score_within_bounds(seed: int, size: float) -> None:
    rng = random.Random(seed)
    measures = {name: abs(rng.gauss(0, size)) for name in NEEDED}
    score = unified_score(measures, EMPTY)
    assert 0 <= score.value <= 100
    assert 0.0 <= default_score(measures) <= 100.0


def test_values_beyond_the_training_range_count_as_its_edge() -> None:
    model = default_model()
    high = {**CLEAR, "ImgProcROIArea_Mean": float(model.high[INPUTS.index("ImgProcROIArea_Mean")])}
    assert default_score({**CLEAR, "ImgProcROIArea_Mean": 254.0}) == default_score(high)


def test_fewer_clear_blocks_never_raise_the_lines() -> None:
    for name in (n for n in NEEDED if n.startswith(("FDA_Bin10_", "LCS_Bin10_", "OCL_Bin10_")) and n[-1] in "34567"):
        less = {**CLEAR, name: CLEAR[name] - 1}
        lines = default_model().predict(model_inputs(less)).lines
        assert lines <= default_model().predict(model_inputs(CLEAR)).lines


def test_a_smaller_share_of_the_same_print_scores_lower() -> None:
    scores = []
    for share in (1.0, 0.8, 0.6, 0.4, 0.25):
        grows = [n for n in NEEDED if n[-1].isdigit() or n.endswith("CoherenceSum")]
        scores.append(default_score({**CLEAR, **{name: CLEAR[name] * share for name in grows}}))
    assert scores == sorted(scores, reverse=True)
    assert scores[-1] < scores[0] / 2


def test_beyond_a_full_finger_area_no_longer_counts() -> None:
    grows = [n for n in NEEDED if n[-1].isdigit() or n.endswith("CoherenceSum")]
    large, larger = ({**CLEAR, **{name: CLEAR[name] * k for name in grows}} for k in (1.5, 2.5))
    assert default_score(larger) == pytest.approx(default_score(large), abs=1e-9)
    assert default_score(large) > default_score(CLEAR) - 7


def test_a_tiny_or_nearly_blank_print_is_lowered_and_the_reason_given() -> None:
    few = {**CLEAR, **{f"FDA_Bin10_{k}": CLEAR[f"FDA_Bin10_{k}"] / 7 for k in range(10)}}
    assert sum(few[f"FDA_Bin10_{k}"] for k in range(10)) < FEW_BLOCKS / 2
    assert "small print: 14 foreground blocks" in unified_score(few, EMPTY).remark
    assert unified_score(few, EMPTY).value < unified_score(CLEAR, EMPTY).value / 2
    pale = unified_score({**CLEAR, "Mu": 246.0}, EMPTY)
    assert "nearly blank: mean grey 246" in pale.remark
    assert pale.value <= unified_score({**CLEAR, "Mu": 242.0}, EMPTY).value / 2 + 1
    assert unified_score({**CLEAR, "Mu": 255.0}, EMPTY).value == 0


def test_noise_is_worth_little() -> None:
    for noise in (150, 200):
        assert default_score(nfiq2_measures(whorl(noise=noise))) < 5


def test_measures_unlike_any_print_get_the_lower_answer_and_a_remark() -> None:
    rng = random.Random(14)
    measures = {name: abs(rng.gauss(0, 30)) for name in NEEDED}
    answer = default_model().predict(model_inputs(measures))
    assert answer.strange == 1.0
    assert answer.value == min(answer.kernel, answer.lines) < answer.usual - NOTICEABLE
    assert "unlike the prints the model was trained on" in unified_score(measures, EMPTY).remark


@pytest.mark.parametrize("name", ["FDA_Bin10_0", "Mu", "OrientationMap_ROIFilter_CoherenceSum"])
@pytest.mark.parametrize("value", [math.nan, math.inf, None])
def test_missing_or_unusable_measures_are_named(name: str, value: float | None) -> None:
    measures = {key: val for key, val in CLEAR.items() if key != name}
    if value is not None:
        measures[name] = value
    with pytest.raises(NotAssessableError, match=name):
        unified_score(measures, EMPTY)


def test_negative_counts_are_refused() -> None:
    with pytest.raises(NotAssessableError, match="OCL_Bin10_3"):
        default_score({**CLEAR, "OCL_Bin10_3": -1.0})


def test_how_strange_a_print_is_is_told_by_prints_with_a_score_alone() -> None:
    model = default_model()
    apart = np.linalg.norm(model.prototypes[model.scored :, None] - model.prototypes[: model.scored], axis=2).min(
        axis=1
    )
    unscored = model.prototypes[model.scored :][apart > model.far][0] * model.scale + model.centre
    answer = model.predict(unscored)
    assert answer.strange == 1.0
    assert answer.value == min(answer.kernel, answer.lines)
    assert model.predict(model.prototypes[0] * model.scale + model.centre).strange == 0.0


def test_fda_of_blocks_without_ridges_counts_apart_from_that_of_clear_blocks() -> None:
    apart = model_inputs({**CLEAR, "FDA_Bin10_9": 0.0}) != model_inputs(CLEAR)
    assert [name for name, moved in zip(INPUTS, apart, strict=True) if moved] == ["FDA_Bin10_9+"]


def test_minutiae_measures_do_not_move_the_default_score() -> None:
    minutiae = {"FingerJetFX_MinutiaeCount": 40.0, "FJFXPos_Mu_MinutiaeQuality_2": math.nan}
    assert default_score({**CLEAR, **minutiae}) == default_score(CLEAR)


def with_minutiae(measures: dict[str, float]) -> dict[str, float]:
    """Add the four minutiae measures of a print without minutiae: counts of 0, shares of 0/0."""
    added = {"FingerJetFX_MinCount_COMMinRect200x200": 0.0, "FingerJetFX_MinutiaeCount": 0.0}
    return measures | added | {"FJFXPos_Mu_MinutiaeQuality_2": math.nan, "FJFXPos_OCL_MinutiaeQuality_80": math.nan}


def store_with(folder: Path, forest: bytes) -> ModelStore:
    md5 = hashlib.md5(forest, usedforsecurity=False).hexdigest()
    store = ModelStore(folder / "store", {md5: KnownModel(NFIQ2_FOREST)})
    (folder / "forest.yaml").write_bytes(forest)
    store.add(folder / "forest.yaml")
    return store


def test_an_installed_forest_scores_where_all_69_measures_are_there(tmp_path: Path) -> None:
    rng = random.Random(4)
    trees = [grow(rng, 69, 6) for _ in range(40)]
    store = store_with(tmp_path, forest_text(trees, 69, rng))
    for measures in (CLEAR, POOR):
        votes = sum(walk(tree, [with_minutiae(measures)[name] for name in FOREST_ORDER]) for tree in trees)
        expected = Score(math.floor(votes / 40 * 100 + 0.5), "nfiq2/2.3")
        assert unified_score(with_minutiae(measures), store) == expected
        assert unified_score(measures, store).algorithm == "biocore.finger/1"
    store.remove(NFIQ2_FOREST)
    assert unified_score(with_minutiae(CLEAR), store) == unified_score(CLEAR, EMPTY)


def test_the_forest_gets_its_features_in_nists_order(tmp_path: Path) -> None:
    places = {"FDA_Bin10_Mean": 10, "FingerJetFX_MinutiaeCount": 13, "Mu": 30, "RVUP_Bin10_StdDev": 68}
    for name, place in places.items():
        (tmp_path / name).mkdir()
        text = forest_text([Split(place, 0.0, Leaf(0.0), Leaf(1.0))], 69, random.Random(0))
        store = store_with(tmp_path / name, text)
        assert unified_score({**with_minutiae(CLEAR), name: -1.0}, store).value == 0
        assert unified_score({**with_minutiae(CLEAR), name: 1.0}, store).value == 100
    assert len(set(FOREST_ORDER)) == 69


@pytest.mark.parametrize("kind", ["altered", "too few inputs", "no forest"])
def test_a_broken_forest_does_not_stop_the_work_and_is_not_passed_over_in_silence(tmp_path: Path, kind: str) -> None:
    inputs = 12 if kind == "too few inputs" else 69
    text = forest_text([Split(0, 0.0, Leaf(0.0), Leaf(1.0))], inputs, random.Random(0))
    store = store_with(tmp_path, b"%YAML:1.0\n---\n" if kind == "no forest" else text)
    if kind == "altered":
        (file,) = store.folder.glob("*.model")
        file.write_bytes(text + b"\n")
    score = unified_score(with_minutiae(CLEAR), store)
    assert score.algorithm == "biocore.finger/1"
    assert score.value == unified_score(CLEAR, EMPTY).value
    assert "not scored by nfiq2/2.3" in score.remark


def test_a_damaged_entry_of_the_store_does_not_stop_the_work_either(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BIOCORE_MODELS", str(tmp_path))
    pixels = synth.impression(7, 1)
    sample = Sample(Frame(pixels, 500.0), Modality.FINGER)
    without = biocore.assess(sample)
    (md5,) = (md5 for md5, known in KNOWN_MODELS.items() if known.name == NFIQ2_FOREST)
    (tmp_path / f"{md5}.json").write_text("{")
    found = biocore.assess(sample)
    assert (found.score, found.algorithm) == (without.score, "biocore.finger/1")
    assert "not scored by nfiq2/2.3" in found.reason
    assert "damaged entry" in found.reason


def test_a_damaged_default_model_is_an_error_with_a_name(monkeypatch: pytest.MonkeyPatch) -> None:
    default_model.cache_clear()
    monkeypatch.setattr("biocore.fingerprint.regression.INPUTS", INPUTS[:-1])
    with pytest.raises(ModelError, match="install biocore again"):
        default_model()
    with pytest.raises(KeyError):
        read_regression("algorithm = 'x'")


def whorl(noise: float = 25.0, size: float = 1.0) -> GreyImage:
    """Draw rings 9 px apart in an ellipse of `size`, with Gaussian noise: 500 × 400 px."""
    y, x = np.mgrid[-250.0:250.0, -200.0:200.0]
    radius = np.hypot(0.8 * y, x) + 4 * np.sin(2 * np.arctan2(y, x))
    ridges = 128 - 100 * np.sin(2 * np.pi * radius / 9) + np.random.default_rng(1).normal(0, noise, x.shape)
    inside = (y / (220 * size)) ** 2 + (x / (168 * size)) ** 2 < 1
    drawn: NDArray[np.float64] = np.where(inside, np.clip(ridges, 0, 255), 255)
    return drawn.astype(np.uint8)


def fade(pixels: GreyImage, contrast: float) -> GreyImage:
    return (255.5 - (255.0 - pixels) * contrast).astype(np.uint8)


def blur(pixels: GreyImage, sigma: float) -> GreyImage:
    return pixels if sigma == 0 else np.asarray(cv2.GaussianBlur(pixels, (0, 0), sigma), dtype=np.uint8)


def add_noise(pixels: GreyImage, sigma: float) -> GreyImage:
    noisy = pixels + np.random.default_rng(1).normal(0, sigma, pixels.shape)
    return np.clip(noisy, 0, 255).astype(np.uint8)


def score_of(pixels: GreyImage) -> float:
    try:
        nfiq2_measures(pixels)  # a picture that NFIQ 2 refuses has no score
        return default_score(print_measures(pixels))
    except BiocoreError:  # too little is left to measure: as bad as it gets
        return 0.0


@pytest.mark.parametrize(
    "ladder",
    [
        [blur(whorl(), sigma) for sigma in (0, 1, 2, 3, 4, 5)],
        [whorl(size=size) for size in (1, 0.85, 0.7, 0.55, 0.4, 0.3)],
        [fade(whorl(), contrast) for contrast in (1, 0.7, 0.5, 0.25, 0.1, 0.02)],
        [whorl(noise=noise) for noise in (0, 10, 25, 50, 100, 200)],
    ],
    ids=["blur", "area", "contrast", "noise"],
)
def test_a_worse_drawn_print_never_scores_noticeably_higher(ladder: list[GreyImage]) -> None:
    scores = [score_of(pixels) for pixels in ladder]
    lowest = np.minimum.accumulate(scores)
    assert (scores - lowest).max() < NOTICEABLE
    assert scores[-1] < scores[0] / 3


def test_worse_real_prints_score_lower(shared: Path) -> None:
    paths = sorted(shared.glob("data/fp/fvc*/10*_3.tif"))
    prints = [np.asarray(cv2.imread(str(path), cv2.IMREAD_GRAYSCALE), dtype=np.uint8) for path in paths]
    assert len(prints) >= 30
    clean = np.array([score_of(pixels) for pixels in prints])
    # Slight blur is left out: on grainy sensors it smooths the grain, and NFIQ 2's measures truly improve.
    heavy = np.array([[score_of(blur(pixels, sigma)) for sigma in (2, 3, 4)] for pixels in prints])
    assert np.all(np.diff(heavy.mean(axis=0)) < -2)
    assert (heavy[:, 2] - clean).max() < NOTICEABLE
    noisy = np.array([[score_of(add_noise(pixels, sigma)) for sigma in (20, 40, 80)] for pixels in prints])
    assert np.all(np.diff(noisy.mean(axis=0)) < -2)
    assert (noisy[:, 2] - clean).max() < NOTICEABLE


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = Path(__file__).parent.parent / "benchmarks"
    monkeypatch.syspath_prepend(str(folder))
    return folder


def test_synthetic_prints_made_worse_do_not_score_noticeably_higher(bench: Path) -> None:
    script = runpy.run_path(str(bench / "score_ladders.py"))
    prints = script["measured_ladders"](script["synthetic"](40000, 4))
    assert len(prints) == 4
    scores = [[default_score(step) for step in steps] for ladders in prints for steps in ladders.values()]
    risen = np.array([rise for ladder in scores for rise in script["rises"](ladder)])
    assert len(risen) > 120
    assert np.mean(risen > SMALL) <= 0.012  # docs/score.md gives the share over more fingers
    assert risen.max() < NOTICEABLE
    assert np.mean([ladder[0] - ladder[-1] for ladder in scores]) > 10


def test_ladders_are_judged_by_the_lowest_step_before(bench: Path) -> None:
    script = runpy.run_path(str(bench / "score_ladders.py"))
    assert script["rises"]([50.0, 40.0, 44.0, 30.0, 41.0]) == [-10.0, 4.0, -10.0, 11.0]
    edge = np.pad(np.full((100, 60), 255, np.uint8), 50, constant_values=255)
    edge[50:150:4, 50:110] = 0
    top, bottom, left, right = script["finger_box"](edge)
    assert max(abs(top - 50), abs(bottom - 150), abs(left - 50), abs(right - 110)) < 15
    assert script["cut"](edge, 0.5, "left").shape[1] == edge.shape[1] - left - round((right - left) * 0.5)


def test_the_training_finds_a_rule_and_keeps_what_is_made_worse_from_rising(bench: Path) -> None:
    rule = runpy.run_path(str(bench / "fit_with_pairs.py"))
    rng = np.random.default_rng(2)
    x = rng.uniform(0.0, 10.0, (80, len(INPUTS)))
    y = np.clip(50 + 4 * (x[:, 0] - 5) - 3 * (x[:, -3] - 5), 0, 100)
    better = rng.uniform(0.0, 10.0, (300, len(INPUTS)))
    worse = better + rng.normal(0.0, 1.5, better.shape)
    pairs = rule["Pairs"](better, worse, worse[:5])
    model = rule["fit"](x, y, pairs, rule["Settings"](0.01, 0.01))
    again = rule["fit"](x, y, pairs, rule["Settings"](0.01, 0.01))
    assert np.array_equal(model.weights, again.weights)
    assert np.mean([abs(model.predict(row).usual - score) for row, score in zip(x, y, strict=True)]) < 6
    rises = [model.predict(b).usual - model.predict(a).usual for a, b in zip(better, worse, strict=True)]
    assert np.mean(np.array(rises) > SMALL) < 0.1


def test_the_committed_model_was_trained_on_nists_prints(shared: Path, bench: Path) -> None:
    script = runpy.run_path(str(bench / "train_finger_score.py"))
    figures = "data/fp/nfiq2_examples/conformance_expected/conformance_expected_output-v2.3.0.csv"
    x, y, _ = script["read_rows"](shared / figures)
    model = default_model()
    assert np.allclose(model.centre, x.mean(axis=0), rtol=1e-5)
    assert np.allclose(model.prototypes[: len(x)], (x - model.centre) / model.scale, atol=2e-3)
    assert np.mean([abs(model.predict(row).value - score) for row, score in zip(x, y, strict=True)]) < 4.0
    assert model.scored == len(x)
    lines = script["fit_lines"](x, y)
    assert np.allclose(lines.below, model.below, atol=1e-3)
    assert np.allclose(lines.above, model.above, atol=1e-3)
