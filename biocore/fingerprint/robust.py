"""Templates of faint, dry, worn and wet prints: a learned detector, confirmed by the classical extractor.

The learned detector finds the minutiae; where the classical one sees the same, the confidence rises. Minutiae
that the classical extractor alone sees are left out: on painted faint prints they cost more false matches than
they won (docs/results.md, "What each part buys").
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from biocore.errors import ExtractionError
from biocore.fingerprint import learned
from biocore.fingerprint.extract import extract
from biocore.fingerprint.scale import NOMINAL_PPI
from biocore.types import MAX_MINUTIAE, FingerPosition, FingerTemplate, GreyImage

ALGORITHM = "biocore.finger.learned/1"
NEAR = 10.0  # px, about a ridge period: two detectors place one minutia no further apart
TURNED = np.pi / 6  # and turn it no further
CONFIRMED = 0.5  # share of the doubt that a confirmation removes
SUBPIXEL = 16  # positions are whole sixteenths of a pixel
TURNS = 1024  # directions are whole 1024ths of a turn: coarser than the last bits in which processors differ
LEAST = 4  # minutiae that the learned detector must find where the classical one sees no ridges at all


def extract_robust(pixels: GreyImage, threads: int = 1) -> FingerTemplate:
    """Extract the minutiae of a difficult finger, with the learned detector where it is installed.

    Parameters
    ----------
    pixels : uint8 array (height, width)
        At 500 ppi, dark ridges on a light ground.
    threads : int
        For the learned detector.

    Returns
    -------
    FingerTemplate
        Of `biocore.finger.learned/1`, or without the extra `robust` of `biocore.finger.robust/1`.

    Raises
    ------
    ExtractionError
        No usable region, or no minutia in it.
    ModelError
        The extra is installed with other weights than those this version knows.
    """
    if not learned.available():
        return extract(pixels, "robust")
    found = learned.detect(pixels, threads)
    try:
        classical = extract(pixels, "fast")
    except ExtractionError:
        if len(found.scores) < LEAST:
            raise
        classical = None
    qualities = _confirm(found, classical)
    return _template(pixels, found, qualities)


def _confirm(found: learned.Detections, classical: FingerTemplate | None) -> NDArray[np.uint8]:
    """Return qualities 1..100: the detector's probability, its doubt halved where the other one agrees."""
    probability = found.scores.astype(np.float64)
    if classical is not None and len(classical) and len(probability):
        apart = found.points[:, None, :] - classical.points[None, :, :]
        turn = np.abs(np.angle(np.exp(1j * (found.directions[:, None] - classical.directions[None, :]))))
        agreed = ((np.hypot(apart[..., 0], apart[..., 1]) < NEAR) & (turn < TURNED)).any(axis=1)
        probability = np.where(agreed, probability + CONFIRMED * (1.0 - probability), probability)
    return np.clip(np.floor(100.0 * probability), 1, 100).astype(np.uint8)


def _template(pixels: GreyImage, found: learned.Detections, qualities: NDArray[np.uint8]) -> FingerTemplate:
    """Put the minutiae in order: best first, ties by y, x, direction."""
    if not len(qualities):
        raise ExtractionError("there are ridges, but no minutia lies well inside them; capture more of the finger")
    points = np.round(found.points * SUBPIXEL) / np.float32(SUBPIXEL)
    turns = np.mod(np.round(found.directions * (TURNS / (2 * np.pi))), TURNS)
    directions = (turns * (2 * np.pi / TURNS)).astype(np.float32)
    order = np.lexsort((directions, points[:, 0], points[:, 1], -qualities.astype(np.int16)))[:MAX_MINUTIAE]
    return FingerTemplate(
        algorithm=ALGORITHM,
        width=pixels.shape[1],
        height=pixels.shape[0],
        position=FingerPosition.UNKNOWN,
        ppi=NOMINAL_PPI,
        points=points[order].astype(np.float32),
        directions=directions[order],
        kinds=found.kinds[order],
        qualities=qualities[order],
    )
