"""Synthetic eyes in near infrared light: the virtual iris camera's pictures, and exact truth to measure with.

An eye seed and a side name an eye, an impression seed one picture of it. The same seeds give the same bytes; how, is
told in `biocore.chance`, and what is modelled, with its sources, in docs/synthetic-eyes.md.

>>> from biocore.iris import synth
>>> synth.impression(7, 1, side="left").shape
(480, 640)
>>> cloudy = synth.render(7, 2, synth.defect("CLOUDY", 0.5), size=(320, 240))
>>> bool(cloudy.visible.any())
True
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from biocore.chance import Draw
from biocore.errors import InvalidSampleError
from biocore.iris import synth_ball, synth_camera, synth_face, synth_geometry, synth_lids
from biocore.iris.segmentation import Contour
from biocore.iris.synth_conditions import Conditions, Defect, defect
from biocore.iris.synth_eye import SIDES, EyePlan, Side, check_seed, check_side, plan_of
from biocore.types import GreyImage, frozen_array

__all__ = [
    "LEAST_SIDE",
    "MAX_SIDE",
    "SIDES",
    "WINDOW",
    "Conditions",
    "Defect",
    "EyePlan",
    "SyntheticEye",
    "defect",
    "impression",
    "plan_of",
    "render",
]

WINDOW = (640, 480)  # px, width and height: the VGA kind of ISO/IEC 19794-6
LEAST_SIDE, MAX_SIDE = 48, 2048  # px
_CHANCE = 101  # keeps the chance of conditions apart from that of the picture


@dataclass(frozen=True, eq=False)
class SyntheticEye:
    """A picture of an eye and the truth about it. Masks are bool (h, w), all read-only.

    Attributes
    ----------
    pixels : uint8 array (h, w)
        What the camera delivers.
    plan : EyePlan
    conditions : Conditions
    pupil, limbus : Contour or None
        The boundaries, also where lids cover them: the middle of the grey edges. None where there is no eye. `seen` is
        where the boundary itself is uncovered and in the picture.
    upper_lid, lower_lid : float64 array (n, 2)
        Edges of the lids' margins, x and y from left to right, px; empty without an eye.
    lids, lashes, lamps, flesh, glasses : bool arrays
        What covers the picture: lids, lashes, reflections on the cornea, a pterygium, rims and reflections of
        spectacles.
    ring : bool array
        Between the two contours, whatever covers it.
    visible : bool array
        The iris that nothing covers.
    """

    pixels: GreyImage
    plan: EyePlan
    conditions: Conditions
    pupil: Contour | None
    limbus: Contour | None
    upper_lid: NDArray[np.float64]
    lower_lid: NDArray[np.float64]
    lids: NDArray[np.bool_]
    lashes: NDArray[np.bool_]
    lamps: NDArray[np.bool_]
    flesh: NDArray[np.bool_]
    glasses: NDArray[np.bool_]
    ring: NDArray[np.bool_]
    visible: NDArray[np.bool_]


def impression(
    eye_seed: int,
    impression_seed: int,
    conditions: Conditions | None = None,
    size: tuple[int, int] = WINDOW,
    side: str = "left",
) -> GreyImage:
    """Return one picture; `render` gives the truth about it too.

    Parameters and errors are those of `render`.
    """
    return render(eye_seed, impression_seed, conditions, size, side).pixels


def render(
    eye_seed: int,
    impression_seed: int,
    conditions: Conditions | None = None,
    size: tuple[int, int] = WINDOW,
    side: str = "left",
) -> SyntheticEye:
    """Take one picture of one eye.

    Parameters
    ----------
    eye_seed, impression_seed : int
        0..2**63-1.
    conditions : Conditions or None
        None = drawn from the seeds, as on an ordinary day.
    size : (width, height)
        px, 48..2048.
    side : "left" or "right"
        The person's. The nose is on the right of the picture of a right eye.

    Raises
    ------
    InvalidSampleError
        A seed or size outside these ranges, or another side.
    """
    known: Side = check_side(side)
    eye, picture = check_seed(eye_seed, "eye seed"), check_seed(impression_seed, "impression seed")
    key = (eye, SIDES.index(known), picture)
    width, height = _window(size)
    if conditions is None:
        conditions = Conditions.random(Draw(*key, _CHANCE))
    plan = plan_of(eye, known)
    geometry = synth_geometry.place(plan, conditions, (width, height))
    if not conditions.present:
        return _without_eye(plan, key, conditions, geometry)
    opening = synth_lids.open_lids(plan, conditions, geometry)
    view = synth_lids.view(plan, opening, geometry)
    ball = synth_ball.paint(plan, key, conditions, geometry, view)
    face = synth_face.paint(plan, key, conditions, geometry, opening, view, ball.grey)
    grey = face.grey
    glasses = np.zeros((height, width), np.bool_)
    if conditions.spectacles > 0.0:
        glasses = synth_camera.spectacles(plan, key, conditions.spectacles, geometry, view, grey)
    pixels = synth_camera.expose(plan, key, conditions, geometry, grey)
    ring = ball.iris & ~ball.pupil
    covered = face.lids | face.lashes | ball.lamps | ball.flesh | glasses
    upper, lower = synth_lids.edges(opening, geometry)
    return SyntheticEye(
        frozen_array(pixels),
        plan,
        conditions,
        _with_seen(geometry.pupil_contour(), covered & ~ball.lamps),
        _with_seen(geometry.limbus_contour(), covered & ~ball.lamps),
        frozen_array(upper),
        frozen_array(lower),
        *(frozen_array(m) for m in (face.lids, face.lashes, ball.lamps, ball.flesh, glasses, ring, ring & ~covered)),
    )


def _without_eye(
    plan: EyePlan, key: tuple[int, ...], conditions: Conditions, geometry: synth_geometry.Geometry
) -> SyntheticEye:
    grey = synth_face.skin_only(plan, key, geometry)
    none = frozen_array(np.zeros(grey.shape, np.bool_))
    edge = frozen_array(np.empty((0, 2)))
    pixels = frozen_array(synth_camera.expose(plan, key, conditions, geometry, grey))
    return SyntheticEye(pixels, plan, conditions, None, None, edge, edge, none, none, none, none, none, none, none)


def _with_seen(contour: Contour, covered: NDArray[np.bool_]) -> Contour:
    """Mark where a contour is in the picture and uncovered."""
    x, y = np.rint(contour.points()).astype(np.intp).T
    height, width = covered.shape
    inside = (x >= 0) & (y >= 0) & (x < width) & (y < height)
    seen = inside.copy()
    seen[inside] = ~covered[y[inside], x[inside]]
    return Contour(contour.cx, contour.cy, contour.radii, contour.shape, seen)


def _window(size: tuple[int, int]) -> tuple[int, int]:
    sides = tuple(size)
    if len(sides) != 2 or not all(isinstance(side, int) and LEAST_SIDE <= side <= MAX_SIDE for side in sides):
        raise InvalidSampleError(
            f"size must be two whole numbers (width, height) of {LEAST_SIDE}..{MAX_SIDE} px, not {size!r}"
        )
    return sides[0], sides[1]
