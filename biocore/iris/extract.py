"""Pixels to template: segment, refuse what cannot be believed, encode."""

from __future__ import annotations

from biocore.errors import ExtractionError
from biocore.iris.encode import encode
from biocore.iris.segment import segment
from biocore.types import EyePosition, GreyImage, IrisTemplate

LEAST_CONFIDENCE = 0.2  # of the segmentation; below, what would be encoded is more often not the iris than it is
LEAST_USABLE = 0.18  # share of the bits; two such templates would seldom have a sixth in common


def extract(pixels: GreyImage, position: EyePosition = EyePosition.UNKNOWN) -> IrisTemplate:
    """Make the template of one eye.

    Parameters
    ----------
    pixels : uint8 array (height, width)
        One eye in near infrared light, any size and position.
    position : EyePosition

    Returns
    -------
    IrisTemplate
        The same bytes for the same input on every machine.

    Raises
    ------
    InvalidSampleError
        The pixels are no grey picture.
    ExtractionError
        No iris was found, its boundaries cannot be believed, or too little of it is uncovered.
    """
    segmentation = segment(pixels)
    confidence = segmentation.confidence.value
    if confidence < LEAST_CONFIDENCE:
        why = "; ".join(segmentation.warnings) or "their edges are too faint"
        raise ExtractionError(
            f"no iris that can be believed: {why} (confidence {confidence:.2f} of {LEAST_CONFIDENCE} needed)"
        )
    template = encode(pixels, segmentation, position)
    if template.usable < LEAST_USABLE:
        raise ExtractionError(
            f"only {template.usable:.0%} of the iris can be used, {LEAST_USABLE:.0%} are needed: open the eye wider"
        )
    return template
