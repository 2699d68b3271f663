"""Where the finger is: first the cells whose contrast stands out, in the end those whose ridges held."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from biocore.fingerprint.cells import blur
from biocore.kernels.ridge import CELL, MARGIN, RidgePicture, cells_of

Mask = NDArray[np.bool_]  # (rows, columns) of cells of 8 px

MIN_DEVIATION = 6.0  # grey levels; below lie sensor noise, vignettes and the residue of fingers before
RELATIVE_DEVIATION = 0.35  # of the typical deviation of the better half of the cells; residue is fainter
MIN_STRENGTH = 8.0  # of enhanced ridges; white noise through the filters gives 3 to 7, faint ridges 15 and more
RELATIVE_STRENGTH = 0.3  # of the typical strength of the better half of the mask
STRENGTH_SIGMA = 1.0  # cells; one cell at a minutia is weak without being wrong
MIN_CELLS = 24  # 0.4 cm² at 500 ppi: smaller parts hold too few minutiae to be compared, smaller holes are scars
RIM = 3  # cells of ground left around the finger, lest corners of the box pass for holes of less than MIN_CELLS


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


def crop(picture: RidgePicture, mask: Mask) -> tuple[RidgePicture, Mask, NDArray[np.float32]]:
    """Return the bounding box of the mask, which must not be empty, and `RIM`: all later stages work on it alone.

    Returns
    -------
    picture : ridge picture
        Around the box it keeps its margin of the true picture, so that filters see what they would have seen.
    mask : bool array (rows, columns)
    corner : float32 array (2,)
        x, y of the box, px.
    """
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    top, left = max(rows[0] - RIM, 0), max(columns[0] - RIM, 0)
    bottom, right = min(rows[-1] + 1 + RIM, mask.shape[0]), min(columns[-1] + 1 + RIM, mask.shape[1])
    box = picture[top * CELL : bottom * CELL + 2 * MARGIN, left * CELL : right * CELL + 2 * MARGIN]
    corner = np.array([left * CELL, top * CELL], np.float32)
    return np.ascontiguousarray(box), np.ascontiguousarray(mask[top:bottom, left:right]), corner


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
