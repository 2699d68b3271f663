"""Pixels to template: the pipeline, one stage a line."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from biocore import trace
from biocore.errors import ExtractionError, InvalidSampleError
from biocore.fingerprint.confidence import Weights, agree, confidence, features, strongest
from biocore.fingerprint.enhance import Filters, blend, enhance, normalise
from biocore.fingerprint.minutiae import Ends, detect, directions
from biocore.fingerprint.orientation import OrientationField, Smoothing, orientation
from biocore.fingerprint.scale import NOMINAL_PPI
from biocore.fingerprint.segment import Mask, crop, foreground, reliable
from biocore.kernels.minutiae import angles
from biocore.kernels.ridge import RidgePicture
from biocore.types import MAX_MINUTIAE, FingerPosition, FingerTemplate, GreyImage, check_pixels

Effort = Literal["fast", "robust"]
Floats = NDArray[np.float32]

SUBPIXEL = 16  # positions are whole sixteenths of a pixel: far finer than a finger repeats


@dataclass(frozen=True, slots=True)
class Opinion:
    """One more enhancement, asked what it shows.

    Attributes
    ----------
    filters : Filters
    again : Smoothing or None
        Filter the result once more, with an orientation taken from it: breaks are mended along curves, too.
    """

    filters: Filters
    again: Smoothing | None = None


@dataclass(frozen=True, slots=True)
class Recipe:
    """What an effort is made of.

    Attributes
    ----------
    algorithm : str
    passes : tuple of Smoothing
        Orientation and filtering, in turn: the first orientation is the picture's, later ones the enhanced ridges'.
    opinions : tuple of Opinion
        Enhancements beside the last pass.
    least : int
        How many of them (the last pass included) must show a minutia.
    weights : Weights
    """

    algorithm: str
    passes: tuple[Smoothing, ...]
    opinions: tuple[Opinion, ...]
    least: int
    weights: Weights


PLAIN = Filters()
LONG = Filters(side=21, along=5.0)
NARROW = Filters(side=21, across=0.55)  # in the frequency domain
ONCE_MORE = Filters(gain=1.2)
KEPT = 0.3  # share of the unfiltered picture in what is filtered once more

# Weights: benchmarks/fit_confidence.py on fvc2000_db4b, fvc2002_db1b, db3b and db4b; fitted on three sets they are true
# on the fourth within 1.9 points.
RECIPES: dict[str, Recipe] = {
    "fast": Recipe(
        algorithm="biocore.finger.fast/1",
        passes=(Smoothing(1.3), Smoothing(1.3)),
        opinions=(),
        least=1,
        weights=Weights(-5.70, 0.091, 1.67, 0.186, -0.257, 0.364, 3.65, 0.0),
    ),
    "robust": Recipe(
        algorithm="biocore.finger.robust/1",
        passes=tuple(Smoothing(cells) for cells in (2.5, 2.0, 1.5, 1.5, 1.3)),
        opinions=(Opinion(LONG), Opinion(NARROW), Opinion(PLAIN, Smoothing(1.3)), Opinion(LONG, Smoothing(1.3))),
        least=2,
        weights=Weights(-4.60, 0.067, 1.27, 0.203, -0.239, 0.413, 1.75, 2.05),
    ),
}


def extract(
    pixels: GreyImage, effort: Effort = "fast", position: FingerPosition = FingerPosition.UNKNOWN
) -> FingerTemplate:
    """Extract the minutiae of one finger.

    Parameters
    ----------
    pixels : uint8 array (height, width)
        At 500 ppi, dark ridges on a light ground.
    effort : {"fast", "robust"}
        `robust` asks several enhancements, for faint, dry, worn and wet prints, and takes four times as long.
    position : FingerPosition

    Returns
    -------
    FingerTemplate
        Minutiae best first; the same bytes for the same pixels on every machine.

    Raises
    ------
    InvalidSampleError
        Pixels of a wrong kind, or an unknown effort.
    ExtractionError
        No usable region, or no minutia in it.
    """
    check_pixels(pixels)
    if effort not in RECIPES:
        raise InvalidSampleError(f"effort must be {' or '.join(RECIPES)}, not {effort!r}")
    recipe = RECIPES[effort]
    picture, deviation = normalise(pixels)
    mask = foreground(deviation)
    _need(mask, "no cell stands out from the ground; is there a finger?")
    picture, mask, corner = crop(picture, mask)
    field, ridges, strength = _refine(picture, mask, recipe.passes)
    mask = reliable(strength, mask)
    _need(mask, "what stands out does not run in ridges")
    views = [ridges, *(_ask(opinion, picture, field, mask) for opinion in recipe.opinions)]
    found = strongest(agree([detect(view, mask) for view in views], recipe.least), strength)
    vectors = directions(found, field)
    qualities = confidence(features(found, vectors, field, strength, mask), recipe.weights)
    if not len(qualities):
        raise ExtractionError("there are ridges, but no minutia lies well inside them; capture more of the finger")
    _show(picture, mask, field, ridges)
    found = replace(found, points=found.points + corner)
    return _template(recipe.algorithm, pixels, position, found, angles(vectors), qualities)


def _refine(
    picture: RidgePicture, mask: Mask, passes: tuple[Smoothing, ...]
) -> tuple[OrientationField, RidgePicture, Floats]:
    """Take orientation and filtering in turn: each pass reads its orientation from cleaner ridges."""
    ridges = picture
    for smoothing in passes:
        field = orientation(ridges, mask, smoothing)
        ridges, strength = enhance(picture, field, mask, PLAIN)
    return field, ridges, strength


def _ask(opinion: Opinion, picture: RidgePicture, field: OrientationField, mask: Mask) -> RidgePicture:
    """Enhance in another way."""
    ridges, _ = enhance(picture, field, mask, opinion.filters)
    if opinion.again is not None:
        mixed = blend(ridges, picture, KEPT)
        ridges, _ = enhance(mixed, orientation(mixed, mask, opinion.again), mask, ONCE_MORE)
    return ridges


def _need(mask: Mask, why: str) -> None:
    if not mask.any():
        raise ExtractionError(f"no usable region: {why}")


def _show(picture: RidgePicture, mask: Mask, field: OrientationField, ridges: RidgePicture) -> None:
    """Hand the stages' pictures, all of the finger's bounding box, to whoever listens."""
    trace.stage("fingerprint.normalised", lambda: (127 - picture).astype(np.uint8))
    trace.stage("fingerprint.mask", lambda: mask.astype(np.uint8) * 255)
    trace.stage("fingerprint.orientation", field.picture)
    trace.stage("fingerprint.enhanced", lambda: (127 - ridges).astype(np.uint8))


def _template(
    algorithm: str,
    pixels: GreyImage,
    position: FingerPosition,
    found: Ends,
    turned: Floats,
    qualities: NDArray[np.uint8],
) -> FingerTemplate:
    """Put the minutiae in order: best first, ties by y, x, direction; at most as many as a record holds."""
    points = np.round(found.points * SUBPIXEL) / np.float32(SUBPIXEL)
    order = np.lexsort((turned, points[:, 0], points[:, 1], -qualities.astype(np.int16)))[:MAX_MINUTIAE]
    return FingerTemplate(
        algorithm=algorithm,
        width=pixels.shape[1],
        height=pixels.shape[0],
        position=position,
        ppi=NOMINAL_PPI,
        points=points[order].astype(np.float32),
        directions=turned[order],
        kinds=found.kinds[order],
        qualities=qualities[order],
    )
