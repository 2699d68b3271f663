"""A face as the tests need it: colours that are known, on a wall, with a sensor's noise."""

from __future__ import annotations

import cv2
import numpy as np

from biocore.types import ColourImage

WALL, SKIN, HAIR, SHIRT = (205, 210, 215), (208, 152, 122), (38, 26, 20), (20, 60, 160)  # red, green, blue


def portrait(
    number: int = 0, width: int = 160, height: int = 120, blur: float = 0.0, stops: float = 0.0
) -> ColourImage:
    """Draw a head that holds still; the same number gives the same picture.

    Parameters
    ----------
    number : int
        Of the noise.
    width, height : int
    blur : float
        Standard deviation in px.
    stops : float
        Over- or underexposed by so many.
    """
    drawn = np.full((height, width, 3), WALL, np.uint8)
    middle = width // 2
    cv2.ellipse(drawn, (middle, height), (width // 3, height // 4), 0, 0, 360, SHIRT, -1)
    cv2.ellipse(drawn, (middle, int(0.44 * height)), (width // 5, int(0.34 * height)), 0, 0, 360, HAIR, -1)
    cv2.ellipse(drawn, (middle, int(0.5 * height)), (width // 6, int(0.29 * height)), 0, 0, 360, SKIN, -1)
    for side in (-1, 1):
        cv2.circle(drawn, (middle + side * width // 14, int(0.45 * height)), max(1, width // 60), HAIR, -1)
    light = drawn.astype(np.float64) if not blur else cv2.GaussianBlur(drawn, (0, 0), blur).astype(np.float64)
    light = 255.0 * (light / 255.0) * 2.0 ** (stops / 2.2)
    noise = np.random.default_rng(number).normal(0, 1.0, light.shape)
    shown: ColourImage = (light + noise).clip(0, 255).astype(np.uint8)
    return shown


def yuyv(colour: ColourImage) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    """Return a picture as most cameras send it: luma, and of every second pixel chroma (BT.601, studio swing)."""
    red, green, blue = (colour[..., channel].astype(np.float64) for channel in range(3))
    luma = 16 + (65.738 * red + 129.057 * green + 25.064 * blue) / 256
    u = 128 + (-37.945 * red - 74.494 * green + 112.439 * blue) / 256
    v = 128 + (112.439 * red - 94.154 * green - 18.285 * blue) / 256
    packed = np.empty((*colour.shape[:2], 2), np.uint8)
    packed[..., 0] = luma.round()
    packed[:, 0::2, 1] = ((u[:, 0::2] + u[:, 1::2]) / 2).round()
    packed[:, 1::2, 1] = ((v[:, 0::2] + v[:, 1::2]) / 2).round()
    return packed
