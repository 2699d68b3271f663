"""What a slap is: its kinds, the order its fingers lie in, and what segmentation says of them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import IntEnum, StrEnum

from biocore.types import FingerPosition, Sample


class SlapKind(IntEnum):
    """Slap codes of ISO/IEC 19794-4:2005, table 5 (and ANSI/NIST-ITL)."""

    RIGHT_FOUR = 13
    LEFT_FOUR = 14
    TWO_THUMBS = 15


class Hand(StrEnum):
    """Which hand lay there; `BOTH` for two thumbs."""

    RIGHT = "right"
    LEFT = "left"
    BOTH = "both"


# Fingers of each slap as they lie in the picture, left to right, palms down and fingers up.
LEFT_TO_RIGHT: dict[SlapKind, tuple[FingerPosition, ...]] = {
    SlapKind.RIGHT_FOUR: (
        FingerPosition.RIGHT_INDEX,
        FingerPosition.RIGHT_MIDDLE,
        FingerPosition.RIGHT_RING,
        FingerPosition.RIGHT_LITTLE,
    ),
    SlapKind.LEFT_FOUR: (
        FingerPosition.LEFT_LITTLE,
        FingerPosition.LEFT_RING,
        FingerPosition.LEFT_MIDDLE,
        FingerPosition.LEFT_INDEX,
    ),
    SlapKind.TWO_THUMBS: (FingerPosition.LEFT_THUMB, FingerPosition.RIGHT_THUMB),
}
HAND_OF: dict[SlapKind, Hand] = {
    SlapKind.RIGHT_FOUR: Hand.RIGHT,
    SlapKind.LEFT_FOUR: Hand.LEFT,
    SlapKind.TWO_THUMBS: Hand.BOTH,
}

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class RotatedBox:
    """A rectangle along a finger.

    Attributes
    ----------
    centre : (x, y)
        Px at 500 ppi.
    size : (width, height)
        Across and along the finger, px at 500 ppi.
    angle_deg : float
        Turn of the finger in degrees, counter-clockwise as seen; 0 = the tip points up.
    """

    centre: Point
    size: Point
    angle_deg: float

    @property
    def corners(self) -> tuple[Point, Point, Point, Point]:
        """Top left, top right, bottom right, bottom left as seen with the finger upright."""
        half_x, half_y = self.size[0] / 2, self.size[1] / 2
        signs = ((-1, -1), (1, -1), (1, 1), (-1, 1))
        first, second, third, fourth = (self.to_picture(sx * half_x, sy * half_y) for sx, sy in signs)
        return first, second, third, fourth

    def to_picture(self, across: float, down: float) -> Point:
        """Return the picture's point that lies `across` to the finger's right of the centre and `down` to its joint."""
        cos, sin = math.cos(math.radians(self.angle_deg)), math.sin(math.radians(self.angle_deg))
        return self.centre[0] + across * cos + down * sin, self.centre[1] - across * sin + down * cos


@dataclass(frozen=True, slots=True, eq=False)
class SlapFinger:
    """One finger of a slap.

    Attributes
    ----------
    position : FingerPosition
    box : RotatedBox
        Around the distal phalanx, in px of the slap at 500 ppi.
    confidence : float
        0..1: how surely this is one whole finger tip and no other thing (contrast, size, shape).
    sample : Sample
        The finger turned upright, at 500 ppi, with its position.
    """

    position: FingerPosition
    box: RotatedBox
    confidence: float
    sample: Sample

    @property
    def corners(self) -> tuple[Point, Point, Point, Point]:
        """Corners of the box in the slap at 500 ppi: top left, top right, bottom right, bottom left of the finger."""
        return self.box.corners


@dataclass(frozen=True, slots=True, eq=False)
class Slap:
    """A slap taken apart.

    Attributes
    ----------
    kind : SlapKind
    fingers : tuple of SlapFinger
        As they lie in the picture, left to right.
    hand : Hand
        The hand that was expected, or, where nobody said, the one the geometry shows.
    hand_confidence : float
        0..1: probability, by the geometry of the finger tips, that `hand` is right; 0.5 = nothing is known. Below
        0.1 the other hand lies there in all likelihood: warn, and let the operator decide.
    rotation_deg : float
        Turn of the hand in degrees, counter-clockwise as seen; 0 = fingers point up.
    warnings : tuple of str
        What the operator should know though the slap was taken apart.
    """

    kind: SlapKind
    fingers: tuple[SlapFinger, ...]
    hand: Hand
    hand_confidence: float
    rotation_deg: float
    warnings: tuple[str, ...] = ()
