"""The scanner's part: what was left on its platen, its light, its lens, its noise."""

from __future__ import annotations

import math

import numpy as np

from biocore.chance import Draw, Field, blur, ramp, smooth_field
from biocore.fingerprint import synth_contact
from biocore.fingerprint.synth_conditions import Conditions
from biocore.fingerprint.synth_finger import Finger
from biocore.types import GreyImage

_SMEAR, _RESIDUE, _PATCHES, _DUST, _NOISE, _LIGHT = range(100, 106)  # streams of chance, apart from the contact's
_DARKEST = 10.0  # grey level of full contact at full contrast
_OVEREXPOSED = 1.10  # gain of scanners that let the bare platen saturate, to be rid of its dust and noise
_LENS_PASSES = 1  # binomial passes at 500 ppi: a blur of 0.7 px, that of a lens and a pixel's own area


def smear(key: tuple[int, ...], touch: Field, length: float) -> Field:
    """Return the mean of the contact along a way of `length` px: the finger slid while it was scanned."""
    steps = max(1, round(length))
    angle = Draw(*key, _SMEAR).uniform(0.0, math.pi)
    dx, dy = math.cos(angle), math.sin(angle)
    wide = np.pad(touch, steps, mode="edge")
    total = np.zeros_like(touch)
    for step in range(steps + 1):
        x, y = (steps + round((step - steps / 2) * d) for d in (dx, dy))
        total += wide[y : y + touch.shape[0], x : x + touch.shape[1]]
    return np.asarray(total / np.float32(steps + 1), np.float32)


def residue(finger: Finger, key: tuple[int, ...], strength: float, size: tuple[int, int], ppi: float) -> Field:
    """Return what a former finger left on the platen: a faint print in patches, and smudges."""
    draw = Draw(*key, _RESIDUE)
    shape, scale = (size[1], size[0]), ppi / synth_contact.NOMINAL_PPI
    former = Conditions(
        pressure=0.55,
        rotation_deg=draw.uniform(-50.0, 50.0),
        shift_px=(draw.bell(0.0, 60.0), draw.bell(0.0, 60.0)),
        contact_px=(draw.bell(0.0, 60.0), draw.bell(0.0, 60.0)),
        distortion=2.0,
    )
    print_left = synth_contact.make(finger, (*key, _RESIDUE), former, size, ppi).touch
    patches = ramp(smooth_field(Draw(*key, _PATCHES), shape, 40.0 * scale), -1.2, 1.0)
    smudge = ramp(smooth_field(Draw(*key, _PATCHES, 1), shape, 28.0 * scale), 1.0, 2.6)
    return np.asarray((print_left * patches * 0.42 + smudge * 0.3) * np.float32(strength), np.float32)


def scan(key: tuple[int, ...], touch: Field, left: Field | None, conditions: Conditions, ppi: float) -> GreyImage:
    """Turn contact into grey levels.

    Parameters
    ----------
    key : tuple of int
        Names the chance of this scan.
    touch : float32 array (h, w)
        Light lost to the finger, 0..1.
    left : float32 array (h, w) or None
        Light lost to the residue.
    conditions : Conditions
    ppi : float
    """
    shape = touch.shape[0], touch.shape[1]
    scale = ppi / synth_contact.NOMINAL_PPI
    lost = touch if left is None else 1.0 - (1.0 - touch) * (1.0 - left)
    lost = blur(np.asarray(lost, np.float32), max(1, round(_LENS_PASSES * scale * scale)))
    bright = np.float32(conditions.background) * _light(Draw(*key, _LIGHT), shape, conditions.vignetting, scale)
    darkest = conditions.background - conditions.contrast * (conditions.background - _DARKEST)
    share = np.float32(1.0 - darkest / conditions.background)
    grey = bright * (1.0 - share * lost)
    if conditions.background >= 255.0:
        grey = grey * np.float32(_OVEREXPOSED)
    if conditions.noise > 0.0:
        draw = Draw(*key, _NOISE)
        coarse = smooth_field(draw, shape, 1.6) * np.float32(0.6 * conditions.noise)
        fine = (draw.units(*shape) + draw.units(*shape) - 1.0) * (0.8 * math.sqrt(6.0) * conditions.noise)
        grey = grey + coarse + fine.astype(np.float32)
    return np.clip(np.rint(grey), 0, 255).astype(np.uint8)


def _light(draw: Draw, shape: tuple[int, int], loss: float, scale: float) -> Field:
    """Light over the platen, 1 in its middle: it falls off to the corners and is a little uneven."""
    y = (np.arange(shape[0], dtype=np.float32)[:, None] * 2 - shape[0]) / shape[0]
    x = (np.arange(shape[1], dtype=np.float32)[None, :] * 2 - shape[1]) / shape[1]
    fall = np.float32(loss / 2) * (x * x + y * y)
    uneven = smooth_field(draw, shape, 90.0 * scale) * np.float32(0.08 * loss)
    return np.asarray(1.0 - fall + uneven, np.float32)
