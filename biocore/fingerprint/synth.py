"""Synthetic fingerprints: the virtual scanner's pictures, and the project's own test data.

A finger seed names a finger, an impression seed one touch of it. The same seeds give the same bytes on every
machine; how, is told in `biocore.chance`, and the method with its sources in docs/synthetic-prints.md.

>>> from biocore.fingerprint import synth
>>> synth.impression(7, 1).shape
(500, 400)
>>> dry = synth.render(7, 2, synth.defect("DRY", 0.8), size=(300, 400))
>>> bool(dry.mask.any())
True
"""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from biocore.chance import Draw, Field
from biocore.errors import InvalidSampleError
from biocore.fingerprint import synth_contact, synth_scanner
from biocore.fingerprint.synth_conditions import Conditions, Defect, defect
from biocore.fingerprint.synth_field import FINGER_SIZE, FingerClass
from biocore.fingerprint.synth_finger import Finger, check_seed, master, plan_of
from biocore.fingerprint.synth_ridges import STEP
from biocore.types import GreyImage, check_ppi, frozen_array

__all__ = [
    "WINDOW",
    "Conditions",
    "Defect",
    "Finger",
    "FingerClass",
    "SyntheticPrint",
    "defect",
    "impression",
    "master",
    "plan_of",
    "render",
]

WINDOW = (400, 500)  # px, width and height: the window of an FBI FAP 30 scanner, 0.8 x 1.0 inch at 500 ppi
MAX_WINDOW = 2048  # px a side
_CHANCE = 77  # keeps the chance of conditions apart from that of the contact


@dataclass(frozen=True, eq=False)
class SyntheticPrint:
    """An impression and the truth about it.

    Attributes
    ----------
    pixels : uint8 array (h, w)
        What the scanner delivers, read-only; 0 = ridge.
    mask : bool array (h, w)
        Where the finger touches (its outline, valleys included).
    finger : Finger
    conditions : Conditions
    ppi : float
    finger_x, finger_y : float64 arrays (h, w)
        The point of `finger.relief` that lies over each px, in px at 500 ppi: the transform, distortion included.
    """

    pixels: GreyImage
    mask: NDArray[np.bool_]
    finger: Finger
    conditions: Conditions
    ppi: float
    finger_x: NDArray[np.float64]
    finger_y: NDArray[np.float64]

    @functools.cached_property
    def orientation(self) -> NDArray[np.float64]:
        """True ridge orientation in radians, [0, π), counter-clockwise, (h, w); valid where `mask` is."""
        theta = self._from_finger(self.finger.orientation)
        along_x, along_y = np.cos(theta), -np.sin(theta)
        xy, xx = np.gradient(self.finger_x)  # derivative down the rows, then along them
        yy, yx = np.gradient(self.finger_y)
        # The finger's direction (along_x, along_y) is the window's direction (a, b) taken through the derivative.
        a, b = yy * along_x - xy * along_y, xx * along_y - yx * along_x
        return np.arctan2(-b, a) % math.pi

    @functools.cached_property
    def period(self) -> Field:
        """True ridge period in px of the window, (h, w), the stretch by distortion left aside."""
        return np.asarray(self._from_finger(self.finger.period) * np.float32(self.ppi / 500.0), np.float32)

    def _from_finger(self, plane: NDArray[np.float64] | Field) -> NDArray[np.float64]:
        row = np.clip(np.rint(self.finger_y / STEP), 0, plane.shape[0] - 1).astype(np.intp)
        column = np.clip(np.rint(self.finger_x / STEP), 0, plane.shape[1] - 1).astype(np.intp)
        return np.asarray(plane[row, column], np.float64)


def impression(
    finger_seed: int,
    impression_seed: int,
    conditions: Conditions | None = None,
    size: tuple[int, int] = WINDOW,
    ppi: float = 500.0,
) -> GreyImage:
    """Return the picture of one impression; `render` gives the truth about it too.

    Parameters and errors are those of `render`.
    """
    return render(finger_seed, impression_seed, conditions, size, ppi).pixels


def render(
    finger_seed: int,
    impression_seed: int,
    conditions: Conditions | None = None,
    size: tuple[int, int] = WINDOW,
    ppi: float = 500.0,
) -> SyntheticPrint:
    """Take one impression of one finger.

    Parameters
    ----------
    finger_seed, impression_seed : int
        0..2**63-1.
    conditions : Conditions or None
        None = drawn from the impression's seed, as on an ordinary day.
    size : (width, height)
        The scanner's window in px, 16..2048.
    ppi : float
        Its resolution, 250..1100 px/inch.

    Raises
    ------
    InvalidSampleError
        A seed, size or resolution outside these ranges.
    """
    key = (check_seed(finger_seed, "finger seed"), check_seed(impression_seed, "impression seed"))
    width, height, resolution = _window(size, ppi)
    finger = master(finger_seed)
    if conditions is None:
        conditions = Conditions.random(Draw(*key, _CHANCE))
    contact = synth_contact.make(finger, key, conditions, (width, height), resolution)
    touch = contact.touch
    if conditions.smear > 0.0:
        touch = synth_scanner.smear(key, touch, conditions.smear * resolution / synth_contact.NOMINAL_PPI)
    left = None
    if conditions.residue > 0.0:
        left = synth_scanner.residue(finger, key, conditions.residue, (width, height), resolution)
    pixels = synth_scanner.scan(key, touch, left, conditions, resolution)
    inside = (contact.x >= 0) & (contact.x < FINGER_SIZE[0]) & (contact.y >= 0) & (contact.y < FINGER_SIZE[1])
    mask = (contact.nearness > 0.0) & inside
    return SyntheticPrint(
        frozen_array(pixels),
        frozen_array(mask),
        finger,
        conditions,
        resolution,
        frozen_array(contact.x),
        frozen_array(contact.y),
    )


def _window(size: tuple[int, int], ppi: float) -> tuple[int, int, float]:
    sides = tuple(size)
    if len(sides) != 2 or not all(isinstance(side, int) and 16 <= side <= MAX_WINDOW for side in sides):
        raise InvalidSampleError(f"size must be two whole numbers (width, height) of 16..{MAX_WINDOW} px, not {size!r}")
    resolution = check_ppi(ppi)
    if resolution is None or not 250.0 <= resolution <= 1100.0:
        raise InvalidSampleError(f"ppi must be 250 to 1100, not {ppi!r}")
    return sides[0], sides[1], resolution
