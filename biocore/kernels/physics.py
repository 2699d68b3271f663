"""Gate of `_physics`: sums over square cells, and the grey profile across the ridges of each place."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from biocore.errors import InvalidSampleError
from biocore.kernels import _physics, checks
from biocore.types import GreyImage

PROFILE_COLUMNS = (
    "ridge_level",  # grey; mean of what is darker than the mean of the profile
    "valley_level",  # grey; mean of what is not
    "period",  # px from ridge to ridge; 0 where no full period is seen
    "ridge_share",  # of the period, dark of the middle level; 0 where no period
    "clarity",  # share 0..1 of the window's variance that the profile explains
    "hole_share",  # of the samples in the hearts of ridges, lighter than the middle
    "bridge_share",  # of the samples in the hearts of valleys, darker than the middle
    "edge_slope",  # steepest step of the profile per px, in units of its contrast
    "ink_level",  # grey; mean of the dark samples in the hearts of ridges
    "gap_level",  # grey; mean of the light samples in the hearts of valleys
    "ridge_roughness",  # standard deviation along the hearts of the ridges, in units of the contrast
    "valley_roughness",  # the same along the hearts of the valleys
    "open_share",  # of the samples in the hearts of ridges, lighter than three quarters of the way to the valleys
)
MAX_CELL = 64  # px; above, 32-bit sums could overflow: 64² px · 510² grey² < 2³¹
MAX_WINDOW = 256  # px or samples a side; a window is a few ridge periods wide


def cell_sums(grey: GreyImage, cell: int) -> NDArray[np.int32]:
    """Sum grey, its square and the gradient products over square cells from the top left corner.

    Parameters
    ----------
    grey : uint8 array (height, width)
    cell : int
        Side in px, 1..64. What is left over at the right and the bottom belongs to no cell.

    Returns
    -------
    int32 array (height // cell, width // cell, 5)
        Σv, Σv², Σgx², Σgy², Σgx·gy with g the difference of the two neighbours (2 px apart); at the picture's
        left and right edge no gradient is counted, at its upper and lower edge the pixel itself stands in.

    Raises
    ------
    InvalidSampleError
    """
    image = checks.grey(grey)
    if not 1 <= cell <= MAX_CELL:
        raise InvalidSampleError(f"a cell is 1..{MAX_CELL} px a side, not {cell}")
    out = np.zeros((image.shape[0] // cell, image.shape[1] // cell, 5), np.int32)
    _physics.cell_sums(image, cell, out)
    return out


def ridge_profiles(
    grey: GreyImage, frames: NDArray[np.float64], *, across: int, along: int, along_step: float, hysteresis: float
) -> NDArray[np.float64]:
    """Describe ridges and valleys in windows turned with the ridges.

    Parameters
    ----------
    grey : uint8 array (height, width)
    frames : float64 array (n, 4)
        x, y of each window's centre in px, and cosine and sine of its ridge orientation (counter-clockwise as seen).
    across, along : int
        Samples across the ridges (1 px apart, at least 8) and along them.
    along_step : float
        px between samples along the ridges.
    hysteresis : float
        How far beyond the middle level a crossing must go to count, in units of the contrast (0..0.5).

    Returns
    -------
    float64 array (n, 13)
        The columns are `PROFILE_COLUMNS`.

    Raises
    ------
    InvalidSampleError
        Among others, a window that leaves the picture.
    """
    image = checks.grey(grey, min_side=2)
    places = checks.array(frames, np.float64, (None, 4), "frames")
    if not (8 <= across <= MAX_WINDOW and 1 <= along <= MAX_WINDOW):
        raise InvalidSampleError(f"a window has 8..{MAX_WINDOW} by 1..{MAX_WINDOW} samples, not {across} by {along}")
    if not (0.0 < along_step <= MAX_WINDOW and 0.0 <= hysteresis <= 0.5):
        raise InvalidSampleError(f"along_step {along_step} or hysteresis {hysteresis} is out of range")
    height, width = image.shape
    margin = window_margin(across, along, along_step)
    x, y, turn = places[:, 0], places[:, 1], places[:, 2:]
    outside = (x < margin) | (y < margin) | (x > width - 1 - margin) | (y > height - 1 - margin)
    if outside.any():
        raise InvalidSampleError(f"a window of {across} px leaves the picture of {width}x{height} px")
    if (np.abs(np.hypot(turn[:, 0], turn[:, 1]) - 1.0) > 1e-6).any():
        raise InvalidSampleError("columns 2 and 3 of frames must be the cosine and sine of one angle")
    out = np.empty((len(places), len(PROFILE_COLUMNS)), np.float64)
    window, columns = np.empty((along, across), np.float32), np.empty((4, across), np.float32)
    _physics.ridge_profiles(image, places, along_step, hysteresis, window, columns, out)
    return out


def window_margin(across: int, along: int, along_step: float) -> float:
    """Return how far a window's centre must stay from the picture's edge, in px."""
    return math.hypot(0.5 * (across - 1), 0.5 * (along - 1) * along_step) + 1.0
