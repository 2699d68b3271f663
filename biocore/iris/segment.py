"""Find the iris: reflections, rough circles, contours, lids, mask, and how far to believe it."""

from __future__ import annotations

from biocore import trace
from biocore.errors import ExtractionError
from biocore.iris import confidence, draw, locate, mask, refine, speculars
from biocore.iris.segmentation import Segmentation
from biocore.kernels import checks
from biocore.types import GreyImage

USUAL, SMALL = (
    0.23,
    0.12,
)  # limbus radius by the picture's shorter side: at a desk, and where all must be looked at nearer
LEAST_ACROSS = 40.0  # px; in a smaller one there is no texture to compare, and noise has as round discs
AS_GOOD = 1.0  # log odds by which what is found nearer may be less likely
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
    trace.stage("iris.filled", filled)
    found = locate.search(filled)
    if found.eyes and found.eyes[0].limbus.r < SMALL * min(
        image.shape
    ):  # next to a small pupil, iris looks like a lamp
        nearer = speculars.find(image, found.eyes[0].limbus.r / USUAL)
        again = locate.search(nearer[1])
        if again.eyes and again.eyes[0].score > found.eyes[0].score - AS_GOOD:
            (spots, filled), found = nearer, again
    if not found.eyes:
        raise ExtractionError("no iris: nothing round with a disc inside it was found; centre the eye and focus")
    trace.stage("iris.search", lambda: draw.search(image, found))
    outline = refine.eye(filled, found.eyes[0])
    trace.stage("iris.outline", lambda: draw.outline(image, outline))
    if refine.crosses(outline.pupil.contour, outline.limbus.contour):
        raise ExtractionError("no iris: what may be pupil and limbus cross each other; centre the eye and focus")
    across = 2.0 * outline.limbus.contour.radius
    if across < LEAST_ACROSS:
        raise ExtractionError(
            f"no iris: what is most like one is {across:.0f} px across, too small to tell; come closer"
        )
    cover = mask.cover(image, outline, spots)
    trace.stage("iris.mask", lambda: cover.usable.astype("uint8") * 255)
    evidence = confidence.evidence(found, outline)
    return Segmentation(
        outline.pupil.contour,
        outline.limbus.contour,
        cover.usable,
        cover.lids,
        cover.lashes,
        cover.speculars,
        outline.upper_lid,
        outline.lower_lid,
        confidence.judge(evidence),
        confidence.concerns(evidence, found, outline, cover.visible, cover.inside),
    )
