"""A glance at a live frame: is there a finger, is it still, is it good enough to take, and if not, why not.

The same physics as a full assessment, on every other cell each way, and the same rules: what the preview says
and what the report says afterwards do not contradict each other.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import cv2
import numpy as np

from biocore.fingerprint.causes import conclude
from biocore.fingerprint.physics import measure_ridges
from biocore.fingerprint.quantities import RidgePhysics
from biocore.report import Cause, CauseName
from biocore.types import GreyImage, check_pixels, frozen_array

CELL = 16  # px; a quarter of the places a full assessment looks at
THUMBNAIL = 4  # px of the frame to one of the thumbnail: below a ridge period, above the sensor's noise
STEADY = (
    0.15  # of the ridges' contrast; noise of 5 grey levels gives 0.02 to 0.09, a slide of 1 px a frame 0.21 and more
)

# Score: least squares on the library's unified score, 909 prints (six real sets painted with every defect, and
# synthetic ones); rank correlation with the present score 0.86, mean error 10 points (docs/causes.md).
SCORE_OFFSET = -25.8
SCORE_PER_ROOT_MM2 = 3.806  # of the ridges' area
SCORE_PER_GROUND_GREY = 0.208
SCORE_PER_LOG_CONTRAST = 8.438
SCORE_PER_PERIOD_SPREAD = -45.07
LEAST_CONTRAST = 0.01


@dataclass(frozen=True, slots=True, eq=False)
class Preview:
    """What a glance at one frame found.

    Attributes
    ----------
    finger : bool
        A finger lies on the window.
    foreground_share : float
        Of the window covered by the contact; 0 without a finger.
    contrast : float
        Step from valley to ridge, of the ground's grey (Weber contrast).
    score : int
        Coarse quality 0..100, for a bar on the screen; it rises and falls with the full score, it is not the score.
    cause : Cause or None
        What is most wrong, None where nothing is.
    motion : float or None
        Mean change since the previous frame in units of the ridges' contrast; None without a previous frame of
        the same size.
    steady : bool
        A finger that did not move since the previous frame: the moment to take the picture.
    thumbnail : uint8 array
        The frame at a quarter of its size, read-only; the next preview compares with it.
    """

    finger: bool
    foreground_share: float
    contrast: float
    score: int
    cause: Cause | None
    motion: float | None
    steady: bool
    thumbnail: GreyImage = field(repr=False)


def preview(pixels: GreyImage, previous: Preview | None = None) -> Preview:
    """Look at one live frame.

    Parameters
    ----------
    pixels : uint8 array (height, width)
        500 ppi, 0 = ridge.
    previous : Preview or None
        Of the frame before, for motion; None at the first.

    Returns
    -------
    Preview

    Raises
    ------
    InvalidSampleError
        Not an 8-bit grey raster.
    """
    image = check_pixels(pixels)
    physics = measure_ridges(image, cell=CELL)
    causes = conclude(physics)
    finger = not (causes and causes[0].name is CauseName.NO_FINGER)
    small = _thumbnail(image)
    motion = _motion(small, previous, physics)
    return Preview(
        finger=finger,
        foreground_share=physics.window_share if finger else 0.0,
        contrast=physics.ridge_contrast if finger else 0.0,
        score=coarse_score(physics) if finger else 0,
        cause=causes[0] if causes else None,
        motion=motion,
        steady=finger and motion is not None and motion < STEADY,
        thumbnail=small,
    )


def coarse_score(physics: RidgePhysics) -> int:
    """Return 0..100 from the area, contrast and evenness of the ridges."""
    value = SCORE_OFFSET
    value += SCORE_PER_ROOT_MM2 * math.sqrt(physics.ridge_area_mm2)
    value += SCORE_PER_GROUND_GREY * physics.ground_grey
    value += SCORE_PER_LOG_CONTRAST * math.log(max(physics.ridge_contrast, LEAST_CONTRAST))
    value += SCORE_PER_PERIOD_SPREAD * physics.period_spread
    return round(min(100.0, max(0.0, value)))


def _thumbnail(image: GreyImage) -> GreyImage:
    height, width = (max(1, side // THUMBNAIL) for side in image.shape)
    return frozen_array(np.asarray(cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA), np.uint8))


def _motion(small: GreyImage, previous: Preview | None, physics: RidgePhysics) -> float | None:
    """Return the mean change over the contact, in contrasts; the rest of the window never changes."""
    if previous is None or previous.thumbnail.shape != small.shape:
        return None
    change = float(np.mean(cv2.absdiff(small, previous.thumbnail)))
    contrast = max(physics.ridge_contrast * physics.ground_grey, 1.0)
    return change / contrast / max(physics.window_share, 0.1)
