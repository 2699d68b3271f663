"""Which way the ridges run and how far apart they are, by cell of 8 px.

The orientation is that of the smoothed structure tensor: gradients are summed as squares, so that the two flanks of
a ridge agree instead of cancelling, and weigh by their strength (Bigun and Granlund 1987; Kass and Witkin 1987).
The same tensor gives the ridge period without any search: for a wave of angular frequency w, differences over two
pixels have 4 sin²(w) times the power of the wave itself.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from biocore.fingerprint.cells import blur
from biocore.kernels import ridge

Floats = NDArray[np.float32]

TINY = np.float32(1e-6)  # keeps a division by zero away where there is no gradient at all


@dataclass(frozen=True, slots=True)
class Smoothing:
    """How far orientation and period are smoothed: deviations of Gaussians, in cells."""

    orientation: float = 1.3
    period: float = 2.5


@dataclass(frozen=True, slots=True)
class OrientationField:
    """Ridge orientation and period of each cell.

    Attributes
    ----------
    cosine, sine : float32 arrays (rows, columns)
        Unit vector at twice the ridge orientation, counter-clockwise; zero where nothing is known.
    coherence : float32 array (rows, columns)
        How much the gradients agree, 0..1.
    wave : float32 array (rows, columns)
        sin²(2π / period), the period in px.
    """

    cosine: Floats
    sine: Floats
    coherence: Floats
    wave: Floats

    def picture(self) -> NDArray[np.uint8]:
        """Draw the field for a trace: (rows, columns, 3), the doubled angle in red and green, coherence in blue."""
        stack = np.stack([127.5 + 127.5 * self.cosine, 127.5 + 127.5 * self.sine, 255 * self.coherence], axis=2)
        return np.clip(stack, 0, 255).astype(np.uint8)


def orientation(ridges: ridge.RidgePicture, mask: NDArray[np.bool_], smoothing: Smoothing) -> OrientationField:
    """Estimate the orientation field inside the mask.

    Parameters
    ----------
    ridges : ridge picture
        The normalised finger, or ridges enhanced before: less noise, a better field.
    mask : bool array (rows, columns)
    smoothing : Smoothing
    """
    tensors = ridge.cell_tensors(ridges) * mask[:, :, None]
    near = blur(tensors[:, :, :3], smoothing.orientation)
    length = np.sqrt(near[:, :, 0] ** 2 + near[:, :, 1] ** 2)
    wide = blur(tensors[:, :, 2:], smoothing.period)
    return OrientationField(
        cosine=near[:, :, 0] / np.maximum(length, TINY),
        sine=near[:, :, 1] / np.maximum(length, TINY),
        coherence=length / np.maximum(near[:, :, 2], TINY),
        wave=wide[:, :, 0] / np.maximum(np.float32(4) * wide[:, :, 1], TINY),
    )
