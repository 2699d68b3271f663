"""Random forests for the tests: grown at random, written as OpenCV's FileStorage writes them, walked plainly."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Leaf:
    value: float


@dataclass(frozen=True)
class Split:
    variable: int
    threshold: float
    left: Node
    right: Node


Node = Leaf | Split


def grow(rng: random.Random, inputs: int, depth: int) -> Node:
    """Return a random tree at most `depth` splits deep, with thresholds that float32 holds exactly."""
    if depth == 0 or rng.random() < 0.1:
        return Leaf(float(rng.randint(0, 1)))
    threshold = float(np.float32(rng.choice([rng.uniform(-3, 3), rng.randint(-3, 3), rng.uniform(-1, 1) * 1e-20])))
    return Split(rng.randrange(inputs), threshold, grow(rng, inputs, depth - 1), grow(rng, inputs, depth - 1))


def walk(tree: Node, x: Sequence[float]) -> float:
    """Follow one tree: the plain twin of the evaluator."""
    while isinstance(tree, Split):
        tree = tree.left if np.float32(x[tree.variable]) <= np.float32(tree.threshold) else tree.right
    return tree.value


def number(value: float) -> str:
    """Write a float32 as OpenCV does: `3.`, `2.5000000e-01`."""
    return f"{int(value)}." if value == int(value) and abs(value) < 1e6 else f"{value:.8e}"


def lines(tree: Node, depth: int, rng: random.Random) -> list[str]:
    value = tree.value if isinstance(tree, Leaf) else float(rng.randint(0, 1))
    out = ["            -", f"               depth: {depth}", f"               value: {number(value)}"]
    out.append(f"               norm_class_idx: {int(value)}")
    if isinstance(tree, Split):
        out.append("               splits:")
        for surrogate in range(rng.choice([1, 1, 1, 2])):
            wrap = "\n                      " if rng.random() < 0.5 else ""
            at = number(tree.threshold if surrogate == 0 else 99.0)
            rule = rng.choice(["le", "le", "gt"])
            var = tree.variable if surrogate == 0 else 0
            out.append(f"                  - {{ var:{var}, quality:{rng.uniform(0, 99):.8e},{wrap} {rule}:{at} }}")
        out += lines(tree.left, depth + 1, rng) + lines(tree.right, depth + 1, rng)
    return out


def forest_text(trees: Sequence[Node], inputs: int, rng: random.Random) -> bytes:
    """Return the file OpenCV's RTrees would write for these trees."""
    index = ", ".join(str(i) for i in range(inputs))
    head = f"""%YAML:1.0
---
my_random_trees:
   format: 3
   is_classifier: 1
   var_all: {inputs + 1}
   var_count: {inputs}
   ord_var_count: {inputs}
   cat_var_count: 1
   training_params:
      use_surrogates: 0
      max_categories: 10
      regression_accuracy: 0.
      max_depth: 25
      min_sample_count: 2
      cross_validation_folds: 0
      nactive_vars: 8
      calc_var_importance: 0
   global_var_idx: 1
   var_idx: [ {index} ]
   var_type: [ {", ".join("0" for _ in range(inputs))},
       1 ]
   cat_ofs: [ 0, 0, 0, 2 ]
   class_labels: [ 0, 1 ]
   missing_subst: [ {", ".join("0." for _ in range(inputs))} ]
   oob_error: 1.1000000000000000e-01
   ntrees: {len(trees)}
   trees:
"""
    body = "\n".join("      -\n         nodes:\n" + "\n".join(lines(tree, 0, rng)) for tree in trees)
    return (head + body + "\n").encode()
