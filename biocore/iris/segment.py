"""Find the iris: reflections, rough circles, contours, lids, mask, and how far to believe it."""

from __future__ import annotations

from biocore.errors import ExtractionError
from biocore.iris import lids, locate, mask, refine, speculars
from biocore.iris.segmentation import Confidence, Segmentation
from biocore.kernels import checks
from biocore.types import GreyImage

LEAST_SIDE = 48  # px; an iris of the least size that can be compared fills this


def segment(pixels: GreyImage) -> Segmentation:
    """Find pupil, limbus, lids and the usable pixels of the iris.

    Parameters
    ----------
    pixels : uint8 array (height, width)
        One eye in near infrared light, any size and position.

    Returns
    -------
    Segmentation
        Read `confidence` before use: a doubtful one is better refused.

    Raises
    ------
    InvalidSampleError
        The pixels are no grey picture.
    ExtractionError
        There is no iris in it; the message says what is missing.
    """
    image = checks.grey(pixels)
    if min(image.shape) < LEAST_SIDE:
        raise ExtractionError(f"no iris: {image.shape[1]}x{image.shape[0]} px cannot show one, {LEAST_SIDE} a side can")
    spots, filled = speculars.find(image)
    eyes = locate.candidates(filled)
    if not eyes:
        raise ExtractionError("no iris: nothing round with a disc inside it was found")
    pyramid = locate.Pyramid(filled)
    full = max(3.0, locate.FULL_STEP * locate.contrast(filled))
    eye = eyes[0]
    pupil = refine.pupil(pyramid, eye, full)
    limbus = refine.limbus(pyramid, eye, pupil.contour.shape, full)
    iris = lids.iris_tone(pyramid, pupil.contour, limbus.contour)
    inside = lids.pupil_tone(pyramid, pupil.contour)
    upper, lower = lids.find(pyramid, pupil.contour, limbus.contour, iris, inside)
    cover = mask.cover(image, pupil.contour, limbus.contour, upper, lower, spots, iris)
    confidence = Confidence(min(limbus.support, pupil.support), limbus.support, limbus.spread, pupil.support)
    return Segmentation(
        pupil.contour,
        limbus.contour,
        cover.usable,
        cover.lids,
        cover.lashes,
        cover.speculars,
        upper,
        lower,
        confidence,
    )
