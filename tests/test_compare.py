"""Comparing fingerprints: what must not change the score, what must, and what must not crash."""

from __future__ import annotations

import threading
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from biocore.errors import InvalidTemplateError, ModelError
from biocore.fingerprint import likelihood
from biocore.fingerprint.compare import ALGORITHM, compare, search
from biocore.kernels.match import Evidence
from biocore.types import FingerTemplate
from finger_sets import chosen, finger, impression, template, turned

SURE = 60.0  # one false match in a million
STRANGER = 30.0  # one in a thousand

FINGERS = [finger(seed) for seed in range(12)]


def test_a_template_matches_itself_with_every_minutia_paired_to_itself() -> None:
    found = compare(FINGERS[0], FINGERS[0])
    assert found.score > 2 * SURE
    assert found.algorithm == ALGORITHM
    assert np.array_equal(found.pairs, np.stack([np.arange(45), np.arange(45)], axis=1))


@pytest.mark.parametrize("seed", range(6))
def test_impressions_of_one_finger_match(seed: int) -> None:
    assert compare(FINGERS[seed], impression(FINGERS[seed], seed)).score > SURE


def test_different_fingers_do_not_match() -> None:
    scores = [c.score for k, f in enumerate(FINGERS) for c in search(f, FINGERS[k + 1 :])]
    assert len(scores) == 66
    assert max(scores) < STRANGER


@pytest.mark.parametrize("angle", [0.3, -0.7, np.pi / 2, np.pi, 4.0])
def test_rotation_and_translation_change_nothing(angle: float) -> None:
    moved = turned(FINGERS[1], angle, (57.0, -31.0))
    found = compare(FINGERS[1], moved)
    assert found.score > 0.9 * compare(FINGERS[1], FINGERS[1]).score
    assert len(found.pairs) == 45
    assert (found.pairs[:, 0] == found.pairs[:, 1]).all()


def test_a_mirrored_finger_is_another_finger() -> None:
    flipped = template(FINGERS[2].points * [-1, 1] + [500, 0], np.pi - FINGERS[2].directions)
    assert compare(FINGERS[2], flipped).score < STRANGER


def test_elastic_stretching_is_followed() -> None:
    stretched = impression(FINGERS[3], 3, missing=0, spurious=0, stretch=0.12)
    found = compare(FINGERS[3], stretched)
    assert found.score > SURE
    assert len(found.pairs) >= 38


def test_half_a_finger_matches_the_whole_of_it() -> None:
    half = chosen(FINGERS[4], FINGERS[4].points[:, 1] < 250)
    assert 15 <= len(half) <= 30
    assert compare(half, FINGERS[4]).score > SURE
    assert compare(FINGERS[4], impression(half, 1, missing=2, spurious=2)).score > STRANGER


def test_disjoint_halves_do_not_match() -> None:
    upper = chosen(FINGERS[5], FINGERS[5].points[:, 1] < 245)
    lower = chosen(FINGERS[5], FINGERS[5].points[:, 1] > 255)
    assert compare(upper, lower).score < STRANGER


def test_the_order_of_the_minutiae_changes_nothing() -> None:
    rng = np.random.default_rng(5)
    probe, reference = FINGERS[6], impression(FINGERS[6], 6)
    expected = compare(probe, reference)
    a, b = rng.permutation(len(probe)), rng.permutation(len(reference))
    found = compare(chosen(probe, a), chosen(reference, b))
    assert found.score == expected.score
    back = np.stack([a[found.pairs[:, 0]], b[found.pairs[:, 1]]], axis=1)
    assert {tuple(pair) for pair in back.tolist()} == {tuple(pair) for pair in expected.pairs.tolist()}


def test_pairs_are_one_to_one_and_in_the_probes_order() -> None:
    pairs = compare(FINGERS[7], impression(FINGERS[7], 7)).pairs
    assert pairs.dtype == np.int32
    assert not pairs.flags.writeable
    assert (np.diff(pairs[:, 0]) > 0).all()
    assert len(set(pairs[:, 1].tolist())) == len(pairs)


@settings(max_examples=80, deadline=None)
@given(
    finger_seed=st.integers(0, 11),
    other_seed=st.integers(0, 11),
    touches=st.tuples(st.integers(0, 10**6), st.integers(0, 10**6)),
    missing=st.integers(0, 44),
    spurious=st.integers(0, 20),
)
def test_probe_and_reference_may_change_places(
    finger_seed: int, other_seed: int, touches: tuple[int, int], missing: int, spurious: int
) -> None:
    a = impression(FINGERS[finger_seed], touches[0], missing=5, spurious=spurious)
    b = impression(FINGERS[other_seed], touches[1], missing=missing, spurious=spurious)
    there, back = compare(a, b), compare(b, a)
    assert there.score == back.score == search(a, [b])[0].score == search(b, [a])[0].score
    assert {tuple(pair) for pair in there.pairs.tolist()} == {tuple(pair[::-1]) for pair in back.pairs.tolist()}


def test_equals_may_change_places_too() -> None:
    moved = turned(FINGERS[3], 0.2, (5.0, 3.0))  # as many minutiae, so that only their places decide which one is moved
    there, back = compare(FINGERS[3], moved), compare(moved, FINGERS[3])
    assert there.score == back.score > SURE
    assert len(there.pairs) == len(back.pairs) == 45


@pytest.mark.parametrize("n", [0, 1, 2, 3])
def test_too_few_minutiae_say_nothing(n: int) -> None:
    few = chosen(FINGERS[8], np.arange(n))
    for probe, reference in [(few, FINGERS[8]), (FINGERS[8], few), (few, few)]:
        found = compare(probe, reference)
        assert 0 <= found.score < 20
        assert len(found.pairs) <= n


def test_of_more_than_255_minutiae_the_best_count() -> None:
    many = finger(99, 255)
    assert compare(many, many).score > SURE
    extra = template(
        np.concatenate([np.full((40, 2), 250.0), many.points]),
        np.concatenate([np.zeros(40), many.directions]),
        np.ones(295, np.uint8),
        np.concatenate([np.full(40, 1, np.uint8), np.maximum(many.qualities, 2)]),
    )
    pairs = compare(extra, many).pairs
    assert len(pairs) > 240
    assert pairs[:, 0].min() >= 40


def test_resolution_is_made_up_for() -> None:
    fine = template(FINGERS[9].points * 2, FINGERS[9].directions, FINGERS[9].kinds, FINGERS[9].qualities, ppi=1000.0)
    assert compare(fine, FINGERS[9]).score > 0.95 * compare(FINGERS[9], FINGERS[9]).score


def test_unknown_kinds_and_qualities_still_compare() -> None:
    plain = template(FINGERS[10].points, FINGERS[10].directions, np.zeros(45, np.uint8), np.zeros(45, np.uint8))
    assert compare(plain, impression(FINGERS[10], 10)).score > SURE


def test_search_gives_the_scores_of_compare() -> None:
    references = [impression(f, 3) for f in FINGERS] + FINGERS[:3]
    for probe in FINGERS[:3]:
        found = search(probe, references)
        assert [c.score for c in found] == [compare(probe, r).score for r in references]
        assert all(len(c.pairs) == 0 for c in found)
        assert int(np.argmax([c.score for c in found[:12]])) == FINGERS.index(probe)


def test_threads_give_equal_results() -> None:
    references = [impression(FINGERS[k % 12], k) for k in range(1200)]
    alone = [c.score for c in search(FINGERS[0], references)]
    assert [c.score for c in search(FINGERS[0], references, threads=3)] == alone
    assert sum(score > STRANGER for score in alone) == 100


def test_searching_nothing_finds_nothing() -> None:
    assert search(FINGERS[0], []) == []
    with pytest.raises(ValueError, match="at least 1"):
        search(FINGERS[0], FINGERS, threads=0)


def test_the_gil_is_released() -> None:
    references = FINGERS * 400
    search(FINGERS[0], references[:12])  # everything packed
    ticks = 0
    done = threading.Event()

    def work() -> None:
        search(FINGERS[0], references)
        done.set()

    thread = threading.Thread(target=work)
    thread.start()
    while not done.is_set():
        ticks += 1
        time.sleep(0.0005)
    thread.join()
    assert ticks > 5  # one block of 512 comparisons holds the interpreter for none of its several ms


def hostile() -> dict[str, FingerTemplate]:
    rng = np.random.default_rng(1)
    n = 255
    line = np.stack([np.arange(n) * 7.0, np.zeros(n)], axis=1)
    return {
        "all at one point": template(np.full((n, 2), 100.0), rng.uniform(0, 6, n)),
        "all the same": template(np.full((n, 2), 100.0), np.zeros(n)),
        "on a line": template(line, np.zeros(n)),
        "on a grid": template(np.stack(np.divmod(np.arange(n), 16), axis=1) * 20.0, np.zeros(n)),
        "far away": template(rng.uniform(-1e30, 1e30, (n, 2)), rng.uniform(0, 6, n)),
        "spread wide": template(rng.uniform(-8000, 8000, (n, 2)), rng.uniform(0, 6, n)),
        "at two corners": template(np.where(rng.random((n, 1)) < 0.5, -1e9, 1e9).repeat(2, 1), rng.uniform(0, 6, n)),
        "on a line, fine": template(line, np.zeros(n), ppi=4000.0),
        "on a line, coarse": template(line, np.zeros(n), ppi=50.0),
    }


@pytest.mark.parametrize("name", hostile())
def test_hostile_templates_neither_crash_nor_hang_nor_match_a_finger(name: str) -> None:
    bad = hostile()[name]
    begun = time.process_time()
    for other in [*hostile().values(), *FINGERS[:2]]:
        for found in (compare(bad, other), compare(other, bad)):
            assert np.isfinite(found.score)
            assert found.score >= 0
    assert compare(bad, FINGERS[0]).score < STRANGER
    assert compare(FINGERS[0], bad).score < STRANGER
    assert time.process_time() - begun < 5  # not a timing, a hang


def test_what_is_not_a_template_is_refused_by_name() -> None:
    with pytest.raises(InvalidTemplateError, match="str, not a FingerTemplate"):
        compare(FINGERS[0], "template")  # type: ignore[arg-type]
    with pytest.raises(InvalidTemplateError, match="int"):
        search(FINGERS[0], [3])  # type: ignore[list-item]


def test_scores_are_never_negative_and_rise_with_the_log_odds() -> None:
    model = likelihood.model()
    assert model.curve.score[0] >= 0
    assert 3 < model.curve.slope < 10  # were the log odds exact, a nat would be 4.3 dB
    evidence = np.zeros((40, len(Evidence)))
    evidence[:, Evidence.PAIRS] = evidence[:, Evidence.CLOSENESS] = np.arange(40)
    evidence[:, Evidence.LARGER] = evidence[:, Evidence.SMALLER] = 40
    scores = model.scores(evidence)
    assert scores[0] == 0
    assert (np.diff(scores) >= 0).all()
    assert scores[-1] > SURE


@pytest.mark.parametrize(
    "text",
    ["", "format = 1", "format = 2\n[weights]\n", "not toml ["],
)
def test_a_broken_model_file_is_refused(text: str) -> None:
    with pytest.raises(ModelError, match=r"compare-1\.toml"):
        likelihood.parse(text)


def test_nothing_is_extrapolated_beyond_what_was_learned() -> None:
    model = likelihood.model()
    evidence = np.full((1, len(Evidence)), 1e9)
    assert np.isfinite(model.scores(evidence)).all()
    bounded = np.where(model.weights > 0, model.high, model.low) @ model.weights + model.intercept
    assert model.logit(evidence)[0] <= bounded + 1e-9


@pytest.mark.parametrize("pairs", [0, 1, 2, 3])
def test_three_pairs_say_nothing(pairs: int) -> None:
    evidence = np.full((1, len(Evidence)), 50.0)
    evidence[0, Evidence.PAIRS] = pairs
    assert likelihood.model().scores(evidence)[0] == 0
