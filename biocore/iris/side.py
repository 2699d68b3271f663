"""Which eye a picture shows, by the place of the pupil in the iris: the pupil lies a little towards the nose.

The pupil of nearly everybody is decentred nasally, by some 0.2 mm of an iris of 6 mm radius (Yang, Thompson and Burns
2002, "Pupil location under mesopic, photopic and pharmacologically dilated conditions"). It holds for pictures as the
camera sees a person: on a mirrored one, left is right.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from biocore.iris.segmentation import Concern, Segmentation
from biocore.types import EyePosition

STEEPNESS = 126.0  # of the confidence by the shift in iris radii; logistic fit on 450 pictures of MMU1
LEAST_SHIFT = 0.02  # iris radii; from here on, 98.5 % of the names given on MMU1 are right
LEAST_CONFIDENCE = 0.5  # of the segmentation
# An eye that looks aside carries its pupil along; a pupil that is torn or hidden says nothing of its place.
DOUBTS = frozenset((Concern.OFF_AXIS, Concern.IRREGULAR_PUPIL, Concern.CLOUDY_PUPIL, Concern.INVERTED_PUPIL))


@dataclass(frozen=True, slots=True)
class Side:
    """Which eye it seems to be.

    Attributes
    ----------
    position : EyePosition
        UNKNOWN where the picture does not say.
    confidence : float
        Chance that it is, 0.5 to 1; 0.5 where the picture does not say.
    shift : float
        Of the pupil's centre to the right of the iris' as seen on the picture, iris radii.
    """

    position: EyePosition
    confidence: float
    shift: float


def which_eye(segmentation: Segmentation) -> Side:
    """Say which eye it is, where that can be told.

    Parameters
    ----------
    segmentation : Segmentation
        Of a picture that is neither mirrored nor upside down.

    Returns
    -------
    Side
        One picture in four does not say. Not to be relied on alone: ask the operator.
    """
    pupil, limbus = segmentation.pupil.shape, segmentation.limbus.shape
    shift = (pupil.cx - limbus.cx) / limbus.radius
    doubtful = segmentation.confidence.value < LEAST_CONFIDENCE or not DOUBTS.isdisjoint(segmentation.warnings)
    if doubtful or abs(shift) < LEAST_SHIFT:
        return Side(EyePosition.UNKNOWN, 0.5, shift)
    # the right eye's nose is on the right of the picture
    position = EyePosition.RIGHT if shift > 0 else EyePosition.LEFT
    return Side(position, 1.0 / (1.0 + math.exp(-STEEPNESS * abs(shift))), shift)
