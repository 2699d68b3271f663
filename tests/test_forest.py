"""The forest loader and evaluator against a plain walk of the same trees, and against damaged files."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from biocore.errors import FormatError, UnsupportedFormatError
from biocore.fingerprint.forest import parse_forest
from forest_text import Leaf, Node, Split, forest_text, grow, walk

INPUTS = 7
STUMP: Node = Split(0, 0.5, Leaf(0.0), Leaf(1.0))


def stump(old: bytes = b"", new: bytes = b"") -> bytes:
    """Two stumps as a file, with one thing exchanged."""
    text = forest_text([STUMP, STUMP], INPUTS, random.Random(3))
    assert old in text
    return text.replace(old, new, 1)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32), st.integers(1, 12), st.integers(0, 7))
def test_votes_equal_a_plain_walk_of_the_trees(seed: int, count: int, depth: int) -> None:
    rng = random.Random(seed)
    trees = [grow(rng, INPUTS, depth) for _ in range(count)]
    forest = parse_forest(forest_text(trees, INPUTS, rng))
    for _ in range(10):
        x = [rng.choice([rng.uniform(-3, 3), float(rng.randint(-3, 3)), float("nan")]) for _ in range(INPUTS)]
        votes = sum(walk(tree, x) for tree in trees)
        assert forest.votes(x) == votes
        assert forest.percentage(x) == int(np.floor(float(np.float32(votes) / np.float32(count) * 100) + 0.5))


def test_votes_equal_scikit_learn_on_a_trained_forest() -> None:
    ensemble: Any = pytest.importorskip("sklearn.ensemble")
    draw = np.random.default_rng(5)
    x = draw.integers(-16, 16, (300, INPUTS)) / 8  # eighths: midpoints between them are exact in float32
    y = (x[:, 0] + x[:, 1] * x[:, 2] + draw.normal(0, 0.3, 300) > 0).astype(int)
    trained = ensemble.RandomForestClassifier(20, random_state=1).fit(x, y)

    def node(tree: Any, i: int) -> Node:
        if tree.children_left[i] < 0:
            return Leaf(float(np.argmax(tree.value[i][0])))
        left, right = node(tree, tree.children_left[i]), node(tree, tree.children_right[i])
        return Split(int(tree.feature[i]), float(tree.threshold[i]), left, right)

    trees = [node(member.tree_, 0) for member in trained.estimators_]
    forest = parse_forest(forest_text(trees, INPUTS, random.Random(0)))
    expected = np.sum([member.predict(x) for member in trained.estimators_], axis=0)
    assert forest.votes(x[0]) == expected[0]
    assert [forest.votes(row) for row in x] == expected.tolist()
    assert len(set(expected.tolist())) > 5


def test_a_value_on_the_threshold_goes_left_and_nan_goes_right() -> None:
    forest = parse_forest(stump())
    assert forest.votes([0.5] + [0.0] * 6) == 0
    assert forest.votes([0.5 + 1e-9] + [0.0] * 6) == 0  # equal in float32
    assert forest.votes([0.5001] + [0.0] * 6) == 2
    assert forest.votes([float("nan")] + [0.0] * 6) == 2


def test_percentage_rounds_half_up() -> None:
    trees: list[Node] = [Leaf(float(i < 5)) for i in range(200)]
    assert parse_forest(forest_text(trees, INPUTS, random.Random(0))).percentage([0.0] * INPUTS) == 3  # 2.5 %


def test_compact_flow_maps_are_read_too() -> None:
    flow = b"{depth:0, value:1., splits:[ { var:0, quality:1.,\nle:5.0e-01 } ] }"
    leaves = b"- { depth:1, value:0., norm_class_idx:0 }\n - { depth:1, value:1., norm_class_idx:1 }"
    text = stump()
    head = text[: text.index(b"   trees:")].replace(b"ntrees: 2", b"ntrees: 1")
    forest = parse_forest(head + b"   trees:\n - { nodes: [\n - " + flow + b"\n " + leaves + b"\n ] }\n")
    assert (forest.votes([0.0] * 7), forest.votes([1.0] * 7)) == (0.0, 1.0)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (b"%YAML:1.0", b"<xml>", "not a forest"),
        (b"   trees:", b"   shrubs:", "not a forest"),
        (b"is_classifier: 1", b"", "no `is_classifier`"),
        (b"ntrees: 2", b"ntrees: two", "not a whole number"),
        (b"ntrees: 2", b"ntrees: 3", "tree 2 is not here"),
        (b"ntrees: 2", b"ntrees: 1", "something follows"),
        (b"ntrees: 2", b"ntrees: 99999999", "impossible header"),
        (b"ntrees: 2", b"ntrees: 0", "impossible header"),
        (b"class_labels: [ 0", b"class_labels: [ x", "no number"),
        (b"depth: 1", b"depth: 2", "depth 2 where 1 must come"),
        (b"value: 0.", b"value: zero", "malformed"),
        (b"var:0", b"var:7", "variable 7 of 7"),
    ],
)
def test_malformed_files_are_refused_with_the_reason(old: bytes, new: bytes, message: str) -> None:
    with pytest.raises(FormatError, match=message):
        parse_forest(stump(old, new))


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (b"is_classifier: 1", b"is_classifier: 0", "regression"),
        (b"class_labels: [ 0, 1 ]", b"class_labels: [ 1, 2 ]", "classes"),
        (b"var_idx: [ 0, 1,", b"var_idx: [ 1, 0,", "selection"),
    ],
)
def test_forests_of_another_kind_are_refused(old: bytes, new: bytes, message: str) -> None:
    with pytest.raises(UnsupportedFormatError, match=message):
        parse_forest(stump(old, new))


def test_a_categorical_split_is_refused() -> None:
    text = stump()
    rule = b"le:" if b"le:" in text else b"gt:"
    at = text.index(rule)
    with pytest.raises(UnsupportedFormatError, match="category"):
        parse_forest(text[:at] + b"in:[ 1, 2 ] }" + text[text.index(b"}", at) + 1 :])


def test_the_error_names_file_and_byte() -> None:
    text = stump(b"value: 0.", b"value: zero")
    with pytest.raises(FormatError) as caught:
        parse_forest(text, file="nist.yaml")
    assert caught.value.file == "nist.yaml"
    assert caught.value.offset is not None
    assert b"value: zero" in text[caught.value.offset : caught.value.offset + 80]


@settings(max_examples=80, deadline=None)
@given(st.integers(0, 10_000), st.integers(0, 255), st.booleans())
def test_a_damaged_byte_never_crashes_the_loader(place: int, byte: int, cut: bool) -> None:
    text = bytearray(stump())
    place %= len(text)
    text[place] = byte
    damaged = bytes(text[:place]) if cut else bytes(text)
    try:
        forest = parse_forest(damaged)
    except FormatError:
        return
    assert len(forest.roots) == 2
    assert forest.votes([0.0] * forest.inputs) == forest.value[forest.left[forest.roots]].sum()


def test_a_hostile_run_of_blanks_fails_at_once() -> None:
    with pytest.raises(FormatError):
        parse_forest(stump(b"value: 0.", b"value: 0." + b" " * 300_000 + b"\n" * 300_000 + b"?"))


def test_another_number_of_features_is_refused() -> None:
    with pytest.raises(ValueError, match="takes 7 features"):
        parse_forest(stump()).votes([1.0] * 6)
