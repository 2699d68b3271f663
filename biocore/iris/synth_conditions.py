"""How a picture of an eye comes about: what eye, camera and light were like, and what may be wrong with them."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Self

from biocore.chance import Draw
from biocore.errors import InvalidSampleError

# Lowest and highest value of each number in Conditions.
RANGES: dict[str, tuple[float, float]] = {
    "pupil": (0.08, 0.9),
    "pupil_change": (-0.4, 0.4),
    "roll_deg": (-45.0, 45.0),
    "shift": (-20.0, 20.0),
    "iris_share": (0.08, 1.4),
    "gaze_deg": (0.0, 50.0),
    "gaze_to_deg": (-360.0, 360.0),
    "opening": (0.0, 1.3),
    "ptosis": (0.0, 1.0),
    "lashes": (0.0, 1.0),
    "cataract": (0.0, 1.0),
    "arcus": (0.0, 1.0),
    "synechia": (0.0, 1.0),
    "coloboma": (0.0, 1.0),
    "pterygium": (0.0, 1.0),
    "spectacles": (0.0, 1.0),
    "glare": (0.0, 1.0),
    "defocus": (0.0, 0.3),
    "motion": (0.0, 1.0),
    "noise": (0.0, 40.0),
    "contrast": (0.05, 1.0),
    "exposure": (0.3, 1.6),
    "lamps": (1, 4),
}


@dataclass(frozen=True, slots=True)
class Conditions:
    """The circumstances of one picture. Lengths are in iris radii unless another unit is named.

    Attributes
    ----------
    pupil : float or None
        Pupil radius by iris radius, 0.08..0.9; None = as this eye has it.
    pupil_change : float
        What light and mood add to that ratio, ±0.4.
    roll_deg : float
        Turn of the head in degrees, counter-clockwise as seen on the picture, ±45.
    shift : (float, float)
        Way from the middle of the picture to that of the eye, x to the right, y down, ±20.
    iris_share : float
        Diameter of the iris by the picture's height, 0.08..1.4; 0.46 makes the 221 px at 480 that records ask for.
    gaze_deg, gaze_to_deg : float
        How far the eye looks aside, 0..50 degrees, and to where, counter-clockwise from +x as seen on the picture.
    opening : float
        How wide the lids are open: 1 = as this eye has it when asked, 0 = closed.
    ptosis : float
        How far the upper lid hangs: 0 = not, 1 = below the middle of the pupil.
    lashes : float
        0 = ordinary; 1 = long, dense, and all over the iris.
    cataract : float
        Cloud in the lens: 0 = clear; up to 0.25, 0.5, 0.75 and 1 the four grades, the last white and dense.
    arcus : float
        Bright ring in the rim of the cornea, 0..1.
    synechia, coloboma : float
        Pupil drawn out of shape by adhesions; pupil open downwards like a keyhole; 0..1.
    pterygium : float
        Tongue of flesh from the nasal side: 0 = none, 1 = half way to the pupil.
    spectacles : float
        0 = none; else worn, with more and nearer reflections and thicker rims to 1.
    glare : float
        Reflection of a window on the cornea, over up to half of the iris at 1.
    defocus : float
        Deviation of the blur, 0..0.3, besides the lens' own.
    motion : float
        Length of the way the eye moved during the exposure, 0..1.
    noise : float
        Deviation of the sensor's noise in grey levels, 0..40.
    contrast : float
        Share of the contrast that is left, 0.05..1.
    exposure : float
        Brightness by the usual one, 0.3..1.6.
    lamps : int
        Light sources seen in the cornea, 1..4.
    present : bool
        False = no eye before the camera, only skin.

    Raises
    ------
    InvalidSampleError
        A number outside its range, named.
    """

    pupil: float | None = None
    pupil_change: float = 0.0
    roll_deg: float = 0.0
    shift: tuple[float, float] = (0.0, 0.0)
    iris_share: float = 0.46
    gaze_deg: float = 0.0
    gaze_to_deg: float = 0.0
    opening: float = 1.0
    ptosis: float = 0.0
    lashes: float = 0.0
    cataract: float = 0.0
    arcus: float = 0.0
    synechia: float = 0.0
    coloboma: float = 0.0
    pterygium: float = 0.0
    spectacles: float = 0.0
    glare: float = 0.0
    defocus: float = 0.0
    motion: float = 0.0
    noise: float = 1.5
    contrast: float = 1.0
    exposure: float = 1.0
    lamps: int = 2
    present: bool = True

    def __post_init__(self) -> None:
        for item in fields(self):
            value = getattr(self, item.name)
            if item.name == "present" or (item.name == "pupil" and value is None):
                continue
            pair = isinstance(value, tuple)
            low, high = RANGES[item.name]
            if pair != (item.name == "shift") or (pair and len(value) != 2):
                raise InvalidSampleError(f"{item.name} must be {'one number' if pair else 'a pair (x, y)'}")
            for number in value if pair else (value,):
                if not (isinstance(number, int | float) and math.isfinite(number) and low <= number <= high):
                    raise InvalidSampleError(f"{item.name} must be {low:g} to {high:g}, not {number!r}")
        if not isinstance(self.lamps, int):
            raise InvalidSampleError(f"lamps must be a whole number, not {self.lamps!r}")

    @classmethod
    def random(cls, draw: Draw) -> Self:
        """Draw what a desk sees on an ordinary day: one eye, wide open when asked, never twice in the same place."""
        return cls(
            pupil_change=draw.bell(0.0, 0.035),
            roll_deg=draw.bell(0.0, 2.2),
            shift=(draw.bell(0.0, 0.10), draw.bell(0.0, 0.07)),
            iris_share=0.46 * draw.uniform(0.95, 1.04),
            gaze_deg=abs(draw.bell(0.0, 3.0)),
            gaze_to_deg=draw.uniform(0.0, 360.0),
            opening=draw.uniform(0.92, 1.06),
            defocus=draw.uniform(0.0, 0.007),
            motion=max(0.0, draw.uniform(-0.03, 0.02)),
            noise=draw.uniform(0.8, 2.4),
            exposure=draw.uniform(0.92, 1.08),
        )


class Defect(StrEnum):
    """What can be wrong with a picture, named as its cause is where there is one."""

    CLOUDY = "CLOUDY"
    ARCUS = "ARCUS"
    LID = "LID"
    LASHES = "LASHES"
    SMALL_PUPIL = "SMALL_PUPIL"
    WIDE_PUPIL = "WIDE_PUPIL"
    IRREGULAR_PUPIL = "IRREGULAR_PUPIL"
    COLOBOMA = "COLOBOMA"
    PTERYGIUM = "PTERYGIUM"
    SPECTACLES = "SPECTACLES"
    REFLECTION = "REFLECTION"
    GAZE = "GAZE"
    DEFOCUS = "DEFOCUS"
    MOTION = "MOTION"
    NEAR = "NEAR"
    FAR = "FAR"
    CLOSED = "CLOSED"
    NO_EYE = "NO_EYE"


def defect(cause: Defect | str, severity: float = 0.7) -> Conditions:
    """Return the conditions that make one defect and nothing else.

    Parameters
    ----------
    cause : Defect or str
        Its name, in either case.
    severity : float
        0 = hardly to be seen, 1 = as bad as it gets. Of CLOUDY, quarters are the four grades of a cataract.

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
        Defect.CLOUDY: Conditions(cataract=max(0.02, s)),
        Defect.ARCUS: Conditions(arcus=0.3 + 0.7 * s),
        Defect.LID: Conditions(ptosis=0.3 + 0.7 * s),
        Defect.LASHES: Conditions(lashes=0.65 + 0.35 * s),
        Defect.SMALL_PUPIL: Conditions(pupil=0.19 - 0.07 * s),
        Defect.WIDE_PUPIL: Conditions(pupil=0.70 + 0.10 * s),
        Defect.IRREGULAR_PUPIL: Conditions(synechia=0.3 + 0.7 * s),
        Defect.COLOBOMA: Conditions(coloboma=0.3 + 0.7 * s),
        Defect.PTERYGIUM: Conditions(pterygium=0.2 + 0.8 * s),
        Defect.SPECTACLES: Conditions(spectacles=0.2 + 0.8 * s),
        Defect.REFLECTION: Conditions(glare=0.4 + 0.6 * s),
        Defect.GAZE: Conditions(gaze_deg=22.0 + 20.0 * s, gaze_to_deg=10.0),
        Defect.DEFOCUS: Conditions(defocus=0.025 + 0.045 * s),
        Defect.MOTION: Conditions(motion=0.09 + 0.16 * s),
        Defect.NEAR: Conditions(iris_share=0.88 + 0.27 * s),
        Defect.FAR: Conditions(iris_share=0.27 - 0.08 * s, shift=(0.3, 0.2)),
        Defect.CLOSED: Conditions(opening=0.06 * (1.0 - s)),
        Defect.NO_EYE: Conditions(present=False, exposure=1.0 - 0.3 * s),
    }
    return made[cause]
