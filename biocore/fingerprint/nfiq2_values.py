"""NFIQ 2: what its measures are called, and what they say on the scale of a quality record."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

_EPSILON = 2.0**-52  # added to a range before dividing by it
_UNIT = (0.0, 1.0)
_GREY = (0.0, 255.0)


def _histogram(module: str) -> tuple[str, ...]:
    return (*(f"{module}_Bin10_{k}" for k in range(10)), f"{module}_Bin10_Mean", f"{module}_Bin10_StdDev")


NFIQ2_MINUTIA_NAMES = (
    "FingerJetFX_MinCount_COMMinRect200x200",
    "FingerJetFX_MinutiaeCount",
    "FJFXPos_Mu_MinutiaeQuality_2",
    "FJFXPos_OCL_MinutiaeQuality_80",
)
NFIQ2_NAMES: tuple[str, ...] = (  # in the order in which NFIQ 2's random forest takes them
    *_histogram("FDA"),
    *NFIQ2_MINUTIA_NAMES,
    "ImgProcROIArea_Mean",
    *_histogram("LCS"),
    "MMB",
    "Mu",
    *_histogram("OCL"),
    *_histogram("OF"),
    "OrientationMap_ROIFilter_CoherenceRel",
    "OrientationMap_ROIFilter_CoherenceSum",
    *_histogram("RVUP"),
)

_RANGES: dict[str, tuple[float, float]] = {  # native values that become 0 and 100
    "Mu": _GREY,
    "MMB": _GREY,
    "ImgProcROIArea_Mean": _GREY,
    "FJFXPos_Mu_MinutiaeQuality_2": _UNIT,
    "FJFXPos_OCL_MinutiaeQuality_80": _UNIT,
    "OrientationMap_ROIFilter_CoherenceRel": _UNIT,
    "OrientationMap_ROIFilter_CoherenceSum": (0.0, 3150.0),
    "FDA_Bin10_Mean": _UNIT,
    "LCS_Bin10_Mean": _UNIT,
    "OCL_Bin10_Mean": _UNIT,
    "OF_Bin10_Mean": ((0 - 4) / 86, (180 - 4) / 86),
    "FDA_Bin10_StdDev": _UNIT,
    "LCS_Bin10_StdDev": _UNIT,
    "OCL_Bin10_StdDev": _UNIT,
    "OF_Bin10_StdDev": _UNIT,
}
_COUNTS = ("FingerJetFX_MinCount_COMMinRect200x200", "FingerJetFX_MinutiaeCount")
_LOGISTIC = ("RVUP_Bin10_Mean", "RVUP_Bin10_StdDev")
_LOGISTIC_CENTRE, _LOGISTIC_WIDTH = 1.0, 0.5


def quality_block_values(measures: Mapping[str, float]) -> dict[str, int | None]:
    """Map native measures to the 0..100 of a quality block (ISO/IEC 29794-4:2024).

    Values are held to 0..100. NFIQ 2.3 does not hold them: a mean of FDA above 1 passes 100 there, a white
    picture's `Mu` becomes 101, and beyond a byte they wrap around; those records are out of the standard's range.

    Parameters
    ----------
    measures : Mapping of str to float
        As `nfiq2_measures` returns them.

    Returns
    -------
    dict of str to int or None
        In the same order. None where there is no such value: bins of a histogram, and what is not a number.

    Raises
    ------
    KeyError
        A name that is none of `NFIQ2_NAMES`.
    """
    return {name: _quality_value(name, native) for name, native in measures.items()}


def _quality_value(name: str, native: float) -> int | None:
    if name not in NFIQ2_NAMES:
        raise KeyError(f"{name!r} is no measure of NFIQ 2")
    if math.isnan(native):
        return None
    if name in _COUNTS:
        value = native
    elif name in _LOGISTIC:
        value = math.floor(100 / (1 + math.exp((_LOGISTIC_CENTRE - native) / _LOGISTIC_WIDTH)) + 0.5)
    elif name in _RANGES:
        least, most = _RANGES[name]
        value = math.floor(101 * ((native - least) / (most - least + _EPSILON)))
    else:
        return None
    return int(min(max(value, 0), 100))


@dataclass(frozen=True, slots=True)
class Nfiq2Feedback:
    """What NFIQ 2 tells the operator apart from the measures.

    Attributes
    ----------
    deviation : float
        Standard deviation of the grey values (NFIQ 2: UniformImage).
    mean_grey : float
        Their mean (EmptyImageOrContrastTooLow).
    minutiae : int or None
        Their number, where minutiae were given (FingerprintImageWithMinutiae).
    foreground_px : int
        Area of the region of interest in px at 500 ppi (SufficientFingerprintForeground).
    """

    deviation: float
    mean_grey: float
    minutiae: int | None
    foreground_px: int

    @property
    def uniform(self) -> bool:
        """The picture is all one grey."""
        return self.deviation < 1

    @property
    def empty(self) -> bool:
        """The picture is empty, or its contrast too low."""
        return self.mean_grey > 250

    @property
    def too_few_minutiae(self) -> bool:
        """Minutiae were given, and there are fewer than five."""
        return self.minutiae is not None and self.minutiae < 5

    @property
    def too_little_foreground(self) -> bool:
        """The finger covers less than 50,000 px (about 129 mm²)."""
        return self.foreground_px < 50_000
