"""Fine strokes with tapering ends: lashes, brows and vessels, drawn finer than the picture and averaged."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from biocore.chance import Field
from biocore.iris.synth_geometry import Geometry

FINE_WIDTH = 1200  # px; strokes are drawn on a canvas at least this wide
SHIFT = 4  # bits of fraction of a coordinate


@dataclass(frozen=True, slots=True, eq=False)
class Stroke:
    """A line in the head's frame.

    Attributes
    ----------
    path : float64 array (n, 2)
        x and y in iris radii.
    root, tip : float
        Its widths at both ends, iris radii.
    """

    path: NDArray[np.float64]
    root: float
    tip: float


def bezier(root: tuple[float, float], pull: tuple[float, float], tip: tuple[float, float]) -> NDArray[np.float64]:
    """Return seven points of a curve that leaves `root` towards `pull` and ends at `tip`."""
    t = (np.arange(7) / 6.0)[:, None]
    a, b, c = (np.array(p)[None, :] for p in (root, pull, tip))
    return np.asarray((1.0 - t) * (1.0 - t) * a + 2.0 * t * (1.0 - t) * b + t * t * c)


def draw(strokes: Sequence[Stroke], geometry: Geometry) -> Field:
    """Return how much of each px the strokes cover, 0..1, float32 (h, w)."""
    width, height = geometry.size
    times = max(1, min(4, -(-FINE_WIDTH // width)))
    fine = np.zeros((height * times, width * times), np.uint8)
    if not strokes:
        return np.zeros((height, width), np.float32)
    lengths = [len(stroke.path) for stroke in strokes]
    path = np.concatenate([stroke.path for stroke in strokes])
    x, y = geometry.from_head(path[:, 0], path[:, 1])
    at = (np.stack([x, y], axis=1) + 0.5) * (times << SHIFT) - (1 << SHIFT >> 1)
    at = np.clip(np.rint(at), -(1 << 24), 1 << 24).astype(np.int32)
    by_width: dict[int, list[NDArray[np.int32]]] = {}
    start = 0
    for stroke, count in zip(strokes, lengths, strict=True):
        for k in range(count - 1):
            wide = stroke.root + (stroke.tip - stroke.root) * (k + 0.5) / (count - 1)
            pixels = max(1, round(wide * geometry.radius * times))
            by_width.setdefault(pixels, []).append(at[start + k : start + k + 2])
        start += count
    for pixels, lines in sorted(by_width.items()):
        cv2.polylines(fine, lines, isClosed=False, color=255, thickness=pixels, lineType=cv2.LINE_8, shift=SHIFT)
    small = cv2.resize(fine, (width, height), interpolation=cv2.INTER_AREA) if times > 1 else fine
    return np.asarray(small * np.float32(1.0 / 255.0), np.float32)
