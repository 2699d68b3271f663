"""Fine strokes with tapering ends: lashes, brows and vessels, drawn finer than the picture and averaged."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from biocore.chance import Field
from biocore.iris.synth_geometry import Floats, Geometry

FINE_WIDTH = 1200  # px; strokes are drawn on a canvas at least this wide
MOST_TIMES = 4  # by which it is finer than the picture at most
SHIFT = 4  # bits of fraction of a coordinate
BENDS = 7  # points of a hair


@dataclass(frozen=True, slots=True, eq=False)
class Strokes:
    """Lines in the head's frame, iris radii.

    Attributes
    ----------
    path : float64 array (n, k, 2)
        k points of each, x and y.
    root, tip : float64 arrays (n,)
        Widths at both ends.
    """

    path: Floats
    root: Floats
    tip: Floats


def bezier(root: Floats, pull: Floats, tip: Floats) -> Floats:
    """Return curves that leave `root` towards `pull` and end at `tip`: (n, 2) each, (n, BENDS, 2) together."""
    t = (np.arange(BENDS) / (BENDS - 1))[None, :, None]
    a, b, c = root[:, None, :], pull[:, None, :], tip[:, None, :]
    return np.asarray((1.0 - t) * (1.0 - t) * a + 2.0 * t * (1.0 - t) * b + t * t * c)


def draw(strokes: Strokes, geometry: Geometry) -> Field:
    """Return how much of each px the strokes cover, 0..1, float32 (h, w)."""
    width, height = geometry.size
    times = max(1, min(MOST_TIMES, -(-FINE_WIDTH // width)))
    fine = np.zeros((height * times, width * times), np.uint8)
    x, y = geometry.from_head(strokes.path[..., 0], strokes.path[..., 1])
    at = (np.stack([x, y], axis=-1) + 0.5) * (times << SHIFT) - (1 << SHIFT >> 1)
    whole = np.clip(np.rint(at), -(1 << 24), 1 << 24).astype(np.int32)
    steps = whole.shape[1] - 1
    share = (np.arange(steps) + 0.5) / max(steps, 1)
    wide = strokes.root[:, None] + (strokes.tip - strokes.root)[:, None] * share[None, :]
    pixels = np.maximum(1, np.rint(wide * (geometry.radius * times))).astype(np.intp).ravel()
    lines = np.stack([whole[:, :-1], whole[:, 1:]], axis=2).reshape(-1, 2, 2)
    for thickness in np.unique(pixels).tolist():
        chosen = list(lines[pixels == thickness])
        cv2.polylines(fine, chosen, isClosed=False, color=255, thickness=thickness, lineType=cv2.LINE_8, shift=SHIFT)
    small = cv2.resize(fine, (width, height), interpolation=cv2.INTER_AREA) if times > 1 else fine
    return np.asarray(small * np.float32(1.0 / 255.0), np.float32)
