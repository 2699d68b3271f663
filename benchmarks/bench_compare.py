"""Comparison: one pair, a probe's preparation, one against 10,000, and the memory of a packed template.

    python -m pytest --benchmark-only benchmarks/bench_compare.py

Time is CPU time of one thread; the fingers are made up (45 minutiae, 10,000 impressions of 100 fingers).
"""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import pytest

from biocore.fingerprint.compare import compare, search
from biocore.fingerprint.packing import views
from biocore.kernels import match
from biocore.types import FingerTemplate
from finger_sets import finger, impression

pytestmark = pytest.mark.benchmark(group="compare", timer=time.process_time)

FINGERS = 100
IMPRESSIONS = 100


@pytest.fixture(scope="module")
def gallery() -> list[FingerTemplate]:
    fingers = [finger(seed) for seed in range(FINGERS)]
    made = [impression(fingers[k % FINGERS], k) for k in range(FINGERS * IMPRESSIONS)]
    for template in made:
        views(template)  # as a gallery that is searched more than once
    return made


def per_pair(benchmark: Any, pairs: int) -> None:
    if benchmark.stats is not None:
        benchmark.extra_info["us_per_pair"] = round(1e6 * benchmark.stats.stats.min / pairs, 2)


def test_mated_pair(benchmark: Any) -> None:
    probe, reference = finger(0), impression(finger(0), 1)
    assert benchmark.pedantic(compare, (probe, reference), rounds=20, iterations=20).score > 60


def test_non_mated_pair(benchmark: Any) -> None:
    probe, reference = finger(0), impression(finger(1), 1)
    assert benchmark.pedantic(compare, (probe, reference), rounds=20, iterations=20).score < 30


def test_packing_a_template(benchmark: Any) -> None:
    t = finger(0)
    points, directions = t.points.astype(np.float64), t.directions.astype(np.float64)
    hood = views(t)[0].neighbourhood
    made = benchmark.pedantic(match.pack, (points, directions, t.kinds, t.qualities, hood), rounds=20, iterations=20)
    assert np.array_equal(made.rows, views(t)[0].rows)
    memory = made.rows.nbytes + made.order.nbytes
    assert memory == 45 * 44  # 2.0 kB for 45 minutiae
    benchmark.extra_info["bytes"] = memory


def test_preparing_a_probe(benchmark: Any) -> None:
    made = benchmark.pedantic(match.index, (views(finger(0))[0],), rounds=20, iterations=20)
    assert made.table.any()
    benchmark.extra_info["bytes"] = made.table.nbytes + made.alike.nbytes


def test_one_against_ten_thousand(benchmark: Any, gallery: list[FingerTemplate]) -> None:
    found = benchmark.pedantic(search, (finger(0), gallery), rounds=5)
    scores = np.array([c.score for c in found]).reshape(IMPRESSIONS, FINGERS)
    assert (scores[:, 0] > 40).all()
    assert (scores[:, 1:] < scores[:, 0].min()).all()
    per_pair(benchmark, len(gallery))


def test_one_against_ten_thousand_on_two_threads(benchmark: Any, gallery: list[FingerTemplate]) -> None:
    found = benchmark.pedantic(search, (finger(1), gallery), {"threads": 2}, rounds=5)
    assert [c.score for c in found] == [c.score for c in search(finger(1), gallery)]
    per_pair(benchmark, len(gallery))


def test_one_against_ten_thousand_strangers(benchmark: Any, gallery: list[FingerTemplate]) -> None:
    found = benchmark.pedantic(search, (finger(FINGERS), gallery), rounds=5)
    assert max(c.score for c in found) < 50
    per_pair(benchmark, len(gallery))
