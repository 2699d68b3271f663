"""What the generator's kernels do, in plain NumPy, written for reading."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from biocore.kernels import synth as gate


def grow(
    seeds: NDArray[np.int16],
    orientation: NDArray[np.uint8],
    period: NDArray[np.uint8],
    mask: NDArray[np.uint8],
    bank: NDArray[np.int16],
    shift: int,
    limit: int,
    passes: int,
) -> NDArray[np.int16]:
    plane = np.where(mask != 0, seeds, 0).astype(np.int64)
    for _ in range(passes):
        wide = np.pad(plane, (gate.BEFORE, gate.AFTER))
        after = np.zeros_like(plane)
        for y, x in zip(*np.nonzero(mask), strict=True):
            taps = bank[orientation[y, x], period[y, x]].astype(np.int64)
            answer = (wide[y : y + gate.TAPS[0], x : x + gate.TAPS[1]] * taps).sum() >> shift
            after[y, x] = min(limit, max(-limit, int(answer)))
        plane = after
    return plane.astype(np.int16)


def sample(plane: NDArray[np.int16], x: NDArray[np.int32], y: NDArray[np.int32]) -> NDArray[np.int16]:
    height, width = plane.shape
    out = np.empty(x.shape, np.int16)
    for at in np.ndindex(x.shape):
        px, py = (min(max(int(v[at]), 0), (side - 1) * 256) for v, side in ((x, width), (y, height)))
        columns = np.clip(np.arange(px // 256 - 1, px // 256 + 3), 0, width - 1)
        rows = np.clip(np.arange(py // 256 - 1, py // 256 + 3), 0, height - 1)
        weights = np.outer(gate.WEIGHTS[py % 256].astype(np.int64), gate.WEIGHTS[px % 256].astype(np.int64))
        total = (plane[np.ix_(rows, columns)] * weights).sum()
        out[at] = np.clip((total + (1 << 27)) >> 28, -32768, 32767)
    return out
