"""The figures of the report page as vector graphics over the picture: sharp in print, and small.

Each function returns what a template writes into an SVG element whose viewBox is the print in px at 500 ppi.
"""

from __future__ import annotations

import base64
import io
import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from PIL import Image

from biocore.fingerprint.nfiq2 import BlockMaps
from biocore.report import Measure
from biocore.types import FingerTemplate, GreyImage, MinutiaKind
from biocore_bindings.drawing import RADIUS, TAIL, quality_colour

HISTOGRAM_BINS = 10
STROKE = 9.0  # px at 500 ppi; half a stroke along the ridges, so that strokes of neighbouring blocks keep apart
_MARK = "Bin10_"


@dataclass(frozen=True, slots=True)
class Tile:
    """One block of the quality map: px at 500 ppi, and its colour."""

    x: int
    y: int
    side: int
    colour: str


def data_uri(pixels: GreyImage) -> str:
    """Return a picture as a PNG inside a URI."""
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "PNG")
    return "data:image/png;base64," + base64.b64encode(stream.getvalue()).decode("ascii")


def css_colour(value: float) -> str:
    """Return the colour of a quality 0..1 for a style sheet."""
    return "#{:02x}{:02x}{:02x}".format(*quality_colour(value))


def minutiae_paths(template: FingerTemplate) -> dict[str, str]:
    """Return one SVG path a kind of minutia: a ring on its place and a tail in its direction."""
    names = {MinutiaKind.ENDING: "ending", MinutiaKind.BIFURCATION: "bifurcation", MinutiaKind.OTHER: "other"}
    paths: dict[str, list[str]] = {name: [] for name in names.values()}
    for minutia in template.minutiae:
        x, y = minutia.x + 0.5, minutia.y + 0.5  # px have their centres at halves in SVG
        dx, dy = math.cos(minutia.direction), -math.sin(minutia.direction)
        paths[names[minutia.kind]].append(
            f"M{x - RADIUS:.1f} {y:.1f}a{RADIUS} {RADIUS} 0 1 0 {2 * RADIUS} 0a{RADIUS} {RADIUS} 0 1 0 {-2 * RADIUS} 0"
            f"M{x + RADIUS * dx:.1f} {y + RADIUS * dy:.1f}L{x + TAIL * dx:.1f} {y + TAIL * dy:.1f}"
        )
    return {name: "".join(parts) for name, parts in paths.items() if parts}


def quality_tiles(maps: BlockMaps) -> list[Tile]:
    """Return the blocks of the region of interest, coloured by how certain the ridges' orientation is in each."""
    x0, y0 = maps.crop[:2]
    tiles = []
    for row, column in np.argwhere(~np.isnan(maps.ocl) & maps.roi[: maps.ocl.shape[0], : maps.ocl.shape[1]]).tolist():
        tiles.append(
            Tile(
                x0 + maps.ocl_origin + column * maps.block,
                y0 + maps.ocl_origin + row * maps.block,
                maps.block,
                css_colour(float(maps.ocl[row, column])),
            )
        )
    return tiles


def ridge_strokes(maps: BlockMaps) -> str:
    """Return one SVG path of a short stroke along the ridges of each foreground block.

    NFIQ 2's angle is that of the grey level's steepest change, clockwise as seen; the ridge runs across it.
    """
    x0, y0 = maps.crop[:2]
    parts = []
    for row, column in np.argwhere(maps.foreground & ~np.isnan(maps.orientation)).tolist():
        x = x0 + maps.ridge_origin + (column + 0.5) * maps.block
        y = y0 + maps.ridge_origin + (row + 0.5) * maps.block
        ridge = math.pi / 2 - float(maps.orientation[row, column])
        dx, dy = STROKE * math.cos(ridge), -STROKE * math.sin(ridge)
        parts.append(f"M{x - dx:.1f} {y - dy:.1f}L{x + dx:.1f} {y + dy:.1f}")
    return "".join(parts)


def histograms(measures: Mapping[str, Measure]) -> dict[str, list[float]]:
    """Return NFIQ 2's histograms by prefix (`FDA`), each as ten heights 0..1 of which the highest is 1."""
    found: dict[str, list[float]] = {}
    for name, measure in measures.items():
        prefix, _, rest = name.partition("_")
        if rest.startswith(_MARK) and rest[len(_MARK) :].isdigit():
            found.setdefault(prefix, []).append(measure.native or 0.0)
    return {
        prefix: [value / (max(values) or 1.0) for value in values]
        for prefix, values in found.items()
        if len(values) == HISTOGRAM_BINS
    }
