"""Where the finger is: first the cells whose contrast stands out, in the end those whose ridges held."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from biocore.fingerprint.cells import blur
from biocore.kernels.ridge import CELL, cells_of

Mask = NDArray[np.bool_]  # (rows, columns) of cells of 8 px

MIN_DEVIATION = 6.0  # grey levels; below lie sensor noise, vignettes and the residue of fingers before
RELATIVE_DEVIATION = 0.35  # of the typical deviation of the better half of the cells; residue is fainter
MIN_STRENGTH = 8.0  # of enhanced ridges; white noise through the filters gives 3 to 7, faint ridges 15 and more
RELATIVE_STRENGTH = 0.3  # of the typical strength of the better half of the mask
STRENGTH_SIGMA = 1.0  # cells; one cell at a minutia is weak without being wrong
MIN_CELLS = 24  # 0.4 cm² at 500 ppi: smaller parts hold too few minutiae to be compared, smaller holes are scars


def foreground(deviation: NDArray[np.float32]) -> Mask:
    """Return the cells that may show ridges.

    Parameters
    ----------
    deviation : float32 array (height, width)
        Local standard deviation of the grey levels.
    """
    rows, columns = cells_of(*deviation.shape)
    y = np.minimum(np.arange(rows) * CELL + CELL // 2, deviation.shape[0] - 1)
    x = np.minimum(np.arange(columns) * CELL + CELL // 2, deviation.shape[1] - 1)
    contrast = deviation[np.ix_(y, x)]
    return whole(contrast > max(MIN_DEVIATION, RELATIVE_DEVIATION * _typical(contrast)))


def reliable(strength: NDArray[np.float32], mask: Mask) -> Mask:
    """Return the cells of the mask whose ridges came through the filters: noise and blots do not.

    Parameters
    ----------
    strength : float32 array (rows, columns)
        Mean absolute value of the enhanced ridges.
    mask : bool array (rows, columns)
    """
    if not mask.any():
        return mask
    smooth = blur(strength[:, :, None], STRENGTH_SIGMA)[:, :, 0]
    return whole(mask & (smooth > max(MIN_STRENGTH, RELATIVE_STRENGTH * _typical(smooth[mask]))))


def whole(cells: Mask) -> Mask:
    """Return the mask smoothed by a majority of 3x3, without loose parts and holes smaller than `MIN_CELLS`."""
    votes = cv2.boxFilter(cells.astype(np.uint8), -1, (3, 3), normalize=False, borderType=cv2.BORDER_REPLICATE)
    return ~_without_small(~_without_small(np.asarray(votes) >= 5))


def _typical(values: NDArray[np.float32]) -> float:
    """Return the mean of the larger half."""
    flat = np.sort(values, axis=None)
    return float(flat[len(flat) // 2 :].mean())


def _without_small(cells: Mask) -> Mask:
    _, labels, stats, _ = cv2.connectedComponentsWithStats(cells.astype(np.uint8), connectivity=4)
    keep = stats[:, cv2.CC_STAT_AREA] >= MIN_CELLS
    keep[0] = False
    return np.asarray(keep[labels], np.bool_)
