"""Where the finger is: cells whose local contrast stands out, made whole."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from biocore.fingerprint.orientation import blur
from biocore.kernels.ridge import CELL, cells_of

MIN_DEVIATION = 6.0  # grey levels; below, sensor noise and residue
RELATIVE_DEVIATION = 0.35  # of the typical deviation of the better half of the picture's cells
MIN_STRENGTH = 8.0  # of the enhanced ridges; white noise gives 3 to 7, faint ridges 15 and more
RELATIVE_STRENGTH = 0.3  # of the typical strength of the better half of the mask
MIN_CELLS = 24  # cells of 8 px: a quarter of a square centimetre at 500 ppi holds hardly four minutiae


def foreground(deviation: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Return the cells that show ridges.

    Parameters
    ----------
    deviation : float32 array (height, width)
        Local standard deviation of the grey levels.

    Returns
    -------
    bool array (rows, columns), cells of `CELL` px
    """
    rows, columns = cells_of(*deviation.shape)
    y = np.minimum(np.arange(rows) * CELL + CELL // 2, deviation.shape[0] - 1)
    x = np.minimum(np.arange(columns) * CELL + CELL // 2, deviation.shape[1] - 1)
    contrast = deviation[np.ix_(y, x)]
    typical = np.sort(contrast, axis=None)[contrast.size // 2 :].mean()
    return whole((contrast > max(MIN_DEVIATION, RELATIVE_DEVIATION * float(typical))))


def reliable(strength: NDArray[np.float32], mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return the cells of the mask whose ridges came out of the filters: noise and blots do not.

    Parameters
    ----------
    strength : float32 array (rows, columns)
        Mean absolute value of the enhanced ridges.
    mask : bool array (rows, columns)
    """
    if not mask.any():
        return mask
    smooth = blur(strength[:, :, None], 1.0)[:, :, 0]
    inside = np.sort(smooth[mask])
    typical = inside[len(inside) // 2 :].mean()
    return whole(mask & (smooth > max(MIN_STRENGTH, RELATIVE_STRENGTH * float(typical))))


def whole(cells: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return the mask without specks, holes and loose parts smaller than `MIN_CELLS`."""
    votes = cv2.blur(cells.astype(np.uint8) * 9, (3, 3), borderType=cv2.BORDER_REPLICATE)
    smooth = votes >= 5
    mask = _without_small(smooth, MIN_CELLS)
    return ~_without_small(~mask, MIN_CELLS)


def _without_small(cells: NDArray[np.bool_], least: int) -> NDArray[np.bool_]:
    """Clear connected parts of fewer than `least` cells."""
    _, labels, stats, _ = cv2.connectedComponentsWithStats(cells.astype(np.uint8), connectivity=4)
    keep = stats[:, cv2.CC_STAT_AREA] >= least
    keep[0] = False
    return np.asarray(keep[labels])
