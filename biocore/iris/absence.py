"""Where no iris was found: whether there is a closed eye in the picture, or none at all."""

from __future__ import annotations

import math

import cv2
import numpy as np

from biocore.report import Cause, CauseName
from biocore.types import GreyImage

WORK_SIDE = 96  # px; shorter side of the picture that is looked at
LEAST_CONTRAST = 45.0  # grey levels between dark and bright parts; shading of skin has up to 45, lashes twice that
SHARE_DARK = 0.06  # of the pixels of a closed eye: its lashes
LONG = 0.28  # of the picture's width that a lash line spans at least
FLAT = 2.2  # length by height of a lash line


def why_no_iris(pixels: GreyImage) -> Cause:
    """Say whether an eye is closed or absent.

    A closed eye is one line of lashes between two lids: something dark, long and flat, on an even ground. Its
    confidence falls with how far the darkest part of the picture is from that.
    """
    height, width = pixels.shape
    factor = max(1.0, min(height, width) / WORK_SIDE)
    size = (max(1, round(width / factor)), max(1, round(height / factor)))
    small = cv2.GaussianBlur(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), (0, 0), 1.5)
    darkest, low, high = np.percentile(small, [1.0, 100.0 * SHARE_DARK, 90.0])
    contrast = float(high - darkest)
    length, flat = _darkest_line(np.asarray(small, np.uint8), float(low))
    closed = _ramp(0.3 * (contrast - LEAST_CONTRAST)) * _ramp(30.0 * (length - LONG)) * _ramp(3.0 * (flat - FLAT))
    evidence = {
        "contrast_grey": round(contrast, 2),
        "dark_line_length_share_of_width": round(length, 4),
        "dark_line_length_by_height": round(flat, 4),
    }
    if closed >= 0.5:
        return Cause(CauseName.CLOSED, round(closed, 4), evidence)
    return Cause(CauseName.NO_EYE, round(1.0 - closed, 4), evidence)


def _darkest_line(small: GreyImage, level: float) -> tuple[float, float]:
    """Return the extent of the largest dark part: its length by the picture's width, and by its own height."""
    below = (small <= level).astype(np.uint8)
    dark = cv2.morphologyEx(below, cv2.MORPH_CLOSE, np.ones((1, 7), np.uint8))
    _, labels, stats, _ = cv2.connectedComponentsWithStats(dark, connectivity=8)
    if len(stats) < 2:
        return 0.0, 0.0
    largest = 1 + int(np.argmax(stats[1:, cv2.CC_STAT_WIDTH]))
    y, x = np.nonzero(labels == largest)
    spread = np.cov(np.stack([x, y])) if len(x) > 8 else np.eye(2)
    across, along = np.sqrt(np.maximum(np.linalg.eigvalsh(spread), 0.05))
    return 4.0 * float(along) / small.shape[1], float(along / across)


def _ramp(x: float) -> float:
    return 0.5 * (1.0 + math.tanh(0.5 * x))
