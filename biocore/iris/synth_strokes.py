"""Fine strokes with tapering ends: lashes, brows and vessels, drawn finer than the picture and averaged."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from biocore.chance import Field
from biocore.iris.synth_geometry import Geometry

FINE_WIDTH = 1400  # px the strokes are drawn at least; more only where the picture itself is wider
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


def draw(strokes: Sequence[Stroke], geometry: Geometry, softness: float = 0.0) -> Field:
    """Return how much of each px the strokes cover, 0..1, (h, w); `softness` is the deviation of a blur, iris radii."""
    width, height = geometry.size
    times = max(1, min(4, -(-FINE_WIDTH // width)))
    fine = np.zeros((height * times, width * times), np.uint8)
    by_width: dict[int, list[NDArray[np.int32]]] = {}
    for stroke in strokes:
        x, y = geometry.from_head(stroke.path[:, 0], stroke.path[:, 1])
        at = np.rint((np.stack([x, y], axis=1) + 0.5) * (times << SHIFT) - (1 << SHIFT >> 1)).astype(np.int64)
        if (
            (at.max(axis=0) < 0).any()
            or (at[:, 0].min() >> SHIFT) > fine.shape[1]
            or (at[:, 1].min() >> SHIFT) > fine.shape[0]
        ):
            continue
        at = np.clip(at, -(1 << 24), 1 << 24).astype(np.int32)
        steps = len(at) - 1
        for k in range(steps):
            wide = stroke.root + (stroke.tip - stroke.root) * (k + 0.5) / steps
            pixels = max(1, round(wide * geometry.radius * times))
            by_width.setdefault(pixels, []).append(at[k : k + 2])
    for pixels, lines in sorted(by_width.items()):
        cv2.polylines(fine, lines, isClosed=False, color=255, thickness=pixels, lineType=cv2.LINE_8, shift=SHIFT)
    if softness > 0.0:
        fine = np.asarray(cv2.GaussianBlur(fine, (0, 0), max(0.3, softness * geometry.radius * times)), np.uint8)
    sums = fine.reshape(height, times, width, times).sum(axis=(1, 3), dtype=np.uint16)
    return np.asarray(sums * np.float32(1.0 / (255 * times * times)), np.float32)
