"""Where everything of a synthetic eye lies on one picture, and the exact contours that follow from it.

Three frames, all in iris radii: the picture's (x to the right, y down, from the middle of the iris), the head's (turned
by roll, from the middle of the opening between the lids) and the iris plane's (turned back by the gaze, from the
middle of the iris). Angles are counter-clockwise from +x as seen on the picture.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from biocore.chance import Draw, Field, ring_field
from biocore.iris.segmentation import ANGLES, Contour, Ellipse, angles
from biocore.iris.synth_conditions import Conditions
from biocore.iris.synth_eye import EyePlan

Floats = NDArray[np.float64]

RIM = 1024  # samples of the pupil's edge
EYEBALL = 1.78  # iris radii from the eye's centre of rotation to the iris: 10.5 mm by 5.9 mm
CENTRED = 0.5  # share of the iris' way aside that the camera follows
FOLLOWED = 0.7  # share of its way up or down that the upper lid goes with it
_PUPIL = 31  # stream of chance of the pupil's shape


@dataclass(frozen=True, slots=True, eq=False)
class Geometry:
    """Where the eye lies.

    Attributes
    ----------
    size : (width, height)
        px.
    radius : float
        Of the iris, px.
    iris : (x, y)
        Its centre on the picture, px.
    opening : (x, y)
        Middle of the opening between the lids on the picture, px.
    cos, sin : float
        Of the roll.
    gaze : (x, y)
        Direction the eye looks to on the picture, y down, of length 1.
    squeeze : float
        Cosine of the angle of gaze: what the iris keeps of its width along `gaze`.
    pupil : (x, y)
        Centre of the pupil in the iris plane.
    rim : float64 array (RIM,)
        Radius of the pupil at equal angles, in the head's turn.
    """

    size: tuple[int, int]
    radius: float
    iris: tuple[float, float]
    opening: tuple[float, float]
    cos: float
    sin: float
    gaze: tuple[float, float]
    squeeze: float
    pupil: tuple[float, float]
    rim: Floats

    def grid(self) -> tuple[Field, Field]:
        """Return x as a row and y as a column, px."""
        width, height = self.size
        return np.arange(width, dtype=np.float32)[None, :], np.arange(height, dtype=np.float32)[:, None]

    def head(self, x: Field, y: Field) -> tuple[Field, Field]:
        """Take px of the picture to the head's frame."""
        dx, dy = (x - np.float32(self.opening[0])), (y - np.float32(self.opening[1]))
        c, s = np.float32(self.cos / self.radius), np.float32(self.sin / self.radius)
        return dx * c - dy * s, dx * s + dy * c

    def plane(self, x: Floats, y: Floats) -> tuple[Floats, Floats]:
        """Take px of the picture to the iris plane, in the head's turn."""
        dx, dy = (x - self.iris[0]) / self.radius, (y - self.iris[1]) / self.radius
        along = (dx * self.gaze[0] + dy * self.gaze[1]) * (1.0 / self.squeeze - 1.0)
        dx, dy = dx + along * self.gaze[0], dy + along * self.gaze[1]
        return dx * self.cos - dy * self.sin, dx * self.sin + dy * self.cos

    def picture(self, u: Floats, v: Floats) -> tuple[Floats, Floats]:
        """Take points of the iris plane to px of the picture."""
        dx, dy = u * self.cos + v * self.sin, -u * self.sin + v * self.cos
        along = (dx * self.gaze[0] + dy * self.gaze[1]) * (self.squeeze - 1.0)
        dx, dy = dx + along * self.gaze[0], dy + along * self.gaze[1]
        return self.iris[0] + self.radius * dx, self.iris[1] + self.radius * dy

    def from_head(self, u: Floats, v: Floats) -> tuple[Floats, Floats]:
        """Take points of the head's frame to px of the picture."""
        dx, dy = u * self.cos + v * self.sin, -u * self.sin + v * self.cos
        return self.opening[0] + self.radius * dx, self.opening[1] + self.radius * dy

    def limbus_contour(self) -> Contour:
        """Return the true outer boundary: a circle seen from aside."""
        across = (math.atan2(-self.gaze[1], self.gaze[0]) + math.pi / 2.0) % math.pi
        shape = Ellipse(self.iris[0], self.iris[1], self.radius, self.radius * self.squeeze, across)
        turn = angles()
        along, aside = np.cos(turn - across) / shape.a, np.sin(turn - across) / shape.b
        radii = 1.0 / np.sqrt(along * along + aside * aside)
        return Contour(shape.cx, shape.cy, radii, shape, np.ones(ANGLES, np.bool_))

    def pupil_contour(self) -> Contour:
        """Return the true inner boundary, and the ellipse of the same second moments."""
        turn = angles(RIM)
        x, y = self.picture(self.pupil[0] + self.rim * np.cos(turn), self.pupil[1] - self.rim * np.sin(turn))
        cx, cy = (float(c[0]) for c in self.picture(np.array([self.pupil[0]]), np.array([self.pupil[1]])))
        seen = np.arctan2(cy - y, x - cx) % (2.0 * math.pi)
        order = np.argsort(seen, kind="stable")
        far = np.hypot(x - cx, y - cy)[order]
        radii = np.interp(angles(), seen[order], far, period=2.0 * math.pi)
        return Contour(cx, cy, radii, _ellipse(x, y), np.ones(ANGLES, np.bool_))


def _ellipse(x: Floats, y: Floats) -> Ellipse:
    """Return the ellipse of the same area, centre and directions as a polygon."""
    m = cv2.moments(np.stack([x, y], axis=1).astype(np.float32)[:, None, :])
    cx, cy = m["m10"] / m["m00"], m["m01"] / m["m00"]
    values, vectors = np.linalg.eigh(np.array([[m["mu20"], m["mu11"]], [m["mu11"], m["mu02"]]]) / m["m00"])
    b, a = (2.0 * math.sqrt(max(float(value), 1e-9)) for value in values)
    scale = math.sqrt(m["m00"] / (math.pi * a * b))
    angle = math.atan2(-float(vectors[1, 1]), float(vectors[0, 1])) % math.pi
    return Ellipse(float(cx), float(cy), a * scale, b * scale, angle)


def place(plan: EyePlan, conditions: Conditions, size: tuple[int, int]) -> Geometry:
    """Place an eye on a picture of `size` (width, height)."""
    radius = 0.5 * conditions.iris_share * size[1]
    roll, towards = math.radians(conditions.roll_deg), math.radians(conditions.gaze_to_deg)
    gaze = (_exact(math.cos(towards)), _exact(-math.sin(towards)))
    aside = EYEBALL * math.sin(math.radians(conditions.gaze_deg))
    middle = (
        0.5 * (size[0] - 1) + radius * conditions.shift[0],
        0.5 * (size[1] - 1) + radius * conditions.shift[1],
    )
    followed = tuple(m + radius * aside * (1.0 - CENTRED) * g for m, g in zip(middle, gaze, strict=True))
    left_behind = tuple(m - radius * aside * CENTRED * g for m, g in zip(middle, gaze, strict=True))
    ratio = plan.pupil if conditions.pupil is None else conditions.pupil
    ratio = min(0.9, max(0.08, ratio + conditions.pupil_change))
    return Geometry(
        size=size,
        radius=radius,
        iris=(_exact(followed[0]), _exact(followed[1])),
        opening=(_exact(left_behind[0]), _exact(left_behind[1])),
        cos=_exact(math.cos(roll)),
        sin=_exact(math.sin(roll)),
        gaze=gaze,
        squeeze=_exact(math.cos(math.radians(conditions.gaze_deg))),
        pupil=(plan.nasal * plan.pupil_x, plan.pupil_y),
        rim=_rim(plan, ratio, conditions),
    )


def lowered(geometry: Geometry) -> float:
    """Return how far the eye looks down in the head's frame, iris radii: the upper lid goes with it."""
    dx, dy = (i - o for i, o in zip(geometry.iris, geometry.opening, strict=True))
    return (dx * geometry.sin + dy * geometry.cos) / geometry.radius * FOLLOWED


def _exact(value: float) -> float:
    """Drop the last digits, which differ between machines."""
    return round(value, 9)


def _rim(plan: EyePlan, ratio: float, conditions: Conditions) -> Floats:
    """Return the pupil's radius round the circle: nearly round, or torn out of shape."""
    turn = angles(RIM)
    shape = 1.0 + plan.oval * np.cos(2.0 * (turn - math.radians(plan.oval_deg)))
    draw = Draw(plan.seed, _PUPIL, round(plan.nasal + 1.0))
    small = ring_field(draw, (1, RIM), (1.0, 14))[0].astype(np.float64)
    shape = shape + 0.006 * small
    if conditions.synechia > 0.0:  # adhesions hold the edge to the lens here and there; between, it gives
        torn = ring_field(draw, (1, RIM), (1.0, 6))[0].astype(np.float64)
        second = ring_field(draw, (1, RIM), (1.0, 10))[0].astype(np.float64)
        deviation = 0.6 * torn + 0.35 * second
        deviation -= deviation.mean()
        deviation *= 1.0 / max(float(deviation.std()), 1e-6)
        shape = shape + conditions.synechia * 0.21 * np.clip(deviation, -1.9, 1.9)
    radii = ratio * np.clip(shape, 0.35, 2.0)
    if conditions.coloboma > 0.0:  # a keyhole: the iris is missing from the pupil down to near the limbus
        off = (turn - math.radians(270.0 - 8.0 * plan.nasal) + math.pi) % (2.0 * math.pi) - math.pi
        t = np.clip(1.0 - np.abs(off) / (0.62 + 0.12 * conditions.coloboma), 0.0, 1.0)
        gap = t * t * (3.0 - 2.0 * t)
        radii = np.maximum(radii, ratio + (min(0.9, ratio + 0.5) - ratio) * conditions.coloboma * gap)
    return np.asarray(np.round(radii, 9))
