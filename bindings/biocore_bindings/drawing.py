"""Overlays on prints, as RGB rasters: minutiae, which of them two prints share, and the fingers of a slap.

Minutiae are drawn at twice the size of the print, so that a ridge is wide enough to see what lies on it. The print
itself is paled, so that the marks stand out on a screen and on paper.
"""

from __future__ import annotations

import colorsys
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from biocore.fingerprint.slap import Slap
from biocore.types import Comparison, FingerTemplate, GreyImage, MinutiaKind

Colour = tuple[int, int, int]  # red, green, blue
RGB = NDArray[np.uint8]  # (height, width, 3)

SCALE = 2  # px drawn a px of the print
PALE = 0.45  # share of white over the print
TAIL = 9.0  # px at 500 ppi; one ridge period, so that a minutia's direction shows and does not cover the next ridge
RADIUS = 3.0  # px at 500 ppi
GAP = 24  # px between two prints side by side
ENDING: Colour = (194, 65, 12)
BIFURCATION: Colour = (29, 78, 216)
OTHER: Colour = (82, 82, 91)
PAPER = 255
POOR: Colour = (178, 70, 40)
FAIR: Colour = (226, 186, 96)
GOOD: Colour = (46, 125, 110)
_SHIFT = 4  # bits of subpixel in OpenCV's drawing calls
_FONT = cv2.FONT_HERSHEY_SIMPLEX
_LETTERS = (1.2, 3)  # scale and stroke of a name on a slap
LINE = 44  # px from a box to the foot of its name
INK: Colour = (24, 24, 27)
_GOLDEN = 0.618  # of a turn; neighbours in a list get hues far apart


def minutiae_picture(pixels: GreyImage | None, template: FingerTemplate) -> RGB:
    """Draw a template's minutiae on its print.

    Parameters
    ----------
    pixels : uint8 array (height, width) or None
        The print in the template's coordinates (500 ppi); None = blank paper.
    template : FingerTemplate

    Returns
    -------
    uint8 array (SCALE * height, SCALE * width, 3)
        Endings orange, bifurcations blue, others grey; a tail shows the direction.
    """
    canvas = _canvas(pixels, template)
    for minutia in template.minutiae:
        colour = {MinutiaKind.ENDING: ENDING, MinutiaKind.BIFURCATION: BIFURCATION}.get(minutia.kind, OTHER)
        _mark(canvas, (minutia.x, minutia.y), minutia.direction, colour)
    return canvas


def pairing_picture(
    prints: tuple[GreyImage | None, GreyImage | None],
    probe: FingerTemplate,
    reference: FingerTemplate,
    comparison: Comparison,
) -> RGB:
    """Draw two prints side by side, a line between the minutiae of each pair.

    Parameters
    ----------
    prints : pair of uint8 arrays or None
        Probe and reference in their templates' coordinates; None = blank paper.
    probe, reference : FingerTemplate
    comparison : Comparison
        Of these two, with its pairs.
    """
    left, right = _canvas(prints[0], probe), _canvas(prints[1], reference)
    height = max(left.shape[0], right.shape[0])
    offset = left.shape[1] + GAP
    canvas = np.full((height, offset + right.shape[1], 3), PAPER, np.uint8)
    canvas[: left.shape[0], : left.shape[1]] = left
    canvas[: right.shape[0], offset:] = right
    shift = offset / SCALE
    for template, dx, column in ((probe, 0.0, 0), (reference, shift, 1)):
        paired = set(comparison.pairs[:, column].tolist())
        for index, minutia in enumerate(template.minutiae):
            if index not in paired:
                _mark(canvas, (minutia.x + dx, minutia.y), minutia.direction, OTHER)
    for number, (mine, theirs) in enumerate(comparison.pairs.tolist()):
        colour = _hue(number)
        start, end = probe.points[mine], reference.points[theirs] + np.array([shift, 0.0])
        cv2.line(canvas, _fixed(start), _fixed(end), colour, 1, cv2.LINE_AA, _SHIFT)
        _mark(canvas, start, float(probe.directions[mine]), colour)
        _mark(canvas, end, float(reference.directions[theirs]), colour)
    return canvas


def slap_picture(pixels: GreyImage, slap: Slap) -> RGB:
    """Draw the box of each finger on a slap, a bar at its tip, and its name; the less sure, the redder.

    Parameters
    ----------
    pixels : uint8 array (height, width)
        The slap at 500 ppi.
    slap : Slap

    Returns
    -------
    uint8 array (height, width, 3)
    """
    canvas = np.ascontiguousarray(np.repeat(paled(pixels)[:, :, None], 3, axis=2))
    for finger in slap.fingers:
        colour = quality_colour(finger.confidence)
        corners = np.rint(finger.corners).astype(np.int32)
        cv2.polylines(canvas, [corners], True, colour, 4, cv2.LINE_AA)
        cv2.line(canvas, corners[0].tolist(), corners[1].tolist(), colour, 12, cv2.LINE_AA)
        name = finger.position.name.lower().replace("_", " ")
        (width, _), _ = cv2.getTextSize(name, _FONT, *_LETTERS)
        x = int(np.clip(corners[:, 0].mean() - width / 2, 0, max(0, canvas.shape[1] - width)))
        y = int(np.clip(corners[:, 1].max() + LINE, LINE, canvas.shape[0] - LINE // 3))
        cv2.putText(canvas, name, (x, y), _FONT, _LETTERS[0], INK, _LETTERS[1], cv2.LINE_AA)
    return canvas


def quality_colour(value: float) -> Colour:
    """Return the colour of a quality 0..1: rust for poor, sand for fair, green-blue for good."""
    value = min(1.0, max(0.0, value))
    low, high, share = (POOR, FAIR, value * 2) if value < 0.5 else (FAIR, GOOD, value * 2 - 1)
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(low, high, strict=True))
    return red, green, blue


def paled(pixels: GreyImage) -> GreyImage:
    """Return a print under a veil of white."""
    return np.asarray(np.rint(pixels * (1.0 - PALE) + PAPER * PALE), np.uint8)


def _canvas(pixels: GreyImage | None, template: FingerTemplate) -> RGB:
    shape = (template.height, template.width) if pixels is None else pixels.shape
    grey = np.full(shape, PAPER, np.uint8) if pixels is None else paled(pixels)
    large = cv2.resize(grey, (shape[1] * SCALE, shape[0] * SCALE), interpolation=cv2.INTER_CUBIC)
    return np.ascontiguousarray(np.repeat(np.asarray(large, np.uint8)[:, :, None], 3, axis=2))


def _mark(canvas: RGB, at: Any, direction: float, colour: Colour) -> None:
    point = np.asarray(at, np.float64)
    end = point + TAIL * np.array([np.cos(direction), -np.sin(direction)])
    cv2.circle(canvas, _fixed(point), round(RADIUS * SCALE) << _SHIFT, colour, 2, cv2.LINE_AA, _SHIFT)
    cv2.line(canvas, _fixed(point), _fixed(end), colour, 2, cv2.LINE_AA, _SHIFT)


def _fixed(point: Any) -> tuple[int, int]:
    """Return a point of the print as OpenCV's fixed-point coordinates on the canvas."""
    x, y = ((float(value) + 0.5) * SCALE - 0.5 for value in point)
    return round(x * (1 << _SHIFT)), round(y * (1 << _SHIFT))


def _hue(number: int) -> Colour:
    red, green, blue = colorsys.hls_to_rgb(number * _GOLDEN % 1.0, 0.38, 0.75)
    return round(red * 255), round(green * 255), round(blue * 255)
