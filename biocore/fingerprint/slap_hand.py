"""Which hand lies there: the arc of the finger tips and the sizes of their prints."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from biocore.fingerprint.slap_types import RotatedBox
from biocore.types import FingerPosition

# How far a tip lies below the middle finger's, px at 500 ppi, and the print's width as a share of it: index, middle,
# ring, little. From the proportions of hands (the little finger ends near the ring finger's last joint).
_DROP = (90.0, 0.0, 60.0, 270.0)
_WIDTH = (0.96, 1.0, 0.96, 0.82)
_DROP_DEVIATION = 65.0  # px; fingers are bent and stretched
_WIDTH_DEVIATION = 0.11  # share; the pressure of a finger is its own
_SLOPE_DEVIATION = 0.16  # 9 degrees; the hand's turn is told by its fingers, which fan out unevenly
_SURE = 6.0  # natural logarithm of the odds beyond which more is not believed of a made-up hand


def agreement(boxes: Sequence[RotatedBox], positions: Sequence[FingerPosition], turn_deg: float) -> float:
    """Return the probability, 0..1, that these are the fingers of that hand and not of the other one.

    Parameters
    ----------
    boxes : sequence of RotatedBox
        Left to right.
    positions : sequence of FingerPosition
        Of one hand, in that order; the other hypothesis is the same fingers of the other hand, mirrored.
    turn_deg : float
        Turn of the hand.

    Returns
    -------
    float
        0.5 where nothing can be known: one finger, or thumbs.
    """
    rank = [(int(position) - 2) % 5 for position in positions]  # index 0, middle 1, ring 2, little 3, thumb 4
    if len(boxes) < 2 or max(rank) > 3:
        return 0.5
    cos, sin = math.cos(math.radians(turn_deg)), math.sin(math.radians(turn_deg))
    top = np.array([box.to_picture(0.0, -box.size[1] / 2) for box in boxes])
    across, down = top[:, 0] * cos - top[:, 1] * sin, top[:, 0] * sin + top[:, 1] * cos
    width = np.array([box.size[0] for box in boxes])
    here, mirrored = np.array(rank), np.array(rank[::-1])
    odds = _misfit(across, down, width, mirrored) - _misfit(across, down, width, here)
    return 1.0 / (1.0 + math.exp(-max(-_SURE, min(_SURE, odds / 2.0))))


def _misfit(
    across: NDArray[np.float64], down: NDArray[np.float64], width: NDArray[np.float64], rank: NDArray[np.intp]
) -> float:
    """Squared distance from the hand of the table, in deviations; shift is free, slope nearly so."""
    rest = down - np.array(_DROP)[rank]
    rest = rest - rest.mean()
    along = across - across.mean()
    spread = _DROP_DEVIATION**2 * np.eye(len(rest)) + _SLOPE_DEVIATION**2 * np.outer(along, along)
    share = width / width.mean() - np.array(_WIDTH)[rank] / np.array(_WIDTH)[rank].mean()
    return float(rest @ np.linalg.solve(spread, rest) + np.square(share / _WIDTH_DEVIATION).sum())
