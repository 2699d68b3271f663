"""The visible sets, FVC naming (FINGER_IMPRESSION.tif, 500 ppi), and the two rates every table here speaks of."""

from __future__ import annotations

import os
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from biocore.types import GreyImage

SETS = ("fvc2000_db4b", "fvc2002_db1b", "fvc2002_db3b", "fvc2002_db4b")
DATA = Path(os.environ.get("BIOCORE_DATA", Path(__file__).resolve().parents[2] / "shared"))


def images(name: str) -> dict[str, GreyImage]:
    """Return the pictures of a set by file stem."""
    cv2.setNumThreads(1)
    found = {}
    for path in sorted((DATA / "data" / "fp" / name).glob("*_*.tif")):
        pixels = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)
        assert pixels is not None, f"{path} cannot be read"
        found[path.stem] = np.asarray(pixels, np.uint8)
    return found


def rates(mated: NDArray[np.float64], nonmated: NDArray[np.float64], fmr: float = 1e-3) -> tuple[float, float]:
    """Return the equal error rate and the false non-match rate at a false match rate, in per cent."""
    low, high = np.sort(mated), np.sort(nonmated)
    thresholds = np.unique(np.concatenate([low, high]))
    miss = np.searchsorted(low, thresholds, "left") / len(low)
    match = 1 - np.searchsorted(high, thresholds, "left") / len(high)
    k = int(np.argmin(np.abs(miss - match)))
    limit = high[::-1][int(fmr * len(high))]
    return 50 * float(miss[k] + match[k]), 100 * float((mated <= limit).mean())
