"""Plain NumPy twin of the peak finder."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def peaks(score: NDArray[np.float32], threshold: float, radius: int) -> NDArray[np.int32]:
    """Return (x, y) of all local maxima at or above the threshold; of equal ones the first in raster order."""
    height, width = score.shape
    found = []
    for y in range(height):
        for x in range(width):
            here = score[y, x]
            if not here >= np.float32(threshold):
                continue
            top, left = max(0, y - radius), max(0, x - radius)
            window = score[top : y + radius + 1, left : x + radius + 1]
            first = np.unravel_index(np.nanargmax(window), window.shape)
            if (top + int(first[0]), left + int(first[1])) == (y, x):
                found.append((x, y))
    return np.array(found, np.int32).reshape(-1, 2)
