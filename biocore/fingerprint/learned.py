"""Minutiae found by a learned detector: LEADER, run in onnxruntime.

The extra `robust` (`pip install biocore[robust]`) brings the weights inside the `pyfing` wheel (MIT),
onnxruntime to run them, and h5py and onnx to build the graphs once. The built graphs are kept in the user's
cache folder and their hashes are checked at every load. Nothing is downloaded, and pyfing is not imported.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import platformdirs
from numpy.typing import NDArray

from biocore import trace
from biocore.errors import MissingDependencyError, ModelError
from biocore.fingerprint import learned_graph
from biocore.kernels.peaks import peaks
from biocore.types import GreyImage, MinutiaKind

WEIGHTS_SHA256 = "0cbf12af936482d10ba54b23f40a9b192ab767df2f81bc96c5954585735fefe6"  # pyfing 0.7, LEADER
CACHE_VARIABLE = "BIOCORE_CACHE"
SIDE_MULTIPLE = 32  # px; the network halves its picture five times
# Minutia probability below which nothing is reported. LEADER's authors cut at 0.6; our comparator weighs minutiae by
# their probability and loses a quarter of the mated pairs with 0.12 that it loses with 0.6 (docs/results.md).
MIN_SCORE = 0.12
PEAK_RADIUS = 3  # px; two minutiae are never closer (LEADER's 7x7 suppression)
LIMIT = 255  # minutiae; what a template holds
PARTS = ("detector", "describer")


@dataclass(frozen=True, slots=True)
class Detections:
    """What the network found, in raster order.

    Attributes
    ----------
    points : float32 array (n, 2)
        x, y in px with sub-pixel fractions.
    directions : float32 array (n,)
        Radians in [0, 2π), as in `biocore.Minutia`.
    kinds : uint8 array (n,)
        `MinutiaKind` values.
    scores : float32 array (n,)
        Probability of a minutia, `MIN_SCORE`..1.
    """

    points: NDArray[np.float32]
    directions: NDArray[np.float32]
    kinds: NDArray[np.uint8]
    scores: NDArray[np.float32]


def available() -> bool:
    """Say whether the extra `robust` is installed."""
    return all(importlib.util.find_spec(name) for name in ("onnxruntime", "onnx", "h5py", "pyfing"))


def detect(pixels: GreyImage, threads: int = 1) -> Detections:
    """Find minutiae with the learned detector.

    Parameters
    ----------
    pixels : uint8 array (h, w)
        500 ppi, 0 = ridge.
    threads : int
        How many threads the network may use; the sessions of each number are kept.

    Raises
    ------
    MissingDependencyError
        The extra `robust` is not installed.
    ModelError
        The installed weights are not those this graph was written for.
    """
    detector, describer = _sessions(threads)
    padded, left, top = _pad(pixels)
    score, features = detector.run(None, {"x": padded.astype(np.float32)[None, None]})
    trace.stage("fingerprint.learned_score", lambda: score[0, 0])
    spots = peaks(score[0, 0], MIN_SCORE, PEAK_RADIUS, LIMIT)
    inside = _inside(spots - (left, top), pixels.shape)
    spots = spots[inside]
    directions, kinds = _describe(describer, features[0], spots)
    points = _sub_pixel(score[0, 0], spots) - np.array([left, top], np.float32)
    return Detections(points, directions, kinds, np.minimum(score[0, 0][spots[:, 1], spots[:, 0]], np.float32(1.0)))


def _pad(pixels: GreyImage) -> tuple[GreyImage, int, int]:
    """Centre the picture in one whose sides the network can halve, filled with the border's grey."""
    height, width = pixels.shape
    extra_y, extra_x = -height % SIDE_MULTIPLE, -width % SIDE_MULTIPLE
    top, left = extra_y // 2, extra_x // 2
    margins = ((top, extra_y - top), (left, extra_x - left))
    border = np.concatenate([pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]])
    return np.pad(pixels, margins, constant_values=int(np.median(border))), left, top


def _inside(spots: NDArray[Any], shape: tuple[int, ...]) -> NDArray[np.bool_]:
    x, y = spots[:, 0], spots[:, 1]
    return np.asarray((x >= 0) & (y >= 0) & (x < shape[1]) & (y < shape[0]), np.bool_)


def _describe(
    describer: Any, features: NDArray[np.float32], spots: NDArray[np.int32]
) -> tuple[NDArray[np.float32], NDArray[np.uint8]]:
    """Direction and kind at each spot, from the patch of half-resolution features around it."""
    if len(spots) == 0:
        return np.empty(0, np.float32), np.empty(0, np.uint8)
    radius = learned_graph.PATCH_RADIUS
    around = np.pad(features, ((0, 0), (radius, radius), (radius, radius)))
    windows = np.lib.stride_tricks.sliding_window_view(around, (2 * radius + 1,) * 2, axis=(1, 2))
    patches = np.ascontiguousarray(windows[:, spots[:, 1] // 2, spots[:, 0] // 2].swapaxes(0, 1))
    direction, ending = describer.run(None, {"patches": patches})
    each = np.arange(len(spots))
    odd_y, odd_x = spots[:, 1] % 2, spots[:, 0] % 2
    cosine, sine = direction[each, :, odd_y, odd_x].T
    angles = np.mod(np.arctan2(sine, cosine), np.float32(2 * np.pi)).astype(np.float32)
    kinds = np.where(ending[each, 0, odd_y, odd_x] >= 0.0, MinutiaKind.ENDING, MinutiaKind.BIFURCATION)
    return angles, kinds.astype(np.uint8)


def _sub_pixel(score: NDArray[np.float32], spots: NDArray[np.int32]) -> NDArray[np.float32]:
    """Refine each peak by the vertex of the parabola through it and its neighbours, along x and along y."""
    height, width = score.shape
    x, y = spots[:, 0], spots[:, 1]
    centre = score[y, x]
    shift_x = _vertex(score[y, np.maximum(x - 1, 0)], centre, score[y, np.minimum(x + 1, width - 1)])
    shift_y = _vertex(score[np.maximum(y - 1, 0), x], centre, score[np.minimum(y + 1, height - 1), x])
    refined: NDArray[np.float32] = (spots + np.stack([shift_x, shift_y], axis=1)).astype(np.float32)
    return refined


def _vertex(before: NDArray[np.float32], at: NDArray[np.float32], after: NDArray[np.float32]) -> NDArray[np.float32]:
    bend = np.maximum(2 * at - before - after, np.float32(1e-6))
    shift: NDArray[np.float32] = np.clip((after - before) / (2 * bend), -0.5, 0.5).astype(np.float32)
    return shift


_lock = threading.Lock()
_kept: dict[int, tuple[Any, Any]] = {}


def _sessions(threads: int) -> tuple[Any, Any]:
    with _lock:
        if threads not in _kept:
            detector, describer = (_session(graph, threads) for graph in _graphs())
            _kept[threads] = (detector, describer)
        return _kept[threads]


def _session(graph: bytes, threads: int) -> Any:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3  # errors; warnings about graph optimisation are for its developers
    return onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])


def _graphs() -> list[bytes]:
    """Return the graphs from the cache, or build them from the weights and cache them."""
    if not available():
        raise MissingDependencyError(
            "the learned detector is not installed; pip install 'biocore[robust]', or use effort='fast'"
        )
    weights = _weights_path()
    digest = _sha256(weights.read_bytes())
    if digest != WEIGHTS_SHA256:
        raise ModelError(f"{weights}: SHA-256 {digest}, expected {WEIGHTS_SHA256}; install pyfing 0.7")
    folder = _cache_folder()
    names = [folder / f"leader-{digest[:12]}-{learned_graph.GRAPH_VERSION}.{part}.onnx" for part in PARTS]
    cached = [_read_cached(name) for name in names]
    if all(cached):
        return [graph for graph in cached if graph]
    layers = learned_graph.read_weights(weights)
    graphs = [learned_graph.detector_graph(layers), learned_graph.describer_graph(layers)]
    for name, graph in zip(names, graphs, strict=True):
        _write_cached(name, graph)
    return graphs


def _weights_path() -> Path:
    spec = importlib.util.find_spec("pyfing")  # finds the package without running it: it would ask for Keras
    places = spec.submodule_search_locations if spec is not None else None
    for place in places or ():
        path = Path(place) / "models" / "LEADER.weights.h5"
        if path.is_file():
            return path
    raise ModelError("the installed pyfing carries no LEADER weights; install pyfing 0.7")


def _cache_folder() -> Path:
    return Path(os.environ.get(CACHE_VARIABLE) or platformdirs.user_cache_dir("biocore"))


def _read_cached(path: Path) -> bytes | None:
    """Return a cached graph, or None where it is absent or its hash does not hold (a torn write, a changed file)."""
    try:
        graph, digest = path.read_bytes(), path.with_suffix(".sha256").read_text()
    except OSError:
        return None
    return graph if _sha256(graph) == digest else None


def _write_cached(path: Path, graph: bytes) -> None:
    """Keep a graph for the next time; a folder that cannot be written to costs that time and nothing else."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_suffix(f".{os.getpid()}.tmp")
        temporary.write_bytes(graph)
        temporary.replace(path)
        path.with_suffix(".sha256").write_text(_sha256(graph))
    except OSError:
        return


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
