"""Iris codes: making one, comparing two, searching many; the plain twin beside what is compiled."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from pytest_benchmark.fixture import BenchmarkFixture

import reference_iriscode as twin
from biocore.iris import calibration
from biocore.iris.compare import REACH, compare, packed, prepared, search
from biocore.iris.encode import encode
from biocore.iris.gallery import Gallery
from biocore.kernels import iriscode
from biocore.types import IrisTemplate
from iris_pictures import eye, template

N = 4096  # references


@pytest.fixture(scope="module")
def people() -> list[IrisTemplate]:
    """Codes whose neighbouring columns are alike, as those of eyes are."""
    rng = np.random.default_rng(1)
    found = []
    for _ in range(N):
        few = rng.integers(0, 1 << 64, 64, np.uint64)
        found.append(template(np.roll(np.repeat(few, 4), int(rng.integers(4)))))
    return found


@pytest.fixture(scope="module")
def probe() -> IrisTemplate:
    return encode(*eye(1))


def test_encode(benchmark: BenchmarkFixture, probe: IrisTemplate) -> None:
    benchmark.group = "iris: one template of a segmented eye"
    assert benchmark(encode, *eye(1)).code.tobytes() == probe.code.tobytes()


def test_compare(benchmark: BenchmarkFixture, probe: IrisTemplate) -> None:
    benchmark.group = "iris: one comparison, every offset"
    assert benchmark(compare, probe, probe).score > 200


@pytest.mark.parametrize("way", [*range(iriscode.ways()), "numpy"])
def test_every_offset(benchmark: BenchmarkFixture, people: list[IrisTemplate], probe: IrisTemplate, way: Any) -> None:
    few = people[:4]
    references, codes, masks = packed(few), np.stack([t.code for t in few]), np.stack([t.mask for t in few])
    benchmark.group = "iris: 4 references, every offset, by the way of counting"
    want = twin.profile(probe.code, probe.mask, codes, masks, REACH)
    if way == "numpy":
        have = benchmark.pedantic(twin.profile, (probe.code, probe.mask, codes, masks, REACH), rounds=1)
    else:
        have = benchmark(iriscode.profile, prepared(probe).turned, references, way=way)
    np.testing.assert_array_equal(have[0], want[0])


def test_coarse_pass(benchmark: BenchmarkFixture, people: list[IrisTemplate], probe: IrisTemplate) -> None:
    benchmark.group = f"iris: {N} references"
    found = benchmark(iriscode.sift, prepared(probe).turned, packed(people), calibration.model().coarse)
    assert found.shape == (N, 3)


def test_gallery(benchmark: BenchmarkFixture, people: list[IrisTemplate], probe: IrisTemplate) -> None:
    gallery = Gallery([*people[:-1], probe])
    benchmark.group = f"iris: {N} references"
    assert [candidate.index for candidate in benchmark(gallery.identify, probe)] == [N - 1]


def test_search(benchmark: BenchmarkFixture, people: list[IrisTemplate], probe: IrisTemplate) -> None:
    references = [*people[:-1], probe]
    benchmark.group = f"iris: {N} references"
    scores = [found.score for found in benchmark(search, probe, references)]
    assert int(np.argmax(scores)) == N - 1
