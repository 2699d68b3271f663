"""One scale for all ridges: 500 pixels per inch."""

from __future__ import annotations

import cv2
import numpy as np

from biocore.errors import InvalidSampleError
from biocore.types import GreyImage, Modality, Sample, frozen_array

NOMINAL_PPI = 500.0  # px/inch; what every ridge algorithm here and NFIQ 2 are made for
TOLERANCE_PPI = 10.0  # px/inch; 500 ±10 counts as 500 ppi (ISO/IEC 19794-4:2005, 7.1, and FBI Appendix F: 500 ±2 %)
MAX_PPI = 1100.0  # px/inch; 1000 ppi scanners and their tolerance; beyond, a ridge is no longer what was tested


def to_500(sample: Sample) -> GreyImage:
    """Return the finger's pixels at 500 ppi: as they are within 490..510 ppi, else averaged down.

    Parameters
    ----------
    sample : Sample
        A finger with a resolution of 490 to 1100 ppi.

    Returns
    -------
    uint8 array (height, width), read-only

    Raises
    ------
    InvalidSampleError
        Not a finger, or a resolution outside that range: below, detail that quality is judged by is not there.
    """
    if sample.modality is not Modality.FINGER or sample.ppi is None:
        raise InvalidSampleError(f"{sample.source}: shows {sample.modality}, where a finger is needed")
    low = NOMINAL_PPI - TOLERANCE_PPI
    if not low <= sample.ppi <= MAX_PPI:
        raise InvalidSampleError(
            f"{sample.source}: {sample.ppi:g} ppi; fingerprints are taken from {low:g} to {MAX_PPI:g} ppi. "
            "Scan at 500 or 1000 ppi, or correct ppi= where the file is mislabelled"
        )
    if sample.ppi <= NOMINAL_PPI + TOLERANCE_PPI:
        return sample.pixels
    height, width = (max(1, round(side * NOMINAL_PPI / sample.ppi)) for side in sample.pixels.shape)
    scaled = cv2.resize(sample.pixels, (width, height), interpolation=cv2.INTER_AREA)
    return frozen_array(np.asarray(scaled, np.uint8))
