"""How an impression comes about: what finger, hand and platen were like, and what may be wrong with them."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Self

from biocore.chance import Draw
from biocore.errors import InvalidSampleError

# Lowest and highest value of each number in Conditions.
RANGES: dict[str, tuple[float, float]] = {
    "pressure": (0.0, 1.0),
    "moisture": (0.0, 1.0),
    "wear": (0.0, 1.0),
    "rotation_deg": (-180.0, 180.0),
    "shift_px": (-2000.0, 2000.0),
    "contact_px": (-400.0, 400.0),
    "area": (0.0, 1.5),
    "distortion": (0.0, 2.0),
    "smear": (0.0, 60.0),
    "residue": (0.0, 1.0),
    "noise": (0.0, 50.0),
    "scratches": (0.0, 40.0),
    "pores": (0.0, 1.0),
    "contrast": (0.05, 1.0),
    "background": (60.0, 255.0),
    "vignetting": (0.0, 1.0),
}


@dataclass(frozen=True, slots=True)
class Conditions:
    """The circumstances of one impression. Lengths are px at 500 ppi, whatever the scanner's resolution.

    Attributes
    ----------
    pressure : float
        0 = barely touching: thin, faint ridges; 0.5 = as it should be; 1 = pressed hard: broad, dark ridges.
    moisture : float
        0 = bone dry: ridges break into dots; 0.5 = as it should be; 1 = dripping: valleys fill.
    wear : float
        Share of the contact where ridges are worn smooth, 0..1.
    rotation_deg : float
        Turn of the finger in degrees, counter-clockwise, -180..180.
    shift_px : (float, float)
        Way from the middle of the window to the middle of the contact, x to the right, y down, ±2000.
    contact_px : (float, float)
        Part of the finger that touches: way from its pattern's middle, x to its right, y to the joint, ±400.
    area : float
        Contact area as a share of a whole finger pad, 0 (no finger) .. 1.5.
    distortion : float
        Drag and twist of the skin: 0 = none, 1 = usual, 2 = strong.
    smear : float
        Length of the way the finger slid while it was scanned, in px, 0..60.
    residue : float
        Strength of a former print left on the platen, 0..1.
    noise : float
        Deviation of the sensor's noise in grey levels, 0..50.
    scratches : int
        Number of fresh cuts and lines, 0..40.
    pores : float
        How clearly pores show, 0..1.
    contrast : float
        Share of the scanner's range between platen and full contact, 0.05..1.
    background : float
        Grey level of the bare platen, 60..255; at 255 it is overexposed, white and without noise, as most are.
    vignetting : float
        Loss of light in the corners as a share, 0..1.

    Raises
    ------
    InvalidSampleError
        A number outside its range, named.
    """

    pressure: float = 0.5
    moisture: float = 0.5
    wear: float = 0.0
    rotation_deg: float = 0.0
    shift_px: tuple[float, float] = (0.0, 0.0)
    contact_px: tuple[float, float] = (0.0, 0.0)
    area: float = 1.0
    distortion: float = 1.0
    smear: float = 0.0
    residue: float = 0.0
    noise: float = 2.0
    scratches: int = 0
    pores: float = 0.5
    contrast: float = 0.92
    background: float = 255.0
    vignetting: float = 0.05

    def __post_init__(self) -> None:
        for item in fields(self):
            value = getattr(self, item.name)
            pair = isinstance(value, tuple)
            low, high = RANGES[item.name]
            if pair != (item.name in ("shift_px", "contact_px")) or (pair and len(value) != 2):
                raise InvalidSampleError(f"{item.name} must be {'one number' if pair else 'a pair (x, y)'}")
            for number in value if pair else (value,):
                if not (isinstance(number, int | float) and math.isfinite(number) and low <= number <= high):
                    raise InvalidSampleError(f"{item.name} must be {low:g} to {high:g}, not {number!r}")
        if not isinstance(self.scratches, int):
            raise InvalidSampleError(f"scratches must be a whole number, not {self.scratches!r}")

    @classmethod
    def random(cls, draw: Draw) -> Self:
        """Draw what a desk sees on an ordinary day: mostly good, some dry, some damp, some askew."""
        return cls(
            pressure=_within(draw.bell(0.5, 0.14), 0.12, 0.95),
            moisture=_within(draw.bell(0.43, 0.15), 0.06, 0.9),
            wear=max(0.0, draw.bell(0.0, 0.12)),
            rotation_deg=draw.bell(0.0, 9.0),
            shift_px=(draw.bell(0.0, 16.0), draw.bell(0.0, 18.0)),
            contact_px=(draw.bell(0.0, 14.0), draw.bell(0.0, 18.0)),
            area=_within(draw.bell(0.95, 0.12), 0.5, 1.35),
            distortion=draw.uniform(0.4, 1.5),
            residue=max(0.0, draw.uniform(-0.5, 0.3)),
            noise=draw.uniform(0.8, 4.0),
            scratches=max(0, draw.whole(8) - 4),
            pores=draw.uniform(0.0, 0.9),
            contrast=draw.uniform(0.8, 1.0),
            background=255.0 if draw.units(1)[0] < 0.7 else draw.uniform(225.0, 250.0),
            vignetting=draw.uniform(0.0, 0.10),
        )


class Defect(StrEnum):
    """What can be wrong with an impression, named as its cause is."""

    DRY = "DRY"
    WET = "WET"
    LIGHT = "LIGHT"
    HARD = "HARD"
    WORN = "WORN"
    PARTIAL = "PARTIAL"
    OFF_CENTRE = "OFF_CENTRE"
    SMEAR = "SMEAR"
    RESIDUE = "RESIDUE"
    TOO_SMALL = "TOO_SMALL"
    NO_FINGER = "NO_FINGER"


def defect(cause: Defect | str, severity: float = 0.7) -> Conditions:
    """Return the conditions that make one defect and nothing else.

    Parameters
    ----------
    cause : Defect or str
        Its name, in either case.
    severity : float
        0 = hardly to be seen, 1 = as bad as it gets.

    Raises
    ------
    InvalidSampleError
        No such cause, or a severity outside 0..1.
    """
    try:
        cause = Defect(str(cause).upper())
    except ValueError:
        raise InvalidSampleError(f"no defect named {cause!r}; there are: {', '.join(Defect)}") from None
    if not (isinstance(severity, int | float) and 0.0 <= severity <= 1.0):
        raise InvalidSampleError(f"severity must be 0 to 1, not {severity!r}")
    s = float(severity)
    made = {
        Defect.DRY: Conditions(moisture=0.34 * (1 - s)),
        Defect.WET: Conditions(moisture=0.68 + 0.32 * s, pressure=0.55),
        Defect.LIGHT: Conditions(pressure=0.2 * (1 - s), area=1.0 - 0.3 * s, contrast=0.92 - 0.24 * s),
        Defect.HARD: Conditions(pressure=0.78 + 0.22 * s),
        Defect.WORN: Conditions(wear=0.3 + 0.6 * s, pores=0.0),
        Defect.PARTIAL: Conditions(area=0.56 - 0.28 * s, contact_px=(0.0, -60.0 - 80.0 * s)),
        Defect.OFF_CENTRE: Conditions(shift_px=(110.0 + 100.0 * s, 40.0 + 60.0 * s)),
        Defect.SMEAR: Conditions(smear=6.0 + 16.0 * s, moisture=0.6),
        Defect.RESIDUE: Conditions(residue=0.5 + 0.25 * s, background=250.0),
        Defect.TOO_SMALL: Conditions(area=0.3 - 0.22 * s),
        Defect.NO_FINGER: Conditions(area=0.0, residue=0.25 * s, background=250.0),
    }
    return made[cause]


def _within(value: float, low: float, high: float) -> float:
    return min(high, max(low, value))
