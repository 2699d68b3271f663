"""The learned detector: its graphs, its cache, its minutiae, and what happens where it is not installed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from biocore.errors import ExtractionError, MissingDependencyError, ModelError
from biocore.fingerprint import learned, learned_graph, robust, synth
from biocore.types import GreyImage, MinutiaKind

SIZE = (256, 320)
# The six surest minutiae of the print below: x, y in px, direction in radians, kind. The original network in Keras
# finds the same (benchmarks/parity_leader.py).
GOLDEN: NDArray[np.float64] = np.array(
    [
        [155.796, 12.721, 3.3345, 1],
        [83.872, 275.298, 2.3462, 1],
        [139.953, 309.113, 2.4455, 1],
        [175.398, 167.245, 5.8459, 1],
        [23.060, 170.379, 4.7857, 2],
        [128.573, 289.115, 2.4048, 1],
    ]
)
GOLDEN_COUNT = 38
needs_extra = pytest.mark.skipif(not learned.available(), reason="the extra `robust` is not installed")


@pytest.fixture(scope="module")
def print_() -> GreyImage:
    return synth.impression(7, 1, synth.Conditions(), size=SIZE)


@pytest.fixture
def fresh(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give an empty cache folder, and keep no session from another test."""
    monkeypatch.setenv(learned.CACHE_VARIABLE, str(tmp_path))
    monkeypatch.setattr(learned, "_kept", {})
    return tmp_path


@needs_extra
def test_every_layer_of_the_weights_is_read_and_used_once() -> None:
    weights = learned_graph.read_weights(learned._weights_path())
    assert len(weights) == 51 + 8 + 11 + 24
    assert sum(array.size for layer in weights.values() for array in layer) == 948_114


@needs_extra
def test_graphs_are_the_same_bytes_each_time() -> None:
    weights = learned_graph.read_weights(learned._weights_path())
    assert learned_graph.describer_graph(weights) == learned_graph.describer_graph(weights)


@needs_extra
def test_minutiae_of_a_synthetic_print_are_the_golden_ones(print_: GreyImage) -> None:
    found = learned.detect(print_)
    best = np.argsort(-found.scores, kind="stable")[:6]
    table = np.column_stack([found.points[best], found.directions[best], found.kinds[best]])
    np.testing.assert_allclose(table[:, :2], GOLDEN[:, :2], atol=0.1)
    np.testing.assert_allclose(np.cos(table[:, 2] - GOLDEN[:, 2]), 1.0, atol=1e-3)
    np.testing.assert_array_equal(table[:, 3], GOLDEN[:, 3])
    assert len(found.scores) == GOLDEN_COUNT


@needs_extra
def test_a_shifted_print_has_its_minutiae_shifted(print_: GreyImage) -> None:
    canvas = np.full((SIZE[1] + 64, SIZE[0] + 64), 255, np.uint8)
    canvas[:-64, :-64] = print_
    moved = np.roll(canvas, (32, 32), axis=(0, 1))
    first, second = learned.detect(canvas), learned.detect(moved)
    sure = first.points[first.scores > 0.6] + 32
    apart = np.linalg.norm(sure[:, None] - second.points[None], axis=2).min(axis=1)
    assert len(sure) >= 10
    assert apart.max() < 1.0


@needs_extra
@pytest.mark.parametrize("shape", [(1, 1), (1, 300), (33, 31), (64, 64)])
def test_pictures_without_a_print_have_no_minutiae(shape: tuple[int, int]) -> None:
    blank: GreyImage = np.full(shape, 230, np.uint8)
    assert len(learned.detect(blank).scores) == 0


@needs_extra
def test_graphs_are_cached_and_a_damaged_cache_is_built_anew(fresh: Path, print_: GreyImage) -> None:
    expected = learned.detect(print_).points
    cached = sorted(fresh.glob("*.onnx"))
    assert len(cached) == len(learned.PARTS)
    whole = cached[0].read_bytes()
    cached[0].write_bytes(whole[:1000])
    learned._kept.clear()
    np.testing.assert_array_equal(learned.detect(print_).points, expected)
    assert cached[0].read_bytes() == whole


@needs_extra
def test_a_cache_that_cannot_be_written_stops_nothing(fresh: Path, print_: GreyImage) -> None:
    (fresh / "file").write_text("in the way")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(learned.CACHE_VARIABLE, str(fresh / "file" / "below"))
        assert len(learned.detect(print_).points)


@needs_extra
def test_other_weights_are_refused_by_name(
    fresh: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, print_: GreyImage
) -> None:
    other = tmp_path / "LEADER.weights.h5"
    other.write_bytes(b"other weights")
    monkeypatch.setattr(learned, "_weights_path", lambda: other)
    with pytest.raises(ModelError, match="SHA-256"):
        learned.detect(print_)


def test_without_the_extra_it_says_which(monkeypatch: pytest.MonkeyPatch, fresh: Path, print_: GreyImage) -> None:
    monkeypatch.setattr(learned, "available", lambda: False)
    with pytest.raises(MissingDependencyError, match=r"biocore\[robust\]"):
        learned.detect(print_)


def test_without_the_extra_robust_is_the_classical_extractor(
    monkeypatch: pytest.MonkeyPatch, print_: GreyImage
) -> None:
    monkeypatch.setattr(learned, "available", lambda: False)
    assert robust.extract_robust(print_).algorithm == "biocore.finger.robust/1"


@needs_extra
def test_what_both_detectors_see_gains_confidence(print_: GreyImage) -> None:
    found = learned.detect(print_)
    template = robust.extract_robust(print_)
    alone = np.sort(np.clip(np.floor(100.0 * found.scores.astype(np.float64)), 1, 100))[::-1]
    voted = np.sort(template.qualities.astype(np.float64))[::-1]
    assert template.algorithm == robust.ALGORITHM
    assert len(template) == len(found.scores)
    assert (voted >= alone).all()
    assert (voted > alone).sum() >= 5
    assert set(template.kinds.tolist()) <= {MinutiaKind.ENDING, MinutiaKind.BIFURCATION}
    assert (np.diff(template.qualities.astype(int)) <= 0).all()


@needs_extra
def test_no_finger_is_an_extraction_error() -> None:
    blank: GreyImage = np.full((200, 200), 255, np.uint8)
    with pytest.raises(ExtractionError):
        robust.extract_robust(blank)
