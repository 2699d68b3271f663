"""Pixels to template: the pipeline, one stage a line."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from biocore import trace
from biocore.errors import ExtractionError, InvalidSampleError
from biocore.fingerprint import minutiae
from biocore.fingerprint.enhance import Filters, enhance, normalise
from biocore.fingerprint.orientation import Smoothing, orientation
from biocore.fingerprint.scale import NOMINAL_PPI
from biocore.fingerprint.segment import foreground, reliable
from biocore.types import FingerPosition, FingerTemplate, GreyImage

Effort = Literal["fast", "robust"]


@dataclass(frozen=True, slots=True)
class Recipe:
    """How much work an effort is.

    Attributes
    ----------
    algorithm : str
    passes : tuple of (Smoothing, Filters)
        How the orientation is smoothed and the ridges are filtered, first on the picture, then each time with the
        orientation of the pass before.
    """

    algorithm: str
    passes: tuple[tuple[Smoothing, Filters], ...]


RECIPES: dict[str, Recipe] = {
    "fast": Recipe("biocore.finger.fast/1", ((Smoothing(), Filters()), (Smoothing(), Filters()))),
    "robust": Recipe(
        "biocore.finger.robust/1", ((Smoothing(2.5), Filters()), (Smoothing(1.5), Filters()), (Smoothing(1.5), Filters()))
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
        `robust` takes several times as long, for faint, dry, worn and wet prints.
    position : FingerPosition

    Returns
    -------
    FingerTemplate
        Minutiae ordered by confidence; the same bytes for the same input on every machine.

    Raises
    ------
    InvalidSampleError
        Pixels of a wrong kind, or an unknown effort.
    ExtractionError
        No usable region.
    """
    if effort not in RECIPES:
        raise InvalidSampleError(f"effort must be one of {', '.join(RECIPES)}, not {effort!r}")
    recipe = RECIPES[effort]
    picture, deviation = normalise(pixels)
    mask = foreground(deviation)
    ridges = picture
    for smoothing, filters in recipe.passes:
        field = orientation(ridges, mask, smoothing)
        ridges, strength = enhance(picture, field, mask, filters)
    mask = reliable(strength, mask)
    found = minutiae.detect(ridges, field, strength, mask)
    trace.stage("fingerprint.mask", lambda: mask)
    trace.stage("fingerprint.ridges", lambda: ridges)
    if len(found.points) == 0:
        raise ExtractionError("no minutiae")
    return FingerTemplate(
        algorithm=recipe.algorithm,
        width=pixels.shape[1],
        height=pixels.shape[0],
        position=position,
        ppi=NOMINAL_PPI,
        points=found.points,
        directions=found.directions,
        kinds=found.kinds,
        qualities=found.qualities,
    )
