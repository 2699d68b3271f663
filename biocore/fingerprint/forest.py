"""Random forests as OpenCV writes them: a loader of its YAML 1.0 files and an evaluator.

NIST's unified score (NFIQ 2, ISO/IEC 29794-4:2024) is the vote of such a forest. OpenCV 5 no longer brings
`cv2.ml`, and its YAML (`{ var:11, quality:9.1,` wrapped over lines, no blank after the colon) is not what YAML
libraries read, so the few constructs that occur are read here.

A tree is a list of nodes, depth first, left before right. A node without `splits` is a leaf; of several splits the
first decides, the others are surrogates for missing values. At a split x <= threshold goes left, in float32, and
NaN goes right. `gt` instead of `le` changes nothing: OpenCV's predictor ignores it for ordered variables.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from biocore.errors import FormatError, UnsupportedFormatError
from biocore.types import frozen_array

MAX_TREES = 10_000  # NIST's forest has about a hundred; a count beyond this is a damaged file
MAX_INPUTS = 4096  # NFIQ 2 has 69
_LEAF = -1

_NUMBER = rb"[-+]?(?:\d++\.?\d*+|\.\d++)(?:[eE][-+]?\d++)?"
# Possessive quantifiers: a damaged file must fail at once, not after trying every way to split blanks. Groups have
# plain ones: CPython before 3.11.5 (Debian 12 has 3.11.2) matches possessive groups wrongly (gh-106052).
_NODE = re.compile(
    rb"\s*+-\s*+(?:\{\s*+)?depth:\s*+(?P<depth>\d{1,4}+),?+\s*+value:\s*+(?P<value>"
    + _NUMBER
    + rb"),?+\s*+(?:norm_class_idx:\s*+-?\d++,?+\s*+)?"
    rb"(?:splits:\s*+(?:\[\s*+)?(?:-\s*+)?\{\s*+var:\s*+(?P<var>\d{1,6}+),\s*+quality:\s*+(?:"
    + _NUMBER
    + rb"|\.(?:Inf|Nan)),\s*+(?P<rule>le|gt|in|not_in):\s*+(?P<threshold>"
    + _NUMBER
    + rb"|\[[^\[\]]*+\])\s*+\}(?:[\s,]*+(?:-\s*+)?\{[^{}]*+\})*\s*+(?:\]\s*+)?)?(?:\}\s*+,?+)?"
)
_TREE = re.compile(rb"\s*+-\s*+(?:\{\s*+)?nodes:\s*+(?:\[\s*+)?")
_HEADER_SCALAR = rb"^[ \t]+%s:[ \t]*([^\s\[]+)"
_HEADER_LIST = rb"^[ \t]+%s:\s*+\[([^\[\]]*+)\]"


@dataclass(frozen=True, slots=True)
class Forest:
    """A forest in flat arrays: node i tests `x[variable[i]] <= threshold[i]`; a leaf points to itself.

    Attributes
    ----------
    inputs : int
        Length of the feature vector.
    roots : NDArray of int32, shape (trees,)
        Index of each tree's root.
    variable, left, right : NDArray of int32, shape (nodes,)
    threshold : NDArray of float32, shape (nodes,)
    value : NDArray of float64, shape (nodes,)
        What the tree answers, if the node is a leaf.
    depth : int
        Splits on the longest way from a root to a leaf.
    """

    inputs: int
    roots: NDArray[np.int32]
    variable: NDArray[np.int32]
    left: NDArray[np.int32]
    right: NDArray[np.int32]
    threshold: NDArray[np.float32]
    value: NDArray[np.float64]
    depth: int

    def votes(self, features: Sequence[float] | NDArray[np.floating]) -> float:
        """Sum of the answers of all trees (OpenCV's PREDICT_SUM): of classes 0 and 1, the votes for 1.

        Parameters
        ----------
        features : sequence of float, length `inputs`
            Compared as float32. NaN goes right at every split.

        Raises
        ------
        ValueError
            Another number of features.
        """
        x = np.asarray(features, dtype=np.float64).astype(np.float32)
        if x.shape != (self.inputs,):
            raise ValueError(f"the forest takes {self.inputs} features, not an array of shape {x.shape}")
        node = self.roots
        for _ in range(self.depth):
            node = np.where(x[self.variable[node]] <= self.threshold[node], self.left[node], self.right[node])
        return float(self.value[node].sum())

    def percentage(self, features: Sequence[float] | NDArray[np.floating]) -> int:
        """Share of the trees that vote for class 1, in whole per cent, rounded as NFIQ 2.3 rounds it.

        Raises
        ------
        ValueError
            Another number of features.
        """
        share = np.float32(self.votes(features)) / np.float32(len(self.roots))
        return math.floor(float(np.float32(share * np.float32(100.0))) + 0.5)


def parse_forest(data: bytes, *, file: str | None = None) -> Forest:
    """Read a classifying forest (classes 0 and 1) from an OpenCV FileStorage YAML file.

    Parameters
    ----------
    data : bytes
        The whole file.
    file : str or None
        Its name, for the messages.

    Raises
    ------
    FormatError
        Not such a file, cut short, or inconsistent; says at which byte.
    UnsupportedFormatError
        A sound file of another kind: a regression forest, other classes, categorical variables.
    """
    start = re.search(rb"^[ \t]+trees:[ \t]*(?:\[[ \t]*)?\r?\n", data, re.MULTILINE)
    if not data.startswith(b"%YAML") or start is None:
        raise FormatError("not a forest in OpenCV's YAML: no %YAML line at the start, or no `trees:`", file=file)
    inputs, count = _read_header(data[: start.start()], file)

    trees: list[_Tree] = []
    position = start.end()
    while len(trees) < count:
        opened = _TREE.match(data, position)
        if opened is None:
            raise FormatError(f"`ntrees` says {count}, but tree {len(trees)} is not here", file=file, offset=position)
        tree = _read_tree(data, opened.end(), inputs, file)
        trees.append(tree)
        position = tree.end
    if data[position:].strip(b" \t\r\n]}.") != b"":
        raise FormatError(f"something follows the last of the {count} trees", file=file, offset=position)
    return _assemble(trees, inputs)


def _read_header(head: bytes, file: str | None) -> tuple[int, int]:
    """Return the number of inputs and of trees; refuse what the predictor here does not do."""

    def scalar(key: bytes) -> int:
        found = re.search(_HEADER_SCALAR % key, head, re.MULTILINE)
        if found is None:
            raise FormatError(f"the header has no `{key.decode()}`", file=file)
        try:
            return int(found[1])
        except ValueError:
            raise FormatError(f"`{key.decode()}` is not a whole number", file=file, offset=found.start(1)) from None

    def numbers(key: bytes) -> list[float] | None:
        found = re.search(_HEADER_LIST % key, head, re.MULTILINE)
        if found is None:
            return None
        try:
            return [float(item) for item in found[1].replace(b",", b" ").split()]
        except ValueError:
            raise FormatError(f"`{key.decode()}` holds what is no number", file=file, offset=found.start(1)) from None

    if scalar(b"is_classifier") != 1:
        raise UnsupportedFormatError("a regression forest; only classifiers are read", file=file)
    inputs, count = scalar(b"var_count"), scalar(b"ntrees")
    if not 1 <= inputs <= MAX_INPUTS or not 1 <= count <= MAX_TREES:
        raise FormatError(f"impossible header: {inputs} variables, {count} trees", file=file)
    labels = numbers(b"class_labels")
    if labels is not None and labels != [0.0, 1.0]:
        raise UnsupportedFormatError(f"classes {labels}; only 0 and 1 are read", file=file)
    chosen = numbers(b"var_idx")
    if chosen is not None and chosen != list(range(inputs)):
        raise UnsupportedFormatError("the forest uses a selection of its variables", file=file)
    return inputs, count


@dataclass(frozen=True, slots=True)
class _Tree:
    variable: list[int]
    threshold: list[float]
    value: list[float]
    right: list[int]  # index within the tree, _LEAF for a leaf; the left child is always the next node
    depth: int
    end: int  # byte behind the tree


def _read_tree(data: bytes, position: int, inputs: int, file: str | None) -> _Tree:
    """Read nodes until every split has both its children."""
    variable: list[int] = []
    threshold: list[float] = []
    value: list[float] = []
    right: list[int] = []
    open_splits: list[tuple[int, int]] = []  # (node, depth) of the splits whose right child is still to come
    expected = deepest = 0
    while True:
        node = _NODE.match(data, position)
        if node is None:
            raise FormatError(f"node {len(value)} of a tree is missing or malformed", file=file, offset=position)
        here, level = len(value), int(node["depth"])
        if level != expected:
            raise FormatError(f"a node of depth {level} where {expected} must come", file=file, offset=position)
        deepest = max(deepest, level)
        position = node.end()
        value.append(float(node["value"]))
        right.append(_LEAF)
        if node["var"] is not None:
            if node["rule"] not in (b"le", b"gt") or node["threshold"].startswith(b"["):
                raise UnsupportedFormatError("a split by category", file=file, offset=node.start("rule"))
            if int(node["var"]) >= inputs:
                raise FormatError(f"variable {int(node['var'])} of {inputs}", file=file, offset=node.start("var"))
            variable.append(int(node["var"]))
            threshold.append(float(node["threshold"]))
            open_splits.append((here, level))
            expected = level + 1
            continue
        variable.append(0)
        threshold.append(0.0)
        if not open_splits:
            return _Tree(variable, threshold, value, right, deepest, position)
        parent, parent_level = open_splits.pop()
        right[parent] = here + 1
        expected = parent_level + 1


def _assemble(trees: list[_Tree], inputs: int) -> Forest:
    """Lay the trees one behind the other."""
    sizes = np.array([len(tree.value) for tree in trees])
    roots = (np.cumsum(sizes) - sizes).astype(np.int32)
    own = np.arange(sizes.sum(), dtype=np.int32)
    offset = np.repeat(roots, sizes)
    right = np.concatenate([np.array(tree.right, dtype=np.int32) for tree in trees])
    leaf = right == _LEAF
    return Forest(
        inputs=inputs,
        roots=frozen_array(roots),
        variable=frozen_array(np.concatenate([np.array(tree.variable, dtype=np.int32) for tree in trees])),
        left=frozen_array(np.where(leaf, own, own + 1).astype(np.int32)),
        right=frozen_array(np.where(leaf, own, right + offset).astype(np.int32)),
        threshold=frozen_array(np.concatenate([np.array(tree.threshold, dtype=np.float32) for tree in trees])),
        value=frozen_array(np.concatenate([np.array(tree.value, dtype=np.float64) for tree in trees])),
        depth=max(tree.depth for tree in trees),
    )
