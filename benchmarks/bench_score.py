"""What a score costs: the default model on made-up measures, and a forest as large as NIST's may be."""

from __future__ import annotations

import random

from pytest_benchmark.fixture import BenchmarkFixture

from biocore.fingerprint.forest import Forest, parse_forest
from biocore.fingerprint.regression import NEEDED, default_model
from biocore.fingerprint.score import default_score

TREES, DEPTH, INPUTS = 100, 10, 69


def measures() -> dict[str, float]:
    rng = random.Random(1)
    return {name: rng.uniform(0.0, 20.0) for name in NEEDED}


def full_tree(depth: int, rng: random.Random) -> list[str]:
    """Write a complete tree of splits at 0.5 as OpenCV does, its leaves 0 or 1 at random."""

    def write(level: int) -> list[str]:
        node = ["  -", f"   depth: {level}", f"   value: {rng.randint(0, 1)}."]
        if level < depth:
            node.append(f"   splits:\n    - {{ var:{rng.randrange(INPUTS)}, quality:1.,\n   le:5.0e-01 }}")
            node += write(level + 1) + write(level + 1)
        return node

    return [" -", "  nodes:", *write(0)]


def forest_file() -> bytes:
    rng = random.Random(2)
    head = f"%YAML:1.0\n---\nforest:\n is_classifier: 1\n var_count: {INPUTS}\n ntrees: {TREES}\n trees:\n"
    return (head + "\n".join(line for _ in range(TREES) for line in full_tree(DEPTH, rng)) + "\n").encode()


def test_default_score(benchmark: BenchmarkFixture) -> None:
    values = measures()
    assert 0.0 <= benchmark(default_score, values) <= 100.0


def test_default_model_is_read(benchmark: BenchmarkFixture) -> None:
    def read() -> float:
        default_model.cache_clear()
        return default_model().gamma

    assert benchmark(read) > 0


def test_forest_is_read(benchmark: BenchmarkFixture) -> None:
    forest: Forest = benchmark(parse_forest, forest_file())
    assert len(forest.value) == TREES * (2 ** (DEPTH + 1) - 1)


def test_forest_votes(benchmark: BenchmarkFixture) -> None:
    forest = parse_forest(forest_file())
    rng = random.Random(3)
    features = [rng.random() for _ in range(INPUTS)]
    assert 0 < benchmark(forest.votes, features) < TREES
