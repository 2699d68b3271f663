"""What segmentation hands on: two closed contours, what covers the iris, and how far all that can be believed.

Coordinates: x to the right, y down, px from the centre of the top left pixel. Angles in radians, counter-clockwise
from +x as seen on the picture, so that the point at angle t and radius r is (cx + r cos t, cy - r sin t).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from biocore.errors import InvalidSampleError
from biocore.types import frozen_array

ANGLES = 256  # samples of a contour; 1.4 degrees, 2 px on the largest limbus


@lru_cache(maxsize=16)
def angles(count: int = ANGLES) -> NDArray[np.float64]:
    """Return `count` angles round the circle, from 0, counter-clockwise; read-only."""
    return _kept(np.arange(count, dtype=np.float64) * (2.0 * math.pi / count))


@lru_cache(maxsize=16)
def directions(count: int = ANGLES) -> NDArray[np.float64]:
    """Return where `angles(count)` point on the picture, x and y of length 1: float64 (count, 2), read-only."""
    turn = angles(count)
    return _kept(np.stack([np.cos(turn), -np.sin(turn)], axis=1))


@lru_cache(maxsize=1)
def _once_round() -> NDArray[np.float64]:
    """Return the angles of a contour, and one more on either side."""
    turn = angles()
    return _kept(np.concatenate([turn[-1:] - 2.0 * math.pi, turn, turn[:1] + 2.0 * math.pi]))


def _kept(array: NDArray[np.float64]) -> NDArray[np.float64]:
    array.flags.writeable = False  # it is handed out again and again
    return array


@dataclass(frozen=True, slots=True)
class Ellipse:
    """An ellipse; a circle where both axes are equal.

    Attributes
    ----------
    cx, cy : float
        Centre, px.
    a, b : float
        Half axes, px, a >= b > 0.
    angle : float
        Direction of the longer axis, [0, pi), counter-clockwise.
    """

    cx: float
    cy: float
    a: float
    b: float
    angle: float = 0.0

    @property
    def radius(self) -> float:
        """Radius of the circle of the same area, px."""
        return math.sqrt(self.a * self.b)

    @property
    def ratio(self) -> float:
        """Shorter by longer axis: 1 on a circle, the cosine of the angle of gaze on a limbus seen from the side."""
        return self.b / self.a

    @property
    def flatness(self) -> float:
        """Share of its mean axis by which the longer one is longer: 0 on a circle."""
        return (self.a - self.b) / (self.a + self.b)

    def profile(self, count: int = ANGLES) -> NDArray[np.float64]:
        """Return distances of the edge from the centre at `count` equal angles, in radii: float64 (count,)."""
        turn = angles(count) - self.angle
        return np.asarray(self.b / self.radius / np.sqrt(self.ratio**2 * np.cos(turn) ** 2 + np.sin(turn) ** 2))


@dataclass(frozen=True, slots=True, eq=False)
class Contour:
    """A closed curve, star-shaped around its centre.

    Attributes
    ----------
    cx, cy : float
        Centre the radii are measured from, px.
    radii : float64 array (ANGLES,)
        Distance from the centre at the angles of `angles()`, px, all positive.
    shape : Ellipse
        Ellipse (or circle) fitted to the parts of the curve that were seen.
    seen : bool array (ANGLES,)
        Where an edge carried the curve; elsewhere (behind a lid) it is the fitted shape continued.
    """

    cx: float
    cy: float
    radii: NDArray[np.float64]
    shape: Ellipse
    seen: NDArray[np.bool_]

    def __post_init__(self) -> None:
        if self.radii.shape != (ANGLES,) or self.seen.shape != (ANGLES,):
            raise InvalidSampleError(f"a contour has {ANGLES} radii, not {self.radii.shape} and {self.seen.shape}")
        if not (np.isfinite(self.radii).all() and self.radii.min() > 0):
            raise InvalidSampleError("the radii of a contour must be finite and positive")
        object.__setattr__(self, "radii", frozen_array(self.radii))
        object.__setattr__(self, "seen", frozen_array(self.seen))

    @property
    def radius(self) -> float:
        """Radius of the fitted shape, px."""
        return self.shape.radius

    def at(self, count: int) -> NDArray[np.float64]:
        """Return the radii at `count` equal angles, linearly interpolated: float64 (count,)."""
        if ANGLES % count == 0:
            return self.radii[:: ANGLES // count]
        return self.towards(angles(count))

    def towards(self, turn: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the radii at some angles within ±2 pi, linearly interpolated."""
        radii = np.concatenate([self.radii[-1:], self.radii, self.radii[:1]])
        return np.asarray(np.interp(turn % (2.0 * math.pi), _once_round(), radii))

    def at_shape(self) -> NDArray[np.float64]:
        """Return the radii of the fitted shape at the angles of `angles()`, from the contour's centre."""
        turn, way = angles(), directions()
        dx, dy = self.shape.cx - self.cx, self.cy - self.shape.cy
        stretch, mean = 0.5 * (self.shape.a - self.shape.b), 0.5 * (self.shape.a + self.shape.b)
        oval = mean + stretch * np.cos(2.0 * (turn - self.shape.angle))
        return np.asarray(oval + dx * way[:, 0] - dy * way[:, 1])

    def points(self, count: int = ANGLES) -> NDArray[np.float64]:
        """Return points on the curve at `count` equal angles: float64 (count, 2), x and y."""
        return self.at(count)[:, None] * directions(count) + (self.cx, self.cy)


class Concern(StrEnum):
    """What was met on the way that the user of a segmentation should know."""

    CLOUDY_PUPIL = "the pupil is not darker than the iris by much"
    INVERTED_PUPIL = "the pupil is brighter than the iris"
    BRIGHT_RING = "a ring inside the limbus has a stronger edge than the limbus"
    COVERED = "lids cover a large part of the iris"
    OFF_AXIS = "the limbus is an ellipse: the eye looks aside"
    IRREGULAR_PUPIL = "the pupil is not round"
    CUT = "the picture's edge cuts the iris"
    DISAGREEMENT = "the ways of finding the eye do not agree"
    FAINT_PUPIL = "little of the pupil's edge was seen"
    FAINT_LIMBUS = "little of the limbus was seen"


@dataclass(frozen=True, slots=True)
class Confidence:
    """How far a segmentation can be believed, 0 to 1, and what that rests on; each part 0 to 1 as well.

    Attributes
    ----------
    value : float
        Chance that neither contour is off by more than a tenth of the iris radius.
    support : float
        Share of both contours that an edge carries, and how much that edge stands out from its surroundings.
    residual : float
        1 where the contours keep to their fitted shapes, 0 where they wander.
    agreement : float
        1 where the independent ways of finding the eye end in the same place.
    """

    value: float
    support: float
    residual: float
    agreement: float


@dataclass(frozen=True, slots=True, eq=False)
class Segmentation:
    """Where the iris is and what of it can be used.

    Attributes
    ----------
    pupil, limbus : Contour
        Inner and outer boundary. They do not cross.
    mask : bool array (height, width)
        Iris pixels that nothing covers.
    lids, lashes, speculars : bool array (height, width)
        What covers it. `speculars` holds for the whole picture, the others within the limbus. Shadows count as lashes.
    upper_lid, lower_lid : float64 array (n, 2)
        Edge of the lid where it passes over the iris, x and y from left to right; empty where it does not.
    confidence : Confidence
    warnings : tuple of Concern
    """

    pupil: Contour
    limbus: Contour
    mask: NDArray[np.bool_]
    lids: NDArray[np.bool_]
    lashes: NDArray[np.bool_]
    speculars: NDArray[np.bool_]
    upper_lid: NDArray[np.float64]
    lower_lid: NDArray[np.float64]
    confidence: Confidence
    warnings: tuple[Concern, ...] = field(default=())

    def __post_init__(self) -> None:
        for name in ("mask", "lids", "lashes", "speculars"):
            value = getattr(self, name)
            if value.dtype != np.bool_ or value.shape != self.mask.shape or value.ndim != 2:
                raise InvalidSampleError(
                    f"{name} must be bool of shape {self.mask.shape}, not {value.dtype} {value.shape}"
                )
            object.__setattr__(self, name, frozen_array(value))
        for name in ("upper_lid", "lower_lid"):
            object.__setattr__(self, name, frozen_array(getattr(self, name)))

    @property
    def dilation(self) -> float:
        """Pupil radius by iris radius."""
        return self.pupil.radius / self.limbus.radius
