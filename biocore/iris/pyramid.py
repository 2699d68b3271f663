"""A picture at falling scales, and the step of grey levels that counts as an edge in it."""

from __future__ import annotations

import math

import numpy as np

from biocore.iris.circles import grey_below, shrink
from biocore.types import GreyImage

FULL_STEP = 0.09  # of the picture's contrast: an edge this high counts in full
LEAST_STEP = 3.0  # grey levels; less is noise in any picture


class Pyramid:
    """A picture at falling scales, so that every circle is traced at about the same size."""

    def __init__(self, pixels: GreyImage) -> None:
        self.levels = [pixels]

    def level(self, radius: float, least: float) -> tuple[GreyImage, float]:
        """Return the smallest level on which `radius` stays >= `least` px, and its factor."""
        wanted = max(0, math.floor(math.log2(max(radius, 1.0) / least)))
        while len(self.levels) <= wanted and min(self.levels[-1].shape) >= 8:
            self.levels.append(shrink(self.levels[-1], 2))
        index = min(wanted, len(self.levels) - 1)
        return self.levels[index], float(2**index)


def contrast(picture: GreyImage) -> float:
    """Return the grey levels between the dark and the bright parts of a picture."""
    cumulated = grey_below(picture)
    return float(np.searchsorted(cumulated, 0.90) - np.searchsorted(cumulated, 0.03))


def full_step(picture: GreyImage) -> float:
    """Return the step of grey levels that counts in full as an edge of this picture."""
    return max(LEAST_STEP, FULL_STEP * contrast(picture))
