"""Gate of the peak finder: local maxima of a score map."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from biocore.errors import InvalidSampleError
from biocore.kernels import checks
from biocore.kernels._peaks import find_peaks

MAX_RADIUS = 64  # px; a wider neighbourhood is a mistake, and would make the search slow


def peaks(score: NDArray[np.float32], threshold: float, radius: int, limit: int = 1024) -> NDArray[np.int32]:
    """Return the pixels that reach a threshold and that no pixel of their neighbourhood exceeds.

    Parameters
    ----------
    score : float32 array (h, w)
        NaN counts as below every threshold.
    threshold : float
    radius : int
        Half side of the square neighbourhood in px, 0 to `MAX_RADIUS`.
    limit : int
        How many to return at most; where there are more, those with the highest scores.

    Returns
    -------
    int32 array (n, 2)
        x, y in raster order.

    Raises
    ------
    InvalidSampleError
    """
    score = checks.array(score, np.float32, (None, None), "score", finite=False)
    if not 0 <= radius <= MAX_RADIUS:
        raise InvalidSampleError(f"radius must be 0 to {MAX_RADIUS} px, not {radius}")
    if limit < 1:
        raise InvalidSampleError(f"limit must be at least 1, not {limit}")
    found = np.empty((limit, 2), np.int32)
    n = find_peaks(score, threshold, radius, found)
    if n > limit:
        found = np.empty((n, 2), np.int32)
        find_peaks(score, threshold, radius, found)
        best = np.argsort(-score[found[:, 1], found[:, 0]], kind="stable")[:limit]
        return found[np.sort(best)]
    return found[:n]
